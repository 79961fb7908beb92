#ifndef VIGIE_ALERTS_PACK_H
#define VIGIE_ALERTS_PACK_H

/*
 * pack: numbers and bytes in a record, one behind the other. Unsigned numbers are LEB128 (seven
 * bits a byte, low ones first), signed ones zigzag over it, a text is its length and its bytes.
 */

#include "vigie/buf.h"

static inline void pack_u(struct buf *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_add_char(out, (char)(v | 0x80));
	buf_add_char(out, (char)v);
}

static inline void pack_i(struct buf *out, int64_t v)
{
	pack_u(out, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

static inline void pack_text(struct buf *out, struct span s)
{
	pack_u(out, s.n);
	buf_add(out, s);
}

/* What is left to be read; `bad` once something was not there. */
struct unpack {
	struct span left;
	bool bad;
};

static inline struct span unpack_bytes(struct unpack *u, size_t n)
{
	const struct span bytes = span_slice(u->left, 0, n);

	if (n > u->left.n)
		u->bad = true;
	u->left = span_slice(u->left, bytes.n, u->left.n);
	return bytes;
}

static inline uint64_t unpack_u(struct unpack *u, uint64_t most)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		const struct span byte = unpack_bytes(u, 1);
		const unsigned char c = byte.n ? (unsigned char)byte.p[0] : 0;

		if (shift == 63 && c > 1)
			break;
		v |= (uint64_t)(c & 0x7F) << shift;
		if (c < 0x80) {
			u->bad = u->bad || v > most;
			return u->bad ? 0 : v;
		}
	}
	u->bad = true;
	return 0;
}

static inline int64_t unpack_i(struct unpack *u)
{
	const uint64_t v = unpack_u(u, UINT64_MAX);

	return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

static inline struct span unpack_text(struct unpack *u, size_t most)
{
	return unpack_bytes(u, (size_t)unpack_u(u, most));
}

#endif
