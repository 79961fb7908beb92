/*
 * post_attempt: one attempt at one delivery, from the outbox' word that it is the next to the
 * outbox' word that the outcome is written down.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "io/log.h"
#include "line/outbox_apply.h"
#include "line/post_inner.h"
#include "line/retry.h"
#include "vigie/buf.h"
#include "vigie/channel.h"
#include "vigie/mask.h"
#include "vigie/version.h"

enum {
	FETCH_MOST = 25, /* mentions a message can show; the rest is counted */
	/* A hit is filed and archived side by side: what is not there yet will be in a moment.
	 */
	FETCH_AGAIN_MS = 20,
	FETCH_AGAIN_MOST_MS = 1000,
	FETCH_PATIENCE_MS = 20000,
	RECORD_AGAIN_MS = 1000,
	TRIAL_EVERY = 3, /* tries in a row after which the delivery itself is suspected */
};

struct attempt {
	struct arena arena;
	struct mailbox *mailbox;
	struct outbox_taken taken; /* in the arena */
	struct item_key *items;
	size_t n_items;
	struct wall at;
	struct mono began;
	int64_t pause_ms;
	const struct channel *channel;
	struct transfer_handle *handle;
	struct outbox_result result;
	struct notice *notice;   /* NULL: mentions */
	struct outbox_said said; /* by the desk */
	struct span *texts;      /* of each item that is a finding among others */
	bool asking;             /* the archive or the outbox, whose callback is to come */
};

void attempt_free(struct attempt *a)
{
	if (!a)
		return;
	if (a->handle)
		transfer_cancel(a->handle);
	arena_release(&a->arena);
	free(a);
}

void receiver_mark(char out[MARK_TEXT + 1], const struct receiver *receiver)
{
	uint64_t hash = XXH64(receiver->channel->name, strlen(receiver->channel->name), 0);

	for (size_t i = 0; i < receiver->n_fields; i++) {
		const struct receiver_field *f = &receiver->fields[i];

		hash = XXH64(f->name.p ? f->name.p : "", f->name.n, hash);
		hash = XXH64(f->value.p ? f->value.p : "", f->value.n, hash);
	}
	(void)snprintf(out, MARK_TEXT + 1, "%016llx", (unsigned long long)hash);
}

/* --- What came of it -------------------------------------------------------------------------
 */

static void record(struct attempt *a);

static void say(const struct attempt *a)
{
	const struct outbox_result *r = &a->result;
	const struct span receiver = a->mailbox->id;
	const int64_t took_ms = loop_now(a->mailbox->post->loop).ms - a->began.ms;

	if (span_eq_str(r->outcome, "sent"))
		log_info("post.delivered", TEXT("receiver", receiver), TEXT("delivery", r->id),
			INT("mentions", a->taken.n_keys), INT("attempt", a->taken.attempts),
			INT("took_ms", took_ms));
	else if (span_eq_str(r->outcome, "retry"))
		log_warning("post.failed", TEXT("receiver", receiver), TEXT("delivery", r->id),
			INT("attempt", a->taken.attempts), TEXT("why", r->why),
			INT("again_in_ms", r->next.ms - loop_wall(a->mailbox->post->loop).ms));
	else if (span_eq_str(r->outcome, "dead"))
		log_error("post.dead", TEXT("receiver", receiver), TEXT("delivery", r->id),
			INT("attempt", a->taken.attempts), TEXT("why", r->why),
			STR("remedy", "see `vigie deliveries`"));
}

static void on_recorded(void *arg, int r, const struct outbox_woken *woken)
{
	struct attempt *a = arg;
	struct mailbox *m = a->mailbox;
	struct post *p = m->post;
	const bool sent = span_eq_str(a->result.outcome, "sent");

	a->asking = false;
	if (r < 0) {
		mailbox_later(m, RECORD_AGAIN_MS);
		return;
	}
	say(a);
	p->delivered += sent;
	p->failed += !sent;
	/* What was sent was sent, even if the record of it is gone from Redis. */
	if (sent || (woken->n && span_eq_str(a->result.outcome, "dead")))
		post_tell(p, a->result.id, m->id,
			sent && span_eq_str(a->taken.kind, desk_kind_names[DESK_DIGEST])
				? SPAN("digested")
				: a->result.outcome,
			a->taken.keys, a->taken.n_keys);
	for (size_t i = 0; i < a->result.n_notify; i++)
		post_wake(p, a->result.notify[i]);
	m->attempt = NULL;
	m->state = MAILBOX_IDLE;
	attempt_free(a);
	post_look_soon(p);
	mailbox_go(m);
}

