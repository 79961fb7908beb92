/*
 * dispatch_notice: a finding on its way to the desk, a report on its way to the outbox: who has
 * heard of it already, and then durable for the rest.
 */

#include <errno.h>
#include <stdlib.h>

#include "line/dispatch_inner.h"
#include "vigie/buf.h"

struct telling {
	struct telling *next;
	struct dispatch *dispatch;
	struct arena arena;
	struct item_key key;
	struct wall at;
	double severity;
	struct span json, brand, kind;
	bool is_report;
	struct outbox_entry *to; /* those who may hear of it */
	size_t n_to;
	struct span *heard; /* those who have */
	size_t n_heard;
	void (*filed)(void *arg, int r);
	void *arg;
};

static void telling_free(struct telling *t)
{
	arena_release(&t->arena);
	free(t);
}

static void telling_end(struct telling *t, int r)
{
	for (struct telling **at = &t->dispatch->tellings; *at; at = &(*at)->next) {
		if (*at == t) {
			*at = t->next;
			break;
		}
	}
	t->filed(t->arg, r);
	telling_free(t);
}

void dispatch_tellings_free(struct dispatch *d)
{
	while (d->tellings) {
		struct telling *t = d->tellings;

		d->tellings = t->next;
		telling_free(t);
	}
}

static void on_filed(void *arg, int r, const struct outbox_woken *woken)
{
	struct telling *t = arg;
	struct dispatch *d = t->dispatch;

	for (size_t i = 0; r == 0 && i < woken->n_receivers; i++)
		post_wake(d->post, woken->receivers[i]);
	d->stats.filed += r == 0;
	telling_end(t, r);
}

static void on_decided(void *arg, int r)
{
	struct telling *t = arg;

	t->dispatch->stats.filed += r == 0;
	telling_end(t, r);
}

/* To whom it is said. */
static int tell(struct telling *t)
{
	struct dispatch *d = t->dispatch;
	const struct desk_notice notice = {.key = t->key,
		.rule = SPAN("spike"),
		.kind = SPAN("spike"),
		.brand = t->brand,
		.brand_kind = t->kind,
		.tags = &t->kind,
		.n_tags = !span_empty(t->kind),
		.text = t->json,
		.severity = t->severity,
		.at = t->at};
	const struct desk_candidate candidate = {.kind = DESK_FINDING,
		.notice = &notice,
		.heard = t->heard,
		.n_heard = t->n_heard};

	if (t->is_report)
		return outbox_notice(d->outbox, &t->key, t->at, t->json, t->to, t->n_to,
			loop_wall(d->loop), on_filed, t);
	return dispatch_desk_take(d->desk, &candidate, on_decided, t);
}

static void on_outcomes(void *arg, const struct span *outcomes, size_t n)
{
	struct telling *t = arg;
	size_t kept = 0;
	int r;

	for (size_t i = 0; i < t->n_to && i < n; i++) {
		if (span_empty(outcomes[i]) || archive_outcome_waits(outcomes[i]))
			t->to[kept++] = t->to[i];
		else
			t->heard[t->n_heard++] = t->to[i].receiver;
	}
	t->n_to = kept;
	r = kept ? tell(t) : 0;
	if (!kept || r < 0)
		telling_end(t, r);
}

/* "report=Acme": what separates in a group's key stands percent-encoded. */
static struct span group_of(struct arena *arena, struct span brand)
{
	struct buf out = {0};
	struct span ret;

	buf_add_str(&out, "report=");
	for (size_t i = 0; i < brand.n; i++) {
		const unsigned char c = (unsigned char)brand.p[i];

		if (c <= 0x20 || c == 0x7F || strchr("%,;={}", c))
			buf_addf(&out, "%%%02X", (unsigned)c);
		else
			buf_add_char(&out, (char)c);
	}
	ret = out.failed ? SPAN_NONE : arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return ret;
}

/* Who may hear of it: those it names, or for the routes to choose. */
static int take_receivers(struct telling *t, const struct dispatch_notice *n)
{
	const struct policy *policy = t->dispatch->policy;
	const size_t most = n->receivers ? n->n_receivers : policy->n_receivers;
	const struct span group = group_of(&t->arena, n->brand);

	t->to = arena_calloc(&t->arena, most + 1, sizeof(*t->to));
	t->heard = arena_calloc(&t->arena, most + 1, sizeof(*t->heard));
	for (size_t i = 0; t->to && i < most; i++) {
		const struct span receiver = arena_dup(
			&t->arena, n->receivers ? n->receivers[i] : policy->receivers[i].id);

		if (!receiver.p)
			return -ENOMEM;
		t->to[t->n_to++] = (struct outbox_entry){receiver, group, SPAN("")};
	}
	return t->to && t->heard && group.p ? 0 : -ENOMEM;
}

int dispatch_notice(struct dispatch *d, const struct dispatch_notice *notice,
	void (*filed)(void *arg, int r), void *arg)
{
	struct archive_outcome *asks;
	struct telling *t;
	int r;

	if (!d->policy)
		return -EAGAIN;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->dispatch = d;
	t->key = notice->key;
	t->at = notice->at;
	t->severity = notice->severity;
	t->json = arena_dup(&t->arena, notice->json);
	t->filed = filed;
	t->arg = arg;
	t->is_report = notice->receivers;
	t->brand = arena_dup(&t->arena, notice->brand);
	t->kind = arena_dup(&t->arena, notice->kind);
	r = t->json.p && t->brand.p && t->kind.p ? take_receivers(t, notice) : -ENOMEM;
	asks = arena_calloc(&t->arena, t->n_to + 1, sizeof(*asks));
	if (r < 0 || !asks) {
		telling_free(t);
		return -ENOMEM;
	}
	for (size_t i = 0; i < t->n_to; i++)
		asks[i] = (struct archive_outcome){.key = t->key,
			.receiver = t->to[i].receiver,
			.at = WALL_NONE,
			.until = WALL_NONE};
	t->next = d->tellings;
	d->tellings = t;
	archive_outcomes(d->archive, asks, t->n_to, on_outcomes, t);
	return 0;
}
