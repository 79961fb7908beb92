/*
 * crawl_fetch: one attempt, from the request to the commit: what is asked, what the answer is
 * taken for, and which address is believed. When to come back is decided in line/health.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "io/log.h"
#include "line/crawl_impl.h"
#include "sources/kind.h"
#include "sources/url.h"

enum {
	/* A permanent redirect is adopted when so many answers in a row named it: sites in
	 * trouble, and gatekeepers, send people elsewhere "for good" for an hour. */
	MOVED_SEEN = 5,
	/* Failures in a row after which an adopted address is given up for the configured one.
	 */
	MOVED_FAILURES = 5,
	NO_MEMORY_MS = 10 * 1000,
	/* Servers close a silent connection about then. */
	KEPT_MS = 60 * 1000,
};

/* --- The record --------------------------------------------------------------------------- */

static struct flight *flight_new(struct crawl *c, struct entry *e)
{
	struct flight *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	*f = (struct flight){
		.crawl = c, .entry = e, .next = c->flights, .began = loop_now(c->loop)};
	if (c->flights)
		c->flights->prev = f;
	c->flights = f;
	e->flight = f;
	c->stats.in_flight++;
	return f;
}

static void flight_free(struct flight *f)
{
	struct crawl *c = f->crawl;

	if (f->entry)
		f->entry->flight = NULL;
	if (f->prev)
		f->prev->next = f->next;
	else
		c->flights = f->next;
	if (f->next)
		f->next->prev = f->prev;
	c->stats.in_flight--;
	free(f);
}

void crawl_abandon(struct flight *f)
{
	const bool left = f->reading; /* with its batch */

	if (crawl_is_asking(f)) {
		if (f->reading)
			crawl_leave_file(f);
		else if (f->handle)
			transfer_cancel(f->handle);
		if (f->turn)
			accounts_cancel(f->turn);
		if (f->site)
			crawl_robots_leave(f);
		if (!left)
			(void)batch_free(f->batch);
		if (f->entry)
			schedule_park(f->crawl->schedule, f->entry->slot);
	}
	flight_free(f);
}

void crawl_drop_flight(struct flight *f)
{
	(void)batch_free(f->batch);
	flight_free(f);
}

void crawl_give_back(struct flight *f)
{
	struct crawl *c = f->crawl;
	const uint32_t slot = f->entry->slot;

	crawl_abandon(f);
	schedule_set(c->schedule, slot, loop_now(c->loop).ms);
}

/* Few are under way: no index is needed. */
static struct flight *flight_of(struct crawl *c, const struct batch *b)
{
	struct flight *f = c->flights;

	while (f && f->batch != b)
		f = f->next;
	return f;
}

/* --- The question ------------------------------------------------------------------------- */

static bool has_header(const struct source *s, const char *name)
{
	for (size_t i = 0; i < s->n_headers; i++)
		if (span_eq_ci(s->headers[i].name, span_str(name)))
			return true;
	return false;
}

/* True once a day (spread by the source's own number) and whenever a cache was found lying. */
bool crawl_wants_all(const struct flight *f)
{
	const struct batch *b = f->batch;
	const int64_t age = loop_wall(f->crawl->loop).ms - f->memo.full.ms;
	const int64_t spread = (int64_t)(f->memo.url % (HEALTH_FULL_MS / 4));

	if (span_empty(b->state.etag) && span_empty(b->state.last_modified))
		return true;
	if (f->memo.flags & MEMO_NO_CACHE)
		return true;
	return !wall_known(f->memo.full) || age < 0 || age > HEALTH_FULL_MS + spread;
}

static int ask(struct flight *f)
{
	struct batch *b = f->batch;
	const struct source *s = b->source;
	struct header *headers;
	size_t n = s->n_headers;
	struct span part;

	headers = arena_calloc(&b->arena, n + 2, sizeof(*headers));
	if (!headers)
		return -ENOMEM;
	if (n)
		memcpy(headers, s->headers, n * sizeof(*headers));
	if (!has_header(s, "accept"))
		headers[n++] = (struct header){
			SPAN("Accept"), SPAN("application/atom+xml, application/rss+xml, "
					     "application/feed+json, "
					     "application/rdf+xml;q=0.9, "
					     "application/xml;q=0.9, text/xml;q=0.9, "
					     "*/*;q=0.5")};
	if (f->memo.flags & MEMO_NO_CACHE)
		headers[n++] = (struct header){SPAN("Cache-Control"), SPAN("no-cache")};
	part = crawl_parts_next(f);
	b->request = (struct request){
		.url = part.n                           ? part
		       : span_empty(b->state.url_moved) ? s->url
							: b->state.url_moved,
		.headers = headers,
		.n_headers = n,
	};
	f->conditional = !f->part && !crawl_wants_all(f);
	if (f->conditional) {
		b->request.etag = b->state.etag;
		b->request.last_modified = b->state.last_modified;
	}
	return 0;
}

