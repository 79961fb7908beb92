/* decode: the first byte chooses the coding, the second the size of pieces. */

#include <stdint.h>
#include <stdlib.h>

#include "io/decode.h"

enum { MOST = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_bytes(void *arg, struct span bytes)
{
	size_t *total = arg;

	*total += bytes.n;
	return *total < MOST;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const codings[] = {
		"gzip", "deflate", "br", "br, gzip", "gzip, gzip", "identity"};
	struct decoder *d;
	size_t piece, total = 0;
	int r = 0;

	if (size < 2)
		return 0;
	if (decoder_new(&d, span_str(codings[data[0] % 6])) < 0)
		return 0;
	piece = 1 + (size_t)data[1] * 16;
	for (size_t i = 2; i < size && r == 0; i += piece)
		r = decoder_push(d, span_slice(span_of((const char *)data, size), i, i + piece),
			on_bytes, &total);
	if (r && decoder_complete(d))
		abort();
	(void)decoder_free(d);
	return 0;
}
