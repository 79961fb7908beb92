#ifndef RULES_ENTRY_H
#define RULES_ENTRY_H

/*
 * entry: what of a leaf is looked up in the dictionary, and how often that would be met.
 */

#include <stdbool.h>

#include "set.h"

/* What a token of a term is best found by, and how often that would be met by the guesses of
 * common.h (ret_share NULL: not asked). False: by nothing. */
bool entry_of_token(const struct leaf_token *t, struct entry *ret, double *ret_share);

/* The longest string without wildcard in a pattern. */
struct span entry_inner(struct span pattern);

/* The part of a string (in token form) that is best looked for: a word between two separators,
 * the beginning or end of one at an edge of the string, else the string itself. */
bool entry_of_literal(struct span literal, struct entry *ret, double *ret_share);

#endif
