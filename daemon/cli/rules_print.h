#ifndef VIGIE_CLI_RULES_PRINT_H
#define VIGIE_CLI_RULES_PRINT_H

/*
 * rules_print: how `vigie rules` shows trees and outcomes: for people, as TAP (version 13) or
 * as JUnit's XML.
 */

#include <stdio.h>

#include "vigie/ruletest.h"

/* One node a line: "yes" or "no", what it asks, and what it found. brief: of many alternatives
 * only those that say something. */
void rules_print_tree(FILE *to, const struct explained *tree, bool brief,
	const struct item *item, const struct match_context *context, int depth);

enum rules_report_kind { RULES_TEXT, RULES_TAP, RULES_JUNIT };

struct rules_report {
	enum rules_report_kind kind;
	FILE *to;
	size_t n;      /* tests that will come */
	size_t failed; /* so far */
	size_t done;
	FILE *out; /* JUnit: `to` gathers the cases for it, as their numbers stand before them
		    */
	char *cases;
	size_t cases_n;
};

void rules_report_begin(struct rules_report *report);
void rules_report_add(struct rules_report *report, const struct rule_test *test,
	const struct rule_outcome *outcome);
void rules_report_end(struct rules_report *report);

#endif
