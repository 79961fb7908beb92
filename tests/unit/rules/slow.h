#ifndef TESTS_RULES_SLOW_H
#define TESTS_RULES_SLOW_H

/*
 * slow: the meaning of a query, written as plainly as the manual says it, to measure the engine
 * by: every token is compared with every token, nothing is shared, nothing is skipped.
 */

#include "query.h"
#include "regex.h"
#include "vigie/ruleset.h"

struct slow_answer {
	bool wanted;
	struct match_span *spans;
	size_t n;
};

/* What the tree (parsed, expanded; regexes not compiled) says of an item. Everything is in the
 * arena. The item's texts are valid UTF-8. */
struct slow_answer slow_match(const struct node *tree, const struct item *item,
	const struct match_context *context, struct arena *arena);

/* A random query and a random item from few words, so that they meet often. `seed` is advanced.
 */
struct span slow_random_query(uint64_t *seed, struct arena *arena);
struct item slow_random_item(
	uint64_t *seed, struct arena *arena, struct match_context *context);

#endif
