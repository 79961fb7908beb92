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

/* A range of a leaf, and the leaf's next one (1 + its index; 0: none), in the order of the
 * text. */
struct place {
	struct range range;
	uint32_t next;
};

/* Of the leaf, in the document in which it was last met or searched for. */
struct leaf_state {
	uint32_t searched; /* epoch of that document */
	/* Of a term: 1 + index of its first and last place; 0: none. Of a regex: the stretch of
	 * regex_spans, from `first`, `last` excluded. */
	uint32_t first, last;
	bool all; /* of a regex: not only its first match */
};

struct ruleset_scratch {
	const struct ruleset *set;
	uint32_t epoch;
	/* the document */
	const struct item *item;
	const struct match_context *context;
	struct folded folded;
	struct buf author;
	dictionary_probe *probe;
	struct dictionary_hit *hits;
	size_t hits_capacity;
	uint32_t *hashes; /* of tokens, once they are searched */
	uint32_t *heads;  /* first four bytes of tokens */
	size_t searched_capacity;
	bool searching; /* hashes and heads are of this document */
	/* Whether a field is UTF-8: 0 not known yet, 1 it is, -1 it is not. */
	signed char fields_valid[ITEM_FIELDS];
	/* leaves */
	uint32_t *met; /* epoch of the document in which each leaf was last met */
	struct leaf_state *leaves;
	struct place *places;
	size_t n_places, places_capacity;
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

bool range_add(struct ruleset_scratch *s, struct range_list *l, struct range r);

/* leaf.c */

/* A token fits a mark. True when its leaf is met for the first time in this document: now its
 * rules are candidates. */
bool leaf_met(struct ruleset_scratch *s, const struct entry_mark *mark, uint32_t token);

/* Whether the leaf is in the document. */
bool leaf_found(struct ruleset_scratch *s, uint32_t leaf);

/* The places of a term leaf, as a chain: 1 + the index of the first one in s->places; 0: none.
 */
uint32_t leaf_places(struct ruleset_scratch *s, uint32_t leaf);

/* Adds the spans of all matches of a leaf to s->spans. */
void leaf_spans(struct ruleset_scratch *s, uint32_t leaf);

/* Adds the span of one range of a term leaf. */
void leaf_range_span(struct ruleset_scratch *s, const struct leaf *leaf, struct range r);

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

/* ruleset.c: makes the item the document at hand, and meets its tokens. 0 or -ENOMEM. */
int document_begin(struct ruleset_scratch *s, const struct item *item,
	const struct match_context *context);

/* values.c */
bool value_holds(struct ruleset_scratch *s, const struct value_test *test);
bool number_holds(const struct ruleset_scratch *s, const struct number_test *test);

/* `lang` as lang: compares it: whether it is `wanted` (lower case, '-') or a kind of it. */
bool lang_is(struct span lang, struct span wanted);

#endif
