#ifndef RULES_COMMON_H
#define RULES_COMMON_H

/*
 * common: how common a word probably is, so that a rule waits for the rarest of its words. Only
 * an order matters; a wrong guess costs time, never a match.
 */

#include <stdbool.h>

#include "query_tree.h"
#include "vigie/span.h"

/* Roughly the share of tokens that are this one. Folded text. */
double common_share(enum token_kind kind, struct span text);

/* Whether a folded word is an everyday word of French or English. */
bool common_word(struct span word);

#endif
