#include "sources/connector_page.h"

#include <stdlib.h>

#include "sources/connector_inner.h"
#include "vigie/nearest.h"

enum { MAX_SELECT_BYTES = 2048, MAX_PAGES = 5 };

/* What stands in `select:`, and what becomes of it. */
static const struct row {
	const char *name;
	enum connector_field field;
	const char *filters; /* of a selector that names none itself */
} rows[] = {
	{"id", CONNECTOR_ID, ""},
	{"url", CONNECTOR_URL, ""},
	{"title", CONNECTOR_TITLE, " | html"},
	{"text", CONNECTOR_TEXT, " | html"},
	{"author", CONNECTOR_AUTHOR_NAME, " | html"},
	{"author_url", CONNECTOR_AUTHOR_URL, ""},
	{"handle", CONNECTOR_AUTHOR_HANDLE, ""},
	{"published", CONNECTOR_PUBLISHED, " | time"},
	{"updated", CONNECTOR_UPDATED, " | time"},
	{"lang", CONNECTOR_LANG, " | lang"},
	{"tags", CONNECTOR_TAGS, " | html | lower"},
	{"kind", CONNECTOR_KIND, ""},
	{"parent", CONNECTOR_PARENT, ""},
	{"likes", CONNECTOR_LIKES, " | num"},
	{"shares", CONNECTOR_SHARES, " | num"},
	{"replies", CONNECTOR_REPLIES, " | num"},
	{"views", CONNECTOR_VIEWS, " | num"},
	{"rating", CONNECTOR_RATING, " | num"},
	{"media", CONNECTOR_MEDIA, ""},
	{"skip", CONNECTOR_SKIP, ""},
};

struct making {
	struct connector *c;
	const char *file;
	struct err_list *errors;
	int result;
};

static void fail(struct making *m, int r)
{
	if (r < 0 && (!m->result || r == -ENOMEM))
		m->result = r;
}

/* The last "@" that no bracket holds. */
static size_t attribute_at(struct span s)
{
	size_t at = s.n;
	int open = 0;

	for (size_t i = 0; i < s.n; i++) {
		open += (s.p[i] == '[') - (s.p[i] == ']');
		if (s.p[i] == '@' && !open)
			at = i;
	}
	return at;
}

/* SELECTOR[@NAME][ | filters] as an expression. */
static struct span expression(
	struct arena *arena, struct span value, const char *filters, bool all)
{
	const size_t bar = span_find(value, '|');
	const struct span pointed = span_trim(span_slice(value, 0, bar));
	const size_t at = attribute_at(pointed);
	const struct span selector = span_trim(span_slice(pointed, 0, at));
	const struct span name = span_slice(pointed, at, pointed.n);
	struct buf out = {0};
	struct span made;

	if (span_eq_str(selector, ".") || !selector.n)
		buf_add(&out, name.n ? name : SPAN("."));
	else
		buf_addf(&out, "css(%.*s)%s%s%.*s", SPAN_ARG(selector), all ? "[]" : "",
			name.n ? "/" : "", SPAN_ARG(name));
	if (bar < value.n)
		buf_addf(&out, " %.*s", SPAN_ARG(span_slice(value, bar, value.n)));
	else
		buf_add_str(&out, filters);
	made = out.failed ? SPAN_NONE : arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return made;
}

static struct expr *compile(
	struct making *m, const struct connector_select *row, const char *filters, bool all)
{
	const struct expr_place place = {m->file, row->line, 0};
	struct expr *x = NULL;
	struct span text;

	if (!span_trim(row->value).n || row->value.n > MAX_SELECT_BYTES) {
		fail(m, err_add(m->errors, m->file, row->line, row->column,
				"%s: write a CSS selector, as in div.post or a.link@href",
				row->value.n ? "a selector too long" : "nothing stands here"));
		return NULL;
	}
	text = expression(&m->c->set.arena, row->value, filters, all);
	if (!text.p)
		fail(m, -ENOMEM);
	else
		fail(m, expr_parse(&x, &m->c->set, text, place, m->errors));
	return x;
}

