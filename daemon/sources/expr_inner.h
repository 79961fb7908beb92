#ifndef VIGIE_SOURCES_EXPR_INNER_H
#define VIGIE_SOURCES_EXPR_INNER_H

/*
 * expr_inner: what an expression is made of; shared by its parser, its evaluation and its
 * filters, and by nobody else.
 */

#include "sources/expr.h"
#include "sources/selector.h"

enum expr_kind {
	EXPR_PATH,
	EXPR_CONST,
	EXPR_VAR,
	EXPR_TEMPLATE, /* parts in a row */
	EXPR_FIRST,    /* parts: the first that is there */
};

enum expr_from { FROM_ITEM, FROM_ROOT, FROM_PARENT };

struct expr_step {
	enum { STEP_NAME, STEP_ALL, STEP_SELECT } kind;
	bool collect; /* [] behind a name: all of that name */
	bool is_index;
	int32_t index;
	struct span name;
	struct selector *selector;
};

struct expr_pair {
	struct span key, value;
};

struct filter;

/* One filter as it stands in an expression, with what it was given. */
struct expr_use {
	const struct filter *filter;
	struct expr *expr;
	struct expr_condition *condition;
	const struct pattern *pattern;
	struct expr_pair *pairs; /* map; nullif: keys only */
	size_t n_pairs;
	struct span word;
	int64_t number;
};

struct expr {
	enum expr_kind kind;
	enum expr_from from;
	struct expr_step *steps;
	size_t n_steps;
	const struct tree *constant;
	struct span name; /* of a variable */
	struct expr **parts;
	size_t n_parts;
	struct expr_use *uses;
	size_t n_uses;
};

struct expr_condition {
	struct expr *left;
	enum { CONDITION_IS, CONDITION_IS_NOT, CONDITION_MATCHES } op;
	struct span value;
	const struct pattern *pattern;
	struct expr_condition *also;
};

/* What stands between a filter's parentheses. */
enum filter_takes {
	TAKES_NOTHING,
	TAKES_WORD_OR_NOTHING,
	TAKES_STRINGS, /* 'a','b' */
	TAKES_STRING,
	TAKES_PAIRS,     /* a=1,b=2,*=z */
	TAKES_CONDITION, /* /a == b */
	TAKES_PATTERN_GROUP,
	TAKES_PATTERN_STRING,
	TAKES_EXPR,
	TAKES_EXPR_WORD,
	TAKES_NUMBER,
};

struct filter {
	const char *name;
	enum filter_takes takes;
	/* Given a list it sees the list, an empty one too; else it is put through one by one.
	 */
	bool whole;
	const struct tree *(*apply)(
		struct expr_eval *e, const struct expr_use *use, const struct tree *value);
};

/* Ends with a NULL name. */
extern const struct filter filters[];

/* For filters: lists are built on the stack, from `base` on. */
void expr_push(struct expr_eval *e, const struct tree *value);
const struct tree *expr_list_from(struct expr_eval *e, size_t base);
bool expr_spend(struct expr_eval *e, uint64_t steps); /* false: nothing left */

/* Of expr_filters_ask.c. */
typedef const struct tree *expr_filter(
	struct expr_eval *e, const struct expr_use *use, const struct tree *value);
expr_filter expr_filter_date, expr_filter_ago, expr_filter_atleast, expr_filter_minus,
	expr_filter_number, expr_filter_bool, expr_filter_max, expr_filter_min,
	expr_filter_join, expr_filter_base64, expr_filter_s256, expr_filter_hmac;

#endif
