/*
 * query_parser: the small pieces of a query: code points, words, operators, phrases, regexes.
 */
#include "query_parser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "term.h"
#include "vigie/buf.h"
#include "vigie/utf8.h"

/* White_Space of the Unicode Character Database. */
bool parser_is_space(uint32_t c)
{
	return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
	       c == 0x205F || c == 0x3000;
}

bool parser_opens_phrase(uint32_t c)
{
	return c == '"' || c == 0x201C || c == 0x201E || c == 0xAB;
}

/* The code point at i, 0 at the end (no query holds U+0000); *next is the place behind it. */
uint32_t parser_point_at(const struct parser *p, size_t i, size_t *next)
{
	if (i >= p->s.n) {
		*next = i;
		return 0;
	}
	*next = i;
	return utf8_next(p->s, next);
}

void parser_skip_space(struct parser *p)
{
	size_t next;

	while (parser_is_space(parser_point_at(p, p->i, &next)))
		p->i = next;
}

static bool ends_word(uint32_t c)
{
	return !c || parser_is_space(c) || c == '(' || c == ')' || c == ',' ||
	       parser_opens_phrase(c);
}

static size_t word_end(const struct parser *p, size_t i)
{
	size_t next;

	while (!ends_word(parser_point_at(p, i, &next)))
		i = next;
	return i;
}

struct span parser_word_at(const struct parser *p, size_t i)
{
	return span_slice(p->s, i, word_end(p, i));
}

/* The operator that stands at i, if one does. */
enum operator parser_operator_at(const struct parser *p, size_t i)
{
	struct span w;

	if (i >= p->s.n || !strchr("AON", p->s.p[i]))
		return OPERATOR_NONE;
	w = parser_word_at(p, i);
	if (span_eq_str(w, "AND"))
		return OPERATOR_AND;
	if (span_eq_str(w, "OR"))
		return OPERATOR_OR;
	if (span_eq_str(w, "NOT"))
		return OPERATOR_NOT;
	if (span_eq_str(w, "OF"))
		return OPERATOR_OF;
	if (span_eq_str(w, "NEAR") || span_eq_str(w, "ONEAR") ||
		span_starts(w, SPAN("NEAR/")) || span_starts(w, SPAN("ONEAR/")))
		return OPERATOR_NEAR;
	return OPERATOR_NONE;
}

struct node *parser_node_new(struct parser *p, enum node_kind kind, size_t at)
{
	struct node *n = arena_calloc(p->arena, 1, sizeof(*n));

	if (!n) {
		p->errors->no_memory = true;
		return NULL;
	}
	n->kind = kind;
	n->at = at;
	n->fields = p->fields ? p->fields : FIELDS_DEFAULT;
	n->fields_given = p->fields != 0;
	return n;
}

void parser_append(struct node *parent, struct node ***tail, struct node *child)
{
	**tail = child;
	*tail = &child->next;
	parent->n_children++;
}

struct node *parser_closed(struct parser *p, struct node *n)
{
	n->source = span_trim(span_slice(p->s, n->at, p->i));
	return n;
}

struct node *parser_fail(struct parser *p, enum query_code code, size_t at, const char *text)
{
	(void)query_fail(p->errors, code, at, "%s", text);
	return NULL;
}

/* Digits at *i; false when there is none. Saturates. */
bool parser_digits(const struct parser *p, size_t *i, uint64_t *ret)
{
	const size_t from = *i;
	uint64_t v = 0;

	for (; *i < p->s.n && p->s.p[*i] >= '0' && p->s.p[*i] <= '9'; (*i)++)
		v = v > 1000000000 ? v : v * 10 + (uint64_t)(p->s.p[*i] - '0');
	*ret = v;
	return *i > from;
}

/* The content of the phrase whose opening quote stands at p->i; p->i is behind it after. */
bool parser_quoted(struct parser *p, struct span *ret)
{
	const size_t at = p->i;
	size_t next, from;
	const uint32_t open = parser_point_at(p, p->i, &next);

	for (size_t i = from = next; i < p->s.n; i = next) {
		const uint32_t c = parser_point_at(p, i, &next);

		if (c == '\\') {
			(void)parser_point_at(p, next, &next);
			continue;
		}
		if (open == '"'        ? c == '"'
			: open == 0xAB ? c == 0xBB
				       : c == 0x201C || c == 0x201D) {
			*ret = span_slice(p->s, from, i);
			p->i = next;
			return true;
		}
	}
	(void)query_fail(p->errors, E_SYNTAX, at, "the quotation has no end: add %s",
		open == '"'    ? "\""
		: open == 0xAB ? "»"
			       : "”");
	return false;
}

struct node *parser_term_node(
	struct parser *p, size_t at, struct span content, bool escapes, bool exact)
{
	struct node *n = parser_node_new(p, NODE_TERM, at);

	if (!n)
		return NULL;
	if (term_read(&n->u.term, p->arena, content, (size_t)(content.p - p->s.p), escapes,
		    exact, p->errors) == -ENOMEM)
		p->errors->no_memory = true;
	return parser_closed(p, n);
}

struct node *parser_phrase(struct parser *p, size_t at, bool exact)
{
	struct span content;
	struct node *n;
	size_t i;
	uint64_t slop;

	if (!parser_quoted(p, &content))
		return NULL;
	n = parser_term_node(p, at, content, true, exact);
	if (!n || exact || p->i >= p->s.n || p->s.p[p->i] != '~')
		return n;
	i = p->i + 1;
	if (!parser_digits(p, &i, &slop))
		return parser_fail(p, E_SYNTAX, p->i, "~ needs a number: write \"…\"~3");
	p->i = i;
	n->u.term.slop = slop > UINT32_MAX ? UINT32_MAX : (uint32_t)slop;
	return parser_closed(p, n);
}

struct node *parser_regex(struct parser *p, size_t at)
{
	struct node *n = parser_node_new(p, NODE_REGEX, at);
	size_t i = p->i + 1;

	if (!n)
		return NULL;
	while (i < p->s.n && (p->s.p[i] != '/' || (i > p->i + 1 && p->s.p[i - 1] == '\\')))
		i++;
	if (i >= p->s.n)
		return parser_fail(p, E_REGEX, at,
			"the pattern has no end: add / (and write \\/ inside it)");
	n->u.regex.pattern = span_slice(p->s, p->i + 1, i);
	n->u.regex.pattern_at = p->i + 1;
	if (span_empty(n->u.regex.pattern))
		(void)query_fail(
			p->errors, E_REGEX, at, "empty pattern: write what to look for");
	for (i++; i < p->s.n; i++) {
		const char c = p->s.p[i];
		const char *flag = c ? strchr("ims", c) : NULL;

		if (flag)
			n->u.regex.flags |= 1U << (flag - "ims");
		else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			 (c >= '0' && c <= '9') || c == '_')
			(void)query_fail(p->errors, E_REGEX, i,
				"unknown flag \"%c\": the flags are i, m and s", c);
		else
			break;
	}
	p->i = i;
	return parser_closed(p, n);
}
