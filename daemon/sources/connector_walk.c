#include "sources/connector_walk.h"

#include <errno.h>
#include <stdlib.h>

#include "sources/connector_inner.h"
#include "sources/url.h"

enum {
	MAX_MARKS = 8,
	MAX_NEXT = 8,
	MAX_GIVE = 4,
	MAX_ID_BYTES = 512,
	VERSION = 1,
};

/* Names and values; few. */
struct pairs {
	struct expr_var items[MAX_MARKS];
	size_t n;
};

/* A nested request that waits. */
struct todo {
	struct span ask;
	struct expr_var give[MAX_GIVE];
	size_t n_give;
};

/* Where a source stands. Everything points into the arena it was read or made in. */
struct place {
	bool open; /* a round is under way */
	struct wall began;
	struct wall since;  /* of the rounds so far: the newest that was seen */
	struct wall newest; /* in this round */
	struct wall until;  /* of a window that moves back */
	int64_t pages;
	bool bounded;
	struct expr_var next[MAX_NEXT];
	size_t n_next;
	struct pairs marks;                     /* known for good */
	struct pairs coming;                    /* known when the round is done */
	struct span known[CONNECTOR_MAX_KNOWN]; /* the last round began with these */
	size_t n_known;
	struct span first[CONNECTOR_MAX_KNOWN]; /* this one */
	size_t n_first;
	bool nested; /* at todo[0], else at the pages of the ask itself */
	int64_t nested_pages;
	struct expr_var nested_next[MAX_NEXT];
	size_t n_nested_next;
	struct todo *todo;
	size_t n_todo;
	size_t dropped;
};

/* --- As a text ---------------------------------------------------------------------------- */

static void put(struct buf *out, const char *name, struct span value)
{
	if (value.n)
		connector_record_add(out, span_str(name), value);
}

static void put_number(struct buf *out, const char *name, int64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)v);
	put(out, name, span_str(text));
}

static void put_time(struct buf *out, const char *name, struct wall t)
{
	if (wall_known(t))
		put_number(out, name, t.ms);
}

static void put_vars(struct buf *out, const char *prefix, const struct expr_var *vars, size_t n)
{
	struct buf name = {0};

	for (size_t i = 0; i < n; i++) {
		buf_clear(&name);
		buf_add_str(&name, prefix);
		buf_add(&name, vars[i].name);
		if (vars[i].value.n)
			connector_record_add(out, buf_span(&name), vars[i].value);
	}
	out->failed = out->failed || name.failed;
	buf_deinit(&name);
}

/* A todo is everything behind its "todo". */
static void write_place(struct buf *out, const struct place *p)
{
	put_number(out, "v", VERSION);
	put_time(out, "since", p->since);
	put_vars(out, "mark.", p->marks.items, p->marks.n);
	for (size_t i = 0; i < p->n_known; i++)
		put(out, "known", p->known[i]);
	if (p->open) {
		put_time(out, "began", p->began);
		put_time(out, "newest", p->newest);
		put_time(out, "until", p->until);
		put_number(out, "pages", p->pages);
		if (p->bounded)
			put_number(out, "bounded", 1);
		put_vars(out, "next.", p->next, p->n_next);
		put_vars(out, "coming.", p->coming.items, p->coming.n);
		for (size_t i = 0; i < p->n_first; i++)
			put(out, "first", p->first[i]);
		if (p->nested)
			put_number(out, "nested", p->nested_pages);
		put_vars(out, "nested.", p->nested_next, p->n_nested_next);
		for (size_t i = 0; i < p->n_todo; i++) {
			put(out, "todo", p->todo[i].ask);
			put_vars(out, "give.", p->todo[i].give, p->todo[i].n_give);
		}
	}
}

/* What waits gives way where it would be too long to be stored. */
static int encode(struct span *ret, struct arena *arena, struct place *p)
{
	struct buf out = {.limit_bytes = CONNECTOR_MAX_STATE_BYTES};

	write_place(&out, p);
	while (out.failed && p->n_todo) {
		p->dropped += p->n_todo - p->n_todo / 2;
		p->n_todo /= 2;
		buf_clear(&out);
		write_place(&out, p);
	}
	*ret = out.failed ? SPAN_NONE : arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return ret->p ? 0 : -ENOMEM;
}

static int64_t number_of(struct span s)
{
	const bool minus = s.n && s.p[0] == '-';
	int64_t v = 0;

	for (size_t i = minus; i < s.n && i < 18; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		v = v * 10 + (s.p[i] - '0');
	}
	return minus ? -v : v;
}

static void add_var(
	struct expr_var *vars, size_t *n, size_t most, struct span name, struct span value)
{
	for (size_t i = 0; i < *n; i++)
		if (span_eq(vars[i].name, name)) {
			vars[i].value = value;
			return;
		}
	if (*n < most)
		vars[(*n)++] = (struct expr_var){name, value};
}

