#ifndef RULES_QUERY_H
#define RULES_QUERY_H

/*
 * query: the query language, from text to tree. What a query means is decided elsewhere
 * (compile.h); here it is read and every mistake gets a code, a place and a remedy.
 */

#include "query_tree.h"

/* Reads a query. 0; -EINVAL when anything was added to errors; -ENOMEM. The tree is in the
 * arena and points into text. */
int query_parse(
	struct node **ret, struct arena *arena, struct span text, struct query_errors *errors);

/* A regex as a whole query. */
int query_regex(struct node **ret, struct arena *arena, struct span pattern,
	struct query_errors *errors);

#endif
