#include "sources/connector_walk.h"

#include <errno.h>
#include <stdlib.h>

#include "sources/connector_inner.h"
#include "sources/connector_place.h"
#include "sources/draft.h"
#include "sources/url.h"

/* --- Asking ------------------------------------------------------------------------------- */

static struct wall since_of(const struct place *p, const struct connector_target *t,
	const struct connector_ask *ask)
{
	if (!wall_known(p->since))
		return t->since;
	return (struct wall){p->since.ms - ask->overlap_ms};
}

/* The request the place stands at: which way of asking, and what it is given. */
static const struct connector_ask *ask_at(
	const struct connector_target *t, const struct place *p, const struct place_todo **ret)
{
	*ret = p->open && p->nested && p->n_todo ? &p->todo[0] : NULL;
	return *ret ? connector_ask_find(t->connector, (*ret)->ask) : t->ask;
}

struct given {
	struct expr_var *vars;
	size_t n;
	bool failed;
};

static void give(struct given *g, struct arena *arena, struct span name, struct span value)
{
	struct expr_var *grown =
		value.n && !g->failed ? connector_vars_add(arena, g->vars, &g->n, name, value)
				      : g->vars;

	g->failed = g->failed || (value.n && !grown);
	g->vars = grown ? grown : g->vars;
}

static void give_time(struct given *g, struct arena *arena, const char *name, struct wall t)
{
	if (wall_known(t))
		give(g, arena, span_str(name),
			arena_printf(
				arena, "%lld", (long long)(t.ms / 1000 - (t.ms % 1000 < 0))));
}

static void give_all(
	struct given *g, struct arena *arena, const struct expr_var *vars, size_t n)
{
	for (size_t i = 0; i < n; i++)
		give(g, arena, vars[i].name, vars[i].value);
}

static struct span base_of(const struct connector_target *t, const struct connector_pass *pass,
	const struct connector_ask *ask)
{
	if (t->base.n)
		return t->base;
	if (pass && pass->base.n && !ask->base)
		return pass->base;
	return t->connector->base;
}

/* The first of a name holds: what the network answered, then the configuration, then keys. */
static struct given given_for(struct arena *arena, const struct connector_target *t,
	const struct connector_pass *pass, const struct place *p, const struct place_todo *todo,
	const struct connector_ask *ask, struct wall now)
{
	struct given g = {0};

	if (todo)
		give_all(&g, arena, todo->give, todo->n_give);
	give_all(&g, arena, p->marks.items, p->marks.n);
	give_time(&g, arena, "now", now);
	give_time(&g, arena, "since",
		!todo && p->open && wall_known(p->from) ? p->from : since_of(p, t, ask));
	give_time(&g, arena, "until", wall_known(p->until) ? p->until : now);
	give_all(&g, arena, t->vars, t->n_vars);
	if (pass)
		give_all(&g, arena, pass->vars, pass->n_vars);
	return g;
}

/* Which address, and its %host. */
static int base_for(struct span *ret, struct given *g, struct arena *arena,
	const struct connector_target *t, const struct connector_pass *pass,
	const struct connector_ask *ask)
{
	struct span base = base_of(t, pass, ask);
	int r = g->failed   ? -ENOMEM
		: t->base.n ? 0
			    : connector_own_base(&base, arena, ask, g->vars, g->n);

	if (r < 0)
		return r;
	give(g, arena, SPAN("host"), url_host(arena, base));
	*ret = base;
	return g->failed ? -ENOMEM : 0;
}

int connector_walk_next(struct connector_step *ret, struct arena *arena,
	const struct connector_target *target, const struct connector_pass *pass,
	struct span state, struct wall now)
{
	const struct connector_ask *ask;
	const struct place_todo *todo;
	struct place p;
	struct given g;
	struct span base;
	int r = connector_place_decode(&p, arena, state);

	if (r < 0)
		return r;
	ask = ask_at(target, &p, &todo);
	/* A file that was changed since: what it no longer knows is not asked. */
	if (!ask) {
		ask = target->ask;
		todo = NULL;
		p.open = p.nested = false;
	}
	if (!p.open) {
		p.pages = 0;
		p.n_next = 0;
		p.from = p.until = WALL_NONE;
	}
	g = given_for(arena, target, pass, &p, todo, ask, p.open ? p.began : now);
	r = base_for(&base, &g, arena, target, pass, ask);
	if (r < 0)
		return r;
	*ret = (struct connector_step){
		.ask = ask, .cost = ask->cost, .first = !p.open && !todo};
	return connector_make(&ret->request, arena,
		&(struct connector_making){
			.ask = ask,
			.add = pass && pass->login ? &pass->login->add : NULL,
			.base = base,
			.vars = g.vars,
			.n_vars = g.n,
			.pages = todo ? p.nested_pages : p.pages,
			.next = todo ? p.nested_next : p.next,
			.n_next = todo ? p.n_nested_next : p.n_next,
		});
}