static void take_number(struct place *p, struct span name, struct span value)
{
	struct {
		const char *name;
		struct wall *time;
		int64_t *number;
	} rows[] = {{"since", &p->since, NULL}, {"began", &p->began, NULL},
		{"newest", &p->newest, NULL}, {"until", &p->until, NULL},
		{"pages", NULL, &p->pages}, {"nested", NULL, &p->nested_pages}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!span_eq_str(name, rows[i].name))
			continue;
		if (rows[i].time)
			rows[i].time->ms = number_of(value);
		else
			*rows[i].number = number_of(value);
	}
	p->open = p->open || span_eq_str(name, "began");
	p->nested = p->nested || span_eq_str(name, "nested");
	p->bounded = p->bounded || span_eq_str(name, "bounded");
}

static void take(struct place *p, struct span name, struct span value)
{
	const size_t dot = span_find(name, '.');
	const struct span group = span_slice(name, 0, dot);
	const struct span rest = span_slice(name, dot + 1, name.n);

	if (dot == name.n && span_eq_str(name, "known") && p->n_known < CONNECTOR_MAX_KNOWN)
		p->known[p->n_known++] = value;
	else if (dot == name.n && span_eq_str(name, "first") &&
		 p->n_first < CONNECTOR_MAX_KNOWN)
		p->first[p->n_first++] = value;
	else if (dot == name.n && span_eq_str(name, "todo") && p->n_todo < CONNECTOR_MAX_NESTED)
		p->todo[p->n_todo++] = (struct todo){.ask = value};
	else if (dot == name.n)
		take_number(p, name, value);
	else if (span_eq_str(group, "mark"))
		add_var(p->marks.items, &p->marks.n, MAX_MARKS, rest, value);
	else if (span_eq_str(group, "coming"))
		add_var(p->coming.items, &p->coming.n, MAX_MARKS, rest, value);
	else if (span_eq_str(group, "next"))
		add_var(p->next, &p->n_next, MAX_NEXT, rest, value);
	else if (span_eq_str(group, "nested"))
		add_var(p->nested_next, &p->n_nested_next, MAX_NEXT, rest, value);
	else if (span_eq_str(group, "give") && p->n_todo)
		add_var(p->todo[p->n_todo - 1].give, &p->todo[p->n_todo - 1].n_give, MAX_GIVE,
			rest, value);
}

static int decode(struct place *p, struct arena *arena, struct span state)
{
	struct span name, value;

	*p = (struct place){.began = WALL_NONE,
		.since = WALL_NONE,
		.newest = WALL_NONE,
		.until = WALL_NONE};
	p->todo = arena_calloc(arena, CONNECTOR_MAX_NESTED, sizeof(*p->todo));
	if (!p->todo)
		return -ENOMEM;
	if (state.n <= CONNECTOR_MAX_STATE_BYTES && span_starts(state, SPAN("v=1&")))
		while (connector_record_next(&name, &value, arena, &state))
			take(p, name, value);
	if (p->pages < 0)
		p->pages = 0;
	return 0;
}

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
	const struct connector_target *t, const struct place *p, const struct todo **ret)
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

static struct span base_of(const struct connector_target *t, const struct connector_pass *pass)
{
	if (pass && pass->base.n)
		return pass->base;
	return t->base.n ? t->base : t->connector->base;
}

/* The first of a name holds: what the network answered, then the configuration, then keys. */
static struct given given_for(struct arena *arena, const struct connector_target *t,
	const struct connector_pass *pass, const struct place *p, const struct todo *todo,
	const struct connector_ask *ask, struct wall now)
{
	struct given g = {0};

	if (todo)
		give_all(&g, arena, todo->give, todo->n_give);
	give_all(&g, arena, p->marks.items, p->marks.n);
	give_time(&g, arena, "now", now);
	give_time(&g, arena, "since", since_of(p, t, ask));
	give_time(&g, arena, "until", wall_known(p->until) ? p->until : now);
	give_all(&g, arena, t->vars, t->n_vars);
	give(&g, arena, SPAN("host"), url_host(arena, base_of(t, pass)));
	if (pass)
		give_all(&g, arena, pass->vars, pass->n_vars);
	return g;
}

