#include "sources/tree.h"

#include <stdlib.h>

#include "sources/json.h"

void tree_build_deinit(struct tree_builder *b)
{
	free(b->stack);
	b->stack = NULL;
}

struct tree *tree_build_add(struct tree_builder *b, enum tree_kind kind, struct span name)
{
	struct tree *node;

	if (b->full)
		return NULL;
	if (b->n == b->capacity) {
		const size_t capacity = b->capacity ? b->capacity * 2 : 256;
		struct tree *stack = realloc(b->stack, capacity * sizeof(*stack));

		if (!stack) {
			b->full = true;
			return NULL;
		}
		b->stack = stack;
		b->capacity = capacity;
	}
	if (++b->nodes > TREE_MAX_NODES) {
		b->full = true;
		return NULL;
	}
	node = &b->stack[b->n++];
	*node = (struct tree){.kind = (uint8_t)kind, .name = name};
	return node;
}

void tree_build_text(
	struct tree_builder *b, enum tree_kind kind, struct span name, struct span text)
{
	struct tree *node = tree_build_add(b, kind, name);

	if (!node)
		return;
	node->p = text.p ? text.p : "";
	node->n = (uint32_t)text.n;
}

void tree_build_open(struct tree_builder *b, enum tree_kind kind, struct span name)
{
	if (b->depth == TREE_MAX_DEPTH)
		b->full = true;
	if (b->full)
		return;
	b->open[b->depth].node = (struct tree){.kind = (uint8_t)kind, .name = name};
	b->open[b->depth].base = b->n;
	b->depth++;
}

void tree_build_close(struct tree_builder *b, bool cut)
{
	const size_t base = b->open[--b->depth].base;
	const size_t n = b->n - base;
	struct tree *items = n ? arena_alloc(b->arena, n * sizeof(*items)) : NULL;
	struct tree *node;

	b->open[b->depth].node.cut = cut;
	if (items) {
		memcpy(items, b->stack + base, n * sizeof(*items));
		b->open[b->depth].node.items = items;
		b->open[b->depth].node.n = (uint32_t)n;
	} else if (n) {
		b->open[b->depth].node.cut = b->full = true;
	}
	b->n = base;
	/* The room of the children is there, even when a bound was reached. */
	if (!b->full) {
		node = tree_build_add(b, TREE_NULL, SPAN_NONE);
	} else if (b->n < b->capacity) {
		node = &b->stack[b->n++];
	} else {
		node = NULL;
	}
	if (node)
		*node = b->open[b->depth].node;
}

int tree_build_end(struct tree_builder *b, struct tree *ret, bool cut)
{
	cut = cut || b->full;
	while (b->depth)
		tree_build_close(b, cut);
	*ret = b->n ? b->stack[0] : (struct tree){.kind = TREE_NULL, .cut = cut};
	tree_build_deinit(b);
	return 0;
}

/* --- JSON ------------------------------------------------------------------------------- */

static bool has_escape(struct span s)
{
	return span_find(s, '\\') < s.n;
}

static struct span unescaped(struct arena *arena, struct span raw)
{
	struct buf text = {0};
	struct span s;

	json_unescape(&text, raw);
	s = text.failed ? SPAN_NONE : arena_dup(arena, buf_span(&text));
	buf_deinit(&text);
	return s;
}

static enum tree_kind kind_of_word(struct span word)
{
	if (span_eq(word, SPAN("true")) || span_eq(word, SPAN("false")))
		return TREE_BOOL;
	return TREE_NULL;
}

/* What of a word is a number: a reader that forgives gives "12abc" as one. */
static struct span number_of(struct span word)
{
	size_t n = 0;

	while (n < word.n && word.p[n] && strchr("+-.0123456789eE", word.p[n]))
		n++;
	return span_slice(word, 0, n);
}

int tree_json(struct tree *ret, struct arena *arena, struct span body)
{
	struct tree_builder b = {.arena = arena};
	struct json j = {0};
	struct json_token t;
	struct span name = SPAN_NONE;
	struct tree *node;

	json_feed(&j, body, true);
	while (!b.full && json_next(&j, &t) != JSON_END) {
		switch (t.event) {
		case JSON_KEY:
			name = has_escape(t.text) ? unescaped(arena, t.text) : t.text;
			continue;
		case JSON_OBJECT:
		case JSON_ARRAY:
			tree_build_open(
				&b, t.event == JSON_OBJECT ? TREE_OBJECT : TREE_LIST, name);
			break;
		case JSON_CLOSE:
			if (b.depth)
				tree_build_close(&b, false);
			break;
		case JSON_STRING:
			node = tree_build_add(&b, TREE_STRING, name);
			if (node) {
				node->p = t.text.p;
				node->n = (uint32_t)t.text.n;
				node->escaped = has_escape(t.text);
			}
			break;
		case JSON_NUMBER:
			tree_build_text(&b, TREE_NUMBER, name, number_of(t.text));
			break;
		default:
			tree_build_text(&b, kind_of_word(t.text), name, t.text);
			break;
		}
		name = SPAN_NONE;
		if (!b.depth && b.n)
			break;
	}
	return tree_build_end(&b, ret, b.depth > 0);
}

