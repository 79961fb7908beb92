#ifndef RULES_COMPILER_H
#define RULES_COMPILER_H

/*
 * compiler: a set while it is being compiled: tables that grow, for compile.c and its parts,
 * the leaves (compile_leaf.c) and the anchors (compile_anchor.c).
 */

#include "set.h"

/* Tables that grow while compiling, and are copied into the set's arena at the end. */
struct table {
	void *items;
	size_t n;
	size_t capacity;
};

struct compiler {
	struct ruleset *set;
	struct arena *arena;
	struct table code, leaves, values, numbers, postings, entries, always;
	uint32_t *uses;    /* of each leaf, by rules */
	uint32_t *buckets; /* of leaves by hash; index + 1 */
	uint64_t *leaf_hashes;
	size_t n_buckets;
	size_t hashes_capacity;
	bool no_memory;
	size_t rule; /* at hand */
};

/* One more, zeroed; NULL, and no_memory, when there is no room. */
void *compiler_add(struct compiler *c, struct table *t, size_t size);

/* A copy that lives as the set. */
struct span compiler_keep(struct compiler *c, struct span s);

#endif
