/* xml: tokens of any bytes, whole and byte by byte: the elements must be the same. */

#include <stdint.h>
#include <stdlib.h>

#include "sources/xml.h"
#include "vigie/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Hash of the elements, without text, whose pieces may differ. */
static uint64_t add(uint64_t hash, const struct xml_token *t)
{
	if (t->event != XML_OPEN && t->event != XML_CLOSE)
		return hash;
	hash = (hash ^ t->event) * 1099511628211u;
	for (size_t i = 0; i < t->name.n; i++)
		hash = (hash ^ (unsigned char)t->name.p[i]) * 1099511628211u;
	return hash * 31 + t->n_attributes;
}

static uint64_t read_all(struct span bytes, size_t piece)
{
	struct buf in = {0}, text = {.limit_bytes = 1 << 20};
	struct xml x = {0};
	struct xml_token t;
	uint64_t hash = 0;

	for (size_t at = 0; at <= bytes.n; at += piece) {
		struct buf rest = {0};

		buf_add(&in, span_slice(bytes, at, at + piece));
		xml_feed(&x, buf_span(&in), at + piece > bytes.n);
		while (xml_next(&x, &t) != XML_END && t.event != XML_MORE) {
			hash = add(hash, &t);
			if (t.event == XML_TEXT)
				xml_decode(&x, &text, t.text);
		}
		buf_add(&rest, x.in);
		buf_deinit(&in);
		in = rest;
	}
	if (!text.failed && !utf8_valid(buf_span(&text)))
		abort();
	xml_deinit(&x);
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