static void unknown(struct making *m, const struct connector_select *row)
{
	const char *names[sizeof(rows) / sizeof(*rows) + 2] = {"item", "next"};
	const char *guess;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		names[i + 2] = rows[i].name;
	guess = nearest(row->field, names, sizeof(names) / sizeof(*names));
	fail(m, err_add(m->errors, m->file, row->line, row->column,
			"\"%.*s\" is nothing that can be selected%s%s%s", SPAN_ARG(row->field),
			guess ? ": did you mean \"" : ": see vigie-sources(5)",
			guess ? guess : "", guess ? "\"?" : ""));
}

static void put(struct making *m, struct connector_map *map, const struct connector_select *row)
{
	if (span_eq_str(row->field, "item")) {
		map->items = compile(m, row, "", true);
		return;
	}
	if (span_eq_str(row->field, "next")) {
		map->next = compile(m, row, "", false);
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (span_eq_str(row->field, rows[i].name)) {
			map->fields[rows[i].field] = compile(m, row, rows[i].filters,
				rows[i].field == CONNECTOR_TAGS ||
					rows[i].field == CONNECTOR_MEDIA);
			return;
		}
	unknown(m, row);
}

static void finish(struct making *m, struct connector_map *map)
{
	struct connector *c = m->c;

	if (!m->result && !map->items)
		fail(m, err_add(m->errors, m->file, 0, 0,
				"select: has no item: write item: the selector of a post"));
	if (!m->result && !map->fields[CONNECTOR_ID] && !map->fields[CONNECTOR_URL])
		fail(m, err_add(m->errors, m->file, 0, 0,
				"select: tells posts by nothing: write id: or url:"));
	if (m->result)
		return;
	if (map->next) {
		map->nexts = arena_calloc(&c->set.arena, 1, sizeof(*map->nexts));
		if (!map->nexts) {
			fail(m, -ENOMEM);
			return;
		}
		map->next_param = SPAN("url");
		map->nexts[map->n_nexts++] =
			(struct connector_part){map->next_param, map->next};
	}
}

int connector_page_new(struct connector **ret, const struct connector_select *selects, size_t n,
	const char *file, struct err_list *errors)
{
	struct making m = {.file = file, .errors = errors};

	m.c = calloc(1, sizeof(*m.c));
	if (!m.c)
		return -ENOMEM;
	m.c->network = SPAN("page");
	m.c->title = SPAN("Page");
	m.c->tier = 1;
	m.c->auth = SPAN("none");
	m.c->cost = SPAN("free");
	m.c->terms = SPAN("what the site allows");
	m.c->maps = arena_calloc(&m.c->set.arena, 1, sizeof(*m.c->maps));
	m.c->asks = arena_calloc(&m.c->set.arena, 1, sizeof(*m.c->asks));
	if (m.c->maps && m.c->asks) {
		m.c->n_maps = m.c->n_asks = 1;
		m.c->maps[0].name = SPAN("page");
		m.c->maps[0].format = CONNECTOR_HTML;
		m.c->asks[0] = (struct connector_ask){.name = SPAN("page"),
			.page_first = -1,
			.max_pages = MAX_PAGES,
			.whole = true,
			.cost = 1,
			.overlap_ms = CONNECTOR_OVERLAP_MS,
			.stop = CONNECTOR_STOP_OLD | CONNECTOR_STOP_KNOWN |
				CONNECTOR_STOP_REPEAT};
		for (size_t i = 0; i < n; i++)
			put(&m, &m.c->maps[0], &selects[i]);
		finish(&m, &m.c->maps[0]);
	} else {
		m.result = -ENOMEM;
	}
	if (m.result < 0)
		connector_free(m.c);
	else
		*ret = m.c;
	return m.result;
}