/* --- Answers ------------------------------------------------------------------------------ */

/* What is taken from an answer while its values are there. */
struct looking {
	struct arena *arena;
	const struct connector_ask *ask;
	bool flat;
	bool no_more; /* the ask's `more` says so */
	bool foreign; /* the next page would be another host's */
	struct place_pairs newest, forward, nexts;
	struct place_todo *todo;
	size_t n_todo, dropped;
	bool failed;
};

static struct span look_up(struct looking *l, struct expr_eval *e, const struct expr *x)
{
	const struct span s = connector_value(e, x);
	struct span kept;

	if (!s.n || s.n > PLACE_MAX_ID_BYTES * 4)
		return SPAN_NONE;
	kept = arena_dup(l->arena, s);
	l->failed = l->failed || !kept.p;
	return kept;
}

static void look_marks(struct looking *l, struct expr_eval *e, struct place_pairs *pairs,
	const struct connector_part *parts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct span value = look_up(l, e, parts[i].value);

		if (value.n)
			connector_place_pair(
				pairs->items, &pairs->n, PLACE_MAX_MARKS, parts[i].name, value);
	}
}

/* What the next page is asked with; without the first there is none. An object gives all its
 * members (MediaWiki's `continue`). */
static void look_nexts(struct looking *l, struct expr_eval *e)
{
	struct place_pairs *to = &l->nexts;

	to->n = 0;
	for (size_t i = 0; i < l->ask->n_nexts && (!i || to->n); i++) {
		const struct tree *value = expr_value(e, l->ask->nexts[i].value);

		if (value && value->kind == TREE_OBJECT)
			for (uint32_t k = 0; k < value->n; k++)
				connector_place_pair(to->items, &to->n, PLACE_MAX_MARKS,
					arena_dup(l->arena, value->items[k].name),
					arena_dup(l->arena,
						tree_text(&value->items[k], e->arena)));
		else
			look_marks(l, e, to, &l->ask->nexts[i], 1);
	}
}

/* Behind the last one when that has room for another; else a request of its own. */
static void add_todo(struct looking *l, const struct connector_nested *nested,
	struct place_todo one, size_t *in_batch)
{
	struct place_todo *last = l->n_todo ? &l->todo[l->n_todo - 1] : NULL;

	if (*in_batch && *in_batch < (size_t)nested->batch) {
		last->give[0].value =
			arena_printf(l->arena, "%.*s%.*s%.*s", SPAN_ARG(last->give[0].value),
				SPAN_ARG(nested->join), SPAN_ARG(one.give[0].value));
		l->failed = l->failed || !last->give[0].value.p;
		++*in_batch;
	} else if (l->n_todo == CONNECTOR_MAX_NESTED) {
		l->dropped++;
	} else {
		l->todo[l->n_todo++] = one;
		*in_batch = 1;
	}
}

static void look_nested(
	struct looking *l, struct expr_eval *e, const struct connector_nested *nested)
{
	const struct tree *found = expr_value(e, nested->of);
	const struct tree *root = e->item;
	const uint32_t n = !found ? 0 : found->kind == TREE_LIST ? found->n : 1;
	size_t in_batch = 0;

	for (uint32_t i = 0; i < n && !l->failed && !e->failed; i++) {
		struct place_todo one = {.ask = nested->ask};

		if ((int64_t)i >= nested->most) {
			l->dropped += n - i;
			break;
		}
		e->item = found->kind == TREE_LIST ? &found->items[i] : found;
		for (size_t k = 0; k < nested->n_give && k < PLACE_MAX_GIVE; k++) {
			const struct span value = look_up(l, e, nested->give[k].value);

			if (value.n)
				one.give[one.n_give++] =
					(struct expr_var){nested->give[k].name, value};
		}
		if (one.n_give == nested->n_give)
			add_todo(l, nested, one, &in_batch);
	}
	e->item = root;
}

