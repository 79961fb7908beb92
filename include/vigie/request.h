#ifndef VIGIE_REQUEST_H
#define VIGIE_REQUEST_H

/*
 * request: what to ask of one address. A source's pure half makes it, io/transfer carries it out.
 */

#include "vigie/span.h"

struct header {
	struct span name; /* no CR, LF, NUL or colon in it */
	struct span value;
};

struct request {
	struct span method; /* empty: GET, or POST when there is a body */
	struct span url;    /* absolute; http, https or file */
	const struct header *headers;
	size_t n_headers;
	struct span body;
	/* Conditional GET (RFC 9110 section 13): empty when there is none. */
	struct span etag;
	struct span last_modified;
};

#endif
