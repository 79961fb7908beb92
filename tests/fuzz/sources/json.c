/* json: tokens of any bytes, whole and byte by byte: they must be the same. */

#include <stdint.h>
#include <stdlib.h>

#include "sources/json.h"
#include "vigie/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t read_all(struct span bytes, size_t piece)
{
	struct buf in = {0}, text = {.limit_bytes = 1 << 20};
	struct json j = {0};
	struct json_token t;
	uint64_t hash = 0;

	for (size_t at = 0; at <= bytes.n; at += piece) {
		struct buf rest = {0};

		buf_add(&in, span_slice(bytes, at, at + piece));
		json_feed(&j, buf_span(&in), at + piece > bytes.n);
		while (json_next(&j, &t) != JSON_END && t.event != JSON_MORE) {
			hash = (hash ^ t.event) * 1099511628211u;
			for (size_t i = 0; i < t.text.n; i++)
				hash = (hash ^ (unsigned char)t.text.p[i]) * 1099511628211u;
			if (t.event == JSON_STRING || t.event == JSON_KEY)
				json_unescape(&text, t.text);
		}
		buf_add(&rest, j.in);
		buf_deinit(&in);
		in = rest;
	}
	if (!text.failed &&
		(!utf8_valid(buf_span(&text)) || (text.n && memchr(text.p, 0, text.n))))
		abort();
	buf_deinit(&in);
	buf_deinit(&text);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf bytes = {0};

	if (size > 4096)
		return 0;
	utf8_repair(&bytes, span_of((const char *)data, size));
	if (bytes.n && read_all(buf_span(&bytes), bytes.n + 1) != read_all(buf_span(&bytes), 1))
		abort();
	buf_deinit(&bytes);
	return 0;
}
