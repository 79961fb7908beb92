/*
 * dispatch_notice: a finding on its way to the outbox: who shall hear of it, who has heard of it
 * already, and then durable for the rest.
 */

#include <errno.h>
#include <stdlib.h>

#include "line/dispatch_inner.h"
#include "vigie/buf.h"
#include "vigie/channel.h"

struct telling {
	struct telling *next;
	struct dispatch *dispatch;
	struct arena arena;
	struct item_key key;
	struct wall at;
	struct span json;
	struct outbox_entry *to;
	size_t n_to;
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

	if (r == 0) {
		t->dispatch->stats.filed++;
		dispatch_wake(t->dispatch, woken);
	}
	telling_end(t, r);
}

static void on_outcomes(void *arg, const struct span *outcomes, size_t n)
{
	struct telling *t = arg;
	struct dispatch *d = t->dispatch;
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < t->n_to && i < n; i++)
		if (span_empty(outcomes[i]))
			t->to[kept++] = t->to[i];
	t->n_to = kept;
	if (kept)
		r = outbox_notice(d->outbox, &t->key, t->at, t->json, t->to, kept,
			loop_wall(d->loop), on_filed, t);
	if (!kept || r < 0)
		telling_end(t, r);
}

/* "spike=Acme": what separates in a group's key stands percent-encoded. */
static struct span group_of(struct arena *arena, const char *what, struct span brand)
{
	struct buf out = {0};
	struct span ret;

	buf_addf(&out, "%s=", what);
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

/* Whom the routes name. */
static int ask_routes(struct telling *t, const struct dispatch_notice *n)
{
	const struct policy *policy = t->dispatch->policy;
	const struct match matches[] = {
		{.rule = SPAN("spike"), .kind = SPAN("spike"), .brand = n->brand},
		{.rule = SPAN("spike"), .kind = n->kind, .brand = n->brand},
	};
	const struct hit hit = {.key = n->key,
		.fetched = n->at,
		.source = SPAN("vigie"),
		.source_kind = SPAN("notice"),
		.item = item_empty(),
		.matches = matches,
		.n_matches = 2};
	const struct span group = group_of(&t->arena, "spike", n->brand);
	struct assignment *found;
	size_t n_found;

	if (!group.p || route_hit(policy, &hit, &t->arena, &found, &n_found) < 0)
		return -ENOMEM;
	t->to = arena_calloc(&t->arena, n_found + 1, sizeof(*t->to));
	for (size_t i = 0; t->to && i < n_found; i++) {
		const struct span receiver =
			arena_dup(&t->arena, policy->receivers[found[i].receiver].id);

		if (!receiver.p)
			return -ENOMEM;
		t->to[t->n_to++] = (struct outbox_entry){receiver, group, found[i].route, 0};
	}
	return t->to ? 0 : -ENOMEM;
}

static int take_receivers(struct telling *t, const struct dispatch_notice *n)
{
	const struct span group = group_of(&t->arena, "report", n->brand);

	t->to = arena_calloc(&t->arena, n->n_receivers + 1, sizeof(*t->to));
	for (size_t i = 0; t->to && group.p && i < n->n_receivers; i++) {
		const struct span receiver = arena_dup(&t->arena, n->receivers[i]);

		if (!receiver.p)
			return -ENOMEM;
		t->to[t->n_to++] = (struct outbox_entry){receiver, group, SPAN(""), 0};
	}
	return t->to && group.p ? 0 : -ENOMEM;
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
	t->json = arena_dup(&t->arena, notice->json);
	t->filed = filed;
	t->arg = arg;
	r = !t->json.p	      ? -ENOMEM
	    : notice->receivers ? take_receivers(t, notice)
				: ask_routes(t, notice);
	asks = arena_calloc(&t->arena, t->n_to + 1, sizeof(*asks));
	if (r < 0 || !asks) {
		telling_free(t);
		return -ENOMEM;
	}
	for (size_t i = 0; i < t->n_to; i++)
		asks[i] = (struct archive_outcome){
			.key = t->key, .receiver = t->to[i].receiver, .at = WALL_NONE};
	t->next = d->tellings;
	d->tellings = t;
	archive_outcomes(d->archive, asks, t->n_to, on_outcomes, t);
	return 0;
}
