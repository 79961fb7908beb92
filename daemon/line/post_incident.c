/*
 * post_incident: what goes on in the house and is told to people. Those who watch say how
 * things are, as often as they like; the outbox knows of what people were told, and this is its
 * shadow in memory, so that saying it again costs nothing.
 */

#include <stdlib.h>
#include <uthash.h>

#include "io/log.h"
#include "line/post_inner.h"

struct going_on {
	UT_hash_handle hh;
	struct post *post;
	bool asking; /* the outbox, about a change */
	bool over;   /* then */
	size_t n;
	char name[];
};

/* The groups of the two notices; the first is the incident's name, too. */
static const char *const names[INCIDENTS][2] = {
	[INCIDENT_SILENT] = {"silent", "heard"},
	[INCIDENT_GONE] = {"gone", "back"},
};

static struct going_on *find(struct post *p, struct span name)
{
	struct going_on *g;

	HASH_FIND(hh, p->going_on, name.p, name.n, g);
	return g;
}

/* NULL when memory is out. */
static struct going_on *add(struct post *p, struct span name)
{
	struct going_on *g = find(p, name);

	if (g)
		return g;
	g = calloc(1, sizeof(*g) + name.n + 1);
	if (!g)
		return NULL;
	g->post = p;
	g->n = name.n;
	memcpy(g->name, name.p, name.n);
	HASH_ADD_KEYPTR(hh, p->going_on, g->name, g->n, g);
	return g;
}

static void take_out(struct going_on *g)
{
	HASH_DEL(g->post->going_on, g);
	free(g);
}

/* One that is asked about lives until the answer. */
void post_incidents_free(struct post *p)
{
	while (p->going_on)
		take_out(p->going_on);
}

const struct span *post_notice_receivers(
	const struct post *p, struct arena *arena, struct span but, size_t *ret_n)
{
	const struct policy *policy = p->policy;
	struct span *ids = arena_calloc(arena, policy->n_receivers, sizeof(*ids));
	size_t n = 0;

	for (size_t i = 0; ids && i < policy->n_notices; i++) {
		const struct span id = policy->receivers[policy->notices[i]].id;

		if (!span_eq(id, but))
			ids[n++] = id;
	}
	/* When the one who is to hear of it is the trouble, anybody will do. */
	for (size_t i = 0; ids && !n && but.n && i < policy->n_receivers; i++)
		if (!span_eq(policy->receivers[i].id, but))
			ids[n++] = policy->receivers[i].id;
	for (size_t i = 0; i < n; i++)
		ids[i] = arena_dup(arena, ids[i]);
	while (n && !ids[n - 1].p)
		n--;
	*ret_n = n;
	return ids;
}

/* --- What goes on? ------------------------------------------------------------------------ */

static void on_known(void *arg, int r, const struct outbox_woken *woken)
{
	struct post *p = arg;
	struct going_on *g, *next;

	if (r < 0)
		return; /* asked again when Redis is back */
	HASH_ITER(hh, p->going_on, g, next)
	if (!g->asking)
		take_out(g);
	for (size_t i = 0; i < woken->n_receivers; i++)
		(void)add(p, woken->receivers[i]);
	p->going_on_known = true;
	if (p->incidents)
		p->incidents(p->options_arg);
}

void post_incidents_ask(struct post *p)
{
	p->going_on_known = false;
	(void)outbox_incidents(p->outbox, on_known, p);
}

/* --- Changes ------------------------------------------------------------------------------ */

static void on_told(void *arg, int r, const struct outbox_woken *woken)
{
	struct going_on *g = arg;
	struct post *p = g->post;

	if (r == 0 && woken->n)
		log_info(g->over ? "post.incident_over" : "post.incident",
			TEXT("what", span_of(g->name, g->n)),
			INT("receivers", woken->n_receivers));
	for (size_t i = 0; r == 0 && i < woken->n_receivers; i++)
		post_wake(p, woken->receivers[i]);
	g->asking = false;
	if (r < 0)
		post_incidents_ask(p); /* nobody knows: it is said anew then */
	if (r < 0 || g->over)
		take_out(g);
}

void post_incident(struct post *p, enum incident incident, struct span about, bool goes_on,
	struct span why)
{
	struct arena arena = {0};
	const struct span name =
		arena_printf(&arena, "%s=%.*s", names[incident][0], SPAN_ARG(about));
	struct outbox_incident what = {
		.name = name,
		.group = arena_printf(
			&arena, "%s=%.*s", names[incident][!goes_on], SPAN_ARG(about)),
		.why = span_empty(why) ? SPAN("-") : why, /* an empty one is no notice */
		.over = !goes_on,
	};
	struct going_on *g = name.p && p->going_on_known && p->policy ? find(p, name) : NULL;

	if (!name.p || !what.group.p || !p->going_on_known || !p->policy || p->stopping ||
		(g && (g->asking || goes_on)) || (!g && !goes_on)) {
		arena_release(&arena);
		return;
	}
	what.receivers = post_notice_receivers(p, &arena, SPAN_NONE, &what.n_receivers);
	g = add(p, name);
	if (g) {
		g->over = what.over;
		g->asking =
			outbox_incident(p->outbox, &what, loop_wall(p->loop), on_told, g) == 0;
		if (!g->asking && goes_on)
			take_out(g); /* said again at the next look */
	}
	arena_release(&arena);
}
