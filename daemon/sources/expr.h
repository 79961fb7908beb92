#ifndef VIGIE_SOURCES_EXPR_H
#define VIGIE_SOURCES_EXPR_H

/*
 * expr: the expressions of connector maps, compiled once and asked for each item. They point
 * into an answer (tree.h), choose the first value that is there, and put it through filters:
 *
 *   /author/name ?? /author/login        first that is there
 *   /tags/ * /name | lower               (without the blanks) all of a list, each put through
 *   "https://x.example/{/id}"            null when any part is
 *   /owner | lookup($/users,id) | get(/name)
 *
 * The whole notation stands in vigie-sources(5). An expression has no effect, no loop and no
 * clock; what it may cost is bounded by the caller's steps.
 */

#include <stdbool.h>
#include <stdint.h>

#include "sources/pattern.h"
#include "sources/tree.h"
#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/err.h"
#include "vigie/span.h"

struct expr;

/* What expressions are made in: their memory, and the patterns they hold. `{ 0 }` is empty. */
struct expr_set {
	struct arena arena;
	struct pattern **patterns;
	size_t n_patterns;
};

void expr_set_deinit(struct expr_set *set);

enum { EXPR_MAX_DEPTH = 16, EXPR_MAX_BYTES = 8192 };

/* Where a text stands, for messages: columns count on from its first byte. */
struct expr_place {
	const char *file;
	int line, column;
};

/* 0; -EINVAL with what is wrong in errors; -ENOMEM. `text` must live as long as the set. */
int expr_parse(struct expr **ret, struct expr_set *set, struct span text,
	struct expr_place place, struct err_list *errors);

/* Does it use this variable anywhere? */
bool expr_uses(const struct expr *x, struct span variable);

/* The same for a condition: `/a == b`, `/a != b`, `/a ~ pattern`, joined by `&&`. */
struct expr_condition;
int expr_condition_parse(struct expr_condition **ret, struct expr_set *set, struct span text,
	struct expr_place place, struct err_list *errors);

struct expr_var {
	struct span name;
	struct span value;
};

/* Steps an answer may cost: pointing at a member, looking at an element of a list. A page of a
 * thousand items takes some hundred thousand. */
enum { EXPR_MAX_STEPS = 20 * 1000 * 1000 };

/* One thread's asking. Zeroed but for what is said below, by expr_eval_init(). */
struct expr_eval {
	struct arena *arena;                     /* of values; they also point into the tree */
	const struct tree *root, *item, *parent; /* $, the item, @ */
	const struct expr_var *vars;
	size_t n_vars;
	uint64_t steps; /* left */
	bool failed;    /* out of steps or memory: what was given is not the truth */
	/* private */
	struct pattern_scratch *scratch;
	struct tree *stack;
	size_t n, capacity;
	struct buf text;  /* of templates, a stack too */
	struct buf spare; /* of filters */
};

int expr_eval_init(struct expr_eval *e, struct arena *arena);
void expr_eval_deinit(struct expr_eval *e);

/* The value, or NULL when there is none. Never a void one. */
const struct tree *expr_value(struct expr_eval *e, const struct expr *x);
bool expr_holds(struct expr_eval *e, const struct expr_condition *c);

#endif
