/*
 * query_field: the part of the grammar behind a colon: text fields, values, numbers, fragments.
 */
#include "query_field.h"

#include <stdlib.h>
#include <string.h>

#include "fold.h"
#include "vigie/buf.h"
#include "vigie/nearest.h"

size_t parser_field_colon(struct span w)
{
	size_t i = 0;

	while (i < w.n &&
		((w.p[i] >= 'a' && w.p[i] <= 'z') || (w.p[i] >= 'A' && w.p[i] <= 'Z') ||
			w.p[i] == '_' || (i && w.p[i] >= '0' && w.p[i] <= '9')))
		i++;
	return i < w.n && w.p[i] == ':' ? i : 0;
}

static struct node *value_node(
	struct parser *p, size_t at, enum value_field field, struct span raw, bool quoted)
{
	struct node *n = parser_node_new(p, NODE_VALUE, at);
	struct buf plain = {0}, value = {0};

	if (!n)
		return NULL;
	for (size_t i = 0; i < raw.n; i++) {
		i += quoted && raw.p[i] == '\\' && i + 1 < raw.n;
		buf_add_char(&plain, raw.p[i]);
	}
	if (field == VALUE_TAG)
		fold_text(&value, buf_span(&plain));
	for (size_t i = 0; field != VALUE_TAG && i < plain.n; i++) {
		const char c = ascii_lower(plain.p[i]);

		buf_add_char(&value, field == VALUE_LANG && c == '_' ? '-' : c);
	}
	if (!plain.n && !plain.failed)
		(void)query_fail(p->errors, E_FIELD, at, "%s: has no value: write %s:x",
			value_field_names[field], value_field_names[field]);
	if (field == VALUE_SITE && span_find(buf_span(&plain), '/') < plain.n)
		(void)query_fail(p->errors, E_FIELD, at,
			"a site has no \"/\": write the host alone, or url:\"…\"");
	n->u.value.field = field;
	n->u.value.value = arena_dup(p->arena, buf_span(&value));
	if (plain.failed || value.failed || !n->u.value.value.p)
		p->errors->no_memory = true;
	buf_deinit(&plain);
	buf_deinit(&value);
	return parser_closed(p, n);
}

static struct node *parse_value(struct parser *p, size_t at, enum value_field field)
{
	size_t next;
	struct span raw;

	if (parser_opens_phrase(parser_point_at(p, p->i, &next))) {
		if (!parser_quoted(p, &raw))
			return NULL;
		return value_node(p, at, field, raw, true);
	}
	raw = parser_word_at(p, p->i);
	p->i += raw.n;
	return value_node(p, at, field, raw, false);
}

static struct node *parse_values(struct parser *p, size_t at, enum value_field field)
{
	struct node *n, **tail;

	if (p->i >= p->s.n || p->s.p[p->i] != '(')
		return parse_value(p, at, field);
	n = parser_node_new(p, NODE_OR, at);
	if (!n)
		return NULL;
	tail = &n->first;
	p->i++;
	for (;;) {
		struct node *value;

		parser_skip_space(p);
		if (n->n_children) {
			if (p->i < p->s.n && p->s.p[p->i] == ')')
				break;
			if (parser_operator_at(p, p->i) != OPERATOR_OR)
				return parser_fail(p, E_SYNTAX, p->i,
					"values are joined by OR: write field:(a OR b)");
			p->i += 2;
			parser_skip_space(p);
		}
		if (parser_operator_at(p, p->i) != OPERATOR_NONE)
			return parser_fail(p, E_SYNTAX, p->i,
				"a value is missing here: quote it if it is this word");
		value = parse_value(p, p->i, field);
		if (!value)
			return NULL;
		if (span_empty(value->u.value.value) && p->errors->n)
			return NULL; /* "missing value" is said; do not run on the spot */
		parser_append(n, &tail, value);
	}
	p->i++;
	return n->n_children == 1 ? n->first : parser_closed(p, n);
}

/* number = [ "-" ] n [ "." n ], at *i of w. */
static bool read_number(struct span w, size_t *i, double *ret)
{
	const size_t from = *i;
	char text[64];
	size_t k = from + (from < w.n && w.p[from] == '-'), digits = k;

	while (k < w.n && w.p[k] >= '0' && w.p[k] <= '9')
		k++;
	if (k == digits)
		return false;
	if (k + 1 < w.n && w.p[k] == '.' && w.p[k + 1] >= '0' && w.p[k + 1] <= '9')
		for (k++; k < w.n && w.p[k] >= '0' && w.p[k] <= '9';)
			k++;
	if (k - from >= sizeof(text))
		return false;
	memcpy(text, w.p + from, k - from);
	text[k - from] = '\0';
	*ret = strtod(text, NULL);
	*i = k;
	return true;
}

static bool read_number_test(struct span w, struct number_test *t)
{
	size_t i = 0;
	bool has_low;

	*t = (struct number_test){.field = t->field,
		.low = -INFINITY,
		.high = INFINITY,
		.low_in = true,
		.high_in = true};
	if (w.n && (w.p[0] == '>' || w.p[0] == '<')) {
		const bool above = w.p[0] == '>', in = w.n > 1 && w.p[1] == '=';

		i = 1 + in;
		*(above ? &t->low_in : &t->high_in) = in;
		return read_number(w, &i, above ? &t->low : &t->high) && i == w.n;
	}
	if (w.n && w.p[0] == '=') {
		i = 1;
		if (!read_number(w, &i, &t->low) || i != w.n)
			return false;
		t->high = t->low;
		return true;
	}
	has_low = read_number(w, &i, &t->low);
	if (has_low && i == w.n) {
		t->high = t->low;
		return true;
	}
	if (i + 2 > w.n || w.p[i] != '.' || w.p[i + 1] != '.')
		return false;
	i += 2;
	if (i == w.n)
		return has_low;
	return read_number(w, &i, &t->high) && i == w.n;
}

