#ifndef RULES_PACKS_H
#define RULES_PACKS_H

/*
 * packs: ready-made fragments (rules/packs/), carried in the program. A pack defines a fragment
 * of its own name, which queries use when no file of theirs defines one so called.
 */

#include <stddef.h>

struct pack {
	const char *name;
	const char *yaml;
	size_t n;
};

extern const struct pack packs[]; /* ends with a NULL name */

#endif