static void record(struct attempt *a)
{
	struct mailbox *m = a->mailbox;

	a->asking = outbox_result(m->post->outbox, &a->result, loop_wall(m->post->loop),
			    on_recorded, a) == 0;
	if (!a->asking)
		mailbox_later(m, RECORD_AGAIN_MS);
}

/* {"at","took","status","verdict","why","next"}; times in ms. */
static struct span attempt_json(struct attempt *a, int status)
{
	const struct outbox_result *r = &a->result;
	json_t *o = json_pack("{s:I, s:I, s:i, s:s%, s:s%}", "at", (json_int_t)a->at.ms, "took",
		(json_int_t)(loop_now(a->mailbox->post->loop).ms - a->began.ms), "status",
		status, "verdict", r->outcome.p, r->outcome.n, "why", r->why.p ? r->why.p : "",
		r->why.n);
	char *text;
	struct span ret;

	if (o && wall_known(r->next))
		(void)json_object_set_new(o, "next", json_integer((json_int_t)r->next.ms));
	text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	ret = text ? arena_dup(&a->arena, span_str(text)) : SPAN("{}");
	free(text);
	json_decref(o);
	return ret.p ? ret : SPAN("{}");
}

/* How long the receiver wants to hear nothing; -1: it does not say. */
static int64_t asked_ms(const struct attempt *a, const struct answer *answer)
{
	const int64_t ms = retry_after_ms(answer, loop_wall(a->mailbox->post->loop));
	const int64_t in_body =
		a->channel && a->channel->pause_ms ? a->channel->pause_ms(answer) : -1;

	return in_body > ms ? in_body : ms;
}

/* When to try again: by the schedule, never before the receiver wants. */
static void set_next(struct attempt *a, int64_t asked)
{
	struct post *p = a->mailbox->post;
	struct outbox_result *r = &a->result;
	const bool trial = !span_empty(a->taken.suspect);
	const int64_t tries = trial ? a->taken.failures + 1 : a->taken.tries;
	const uint64_t seed = XXH64(r->id.p, r->id.n, (uint64_t)a->taken.attempts);
	const int64_t delay = (int64_t)((double)retry_delay_ms(tries, seed) / p->time_scale);

	r->next.ms = loop_wall(p->loop).ms + (asked > delay ? asked : delay);
	if (asked > delay)
		r->why = arena_printf(&a->arena, "%.*s (the receiver asks for %lld s)",
			SPAN_ARG(r->why), (long long)((asked + 999) / 1000));
}

/* A receiver may say back what it was told. */
static struct span without_secrets(
	struct attempt *a, const struct receiver *receiver, struct span why)
{
	struct mask mask = {0};

	if (receiver && mask_make(&mask, &a->arena, receiver) < 0)
		return SPAN("out of memory");
	why = mask_text(&mask, &a->arena, why);
	return why.p ? why : SPAN("out of memory");
}

/* Is the answer perhaps about this delivery alone? Asked after every third try. */
static bool is_suspicious(const struct attempt *a, const struct answer *answer)
{
	return answer->status >= 300 && answer->status != 429 && answer->status != 503 &&
	       a->taken.tries % TRIAL_EVERY == 0;
}

static void conclude(
	struct attempt *a, enum verdict verdict, struct span why, const struct answer *answer)
{
	static const char *const outcomes[] = {[VERDICT_DELIVERED] = "sent",
		[VERDICT_RETRY] = "retry",
		[VERDICT_DEAD] = "dead",
		[VERDICT_GONE] = "gone"};
	struct outbox_result *r = &a->result;
	struct mailbox *m = a->mailbox;
	const struct receiver *receiver = post_receiver(m->post, m->id);
	char mark[MARK_TEXT + 1] = "";
	const int64_t silence = asked_ms(a, answer);

