#include "sources/expr.h"

#include <stdlib.h>

#include "sources/expr_inner.h"

static bool condition_uses(const struct expr_condition *c, struct span variable)
{
	for (; c; c = c->also)
		if (expr_uses(c->left, variable))
			return true;
	return false;
}

bool expr_uses(const struct expr *x, struct span variable)
{
	if (!x)
		return false;
	if (x->kind == EXPR_VAR && span_eq(x->name, variable))
		return true;
	for (size_t i = 0; i < x->n_parts; i++)
		if (expr_uses(x->parts[i], variable))
			return true;
	for (size_t i = 0; i < x->n_uses; i++)
		if (expr_uses(x->uses[i].expr, variable) ||
			condition_uses(x->uses[i].condition, variable))
			return true;
	return false;
}

int expr_eval_init(struct expr_eval *e, struct arena *arena)
{
	*e = (struct expr_eval){.arena = arena, .steps = EXPR_MAX_STEPS};
	return pattern_scratch_new(&e->scratch);
}

void expr_eval_deinit(struct expr_eval *e)
{
	pattern_scratch_free(e->scratch);
	free(e->stack);
	buf_deinit(&e->text);
	buf_deinit(&e->spare);
	*e = (struct expr_eval){0};
}

bool expr_spend(struct expr_eval *e, uint64_t steps)
{
	if (e->failed || e->steps < steps) {
		e->failed = true;
		return false;
	}
	e->steps -= steps;
	return true;
}

void expr_push(struct expr_eval *e, const struct tree *value)
{
	if (tree_void(value) || !expr_spend(e, 1))
		return;
	if (e->n == e->capacity) {
		const size_t capacity = e->capacity ? e->capacity * 2 : 32;
		struct tree *stack = realloc(e->stack, capacity * sizeof(*stack));

		if (!stack) {
			e->failed = true;
			return;
		}
		e->stack = stack;
		e->capacity = capacity;
	}
	e->stack[e->n++] = *value;
}

const struct tree *expr_list_from(struct expr_eval *e, size_t base)
{
	const size_t n = e->n - base;
	struct tree *list, *items;

	e->n = base;
	if (!n)
		return NULL;
	list = arena_alloc(e->arena, (n + 1) * sizeof(*list));
	if (!list) {
		e->failed = true;
		return NULL;
	}
	items = list + 1;
	memcpy(items, e->stack + base, n * sizeof(*items));
	*list = (struct tree){.kind = TREE_LIST, .n = (uint32_t)n, .items = items};
	return list;
}

/* --- Paths -------------------------------------------------------------------------------- */

static bool first_found(void *arg, const struct tree *element)
{
	*(const struct tree **)arg = element;
	return false;
}

static const struct tree *one_step(
	struct expr_eval *e, const struct tree *at, const struct expr_step *step)
{
	const struct tree *found = NULL;

	if (step->kind == STEP_SELECT) {
		if (!selector_find(step->selector, at, &e->steps, first_found, &found))
			e->failed = true;
		return found;
	}
	if (at->kind == TREE_LIST) {
		const int64_t i = step->index < 0 ? (int64_t)at->n + step->index : step->index;

		return step->is_index && i >= 0 && i < (int64_t)at->n ? &at->items[i] : NULL;
	}
	if (!expr_spend(e, 1 + at->n / 16))
		return NULL;
	return tree_member(at, step->name);
}

static void collect(struct expr_eval *e, const struct tree *at, const struct expr *x, size_t i);

struct selecting {
	struct expr_eval *e;
	const struct expr *x;
	size_t i;
};

static bool each_found(void *arg, const struct tree *element)
{
	const struct selecting *s = arg;

	collect(s->e, element, s->x, s->i);
	return !s->e->failed;
}

static bool has_children(const struct tree *t)
{
	return t->kind == TREE_LIST || t->kind == TREE_OBJECT || t->kind == TREE_ELEMENT;
}

static void collect(struct expr_eval *e, const struct tree *at, const struct expr *x, size_t i)
{
	const struct expr_step *step = &x->steps[i];
	struct selecting selecting = {e, x, i + 1};

	if (i == x->n_steps) {
		expr_push(e, at);
		return;
	}
	if (step->kind == STEP_SELECT && step->collect) {
		if (!selector_find(step->selector, at, &e->steps, each_found, &selecting))
			e->failed = true;
		return;
	}
	if (step->kind != STEP_ALL && !step->collect) {
		at = one_step(e, at, step);
		if (at)
			collect(e, at, x, i + 1);
		return;
	}
	if (!has_children(at) || !expr_spend(e, 1 + at->n / 16))
		return;
	for (uint32_t k = 0; k < at->n && !e->failed; k++)
		if (step->kind == STEP_ALL
				? at->kind != TREE_ELEMENT || at->items[k].kind == TREE_ELEMENT
				: span_eq(at->items[k].name, step->name))
			collect(e, &at->items[k], x, i + 1);
}

/* Nothing of a list that is there. */
static const struct tree empty = {.kind = TREE_LIST};