static void look(void *arg, struct expr_eval *e)
{
	struct looking *l = arg;

	l->no_more = l->ask->more && !expr_value(e, l->ask->more);
	look_marks(l, e, &l->newest, l->ask->newest, l->ask->n_newest);
	look_marks(l, e, &l->forward, l->ask->forward, l->ask->n_forward);
	look_nexts(l, e);
	for (size_t i = 0; !l->flat && i < l->ask->n_nested; i++)
		look_nested(l, e, &l->ask->nested[i]);
}

/* --- Where it goes on --------------------------------------------------------------------- */

static struct wall newest_of(const struct item *item)
{
	return wall_known(item->updated) && (!wall_known(item->published) ||
						    item->updated.ms > item->published.ms)
		       ? item->updated
		       : item->published;
}

static void see_times(struct place *p, const struct item_list *items, struct wall *oldest)
{
	*oldest = WALL_NONE;
	for (size_t i = 0; i < items->n; i++) {
		const struct wall t = items->items[i].published;

		if (!wall_known(t))
			continue;
		/* Some dates lie in the future. */
		if (t.ms <= p->began.ms && (!wall_known(p->newest) || t.ms > p->newest.ms))
			p->newest = t;
		if (!wall_known(*oldest) || t.ms < oldest->ms)
			*oldest = t;
	}
}

static bool all_old(const struct item_list *items, struct wall since)
{
	if (!wall_known(since))
		return false;
	for (size_t i = 0; i < items->n; i++) {
		const struct wall t = newest_of(&items->items[i]);

		if (!wall_known(t) || t.ms >= since.ms)
			return false;
	}
	return items->n > 0;
}

static bool has_known(const struct place *p, const struct connector_result *read)
{
	for (size_t i = 0; i < read->items.n; i++)
		for (size_t k = 0; k < p->n_known; k++)
			if (span_eq(read->items.items[i].id, p->known[k]))
				return true;
	return false;
}

static bool same_next(const struct expr_var *a, size_t n, const struct connector_result *read)
{
	if (!n || n != read->n_nexts)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!span_eq(a[i].value, read->nexts[i].value))
			return false;
	return true;
}

static void adopt(struct place_pairs *to, const struct place_pairs *from)
{
	for (size_t i = 0; i < from->n; i++)
		connector_place_pair(to->items, &to->n, PLACE_MAX_MARKS, from->items[i].name,
			from->items[i].value);
}

static bool changes(const struct place_pairs *marks, const struct place_pairs *by)
{
	for (size_t i = 0; i < by->n; i++) {
		size_t k = 0;

		while (k < marks->n && !span_eq(marks->items[k].name, by->items[i].name))
			k++;
		if (k == marks->n || !span_eq(marks->items[k].value, by->items[i].value))
			return true;
	}
	return false;
}

struct taking {
	const struct connector_target *target;
	const struct connector_ask *ask; /* of this request */
	struct place *p;
	struct looking *look;
	const struct connector_result *read;
	struct wall oldest;
};

static bool is_address(struct span name)
{
	return span_eq_str(name, "url") || span_eq_str(name, "path");
}

/* Does the answer leave something to ask for, by any of the ways pages go on? */
static bool goes_on(const struct taking *t, const struct expr_var *next, size_t n_next)
{
	const struct connector_result *read = t->read;

	/* An empty page is the last, unless it says where the next one is. */
	if (!read->seen && !t->look->n_todo &&
		!(read->n_nexts && is_address(read->nexts[0].name)))
		return false;
	if (t->look->no_more)
		return false;
	if ((t->ask->stop & CONNECTOR_STOP_REPEAT) && same_next(next, n_next, read))
		return false;
	return read->n_nexts || t->ask->page_first >= 0 || t->ask->page_size > 0;
}

/* --- Windows ------------------------------------------------------------------------------ */

/*
 * A search without pages gives so many rows and no more. A round is then read window by window
 * of time, the oldest first: an answer that is full is not taken, its window is halved; behind
 * one that fits comes a window of twice its length. So whatever was covered stands behind
 * place.from, and a round that is broken off, or stopped at max_pages, leaves no gap.
 */

enum { SECOND_MS = 1000 };

/* Whole seconds are asked for. */
static int64_t in_seconds(int64_t ms)
{
	return ms - ms % SECOND_MS;
}

struct window {
	int64_t from, to; /* ms; without `to` */
	int64_t end;      /* of the last window of this round */
};

