#ifndef VIGIE_SOURCES_KIND_H
#define VIGIE_SOURCES_KIND_H

/*
 * kind: what a source may be, as the configuration calls it, and what that means for those who
 * read it. One row a kind.
 */

#include <stdbool.h>

#include "vigie/span.h"

struct source_kind {
	const char *name;
	/* robots.txt is asked first. Feeds are published for programs to fetch them; of networks
	 * it depends on how they are asked (line/crawl_connect). */
	bool obeys_robots;
	/* It lists all there is, with or without dates: what has none at first contact isn't
	 * new. */
	bool lists_all;
};

extern const struct source_kind source_kinds[]; /* ends with a NULL name */

/* The row of a feed for names that have none. */
const struct source_kind *source_kind_of(struct span name);
/* NULL when there is none. */
const struct source_kind *source_kind_by_name(struct span name);

#endif
