#include <stdlib.h>

#include "sources/expr_inner.h"
#include "vigie/nearest.h"
#include "vigie/utf8.h"

struct parser {
	struct expr_set *set;
	struct span s;
	size_t i;
	struct expr_place place;
	struct err_list *errors;
	int depth;
	int result; /* the first mistake ends it */
};

void expr_set_deinit(struct expr_set *set)
{
	for (size_t i = 0; i < set->n_patterns; i++)
		pattern_free(set->patterns[i]);
	free(set->patterns);
	arena_release(&set->arena);
	*set = (struct expr_set){0};
}

#define mistake(p, at, ...)                                                                    \
	((p)->result ? (p)->result                                                             \
		     : ((p)->result = err_add((p)->errors, (p)->place.file, (p)->place.line,   \
				column_of((p), (at)), __VA_ARGS__)))

static int column_of(const struct parser *p, size_t at)
{
	return p->place.column ? p->place.column + (int)utf8_length(span_slice(p->s, 0, at))
			       : 0;
}

static void *make(struct parser *p, size_t n, size_t size)
{
	void *made = p->result ? NULL : arena_calloc(&p->set->arena, n, size);

	if (!made && !p->result)
		p->result = -ENOMEM;
	return made;
}

/* One more at the end of a list of the arena, which grows at powers of two. */
static void *more(struct parser *p, void *list, size_t n, size_t size)
{
	void *grown;

	if (n && (n & (n - 1)))
		return list;
	grown = make(p, n ? n * 2 : 1, size);
	if (grown && n)
		memcpy(grown, list, n * size);
	return grown;
}

static char peek(const struct parser *p)
{
	return p->i < p->s.n ? p->s.p[p->i] : '\0';
}

static bool looking_at(const struct parser *p, const char *what)
{
	return span_starts(span_slice(p->s, p->i, p->s.n), span_str(what));
}

static void blanks(struct parser *p)
{
	while (p->i < p->s.n && ascii_space(p->s.p[p->i]))
		p->i++;
}

static bool take(struct parser *p, const char *what)
{
	blanks(p);
	if (!looking_at(p, what))
		return false;
	p->i += strlen(what);
	return true;
}

