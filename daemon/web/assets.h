#ifndef VIGIE_WEB_ASSETS_H
#define VIGIE_WEB_ASSETS_H

/*
 * assets: the dashboard's files, built into the binary by make-assets.py.
 */

#include "vigie/span.h"

struct asset {
	const char *path; /* "/app.js"; the page itself is "/" */
	const char *type;
	struct span body;
};

/* Ends with a NULL path. */
extern const struct asset assets[];

#endif
