#include "compiler.h"

#include <stdlib.h>

void *compiler_add(struct compiler *c, struct table *t, size_t size)
{
	if (t->n == t->capacity) {
		const size_t capacity = t->capacity ? t->capacity * 2 : 256;
		void *p = realloc(t->items, capacity * size);

		if (!p) {
			c->no_memory = true;
			return NULL;
		}
		t->items = p;
		t->capacity = capacity;
	}
	return memset((char *)t->items + t->n++ * size, 0, size);
}

struct span compiler_keep(struct compiler *c, struct span s)
{
	const struct span copy = arena_dup(c->arena, s);

	c->no_memory |= !copy.p;
	return copy;
}