/* False: nobody knows where it begins. */
static bool window_of(struct window *w, const struct taking *t)
{
	const struct place *p = t->p;
	const struct wall since =
		wall_known(p->from) ? p->from : since_of(p, t->target, t->ask);
	const struct wall from = wall_known(since) ? since : t->oldest;

	w->end = in_seconds(p->began.ms);
	w->to = wall_known(p->until) ? p->until.ms : w->end;
	w->from = wall_known(from) ? in_seconds(from.ms) : w->to;
	return w->from < w->to;
}

static bool is_full(const struct taking *t)
{
	return t->ask->window_rows > 0 && (int64_t)t->read->seen >= t->ask->window_rows &&
	       !goes_on(t, t->p->next, t->p->n_next);
}

/* True: the window was too long, and now is half of that. */
static bool halve_window(struct taking *t)
{
	const int64_t least =
		t->ask->window_least_ms > SECOND_MS ? t->ask->window_least_ms : SECOND_MS;
	struct window w;
	int64_t half;

	if (!window_of(&w, t) || w.to - w.from <= least)
		return false;
	half = in_seconds((w.to - w.from) / 2);
	t->p->from.ms = w.from;
	t->p->until.ms = w.from + (half > least ? half : in_seconds(least));
	return true;
}

/* The window is read: on to the next one. False: there is none in this round. */
static bool move_window(struct taking *t)
{
	struct place *p = t->p;
	struct window w;

	p->n_next = 0;
	if (!window_of(&w, t) || w.to >= w.end) {
		p->from = p->until = WALL_NONE;
		return false;
	}
	p->from.ms = w.to;
	p->until.ms = w.to + 2 * (w.to - w.from);
	if (p->until.ms > w.end)
		p->until.ms = w.end;
	return true;
}

/* The round ends before its last window: the next one begins behind what was covered. */
static void leave_windows(struct taking *t)
{
	struct place *p = t->p;

	p->newest.ms = p->from.ms + t->ask->overlap_ms;
	p->from = p->until = WALL_NONE;
}

/* --- Pages -------------------------------------------------------------------------------- */

static void move_pages(struct taking *t)
{
	struct place *p = t->p;
	const bool old = (t->ask->stop & CONNECTOR_STOP_OLD) &&
			 all_old(&t->read->items, since_of(p, t->target, t->ask));
	const bool known = (t->ask->stop & CONNECTOR_STOP_KNOWN) && has_known(p, t->read);
	const bool forward = t->look->forward.n && changes(&p->marks, &t->look->forward);
	bool more = forward && t->read->seen;

	adopt(&p->marks, &t->look->forward);
	if (!t->ask->n_forward && !old && !known)
		more = goes_on(t, p->next, p->n_next);
	p->pages++;
	p->n_next = 0;
	for (size_t i = 0; more && i < t->read->n_nexts && i < PLACE_MAX_NEXT; i++)
		p->next[p->n_next++] = t->read->nexts[i];
	if (!more && !old && !known && t->ask->window_rows > 0) {
		p->bounded = p->bounded || is_full(t);
		more = move_window(t);
	}
	if (more && p->pages >= t->ask->max_pages) {
		more = false;
		if (wall_known(p->from))
			leave_windows(t);
		else
			p->bounded = true;
	}
	if (!more)
		p->nested = true; /* what is nested comes behind the pages */
}

static void drop_todo(struct place *p)
{
	p->n_todo--;
	memmove(p->todo, p->todo + 1, p->n_todo * sizeof(*p->todo));
	p->nested_pages = 0;
	p->n_nested_next = 0;
}

static void move_nested(struct taking *t)
{
	struct place *p = t->p;
	const bool more = goes_on(t, p->nested_next, p->n_nested_next) &&
			  p->nested_pages + 1 < t->ask->max_pages;

	if (!more) {
		drop_todo(p);
		return;
	}
	p->nested_pages++;
	p->n_nested_next = 0;
	for (size_t i = 0; i < t->read->n_nexts && i < PLACE_MAX_NEXT; i++)
		p->nested_next[p->n_nested_next++] = t->read->nexts[i];
}

/* The round is over: what it began with is known. */
static void close_round(struct place *p)
{
	adopt(&p->marks, &p->coming);
	if (wall_known(p->newest) && (!wall_known(p->since) || p->newest.ms > p->since.ms))
		p->since = p->newest;
	if (p->n_first) {
		memcpy(p->known, p->first, p->n_first * sizeof(*p->known));
		p->n_known = p->n_first;
	}
	p->open = false;
}

