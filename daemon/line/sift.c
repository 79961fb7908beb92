/*
 * sift: one job of the pool a document. What is shared between threads is immutable: a rule set
 * has many readers, a scratch has one thread.
 */

#include "line/sift.h"

#include <errno.h>
#include <stdlib.h>

#include "io/log.h"
#include "line/connection.h"
#include "line/recall.h"
#include "sources/kind.h"
#include "sources/reader.h"
#include "vigie/cleanup.h"

enum {
	DEFAULT_MAX_ITEMS = RECALL_FIRSTS,
	/* From the answer until the read is written down as a good one, at most. */
	READ_MOST_MS = 10 * 1000,
	/* All that is read from a document and all matches, beyond the document itself: twice
	 * what the reader keeps at most. */
	READ_LIMIT_BYTES = 2 * READ_MAX_TOTAL_BYTES,
};

/* Before the web there was no publishing on it: 1970 is what a broken clock writes. */
static const struct wall web_began = {631152000000}; /* 1990-01-01 */

/* A thread's memory for matching against one set. */
struct bench {
	struct ruleset *rules;
	struct ruleset_scratch *scratch;
};

struct job {
	struct pool_job pool_job;
	struct sift *sift;
	struct batch *batch;
	struct job *prev, *next;
	struct hit *passed; /* what no rule wants; set on the pool; NULL: nobody asks */
	size_t n_passed;
	/* Set on the pool. */
	struct wall
		*said; /* of each hit: when its item counts as published; WALL_NONE: long ago */
};

struct sift {
	struct pool *pool;
	struct sift_options options;
	struct identity_keyer *keyer;
	struct ruleset *rules;
	struct bench *benches; /* one a thread */
	unsigned n_benches;
	struct job *jobs;
	struct sift_stats stats;
};

/* --- On the pool -------------------------------------------------------------------------- */

/* A sitemap is asked for as one: its items are judged otherwise than a feed's. */
static int take_parts(struct batch *b, const struct read_result *result)
{
	struct batch_part *parts = arena_calloc(&b->arena, result->n_parts, sizeof(*parts));

	if ((result->format == READ_FORMAT_SITEMAP ||
		    result->format == READ_FORMAT_SITEMAP_INDEX) &&
		!source_kind_of(b->source->kind)->lists_all) {
		b->error = SPAN("a sitemap, not a feed: write kind: sitemap");
		return -EINVAL;
	}
	if (!parts)
		return -ENOMEM;
	for (size_t i = 0; i < result->n_parts; i++)
		parts[i] = (struct batch_part){result->parts[i].url, result->parts[i].updated};
	b->lesson.parts = parts;
	b->lesson.n_parts = result->n_parts;
	return 0;
}

static int read_document(struct sift *s, struct batch *b)
{
	const struct document *d = &b->document;
	const struct read_options options = {
		.base = d->url,
		.content_type = d->content_type,
		.end = d->end,
		.max_items = s->options.max_items,
	};
	struct read_result result = {0};
	int r = document_read(&b->items, &result, &b->arena, &options, d->body);

	if (r == READ_NOT_A_FEED) {
		const struct span type = d->content_type;
		const struct span head = span_trim(span_slice(d->body, 0, 256));
		const bool html = span_eq_ci(span_slice(type, 0, 9), SPAN("text/html")) ||
				  span_eq_ci(span_slice(head, 0, 9), SPAN("<!doctype")) ||
				  span_eq_ci(span_slice(head, 0, 5), SPAN("<html"));

		b->error =
			span_empty(head) ? SPAN("an empty document")
			: html ? SPAN("a web page, not a feed: vigie discover names the feeds "
				      "of "
				      "a page")
			       : SPAN("not a feed (RSS, Atom, JSON Feed): check the address");
		return -EINVAL;
	}
	if (r == 0)
		r = take_parts(b, &result);
	if (r < 0) {
		if (span_empty(b->error))
			b->error = SPAN("no memory for so large a document");
		return r;
	}
	if (result.cut && d->end == DOCUMENT_COMPLETE)
		b->document.end = DOCUMENT_TRUNCATED;
	b->lesson.more = result.more;
	b->lesson.ttl_ms = result.hints.ttl_minutes * 60000;
	b->lesson.skip_hours = result.hints.skip_hours;
	b->lesson.skip_days = result.hints.skip_days;
	return 0;
}

/* A network's answer: its connector's walk says what it holds, and where the source stands
 * then. What was found of aliases and deletions is kept in *taken until there are keys. */
