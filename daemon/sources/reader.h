#ifndef VIGIE_SOURCES_READER_H
#define VIGIE_SOURCES_READER_H

/*
 * reader: the bytes of a document in, items out. Recognises by content RSS 0.9x, 1.0 and 2.0,
 * RDF, Atom 0.3 and 1.0, CDF, JSON Feed and sitemaps, in any encoding, well-formed or not; what
 * can be read is kept. It asks for nothing, remembers nothing and judges nothing: who an item
 * is, and whether it was seen, is the line's business.
 */

#include <stdbool.h>
#include <stdint.h>

#include "vigie/arena.h"
#include "vigie/document.h"
#include "vigie/item.h"

enum read_format {
	READ_FORMAT_NONE,
	READ_FORMAT_RSS,
	READ_FORMAT_RDF,
	READ_FORMAT_ATOM,
	READ_FORMAT_CDF,
	READ_FORMAT_JSON,
	READ_FORMAT_SITEMAP,
	READ_FORMAT_SITEMAP_INDEX, /* no items: parts */
};

/* "", "rss", "rdf", "atom", "cdf", "json", "sitemap", "sitemap index". */
const char *read_format_name(enum read_format format);

/* Positive returns. */
enum {
	READ_NOT_A_FEED =
		1,       /* nothing of a feed in these bytes: an HTML page, a text, nothing */
	READ_ENOUGH = 2, /* max_items were read: further bytes would be ignored */
};

/* Bounds, chosen to be above what honest feeds do: the longest of 5,000 live feeds had some
 * 9,000 items; a text above 256 KiB is a book. */
enum {
	READ_MAX_ITEMS = 10000,
	READ_MAX_TEXT_BYTES = 256 * 1024, /* of one field's plain text */
	READ_MAX_MARKUP_BYTES =
		1024 * 1024, /* of one field's source, before tags are taken out */
	READ_MAX_TITLE_BYTES = 128 * 1024,
	READ_MAX_VALUE_BYTES = 8 * 1024, /* of an address, id, name, tag */
	READ_MAX_LIST = 256,             /* tags or media of one item */
	READ_MAX_PARTS = 50000, /* sitemaps of an index: as many as its protocol allows */
	READ_MAX_TOTAL_BYTES = 24 * 1024 * 1024, /* of all that is kept of one document */
};

struct read_options {
	struct span base;         /* address of the document, absolute; may be empty */
	struct span content_type; /* as in the HTTP header; may be empty */
	enum document_end end;    /* what the transfer says of the body's end */
	size_t max_items;         /* 0: READ_MAX_ITEMS */
	size_t max_text_bytes;    /* 0: READ_MAX_TEXT_BYTES */
};

/* What a feed says about when to come back, and where. Nothing said: 0, empty. */
struct read_hints {
	int64_t ttl_minutes;    /* RSS ttl */
	int64_t period_minutes; /* sy:updatePeriod divided by sy:updateFrequency */
	uint32_t skip_hours;    /* bit h: not between h:00 and h:59 UTC, h from 0 to 23 */
	uint8_t skip_days;      /* bit 0 Monday … bit 6 Sunday */
	struct span hub;        /* absolute address of a WebSub hub */
	struct span self;       /* the address the feed gives for itself */
};

/* A sitemap that an index names. */
struct read_part {
	struct span url; /* absolute where the base allowed it */
	struct wall updated;
};

struct read_result {
	enum read_format format;
	struct item_feed feed;
	struct span description; /* plain text */
	struct wall updated;     /* of the feed itself */
	struct read_hints hints;
	struct span encoding; /* the one the bytes were read in, lower case */
	bool cut;             /* the end of the document is missing */
	bool more;            /* there were items beyond the bounds */
	const struct read_part *parts;
	size_t n_parts;
};

/* Reads a whole document. Items are appended to out in document order, everything in the arena.
 * A half item at the end is dropped when the document is cut (options->end, or its end tag is
 * missing in a body that is said to be complete: then a half item that has an id or a link and
 * whose text is complete is kept).
 * 0, READ_NOT_A_FEED (*ret says what is known, no items), -ENOMEM. The body may hold anything.
 */
int document_read(struct item_list *out, struct read_result *ret, struct arena *arena,
	const struct read_options *options, struct span body);

/* The same in pieces, for documents that one would rather not hold in memory. Options are
 * copied; their spans must live as long as the reader. What was read is in the arena, and may
 * be released by the caller only with the reader. */
struct reader;

int reader_new(struct reader **ret, struct arena *arena, const struct read_options *options);
struct reader *reader_free(struct reader *r);

/* 0, READ_ENOUGH, READ_NOT_A_FEED (already sure of it), -ENOMEM. The piece is not kept. */
int reader_push(struct reader *r, struct span piece);

/* Ends the document; once. Returns as document_read(). */
int reader_finish(struct reader *r, struct item_list *out, struct read_result *ret);

#endif
