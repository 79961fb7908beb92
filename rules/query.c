#include "query_parser.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "vigie/buf.h"
#include "vigie/utf8.h"

const char *const query_code_names[QUERY_CODES] = {"E_SYNTAX", "E_EMPTY", "E_WILDCARD",
	"E_FIELD", "E_NEAR", "E_OF", "E_REGEX", "E_NEGATIVE", "E_RULE"};
const char *const value_field_names[VALUE_FIELDS] = {"lang", "source", "tag", "site", "url"};
const char *const number_field_names[NUMBER_FIELDS] = {"followers", "likes", "shares",
	"comments", "views", "rating", "score", "reach", "engagement"};

int query_fail(
	struct query_errors *errors, enum query_code code, size_t at, const char *format, ...)
{
	struct query_error *items =
		arena_alloc(errors->arena, (errors->n + 1) * sizeof(*items));
	struct query_error e = {.code = code, .at = at};
	va_list ap;
	char *text;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	text = items && n >= 0 ? arena_alloc(errors->arena, (size_t)n + 1) : NULL;
	if (!text) {
		errors->no_memory = true;
		return -ENOMEM;
	}
	va_start(ap, format);
	(void)vsnprintf(text, (size_t)n + 1, format, ap);
	va_end(ap);
	e.text = span_of(text, (size_t)n);
	if (errors->n)
		memcpy(items, errors->items, errors->n * sizeof(*items));
	items[errors->n++] = e;
	errors->items = items;
	return -EINVAL;
}

static struct node *parse_or(struct parser *p);

/* White_Space of the Unicode Character Database. */
static bool is_space(uint32_t c)
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

	while (is_space(parser_point_at(p, p->i, &next)))
		p->i = next;
}

static bool ends_word(uint32_t c)
{
	return !c || is_space(c) || c == '(' || c == ')' || c == ',' || parser_opens_phrase(c);
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
static bool read_digits(const struct parser *p, size_t *i, uint64_t *ret)
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
	if (!read_digits(p, &i, &slop))
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

static bool open_group(struct parser *p)
{
	if (++p->depth > QUERY_DEPTH_MAX) {
		(void)parser_fail(p, E_SYNTAX, p->i, "too many parentheses inside each other");
		return false;
	}
	p->i++;
	return true;
}

struct node *parser_group(struct parser *p)
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
	if (read_digits(p, &i, &least) && i == at + w.n) {
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
		return parser_group(p);
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
	return !is_space(c);
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
		if (!read_digits(p, &i, &distance) || i != p->i + w.n)
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
	struct parser p = {.s = text, .arena = arena, .errors = errors};
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
