/*
 * memo: the crawler's notes as bytes and back. What they mean stands in line/health and
 * line/crawl.
 */

#include "line/memo.h"

/* Version, then the fields in order, little-endian; rhythm is the rest. */
enum { VERSION = 1, HEAD_BYTES = 1 + 3 * 8 + 2 * 4 + 3 };

static void put(unsigned char **p, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		*(*p)++ = (unsigned char)(v >> (8 * i));
}

static uint64_t get(const unsigned char **p, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v |= (uint64_t) * (*p)++ << (8 * i);
	return v;
}

void memo_decode(struct memo *ret, struct span bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	*ret = (struct memo){.full = WALL_NONE};
	if (bytes.n < HEAD_BYTES || *p++ != VERSION)
		return;
	ret->url = get(&p, 8);
	ret->moved = get(&p, 8);
	ret->full.ms = (int64_t)get(&p, 8);
	ret->ttl_s = (uint32_t)get(&p, 4);
	ret->skip_hours = (uint32_t)get(&p, 4);
	ret->skip_days = (uint8_t)get(&p, 1);
	ret->moved_seen = (uint8_t)get(&p, 1);
	ret->flags = (uint8_t)get(&p, 1);
	ret->rhythm = span_slice(bytes, HEAD_BYTES, bytes.n);
}

struct span memo_encode(struct arena *arena, const struct memo *memo)
{
	const size_t n = HEAD_BYTES + memo->rhythm.n;
	unsigned char *bytes = arena_alloc(arena, n), *p = bytes;

	if (!bytes)
		return SPAN_NONE;
	*p++ = VERSION;
	put(&p, memo->url, 8);
	put(&p, memo->moved, 8);
	put(&p, (uint64_t)memo->full.ms, 8);
	put(&p, memo->ttl_s, 4);
	put(&p, memo->skip_hours, 4);
	put(&p, memo->skip_days, 1);
	put(&p, memo->moved_seen, 1);
	put(&p, memo->flags, 1);
	if (memo->rhythm.n)
		memcpy(p, memo->rhythm.p, memo->rhythm.n);
	return span_of((const char *)bytes, n);
}