static void expect(struct parser *p, const char *what)
{
	if (!p->result && !take(p, what))
		mistake(p, p->i, "'%s' is missing here: write it", what);
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static struct span word(struct parser *p)
{
	const size_t from = p->i;

	while (is_word(peek(p)))
		p->i++;
	return span_slice(p->s, from, p->i);
}

/* 'text'; '' within is one quote. */
static struct span quoted(struct parser *p)
{
	struct buf text = {0};
	struct span s;
	const size_t from = p->i++;

	for (;; p->i++) {
		if (p->i >= p->s.n) {
			mistake(p, from, "this quote is not closed: write ' at its end");
			break;
		}
		if (peek(p) == '\'' && (++p->i >= p->s.n || peek(p) != '\''))
			break;
		buf_add_char(&text, peek(p));
	}
	s = text.failed ? SPAN_NONE : arena_dup(&p->set->arena, buf_span(&text));
	buf_deinit(&text);
	if (!s.p && !p->result)
		p->result = -ENOMEM;
	return s;
}

/* --- Paths -------------------------------------------------------------------------------- */

static bool ends_step(char c)
{
	return !c || ascii_space(c) || strchr("|),}/[", c);
}

/* ~1 and ~0 of RFC 6901. */
static struct span key_of(struct parser *p, struct span written)
{
	char *key;
	size_t n = 0;

	if (span_find(written, '~') == written.n)
		return written;
	key = make(p, written.n + 1, 1);
	for (size_t i = 0; key && i < written.n; i++) {
		const char next = i + 1 < written.n ? written.p[i + 1] : '\0';

		if (written.p[i] == '~' && (next == '0' || next == '1')) {
			key[n++] = next == '0' ? '~' : '/';
			i++;
		} else {
			key[n++] = written.p[i];
		}
	}
	return span_of(key, key ? n : 0);
}

static void set_index(struct expr_step *step)
{
	const struct span s = step->name;
	const bool minus = s.n && s.p[0] == '-';
	int32_t v = 0;

	if (s.n == (size_t)minus || s.n > 9)
		return;
	for (size_t i = minus; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return;
		v = v * 10 + (s.p[i] - '0');
	}
	step->is_index = true;
	step->index = minus ? -v : v;
}

static struct expr_step *step_add(struct parser *p, struct expr *x)
{
	x->steps = more(p, x->steps, x->n_steps, sizeof(*x->steps));
	return p->result ? NULL : &x->steps[x->n_steps++];
}

static void parse_step(struct parser *p, struct expr *x)
{
	struct expr_step *step = step_add(p, x);
	const size_t from = p->i;

	if (!step)
		return;
	while (!ends_step(peek(p)))
		p->i++;
	step->name = key_of(p, span_slice(p->s, from, p->i));
	if (!step->name.n)
		mistake(p, from, "a name is missing in this path: write /name, /0 or /*");
	if (span_eq_str(step->name, "*"))
		step->kind = STEP_ALL;
	set_index(step);
	if (looking_at(p, "[]")) {
		step->collect = true;
		p->i += 2;
	}
}

/* css(…), up to its closing parenthesis. */
static void parse_selector(struct parser *p, struct expr *x)
{
	struct expr_step *step = step_add(p, x);
	const size_t from = p->i += 4;
	size_t at = 0;
	int open = 1, r;

	for (; p->i < p->s.n; p->i++) {
		open += (peek(p) == '(') - (peek(p) == ')');
		if (!open)
			break;
	}
	if (!step || p->i >= p->s.n) {
		mistake(p, from, "css( is not closed: write ) at its end");
		return;
	}
	step->kind = STEP_SELECT;
	r = selector_parse(&step->selector, &p->set->arena, span_slice(p->s, from, p->i), &at);
	if (r == -ENOMEM)
		p->result = r;
	else if (r < 0)
		mistake(p, from + at,
			"not understood as a CSS selector: there are types, .class, #id, "
			"[attribute], :not(), \" \", > and +");
	p->i++;
	if (looking_at(p, "[]")) {
		step->collect = true;
		p->i += 2;
	}
}

static void parse_path(struct parser *p, struct expr *x)
{
	const char c = peek(p);

	x->kind = EXPR_PATH;
	if (c == '$' || (c == '@' && p->i + 1 < p->s.n && p->s.p[p->i + 1] == '/')) {
		x->from = c == '$' ? FROM_ROOT : FROM_PARENT;
		p->i++;
	} else if (c == '.') {
		p->i++;
		return;
	}
	if (looking_at(p, "css("))
		parse_selector(p, x);
	else if (peek(p) != '/')
		parse_step(p, x);
	while (!p->result && peek(p) == '/') {
		p->i++;
		if (looking_at(p, "css("))
			parse_selector(p, x);
		else
			parse_step(p, x);
	}
}

/* --- Templates ---------------------------------------------------------------------------- */

static struct expr *parse_first(struct parser *p);

static void part_add(struct parser *p, struct expr *x, struct expr *part)
{
	x->parts = more(p, x->parts, x->n_parts, sizeof(struct expr *));
	if (!p->result)
		x->parts[x->n_parts++] = part;
}

static struct expr *constant(struct parser *p, struct span text)
{
	struct expr *x = make(p, 1, sizeof(*x));

	if (x) {
		x->kind = EXPR_CONST;
		x->constant = tree_string(&p->set->arena, text);
		if (!x->constant)
			p->result = -ENOMEM;
	}
	return x;
}

static struct expr *variable(struct parser *p, struct span name)
{
	struct expr *x = make(p, 1, sizeof(*x));

	if (x) {
		x->kind = EXPR_VAR;
		x->name = name;
	}
	return x;
}

/* %name% within a template; its length, or 0. */
static size_t embedded_variable(const struct parser *p)
{
	size_t i = p->i + 1;

	while (i < p->s.n && is_word(p->s.p[i]))
		i++;
	return i > p->i + 1 && i < p->s.n && p->s.p[i] == '%' ? i + 1 - p->i : 0;
}

static void flush(struct parser *p, struct expr *x, struct buf *text)
{
	if (text->failed && !p->result)
		p->result = -ENOMEM;
	if (text->n && !p->result)
		part_add(p, x, constant(p, arena_dup(&p->set->arena, buf_span(text))));
	buf_clear(text);
}

static void parse_template(struct parser *p, struct expr *x)
{
	const size_t from = p->i++;
	struct buf text = {0};

	x->kind = EXPR_TEMPLATE;
	while (!p->result && peek(p) != '"') {
		const size_t n = peek(p) == '%' ? embedded_variable(p) : 0;

		if (p->i >= p->s.n) {
			mistake(p, from, "this text is not closed: write \" at its end");
		} else if (n) {
			flush(p, x, &text);
			part_add(p, x, variable(p, span_slice(p->s, p->i + 1, p->i + n - 1)));
			p->i += n;
		} else if (peek(p) == '{') {
			flush(p, x, &text);
			p->i++;
			part_add(p, x, parse_first(p));
			expect(p, "}");
		} else {
			if (peek(p) == '\\' && p->i + 1 < p->s.n)
				p->i++;
			buf_add_char(&text, peek(p));
			p->i++;
		}
	}
	flush(p, x, &text);
	buf_deinit(&text);
	p->i++;
}

/* --- Filters ------------------------------------------------------------------------------ */

static const struct pattern *pattern_add(struct parser *p, struct span text, size_t at)
{
	char why[PATTERN_WHY_SIZE] = "";
	struct pattern **list, *made = NULL;
	size_t where = 0;
	int r;

	if (p->result)
		return NULL;
	r = pattern_new(&made, text, why, &where);
	list = r < 0 ? NULL
		     : realloc(p->set->patterns, (p->set->n_patterns + 1) * sizeof(*list));
	if (r == -EINVAL)
		mistake(p, at + where, "not a regular expression: %s", why);
	else if (!list)
		p->result = -ENOMEM;
	if (!list) {
		pattern_free(made);
		return NULL;
	}
	p->set->patterns = list;
	return list[p->set->n_patterns++] = made;
}

/* /…/, where \/ is a slash. */
static const struct pattern *slashed(struct parser *p)
{
	const size_t from = p->i + 1;

	blanks(p);
	if (peek(p) != '/') {
		mistake(p, p->i, "a pattern is missing here: write it as /…/");
		return NULL;
	}
	for (p->i++; p->i < p->s.n && peek(p) != '/'; p->i++)
		if (peek(p) == '\\')
			p->i++;
	if (p->i >= p->s.n) {
		mistake(p, from - 1, "this pattern is not closed: write / at its end");
		return NULL;
	}
	p->i++;
	return pattern_add(p, span_slice(p->s, from, p->i - 1), from);
}

/* What a value is compared with: 'quoted', or as it stands up to the parenthesis. */
static struct span operand(struct parser *p, bool pattern)
{
	bool in_class = false;
	size_t from;
	int open = 1;

	blanks(p);
	if (peek(p) == '\'')
		return quoted(p);
	from = p->i;
	for (; p->i < p->s.n; p->i++) {
		const char c = peek(p);

		if (c == '\\' && pattern)
			p->i++;
		else if (pattern && (c == '[' || c == ']'))
			in_class = c == '[';
		else if (!in_class && (c == '(' || c == ')'))
			open += c == '(' ? 1 : -1;
		else if (c == '&' && looking_at(p, "&& "))
			break;
		if (!open)
			break;
	}
	if (p->i > p->s.n)
		p->i = p->s.n;
	return span_trim(span_slice(p->s, from, p->i));
}

static struct expr_condition *parse_condition(struct parser *p)
{
	struct expr_condition *c = make(p, 1, sizeof(*c));
	size_t at;

	if (!c)
		return NULL;
	c->left = parse_first(p);
	if (p->result)
		return NULL;
	if (take(p, "=="))
		c->op = CONDITION_IS;
	else if (take(p, "!="))
		c->op = CONDITION_IS_NOT;
	else if (take(p, "~"))
		c->op = CONDITION_MATCHES;
	else
		mistake(p, p->i,
			"a comparison is missing here: write ==, != or ~ between blanks");
	blanks(p);
	at = p->i;
	c->value = p->result ? SPAN_NONE : operand(p, c->op == CONDITION_MATCHES);
	if (c->op == CONDITION_MATCHES)
		c->pattern = pattern_add(p, c->value, at);
	if (!p->result && take(p, "&&"))
		c->also = parse_condition(p);
	return p->result ? NULL : c;
}

static struct span raw_word(struct parser *p)
{
	size_t from;

	blanks(p);
	if (peek(p) == '\'')
		return quoted(p);
	from = p->i;
	while (p->i < p->s.n && !strchr(",)=", peek(p)))
		p->i++;
	return span_trim(span_slice(p->s, from, p->i));
}

static void parse_pairs(struct parser *p, struct expr_use *use, bool values)
{
	do {
		struct expr_pair pair = {.key = raw_word(p)};

		if (values && !p->result) {
			expect(p, "=");
			pair.value = raw_word(p);
		}
		use->pairs = more(p, use->pairs, use->n_pairs, sizeof(*use->pairs));
		if (!p->result)
			use->pairs[use->n_pairs++] = pair;
	} while (!p->result && take(p, ","));
}

static int64_t parse_number(struct parser *p)
{
	const struct span s = raw_word(p);
	int64_t v = 0;

	for (size_t i = 0; i < s.n && i < 10; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			break;
		v = v * 10 + (s.p[i] - '0');
	}
	return v;
}

static void parse_arguments(struct parser *p, struct expr_use *use)
{
	switch (use->filter->takes) {
	case TAKES_WORD_OR_NOTHING:
	case TAKES_STRING:
		use->word = raw_word(p);
		break;
	case TAKES_STRINGS:
		parse_pairs(p, use, false);
		break;
	case TAKES_PAIRS:
		parse_pairs(p, use, true);
		break;
	case TAKES_CONDITION:
		use->condition = parse_condition(p);
		break;
	case TAKES_PATTERN_GROUP:
		use->pattern = slashed(p);
		use->number = take(p, ",") ? parse_number(p) : 0;
		if (use->number >= PATTERN_GROUPS)
			mistake(p, p->i, "groups go from 0 to 9: use one of them");
		break;
	case TAKES_PATTERN_STRING:
		use->pattern = slashed(p);
		expect(p, ",");
		use->word = raw_word(p);
		break;
	case TAKES_EXPR:
		use->expr = parse_first(p);
		break;
	case TAKES_EXPR_WORD:
		use->expr = parse_first(p);
		expect(p, ",");
		use->word = raw_word(p);
		break;
	case TAKES_NUMBER:
		use->number = parse_number(p);
		break;
	default:
		break;
	}
	expect(p, ")");
}

static void unknown_filter(struct parser *p, size_t at, struct span name)
{
	const char *names[64], *guess;
	size_t n = 0;

	for (const struct filter *f = filters; f->name && n < 64; f++)
		names[n++] = f->name;
	guess = nearest(name, names, n);
	if (guess)
		mistake(p, at, "unknown filter \"%.*s\": did you mean \"%s\"?", SPAN_ARG(name),
			guess);
	else
		mistake(p, at, "unknown filter \"%.*s\": see vigie-sources(5)", SPAN_ARG(name));
}

static void parse_filter(struct parser *p, struct expr *x)
{
	struct expr_use use = {0};
	struct span name;
	size_t at;

	blanks(p);
	at = p->i;
	name = word(p);
	for (const struct filter *f = filters; f->name; f++)
		if (span_eq_str(name, f->name))
			use.filter = f;
	if (!use.filter) {
		unknown_filter(p, at, name);
		return;
	}
	if (peek(p) == '(' && use.filter->takes != TAKES_NOTHING) {
		p->i++;
		parse_arguments(p, &use);
	} else if (use.filter->takes != TAKES_NOTHING &&
		   use.filter->takes != TAKES_WORD_OR_NOTHING) {
		mistake(p, p->i, "%s needs something in parentheses: see vigie-sources(5)",
			use.filter->name);
	}
	x->uses = more(p, x->uses, x->n_uses, sizeof(*x->uses));
	if (!p->result)
		x->uses[x->n_uses++] = use;
}

/* --- Expressions -------------------------------------------------------------------------- */

static struct expr *parse_one(struct parser *p)
{
	struct expr *x;

	blanks(p);
	if (peek(p) == '\'') {
		x = constant(p, quoted(p));
	} else if (peek(p) == '%') {
		p->i++;
		x = variable(p, word(p));
		if (x && !x->name.n)
			mistake(p, p->i, "a variable's name is missing: write %%name");
	} else {
		x = make(p, 1, sizeof(*x));
		if (x && peek(p) == '"')
			parse_template(p, x);
		else if (x && ends_step(peek(p)) && peek(p) != '/')
			mistake(p, p->i,
				"a value is missing here: write a path, 'text', \"template\" "
				"or "
				"%%variable");
		else if (x)
			parse_path(p, x);
	}
	while (x && !p->result && take(p, "|"))
		parse_filter(p, x);
	return p->result ? NULL : x;
}

static struct expr *parse_first(struct parser *p)
{
	struct expr *first, *all;

	if (++p->depth > EXPR_MAX_DEPTH)
		mistake(p, p->i, "nested more than %d deep: write it flatter", EXPR_MAX_DEPTH);
	first = parse_one(p);
	if (!first || !take(p, "??")) {
		p->depth--;
		return first;
	}
	all = make(p, 1, sizeof(*all));
	if (all) {
		all->kind = EXPR_FIRST;
		part_add(p, all, first);
		do
			part_add(p, all, parse_one(p));
		while (!p->result && take(p, "??"));
	}
	p->depth--;
	return p->result ? NULL : all;
}

static int parser_ready(struct parser *p)
{
	if (p->s.n > EXPR_MAX_BYTES)
		return mistake(p, 0, "longer than %d bytes: write it shorter", EXPR_MAX_BYTES);
	if (!utf8_valid(p->s))
		return mistake(p, 0, "not UTF-8: save the file as UTF-8");
	return 0;
}

static int parser_done(struct parser *p)
{
	blanks(p);
	if (!p->result && p->i < p->s.n)
		mistake(p, p->i, "\"%.*s\" is not understood here: see vigie-sources(5)",
			SPAN_ARG(utf8_prefix(span_slice(p->s, p->i, p->s.n), 20)));
	return p->result;
}

int expr_parse(struct expr **ret, struct expr_set *set, struct span text,
	struct expr_place place, struct err_list *errors)
{
	struct parser p = {.set = set, .s = text, .place = place, .errors = errors};
	struct expr *x;

	if (parser_ready(&p) < 0)
		return p.result;
	x = parse_first(&p);
	if (parser_done(&p) == 0)
		*ret = x;
	return p.result;
}

int expr_condition_parse(struct expr_condition **ret, struct expr_set *set, struct span text,
	struct expr_place place, struct err_list *errors)
{
	struct parser p = {.set = set, .s = text, .place = place, .errors = errors};
	struct expr_condition *c;

	if (parser_ready(&p) < 0)
		return p.result;
	c = parse_condition(&p);
	if (parser_done(&p) == 0)
		*ret = c;
	return p.result;
}