int connector_walk_next(struct connector_step *ret, struct arena *arena,
	const struct connector_target *target, const struct connector_pass *pass,
	struct span state, struct wall now)
{
	const struct connector_ask *ask;
	const struct todo *todo;
	struct place p;
	struct given g;
	int r = decode(&p, arena, state);

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
		p.until = WALL_NONE;
	}
	g = given_for(arena, target, pass, &p, todo, ask, p.open ? p.began : now);
	if (g.failed)
		return -ENOMEM;
	*ret = (struct connector_step){
		.ask = ask, .cost = ask->cost, .first = !p.open && !todo};
	return connector_make(&ret->request, arena,
		&(struct connector_making){
			.ask = ask,
			.add = pass && pass->login ? &pass->login->add : NULL,
			.base = base_of(target, pass),
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
	struct pairs newest, forward;
	struct todo *todo;
	size_t n_todo, dropped;
	bool failed;
};

static struct span look_up(struct looking *l, struct expr_eval *e, const struct expr *x)
{
	const struct span s = connector_value(e, x);
	struct span kept;

	if (!s.n || s.n > MAX_ID_BYTES * 4)
		return SPAN_NONE;
	kept = arena_dup(l->arena, s);
	l->failed = l->failed || !kept.p;
	return kept;
}

static void look_marks(struct looking *l, struct expr_eval *e, struct pairs *pairs,
	const struct connector_part *parts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct span value = look_up(l, e, parts[i].value);

		if (value.n)
			add_var(pairs->items, &pairs->n, MAX_MARKS, parts[i].name, value);
	}
}

