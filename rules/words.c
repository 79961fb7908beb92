/*
 * words: what a document must hold to be worth asking about: the anchors of the rules, one word
 * of each.
 */

#include <errno.h>

#include "set.h"

/* The token looked for, or another one: any of a term's tokens is in what it matches. */
static const struct leaf_token *word_of(const struct leaf *leaf)
{
	if (leaf->kind != NODE_TERM || leaf->loose || leaf->irregular)
		return NULL;
	for (uint32_t i = 0; i < leaf->n_tokens; i++) {
		const struct leaf_token *t = &leaf->tokens[(leaf->rarest + i) % leaf->n_tokens];

		if (t->kind != TOKEN_PATTERN && !t->loose && !t->irregular)
			return t;
	}
	return NULL;
}

int ruleset_words(const struct ruleset *set, struct arena *arena, struct ruleset_word **ret,
	size_t *ret_n)
{
	struct ruleset_word *words = arena_calloc(arena, set->n_leaves + 1, sizeof(*words));
	size_t n = 0;

	if (!words)
		return -ENOMEM;
	if (set->n_always)
		return RULESET_ANY;
	for (size_t i = 0; i < set->n_leaves; i++) {
		const struct leaf_token *t;

		if (!set->leaves[i].n_rules)
			continue;
		t = word_of(&set->leaves[i]);
		if (!t)
			return RULESET_ANY;
		words[n++] = (struct ruleset_word){t->text, t->kind == TOKEN_PREFIX};
	}
	*ret = words;
	*ret_n = n;
	return 0;
}
