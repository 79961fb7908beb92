#ifndef VIGIE_SOURCE_H
#define VIGIE_SOURCE_H

/*
 * source: a configured place to read. Immutable; made by the configuration and alive as long as
 * the snapshot it came from (whoever keeps one across a reload keeps a reference to the snapshot).
 */

#include <stdbool.h>
#include <stdint.h>

#include "vigie/request.h"

struct connection; /* line/connection.h */

struct source {
	struct span id;        /* unique; [A-Za-z0-9._:@/-] */
	struct span kind;      /* "feed" (RSS, Atom, JSON Feed by content), "connector/NETWORK" */
	struct span url;       /* http, https or file; of a connector its first request, without keys */
	struct span lang;      /* what the operator says; the item's own wins */
	struct span title;     /* for people; may be empty */
	const struct span *tags;
	size_t n_tags;
	int64_t every_ms; /* 0: auto */
	const struct header *headers;
	size_t n_headers;
	bool search; /* its address already asks for the name: each item is about it by itself */
	const struct connection *connection; /* how a network is asked; NULL: it is a feed */
	void *config; /* the snapshot it belongs to, for those who hold references */
};

#endif