/* A batch with the source's state in its own memory. */
static struct batch *tray(struct crawl *c, const struct entry *e)
{
	struct batch *b = batch_new();
	struct packed *state = b ? packed_dup(&b->arena, e->state) : NULL;

	if (!state)
		return batch_free(b);
	packed_read(&b->state, state);
	b->source = e->source;
	b->config = c->config_ref ? c->config_ref(c->config) : c->config;
	b->config_unref = c->config_unref;
	return b;
}

/* Whether its host is asked again before it would close the connection. */
static bool is_last(const struct crawl *c, const struct entry *e)
{
	const int64_t every =
		e->source->every_ms ? e->source->every_ms : c->options.every_default_ms;

	return every > KEPT_MS * (int64_t)schedule_company(c->schedule, e->slot);
}

static void on_answer(void *arg, const struct transfer_result *result);

int crawl_send(struct flight *f)
{
	return transfer_start(&f->handle, f->crawl->transfer,
		&(struct transfer_ask){.request = &f->batch->request,
			.last = is_last(f->crawl, f->entry),
			.hop = f->obeys ? crawl_robots_hop : NULL},
		on_answer, f);
}

void crawl_refused(struct flight *f)
{
	schedule_release(f->crawl->schedule, f->entry->slot);
	f->batch->outcome = BATCH_FAILED;
	crawl_answered(f);
}

void crawl_fetch(struct crawl *c, struct entry *e)
{
	struct flight *f = flight_new(c, e);
	int r = -ENOMEM;

	if (f)
		f->batch = tray(c, e);
	if (f && f->batch) {
		memo_decode(&f->memo, f->batch->state.memo);
		f->memo.url = crawl_hash(e->source->url);
		if (e->source->connection) {
			crawl_connect(f);
			return;
		}
		f->obeys = source_kind_of(e->source->kind)->obeys_robots;
		if (crawl_is_file(e->source)) {
			r = crawl_read_file(f);
			c->stats.fetches += r == 0;
			if (r == 0)
				return;
		} else {
			r = ask(f);
		}
		if (r == 0)
			r = crawl_robots_ask(f);
		if (r == CRAWL_ROBOTS_WAIT)
			return;
		if (r == 0 && f->refused_ms) {
			crawl_refused(f);
			return;
		}
		c->stats.fetches += r == 0;
		if (r == 0)
			r = crawl_send(f);
		if (r == 0)
			return;
		if (r != -ENOMEM) { /* an address that no request can be made of */
			f->batch->outcome = BATCH_FAILED;
			f->batch->error =
				SPAN("an address that can't be asked: correct its `url`");
			crawl_answered(f);
			return;
		}
	}
	log_error("crawl.out_of_memory", TEXT("source", e->source->id));
	if (f) {
		(void)batch_free(f->batch);
		flight_free(f);
	}
	schedule_set(c->schedule, e->slot, loop_now(c->loop).ms + NO_MEMORY_MS);
}

/* --- The answer --------------------------------------------------------------------------- */

static bool keep(struct arena *a, struct span *s)
{
	if (s->p)
		*s = arena_dup(a, *s);
	return s->p || !s->n;
}

/* The document in the batch's own memory. */
static int take_document(struct batch *b, const struct document *from)
{
	struct document *d = &b->document;
	struct span *const spans[] = {&d->url, &d->permanent_url, &d->content_type, &d->etag,
		&d->last_modified, &d->retry_after, &d->cache_control, &d->expires, &d->date,
		&d->body};
	struct header *headers = arena_calloc(&b->arena, from->n_headers, sizeof(*headers));
	bool ok = headers;

	*d = *from;
	for (size_t i = 0; i < sizeof(spans) / sizeof(*spans); i++)
		ok = keep(&b->arena, spans[i]) && ok;
	for (size_t i = 0; i < from->n_headers && ok; i++) {
		headers[i] = from->headers[i];
		ok = keep(&b->arena, &headers[i].name) && keep(&b->arena, &headers[i].value);
	}
	d->headers = headers;
	if (ok)
		return 0;
	*d = (struct document){.status = from->status};
	return -ENOMEM;
}

