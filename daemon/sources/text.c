#include "sources/text.h"

#include <stdint.h>
#include <string.h>

#include "sources/encoding.h"
#include "vigie/utf8.h"

bool text_needs_mending(struct span s)
{
	const char *p = s.p ? s.p : "", *end = p + s.n;

	while (p < end && (p = memchr(p, 0xC2, (size_t)(end - p)))) {
		if (p + 1 < end && (unsigned char)p[1] < 0xA0)
			return true;
		p++;
	}
	return false;
}

/* The bytes that all characters of s are the code points of, when they are valid UTF-8. */
static bool undouble(struct buf *out, struct span s)
{
	size_t n_wide = 0;

	for (size_t i = 0; i < s.n;) {
		const uint32_t c = utf8_next(s, &i);

		if (c > 0xFF)
			return false;
		buf_add_char(out, (char)c);
	}
	return !out->failed && encoding_valid(buf_span(out), &n_wide) && n_wide > 0;
}

void text_mend(struct buf *b)
{
	const struct span s = buf_span(b);
	struct buf out = {.limit_bytes = b->limit_bytes};
	size_t from = 0;

	if (!text_needs_mending(s))
		return;
	if (undouble(&out, s)) {
		buf_clear(b);
		buf_add(b, buf_span(&out));
		buf_deinit(&out);
		return;
	}
	buf_clear(&out);
	for (size_t i = 0; i + 1 < s.n; i++) {
		const unsigned char next = (unsigned char)s.p[i + 1];

		if ((unsigned char)s.p[i] != 0xC2 || next < 0x80 || next >= 0xA0)
			continue;
		buf_add(&out, span_slice(s, from, i));
		if (encoding_c1[next - 0x80] > 0x9F)
			buf_add_utf8(&out, encoding_c1[next - 0x80]);
		from = i + 2;
		i++;
	}
	buf_add(&out, span_slice(s, from, s.n));
	if (!out.failed) {
		buf_clear(b);
		buf_add(b, buf_span(&out));
	}
	buf_deinit(&out);
}

/* White space or control character at p, and how long; 0 when it is neither. */
static size_t blank_at(const char *p, const char *end)
{
	const unsigned char c = (unsigned char)*p;

	if (c <= ' ' || c == 0x7F)
		return 1;
	if (c == 0xC2 && p + 1 < end && (unsigned char)p[1] <= 0xA0)
		return 2;
	return 0;
}

bool text_is_line(struct span s)
{
	/* 1: a space, 2: nothing for a line; 0xC2 begins other spaces and controls */
	static const uint8_t kinds[256] = {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
		2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, [' '] = 1, [0x7F] = 2, [0xC2] = 2};
	unsigned before = 1; /* at the beginning, too, no space may stand */

	for (size_t i = 0; i < s.n; i++) {
		const unsigned kind = kinds[(unsigned char)s.p[i]];

		if (kind & (before | 2))
			return false;
		before = kind;
	}
	return s.n && !before;
}

void text_line(struct buf *out, struct span s)
{
	const char *p = s.p ? s.p : "", *end = p + s.n;
	const size_t start = out->n;

	while (p < end) {
		const char *from;
		size_t blank;

		while (p < end && (blank = blank_at(p, end)))
			p += blank;
		from = p;
		while (p < end && !blank_at(p, end))
			p++;
		if (p == from)
			break;
		if (out->n > start)
			buf_add_char(out, ' ');
		buf_add(out, span_of(from, (size_t)(p - from)));
	}
}

void text_lines(struct buf *out, struct span s)
{
	size_t from = 0;

	s = span_trim(s);
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if ((c >= ' ' && c != 0x7F) || c == '\n' || c == '\t')
			continue;
		buf_add(out, span_slice(s, from, i));
		if (c == '\r' && !(i + 1 < s.n && s.p[i + 1] == '\n'))
			buf_add_char(out, '\n');
		from = i + 1;
	}
	buf_add(out, span_slice(s, from, s.n));
}
