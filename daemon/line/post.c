#include "line/post.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/log.h"
#include "line/post_inner.h"
#include "vigie/channel.h"

enum {
	RETRY_MS = 1000,        /* when Redis does not answer */
	LOOK_SOON_MS = 300,     /* numbers are that fresh */
	LOOK_MS = 30000,        /* what was missed is found then */
	WAIT_MOST_MS = 3600000, /* the wall clock may jump while a try is awaited */
};

/* --- Mailboxes -----------------------------------------------------------------------------
 */

const struct receiver *post_receiver(const struct post *post, struct span id)
{
	for (size_t i = 0; post->policy && i < post->policy->n_receivers; i++)
		if (span_eq(post->policy->receivers[i].id, id))
			return &post->policy->receivers[i];
	return NULL;
}

void mailbox_later(struct mailbox *m, int64_t delay_ms)
{
	(void)timer_set(m->timer, delay_ms < WAIT_MOST_MS ? delay_ms : WAIT_MOST_MS);
}

/* The generic cell rate algorithm (ITU-T I.371, virtual scheduling): a message costs a gap. */
void mailbox_spend(struct mailbox *m, const struct channel *channel)
{
	const int64_t now = loop_now(m->post->loop).ms;

	m->free_at.ms = (m->free_at.ms > now ? m->free_at.ms : now) + channel->min_gap_ms;
	m->credit_ms = channel->burst > 1 ? (channel->burst - 1) * channel->min_gap_ms : 0;
}

static void on_buried(void *arg, int r, const struct outbox_woken *woken)
{
	struct mailbox *m = arg;

	m->state = MAILBOX_IDLE;
	if (r < 0) {
		mailbox_later(m, RETRY_MS);
		return;
	}
	if (woken->n)
		log_error("post.receiver_gone", TEXT("receiver", m->id),
			INT("deliveries", woken->n),
			STR("remedy", "they are dead letters; see `vigie deliveries`"));
	for (size_t i = 0; i < woken->n_receivers; i++)
		post_tell_by_id(m->post, woken->receivers[i]);
	post_look_soon(m->post);
	if (woken->n >= OUTBOX_BURY_MOST)
		mailbox_later(m, 0);
}

static void bury(struct mailbox *m)
{
	m->state = MAILBOX_BURYING;
	if (outbox_bury(m->post->outbox, m->id, SPAN_NONE, SPAN("dead"),
		    SPAN("the receiver is no longer configured"), loop_wall(m->post->loop),
		    on_buried, m) < 0) {
		m->state = MAILBOX_IDLE;
		mailbox_later(m, RETRY_MS);
	}
}

static void on_taken(void *arg, int r, const struct outbox_taken *taken)
{
	struct mailbox *m = arg;
	struct post *p = m->post;
	const bool woken = m->woken;

	m->state = MAILBOX_IDLE;
	m->woken = false;
	if (r < 0) {
		mailbox_later(m, RETRY_MS);
		return;
	}
	switch (taken->answer) {
	case OUTBOX_TAKEN:
		m->said_stopped = false;
		attempt_begin(m, taken);
		break;
	case OUTBOX_WAIT:
		mailbox_later(m, taken->until.ms - loop_wall(p->loop).ms);
		break;
	case OUTBOX_GONE:
		if (!m->said_stopped)
			log_error("post.stopped", TEXT("receiver", m->id),
				TEXT("why", taken->why),
				STR("remedy", "correct it and reload, or `vigie deliveries "
					      "redrive --all`"));
		m->said_stopped = true;
		break;
	case OUTBOX_EMPTY:
		if (woken)
			mailbox_later(m, 0);
		break;
	}
}