/* The bytes of a whole document as a validator of our own: most servers without ETag send the
 * same ones again and again. It stands as "=HASH" in the cursor, which is nobody else's where
 * there are no pages to turn, and which the queue drops with the other validators when it can't
 * vouch for them. */
static struct span mark_of(struct flight *f)
{
	struct batch *b = f->batch;

	if (!f->body_mark.n)
		f->body_mark =
			arena_printf(&b->arena, "=%016" PRIx64, crawl_hash(b->document.body));
	return f->body_mark;
}

static bool has_mark(const struct source_state *s)
{
	return s->cursor.n && s->cursor.p[0] == '=';
}

/* The same to the byte, or by the server's word. */
static bool is_unchanged(struct flight *f)
{
	const struct batch *b = f->batch;
	const struct document *d = &b->document;

	if (d->status == 304)
		return f->conditional;
	if (b->source->connection)
		return false;
	return d->status == 200 && d->end == DOCUMENT_COMPLETE && has_mark(&b->state) &&
	       span_eq(b->state.cursor, mark_of(f));
}

static void on_answer(void *arg, const struct transfer_result *result)
{
	struct flight *f = arg;
	struct crawl *c = f->crawl;
	struct batch *b = f->batch;

	f->handle = NULL;
	schedule_release(c->schedule, f->entry->slot);
	b->outcome = BATCH_FAILED;
	if (f->refused_ms) {
		; /* a hop: batch->error says it */
	} else if (result->error != TRANSFER_OK) {
		b->error = arena_dup(&b->arena, result->why);
	} else if (take_document(b, &result->document) < 0) {
		b->error = SPAN("no memory for so long a document");
		b->document.status = 0;
	} else if (is_unchanged(f)) {
		b->outcome = BATCH_UNCHANGED;
		if (b->source->connection)
			crawl_connect_unchanged(f);
	} else if (b->source->connection ||
		   (b->document.status >= 200 && b->document.status < 300)) {
		/* Of a network, what a refusal means is to be read too. */
		b->outcome = BATCH_READ;
	}
	crawl_answered(f);
}

void crawl_answered(struct flight *f)
{
	struct crawl *c = f->crawl;
	struct batch *b = f->batch;

	b->fetched = loop_wall(c->loop);
	b->fetch_end = loop_now(c->loop);
	c->stats.bytes += b->document.body.n;
	if (b->outcome == BATCH_READ)
		c->options.next.take(c->options.next.arg, b);
	else
		crawl_settle(c, b);
	crawl_arm(c);
}

/* --- Moved addresses ---------------------------------------------------------------------- */

static bool same_host(struct arena *a, struct span x, struct span y)
{
	return span_eq(url_host(a, x), url_host(a, y));
}

static bool is_https(struct span url)
{
	return span_eq_ci(span_slice(url, 0, 8), SPAN("https://"));
}

/* Not from https to http, whoever says so; and headers the operator wrote for one host are not
 * for another. */
static bool may_move(struct batch *b, struct span to)
{
	const struct source *s = b->source;

	return url_is_web(to) && (is_https(to) || !is_https(s->url)) &&
	       (!s->n_headers || same_host(&b->arena, s->url, to));
}

static void follow_move(struct flight *f)
{
	struct batch *b = f->batch;
	struct span to = b->document.permanent_url;
	struct memo *m = &f->memo;

	if (span_empty(to) || span_eq(to, b->request.url) || !may_move(b, to)) {
		m->moved = 0;
		m->moved_seen = 0;
		return;
	}
	m->moved_seen = m->moved == crawl_hash(to) ? (uint8_t)(m->moved_seen + 1) : 1;
	m->moved = crawl_hash(to);
	if (m->moved_seen < MOVED_SEEN)
		return;
	m->moved = 0;
	m->moved_seen = 0;
	b->state.url_moved = span_eq(to, b->source->url) ? SPAN_NONE : to;
	log_info("crawl.moved", TEXT("source", b->source->id), LOG_URL("from", b->request.url),
		LOG_URL("to", to));
}

/* An adopted address that fails is given up: the configured one may know better. */
static bool give_up_move(struct batch *b)
{
	struct source_state *s = &b->state;

	if (span_empty(s->url_moved) ||
		(s->failures < MOVED_FAILURES && !span_eq_str(s->mark, "gone")))
		return false;
	log_warning("crawl.moved_back", TEXT("source", b->source->id),
		LOG_URL("from", s->url_moved), TEXT("error", s->error));
	s->url_moved = SPAN_NONE;
	s->etag = SPAN_NONE;
	s->last_modified = SPAN_NONE;
	if (has_mark(s))
		s->cursor = SPAN_NONE;
	s->mark = SPAN_NONE;
	return true;
}

