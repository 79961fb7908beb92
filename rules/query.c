/*
 * query: the grammar, by recursive descent.
 */
#include "query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "query_field.h"
#include "query_parser.h"
#include "vigie/utf8.h"

static struct node *parse_or(struct parser *p);

static bool open_group(struct parser *p)
{
	if (++p->depth > QUERY_DEPTH_MAX) {
		(void)parser_fail(p, E_SYNTAX, p->i, "too many parentheses inside each other");
		return false;
	}
	p->i++;
	return true;
}

static struct node *parse_group(struct parser *p)
{
	const size_t at = p->i;
	struct node *n;

	if (!open_group(p))
		return NULL;
	n = parse_or(p);
	if (!n)
		return NULL;
	parser_skip_space(p);
	if (p->i >= p->s.n || p->s.p[p->i] != ')') {
		if (p->i < p->s.n && p->s.p[p->i] == ',')
			return parser_fail(p, E_SYNTAX, p->i,
				"a comma stands only between the items of \"2 OF (a, b, c)\": "
				"write OR or AND");
		return parser_fail(p, E_SYNTAX, at, "parenthesis without end: add )");
	}
	p->i++;
	p->depth--;
	return n;
}

static struct node *parse_of(struct parser *p, size_t at, uint64_t least)
{
	struct node *n = parser_node_new(p, NODE_OF, at), **tail;

	if (!n || !open_group(p))
		return NULL;
	tail = &n->first;
	for (;;) {
		struct node *item = parse_or(p);

		if (!item)
			return NULL;
		parser_append(n, &tail, item);
		parser_skip_space(p);
		if (p->i < p->s.n && p->s.p[p->i] == ',') {
			p->i++;
			continue;
		}
		break;
	}
	if (p->i >= p->s.n || p->s.p[p->i] != ')')
		return parser_fail(p, E_SYNTAX, at,
			"parenthesis without end: add ) behind the last item of OF");
	p->i++;
	p->depth--;
	n->u.least = least;
	if (least < 1 || least > n->n_children)
		(void)query_fail(p->errors, E_OF, at,
			"%llu of %zu items: the number must be 1 to %zu",
			(unsigned long long)least, n->n_children, n->n_children);
	return parser_closed(p, n);
}

/* An operator where a primary should stand. */
static struct node *misplaced(struct parser *p, enum operator op)
{
	const struct span w = parser_word_at(p, p->i);

	switch (op) {
	case OPERATOR_NEAR:
		return parser_fail(p, E_NEAR, p->i,
			"NEAR needs a term on its left: quote the word if it is meant");
	case OPERATOR_OF:
		return parser_fail(p, E_SYNTAX, p->i,
			"OF needs a number before and a parenthesis behind: write 2 OF (a, b, "
			"c)");
	default:
		(void)query_fail(p->errors, E_SYNTAX, p->i,
			"%.*s has nothing to join here: quote it if the word is meant",
			SPAN_ARG(w));
		return NULL;
	}
}

static struct node *parse_word(struct parser *p)
{
	const size_t at = p->i;
	const struct span w = parser_word_at(p, at);
	const size_t colon = parser_field_colon(w);
	const enum operator op = parser_operator_at(p, at);
	size_t i = at, of;
	uint64_t least;

	if (op != OPERATOR_NONE)
		return misplaced(p, op);
	if (parser_digits(p, &i, &least) && i == at + w.n) {
		p->i = i;
		parser_skip_space(p);
		of = p->i;
		if (of > i && parser_operator_at(p, of) == OPERATOR_OF) {
			p->i += 2;
			parser_skip_space(p);
			if (p->i < p->s.n && p->s.p[p->i] == '(')
				return parse_of(p, at, least);
		}
		p->i = at;
	}
	if (colon)
		return parser_field(p, at, span_slice(w, 0, colon));
	p->i += w.n;
	if (w.n > 1 && w.p[0] == '=')
		return parser_term_node(p, at, span_slice(w, 1, w.n), false, true);
	return parser_term_node(p, at, w, false, false);
}

