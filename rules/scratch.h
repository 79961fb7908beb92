#ifndef RULES_SCRATCH_H
#define RULES_SCRATCH_H

/*
 * scratch: the memory of one thread while it matches documents against one set, and what is
 * known of the document at hand. Nothing is freed between documents; an epoch tells what is of
 * today.
 */

#include "fold.h"
#include "set.h"

/* Tokens first..last. */
struct range {
	uint32_t first, last;
};

struct range_list {
	struct range *items;
	size_t n;
	size_t capacity;
};

enum leaf_progress {
	LEAF_FIRST, /* a regex was searched for its first match only */
	LEAF_ALL
};

struct leaf_state {
	uint32_t epoch; /* of the document the rest is about */
	uint32_t fired; /* epoch in which it made its rules candidates */
	enum leaf_progress progress;
	bool found;
	uint32_t first, n; /* in ranges (terms) or regex_spans */
};

struct ruleset_scratch {
	const struct ruleset *set;
	uint32_t epoch;
	/* the document */
	const struct item *item;
	const struct match_context *context;
	struct folded folded;
	struct buf author;
	uint32_t *hashes; /* of tokens */
	uint32_t *heads;  /* first four bytes of tokens, once heads_known */
	uint32_t *hits;
	size_t tokens_capacity;
	bool heads_known;
	bool fields_checked; /* fields_valid says which fields are UTF-8 */
	bool fields_valid[ITEM_FIELDS];
	/* leaves */
	struct leaf_state *leaves;
	struct range_list ranges;
	struct match_span *regex_spans;
	size_t n_regex_spans, regex_spans_capacity;
	uint32_t *nexts; /* of a phrase with slop */
	size_t nexts_capacity;
	struct buf work;
	struct regex_scratch *regex;
	/* rules */
	uint32_t *rule_epochs;
	uint32_t *candidates;
	size_t n_candidates;
	struct match_span *spans; /* of the rule at hand */
	size_t n_spans, spans_capacity;
	size_t near_pairs; /* left of the rule's allowance */
	bool exceeded;     /* the rule at hand met a limit */
	bool no_memory;
	struct ruleset_counts counts;
	struct rule_counts *rule_counts;
	ruleset_clock *clock;
	void *clock_arg;
};

/* Room for one more in a growing array; false, and no_memory, when there is none. */
bool scratch_grow(
	struct ruleset_scratch *s, void **items, size_t *capacity, size_t n, size_t size);

bool range_add(struct ruleset_scratch *s, struct range_list *l, uint32_t first, uint32_t last);

/* leaf.c */

/* Whether the leaf is in the document. */
bool leaf_found(struct ruleset_scratch *s, uint32_t leaf);

/* The ranges of a term leaf, by first token; valid until another leaf is asked. */
const struct range *leaf_ranges(struct ruleset_scratch *s, uint32_t leaf, size_t *ret_n);

/* Adds the spans of all matches of a leaf to s->spans. */
void leaf_spans(struct ruleset_scratch *s, uint32_t leaf);

/* Adds the span of one range of a term leaf. */
void leaf_range_span(struct ruleset_scratch *s, const struct leaf *leaf, const struct range *r);

/* Whether a term leaf stands with its token number `token` at the document's token `at`. With
 * slop, whether that token does. */
bool leaf_stands(
	struct ruleset_scratch *s, const struct leaf *leaf, uint32_t token, uint32_t at);

/* near.c: `op` is a NODE_NEAR. */
bool near_found(struct ruleset_scratch *s, const struct op *op);
void near_spans(struct ruleset_scratch *s, const struct op *op);

/* evaluate.c */

/* Whether the subtree at op is true of the document. */
bool evaluate(struct ruleset_scratch *s, const struct op *op);

/* Adds the spans of a subtree that is true. */
void evaluate_spans(struct ruleset_scratch *s, const struct op *op);

/* Sorts s->spans and leaves each once. */
void spans_settle(struct ruleset_scratch *s);

/* values.c */
bool value_holds(struct ruleset_scratch *s, const struct value_test *test);
bool number_holds(const struct ruleset_scratch *s, const struct number_test *test);

/* `lang` as lang: compares it: whether it is `wanted` (lower case, '-') or a kind of it. */
bool lang_is(struct span lang, struct span wanted);

#endif