static int read_connection(struct sift *s, struct batch *b, struct connector_taken *taken)
{
	struct document *d = &b->document;
	const struct connector_target target = connection_target(b->source->connection,
		b->state.first_contact, b->fetched, s->options.history_ms);
	const struct connector_answer answer = {.status = d->status,
		.headers = d->headers,
		.n_headers = d->n_headers,
		.body = d->body,
		.now = b->fetched};
	const int r = connector_walk_take(taken, &b->arena, &target, b->state.cursor, &answer);

	if (r < 0) {
		b->error = SPAN("no memory for so large an answer");
		return r;
	}
	b->lesson.pause_ms = taken->pause_s * 1000;
	if (taken->refusal.error != CONNECTOR_OK &&
		taken->refusal.error != CONNECTOR_END_OF_PAGES) {
		b->lesson.refusal = (int)taken->refusal.error;
		b->lesson.retry_ms = taken->refusal.retry_after_s < 0
					     ? -1
					     : taken->refusal.retry_after_s * 1000;
		return -EINVAL;
	}
	b->items = taken->read.items;
	b->state.cursor = taken->state;
	b->lesson.again = taken->more;
	b->lesson.more = taken->read.more || (taken->bounded && !taken->more);
	if (taken->read.cut)
		d->end = d->end == DOCUMENT_COMPLETE ? DOCUMENT_TRUNCATED : d->end;
	if (taken->more) { /* validators are of a round's first page, and of all of it */
		d->etag = SPAN_NONE;
		d->last_modified = SPAN_NONE;
	}
	return 0;
}

static int key_of_id(struct item_key *ret, struct sift *s, struct batch *b, struct span id)
{
	const struct identity who = {.kind = IDENTITY_ID, .id = id};

	return identity_key(ret, &b->arena, s->keyer, b->state.ns, &who);
}

/* Deletions, and the other names by which the network will speak of them. */
static int take_deletions(struct sift *s, struct batch *b, const struct connector_result *read)
{
	struct item_key *tombstones =
		arena_calloc(&b->arena, read->n_tombstones, sizeof(*tombstones));
	struct batch_alias *aliases =
		arena_calloc(&b->arena, read->n_aliases, sizeof(*aliases));
	int r = tombstones && aliases ? 0 : -ENOMEM;

	for (size_t i = 0; i < read->n_tombstones && r == 0; i++)
		r = key_of_id(&tombstones[i], s, b, read->tombstones[i]);
	for (size_t i = 0; i < read->n_aliases && r == 0; i++) {
		r = key_of_id(&aliases[i].alias, s, b, read->aliases[i].alias);
		if (r == 0)
			r = key_of_id(&aliases[i].item, s, b, read->aliases[i].id);
	}
	if (r < 0)
		return r;
	b->tombstones = tombstones;
	b->n_tombstones = read->n_tombstones;
	b->aliases = aliases;
	b->n_aliases = read->n_aliases;
	return 0;
}

/* What the reader can't know: the operator's word on the language. */
static void complete(const struct source *source, struct item *item)
{
	if (span_empty(item->lang))
		item->lang = span_empty(source->lang) ? item->feed.lang : source->lang;
	if (!wall_known(item->published))
		item->published = item->updated;
	if (wall_known(item->published) && item->published.ms < web_began.ms)
		item->published = WALL_NONE;
}

/* How a document's items stand to those of the last read. */
struct reading {
	struct recall last, now;
	struct identity *who;
	struct recall_trace *traces;
	bool *undated;
	bool *moved;  /* said before, under another id and date */
	bool *fresh;  /* is_new() */
	bool turned;  /* trust went in this document */
	bool renewed; /* … because ids and dates are made for each read */
};

/* First sights: of items dated by nobody else. */
static void date(struct batch *b, struct reading *r, struct recall_first *firsts)
{
	for (size_t i = 0; i < b->items.n; i++) {
		struct item *item = &b->items.items[i];
		struct wall first;

		if (wall_known(item->published))
			continue;
		first = recall_first_sight(&r->last, r->who[i].hash);
		if (!wall_known(first))
			first = b->fetched;
		item->published = first;
		r->undated[i] = true;
		firsts[r->now.n_firsts++] =
			(struct recall_first){r->who[i].hash, (uint32_t)(first.ms / 1000)};
	}
	/* Of a document that ends early, the rest is still there; so are the other parts. */
	if (b->document.end != DOCUMENT_COMPLETE || wall_known(b->round) || b->lesson.n_parts)
		for (size_t i = 0; i < r->last.n_firsts && r->now.n_firsts < RECALL_FIRSTS; i++)
			firsts[r->now.n_firsts++] = r->last.firsts[i];
}

