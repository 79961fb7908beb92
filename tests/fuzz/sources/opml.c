/* opml: any bytes as a list of subscriptions; each entry has an address, all text is sound. */

#include <stdint.h>
#include <stdlib.h>

#include "sources/opml.h"
#include "vigie/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct opml_list list = {0};

	if (opml_read(&list, &arena, span_of((const char *)data, size)) < 0)
		abort();
	for (size_t i = 0; i < list.n; i++)
		if (!list.entries[i].xml_url.n || !utf8_valid(list.entries[i].xml_url) ||
			!utf8_valid(list.entries[i].title))
			abort();
	arena_release(&arena);
	return 0;
}