	r->id = a->taken.id;
	r->suspect = a->taken.suspect;
	r->why = without_secrets(a, receiver, why);
	r->next = WALL_NONE;
	r->pause = WALL_NONE;
	if (silence > RETRY_AFTER_MOST_MS &&
		(verdict == VERDICT_RETRY || verdict == VERDICT_DEAD)) {
		/* No earlier, and nobody waits so long unseen: it is stopped, and that is told.
		 */
		verdict = VERDICT_GONE;
		r->left = SPAN_NONE;
		r->why = arena_printf(&a->arena,
			"%.*s (it asks for %lld days of silence: stopped until you say)",
			SPAN_ARG(r->why), (long long)(silence / 86400000));
	} else if (silence > 0)
		r->pause.ms = loop_wall(m->post->loop).ms + silence;
	if (verdict == VERDICT_RETRY || !span_empty(r->left))
		set_next(a, silence);
	if (verdict == VERDICT_RETRY && a->taken.tries >= RETRY_TRIES) {
		verdict = VERDICT_DEAD;
		r->receiver_fails = true;
		r->next = WALL_NONE;
		r->why = arena_printf(&a->arena, "given up after %lld tries; the last: %.*s",
			(long long)a->taken.tries, SPAN_ARG(r->why));
	}
	if (verdict == VERDICT_RETRY)
		r->suspicious = r->suspicious || is_suspicious(a, answer);
	if (verdict == VERDICT_GONE)
		a->result.notify =
			post_notice_receivers(m->post, &a->arena, m->id, &a->result.n_notify);
	if (receiver)
		receiver_mark(mark, receiver);
	r->mark = arena_dup(&a->arena, span_str(mark));
	r->outcome = span_str(outcomes[verdict]);
	r->attempt = attempt_json(a, answer->status);
	m->state = MAILBOX_RECORDING;
	record(a);
}

/* --- Sending ---------------------------------------------------------------------------------
 */

/* A mail that some recipients refused goes on for those alone; when the tries are over for
 * them, it is done, and says who was left out. */
static struct span recipients_left(struct attempt *a, const struct transfer_sent *sent)
{
	struct buf out = {0};
	struct span ret;

	for (size_t i = 0; i < sent->n_refused; i++) {
		buf_add_str(&out, out.n ? " " : "");
		buf_add(&out, sent->refused[i]);
	}
	ret = arena_dup(&a->arena, buf_span(&out));
	buf_deinit(&out);
	return ret;
}

static void on_sent(void *arg, const struct transfer_sent *sent)
{
	static const struct answer none = {0};
	struct attempt *a = arg;
	struct span why = SPAN_NONE;
	enum verdict verdict;

	a->handle = NULL;
	if (sent->error != TRANSFER_OK) {
		conclude(a, VERDICT_RETRY, sent->why, &none);
		return;
	}
	verdict = a->channel->judge(&sent->answer, &a->arena, &why);
	/* The answer is the last one's: another may be busy only. */
	for (size_t i = 0; i < sent->n_refused && verdict == VERDICT_DEAD; i++)
		if (sent->refused_status[i] < 500)
			verdict = VERDICT_RETRY;
	if (verdict == VERDICT_DELIVERED && sent->n_refused) {
		why = arena_printf(&a->arena, "%.*s; refused: %.*s", SPAN_ARG(why),
			SPAN_ARG(recipients_left(a, sent)));
		if (a->taken.tries < RETRY_TRIES)
			a->result.left = recipients_left(a, sent);
		else
			verdict = VERDICT_DEAD;
	}
	conclude(a, verdict, why, &sent->answer);
}

/* Only those recipients that are left of an earlier attempt. */
static void keep_left(struct attempt *a, struct payload *payload)
{
	struct span *to = arena_calloc(&a->arena, payload->n_mail_to, sizeof(*to));
	size_t n = 0;

	for (size_t i = 0; to && i < payload->n_mail_to; i++) {
		struct span rest = a->taken.only;
		bool left = false;

		while (rest.n && !left) {
			const size_t end = span_find(rest, ' ');

			left = span_eq(span_slice(rest, 0, end), payload->mail_to[i]);
			rest = span_slice(rest, end + 1, rest.n);
		}
		if (left)
			to[n++] = payload->mail_to[i];
	}
	payload->mail_to = to;
	payload->n_mail_to = n;
}

/* A digest that has no mentions. */
static bool is_nothing(const struct attempt *a)
{
	return !a->taken.n_keys && span_eq_str(a->taken.kind, desk_kind_names[DESK_DIGEST]);
}