static bool is_new(const struct batch *b, const struct reading *r, size_t i)
{
	const struct item *item = &b->items.items[i];

	if (r->moved[i])
		return false;
	if (r->undated[i])
		return !wall_known(recall_first_sight(&r->last, r->who[i].hash));
	if (wall_known(b->since))
		return item->published.ms > b->since.ms;
	if (recall_knows(&r->last, &r->traces[i]))
		return false;
	/* Beyond what is traced, the date must do. */
	return i < RECALL_TRACES || !wall_known(b->state.last_read) ||
	       item->published.ms > b->state.last_read.ms;
}

/* No answer came between the last document and this one: then the time of the last good read is
 * that of the last document. */
static bool follows(const struct batch *b, const struct recall *last)
{
	return last->read_s && wall_known(b->state.last_read) &&
	       b->state.last_read.ms - (int64_t)last->read_s * 1000 < READ_MOST_MS;
}

static int recognise(struct batch *b, struct reading *r)
{
	const size_t n = b->items.n;
	struct recall_first *firsts;
	unsigned trust, moved = 0;
	int e;

	e = recall_decode(&r->last, &b->arena, b->state.undated);
	if (e < 0)
		return e;
	r->traces = arena_calloc(&b->arena, n, sizeof(*r->traces));
	r->undated = arena_calloc(&b->arena, n, sizeof(*r->undated));
	r->moved = arena_calloc(&b->arena, n, sizeof(*r->moved));
	r->fresh = arena_calloc(&b->arena, n, sizeof(*r->fresh));
	firsts = arena_calloc(&b->arena, n + r->last.n_firsts, sizeof(*firsts));
	if (!r->traces || !r->undated || !r->moved || !r->fresh || !firsts)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		r->traces[i] = recall_trace_of(&b->items.items[i]);
	if (!b->source->connection && follows(b, &r->last))
		moved = recall_moved(r->moved, &r->last, r->traces, n);
	r->renewed = moved & ~r->last.trust;
	trust = r->last.trust | moved | recall_trust(&r->last, r->traces, n);
	if (b->source->connection)
		trust = IDENTITY_SURE;
	e = identity_decide(&r->who, &b->arena, b->items.items, n, &trust);
	if (e < 0)
		return e;
	trust &= ~(unsigned)IDENTITY_SURE;
	r->turned = trust != r->last.trust && r->last.n_traces;
	r->now = (struct recall){.trust = trust,
		.read_s = (uint32_t)(b->fetched.ms / 1000),
		.traces = r->traces,
		.n_traces = n,
		.firsts = firsts};
	date(b, r, firsts);
	for (size_t i = 0; i < n; i++)
		b->lesson.n_new += r->fresh[i] = is_new(b, r, i);
	return 0;
}

static struct ruleset_scratch *scratch_of(struct bench *bench, struct ruleset *rules)
{
	if (bench->rules != rules) {
		bench->scratch = ruleset_scratch_free(bench->scratch);
		bench->rules = ruleset_unref(bench->rules);
		if (ruleset_scratch_new(&bench->scratch, rules) < 0) {
			bench->scratch = NULL;
			return NULL;
		}
		bench->rules = ruleset_ref(rules);
	}
	return bench->scratch;
}

/* Item i as a hit, with its key. */
static int describe(struct hit *h, struct sift *s, struct batch *b, const struct identity *who,
	size_t i, struct match *matches, size_t n_matches)
{
	const struct source *source = b->source;

	*h = (struct hit){
		.content_hash = identity_content_hash(&b->items.items[i]),
		.fetched = b->fetched,
		.source = source->id,
		.source_kind = source->kind,
		.source_tags = source->tags,
		.n_source_tags = source->n_tags,
		.item = b->items.items[i],
		.matches = matches,
		.n_matches = n_matches,
	};
	for (size_t m = 0; m < n_matches; m++)
		h->score += matches[m].weight;
	return identity_key(&h->key, &b->arena, s->keyer, b->state.ns, who);
}

static int make_hit(struct sift *s, struct batch *b, const struct identity *who, size_t i,
	struct match *matches, size_t n_matches)
{
	struct hit *h = &b->hits[b->n_hits];
	int r = describe(h, s, b, who, i, matches, n_matches);