static struct node *parse_number(struct parser *p, size_t at, enum number_field field)
{
	struct node *n = parser_node_new(p, NODE_NUMBER, at);
	const struct span w = parser_word_at(p, p->i);

	if (!n)
		return NULL;
	n->u.number.field = field;
	p->i += w.n;
	if (!read_number_test(w, &n->u.number))
		(void)query_fail(p->errors, E_FIELD, at,
			"%s: needs a number: write %s:100, %s:>=100 or %s:10..100",
			number_field_names[field], number_field_names[field],
			number_field_names[field], number_field_names[field]);
	return parser_closed(p, n);
}

static struct node *parse_use(struct parser *p, size_t at)
{
	struct node *n = parser_node_new(p, NODE_USE, at);
	const struct span w = parser_word_at(p, p->i);

	if (!n)
		return NULL;
	p->i += w.n;
	n->u.name = w;
	if (!w.n)
		return parser_fail(
			p, E_FIELD, at, "use: needs the name of a fragment: write use:name");
	return parser_closed(p, n);
}

/* Behind "title:use:…", w being "use:…". */
static struct node *use_in_field(struct parser *p, size_t at, struct span w)
{
	p->i -= w.n - 4;
	return parse_use(p, at);
}

/* Behind "title:" and its like. */
static struct node *parse_text_field(struct parser *p, size_t at, enum item_field field)
{
	const uint8_t outer = p->fields;
	size_t next;
	const uint32_t c = parser_point_at(p, p->i, &next);
	struct node *n;
	struct span w;

	p->fields = (uint8_t)(1U << field);
	if (c == '(') {
		n = p->group(p);
	} else if (parser_opens_phrase(c)) {
		n = parser_phrase(p, at, false);
	} else if (c == '/') {
		n = parser_regex(p, at);
	} else if (c == '=' && parser_opens_phrase(parser_point_at(p, next, &next))) {
		p->i++;
		n = parser_phrase(p, at, true);
	} else {
		w = parser_word_at(p, p->i);
		p->i += w.n;
		if (!w.n || (w.n == 1 && w.p[0] == '='))
			n = parser_fail(p, E_FIELD, at,
				"a field needs a term directly behind its colon: write "
				"title:word or title:(a OR b)");
		else if (parser_field_colon(w) == 3 &&
			 span_eq_ci(span_slice(w, 0, 3), SPAN("use")))
			n = use_in_field(p, at, w);
		else if (parser_field_colon(w))
			n = parser_fail(p, E_FIELD, at,
				"a field stands in a field: take one of them, or quote it");
		else if (w.p[0] == '=')
			n = parser_term_node(p, at, span_slice(w, 1, w.n), false, true);
		else
			n = parser_term_node(p, at, w, false, false);
	}
	p->fields = outer;
	return n;
}

static struct node *unknown_field(struct parser *p, size_t at, struct span name)
{
	/* What other tools and other languages call them; else spelling decides. */
	static const char *const others[][2] = {{"texte", "text"}, {"body", "text"},
		{"content", "text"}, {"auteur", "author"}, {"from", "author"}, {"by", "author"},
		{"user", "author"}, {"langue", "lang"}, {"language", "lang"}, {"host", "site"},
		{"domain", "site"}, {"link", "url"}, {"replies", "comments"},
		{"retweets", "shares"}};
	const char *names[ITEM_FIELDS + VALUE_FIELDS + NUMBER_FIELDS], *near = NULL;
	size_t n = 0;

	if (span_eq_ci(name, SPAN("http")) || span_eq_ci(name, SPAN("https")))
		return parser_fail(p, E_FIELD, at,
			"an address reads as a field: put it in quotes, or write url:\"…\" or "
			"site:…");
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (span_eq_ci(name, span_str(others[i][0])))
			near = others[i][1];
	for (int i = 0; i < ITEM_FIELDS; i++)
		names[n++] = item_field_names[i];
	for (int i = 0; i < VALUE_FIELDS; i++)
		names[n++] = value_field_names[i];
	for (int i = 0; i < NUMBER_FIELDS; i++)
		names[n++] = number_field_names[i];
	if (!near)
		near = nearest(name, names, n);
	if (near)
		(void)query_fail(p->errors, E_FIELD, at,
			"unknown field \"%.*s\": did you mean %s:? Quote the word if it is no "
			"field",
			SPAN_ARG(name), near);
	else
		(void)query_fail(p->errors, E_FIELD, at,
			"unknown field \"%.*s\": quote the word if it is no field, or see "
			"FIELDS in "
			"vigie-rules(5)",
			SPAN_ARG(name));
	return NULL;
}

struct node *parser_field(struct parser *p, size_t at, struct span name)
{
	p->i += name.n + 1;
	if (span_eq_ci(name, SPAN("use")))
		return parse_use(p, at);
	for (int f = 0; f < ITEM_FIELDS + VALUE_FIELDS + NUMBER_FIELDS; f++) {
		const int v = f - ITEM_FIELDS, k = v - VALUE_FIELDS;

		if (!span_eq_ci(name, span_str(v < 0   ? item_field_names[f]
					       : k < 0 ? value_field_names[v]
						       : number_field_names[k])))
			continue;
		if (p->fields)
			return parser_fail(p, E_FIELD, at,
				"a field stands in a field: take it out of the other");
		if (v < 0)
			return parse_text_field(p, at, (enum item_field)f);
		if (k < 0)
			return parse_values(p, at, (enum value_field)v);
		return parse_number(p, at, (enum number_field)k);
	}
	return unknown_field(p, at, name);
}
