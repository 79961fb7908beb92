#ifndef VIGIE_CONNECTORS_BUILTIN_H
#define VIGIE_CONNECTORS_BUILTIN_H

/*
 * builtin: the connector files of this folder, built into the binary by make-builtin.py.
 */

#include "sources/connector.h"
#include "vigie/span.h"

struct builtin {
	const char *network;
	const char *file; /* for messages */
	struct span body;
};

/* By name; ends with a NULL one. */
extern const struct builtin builtins[];

/* NULL: none of that name. */
const struct builtin *builtin_find(struct span network);

/* The one whose name is most like it, or NULL. */
const char *builtin_nearest(struct span network);

#endif