	if (r < 0)
		return r;
	for (size_t k = 0; k < b->n_hits; k++)
		if (memcmp(&b->hits[k].key, &h->key, sizeof(h->key)) == 0)
			return 0; /* the same item twice: the first one stands */
	b->n_hits++;
	return 0;
}

/* An undated item of a source that lists all it has, first seen when the source was: it may be
 * of any age. */
static bool is_ageless(const struct batch *b, const struct item *item)
{
	const int64_t met = b->state.first_contact.ms;

	return source_kind_of(b->source->kind)->lists_all &&
	       (item->published.ms <= met || (wall_known(b->round) && met >= b->round.ms));
}

static int ask_rules(struct job *job, struct bench *bench, const struct reading *reading)
{
	struct batch *b = job->batch;
	const struct match_context context = {.source = b->source->id};
	struct ruleset_scratch *scratch = scratch_of(bench, b->rules);
	const size_t n = b->items.n;

	/* as many as there may be; describe() writes those that there are */
	b->hits = arena_alloc(&b->arena, n * sizeof(*b->hits));
	job->said = arena_alloc(&b->arena, n * sizeof(*job->said));
	if (job->sift->options.passed_over)
		job->passed = arena_alloc(&b->arena, n * sizeof(*job->passed));
	if (!scratch || !b->hits || !job->said)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct item *item = &b->items.items[i];
		const size_t before = b->n_hits;
		struct match *matches;
		size_t n_matches;
		int r = ruleset_match(
			b->rules, scratch, item, &context, &b->arena, &matches, &n_matches);

		if (r == 0 && n_matches)
			r = make_hit(job->sift, b, &reading->who[i], i, matches, n_matches);
		/* What was there at the last read was passed over then. */
		else if (r == 0 && job->passed && reading->fresh[i])
			r = describe(&job->passed[job->n_passed++], job->sift, b,
				&reading->who[i], i, NULL, 0);
		if (r < 0)
			return r;
		if (b->n_hits == before)
			continue;
		job->said[before] =
			item->published.ms < b->fetched.ms ? item->published : b->fetched;
		if (reading->moved[i] || (reading->turned && !reading->fresh[i]) ||
			(reading->renewed && i >= RECALL_TRACES) ||
			(reading->undated[i] && is_ageless(b, item)))
			job->said[before] = WALL_NONE;
		b->state.hits += reading->fresh[i];
	}
	return 0;
}

static int sieve(struct job *job, struct bench *bench)
{
	struct batch *b = job->batch;
	struct reading reading = {0};
	struct connector_taken taken = {0};
	int r;

	r = b->source->connection ? read_connection(job->sift, b, &taken)
				  : read_document(job->sift, b);
	if (r < 0)
		return r;
	if (span_empty(b->state.ns))
		b->state.ns = identity_namespace(&b->arena, b->source);
	if (!wall_known(b->state.first_contact))
		b->state.first_contact = b->fetched;
	for (size_t i = 0; i < b->items.n; i++)
		complete(b->source, &b->items.items[i]);
	r = recognise(b, &reading);
	if (r == 0 && b->source->connection)
		r = take_deletions(job->sift, b, &taken.read);
	if (r == 0 && b->rules)
		r = ask_rules(job, bench, &reading);
	if (r < 0)
		return r;
	b->state.undated = recall_encode(&b->arena, &reading.now);
	b->state.reads++;
	b->state.items += (int64_t)b->lesson.n_new;
	return b->state.undated.p && b->state.ns.p ? 0 : -ENOMEM;
}

static void on_run(void *arg, unsigned thread)
{
	struct job *job = arg;
	struct batch *b = job->batch;
	const struct source_state before = b->state;
	int r;

	b->arena.limit_bytes = b->arena.total_bytes + READ_LIMIT_BYTES;
	r = sieve(job, &job->sift->benches[thread]);
	b->arena.limit_bytes = 0;
	if (r == 0)
		return;
	/* Nothing of it counts, as if it hadn't come. */
	b->outcome = BATCH_FAILED;
	b->state = before;
	b->items.n = 0;
	b->n_hits = 0;
	b->lesson = (struct batch_lesson){.refusal = b->lesson.refusal,
		.retry_ms = b->lesson.retry_ms,
		.pause_ms = b->lesson.pause_ms};
	b->n_tombstones = b->n_aliases = 0;
	if (span_empty(b->error) && !b->lesson.refusal)
		b->error = SPAN("no memory for so large a document");
}

