#ifndef VIGIE_SOURCES_OPML_H
#define VIGIE_SOURCES_OPML_H

/*
 * opml: subscription lists of other readers (OPML 1.0, 1.1, 2.0; lenient as feeds are read).
 */

#include "vigie/arena.h"
#include "vigie/span.h"

struct opml_entry {
	struct span title;           /* title, else text; plain; may be empty */
	struct span xml_url;         /* as written, trimmed; never empty */
	struct span html_url;        /* may be empty */
	struct span type;            /* "rss", "atom", …; may be empty */
	struct span language;        /* may be empty */
	const struct span *category; /* outer folder first */
	size_t n_category;
};

struct opml_list {
	struct span title;
	struct opml_entry *entries; /* in document order */
	size_t n;
	size_t capacity;
};

enum { OPML_NOT_OPML = 1 };

/* 0, OPML_NOT_OPML, -ENOMEM. */
int opml_read(struct opml_list *ret, struct arena *arena, struct span body);

#endif
