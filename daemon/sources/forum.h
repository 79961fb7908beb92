#ifndef VIGIE_SOURCES_FORUM_H
#define VIGIE_SOURCES_FORUM_H

/*
 * forum: which software a site runs on, as far as there is a connector for it: by what its
 * pages, headers and cookies say of themselves. Words in the text of a page prove nothing.
 */

#include "sources/discover.h"

struct forum {
	const char *network; /* of the connector: "discourse" */
	const char *title;   /* for people */
	struct span base;    /* for the connector; in the arena */
};

/* 1 and *ret, or 0: no software that is known; -ENOMEM. `page` is UTF-8; without a base in the
 * options nothing is recognised. */
int forum_recognise(struct forum *ret, struct arena *arena,
	const struct discover_options *options, struct span page);

#endif