static enum alert_kind kind_of(const struct attempt *a)
{
	static const struct {
		enum desk_kind desk;
		enum alert_kind alert;
	} kinds[] = {{DESK_UPDATE, ALERT_UPDATE}, {DESK_REPEAT, ALERT_REPEAT},
		{DESK_DIGEST, ALERT_DIGEST}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (span_eq_str(a->taken.kind, desk_kind_names[kinds[i].desk]))
			return kinds[i].alert;
	return ALERT_NEW;
}

/* Hits live only during the call: what is to be sent is made of them here. */
static void send(struct attempt *a, const struct hit *const *hits, size_t n)
{
	static const struct answer none = {0};
	struct mailbox *m = a->mailbox;
	struct post *p = m->post;
	const struct receiver *receiver = post_receiver(p, m->id);
	const size_t told = a->taken.n_keys > a->n_items ? a->taken.n_keys - a->n_items : 0;
	const struct alert alert = {.kind = kind_of(a),
		.nth = a->said.nth,
		.from = a->said.from,
		.until = a->said.until,
		.part = a->said.part,
		.parts = a->said.parts,
		.when = a->said.when,
		.nothing = is_nothing(a),
		.id = a->taken.id,
		.group = a->taken.group,
		.route = a->taken.route,
		.created = a->taken.created,
		.hits = hits,
		.n_hits = n,
		.n_more = a->notice ? 0 : told + a->said.more,
		.spike = a->notice && a->notice->is_spike ? &a->notice->spike : NULL,
		.report = a->notice && a->notice->is_report ? &a->notice->report : NULL};
	const struct render_context context = {.now = loop_wall(p->loop),
		.public_url = p->public_url,
		.host = p->host,
		.version = SPAN(VIGIE_VERSION)};
	struct span why = SPAN("out of memory");
	struct payload payload;
	int r;

	if (!receiver) {
		conclude(a, VERDICT_DEAD, SPAN("the receiver is no longer configured"), &none);
		return;
	}
	a->channel = receiver->channel;
	r = a->channel->render(&payload, receiver, &alert, &context, &a->arena, &why);
	if (r == 0 && !span_empty(a->taken.only)) {
		keep_left(a, &payload);
		if (!payload.n_mail_to) {
			conclude(a, VERDICT_DEAD,
				SPAN("the recipients that were left are no longer configured"),
				&none);
			return;
		}
	}
	if (r == 0) {
		mailbox_spend(m, a->channel);
		payload.total_ms = receiver->timeout_ms;
		r = transfer_send(&a->handle, p->transfer, &payload, on_sent, a);
		if (r == -EINVAL)
			why = SPAN("the request can't be sent as it is: look for control "
				   "characters in the "
				   "receiver's configuration");
	}
	if (r == 0)
		m->state = MAILBOX_SENDING;
	else
		conclude(a, r == -EINVAL ? VERDICT_DEAD : VERDICT_RETRY, why, &none);
}

/* --- Fetching --------------------------------------------------------------------------------
 */

static void fetch(struct attempt *a);
static void send_notice(struct attempt *a);

/* A finding among others is told by its figures; NULL: it can't be. */
static const struct hit *finding_of(struct attempt *a, size_t i)
{
	const struct receiver *receiver = post_receiver(a->mailbox->post, a->mailbox->id);
	const struct span lang = receiver ? receiver->lang : SPAN_NONE;
	const struct hit *hit;
	struct notice notice;

	return notice_decode(&notice, &a->arena, a->texts[i]) == 0 &&
			       notice_make_among(&hit, &a->arena, a->mailbox->post, &a->taken,
				       &notice, lang) == 0
		       ? hit
		       : NULL;
}

static void on_hits(void *arg, const struct hit *const *hits, size_t n)
{
	static const struct answer none = {0};
	struct attempt *a = arg;
	struct mailbox *m = a->mailbox;
	const struct hit **there = arena_calloc(&a->arena, n + 1, sizeof(*there));
	size_t found = 0;

	a->asking = false;
	for (size_t i = 0; there && i < n; i++) {
		if (!a->notice && !span_empty(a->texts[i])) {
			there[found] = finding_of(a, i);
			found += there[found] != NULL;
			continue;
		}
		if (!hits[i])
			continue;
		if (a->notice)
			a->notice->carried[found] = a->notice->carried[i];
		there[found++] = hits[i];
	}
	/* What carried a spike was there when it was found: what is not was erased. */
	if (found < n && !a->notice &&
		loop_now(m->post->loop).ms - a->began.ms < FETCH_PATIENCE_MS) {
		mailbox_later(m, a->pause_ms);
		a->pause_ms = a->pause_ms * 2 < FETCH_AGAIN_MOST_MS ? a->pause_ms * 2
								    : FETCH_AGAIN_MOST_MS;
		return;
	}
	if (found) {
		if (a->notice)
			a->notice->spike.n_carried = found;
		send(a, there, found);
		return;
	}
	if (a->notice) {
		send_notice(a);
		return;
	}
	/* Erased, or an archive in trouble: the others need not wait for this one. */
	a->result.suspicious = true;
	conclude(a, VERDICT_RETRY, SPAN("its mentions are not in the archive"), &none);
}

static void fetch(struct attempt *a)
{
	a->asking = true;
	archive_get(a->mailbox->post->archive, a->items, a->n_items, on_hits, a);
}

void attempt_go_on(struct mailbox *m)
{
	struct attempt *a = m->attempt;

	if (!a || a->asking)
		return;
	if (m->state == MAILBOX_FETCHING && !m->post->stopping)
		fetch(a);
	else if (m->state == MAILBOX_RECORDING)
		record(a);
}

static void send_notice(struct attempt *a)
{
	static const struct answer none = {0};
	const struct receiver *receiver = post_receiver(a->mailbox->post, a->mailbox->id);
	const struct span lang = receiver ? receiver->lang : SPAN_NONE;
	const struct post *post = a->mailbox->post;
	const struct hit *hit;
	const int r = is_nothing(a)
			      ? notice_make_nothing(&hit, &a->arena, post, &a->taken, lang)
			      : notice_make(&hit, &a->arena, post, &a->taken, a->notice, lang);

	if (r < 0)
		conclude(a, VERDICT_RETRY, SPAN("out of memory"), &none);
	else
		send(a, &hit, 1);
}

/* What carries a spike is fetched; a notice that can't be read is told with what there is. */
static int read_notice(struct attempt *a)
{
	const int r = notice_decode(a->notice, &a->arena, a->taken.notice);

	a->n_items = a->notice->spike.n_carried;
	if (a->n_items)
		memcpy(a->items, a->notice->carriers, a->n_items * sizeof(*a->items));
	a->notice->spike.carried = a->notice->carried;
	return r;
}

static struct attempt *attempt_new(struct mailbox *m, const struct outbox_taken *taken)
{
	struct attempt *a = calloc(1, sizeof(*a));
	struct span *keys;