bool tree_looks_like_json(struct span body)
{
	struct span s = span_trim(body);
	char first, last;

	if (!s.n)
		return false;
	first = s.p[0];
	last = s.p[s.n - 1];
	if (first == '{' || first == '[')
		return last == (first == '{' ? '}' : ']');
	if (first == '"')
		return s.n > 1 && last == '"';
	if (span_eq(s, SPAN("null")) || span_eq(s, SPAN("true")) || span_eq(s, SPAN("false")))
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("+-.0123456789eE", s.p[i]))
			return false;
	return first == '-' || (first >= '0' && first <= '9');
}

/* --- Looking in --------------------------------------------------------------------------- */

bool tree_void(const struct tree *t)
{
	if (!t || t->kind == TREE_NULL)
		return true;
	if (t->kind == TREE_TIME)
		return !wall_known(t->time);
	if (t->kind == TREE_ELEMENT) {
		for (uint32_t i = 0; i < t->n; i++)
			if (t->items[i].n)
				return false;
		return true;
	}
	return t->n == 0;
}

const struct tree *tree_member(const struct tree *t, struct span name)
{
	if (t->kind != TREE_OBJECT && t->kind != TREE_ELEMENT)
		return NULL;
	for (uint32_t i = 0; i < t->n; i++) {
		const struct span other = t->items[i].name;

		if (other.n == name.n && other.p && memcmp(other.p, name.p, name.n) == 0)
			return &t->items[i];
	}
	return NULL;
}

static void add_text(struct buf *out, const struct tree *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct tree *child = &t->items[i];

		if (child->kind == TREE_ELEMENT)
			add_text(out, child);
		else if (!child->name.n)
			buf_add(out, span_of(child->p, child->n));
	}
}

static struct span text_of_element(const struct tree *t, struct arena *arena)
{
	const struct tree *only = NULL;
	struct buf out = {0};
	struct span s;

	for (uint32_t i = 0; i < t->n; i++) {
		if (t->items[i].name.n && t->items[i].kind != TREE_ELEMENT)
			continue;
		if (only || t->items[i].kind == TREE_ELEMENT) {
			add_text(&out, t);
			s = out.failed ? SPAN_NONE : arena_dup(arena, buf_span(&out));
			buf_deinit(&out);
			return s;
		}
		only = &t->items[i];
	}
	return only ? span_of(only->p, only->n) : SPAN_NONE;
}

struct span tree_text(const struct tree *t, struct arena *arena)
{
	char time[RFC3339_SIZE];

	if (!t)
		return SPAN_NONE;
	switch (t->kind) {
	case TREE_BOOL:
	case TREE_NUMBER:
		return span_of(t->p, t->n);
	case TREE_STRING:
		return t->escaped ? unescaped(arena, span_of(t->p, t->n)) : span_of(t->p, t->n);
	case TREE_ELEMENT:
		return text_of_element(t, arena);
	case TREE_TIME:
		return arena_dup(arena, span_str(wall_rfc3339(time, t->time)));
	default:
		return SPAN_NONE;
	}
}

static void add_escaped(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '&')
			buf_add(out, SPAN("&amp;"));
		else if (s.p[i] == '<')
			buf_add(out, SPAN("&lt;"));
		else if (s.p[i] == '>')
			buf_add(out, SPAN("&gt;"));
		else
			buf_add_char(out, s.p[i]);
	}
}

void tree_markup(struct buf *out, const struct tree *element)
{
	for (uint32_t i = 0; i < element->n; i++) {
		const struct tree *child = &element->items[i];

		if (child->kind == TREE_ELEMENT) {
			buf_addf(out, "<%.*s>", SPAN_ARG(child->name));
			tree_markup(out, child);
			buf_addf(out, "</%.*s>", SPAN_ARG(child->name));
		} else if (!child->name.n) {
			add_escaped(out, span_of(child->p, child->n));
		}
	}
}

const struct tree *tree_string(struct arena *arena, struct span text)
{
	struct tree *t = arena_alloc(arena, sizeof(*t));

	if (t)
		*t = (struct tree){
			.kind = TREE_STRING, .n = (uint32_t)text.n, .p = text.p ? text.p : ""};
	return t;
}