/* --- Settling and adopting ---------------------------------------------------------------- */

static void tell(const struct crawl *c, const struct batch *b, const struct health *h)
{
	const struct source_state *s = &b->state;
	const struct span id = b->source->id;
	const int64_t took_ms = loop_now(c->loop).ms - b->fetch_end.ms;

	if (b->outcome == BATCH_FAILED && h->changed)
		log_warning("crawl.failed", TEXT("source", id), TEXT("error", s->error),
			INT("failures", s->failures), INT("again_in_ms", h->due_in_ms));
	else if (b->outcome == BATCH_FAILED)
		log_debug("crawl.failed", TEXT("source", id), TEXT("error", s->error),
			INT("failures", s->failures), INT("again_in_ms", h->due_in_ms));
	else if (h->changed && !span_empty(s->error))
		log_warning("crawl.read_in_part", TEXT("source", id), TEXT("error", s->error));
	else if (h->changed)
		log_info("crawl.recovered", TEXT("source", id));
	if (b->outcome == BATCH_UNCHANGED)
		log_debug("crawl.unchanged", TEXT("source", id),
			INT("again_in_ms", h->due_in_ms));
	else if (b->outcome == BATCH_READ)
		log_write(b->lesson.n_new ? LOG_INFO_LEVEL : LOG_DEBUG_LEVEL, "crawl.read",
			LOG_PAIRS(TEXT("source", id), INT("items", b->items.n),
				INT("new", b->lesson.n_new), INT("hits", b->n_hits),
				INT("took_ms", took_ms), INT("again_in_ms", h->due_in_ms)));
}

/* --- Rhythm ------------------------------------------------------------------------------- */

/* What this answer tells of when the source speaks. Items that carry the time of the fetch were
 * dated by sift, and are new. */
static void listen(struct flight *f, struct rhythm *rhythm)
{
	struct batch *b = f->batch;
	const bool first = !wall_known(rhythm->until);
	struct wall *times = arena_calloc(&b->arena, b->items.n, sizeof(*times));
	size_t n = 0, undated = 0;

	if (!times)
		return;
	for (size_t i = 0; i < b->items.n; i++) {
		const struct wall published = b->items.items[i].published;

		if (published.ms != b->fetched.ms && (first || published.ms > rhythm->until.ms))
			times[n++] = published;
	}
	if (!first && b->lesson.n_new > n)
		undated = b->lesson.n_new - n;
	rhythm_observe(rhythm, b->fetched, times, n, undated,
		schedule_random(f->crawl->schedule, UINT64_MAX));
	f->memo.rhythm = rhythm_encode(&b->arena, rhythm);
}

/* How long a source of `every: auto` is left alone. */
static int64_t auto_wait(const struct flight *f, const struct rhythm *rhythm)
{
	const struct crawl *c = f->crawl;

	return c->n_rooted ? rhythm_wait(rhythm, f->batch->fetched, c->price, crawl_bounds(c))
			   : c->options.every_default_ms;
}

/* A source that has fallen silent is an incident of the source: told once, and once when it is
 * over. One that was silent when it was met is shown so, and no incident. */
static void watch_silence(struct flight *f, const struct rhythm *rhythm)
{
	struct batch *b = f->batch;
	struct source_state *s = &b->state;
	struct memo *m = &f->memo;
	const bool first = s->reads <= 1 && b->outcome == BATCH_READ;
	char since[RFC3339_SIZE];

	if (!rhythm_is_broken(rhythm, b->fetched)) {
		m->flags &= (uint8_t) ~(MEMO_SILENT | MEMO_WAS_SILENT);
		return;
	}
	m->flags |= first || m->flags & MEMO_WAS_SILENT ? MEMO_WAS_SILENT : MEMO_SILENT;
	if (!span_empty(s->mark))
		return;
	s->mark = SPAN("silent");
	s->error = arena_printf(&b->arena,
		"silent since %s, against its habit: look whether it still is published",
		wall_rfc3339(since, rhythm->last_item));
}

