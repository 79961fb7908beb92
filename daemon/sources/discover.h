#ifndef VIGIE_SOURCES_DISCOVER_H
#define VIGIE_SOURCES_DISCOVER_H

/*
 * discover: the feeds an HTML page names: link elements (rel alternate or feed, with a feed's
 * type), resolved against <base>, and the Link headers it came with. Also the addresses feeds
 * are commonly found at, marked as guesses; and the connector that reads the forum software the
 * page is made by (forum.h), with the board's address. It fetches nothing.
 */

#include <stdbool.h>

#include "vigie/arena.h"
#include "vigie/request.h"
#include "vigie/span.h"

struct discovered {
	struct span url;   /* absolute */
	struct span title; /* plain text; may be empty */
	struct span type;  /* media type, or "connector/NETWORK"; may be empty for a guess */
	bool guess;
};

struct discovered_list {
	struct discovered *items; /* in the arena; each address once */
	size_t n;
};

struct discover_options {
	struct span base;             /* address of the page, absolute; may be empty */
	struct span content_type;     /* as in the HTTP header; may be empty */
	const struct header *headers; /* Link headers are looked for in here */
	size_t n_headers;
	bool guesses; /* add common addresses on the page's host when nothing was named */
};

/* A body that is a feed itself yields its own address (when base is known). 0 or -ENOMEM. */
int discover_feeds(struct discovered_list *ret, struct arena *arena,
	const struct discover_options *options, struct span body);

#endif
