#include "sources/selector.h"

#include <errno.h>

enum test_kind {
	TEST_TYPE,
	TEST_CLASS,
	TEST_HAS,
	TEST_IS,
	TEST_STARTS,
	TEST_ENDS,
	TEST_HOLDS,
	TEST_WORD
};

struct test {
	enum test_kind kind;
	bool not ;
	struct span name; /* of the type, or "@attribute" */
	struct span value;
	struct test *next;
};

/* One compound, with how it stands to the one on its left. */
struct part {
	char combinator; /* ' ', '>', '+', or 0 for the first */
	struct test *tests;
	struct part *left;
};

struct selector {
	struct part *last; /* of this alternative */
	struct selector *other;
};

struct text {
	struct arena *arena;
	struct span s;
	size_t i;
};

static char peek(const struct text *t)
{
	return t->i < t->s.n ? t->s.p[t->i] : '\0';
}

static bool blanks(struct text *t)
{
	const size_t from = t->i;

	while (t->i < t->s.n && ascii_space(t->s.p[t->i]))
		t->i++;
	return t->i > from;
}

static struct span word(struct text *t)
{
	const size_t from = t->i;

	while (t->i < t->s.n) {
		const char c = t->s.p[t->i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '-' || c == '_' ||
			    (unsigned char)c >= 0x80))
			break;
		t->i++;
	}
	return span_slice(t->s, from, t->i);
}

static int attribute_test(struct text *t, struct test *test)
{
	struct span name;
	char quote;

	(void)blanks(t);
	name = word(t);
	if (!name.n)
		return -EINVAL;
	test->name = arena_printf(t->arena, "@%.*s", SPAN_ARG(name));
	(void)blanks(t);
	switch (peek(t)) {
	case ']':
		test->kind = TEST_HAS;
		t->i++;
		return 0;
	case '=':
		test->kind = TEST_IS;
		break;
	case '^':
		test->kind = TEST_STARTS;
		break;
	case '$':
		test->kind = TEST_ENDS;
		break;
	case '*':
		test->kind = TEST_HOLDS;
		break;
	case '~':
		test->kind = TEST_WORD;
		break;
	default:
		return -EINVAL;
	}
	t->i++;
	if (test->kind != TEST_IS) {
		if (peek(t) != '=')
			return -EINVAL;
		t->i++;
	}
	(void)blanks(t);
	quote = peek(t);
	if (quote == '"' || quote == '\'') {
		const size_t from = ++t->i;

		while (t->i < t->s.n && t->s.p[t->i] != quote)
			t->i++;
		test->value = span_slice(t->s, from, t->i);
		t->i++;
	} else {
		test->value = word(t);
	}
	(void)blanks(t);
	if (peek(t) != ']')
		return -EINVAL;
	t->i++;
	return 0;
}

/* 1: no test begins here. */
static int simple(struct text *t, struct test *test, bool may_be_not)
{
	const char c = peek(t);
	int r;

	*test = (struct test){0};
	switch (c) {
	case '.':
	case '#':
		t->i++;
		test->kind = c == '.' ? TEST_CLASS : TEST_IS;
		test->name = c == '.' ? SPAN("@class") : SPAN("@id");
		test->value = word(t);
		return test->value.n ? 0 : -EINVAL;
	case '[':
		t->i++;
		return attribute_test(t, test);
	case '*':
		t->i++;
		return 0; /* TEST_TYPE without a name: any */
	case ':':
		if (!may_be_not || !span_starts(span_slice(t->s, t->i, t->s.n), SPAN(":not(")))
			return -EINVAL;
		t->i += 5;
		r = simple(t, test, false);
		if (r || peek(t) != ')')
			return -EINVAL;
		t->i++;
		test->not = true;
		return 0;
	default:
		test->name = word(t);
		return test->name.n ? 0 : 1;
	}
}

static int compound(struct text *t, struct part **ret, char combinator)
{
	struct part *part = arena_calloc(t->arena, 1, sizeof(*part));
	struct test **end;
	int r = part ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	part->combinator = combinator;
	part->left = *ret;
	end = &part->tests;
	for (;;) {
		struct test test;

		r = simple(t, &test, true);
		if (r)
			break;
		*end = arena_alloc(t->arena, sizeof(test));
		if (!*end)
			return -ENOMEM;
		**end = test;
		end = &(*end)->next;
	}
	*ret = part;
	return r < 0 || !part->tests ? -EINVAL : 0;
}

