#ifndef VIGIE_ITEM_H
#define VIGIE_ITEM_H

/*
 * item: what was said, as its source stated it. All text is valid UTF-8 without U+0000; title and
 * text are plain text. An absent value is an empty span, WALL_NONE or NAN. Everything points into
 * the arena of the batch (or of whoever read it).
 */

#include <math.h>
#include <stdint.h>

#include "vigie/instant.h"
#include "vigie/span.h"

enum item_kind { ITEM_POST, ITEM_ARTICLE, ITEM_COMMENT, ITEM_REVIEW, ITEM_VIDEO };

/* Indexed by enum item_kind. */
static const char *const item_kind_names[] = { "post", "article", "comment", "review", "video" };
enum { ITEM_KINDS = sizeof(item_kind_names) / sizeof(*item_kind_names) };

struct item_author {
	struct span name;
	struct span handle;
	struct span url;
	double followers; /* NAN: unknown, as all numbers here */
};

/* rating is on a scale of 1 to 5. total, score and reach exist only where a document states them
 * itself (the flat shape of the rule language); otherwise engagement = likes + shares + replies,
 * taken over those that are known, by item_engagement(). */
struct item_numbers {
	double likes, shares, replies, views, rating;
	double total, score, reach;
};

struct item_place {
	struct span name;
	struct span country;
	double lat, lon;
};

struct item_feed {
	struct span title;
	struct span url; /* the site, not the feed's own address */
	struct span lang;
};

struct item {
	struct span id; /* the source's own id, verbatim; else the link */
	bool id_is_own; /* false: id was made from the link or the title, see line/codec.h */
	struct span url;
	struct span title;
	struct span text;
	struct item_author author;
	struct wall published;
	struct wall updated;
	struct span lang;
	const struct span *tags;
	size_t n_tags;
	enum item_kind kind;
	struct span parent;
	struct item_numbers numbers;
	const struct span *media;
	size_t n_media;
	struct item_place place;
	struct item_feed feed;
};

#define ITEM_NUMBERS_UNKNOWN                                                                   \
	((struct item_numbers){ NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN })

/* An item with every value absent. */
static inline struct item item_empty(void)
{
	return (struct item){
		.author.followers = NAN,
		.published = WALL_NONE,
		.updated = WALL_NONE,
		.numbers = ITEM_NUMBERS_UNKNOWN,
		.place = { .lat = NAN, .lon = NAN },
	};
}

static inline double item_engagement(const struct item_numbers *n)
{
	if (!isnan(n->total))
		return n->total;
	if (isnan(n->likes) && isnan(n->shares) && isnan(n->replies))
		return NAN;
	return (isnan(n->likes) ? 0 : n->likes) + (isnan(n->shares) ? 0 : n->shares) +
	       (isnan(n->replies) ? 0 : n->replies);
}

/* Items in document order, in one growing array of the arena. */
struct item_list {
	struct item *items;
	size_t n;
	size_t capacity;
};

#endif
