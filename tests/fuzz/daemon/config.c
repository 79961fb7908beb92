/*
 * fuzz config: any text is a configuration or has a mistake with a place; a configuration's
 * long form can be read again and gives itself (but for secrets, which it does not show).
 */

#include <stdint.h>
#include <stdlib.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool promise)
{
	if (!promise)
		abort();
}

/* Mistakes, and only those, are reported. NULL: there were some. */
static struct config *read_one(struct span yaml, struct buf *expanded)
{
	const struct config_overrides overrides = {.state = "/state", .expanded = expanded};
	struct err_list errors = {0};
	struct config *config = NULL;
	const int r = config_read(&config, yaml, "fuzz", "/nonexistent", &overrides, &errors);

	must((r == 0) == (errors.n == 0) && (r == 0) == (config != NULL));
	err_list_deinit(&errors);
	return config;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = {0}, second = {0};
	struct config *config = read_one(span_of((const char *)data, size), &first), *again;

	if (config && !strstr(first.p, "****") && !strstr(first.p, "${")) {
		again = read_one(buf_span(&first), &second);
		must(again && again->n_sources == config->n_sources &&
			strcmp(first.p, second.p) == 0);
		config_unref(again);
	}
	config_unref(config);
	buf_deinit(&first);
	buf_deinit(&second);
	return 0;
}