static void open_round(struct place *p, struct wall now)
{
	p->open = true;
	p->began = now;
	p->newest = p->from = p->until = WALL_NONE;
	p->pages = p->nested_pages = 0;
	p->nested = p->bounded = false;
	p->n_next = p->n_nested_next = p->n_todo = p->n_first = p->coming.n = 0;
}

static void remember_first(struct place *p, const struct connector_result *read)
{
	for (size_t i = 0; i < read->items.n && p->n_first < CONNECTOR_MAX_KNOWN; i++)
		if (read->items.items[i].id.n <= PLACE_MAX_ID_BYTES)
			p->first[p->n_first++] = read->items.items[i].id;
}

static void append_todo(struct place *p, const struct looking *l)
{
	for (size_t i = 0; i < l->n_todo; i++) {
		if (p->n_todo == CONNECTOR_MAX_NESTED)
			p->dropped++;
		else
			p->todo[p->n_todo++] = l->todo[i];
	}
	p->dropped += l->dropped;
}

/* Seconds HTTP and the connector's rules ask to wait; a 200 may say so too. */
static int pause_of(struct connector_taken *ret, const struct connector *c,
	const struct connector_answer *answer)
{
	if (ret->refusal.error == CONNECTOR_OK || ret->refusal.error == CONNECTOR_END_OF_PAGES)
		return connector_pace(&ret->pause_s, c, answer);
	ret->pause_s = ret->refusal.retry_after_s > 0 ? ret->refusal.retry_after_s : 0;
	return 0;
}

static bool for_good(enum connector_error error)
{
	return error == CONNECTOR_FORBIDDEN || error == CONNECTOR_GONE ||
	       error == CONNECTOR_BAD_REQUEST || error == CONNECTOR_END_OF_PAGES;
}

/* By the ask's own maps, all of the one answer. */
static int read_maps(struct connector_taken *ret, struct arena *arena, const struct looking *l,
	const struct connector *c, struct connector_options *options, struct span body)
{
	int r = connector_read_answer(
		&ret->read, arena, connector_map_find(c, l->ask->map), options, body);

	options->look = NULL;
	for (size_t i = 0; r == 0 && i < l->ask->n_also; i++) {
		struct connector_result more;

		r = connector_read_answer(
			&more, arena, connector_map_find(c, l->ask->also[i]), options, body);
		for (size_t k = 0; r == 0 && k < more.items.n; k++)
			r = item_list_add(&ret->read.items, arena, &more.items.items[k]);
	}
	return r;
}

/* The next page by the ask's own word, in place of its map's. */
static int put_nexts(struct connector_result *read, struct arena *arena,
	const struct looking *l, const struct connector_answer *answer)
{
	const struct span link = l->ask->next_is_link ? connector_link_next(answer) : SPAN_NONE;
	const size_t n = l->nexts.n;

	if (!l->ask->next_is_link && !l->ask->n_nexts)
		return 0;
	read->n_nexts = 0;
	read->nexts = arena_calloc(arena, n + 1, sizeof(*read->nexts));
	if (!read->nexts)
		return -ENOMEM;
	if (link.n)
		read->nexts[read->n_nexts++] =
			(struct expr_var){SPAN("url"), arena_dup(arena, link)};
	else
		for (; read->n_nexts < n; read->n_nexts++)
			read->nexts[read->n_nexts] = l->nexts.items[read->n_nexts];
	return 0;
}

static int read_body(struct connector_taken *ret, struct arena *arena, struct looking *l,
	const struct connector_target *target, const struct given *g, struct span base,
	const struct connector_answer *answer)
{
	struct connector_options options = {
		.vars = g->vars, .n_vars = g->n, .base = base, .look = look, .arg = l};
	struct connector_result *read = &ret->read;
	int r;

	for (size_t i = 0; i < answer->n_headers; i++)
		if (span_eq_ci(answer->headers[i].name, SPAN("content-type")))
			options.content_type = answer->headers[i].value;
	r = read_maps(ret, arena, l, target->connector, &options, answer->body);
	if (r == 0)
		r = put_nexts(read, arena, l, answer);
	/* One that leads elsewhere is not followed. */
	if (r == 0 && read->n_nexts && is_address(read->nexts[0].name) &&
		!connector_next_address(arena, base, read->nexts[0].value).n) {
		read->n_nexts = 0;
		l->foreign = true;
	}
	return r < 0 ? r : l->failed ? -ENOMEM : 0;
}

