/*
 * sitemap: a document in one piece, then the same in pieces: both must agree on items and
 * parts, and all text must be sound. The first byte says how large the pieces are.
 */

#include <stdint.h>
#include <stdlib.h>

#include "sources/reader.h"
#include "vigie/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
	struct arena arena;
	struct item_list items;
	struct read_result result;
	int r;
};

static const struct read_options options = {.base = {"http://example.org/s.xml", 24}};

static void check(struct span s)
{
	if (s.n && (!utf8_valid(s) || memchr(s.p, '\0', s.n)))
		abort();
}

static void in_pieces(struct reading *to, struct span body, size_t piece)
{
	struct reader *reader = NULL;

	to->r = reader_new(&reader, &to->arena, &options);
	for (size_t at = 0; to->r >= 0 && at < body.n; at += piece)
		to->r = reader_push(reader, span_slice(body, at, at + piece));
	if (to->r >= 0)
		to->r = reader_finish(reader, &to->items, &to->result);
	reader_free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading whole = {0}, parts = {0};
	struct span body;

	if (!size)
		return 0;
	body = span_of((const char *)data + 1, size - 1);
	whole.r = document_read(&whole.items, &whole.result, &whole.arena, &options, body);
	if (whole.r < 0)
		abort();
	for (size_t i = 0; i < whole.items.n; i++) {
		check(whole.items.items[i].url);
		check(whole.items.items[i].title);
		check(whole.items.items[i].text);
		check(whole.items.items[i].feed.title);
	}
	in_pieces(&parts, body, (size_t)data[0] + 1);
	if (parts.r != whole.r || parts.items.n != whole.items.n)
		abort();
	for (size_t i = 0; whole.r == 0 && i < whole.result.n_parts; i++) {
		check(whole.result.parts[i].url);
		if (parts.result.n_parts != whole.result.n_parts ||
			!span_eq(parts.result.parts[i].url, whole.result.parts[i].url))
			abort();
	}
	arena_release(&whole.arena);
	arena_release(&parts.arena);
	return 0;
}
