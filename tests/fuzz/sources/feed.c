/*
 * feed: a whole document in one piece, then the same in pieces: both must agree, and all text
 * must be sound. The first byte chooses a content type and how the document ended.
 */

#include <stdint.h>
#include <stdlib.h>

#include "sources/reader.h"
#include "vigie/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const content_types[] = {"", "text/xml; charset=utf-8",
	"text/xml; charset=iso-8859-1", "application/xml; charset=shift_jis",
	"text/xml; charset=utf-16", "application/feed+json", "text/html; charset=iso-2022-jp",
	"?;="};

static void check(struct span s)
{
	if (s.n && (!utf8_valid(s) || memchr(s.p, '\0', s.n)))
		abort();
}

static void check_item(const struct item *item)
{
	check(item->id);
	check(item->url);
	check(item->title);
	check(item->text);
	check(item->author.name);
	check(item->author.handle);
	check(item->author.url);
	check(item->lang);
	check(item->feed.title);
	check(item->feed.url);
	for (size_t i = 0; i < item->n_tags; i++)
		check(item->tags[i]);
	for (size_t i = 0; i < item->n_media; i++)
		check(item->media[i]);
}

static int in_pieces(struct item_list *items, struct arena *arena,
	const struct read_options *options, struct span body, size_t piece)
{
	struct reader *reader = NULL;
	struct read_result result;
	int r = reader_new(&reader, arena, options);

	for (size_t at = 0; r >= 0 && at < body.n; at += piece)
		r = reader_push(reader, span_slice(body, at, at + piece));
	if (r >= 0)
		r = reader_finish(reader, items, &result);
	reader_free(reader);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena whole = {0}, parts = {0};
	struct item_list items = {0}, again = {0};
	struct read_options options = {.base = SPAN("http://example.org/feed")};
	struct read_result result;
	struct span body;
	int r;

	if (!size)
		return 0;
	options.content_type = span_str(content_types[data[0] & 7]);
	options.end = data[0] & 8 ? DOCUMENT_TRUNCATED : DOCUMENT_COMPLETE;
	body = span_of((const char *)data + 1, size - 1);
	r = document_read(&items, &result, &whole, &options, body);
	if (r < 0)
		abort();
	for (size_t i = 0; i < items.n; i++)
		check_item(&items.items[i]);
	if (in_pieces(&again, &parts, &options, body, (data[0] >> 4) + 1) != r ||
		again.n != items.n)
		abort();
	for (size_t i = 0; i < items.n; i++)
		if (!span_eq(items.items[i].id, again.items[i].id) ||
			!span_eq(items.items[i].text, again.items[i].text))
			abort();
	arena_release(&whole);
	arena_release(&parts);
	return 0;
}
