#ifndef VIGIE_BUF_H
#define VIGIE_BUF_H

/*
 * A byte string that grows. `{ 0 }` is empty; buf_deinit() frees. When memory runs out, or
 * limit_bytes (0: none) would be passed, the bytes are left out and `failed` stays set: write
 * freely, ask once at the end. The content is always followed by a NUL that does not count.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "vigie/span.h"

struct buf {
	char *p;
	size_t n;
	size_t capacity;
	size_t limit_bytes;
	bool failed;
};

static inline void buf_deinit(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ .limit_bytes = b->limit_bytes };
}

/* Keeps the memory for reuse. */
static inline void buf_clear(struct buf *b)
{
	b->n = 0;
	b->failed = false;
	if (b->p)
		b->p[0] = '\0';
}

static inline bool buf_reserve(struct buf *b, size_t more)
{
	size_t want = b->capacity ? b->capacity : 64;
	char *p;

	if (b->failed)
		return false;
	if (more >= SIZE_MAX / 2 - b->n || (b->limit_bytes && b->n + more > b->limit_bytes)) {
		b->failed = true;
		return false;
	}
	if (b->n + more + 1 <= b->capacity)
		return true;
	while (want < b->n + more + 1)
		want *= 2;
	p = realloc(b->p, want);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->capacity = want;
	return true;
}

static inline void buf_add(struct buf *b, struct span s)
{
	if (!buf_reserve(b, s.n))
		return;
	if (s.n)
		memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
	b->p[b->n] = '\0';
}

static inline void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, span_str(s));
}

static inline void buf_add_char(struct buf *b, char c)
{
	buf_add(b, (struct span){ &c, 1 });
}

__attribute__((format(printf, 2, 3))) static inline void buf_addf(
	struct buf *b, const char *format, ...)
{
	const size_t room = b->failed ? 0 : b->capacity - b->n;
	va_list ap;
	int n;

	/* Mostly it fits where it goes; else this was the measuring. */
	va_start(ap, format);
	n = vsnprintf(room ? b->p + b->n : NULL, room, format, ap);
	va_end(ap);
	if (n < 0 || !buf_reserve(b, (size_t)n)) {
		if (room)
			b->p[b->n] = '\0';
		return;
	}
	if ((size_t)n >= room) {
		va_start(ap, format);
		(void)vsnprintf(b->p + b->n, (size_t)n + 1, format, ap);
		va_end(ap);
	}
	b->n += (size_t)n;
}

static inline struct span buf_span(const struct buf *b)
{
	return (struct span){ b->p ? b->p : "", b->n };
}

/* 0, or -ENOMEM when something was left out. */
static inline int buf_result(const struct buf *b)
{
	return b->failed ? -ENOMEM : 0;
}

/* The heap copy, NUL-terminated, now the caller's; the buffer is empty after. NULL if failed. */
static inline char *buf_take(struct buf *b)
{
	char *p;

	if (b->failed || !buf_reserve(b, 0)) {
		buf_deinit(b);
		return NULL;
	}
	b->p[b->n] = '\0';
	p = b->p;
	*b = (struct buf){ .limit_bytes = b->limit_bytes };
	return p;
}

#endif
