#ifndef RULES_TERM_H
#define RULES_TERM_H

/*
 * term: the tokens of a term, from what is written in a query.
 */

#include "query_tree.h"

/* Reads the tokens of a term. `content` is what stands between the quotes, or the bare word;
 * `escapes`: a backslash takes the next character literally. `at` is its offset in the query.
 */
int term_read(struct term *ret, struct arena *arena, struct span content, size_t at,
	bool escapes, bool exact, struct query_errors *errors);

#endif