static const struct tree *value_of_path(struct expr_eval *e, const struct expr *x)
{
	const struct tree *at = x->from == FROM_ROOT   ? e->root
				: x->from == FROM_ITEM ? e->item
						       : e->parent;
	const size_t base = e->n;

	for (size_t i = 0; at && i < x->n_steps; i++) {
		if (x->steps[i].kind == STEP_ALL || x->steps[i].collect) {
			collect(e, at, x, i);
			return e->n > base        ? expr_list_from(e, base)
			       : has_children(at) ? &empty
						  : NULL;
		}
		at = one_step(e, at, &x->steps[i]);
	}
	return at;
}

/* --- Values ------------------------------------------------------------------------------- */

static const struct tree *value_of_var(struct expr_eval *e, const struct expr *x)
{
	for (size_t i = 0; i < e->n_vars; i++)
		if (span_eq(e->vars[i].name, x->name))
			return e->vars[i].value.n ? tree_string(e->arena, e->vars[i].value)
						  : NULL;
	return NULL;
}

/* A list stands for its first. */
static struct span scalar_text(struct expr_eval *e, const struct tree *value)
{
	while (value && value->kind == TREE_LIST)
		value = value->n ? &value->items[0] : NULL;
	return tree_text(value, e->arena);
}

static const struct tree *value_of_template(struct expr_eval *e, const struct expr *x)
{
	const size_t base = e->text.n;
	const struct tree *made = NULL;
	size_t i = 0;

	for (; i < x->n_parts && !e->failed; i++) {
		const struct span text = scalar_text(e, expr_value(e, x->parts[i]));

		if (!text.n)
			break;
		buf_add(&e->text, text);
	}
	if (e->text.failed)
		e->failed = true;
	else if (i == x->n_parts)
		made = tree_string(e->arena,
			arena_dup(e->arena, span_slice(buf_span(&e->text), base, e->text.n)));
	if (e->text.n > base)
		e->text.n = base;
	return made;
}

static const struct tree *put_through(
	struct expr_eval *e, const struct expr_use *use, const struct tree *value)
{
	const size_t base = e->n;

	if (value->kind != TREE_LIST || use->filter->whole)
		return use->filter->apply(e, use, value);
	for (uint32_t i = 0; i < value->n && !e->failed; i++) {
		const struct tree *one = &value->items[i];
		const struct tree *made = tree_void(one) ? NULL : put_through(e, use, one);

		if (made && made->kind == TREE_LIST && one->kind != TREE_LIST)
			for (uint32_t k = 0; k < made->n; k++)
				expr_push(e, &made->items[k]);
		else
			expr_push(e, made);
	}
	return expr_list_from(e, base);
}

static const struct tree *value_of_first(struct expr_eval *e, const struct expr *x)
{
	for (size_t i = 0; i < x->n_parts && !e->failed; i++) {
		const struct tree *value = expr_value(e, x->parts[i]);

		if (value)
			return value;
	}
	return NULL;
}

const struct tree *expr_value(struct expr_eval *e, const struct expr *x)
{
	const struct tree *value = NULL;

	switch (x->kind) {
	case EXPR_PATH:
		value = value_of_path(e, x);
		break;
	case EXPR_CONST:
		value = x->constant;
		break;
	case EXPR_VAR:
		value = value_of_var(e, x);
		break;
	case EXPR_TEMPLATE:
		value = value_of_template(e, x);
		break;
	case EXPR_FIRST:
		value = value_of_first(e, x);
		break;
	}
	for (size_t i = 0; i < x->n_uses && !e->failed; i++)
		if (!tree_void(value) ||
			(value && value->kind == TREE_LIST && x->uses[i].filter->whole))
			value = put_through(e, &x->uses[i], value);
	return tree_void(value) || e->failed ? NULL : value;
}

/* --- Conditions --------------------------------------------------------------------------- */

static bool is_one(
	struct expr_eval *e, const struct expr_condition *c, const struct tree *value)
{
	struct span groups[PATTERN_GROUPS];
	const struct span text = tree_text(value, e->arena);

	if (!expr_spend(e, 1 + text.n / 64))
		return false;
	if (c->op == CONDITION_MATCHES)
		return pattern_find(c->pattern, e->scratch, text, 0, groups);
	if (!text.n)
		return !c->value.n || span_eq_str(c->value, "null") ||
		       span_eq_str(c->value, "[]");
	return span_eq(text, c->value);
}

/* Of a list, one is enough. */
static bool is_any(
	struct expr_eval *e, const struct expr_condition *c, const struct tree *value)
{
	if (!value || value->kind != TREE_LIST)
		return is_one(e, c, value);
	for (uint32_t i = 0; i < value->n; i++)
		if (is_any(e, c, &value->items[i]))
			return true;
	return false;
}

bool expr_holds(struct expr_eval *e, const struct expr_condition *c)
{
	for (; c; c = c->also) {
		const struct tree *value = expr_value(e, c->left);
		const bool is =
			value && (value->kind == TREE_OBJECT || value->kind == TREE_LIST) &&
					c->op != CONDITION_MATCHES &&
					(span_eq_str(c->value, "[]") ||
						span_eq_str(c->value, "null"))
				? false
				: is_any(e, c, value);

		if (is == (c->op == CONDITION_IS_NOT))
			return false;
	}
	return !e->failed;
}
