#ifndef RULES_MEANING_H
#define RULES_MEANING_H

/*
 * meaning: hashes of what queries mean, whichever way they are written.
 */

#include "query_tree.h"

uint64_t meaning_of(const struct node *tree);

/* Of a term or regex alone. */
uint64_t meaning_of_leaf(const struct node *leaf);

/* Mixes more into a hash. */
uint64_t meaning_mix(uint64_t h, struct span s);
uint64_t meaning_mix_double(uint64_t h, double v);

#endif