/* false: nothing of note has happened. */
static bool judge(struct flight *f)
{
	struct crawl *c = f->crawl;
	struct batch *b = f->batch;
	const struct source *s = b->source;
	const struct span error = b->state.error, mark = b->state.mark;
	const struct span etag = b->state.etag, last_modified = b->state.last_modified;
	struct rhythm rhythm;
	struct health health;
	struct health_ask how = {
		.every_ms = s->every_ms,
		.auto_ms = CRAWL_FILE_MS,
		.now = loop_wall(c->loop),
		.elapsed_ms = loop_now(c->loop).ms - f->began.ms,
		.random = {schedule_random(c->schedule, UINT32_MAX),
			schedule_random(c->schedule, UINT32_MAX)},
		.token = f->token,
	};

	if (b->outcome == BATCH_FAILED && f->file.n)
		b->error = arena_printf(
			&b->arena, "%.*s: %.*s", SPAN_ARG(f->file), SPAN_ARG(b->error));

	if (!crawl_is_file(s) && !s->connection)
		crawl_parts_settle(f);
	/* A part says nothing of the index: neither of its validators nor of how it was asked.
	 */
	how.conditional = f->conditional || f->part;
	how.again = f->again || b->lesson.again;
	how.passed = f->file.n || f->passed;
	how.refused_ms = f->refused_ms;
	how.refused_mark = f->refused_mark;
	rhythm_decode(&rhythm, f->memo.rhythm);
	if (b->outcome != BATCH_FAILED)
		listen(f, &rhythm);
	if (!crawl_is_file(s))
		how.auto_ms = auto_wait(f, &rhythm);
	health_settle(&health, b, &f->memo, &how);
	if (f->part) {
		b->state.etag = etag;
		b->state.last_modified = last_modified;
	}
	if (b->outcome != BATCH_FAILED)
		watch_silence(f, &rhythm);
	health.changed = !span_eq(error, b->state.error) || !span_eq(mark, b->state.mark);
	c->stats.unchanged += b->outcome == BATCH_UNCHANGED;
	c->stats.failed += b->outcome == BATCH_FAILED;
	if (b->outcome == BATCH_FAILED) {
		if (give_up_move(b)) {
			health.due_in_ms = 0;
			b->state.next_due = how.now;
		}
	} else if (!crawl_is_file(s) && !s->connection && !f->part) {
		follow_move(f);
	}
	if (b->outcome == BATCH_READ && b->document.end == DOCUMENT_COMPLETE &&
		!crawl_is_file(s) && !s->connection &&
		(span_empty(b->state.cursor) || has_mark(&b->state)))
		b->state.cursor = mark_of(f);
	b->state.memo = memo_encode(&b->arena, &f->memo);
	f->never = health.due_in_ms < 0;
	f->due = (struct mono){loop_now(c->loop).ms + health.due_in_ms};
	if (s->connection)
		crawl_connect_told(f, &health);
	if (health.host_ms && f->entry && !s->connection)
		schedule_hold(
			c->schedule, f->entry->slot, loop_now(c->loop).ms + health.host_ms);
	tell(c, b, &health);
	return b->outcome != BATCH_UNCHANGED || health.changed;
}

void crawl_settle(void *crawl, struct batch *batch)
{
	struct crawl *c = crawl;
	struct flight *f = flight_of(c, batch);

	if (f && f->stale && !batch->n_hits) {
		/* Asked with validators that the queue no longer vouches for: a 304 would be
		 * believed though its hits are lost. The source is read again at once. */
		crawl_committed(c, batch);
		return;
	}
	if (f && !judge(f) && crawl_is_file(batch->source)) {
		crawl_committed(c, batch); /* nothing to remember */
		return;
	}
	if (f && f->stale) { /* hits are always welcome, alone */
		batch->state.etag = SPAN_NONE;
		batch->state.last_modified = SPAN_NONE;
		batch->state.cursor = SPAN_NONE;
	}
	c->options.commit.take(c->options.commit.arg, batch);
}

void crawl_committed(void *crawl, struct batch *batch)
{
	struct crawl *c = crawl;
	struct flight *f = flight_of(c, batch);
	struct entry *e = f ? f->entry : NULL;

	if (e) {
		const struct span moved = batch->state.url_moved;
		int64_t due = f->due.ms;
		bool never = f->never;

		if (f->stale) {
			never = !e->state; /* not known yet: crawl_state() sets the time */
			due = loop_now(c->loop).ms;
		} else {
			crawl_adopt(c, e, &batch->state);
		}
		schedule_park(c->schedule, e->slot);
		if (!f->stale)
			crawl_change_gate(c, e, span_empty(moved) ? e->source->url : moved);
		if (!never)
			schedule_set(c->schedule, e->slot, due);
	}
	if (f)
		flight_free(f);
	(void)batch_free(batch);
	crawl_arm(c);
}
