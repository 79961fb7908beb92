/* url: a base and a reference, one a line. A normal spelling is its own normal spelling. */

#include <stdint.h>
#include <stdlib.h>

#include "sources/url.h"
#include "vigie/buf.h"
#include "vigie/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct buf text = {0};
	struct span base, reference, url, normal;
	size_t line;

	utf8_repair(&text, span_of((const char *)data, size));
	line = span_find(buf_span(&text), '\n');
	base = span_slice(buf_span(&text), 0, line);
	reference = span_slice(buf_span(&text), line + 1, text.n);
	url = url_resolve(&arena, base, reference);
	if (url.n && (!url_is_absolute(url) || !utf8_valid(url)))
		abort();
	normal = url_normalize(&arena, reference);
	if (normal.n && !span_eq(url_normalize(&arena, normal), normal))
		abort();
	(void)url_registrable_domain(&arena, url_host(&arena, reference));
	(void)url_site(&arena, base);
	(void)url_redact(&arena, reference);
	(void)url_unescape(&arena, reference);
	buf_deinit(&text);
	arena_release(&arena);
	return 0;
}