void mailbox_go(struct mailbox *m)
{
	struct post *p = m->post;
	const struct receiver *receiver = post_receiver(p, m->id);
	const int64_t wait_ms = m->free_at.ms - m->credit_ms - loop_now(p->loop).ms;
	char mark[MARK_TEXT + 1];

	if (m->state != MAILBOX_IDLE) {
		m->woken = true;
		return;
	}
	if (p->stopping || !p->policy || !outbox_is_up(p->outbox))
		return;
	if (!receiver) {
		bury(m);
		return;
	}
	if (wait_ms > 0) {
		mailbox_later(m, wait_ms);
		return;
	}
	receiver_mark(mark, receiver);
	timer_clear(m->timer);
	m->state = MAILBOX_TAKING;
	if (outbox_take(p->outbox, m->id, span_str(mark), loop_wall(p->loop), on_taken, m) <
		0) {
		m->state = MAILBOX_IDLE;
		mailbox_later(m, RETRY_MS);
	}
}

static void on_mailbox_timer(void *arg)
{
	struct mailbox *m = arg;

	if (m->state == MAILBOX_IDLE)
		mailbox_go(m);
	else
		attempt_go_on(m);
}

static void mailbox_free(struct mailbox *m)
{
	attempt_free(m->attempt);
	timer_free(m->timer);
	free((char *)(uintptr_t)m->id.p);
	free(m);
}

/* NULL when memory is out: the next look tries again. */
static struct mailbox *mailbox_of(struct post *p, struct span receiver)
{
	struct mailbox *m = p->mailboxes;

	while (m && !span_eq(m->id, receiver))
		m = m->next;
	if (m)
		return m;
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->post = p;
	m->id = span_of(strndup(receiver.p ? receiver.p : "", receiver.n), receiver.n);
	if (!m->id.p || timer_new(&m->timer, p->loop, on_mailbox_timer, m) < 0) {
		mailbox_free(m);
		return NULL;
	}
	m->next = p->mailboxes;
	p->mailboxes = m;
	return m;
}

void post_wake(struct post *p, struct span receiver)
{
	struct mailbox *m = mailbox_of(p, receiver);

	if (m)
		mailbox_go(m);
	post_look_soon(p);
}

/* --- The ledger ----------------------------------------------------------------------------
 */

struct tell {
	struct tell *next;
	struct post *post;
	struct arena arena;
	struct span id;
	struct archive_outcome *outcomes;
	unsigned left; /* answers to come: the ledger's, the desk's */
	bool failed;
};

static struct tell *tell_new(struct post *p, struct span id)
{
	struct tell *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->post = p;
	t->id = arena_dup(&t->arena, id);
	if (!t->id.p) {
		arena_release(&t->arena);
		free(t);
		return NULL;
	}
	t->next = p->tells;
	p->tells = t;
	return t;
}

static void tell_free(struct tell *t)
{
	struct tell **at = &t->post->tells;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	arena_release(&t->arena);
	free(t);
}

/* Deliveries that nobody keeps any more. */
static void on_told(void *arg, int r, const struct outbox_woken *woken)
{
	struct tell *t = arg;
	struct post *p = t->post;

	if (r == 0 && woken->n)
		log_error("post.forgotten", INT("deliveries", woken->n),
			STR("why", "there are more dead letters than are kept"));
	for (size_t i = 0; r == 0 && p->desk && i < woken->n_receivers; i++)
		(void)dispatch_desk_settle(
			p->desk, woken->receivers[i], DESK_BURIED, NULL, NULL);
	tell_free(t); /* what was not told is found at the next look */
}

static void tell_answered(struct tell *t)
{
	if (--t->left)
		return;
	if (t->failed ||
		outbox_told(t->post->outbox, t->id, loop_wall(t->post->loop), on_told, t) < 0)
		tell_free(t);
}

static void on_recorded(void *arg)
{
	tell_answered(arg);
}

static void on_settled(void *arg, int r)
{
	struct tell *t = arg;

	t->failed = r < 0;
	tell_answered(t);
}

