#include "sources/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sources/encoding.h"
#include "sources/feed.h"
#include "sources/jsonfeed.h"
#include "sources/sitemap.h"
#include "vigie/buf.h"
#include "vigie/cleanup.h"

/* A document is read in slices of this size: small enough for the second-level cache. */
enum { SLICE_BYTES = 64 * 1024 };

enum kind { KIND_UNKNOWN, KIND_XML, KIND_JSON, KIND_SITEMAP };

struct reader {
	struct arena *arena;
	struct read_options options;
	struct item_list items;
	struct encoding encoding;
	struct encoding_reader *decoder;
	enum kind kind;
	struct feed *feed;
	struct jsonfeed *json;
	struct sitemap *sitemap;
	struct buf head;    /* bytes that wait until there are enough to tell the encoding */
	struct buf carried; /* UTF-8 that wasn't a whole token yet */
	struct buf decoded;
	int state; /* what the dialect's reader said last */
};

DEFINE_CLEANUP(struct reader *, reader_free)

const char *read_format_name(enum read_format format)
{
	static const char *const names[] = {
		"", "rss", "rdf", "atom", "cdf", "json", "sitemap", "sitemap index"};

	return names[format];
}

int reader_new(struct reader **ret, struct arena *arena, const struct read_options *options)
{
	CLEANUP(reader_freep) struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->arena = arena;
	if (options)
		r->options = *options;
	if (!r->options.max_items)
		r->options.max_items = READ_MAX_ITEMS;
	if (!r->options.max_text_bytes)
		r->options.max_text_bytes = READ_MAX_TEXT_BYTES;
	*ret = TAKE(r);
	return 0;
}

struct reader *reader_free(struct reader *r)
{
	if (!r)
		return NULL;
	encoding_reader_free(r->decoder);
	feed_free(r->feed);
	jsonfeed_free(r->json);
	sitemap_free(r->sitemap);
	buf_deinit(&r->head);
	buf_deinit(&r->carried);
	buf_deinit(&r->decoded);
	free(r);
	return NULL;
}

/* JSON begins with a bracket; everything else is given the chance to be XML. The kind stays
 * unknown when more bytes are needed. */
static int choose_kind(struct reader *r, struct span text, bool last)
{
	enum sitemap_guess guess;
	size_t i = 0;

	while (i < text.n && (ascii_space(text.p[i]) || text.p[i] == '\0'))
		i++;
	if (span_starts(span_slice(text, i, text.n), SPAN("\xEF\xBB\xBF")))
		i += 3;
	while (i < text.n && ascii_space(text.p[i]))
		i++;
	if (i == text.n)
		return 0;
	if (text.p[i] == '{' || text.p[i] == '[') {
		r->kind = KIND_JSON;
		return jsonfeed_new(&r->json, &r->items, r->arena, &r->options);
	}
	guess = sitemap_begins(span_slice(text, i, text.n));
	if (guess == SITEMAP_PERHAPS && !last)
		return 0;
	if (guess == SITEMAP_YES) {
		r->kind = KIND_SITEMAP;
		return sitemap_new(&r->sitemap, &r->items, r->arena, &r->options);
	}
	r->kind = KIND_XML;
	return feed_new(&r->feed, &r->items, r->arena, &r->options);
}

static int push_text(struct reader *r, struct span text, bool last, struct span *ret_rest)
{
	int result = 0;

	*ret_rest = text;
	if (r->kind == KIND_UNKNOWN)
		result = choose_kind(r, text, last);
	if (result < 0)
		return result;
	switch (r->kind) {
	case KIND_JSON:
		return jsonfeed_push(r->json, text, last, ret_rest);
	case KIND_SITEMAP:
		return sitemap_push(r->sitemap, text, last, ret_rest);
	case KIND_XML:
		return feed_push(r->feed, text, last, ret_rest);
	case KIND_UNKNOWN:
		break;
	}
	return 0;
}

/* UTF-8 on its way to the dialect's reader, behind what it left over the last time. */
static int push_utf8(struct reader *r, struct span text, bool last)
{
	struct span rest;
	size_t n;

	if (!r->carried.n) {
		r->state = push_text(r, text, last, &rest);
		if (r->state == 0 && rest.n)
			buf_add(&r->carried, rest);
	} else {
		buf_add(&r->carried, text);
		if (r->carried.failed)
			return r->state = -ENOMEM;
		r->state = push_text(r, buf_span(&r->carried), last, &rest);
		n = r->state == 0 ? rest.n : 0;
		if (n && rest.p != r->carried.p)
			memmove(r->carried.p, rest.p, n);
		r->carried.n = n;
	}
	return r->carried.failed ? (r->state = -ENOMEM) : r->state;
}