static struct node *parse_primary(struct parser *p)
{
	size_t next, after;
	uint32_t c;

	parser_skip_space(p);
	c = parser_point_at(p, p->i, &next);
	if (p->i >= p->s.n)
		return parser_fail(p, E_SYNTAX, p->i,
			"the query ends where a term should stand: write one");
	if (c == '(')
		return parse_group(p);
	if (c == ')')
		return parser_fail(p, E_SYNTAX, p->i,
			"a term should stand before this ): write one, or remove the )");
	if (c == ',')
		return parser_fail(p, E_SYNTAX, p->i,
			"a comma stands only between the items of \"2 OF (a, b, c)\": write OR "
			"or AND");
	if (parser_opens_phrase(c))
		return parser_phrase(p, p->i, false);
	if (c == '/')
		return parser_regex(p, p->i);
	if (c == '=' && parser_opens_phrase(parser_point_at(p, next, &after))) {
		p->i++;
		return parser_phrase(p, p->i - 1, true);
	}
	return parse_word(p);
}

/* A minus that negates: nothing blank behind it. */
static bool minus_at(const struct parser *p, size_t i)
{
	size_t next;
	uint32_t c;

	if (i >= p->s.n || p->s.p[i] != '-' || i + 1 >= p->s.n)
		return false;
	c = parser_point_at(p, i + 1, &next);
	return !parser_is_space(c);
}

static struct node *parse_near(struct parser *p)
{
	struct node *left;
	size_t from, chain = 0;

	parser_skip_space(p);
	from = p->i;
	left = parse_primary(p);
	while (left) {
		struct node *n;
		struct span w;
		size_t i;
		uint64_t distance;

		parser_skip_space(p);
		if (parser_operator_at(p, p->i) != OPERATOR_NEAR)
			return left;
		n = parser_node_new(p, NODE_NEAR, from);
		if (!n)
			return NULL;
		if (++chain > QUERY_CHAIN_MAX)
			return parser_fail(p, E_NEAR, p->i, "too many NEAR in a row");
		w = parser_word_at(p, p->i);
		n->u.near.ordered = w.p[0] == 'O';
		i = p->i + (n->u.near.ordered ? 5 : 4);
		if (i >= p->s.n || p->s.p[i] != '/')
			return parser_fail(p, E_NEAR, p->i, "distance missing: write NEAR/5");
		i++;
		if (!parser_digits(p, &i, &distance) || i != p->i + w.n)
			return parser_fail(
				p, E_NEAR, p->i, "the distance is not a number: write NEAR/5");
		if (distance > QUERY_NEAR_MAX)
			(void)query_fail(p->errors, E_NEAR, p->i,
				"the distance is over %d: take a smaller one, or AND",
				QUERY_NEAR_MAX);
		n->u.near.distance = (unsigned)distance;
		p->i = i;
		parser_skip_space(p);
		if (minus_at(p, p->i) || parser_operator_at(p, p->i) == OPERATOR_NOT)
			return parser_fail(
				p, E_NEAR, p->i, "NEAR joins terms, not a NOT: take it out");
		n->first = left;
		n->first->next = parse_primary(p);
		if (!n->first->next)
			return NULL;
		n->n_children = 2;
		left = parser_closed(p, n);
	}
	return NULL;
}

static struct node *parse_not(struct parser *p)
{
	size_t count = 0, from;
	struct node *n;

	parser_skip_space(p);
	from = p->i;
	for (;; count++) {
		parser_skip_space(p);
		if (parser_operator_at(p, p->i) == OPERATOR_NOT)
			p->i += 3;
		else if (minus_at(p, p->i))
			p->i++;
		else
			break;
	}
	n = parse_near(p);
	/* Two say no more than four: a chain of them needs no depth. */
	for (size_t k = count ? 2 - count % 2 : 0; n && k; k--) {
		struct node *not = parser_node_new(p, NODE_NOT, from);

		if (!not )
			return NULL;
		not ->first = n;
		not ->n_children = 1;
		n = parser_closed(p, not );
	}
	return n;
}