/* --- On the loop -------------------------------------------------------------------------- */

static bool is_silent(
	const struct sift *s, const struct batch *b, const struct hit *hit, struct wall said)
{
	if (!wall_known(said))
		return true;
	for (size_t i = 0; i < hit->n_matches; i++) {
		struct wall since = b->state.first_contact;
		struct wall rule = WALL_NONE;

		if (s->options.rule_first_seen)
			rule = s->options.rule_first_seen(s->options.arg, hit->matches[i].rule);
		if (wall_known(rule) && rule.ms > since.ms)
			since = rule;
		if (said.ms >= since.ms - s->options.history_ms)
			return false;
	}
	return true;
}

static void leave(struct job *job)
{
	if (job->prev)
		job->prev->next = job->next;
	else
		job->sift->jobs = job->next;
	if (job->next)
		job->next->prev = job->prev;
	free(job);
}

static void go_on(void *arg)
{
	struct job *job = arg;
	struct sift *s = job->sift;
	struct batch *b = job->batch;

	leave(job);
	s->options.next.take(s->options.next.arg, b);
}

static void on_done(void *arg)
{
	struct job *job = arg;
	struct sift *s = job->sift;
	struct batch *b = job->batch;

	for (size_t i = 0; i < b->n_hits; i++) {
		b->hits[i].silent = is_silent(s, b, &b->hits[i], job->said[i]);
		s->stats.silent += b->hits[i].silent;
	}
	if (b->outcome == BATCH_READ && job->n_passed)
		s->options.passed_over(s->options.arg, job->passed, job->n_passed);
	s->stats.documents++;
	s->stats.items += b->items.n;
	s->stats.hits += b->n_hits;
	if (b->outcome == BATCH_READ && s->options.deletions &&
		(b->n_tombstones || b->n_aliases))
		s->options.deletions(s->options.arg, b, go_on, job);
	else
		go_on(job);
}

DEFINE_CLEANUP(struct sift *, sift_free)

int sift_new(struct sift **ret, struct loop *loop, struct pool *pool,
	const struct sift_options *options)
{
	CLEANUP(sift_freep) struct sift *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->pool = pool;
	(void)loop; /* the pool knows it */
	s->options = *options;
	if (!s->options.max_items)
		s->options.max_items = DEFAULT_MAX_ITEMS;
	s->n_benches = pool_threads(pool);
	s->benches = calloc(s->n_benches, sizeof(*s->benches));
	if (!s->benches || identity_keyer_new(&s->keyer, &options->secret) < 0)
		return -ENOMEM;
	*ret = TAKE(s);
	return 0;
}

struct sift *sift_free(struct sift *sift)
{
	if (!sift)
		return NULL;
	while (sift->jobs) {
		(void)batch_free(sift->jobs->batch);
		leave(sift->jobs);
	}
	for (unsigned i = 0; i < sift->n_benches; i++) {
		sift->benches[i].scratch = ruleset_scratch_free(sift->benches[i].scratch);
		sift->benches[i].rules = ruleset_unref(sift->benches[i].rules);
	}
	free(sift->benches);
	sift->rules = ruleset_unref(sift->rules);
	sift->keyer = identity_keyer_free(sift->keyer);
	free(sift);
	return NULL;
}

int sift_set_rules(struct sift *sift, struct ruleset *rules)
{
	rules = ruleset_ref(rules);
	sift->rules = ruleset_unref(sift->rules);
	sift->rules = rules;
	return 0;
}

void sift_take(void *sift, struct batch *batch)
{
	struct sift *s = sift;
	struct job *job = NULL;

	if (batch->outcome == BATCH_READ) {
		job = calloc(1, sizeof(*job));
		if (!job) {
			batch->outcome = BATCH_FAILED;
			batch->error = SPAN("no memory to read it");
		}
	}
	if (!job) {
		s->options.next.take(s->options.next.arg, batch);
		return;
	}
	*job = (struct job){
		.pool_job = {.run = on_run, .done = on_done, .arg = job},
		.sift = s,
		.batch = batch,
		.next = s->jobs,
	};
	if (s->jobs)
		s->jobs->prev = job;
	s->jobs = job;
	if (s->rules)
		batch->rules = ruleset_ref(s->rules);
	pool_submit(s->pool, &job->pool_job);
}

bool sift_idle(const struct sift *sift)
{
	return !sift->jobs;
}

const struct sift_stats *sift_stats(const struct sift *sift)
{
	return &sift->stats;
}
