#include <stdlib.h>

#include "sources/connector_file_inner.h"
#include "sources/connector_query.h"
#include "vigie/nearest.h"

/* --- The lines of a request --------------------------------------------------------------- */

/* No control character, colon or blank: it will stand in a request's head. */
static bool header_name_ok(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == ':' || s.p[i] == 0x7F)
			return false;
	return s.n > 0;
}

static void put_request_line(struct file *f, void *to, const struct connector_file_line *line)
{
	struct connector_ask *ask = to;
	const struct {
		const char *name;
		struct expr **one;
	} ones[] = {{"path", &ask->path}, {"method", &ask->method}, {"basic", &ask->basic},
		{"body", &ask->body}, {"base", &ask->base}};
	const struct {
		const char *prefix;
		struct connector_part **list;
		size_t *n;
	} lists[] = {{"query.", &ask->query, &ask->n_query},
		{"header.", &ask->headers, &ask->n_headers},
		{"form.", &ask->form, &ask->n_form}, {"json.", &ask->json, &ask->n_json}};

	for (size_t i = 0; i < COUNT(ones); i++)
		if (span_eq_str(line->name, ones[i].name)) {
			connector_file_fail(f, expr_parse(ones[i].one, &f->c->set, line->value,
						       line->value_place, f->errors));
			return;
		}
	for (size_t i = 0; i < COUNT(lists); i++) {
		const struct span prefix = span_str(lists[i].prefix);
		const struct span name = span_slice(line->name, prefix.n, line->name.n);

		if (!span_starts(line->name, prefix) || !name.n ||
			(lists[i].list == &ask->headers && !header_name_ok(name)))
			continue;
		connector_file_part(f, lists[i].list, lists[i].n, name, line);
		return;
	}
	line_mistake(f, line,
		"\"%.*s\" is no part of a request: write path, method, basic, query.NAME, "
		"header.NAME, form.NAME, json.NAME or body = expression",
		SPAN_ARG(utf8_prefix(line->name, 40)));
}

void connector_file_request(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector_ask *ask = to;

	connector_file_lines(f, value, ask, put_request_line);
	if (!f->result && !!ask->body + (ask->n_form > 0) + (ask->n_json > 0) > 1)
		mistake(f, value,
			"a request has one body: write body, form.NAME or json.NAME lines");
}

/* --- Ways to ask -------------------------------------------------------------------------- */

/* A name, or several: the first gives the next page. */
static void put_map_name(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector_ask *ask = to;

	if (value->type != YAML_SEQUENCE || !value->n) {
		ask->map = connector_file_text(f, value);
		return;
	}
	ask->map = connector_file_text(f, value->items[0]);
	ask->also = connector_file_make(f, value->n, sizeof(*ask->also));
	for (size_t i = 1; ask->also && i < value->n; i++)
		ask->also[ask->n_also++] = connector_file_text(f, value->items[i]);
}

static void put_about(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_ask *)to)->about = connector_file_text(f, value);
}

static void put_page_first(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_ask *)to)->page_first = connector_file_number(f, value);
}

static void put_page_size(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_ask *)to)->page_size = connector_file_number(f, value);
}

static void put_max_pages(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_ask *)to)->max_pages = connector_file_number(f, value);
}

static void put_cost(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_ask *)to)->cost = connector_file_number(f, value);
}

static void put_more(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_ask *)to)->more = connector_file_expr(f, value);
}

/* link, or {parameter: expression}: in place of what the map says. */
static void put_next(struct file *f, void *to, const struct yaml_node *value)
{
	static const char *const words[] = {"link"};
	struct connector_ask *ask = to;

	if (value->type == YAML_MAPPING) {
		connector_file_parts(f, &ask->nexts, &ask->n_nexts, value);
	} else {
		(void)connector_file_word(f, value, words, COUNT(words));
		ask->next_is_link = true;
	}
}

static void put_login(struct file *f, void *to, const struct yaml_node *value)
{
	static const char *const words[] = {"any", "needed", "none"};

	((struct connector_ask *)to)->wants =
		(enum connector_wants)connector_file_word(f, value, words, COUNT(words));
}

/* One word, or a list of them. */
static void put_stop(struct file *f, void *to, const struct yaml_node *value)
{
	static const char *const words[] = {"old", "known", "repeat"};
	struct connector_ask *ask = to;

	if (value->type != YAML_SEQUENCE) {
		ask->stop |= 1U << connector_file_word(f, value, words, COUNT(words));
		return;
	}
	for (size_t i = 0; i < value->n; i++)
		ask->stop |= 1U << connector_file_word(f, value->items[i], words, COUNT(words));
}