static struct node *parse_and(struct parser *p)
{
	struct node *first, *n = NULL, **tail = NULL;
	size_t from;

	parser_skip_space(p);
	from = p->i;
	first = parse_not(p);
	while (first) {
		struct node *next;
		enum operator op;

		parser_skip_space(p);
		op = parser_operator_at(p, p->i);
		if (p->i >= p->s.n || p->s.p[p->i] == ')' || p->s.p[p->i] == ',' ||
			op == OPERATOR_OR)
			return n ? parser_closed(p, n) : first;
		if (op == OPERATOR_AND)
			p->i += 3;
		next = parse_not(p);
		if (!next)
			return NULL;
		if (!n) {
			n = parser_node_new(p, NODE_AND, from);
			if (!n)
				return NULL;
			tail = &n->first;
			parser_append(n, &tail, first);
		}
		parser_append(n, &tail, next);
	}
	return NULL;
}

static struct node *parse_or(struct parser *p)
{
	struct node *first, *n = NULL, **tail = NULL;
	size_t from;

	parser_skip_space(p);
	from = p->i;
	first = parse_and(p);
	while (first) {
		struct node *next;

		parser_skip_space(p);
		if (p->i >= p->s.n || parser_operator_at(p, p->i) != OPERATOR_OR)
			return n ? parser_closed(p, n) : first;
		p->i += 2;
		next = parse_and(p);
		if (!next)
			return NULL;
		if (!n) {
			n = parser_node_new(p, NODE_OR, from);
			if (!n)
				return NULL;
			tail = &n->first;
			parser_append(n, &tail, first);
		}
		parser_append(n, &tail, next);
	}
	return NULL;
}

int query_parse(
	struct node **ret, struct arena *arena, struct span text, struct query_errors *errors)
{
	struct parser p = {.s = text, .arena = arena, .errors = errors, .group = parse_group};
	const size_t before = errors->n;
	struct node *n;

	if (text.n > QUERY_BYTES_MAX)
		return query_fail(errors, E_SYNTAX, 0, "a query of %zu bytes: the limit is %d",
			text.n, (int)QUERY_BYTES_MAX);
	if (!utf8_valid(text) || span_find(text, '\0') < text.n)
		return query_fail(errors, E_SYNTAX, 0,
			"the query is not valid UTF-8: save the file as such");
	parser_skip_space(&p);
	if (p.i >= text.n)
		return query_fail(
			errors, E_EMPTY, 0, "the query is empty: write what to look for");
	n = parse_or(&p);
	if (n && p.i < text.n) {
		if (text.p[p.i] == ')')
			(void)parser_fail(&p, E_SYNTAX, p.i,
				"parenthesis without beginning: remove the )");
		else
			(void)parser_fail(&p, E_SYNTAX, p.i,
				"a comma stands only between the items of \"2 OF (a, b, c)\": "
				"write OR or AND");
	}
	if (errors->no_memory)
		return -ENOMEM;
	if (errors->n > before)
		return -EINVAL;
	*ret = n;
	return 0;
}

int query_regex(struct node **ret, struct arena *arena, struct span pattern,
	struct query_errors *errors)
{
	struct node *n = arena_calloc(arena, 1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	if (pattern.n > QUERY_BYTES_MAX || !utf8_valid(pattern) ||
		span_find(pattern, '\0') < pattern.n)
		return query_fail(errors, E_REGEX, 0,
			"not valid UTF-8, or longer than %d bytes", (int)QUERY_BYTES_MAX);
	n->kind = NODE_REGEX;
	n->fields = FIELDS_DEFAULT;
	n->source = pattern;
	n->u.regex.pattern = pattern;
	*ret = n;
	return 0;
}