/* What stands before an answer is looked at. */
static int begin(struct connector_taken *ret, struct taking *t, struct place *p,
	const struct place_todo **todo, struct arena *arena,
	const struct connector_target *target, struct span state,
	const struct connector_answer *answer)
{
	int r = connector_place_decode(p, arena, state);

	if (r < 0)
		return r;
	*ret = (struct connector_taken){.state = arena_dup(arena, state)};
	if (!ret->state.p)
		return -ENOMEM;
	*t = (struct taking){.target = target, .p = p, .read = &ret->read};
	t->ask = ask_at(target, p, todo);
	if (!t->ask) {
		t->ask = target->ask;
		*todo = NULL;
		p->open = false;
	}
	r = connector_judge(&ret->refusal, target->connector, answer);
	if (r == 0 && ret->refusal.error == CONNECTOR_OK &&
		!connector_is_readable(
			connector_map_find(target->connector, t->ask->map), answer->body))
		ret->refusal.error = CONNECTOR_UNREADABLE;
	return r < 0 ? r : pause_of(ret, target->connector, answer);
}

static int end(struct connector_taken *ret, struct arena *arena, struct place *p)
{
	int r;

	if (p->nested && !p->n_todo)
		close_round(p);
	r = connector_place_encode(&ret->state, arena, p);
	ret->more = p->open;
	ret->bounded = p->bounded || p->dropped > 0;
	return r;
}

/* What was asked for is refused for good: without it. */
static void give_up(
	struct taking *t, const struct place_todo *todo, enum connector_error refusal)
{
	struct place *p = t->p;

	if (todo) {
		drop_todo(p);
		return;
	}
	p->bounded = p->bounded || refusal != CONNECTOR_END_OF_PAGES;
	p->pages++;
	t->oldest = WALL_NONE;
	if (!wall_known(p->from) || !move_window(t)) {
		p->nested = true; /* there is no such page */
	} else if (p->pages >= t->ask->max_pages) {
		leave_windows(t);
		p->nested = true;
	}
}

/* Nothing of it counts: it comes again, with the windows it is cut into. */
static void take_nothing(struct connector_result *read)
{
	read->items.n = 0;
	read->n_tombstones = read->n_aliases = 0;
	read->more = false;
}

int connector_walk_take(struct connector_taken *ret, struct arena *arena,
	const struct connector_target *target, struct span state,
	const struct connector_answer *answer)
{
	struct looking l = {.arena = arena, .flat = target->flat};
	const struct place_todo *todo;
	struct taking t;
	struct place p;
	struct given g;
	struct span base;
	int r = begin(ret, &t, &p, &todo, arena, target, state, answer);

	if (r < 0)
		return r;
	if (ret->refusal.error != CONNECTOR_OK &&
		!(for_good(ret->refusal.error) &&
			(todo || (p.open && (p.pages > 0 || wall_known(p.from)))))) {
		ret->more = p.open;
		return 0;
	}
	if (!p.open)
		open_round(&p, answer->now);
	if (ret->refusal.error != CONNECTOR_OK) {
		ret->lost = todo && ret->refusal.error != CONNECTOR_END_OF_PAGES;
		give_up(&t, todo, ret->refusal.error);
		return end(ret, arena, &p);
	}
	l.ask = t.ask;
	l.todo = arena_calloc(arena, CONNECTOR_MAX_NESTED, sizeof(*l.todo));
	g = given_for(arena, target, NULL, &p, todo, t.ask, p.began);
	if (!l.todo)
		return -ENOMEM;
	t.look = &l;
	r = base_for(&base, &g, arena, target, NULL, t.ask);
	if (r == 0)
		r = read_body(ret, arena, &l, target, &g, base, answer);
	if (r < 0)
		return r;
	if (todo) {
		move_nested(&t);
	} else {
		see_times(&p, &ret->read.items, &t.oldest);
		if (is_full(&t) && halve_window(&t)) {
			take_nothing(&ret->read);
			return end(ret, arena, &p);
		}
		if (!p.pages) {
			adopt(&p.coming, &l.newest);
			if (t.ask->stop & CONNECTOR_STOP_KNOWN)
				remember_first(&p, &ret->read);
		}
		move_pages(&t);
	}
	append_todo(&p, &l);
	p.bounded = p.bounded || l.foreign;
	return end(ret, arena, &p);
}

int connector_walk_unchanged(struct span *ret, struct arena *arena,
	const struct connector_target *target, struct span state, struct wall now)
{
	struct place p;
	int r = connector_place_decode(&p, arena, state);

	(void)target;
	(void)now;
	if (r < 0)
		return r;
	p.open = false;
	return connector_place_encode(ret, arena, &p);
}
