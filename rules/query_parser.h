#ifndef RULES_QUERY_PARSER_H
#define RULES_QUERY_PARSER_H

/*
 * query_parser: the small pieces of a query, for the grammar (query.c) and its fields
 * (query_field.c).
 */

#include "query_tree.h"

/* A function of the grammar returns NULL after a mistake that leaves no way to go on; a mistake
 * inside one term is noted, and reading goes on to find the others. */
struct parser {
	struct span s;
	size_t i;
	struct arena *arena;
	struct query_errors *errors;
	int depth;
	uint8_t fields;                          /* of the text field around, or 0 */
	struct node *(*group)(struct parser *p); /* reads the group whose "(" stands at i */
};

enum operator{
	OPERATOR_NONE,
	OPERATOR_AND,
	OPERATOR_OR,
	OPERATOR_NOT,
	OPERATOR_OF,
	OPERATOR_NEAR
};

/* The code point at i, 0 at the end (no query holds U+0000); *next is the place behind it. */
uint32_t parser_point_at(const struct parser *p, size_t i, size_t *next);
bool parser_is_space(uint32_t c);
bool parser_opens_phrase(uint32_t c);
void parser_skip_space(struct parser *p);

/* Reads the number that stands at *i, and moves behind it; false: none, or too large. */
bool parser_digits(const struct parser *p, size_t *i, uint64_t *ret);

/* The bare word that begins at i; may be empty. */
struct span parser_word_at(const struct parser *p, size_t i);

/* The operator that stands at i, if one does. */
enum operator parser_operator_at(const struct parser *p, size_t i);

/* A node in the arena; NULL, and no_memory in the errors, when there is none. */
struct node *parser_node_new(struct parser *p, enum node_kind kind, size_t at);
void parser_append(struct node *parent, struct node ***tail, struct node *child);

/* The node, whose source ends where the parser stands. */
struct node *parser_closed(struct parser *p, struct node *n);

/* Notes an error; always NULL. */
struct node *parser_fail(struct parser *p, enum query_code code, size_t at, const char *text);

/* The content of the phrase whose opening quote stands at p->i; p->i is behind it after. */
bool parser_quoted(struct parser *p, struct span *ret);
struct node *parser_term_node(
	struct parser *p, size_t at, struct span content, bool escapes, bool exact);
struct node *parser_phrase(struct parser *p, size_t at, bool exact);
struct node *parser_regex(struct parser *p, size_t at);

#endif