	if (!a)
		return NULL;
	a->mailbox = m;
	a->at = loop_wall(m->post->loop);
	a->began = loop_now(m->post->loop);
	a->pause_ms = FETCH_AGAIN_MS;
	a->taken = *taken;
	a->taken.id = arena_dup(&a->arena, taken->id);
	a->taken.group = arena_dup(&a->arena, taken->group);
	a->taken.route = arena_dup(&a->arena, taken->route);
	a->taken.suspect = arena_dup(&a->arena, taken->suspect);
	a->taken.only = arena_dup(&a->arena, taken->only);
	a->taken.kind = arena_dup(&a->arena, taken->kind);
	a->taken.desk = arena_dup(&a->arena, taken->desk);
	a->taken.keys = keys = arena_calloc(&a->arena, taken->n_keys + 1, sizeof(*keys));
	a->items = arena_calloc(&a->arena, FETCH_MOST, sizeof(*a->items));
	a->taken.notice = arena_dup(&a->arena, taken->notice);
	if (!a->taken.kind.p || !a->taken.desk.p || !a->taken.id.p || !a->taken.group.p ||
		!a->taken.notice.p || !a->taken.route.p || !a->taken.suspect.p ||
		!a->taken.only.p || !keys || !a->items) {
		attempt_free(a);
		return NULL;
	}
	for (size_t i = 0; i < taken->n_keys; i++) {
		keys[i] = arena_dup(&a->arena, taken->keys[i]);
		if (a->n_items < FETCH_MOST)
			a->n_items += item_key_parse(&a->items[a->n_items], keys[i]);
	}
	a->texts = arena_calloc(&a->arena, a->n_items + 1, sizeof(*a->texts));
	if (!a->texts || outbox_said_read(&a->said, &a->arena, taken->desk) < 0 ||
		outbox_said_notices(a->texts, a->items, a->n_items, &a->arena, taken->desk) <
			0) {
		attempt_free(a);
		return NULL;
	}
	if (taken->notice.n && taken->n_keys /* an incident has none */) {
		a->notice = arena_calloc(&a->arena, 1, sizeof(*a->notice));
		if (!a->notice || read_notice(a) == -ENOMEM) {
			attempt_free(a);
			return NULL;
		}
	}
	return a;
}

void attempt_begin(struct mailbox *m, const struct outbox_taken *taken)
{
	m->attempt = attempt_new(m, taken);
	if (!m->attempt) {
		/* It stands as being sent, and will be taken again. */
		mailbox_later(m, RECORD_AGAIN_MS);
		return;
	}
	m->state = MAILBOX_FETCHING;
	/* Driven again: before, it was a dead letter. */
	if (taken->tries < taken->attempts && m->post->desk)
		(void)dispatch_desk_settle(m->post->desk, taken->id, DESK_DRIVEN, NULL, NULL);
	if (m->attempt->n_items)
		fetch(m->attempt);
	else
		send_notice(m->attempt);
}
