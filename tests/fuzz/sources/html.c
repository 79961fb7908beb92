/* html: plain text of any markup: sound, within its bound, and without what was asked to go. */

#include <stdint.h>
#include <stdlib.h>

#include "sources/html.h"
#include "vigie/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf markup = {0}, out = {0};
	size_t max;

	if (size < 2)
		return 0;
	utf8_repair(&markup, span_of((const char *)data + 2, size - 2));
	max = data[1];
	html_text(&out, buf_span(&markup), data[0] & 7, max);
	if (!utf8_valid(buf_span(&out)) || (max && out.n > max))
		abort();
	if (out.n && (ascii_space(out.p[0]) || (!max && ascii_space(out.p[out.n - 1]))))
		abort();
	buf_clear(&out);
	html_unescape(&out, buf_span(&markup));
	if (!utf8_valid(buf_span(&out)))
		abort();
	buf_deinit(&markup);
	buf_deinit(&out);
	return 0;
}
