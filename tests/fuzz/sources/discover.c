/* discover: any bytes as a page, and their first line as its Link header. */

#include <stdint.h>
#include <stdlib.h>

#include "sources/discover.h"
#include "sources/url.h"
#include "vigie/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span page = span_of((const char *)data, size);
	struct buf line = {0};
	struct header header = {SPAN("link"), SPAN_NONE};
	struct discover_options options = {
		.base = SPAN("http://example.org/a/"), .headers = &header, .n_headers = 1};
	struct arena arena = {0};
	struct discovered_list list = {0};

	utf8_repair(&line, span_slice(page, 0, span_find(page, '\n')));
	header.value = buf_span(&line);
	if (discover_feeds(&list, &arena, &options, page) < 0)
		abort();
	for (size_t i = 0; i < list.n; i++)
		if (!url_is_web(list.items[i].url) || !utf8_valid(list.items[i].url))
			abort();
	buf_deinit(&line);
	arena_release(&arena);
	return 0;
}
