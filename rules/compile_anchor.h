#ifndef RULES_COMPILE_ANCHOR_H
#define RULES_COMPILE_ANCHOR_H

/*
 * compile_anchor: what announces a rule: leaves of which one is in every document that it
 * matches, the rarest such set by guess.
 */

#include "compiler.h"

/* Chooses what announces the rule at hand. The leaves' uses are known. */
void compile_announce(struct compiler *c, struct node *tree);

/* Gives each anchor its rules. The set has its leaves. */
void compile_settle_anchors(struct compiler *c);

#endif
