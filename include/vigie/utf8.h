#ifndef VIGIE_UTF8_H
#define VIGIE_UTF8_H

/*
 * UTF-8 as RFC 3629 has it: no surrogates, nothing above U+10FFFF, no overlong form.
 * Text is repaired once, where it enters (utf8_repair); behind that, utf8_next() may be trusted.
 */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "vigie/buf.h"
#include "vigie/span.h"

/* Decodes one code point at *i (< s.n) and moves *i behind it. An ill-formed sequence yields
 * U+FFFD and skips its maximal subpart (Unicode 3.9, table 3-8), with *ok set to false. */
static inline uint32_t utf8_decode(struct span s, size_t *i, bool *ok)
{
	const unsigned char *p = (const unsigned char *)s.p + *i;
	const size_t left = s.n - *i;
	unsigned char low = 0x80, high = 0xBF;
	uint32_t c = p[0];
	size_t need;

	*ok = true;
	if (c < 0x80) {
		*i += 1;
		return c;
	}
	if (c >= 0xC2 && c <= 0xDF) {
		need = 1;
		c &= 0x1F;
	} else if (c >= 0xE0 && c <= 0xEF) {
		need = 2;
		low = c == 0xE0 ? 0xA0 : 0x80;
		high = c == 0xED ? 0x9F : 0xBF;
		c &= 0x0F;
	} else if (c >= 0xF0 && c <= 0xF4) {
		need = 3;
		low = c == 0xF0 ? 0x90 : 0x80;
		high = c == 0xF4 ? 0x8F : 0xBF;
		c &= 0x07;
	} else {
		*ok = false;
		*i += 1;
		return 0xFFFD;
	}
	for (size_t k = 1; k <= need; k++) {
		if (k >= left || p[k] < low || p[k] > high) {
			*ok = false;
			*i += k;
			return 0xFFFD;
		}
		c = c << 6 | (p[k] & 0x3F);
		low = 0x80;
		high = 0xBF;
	}
	*i += need + 1;
	return c;
}

/* For text known to be valid. */
static inline uint32_t utf8_next(struct span s, size_t *i)
{
	bool ok;

	return utf8_decode(s, i, &ok);
}

/* Writes 1 to 4 bytes and returns their number; surrogates and values above U+10FFFF are written
 * as U+FFFD. */
static inline size_t utf8_encode(char out[4], uint32_t c)
{
	if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		c = 0xFFFD;
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

static inline void buf_add_utf8(struct buf *b, uint32_t c)
{
	char bytes[4];
	const size_t n = utf8_encode(bytes, c);

	buf_add(b, span_of(bytes, n));
}

static inline bool utf8_valid(struct span s)
{
	bool ok = true;

	for (size_t i = 0; i < s.n && ok;) {
		uint64_t eight;

		/* ASCII, eight bytes at a step. */
		if (s.n - i >= sizeof(eight)) {
			memcpy(&eight, s.p + i, sizeof(eight));
			if (!(eight & 0x8080808080808080U)) {
				i += sizeof(eight);
				continue;
			}
		}
		(void)utf8_decode(s, &i, &ok);
	}
	return ok;
}

/* Appends s with ill-formed sequences and U+0000 replaced by U+FFFD. */
static inline void utf8_repair(struct buf *out, struct span s)
{
	size_t clean = 0;

	for (size_t i = 0; i < s.n;) {
		const size_t at = i;
		bool ok;
		const uint32_t c = utf8_decode(s, &i, &ok);

		if (ok && c)
			continue;
		buf_add(out, span_of(s.p + clean, at - clean));
		buf_add_utf8(out, 0xFFFD);
		clean = i;
	}
	if (s.n > clean)
		buf_add(out, span_of(s.p + clean, s.n - clean));
}

/* Number of code points of valid text. */
static inline size_t utf8_length(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
	return n;
}

/* The longest prefix of valid text that is at most `bytes` long and ends between code points. */
static inline struct span utf8_prefix(struct span s, size_t bytes)
{
	if (bytes >= s.n)
		return s;
	while (bytes && ((unsigned char)s.p[bytes] & 0xC0) == 0x80)
		bytes--;
	return (struct span){ s.p, bytes };
}

#endif
