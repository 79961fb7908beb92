/*
 * query_tree: what is done with the tree of a query as a whole: fragments filled in, and the
 * checks that need all of it.
 */
#include "query_tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

bool query_has_use(const struct node *node)
{
	if (node->kind == NODE_USE)
		return true;
	for (const struct node *c = node->first; c; c = c->next)
		if (query_has_use(c))
			return true;
	return false;
}

struct expansion {
	struct arena *arena;
	query_lookup *lookup;
	void *arg;
	struct query_errors *errors;
	size_t nodes;
};

static int too_large(struct expansion *e, size_t at)
{
	return query_fail(
		e->errors, E_SYNTAX, at, "too large with its fragments: split the rule");
}

/* A copy of a fragment's tree, as it stands for `use`. */
static int copy(struct expansion *e, struct node **ret, const struct node *from,
	const struct node *use, size_t depth)
{
	struct node *n, **tail;

	if (++e->nodes > QUERY_TREE_MAX || depth > QUERY_TREE_DEPTH_MAX)
		return too_large(e, use->at);
	n = arena_alloc(e->arena, sizeof(*n));
	if (!n)
		return -ENOMEM;
	*n = *from;
	n->at = use->at;
	n->meaning = 0;
	n->next = NULL;
	n->first = NULL;
	if (use->fields_given) {
		if (n->fields_given || n->kind == NODE_VALUE || n->kind == NODE_NUMBER)
			return query_fail(e->errors, E_FIELD, use->at,
				"fragment \"%.*s\" holds a field itself: it can't stand in a "
				"field",
				SPAN_ARG(use->u.name));
		n->fields = use->fields;
		n->fields_given = true;
	}
	tail = &n->first;
	for (const struct node *c = from->first; c; c = c->next) {
		const int r = copy(e, tail, c, use, depth + 1);

		if (r < 0)
			return r;
		tail = &(*tail)->next;
	}
	*ret = n;
	return 0;
}

static int expand(struct expansion *e, struct node **node, size_t depth)
{
	struct node *n = *node, *next = n->next, *fragment = NULL;
	enum query_found found;
	int r = 0;

	if (depth > QUERY_TREE_DEPTH_MAX)
		return too_large(e, n->at);
	if (n->kind != NODE_USE) {
		for (struct node **c = &n->first; *c && r >= 0; c = &(*c)->next)
			r = expand(e, c, depth + 1);
		return r;
	}
	found = e->lookup(e->arg, n->u.name, &fragment);
	if (found == QUERY_BROKEN)
		return -EINVAL;
	if (found != QUERY_FOUND)
		return query_fail(e->errors, E_FIELD, n->at,
			found == QUERY_CYCLE
				? "fragment \"%.*s\" leads back to itself: break the circle"
				: "no fragment \"%.*s\": write it under define:, or take one "
				  "of a pack",
			SPAN_ARG(n->u.name));
	r = copy(e, node, fragment, n, depth);
	if (r < 0)
		return r;
	(*node)->source = n->source;
	(*node)->next = next;
	return 0;
}

int query_expand(struct node **node, struct arena *arena, query_lookup *lookup, void *arg,
	struct query_errors *errors)
{
	struct expansion e = {arena, lookup, arg, errors, 0};

	return expand(&e, node, 0);
}

static bool near_operand(const struct node *n)
{
	if (n->kind == NODE_TERM || n->kind == NODE_NEAR)
		return !n->fields_given;
	if (n->kind != NODE_OR)
		return false;
	for (const struct node *c = n->first; c; c = c->next)
		if (!near_operand(c))
			return false;
	return true;
}

/* fields: of the text field around NEAR; its operands have the same, and no other. */
static bool near_operand_in(const struct node *n, uint8_t fields)
{
	if (n->kind == NODE_OR) {
		for (const struct node *c = n->first; c; c = c->next)
			if (!near_operand_in(c, fields))
				return false;
		return true;
	}
	return (n->kind == NODE_NEAR || n->kind == NODE_TERM) && n->fields == fields;
}

static int check_near(const struct node *n, struct query_errors *errors)
{
	int r = 0;

	if (n->kind == NODE_NEAR) {
		for (const struct node *c = n->first; c; c = c->next) {
			const bool fits = n->fields_given ? near_operand_in(c, n->fields)
							  : near_operand(c);

			if (!fits)
				r = query_fail(errors, E_NEAR, c->at,
					"NEAR joins terms and alternatives (a OR b) only: take "
					"AND, NOT, "
					"fields and regexes out of it");
		}
	}
	for (const struct node *c = n->first; c; c = c->next) {
		const int x = check_near(c, errors);

		r = x < 0 ? x : r;
	}
	return r;
}

/* What the query would say of a document where every test is false. */
static bool when_all_false(const struct node *n)
{
	uint64_t count = 0;

	for (const struct node *c = n->first; c; c = c->next)
		count += when_all_false(c);
	switch (n->kind) {
	case NODE_AND:
		return count == n->n_children;
	case NODE_OR:
		return count > 0;
	case NODE_NOT:
		return count == 0;
	case NODE_OF:
		return count >= n->u.least;
	default:
		return false;
	}
}

int query_check(const struct node *node, struct query_errors *errors)
{
	const int r = check_near(node, errors);

	if (when_all_false(node))
		return query_fail(errors, E_NEGATIVE, node->at,
			"the query says only what must be absent: add what must be there");
	return r;
}
