/*
 * What the stream, the spool and the archive hold, read back: whatever is accepted can be
 * written again, and then reads as the same bytes for ever.
 */

#include <assert.h>
#include <stdint.h>

#include "line/codec_hit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {.limit_bytes = 64 << 20};
	struct buf once = {0}, twice = {0};
	struct hit hit;

	if (hit_decode(&hit, &arena, span_of((const char *)data, size)) == 0) {
		int r;

		hit_encode(&once, &hit);
		assert(buf_result(&once) == 0);
		r = hit_decode(&hit, &arena, buf_span(&once));
		assert(r == 0);
		hit_encode(&twice, &hit);
		assert(span_eq(buf_span(&once), buf_span(&twice)));
	}
	buf_deinit(&once);
	buf_deinit(&twice);
	arena_release(&arena);
	return 0;
}