/* The ledger and the desk, side by side: the outbox forgets when both know. */
static void tell_record(struct tell *t, struct span receiver, struct span outcome,
	const struct span *keys, size_t n_keys)
{
	struct post *p = t->post;
	const enum desk_end end =
		span_eq_str(outcome, "sent") || span_eq_str(outcome, "digested") ? DESK_SENT
										 : DESK_DEAD;
	size_t n = 0;

	t->outcomes = arena_calloc(&t->arena, n_keys + 1, sizeof(*t->outcomes));
	for (size_t i = 0; t->outcomes && i < n_keys; i++) {
		struct archive_outcome *o = &t->outcomes[n];

		*o = (struct archive_outcome){.receiver = receiver,
			.outcome = outcome,
			.delivery = t->id,
			.at = loop_wall(t->post->loop),
			.until = WALL_NONE};
		n += item_key_parse(&o->key, keys[i]);
	}
	if (!t->outcomes) {
		tell_free(t);
		return;
	}
	t->left = 2;
	t->failed = !p->desk || dispatch_desk_settle(p->desk, t->id, end, on_settled, t) < 0;
	t->left -= t->failed;
	archive_record(p->archive, t->outcomes, n, on_recorded, t);
}

void post_tell(struct post *p, struct span id, struct span receiver, struct span outcome,
	const struct span *keys, size_t n_keys)
{
	struct tell *t = tell_new(p, id);

	if (t)
		tell_record(t, receiver, outcome, keys, n_keys);
}

static struct span field_of(const struct outbox_record *record, const char *name)
{
	for (size_t i = 0; i + 1 < record->n_fields; i += 2)
		if (span_eq_str(record->fields[i].text, name))
			return record->fields[i + 1].text;
	return SPAN_NONE;
}

static void on_untold(void *arg, int r, const struct outbox_record *records, size_t n,
	const struct span *keys, size_t n_keys)
{
	struct tell *t = arg;
	struct span state;

	if (r < 0 || n != 1) {
		/* The record is gone: nothing can be said of it any more. */
		t->left = 1;
		t->failed = r < 0;
		tell_answered(t);
		return;
	}
	state = field_of(&records[0], "state");
	/* Parked behind an outcome: most recipients of a mail were told. */
	if (!span_eq_str(state, "dead") && !span_eq_str(state, "dropped"))
		state = SPAN("sent");
	if (span_eq_str(state, "sent") &&
		span_eq_str(field_of(&records[0], "kind"), desk_kind_names[DESK_DIGEST]))
		state = SPAN("digested");
	tell_record(t, field_of(&records[0], "receiver"), state, keys, n_keys);
}

void post_tell_by_id(struct post *p, struct span id)
{
	struct tell *t = p->tells;

	while (t && !span_eq(t->id, id))
		t = t->next;
	if (t)
		return;
	t = tell_new(p, id);
	if (t && outbox_show(p->outbox, t->id, 1, on_untold, t) < 0)
		tell_free(t);
}

/* --- Looking -------------------------------------------------------------------------------
 */

static void on_seen(void *arg, int r, const struct outbox_view *view)
{
	struct post *p = arg;
	const struct outbox_counts *c = &view->counts;

	p->looking = false;
	if (r == 0) {
		json_decref(p->counts);
		p->counts = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "waiting",
			(json_int_t)c->waiting, "parked", (json_int_t)c->parked, "dead",
			(json_int_t)c->dead, "sent", (json_int_t)c->sent, "stopped",
			(json_int_t)c->stopped, "delivered", (json_int_t)p->delivered, "failed",
			(json_int_t)p->failed);
	}
	for (size_t i = 0; r == 0 && i < view->n_receivers; i++) {
		struct mailbox *m = mailbox_of(p, view->receivers[i]);

		/* One that waits for its time is left alone. */
		if (m && m->state == MAILBOX_IDLE && !p->stopping)
			mailbox_go(m);
	}
	for (size_t i = 0; r == 0 && i < view->n_untold; i++)
		post_tell_by_id(p, view->untold[i]);
	(void)timer_set(p->look, r < 0 ? RETRY_MS : p->look_again ? LOOK_SOON_MS : LOOK_MS);
	p->look_again = false;
}

