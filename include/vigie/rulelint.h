#ifndef VIGIE_RULELINT_H
#define VIGIE_RULELINT_H

/*
 * rulelint: what is allowed in rules but probably not meant: terms that can never match, rules
 * that say what others say, brands that are everyday words, regexes that cost, quotation marks
 * that do not pair, keys nobody reads. Rules that are wrong are ruleset's business and are
 * passed over here.
 */

#include "vigie/err.h"
#include "vigie/span.h"

struct rule_linter;

int rulelint_new(struct rule_linter **ret); /* 0 or -ENOMEM */
struct rule_linter *rulelint_free(struct rule_linter *linter);

/* Looks at the rules of one file; finds are added with their places ("rule acme: …: remedy"). 0
 * or -ENOMEM; a file that is no YAML is -EINVAL. */
int rulelint_file(
	struct rule_linter *linter, struct span yaml, const char *file, struct err_list *found);

/* Compares the rules of all files. 0 or -ENOMEM. */
int rulelint_finish(struct rule_linter *linter, struct err_list *found);

#endif
