/* query: any bytes as a query and as a regex: refused or read, and what is read can be
 * compiled. */

#include <stdint.h>
#include <stdlib.h>

#include "query.h"
#include "vigie/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compile(struct span query, bool regex)
{
	struct ruleset_builder *b = NULL;
	struct err_list errors = {0};
	struct ruleset *set = NULL;
	struct rule rule = {.id = SPAN("r")};

	if (regex)
		rule.regex = query;
	else
		rule.query = query;
	if (ruleset_builder_new(&b) < 0)
		abort();
	if (ruleset_builder_add(b, &rule, &errors) == 0) {
		if (errors.n)
			abort();
		if (ruleset_build(&set, b, &errors) < 0 && !errors.n)
			abort();
	} else if (!errors.n) {
		abort();
	}
	(void)ruleset_unref(set);
	err_list_deinit(&errors);
	(void)ruleset_builder_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span input = {(const char *)data, size};

	compile(input, false);
	compile(input, true);
	return 0;
}
