#include "sources/connector_place.h"

#include <errno.h>

#include "sources/connector_inner.h"

enum { VERSION = 1 };

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
		put_time(out, "from", p->from);
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
int connector_place_encode(struct span *ret, struct arena *arena, struct place *p)
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

void connector_place_pair(
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
		{"newest", &p->newest, NULL}, {"from", &p->from, NULL},
		{"until", &p->until, NULL}, {"pages", NULL, &p->pages},
		{"nested", NULL, &p->nested_pages}};

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
		p->todo[p->n_todo++] = (struct place_todo){.ask = value};
	else if (dot == name.n)
		take_number(p, name, value);
	else if (span_eq_str(group, "mark"))
		connector_place_pair(p->marks.items, &p->marks.n, PLACE_MAX_MARKS, rest, value);
	else if (span_eq_str(group, "coming"))
		connector_place_pair(
			p->coming.items, &p->coming.n, PLACE_MAX_MARKS, rest, value);
	else if (span_eq_str(group, "next"))
		connector_place_pair(p->next, &p->n_next, PLACE_MAX_NEXT, rest, value);
	else if (span_eq_str(group, "nested"))
		connector_place_pair(
			p->nested_next, &p->n_nested_next, PLACE_MAX_NEXT, rest, value);
	else if (span_eq_str(group, "give") && p->n_todo)
		connector_place_pair(p->todo[p->n_todo - 1].give,
			&p->todo[p->n_todo - 1].n_give, PLACE_MAX_GIVE, rest, value);
}

int connector_place_decode(struct place *p, struct arena *arena, struct span state)
{
	struct span name, value;

	*p = (struct place){.began = WALL_NONE,
		.since = WALL_NONE,
		.newest = WALL_NONE,
		.from = WALL_NONE,
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
