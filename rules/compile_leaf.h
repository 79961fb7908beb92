#ifndef RULES_COMPILE_LEAF_H
#define RULES_COMPILE_LEAF_H

/*
 * compile_leaf: the terms and regexes of all rules, each once, and what of them is looked up in
 * the dictionary.
 */

#include "compiler.h"

/* The leaf that means what the node, a term or regex, says: found, or made. */
uint32_t compile_leaf(struct compiler *c, struct node *n);

/* Whether meeting the leaf's tokens says all, in any document. */
bool compile_met_is_found(const struct leaf *l);

/* Adds the dictionary's entries of all leaves. */
void compile_entries(struct compiler *c);

#endif
