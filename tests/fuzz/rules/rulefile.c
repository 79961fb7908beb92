/* rulefile: any bytes as a rule file. */

#include <stdint.h>
#include <stdlib.h>

#include "vigie/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ruleset_builder *b = NULL;
	struct err_list errors = {0};
	struct ruleset *set = NULL;
	int r;

	if (ruleset_builder_new(&b) < 0)
		abort();
	r = rulefile_read(b, span_of((const char *)data, size), "rules.yaml", &errors);
	if (r == 0)
		r = ruleset_build(&set, b, &errors);
	if ((r < 0) != (errors.n > 0))
		abort();
	(void)ruleset_unref(set);
	err_list_deinit(&errors);
	(void)ruleset_builder_free(b);
	return 0;
}