/* A slice of the body: as it is when it is clean UTF-8, else decoded. */
static int push_slice(struct reader *r, struct span slice, bool last, size_t *ret_used)
{
	size_t incomplete;
	int result;

	*ret_used = slice.n;
	if (encoding_is_identity(r->decoder, slice, &incomplete) && !(last && incomplete)) {
		*ret_used = slice.n - incomplete;
		return push_utf8(r, span_slice(slice, 0, *ret_used), last);
	}
	buf_clear(&r->decoded);
	result = encoding_read(r->decoder, &r->decoded, slice, last);
	if (result < 0)
		return r->state = result;
	return push_utf8(r, buf_span(&r->decoded), last);
}

static int push_bytes(struct reader *r, struct span bytes, bool last)
{
	do {
		const bool all = bytes.n <= SLICE_BYTES;
		struct span slice = span_slice(bytes, 0, SLICE_BYTES);
		size_t used;

		if (r->state)
			return r->state;
		(void)push_slice(r, slice, last && all, &used);
		if (used == 0 && all) { /* a character cut in two */
			int result = encoding_read(r->decoder, &r->decoded, bytes, false);

			return result < 0 ? (r->state = result) : r->state;
		}
		bytes = span_slice(bytes, used, bytes.n);
	} while (bytes.n);
	return r->state;
}

/* Settles the encoding once there is enough to see, or all there is. */
static int begin(struct reader *r)
{
	const struct span head = buf_span(&r->head);

	r->encoding = encoding_detect(head, r->options.content_type);
	return encoding_reader_new(&r->decoder, &r->encoding);
}

static int push(struct reader *r, struct span piece, bool last)
{
	struct buf head;
	int result;

	if (r->state)
		return r->state;
	if (r->decoder)
		return push_bytes(r, piece, last);
	if (!r->head.n && (piece.n >= ENCODING_SNIFF_BYTES || last)) {
		/* the usual case: no need to keep anything */
		r->encoding = encoding_detect(piece, r->options.content_type);
		result = encoding_reader_new(&r->decoder, &r->encoding);
		if (result < 0)
			return r->state = result;
		return push_bytes(r, span_slice(piece, r->encoding.skip, piece.n), last);
	}
	buf_add(&r->head, piece);
	if (r->head.failed)
		return r->state = -ENOMEM;
	if (r->head.n < ENCODING_SNIFF_BYTES && !last)
		return 0;
	result = begin(r);
	if (result < 0)
		return r->state = result;
	head = r->head;
	r->head = (struct buf){0};
	result = push_bytes(r, span_slice(buf_span(&head), r->encoding.skip, head.n), last);
	buf_deinit(&head);
	return result;
}

int reader_push(struct reader *r, struct span piece)
{
	return push(r, piece, false);
}

int reader_finish(struct reader *r, struct item_list *out, struct read_result *ret)
{
	struct read_result result = {.updated = WALL_NONE};
	int done = push(r, SPAN(""), true);

	if (done >= 0 && r->kind == KIND_JSON)
		done = jsonfeed_finish(r->json, &result);
	else if (done >= 0 && r->kind == KIND_SITEMAP)
		done = sitemap_finish(r->sitemap, &result);
	else if (done >= 0 && r->kind == KIND_XML)
		done = feed_finish(r->feed, &result);
	else if (done >= 0)
		done = READ_NOT_A_FEED;
	if (done < 0)
		return done;
	result.cut |= r->options.end != DOCUMENT_COMPLETE && !result.more;
	result.encoding = arena_dup(r->arena, span_str(r->encoding.name));
	if (done == 0 && !out->n)
		*out = r->items;
	for (size_t i = 0; done == 0 && out->items != r->items.items && i < r->items.n; i++)
		if (item_list_add(out, r->arena, &r->items.items[i]) < 0)
			return -ENOMEM;
	*ret = result;
	return done;
}

int document_read(struct item_list *out, struct read_result *ret, struct arena *arena,
	const struct read_options *options, struct span body)
{
	CLEANUP(reader_freep) struct reader *r = NULL;
	int result = reader_new(&r, arena, options);

	if (result < 0)
		return result;
	result = reader_push(r, body);
	if (result < 0)
		return result;
	return reader_finish(r, out, ret);
}
