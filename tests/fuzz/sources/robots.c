/* robots: any bytes as a robots.txt; what follows the first NUL is the path asked about. */

#include <stdint.h>
#include <stdlib.h>

#include "sources/robots.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span all = {(const char *)data, size};
	const size_t end = span_find(all, '\0');
	const struct span path = span_slice(all, end + 1, all.n);
	struct arena arena = {.limit_bytes = 64 * 1024 * 1024};
	struct robots robots;
	unsigned line;

	if (robots_read(&robots, &arena, span_slice(all, 0, end), SPAN("vigie")) == 0) {
		if (!robots_allows(&line, &robots, &arena, SPAN("/robots.txt")))
			abort();
		(void)robots_allows(&line, &robots, &arena, path);
		for (size_t i = 0; i < robots.n_rules; i++)
			if (!robots.rules[i].pattern.n && !robots.rules[i].to_the_end)
				abort(); /* a rule that rules everything by saying nothing */
	}
	arena_release(&arena);
	return 0;
}
