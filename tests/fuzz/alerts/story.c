/*
 * A mention made of any valid text, and any bytes as a saved state: behind a right checksum
 * too.
 */

#include <stdlib.h>
#include <xxhash.h>

#include "vigie/story.h"
#include "vigie/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(struct story_book *book, struct span text, unsigned char key)
{
	const size_t line = span_find(text, '\n');
	struct hit h = {.key = {{key}}, .item = item_empty()};
	struct story_place place;

	h.item.kind = key % ITEM_KINDS;
	h.item.title = span_slice(text, 0, line);
	h.item.url = h.item.title;
	h.item.text = span_slice(text, line + 1, text.n);
	(void)story_add(book, &h, (struct wall){key}, &place);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span bytes = span_of((const char *)data, size);
	const uint64_t sum = XXH3_64bits(data, size);
	const struct story_options options = {.fold = text_tokens, .open_max = 4};
	struct story_book *book;
	struct buf text = {0}, state = {0};

	if (story_book_new(&book, &options) < 0)
		return 0;
	utf8_repair(&text, bytes);
	buf_add(&state, bytes);
	buf_add(&state, span_of((const char *)&sum, sizeof(sum)));
	(void)story_restore(book, bytes);
	(void)story_restore(book, buf_span(&state));
	for (unsigned char key = 1; key < 8; key++)
		add(book, utf8_prefix(buf_span(&text), text.n - text.n / key / 2), key);
	buf_clear(&state);
	if (story_save(book, &state) < 0)
		abort();
	book = story_book_free(book);
	if (story_book_new(&book, &options) == 0 && story_restore(book, buf_span(&state)) != 0)
		abort();
	story_book_free(book);
	buf_deinit(&text);
	buf_deinit(&state);
	return 0;
}
