#ifndef VIGIE_RULETEST_H
#define VIGIE_RULETEST_H

/*
 * ruletest: the tests that stand beside rules (`tests:` in a rule, or a file of them), and
 * their outcome. vigie-rules(5) says how they are written.
 */

#include "vigie/ruleset.h"

struct rule_test {
	struct span rule; /* id */
	bool wanted;      /* whether the rule must match */
	struct item item;
	struct match_context context;
	const struct span *spans; /* what must be found, in order, when spans_given */
	size_t n_spans;
	bool spans_given;
	const char *file;
	int line, column;
};

/* `{ 0 }` is empty; everything is in the arena. */
struct rule_tests {
	struct arena arena;
	struct rule_test *items;
	size_t n, capacity;
};

static inline void rule_tests_release(struct rule_tests *tests)
{
	arena_release(&tests->arena);
	*tests = (struct rule_tests){0};
}

/* Adds the tests of a rule file or of a file of tests. `file` must outlive them. 0, -EINVAL
 * with all mistakes in errors, -ENOMEM. */
int ruletest_read(
	struct rule_tests *tests, struct span yaml, const char *file, struct err_list *errors);

struct rule_outcome {
	bool passed;
	struct span why; /* "matches, and should not"; empty when passed */
	bool matches;
	const struct match_span *spans;
	size_t n_spans;
	struct explained tree;
	size_t rule; /* its number in the set */
};

/* Runs one test. Everything is in the arena. 0; -ENOENT when the set has no such rule; -ENOMEM.
 */
int ruletest_run(struct rule_outcome *ret, const struct ruleset *set,
	struct ruleset_scratch *scratch, const struct rule_test *test, struct arena *arena);

/* The number of the rule with this id, or SIZE_MAX. */
size_t ruleset_find(const struct ruleset *set, struct span id);

#endif
