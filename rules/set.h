#ifndef RULES_SET_H
#define RULES_SET_H

/*
 * set: the inside of a compiled ruleset, for the files of this room. Everything is in one arena
 * and never changes after ruleset_build().
 *
 * Leaves (terms, regexes) are shared by all rules that hold the same one, so a document is
 * asked once for each. A rule is a program over leaves; it runs only when one of its anchors, a
 * set of leaves of which at least one is in every document it matches, was found
 * (dictionary.h).
 */

#include <stdatomic.h>
#include <stdint.h>

#include "dictionary.h"
#include "query_tree.h"
#include "regex.h"
#include "vigie/ruleset.h"

/* A token of a term, ready to be compared. */
struct leaf_token {
	enum token_kind kind;
	char sigil;
	bool loose, irregular;
	uint32_t hash; /* TOKEN_WORD */
	uint32_t head; /* first bytes of what must stand first, at most four … */
	uint32_t head_mask;
	struct span text;
	struct span own;   /* exact terms */
	struct span inner; /* TOKEN_PATTERN that begins with a wildcard: its longest string */
	size_t head_n;     /* bytes before the first wildcard */
};

/* A regex, and strings of which one must be in the text (none known: n_literals is 0). */
struct leaf_regex {
	struct regex *regex;
	struct span pattern;
	unsigned flags;
	uint32_t n_literals;
	const struct span *literals;
};

struct leaf {
	uint8_t kind; /* NODE_TERM or NODE_REGEX */
	uint8_t fields;
	bool exact, loose, irregular;
	/* In the dictionary: where it was not met, it is not. */
	bool indexed;
	bool inside; /* only by a string inside a token: still to be searched for */
	uint32_t slop;
	uint32_t n_tokens;
	uint32_t rarest; /* index of the token to look for */
	uint32_t n_rules;
	double share; /* of tokens that would meet it, roughly; INFINITY: not indexed */
	const uint32_t *rules; /* those it makes candidates */
	const struct leaf_token *tokens;
	const struct leaf_regex *regex;
};

struct value_test {
	enum value_field field;
	struct span value;
};

/* A node of a program, in the order of the tree: a node, then its subtrees. */
struct op {
	uint8_t kind;      /* enum node_kind */
	bool ordered : 1;  /* NODE_NEAR */
	bool plain : 1;    /* a leaf: it is found if it was met */
	uint16_t distance; /* NODE_NEAR */
	uint32_t arg;   /* index of leaf, value or number; NODE_OF: least number of children */
	uint32_t next;  /* ops in this subtree: the next sibling is `next` further on */
	uint32_t place; /* among its siblings, as written */
};

struct set_rule {
	struct match info;
	uint32_t code, n_code; /* ops */
	bool enabled;
	const struct span *languages; /* as lang: compares them */
	uint32_t n_languages;
};

struct ruleset {
	atomic_uint refs;
	struct arena arena;
	struct set_rule *rules;
	size_t n_rules;
	struct op *code;
	size_t n_code;
	struct leaf *leaves;
	size_t n_leaves;
	struct value_test *values;
	size_t n_values;
	struct number_test *numbers;
	size_t n_numbers;
	struct dictionary dictionary;
	/* Rules that nothing announces: each document is asked. */
	uint32_t *always;
	size_t n_always;
	/* Leaves that make their rules candidates in documents with loose code points. */
	uint32_t *loose;
	size_t n_loose;
	bool reads_author;
};

#endif
