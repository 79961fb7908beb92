#ifndef RULES_QUERY_TREE_H
#define RULES_QUERY_TREE_H

/*
 * query_tree: the tree of a query, its mistakes, and what is done with it as a whole: fragments
 * filled in, and the checks that need all of it. It is read in query.h and gets its meaning in
 * compile.h.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vigie/arena.h"
#include "vigie/hit.h"
#include "vigie/span.h"

enum query_code {
	E_SYNTAX,
	E_EMPTY,
	E_WILDCARD,
	E_FIELD,
	E_NEAR,
	E_OF,
	E_REGEX,
	E_NEGATIVE,
	E_RULE,
	QUERY_CODES
};

extern const char *const query_code_names[QUERY_CODES]; /* "E_SYNTAX", … */

struct query_error {
	enum query_code code;
	size_t at;        /* byte offset in the query */
	struct span text; /* "what: remedy" */
};

struct query_errors {
	struct arena *arena;
	struct query_error *items;
	size_t n;
	bool no_memory;
};

/* Notes an error; the text is formatted into the arena. Always returns -EINVAL, or -ENOMEM. */
__attribute__((format(printf, 4, 5))) int query_fail(
	struct query_errors *errors, enum query_code code, size_t at, const char *format, ...);

enum {
	QUERY_BYTES_MAX = 64 * 1024, /* the language promises 16 KiB */
	QUERY_DEPTH_MAX = 400,       /* nested parentheses; the language promises 100 */
	QUERY_CHAIN_MAX = 4000,      /* NEAR after NEAR */
	QUERY_TREE_MAX = 200 * 1000, /* nodes, when fragments are filled in */
	QUERY_TREE_DEPTH_MAX = 8000,
	QUERY_NEAR_MAX = 99
};

enum node_kind {
	NODE_AND,
	NODE_OR,
	NODE_NOT,
	NODE_OF,
	NODE_NEAR,
	NODE_TERM,
	NODE_REGEX,
	NODE_VALUE,
	NODE_NUMBER,
	NODE_USE /* a named fragment; none is left after query_expand() */
};

enum token_kind {
	TOKEN_WORD,
	TOKEN_PREFIX,  /* abc*: text is abc */
	TOKEN_PATTERN, /* any other place of * and ?, which stand in the text */
};

struct term_token {
	enum token_kind kind;
	char sigil;       /* 0, '#', '@', '$' */
	struct span text; /* folded */
	struct span own;  /* exact terms: what exact_normal() makes of the original token */
	bool loose;       /* exact terms: see exact.h */
	bool irregular;
};

struct term {
	struct term_token *tokens;
	size_t n_tokens;
	uint32_t slop;
	bool exact;
};

enum { REGEX_I = 1, REGEX_M = 2, REGEX_S = 4 };

enum value_field { VALUE_LANG, VALUE_SOURCE, VALUE_TAG, VALUE_SITE, VALUE_URL, VALUE_FIELDS };

enum number_field {
	NUMBER_FOLLOWERS,
	NUMBER_LIKES,
	NUMBER_SHARES,
	NUMBER_COMMENTS,
	NUMBER_VIEWS,
	NUMBER_RATING,
	NUMBER_SCORE,
	NUMBER_REACH,
	NUMBER_ENGAGEMENT,
	NUMBER_FIELDS
};

extern const char *const value_field_names[VALUE_FIELDS];
extern const char *const number_field_names[NUMBER_FIELDS];

/* A number is in the range when it is above low (or low_in and equal), and likewise below high.
 */
struct number_test {
	enum number_field field;
	double low, high;
	bool low_in, high_in;
};

enum { FIELDS_DEFAULT = 1 << FIELD_TITLE | 1 << FIELD_TEXT };

struct regex;

struct node {
	enum node_kind kind;
	size_t at;          /* in the query */
	struct span source; /* as written, for people */
	struct node *first; /* children */
	struct node *next;  /* sibling */
	size_t n_children;
	/* NODE_TERM, NODE_REGEX, NODE_USE: bits of enum item_field; given: by the query. */
	uint8_t fields;
	bool fields_given;
	uint32_t leaf;    /* compile.c: index */
	uint64_t meaning; /* compile.c: hash of a leaf, once known */
	double share;     /* compile.c: how often its anchors are met */
	union {
		struct term term;
		struct {
			struct span pattern;
			unsigned flags;
			size_t pattern_at;
			struct regex *compiled; /* builder.c: borrowed from the builder */
		} regex;
		struct {
			enum value_field field;
			struct span value; /* as it is compared */
		} value;
		struct number_test number;
		struct {
			unsigned distance;
			bool ordered;
		} near;
		uint64_t least;   /* NODE_OF */
		struct span name; /* NODE_USE */
	} u;
};

enum query_found { QUERY_FOUND, QUERY_NONE, QUERY_CYCLE, QUERY_BROKEN };

/* The tree of a fragment by name, in *ret; or why there is none: unknown; it leads back to
 * itself; it was refused, which has been said. */
typedef enum query_found query_lookup(void *arg, struct span name, struct node **ret);

/* Replaces every NODE_USE by its fragment. Fragments must be expanded themselves. 0, -EINVAL,
 * -ENOMEM. */
int query_expand(struct node **node, struct arena *arena, query_lookup *lookup, void *arg,
	struct query_errors *errors);

bool query_has_use(const struct node *node);

/* The checks that need the whole, expanded tree: operands of NEAR, positive clause. */
int query_check(const struct node *node, struct query_errors *errors);

#endif
