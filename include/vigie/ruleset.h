#ifndef VIGIE_RULESET_H
#define VIGIE_RULESET_H

/*
 * ruleset: every rule of a configuration, compiled; the door of rules/. A set is built once and
 * never changes: any number of threads may match against one set, each with its own scratch.
 * rules/vigie-rules.5.scd is the language; nothing here reads a file, a clock or a socket.
 */

#include <stdint.h>

#include "vigie/arena.h"
#include "vigie/err.h"
#include "vigie/hit.h"
#include "vigie/item.h"

struct ruleset;
struct ruleset_builder;
struct ruleset_scratch;

/* Where a rule's query stands in a file, so that an error can point into it. For a scalar that
 * is not written on one line as it reads (block, folded or escaped) `exact` is false, and
 * `source` says how it is written; without it only its start is named. */
struct rule_place {
	const char *file; /* may be NULL */
	int line;
	int column; /* of the first character of the query itself, behind an opening quote */
	bool exact;
	struct span source; /* from line and column on; as yaml_locate() takes it */
	char quote;
};

/* One rule as written. Exactly one of query and regex is non-empty. Empty spans are defaults.
 * The builder copies what it needs. */
struct rule {
	struct span id;
	struct span query;
	struct span regex;
	struct span kind; /* default "topic" */
	struct span brand;
	struct span note;
	const struct span *tags;
	size_t n_tags;
	const struct span *languages; /* an item of a known other language does not match */
	size_t n_languages;
	double weight; /* 0: 1 */
	bool disabled;
	struct rule_place place;
};

/* A builder makes one set. 0 or -ENOMEM. */
int ruleset_builder_new(struct ruleset_builder **ret);
struct ruleset_builder *ruleset_builder_free(struct ruleset_builder *b);

/* Adds a rule, or reports all that is wrong with it ("E_NEAR: distance missing: write NEAR/5
 * (rule acme)") and returns -EINVAL; the builder stays usable, without the rule, but its id is
 * taken. -ENOMEM. */
int ruleset_builder_add(
	struct ruleset_builder *b, const struct rule *rule, struct err_list *errors);

/* Names a query fragment, usable in queries as QUERY's manual says. Cycles are reported by
 * ruleset_build(). */
int ruleset_builder_define(struct ruleset_builder *b, struct span name, struct span query,
	const struct rule_place *place, struct err_list *errors);

/* Compiles what was added, after reporting what only the whole can tell: call it also when
 * something was refused before, so that a person reads all mistakes at once. The set has one reference, the caller's; the builder may be freed after. */
int ruleset_build(struct ruleset **ret, struct ruleset_builder *b, struct err_list *errors);

struct ruleset *ruleset_ref(struct ruleset *set);
struct ruleset *ruleset_unref(
	struct ruleset *set); /* NULL is nothing; returns NULL; any thread */

/* Reads rules written as YAML (`rules:`, `define:`; a JSON file is YAML) into the builder. All
 * mistakes are reported. `file` is the name used in messages. 0, -EINVAL, -ENOMEM. */
int rulefile_read(
	struct ruleset_builder *b, struct span yaml, const char *file, struct err_list *errors);

size_t ruleset_count(const struct ruleset *set); /* enabled and disabled */

/* What a hit needs to know of rule i: everything of struct match but spans. Lives as the set.
 */
const struct match *ruleset_info(const struct ruleset *set, size_t i);

/* Memory for matching; belongs to one thread at a time and to one set. 0 or -ENOMEM. */
int ruleset_scratch_new(struct ruleset_scratch **ret, const struct ruleset *set);
struct ruleset_scratch *ruleset_scratch_free(struct ruleset_scratch *scratch);

/* What the rule language sees of a document beside the item. */
struct match_context {
	struct span source; /* the source's id, for source: */
	struct span author; /* text of author:, when it is not the item's name and handle */
	bool author_given;
	bool engagement_given; /* engagement: is numbers.total, known or not, and no sum */
};

/* All rules that want the item, in rule order. The array and the spans are in the arena; ids
 * and tags point into the set, which must outlive them. n is 0 when nothing matches. 0,
 * -ENOMEM. */
int ruleset_match(const struct ruleset *set, struct ruleset_scratch *scratch,
	const struct item *item, const struct match_context *context, struct arena *arena,
	struct match **ret_matches, size_t *ret_n);

/* Words of which a document must hold at least one, in title, text or author, for any rule to want
 * it: folded, in one token each; a prefix begins one. For whoever narrows before asking. */
struct ruleset_word {
	struct span text;
	bool prefix;
};
enum { RULESET_ANY = 1 };
/* 0; RULESET_ANY when no such words are known; -ENOMEM. The array is in the arena, its texts live as
 * the set. */
int ruleset_words(const struct ruleset *set, struct arena *arena, struct ruleset_word **ret,
	size_t *ret_n);

/* What a scratch has counted since it was made. */
struct ruleset_counts {
	uint64_t documents, bytes, tokens;
	uint64_t candidates; /* rules looked at: the rest was known not to match */
	uint64_t hits;
};

struct rule_counts {
	uint64_t candidates, hits;
	uint64_t exceeded; /* documents in which a regex or a NEAR met its limit, and counted as
			      no match */
	uint64_t ns;       /* only with a clock */
};

/* Nanoseconds that only grow. */
typedef uint64_t ruleset_clock(void *arg);

/* From now on time is counted for each rule. NULL: no more. */
void ruleset_scratch_set_clock(
	struct ruleset_scratch *scratch, ruleset_clock *clock, void *arg);
const struct ruleset_counts *ruleset_scratch_counts(const struct ruleset_scratch *scratch);
const struct rule_counts *ruleset_scratch_rule_counts(
	const struct ruleset_scratch *scratch, size_t i);

/* What a set takes and holds. */
struct ruleset_size {
	size_t bytes;
	size_t leaves;  /* different terms and regexes */
	size_t entries; /* of the dictionary */
	size_t always;  /* rules that each document is asked for */
};
struct ruleset_size ruleset_size(const struct ruleset *set);

/* A rule's tree over one item, in the order it is written in. */
struct explained {
	struct span label; /* "OR", "NEAR/5", "\"air france\"", "lang:fr" … */
	bool holds;
	const struct match_span
		*spans; /* of a true term or regex: where it stands; of NEAR: the pairs */
	size_t n_spans;
	const struct explained *children;
	size_t n_children;
};

/* Why rule i wants the item, or not. A rule limited to other languages than the item's is
 * explained by a single node that says so. Everything is in the arena. 0 or -ENOMEM. */
int ruleset_explain(const struct ruleset *set, struct ruleset_scratch *scratch, size_t i,
	const struct item *item, const struct match_context *context, struct arena *arena,
	struct explained *ret);

#endif