static void put_window(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_ask *)to)->window_rows = connector_file_number(f, value);
}

static void put_window_least(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_ask *)to)->window_least_ms = connector_file_duration(f, value);
}

static void put_overlap(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_ask *)to)->overlap_ms = connector_file_duration(f, value);
}

static void put_newest(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector_ask *ask = to;

	connector_file_parts(f, &ask->newest, &ask->n_newest, value);
}

static void put_forward(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector_ask *ask = to;

	connector_file_parts(f, &ask->forward, &ask->n_forward, value);
}

static void put_of(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_nested *)to)->of = connector_file_expr(f, value);
}

static void put_give(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector_nested *nested = to;

	connector_file_parts(f, &nested->give, &nested->n_give, value);
}

static void put_batch(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_nested *)to)->batch = connector_file_number(f, value);
}

static void put_join(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_nested *)to)->join = connector_file_text(f, value);
}

static void put_most(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_nested *)to)->most = connector_file_number(f, value);
}

static void put_nested(struct file *f, void *to, const struct yaml_node *value)
{
	static const struct connector_file_key keys[] = {{"of", put_of}, {"give", put_give},
		{"batch", put_batch}, {"join", put_join}, {"most", put_most}};
	struct connector_ask *ask = to;

	if (value->type != YAML_MAPPING) {
		mistake(f, value,
			"%s stands where nested requests are wanted: write a way to ask, and "
			"of: and give: below it",
			yaml_type_name(value));
		return;
	}
	ask->nested = connector_file_make(f, value->n, sizeof(*ask->nested));
	for (size_t i = 0; ask->nested && i < value->n; i++) {
		struct connector_nested *nested = &ask->nested[ask->n_nested++];

		*nested = (struct connector_nested){
			.batch = 1, .join = SPAN(","), .most = CONNECTOR_NESTED_MOST};
		nested->ask = connector_file_text(f, value->pairs[i].key);
		connector_file_mapping(f, value->pairs[i].value, keys, COUNT(keys), nested);
		if ((!nested->of || !nested->n_give || nested->batch < 1) && !f->result)
			mistake(f, value->pairs[i].key,
				"a nested request needs of: and give: (and a batch of at least "
				"1)");
	}
}

void connector_file_asks(struct file *f, void *to, const struct yaml_node *value)
{
	static const struct connector_file_key keys[] = {{"map", put_map_name},
		{"about", put_about}, {"pages_from", put_page_first},
		{"page_size", put_page_size}, {"max_pages", put_max_pages}, {"cost", put_cost},
		{"more", put_more}, {"next", put_next}, {"login", put_login},
		{"stop", put_stop}, {"window", put_window}, {"window_least", put_window_least},
		{"overlap", put_overlap}, {"newest", put_newest}, {"forward", put_forward},
		{"nested", put_nested}, {"request", connector_file_request}};
	struct connector *c = to;

	if (value->type != YAML_MAPPING) {
		mistake(f, value,
			"%s stands where ways to ask are wanted: write a name and a request",
			yaml_type_name(value));
		return;
	}
	c->asks = connector_file_make(f, value->n, sizeof(*c->asks));
	for (size_t i = 0; c->asks && i < value->n; i++) {
		struct connector_ask *ask = &c->asks[c->n_asks++];

		*ask = (struct connector_ask){.page_first = -1,
			.max_pages = 1,
			.cost = 1,
			.overlap_ms = CONNECTOR_OVERLAP_MS};
		ask->name = connector_file_text(f, value->pairs[i].key);
		connector_file_mapping(f, value->pairs[i].value, keys, COUNT(keys), ask);
		if (!ask->path && !f->result)
			mistake(f, value->pairs[i].key,
				"nothing is asked for: write path = expression under request");
	}
}

