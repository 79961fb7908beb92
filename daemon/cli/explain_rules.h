#ifndef VIGIE_CLI_EXPLAIN_RULES_H
#define VIGIE_CLI_EXPLAIN_RULES_H

/*
 * explain_rules: rule by rule, which condition an item did not meet; by the rules as they are
 * now.
 */

#include <jansson.h>

#include "vigie/item.h"
#include "vigie/ruleset.h"

/* Appends {"rule","holds","why"} for each rule. `item` is as its export line. 0 or -errno. */
int explain_rules(json_t *list, const struct ruleset *rules, const json_t *item);

#endif