/* Behind the last one when that has room for another; else a request of its own. */
static void add_todo(struct looking *l, const struct connector_nested *nested, struct todo one,
	size_t *in_batch)
{
	struct todo *last = l->n_todo ? &l->todo[l->n_todo - 1] : NULL;

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
		struct todo one = {.ask = nested->ask};

		if ((int64_t)i >= nested->most) {
			l->dropped += n - i;
			break;
		}
		e->item = found->kind == TREE_LIST ? &found->items[i] : found;
		for (size_t k = 0; k < nested->n_give && k < MAX_GIVE; k++) {
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

static void adopt(struct pairs *to, const struct pairs *from)
{
	for (size_t i = 0; i < from->n; i++)
		add_var(to->items, &to->n, MAX_MARKS, from->items[i].name,
			from->items[i].value);
}

static bool changes(const struct pairs *marks, const struct pairs *by)
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

/* Does the answer leave something to ask for, by any of the ways pages go on? */
static bool goes_on(const struct taking *t, const struct expr_var *next, size_t n_next)
{
	const struct connector_result *read = t->read;

	if (!read->items.n && !read->n_tombstones && !t->look->n_todo)
		return false;
	if (t->look->no_more)
		return false;
	if ((t->ask->stop & CONNECTOR_STOP_REPEAT) && same_next(next, n_next, read))
		return false;
	return read->n_nexts || t->ask->page_first >= 0 || t->ask->page_size > 0;
}

/* A full window: what is older than its oldest comes next. */
static bool window_moves(const struct taking *t)
{
	const struct place *p = t->p;

	return t->ask->window_rows > 0 && (int64_t)t->read->items.n >= t->ask->window_rows &&
	       wall_known(t->oldest) && (!wall_known(p->until) || t->oldest.ms < p->until.ms);
}

static void move_window(struct place *p, struct wall oldest)
{
	/* Whole seconds are asked for: the last one might be cut in two. */
	p->until = (struct wall){oldest.ms - oldest.ms % 1000 + 1000};
	p->n_next = 0;
}

static void move_pages(struct taking *t)
{
	struct place *p = t->p;
	const bool old = (t->ask->stop & CONNECTOR_STOP_OLD) &&
			 all_old(&t->read->items, since_of(p, t->target, t->ask));
	const bool known = (t->ask->stop & CONNECTOR_STOP_KNOWN) && has_known(p, t->read);
	const bool forward = t->look->forward.n && changes(&p->marks, &t->look->forward);
	bool more = forward && t->read->items.n;

	adopt(&p->marks, &t->look->forward);
	if (!t->ask->n_forward && !old && !known)
		more = goes_on(t, p->next, p->n_next);
	p->pages++;
	p->n_next = 0;
	for (size_t i = 0; more && i < t->read->n_nexts && i < MAX_NEXT; i++)
		p->next[p->n_next++] = t->read->nexts[i];
	if (!more && !old && !known && window_moves(t)) {
		move_window(p, t->oldest);
		more = true;
	}
	if (more && p->pages >= t->ask->max_pages) {
		more = false;
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
	for (size_t i = 0; i < t->read->n_nexts && i < MAX_NEXT; i++)
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
	p->newest = p->until = WALL_NONE;
	p->pages = p->nested_pages = 0;
	p->nested = p->bounded = false;
	p->n_next = p->n_nested_next = p->n_todo = p->n_first = p->coming.n = 0;
}

static void remember_first(struct place *p, const struct connector_result *read)
{
	for (size_t i = 0; i < read->items.n && p->n_first < CONNECTOR_MAX_KNOWN; i++)
		if (read->items.items[i].id.n <= MAX_ID_BYTES)
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

static int read_body(struct connector_taken *ret, struct arena *arena, struct looking *l,
	const struct connector_target *target, const struct given *g, struct span base,
	const struct connector_answer *answer)
{
	struct connector_options options = {
		.vars = g->vars, .n_vars = g->n, .base = base, .look = look, .arg = l};
	const struct connector_map *map = connector_map_find(target->connector, l->ask->map);
	const struct span link = l->ask->next_is_link ? connector_link_next(answer) : SPAN_NONE;
	int r;

	for (size_t i = 0; i < answer->n_headers; i++)
		if (span_eq_ci(answer->headers[i].name, SPAN("content-type")))
			options.content_type = answer->headers[i].value;
	r = connector_read_answer(&ret->read, arena, map, &options, answer->body);
	if (r == 0 && l->ask->next_is_link) {
		ret->read.n_nexts = 0;
		ret->read.nexts = arena_calloc(arena, 1, sizeof(*ret->read.nexts));
		if (!ret->read.nexts)
			return -ENOMEM;
		if (link.n)
			ret->read.nexts[ret->read.n_nexts++] =
				(struct expr_var){SPAN("url"), arena_dup(arena, link)};
	}
	return r < 0 ? r : l->failed ? -ENOMEM : 0;
}

/* What stands before an answer is looked at. */
static int begin(struct connector_taken *ret, struct taking *t, struct place *p,
	const struct todo **todo, struct arena *arena, const struct connector_target *target,
	struct span state, const struct connector_answer *answer)
{
	int r = decode(p, arena, state);

	if (r < 0)
		return r;
	*ret = (struct connector_taken){.state = state};
	*t = (struct taking){.target = target, .p = p, .read = &ret->read};
	t->ask = ask_at(target, p, todo);
	if (!t->ask) {
		t->ask = target->ask;
		*todo = NULL;
		p->open = false;
	}
	r = connector_judge(&ret->refusal, target->connector, answer);
	return r < 0 ? r : pause_of(ret, target->connector, answer);
}

static int end(struct connector_taken *ret, struct arena *arena, struct place *p)
{
	int r;

	if (p->nested && !p->n_todo)
		close_round(p);
	r = encode(&ret->state, arena, p);
	ret->more = p->open;
	ret->bounded = p->bounded || p->dropped > 0;
	return r;
}

int connector_walk_take(struct connector_taken *ret, struct arena *arena,
	const struct connector_target *target, struct span state,
	const struct connector_answer *answer)
{
	struct looking l = {.arena = arena, .flat = target->flat};
	const struct todo *todo;
	struct taking t;
	struct place p;
	struct given g;
	int r = begin(ret, &t, &p, &todo, arena, target, state, answer);

	if (r < 0)
		return r;
	if (ret->refusal.error != CONNECTOR_OK &&
		!(for_good(ret->refusal.error) && (todo || (p.open && p.pages > 0)))) {
		ret->more = p.open;
		return 0;
	}
	if (!p.open)
		open_round(&p, answer->now);
	if (ret->refusal.error != CONNECTOR_OK) {
		ret->lost = todo && ret->refusal.error != CONNECTOR_END_OF_PAGES;
		if (todo)
			drop_todo(&p);
		else
			p.nested = true; /* there is no such page */
		p.bounded =
			p.bounded || (!todo && ret->refusal.error != CONNECTOR_END_OF_PAGES);
		return end(ret, arena, &p);
	}
	l.ask = t.ask;
	l.todo = arena_calloc(arena, CONNECTOR_MAX_NESTED, sizeof(*l.todo));
	g = given_for(arena, target, NULL, &p, todo, t.ask, p.began);
	if (!l.todo || g.failed)
		return -ENOMEM;
	t.look = &l;
	r = read_body(ret, arena, &l, target, &g, base_of(target, NULL), answer);
	if (r < 0)
		return r;
	if (todo) {
		move_nested(&t);
	} else {
		see_times(&p, &ret->read.items, &t.oldest);
		if (!p.pages) {
			adopt(&p.coming, &l.newest);
			if (t.ask->stop & CONNECTOR_STOP_KNOWN)
				remember_first(&p, &ret->read);
		}
		move_pages(&t);
	}
	append_todo(&p, &l);
	return end(ret, arena, &p);
}

int connector_walk_unchanged(struct span *ret, struct arena *arena,
	const struct connector_target *target, struct span state, struct wall now)
{
	struct place p;
	int r = decode(&p, arena, state);

	(void)target;
	(void)now;
	if (r < 0)
		return r;
	p.open = false;
	return encode(ret, arena, &p);
}
