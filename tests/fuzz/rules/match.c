/*
 * match: a query in the first line (or a random one, when that line is empty), a text behind
 * it: the engine says what the slow evaluator says.
 */

#include <stdint.h>
#include <stdlib.h>

#include "query.h"
#include "slow.h"
#include "vigie/ruleset.h"
#include "vigie/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A regex can be slower than a fuzzer's patience, and its slowness is bounded elsewhere. */
static bool has_regex(const struct node *n)
{
	if (n->kind == NODE_REGEX)
		return true;
	for (const struct node *c = n->first; c; c = c->next)
		if (has_regex(c))
			return true;
	return false;
}

static void compare(const struct ruleset *set, const struct node *tree, const struct item *item,
	const struct match_context *context, struct arena *arena)
{
	struct ruleset_scratch *scratch = NULL;
	struct slow_answer want;
	struct match *matches = NULL;
	size_t n = 0;

	if (ruleset_scratch_new(&scratch, set) < 0 ||
		ruleset_match(set, scratch, item, context, arena, &matches, &n) < 0)
		abort();
	want = slow_match(tree, item, context, arena);
	if (n != want.wanted || (n && matches[0].n_spans != want.n))
		abort();
	for (size_t i = 0; n && i < want.n; i++)
		if (matches[0].spans[i].field != want.spans[i].field ||
			matches[0].spans[i].start != want.spans[i].start ||
			matches[0].spans[i].end != want.spans[i].end)
			abort();
	(void)ruleset_scratch_free(scratch);
}

static void run(struct span query, struct span text, uint64_t *seed, struct arena *arena)
{
	struct query_errors refused = {.arena = arena};
	struct ruleset_builder *b = NULL;
	struct err_list errors = {0};
	struct ruleset *set = NULL;
	struct match_context context;
	struct item item = slow_random_item(seed, arena, &context);
	const struct rule rule = {.id = SPAN("r"), .query = query};
	struct node *tree = NULL;

	if (text.n)
		item.text = text;
	if (ruleset_builder_new(&b) < 0)
		abort();
	if (ruleset_builder_add(b, &rule, &errors) == 0 &&
		ruleset_build(&set, b, &errors) == 0 &&
		query_parse(&tree, arena, query, &refused) == 0 && !has_regex(tree))
		compare(set, tree, &item, &context, arena);
	(void)ruleset_unref(set);
	(void)ruleset_builder_free(b);
	err_list_deinit(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span input = {(const char *)data, size < 4096 ? size : 4096};
	const size_t end = span_find(input, '\n');
	struct arena arena = {0};
	struct buf text = {0};
	uint64_t seed = 1;

	for (size_t i = 0; i < input.n; i++)
		seed = seed * 31 + data[i];
	utf8_repair(&text, span_slice(input, end + 1, input.n));
	run(end ? span_slice(input, 0, end) : slow_random_query(&seed, &arena), buf_span(&text),
		&seed, &arena);
	buf_deinit(&text);
	arena_release(&arena);
	return 0;
}