void connector_file_asks_check(struct file *f)
{
	const struct connector *c = f->c;

	for (size_t i = 0; i < c->n_asks; i++) {
		const struct connector_ask *ask = &c->asks[i];

		if (!connector_map_find(c, ask->map))
			mistake(f, f->y.root,
				"asks: %.*s wants the map \"%.*s\", and there is none",
				SPAN_ARG(ask->name), SPAN_ARG(ask->map));
		for (size_t k = 0; k < ask->n_also; k++)
			if (!connector_map_find(c, ask->also[k]))
				mistake(f, f->y.root,
					"asks: %.*s wants the map \"%.*s\", and there is none",
					SPAN_ARG(ask->name), SPAN_ARG(ask->also[k]));
		for (size_t k = 0; k < ask->n_nested; k++)
			if (!connector_ask_find(c, ask->nested[k].ask))
				mistake(f, f->y.root,
					"asks: %.*s has a nested \"%.*s\", and there is no way "
					"to ask of that name",
					SPAN_ARG(ask->name), SPAN_ARG(ask->nested[k].ask));
	}
}

/* --- Quotas, search, parameters ----------------------------------------------------------- */

static void put_quota_most(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_quota *)to)->most = connector_file_number(f, value);
}

static void put_quota_per(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_quota *)to)->per_ms = connector_file_duration(f, value);
}

/* "08:00", of the UTC day. */
static void put_quota_resets(struct file *f, void *to, const struct yaml_node *value)
{
	const struct span s = connector_file_text(f, value);
	int v[4];

	for (size_t i = 0, n = 0; i < 5 && n < 4; i++) {
		if (i == 2)
			continue;
		v[n++] = s.n == 5 && s.p[2] == ':' && s.p[i] >= '0' && s.p[i] <= '9'
				 ? s.p[i] - '0'
				 : 99;
	}
	if (v[0] * 10 + v[1] > 23 || v[2] * 10 + v[3] > 59)
		mistake(f, value, "no time of the day: write '08:00', in UTC");
	else
		((struct connector_quota *)to)->resets_s =
			(v[0] * 10 + v[1]) * 3600 + (v[2] * 10 + v[3]) * 60;
}

void connector_file_quota(struct file *f, void *to, const struct yaml_node *value)
{
	static const struct connector_file_key keys[] = {
		{"most", put_quota_most}, {"per", put_quota_per}, {"resets", put_quota_resets}};
	struct connector *c = to;

	if (value->type != YAML_SEQUENCE) {
		mistake(f, value,
			"%s stands where a list is wanted: write - {most: 100, per: 1h}",
			yaml_type_name(value));
		return;
	}
	c->quotas = connector_file_make(f, value->n, sizeof(*c->quotas));
	for (size_t i = 0; c->quotas && i < value->n; i++) {
		struct connector_quota *quota = &c->quotas[c->n_quotas++];

		quota->resets_s = -1;
		connector_file_mapping(f, value->items[i], keys, COUNT(keys), quota);
		if ((quota->most < 1 || quota->per_ms < 1) && !f->result)
			mistake(f, value->items[i], "a quota needs most: and per:, write both");
	}
}

static void put_query_syntax(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_query *)to)->syntax = connector_file_text(f, value);
}

static void put_query_term(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_query *)to)->term = connector_file_expr(f, value);
}

/* Blanks at its ends count. */
static void put_query_either(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector_query *query = to;

	if (value->type != YAML_SCALAR) {
		mistake(f, value, "%s stands where a text is wanted: write one",
			yaml_type_name(value));
		return;
	}
	query->either = arena_dup(&f->c->set.arena, value->text);
	if (!query->either.p)
		connector_file_fail(f, -ENOMEM);
}

static void put_query_bytes(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_query *)to)->max_bytes = connector_file_number(f, value);
}

static void put_query_terms(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_query *)to)->max_terms = connector_file_number(f, value);
}

void connector_file_query(struct file *f, void *to, const struct yaml_node *value)
{
	static const struct connector_file_key keys[] = {{"syntax", put_query_syntax},
		{"term", put_query_term}, {"either", put_query_either},
		{"max_bytes", put_query_bytes}, {"max_terms", put_query_terms}};
	struct connector *c = to;

	connector_file_mapping(f, value, keys, COUNT(keys), &c->query);
	if (!c->query.syntax.n && !f->result)
		mistake(f, value, "no syntax: say in a few words what a search may hold");
}

void connector_file_params(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector *c = to;

	if (value->type != YAML_MAPPING) {
		mistake(f, value, "%s stands where a mapping is wanted: write name: what it is",
			yaml_type_name(value));
		return;
	}
	c->params = connector_file_make(f, value->n, sizeof(*c->params));
	for (size_t i = 0; c->params && i < value->n; i++)
		c->params[c->n_params++] =
			(struct connector_param){connector_file_text(f, value->pairs[i].key),
				connector_file_text(f, value->pairs[i].value)};
}
