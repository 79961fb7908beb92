#ifndef VIGIE_ARENA_H
#define VIGIE_ARENA_H

/*
 * Memory that lives and dies together: a list of growing blocks, released at once. `{ 0 }` is an
 * empty arena. Allocation fails (NULL) when memory is out or when limit_bytes (0: none) would be
 * passed, which is how one hostile document is kept from taking the machine.
 * Results are aligned for any type. Not thread-safe: an arena has one owner at a time.
 */

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "vigie/span.h"

struct arena_block {
	struct arena_block *next;
	size_t size;
	alignas(max_align_t) char data[];
};

struct arena {
	struct arena_block *blocks; /* newest first; allocation is from the first only */
	size_t used;                /* in the first block */
	size_t total_bytes;         /* of all blocks */
	size_t limit_bytes;
};

enum { ARENA_BLOCK_FIRST = 4096, ARENA_BLOCK_MAX = 256 * 1024 };

static inline void arena_release(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	*a = (struct arena){ .limit_bytes = a->limit_bytes };
}

static inline void *arena_alloc(struct arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *b = a->blocks;
	size_t size;

	if (n > SIZE_MAX / 2)
		return NULL;
	n = (n + align - 1) & ~(align - 1);
	if (b && b->size - a->used >= n) {
		void *p = b->data + a->used;

		a->used += n;
		return p;
	}
	size = b ? b->size * 2 : ARENA_BLOCK_FIRST;
	if (size > ARENA_BLOCK_MAX)
		size = ARENA_BLOCK_MAX;
	if (size < n)
		size = n;
	if (a->limit_bytes && (size > a->limit_bytes || a->total_bytes > a->limit_bytes - size))
		return NULL;
	b = malloc(sizeof(*b) + size);
	if (!b)
		return NULL;
	*b = (struct arena_block){ .next = a->blocks, .size = size };
	a->blocks = b;
	a->used = n;
	a->total_bytes += size;
	return b->data;
}

static inline void *arena_calloc(struct arena *a, size_t count, size_t size)
{
	void *p;

	if (size && count > SIZE_MAX / 2 / size)
		return NULL;
	p = arena_alloc(a, count * size);
	if (p)
		memset(p, 0, count * size);
	return p;
}

/* A NUL-terminated copy; .p is NULL only when memory is out. */
static inline struct span arena_dup(struct arena *a, struct span s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (!p)
		return SPAN_NONE;
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (struct span){ p, s.n };
}

__attribute__((format(printf, 2, 3))) static inline struct span arena_printf(
	struct arena *a, const char *format, ...)
{
	char small[256]; /* most fit, and are printed once */
	va_list ap;
	char *p;
	int n;

	va_start(ap, format);
	n = vsnprintf(small, sizeof(small), format, ap);
	va_end(ap);
	p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (!p)
		return SPAN_NONE;
	if ((size_t)n < sizeof(small)) {
		memcpy(p, small, (size_t)n + 1);
		return (struct span){ p, (size_t)n };
	}
	va_start(ap, format);
	(void)vsnprintf(p, (size_t)n + 1, format, ap);
	va_end(ap);
	return (struct span){ p, (size_t)n };
}

#endif
