#ifndef RULES_LINT_H
#define RULES_LINT_H

/*
 * lint: what rulelint's files share.
 */

#include "query_tree.h"
#include "vigie/err.h"

/* Where doubts about one query go. */
struct lint_place {
	struct err_list *found;
	const char *file;
	int line;
	int column;
	bool exact;
	struct span source; /* as in struct rule_place */
	char quote;
	struct span id;
	struct span query;
	bool no_memory;
};

/* Notes a doubt at a byte of the query; the format is "what: remedy". */
__attribute__((format(printf, 3, 4))) void lint_say(
	struct lint_place *place, size_t at, const char *format, ...);

/* Looks at the tree of one rule. */
void lint_query(struct lint_place *place, const struct node *tree, struct arena *arena);

#endif