static int complex_selector(struct text *t, struct selector *s)
{
	char combinator = '\0';
	int r;

	(void)blanks(t);
	for (;;) {
		r = compound(t, &s->last, combinator);
		if (r < 0)
			return r;
		combinator = blanks(t) ? ' ' : '\0';
		if (peek(t) == '>' || peek(t) == '+') {
			combinator = peek(t);
			t->i++;
			(void)blanks(t);
		} else if (!peek(t) || peek(t) == ',') {
			return 0;
		} else if (!combinator) {
			return -EINVAL;
		}
	}
}

int selector_parse(struct selector **ret, struct arena *arena, struct span text, size_t *ret_at)
{
	struct text t = {arena, text, 0};
	struct selector **end = ret;
	int r;

	do {
		*end = arena_calloc(arena, 1, sizeof(**end));
		if (!*end)
			return -ENOMEM;
		r = complex_selector(&t, *end);
		if (r < 0) {
			*ret_at = t.i;
			return r;
		}
		end = &(*end)->other;
	} while (t.i++ < text.n);
	return 0;
}

/* --- Finding ------------------------------------------------------------------------------ */

struct level {
	const struct tree *element;
	const struct tree *before; /* the element in front of it, under the same parent */
	const struct level *up;
};

static bool has_word(struct span list, struct span value)
{
	size_t from = 0;

	if (!value.n)
		return false;
	for (size_t i = 0; i <= list.n; i++) {
		if (i < list.n && !ascii_space(list.p[i]))
			continue;
		if (span_eq(span_slice(list, from, i), value))
			return true;
		from = i + 1;
	}
	return false;
}

static bool holds(struct span s, struct span value)
{
	return value.n && memmem(s.p, s.n, value.p, value.n);
}

static bool test_passes(const struct test *test, const struct tree *element)
{
	const struct tree *attribute;
	struct span value;

	if (test->kind == TEST_TYPE)
		return !test->name.n || span_eq_ci(test->name, element->name);
	attribute = tree_member(element, test->name);
	if (!attribute)
		return false;
	value = span_of(attribute->p, attribute->n);
	switch (test->kind) {
	case TEST_CLASS:
	case TEST_WORD:
		return has_word(value, test->value);
	case TEST_IS:
		return span_eq(value, test->value);
	case TEST_STARTS:
		return test->value.n && span_starts(value, test->value);
	case TEST_ENDS:
		return test->value.n && span_ends(value, test->value);
	case TEST_HOLDS:
		return holds(value, test->value);
	default:
		return true;
	}
}

static bool compound_passes(const struct part *part, const struct tree *element)
{
	for (const struct test *test = part->tests; test; test = test->next)
		if (test_passes(test, element) == test->not )
			return false;
	return true;
}

static bool passes(const struct part *part, const struct level *at, uint64_t *steps)
{
	struct level neighbour;

	*steps -= *steps > 0;
	if (!*steps || !compound_passes(part, at->element))
		return false;
	if (!part->left)
		return true;
	switch (part->combinator) {
	case '>':
		return at->up && passes(part->left, at->up, steps);
	case '+':
		neighbour = (struct level){at->before, NULL, at->up};
		return at->before && passes(part->left, &neighbour, steps);
	default:
		for (const struct level *up = at->up; up; up = up->up)
			if (passes(part->left, up, steps))
				return true;
		return false;
	}
}

struct finding {
	const struct selector *selector;
	uint64_t *steps;
	bool (*found)(void *arg, const struct tree *element);
	void *arg;
};

static bool walk(const struct finding *f, const struct level *up)
{
	const struct tree *before = NULL;

	for (uint32_t i = 0; i < up->element->n; i++) {
		const struct level at = {&up->element->items[i], before, up};

		if (at.element->kind != TREE_ELEMENT)
			continue;
		for (const struct selector *s = f->selector; s; s = s->other) {
			if (!passes(s->last, &at, f->steps))
				continue;
			if (!f->found(f->arg, at.element))
				return false;
			break;
		}
		if (!*f->steps || !walk(f, &at))
			return false;
		before = at.element;
	}
	return true;
}

bool selector_find(const struct selector *s, const struct tree *scope, uint64_t *steps,
	bool (*found)(void *arg, const struct tree *element), void *arg)
{
	const struct finding f = {s, steps, found, arg};
	const struct level top = {scope, NULL, NULL};

	if (scope->kind == TREE_ELEMENT)
		(void)walk(&f, &top);
	return *steps > 0;
}