static void look(void *arg)
{
	struct post *p = arg;

	if (!p->going_on_known && outbox_is_up(p->outbox))
		post_incidents_ask(p);
	if (p->looking || !outbox_is_up(p->outbox))
		return;
	p->look_again = false;
	p->looking = outbox_look(p->outbox, on_seen, p) == 0;
	if (!p->looking)
		(void)timer_set(p->look, RETRY_MS);
}

void post_look_soon(struct post *p)
{
	if (p->look_again)
		return;
	p->look_again = true;
	if (!p->looking)
		(void)timer_set(p->look, LOOK_SOON_MS);
}

static void on_outbox_up(void *arg)
{
	struct post *p = arg;

	p->going_on_known = false;
	look(p);
	for (struct mailbox *m = p->mailboxes; m; m = m->next)
		if (m->state == MAILBOX_RECORDING)
			attempt_go_on(m);
}

void post_set_desk(struct post *p, struct dispatch_desk *desk)
{
	p->desk = desk;
	if (desk)
		post_look_soon(p);
}

json_t *post_counts(const struct post *p)
{
	return p->counts;
}

/* --- Life ----------------------------------------------------------------------------------
 */

static struct span own_host(struct arena *arena, struct span wanted)
{
	char name[HOST_NAME_MAX + 1] = "";

	if (span_empty(wanted) && gethostname(name, sizeof(name) - 1) == 0)
		wanted = span_str(name);
	return arena_dup(arena, wanted);
}

int post_new(struct post **ret, struct loop *loop, struct transfer *transfer,
	struct archive *archive, const struct post_options *options)
{
	const struct outbox_options outbox = {.redis_url = options->redis_url,
		.prefix = options->prefix,
		.keep_sent = options->keep_sent,
		.keep_sent_ms = options->keep_sent_ms};
	struct post *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->loop = loop;
	p->transfer = transfer;
	p->archive = archive;
	p->incidents = options->incidents;
	p->coverage = options->coverage;
	p->options_arg = options->arg;
	p->time_scale = options->time_scale > 0 ? options->time_scale : 1;
	p->public_url = arena_dup(&p->arena, options->public_url);
	p->host = own_host(&p->arena, options->host);
	r = p->public_url.p && p->host.p ? timer_new(&p->look, loop, look, p) : -ENOMEM;
	if (r == 0)
		r = outbox_new(&p->outbox, loop, &outbox);
	if (r < 0) {
		post_free(p);
		return r;
	}
	outbox_listen(p->outbox, on_outbox_up, p);
	*ret = p;
	return 0;
}

struct post *post_free(struct post *p)
{
	if (!p)
		return NULL;
	outbox_free(p->outbox);
	while (p->mailboxes) {
		struct mailbox *m = p->mailboxes;

		p->mailboxes = m->next;
		mailbox_free(m);
	}
	while (p->tells)
		tell_free(p->tells);
	post_questions_free(p);
	post_incidents_free(p);
	timer_free(p->look);
	json_decref(p->counts);
	if (p->unref)
		p->unref(p->config);
	arena_release(&p->arena);
	free(p);
	return NULL;
}

int post_set_policy(struct post *p, const struct policy *policy, void *config,
	void *(*ref)(void *config), void (*unref)(void *config))
{
	void *old = p->config;
	void (*old_unref)(void *config) = p->unref;

	p->config = ref ? ref(config) : config;
	p->unref = unref;
	p->policy = policy;
	if (old_unref)
		old_unref(old);
	for (struct mailbox *m = p->mailboxes; m; m = m->next)
		mailbox_go(m);
	look(p);
	return 0;
}

void post_stop(struct post *p)
{
	p->stopping = true;
}

bool post_idle(const struct post *p)
{
	for (const struct mailbox *m = p->mailboxes; m; m = m->next)
		if (m->state == MAILBOX_SENDING || m->state == MAILBOX_RECORDING)
			return false;
	return true;
}

struct outbox *post_outbox(struct post *p)
{
	return p->outbox;
}
