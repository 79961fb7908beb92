#ifndef RULES_COMPILE_H
#define RULES_COMPILE_H

/*
 * compile: from the trees of all rules to one set: leaves shared, programs written one after
 * the other, anchors chosen.
 */

#include "set.h"

struct compile_rule {
	struct match info; /* version is filled in here */
	struct node *tree; /* expanded and checked; NULL: the rule is off */
	const struct span *languages;
	size_t n_languages;
	bool enabled;
};

/* 0 or -ENOMEM. Nothing in the set points to what the rules point to, but info.tags and
 * languages, which must be in the set's arena. */
int compile(struct ruleset *set, const struct compile_rule *rules, size_t n);

#endif
