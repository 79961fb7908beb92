#include "exact.h"

#include <stdlib.h>

#include "fold_table.h"
#include "vigie/utf8.h"

/* Rule 1 of folding, without combining marks: what an exact comparison does not see. */
static bool invisible(uint32_t c)
{
	return c == 0xAD || c == 0x34F || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
	       (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2064) ||
	       (c >= 0x2066 && c <= 0x206F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF ||
	       (c >= 0x1F3FB && c <= 0x1F3FF) || (c >= 0xE0000 && c <= 0xE01EF);
}

static unsigned combining_class(uint32_t c)
{
	size_t low = 0, high = fold_classes_n;

	while (c >= 0x300 && low < high) {
		const size_t middle = low + (high - low) / 2;

		if (fold_classes[middle].c == c)
			return fold_classes[middle].ccc;
		if (fold_classes[middle].c < c)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/* Parts of the full canonical decomposition; 0 when c stands for itself. */
static size_t decompose(uint32_t parts[4], uint32_t c)
{
	size_t low = 0, high = fold_canonical_n;

	if (c >= 0xAC00 && c <= 0xD7A3) { /* Hangul: The Unicode Standard, section 3.12 */
		const uint32_t s = c - 0xAC00;

		parts[0] = 0x1100 + s / 588;
		parts[1] = 0x1161 + s % 588 / 28;
		parts[2] = 0x11A7 + s % 28;
		return s % 28 ? 3 : 2;
	}
	while (c >= 0xC0 && low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct fold_canonical *f = &fold_canonical[middle];

		if (f->c == c) {
			for (size_t i = 0; i < f->n; i++)
				parts[i] = fold_canonical_parts[f->at + i];
			return f->n;
		}
		if (f->c < c)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/* Appends c, and moves it in front of marks of a higher class (canonical ordering). */
static void put(struct buf *out, size_t *starter, uint32_t c)
{
	const unsigned ccc = combining_class(c);
	const size_t end = out->n;
	size_t at = end;
	char bytes[4], moved[4];
	size_t n;

	if (!ccc) {
		buf_add_utf8(out, c);
		*starter = out->n;
		return;
	}
	while (at > *starter) {
		size_t before = at - 1, i;

		while (((unsigned char)out->p[before] & 0xC0) == 0x80)
			before--;
		i = before;
		if (combining_class(utf8_next(buf_span(out), &i)) <= ccc)
			break;
		at = before;
	}
	n = utf8_encode(bytes, c);
	buf_add(out, span_of(bytes, n));
	if (at == end || out->failed)
		return;
	memcpy(moved, out->p + end, n);
	memmove(out->p + at + n, out->p + at, end - at);
	memcpy(out->p + at, moved, n);
}

void exact_normal(struct buf *out, struct span token)
{
	size_t starter = out->n;

	for (size_t i = 0; i < token.n;) {
		uint32_t c = (unsigned char)token.p[i], parts[4];
		size_t n;

		if (c < 0x80) {
			i++;
			buf_add_char(out, (char)c);
			starter = out->n;
			continue;
		}
		c = utf8_next(token, &i);
		if (invisible(c))
			continue;
		n = decompose(parts, c);
		if (!n)
			put(out, &starter, c);
		for (size_t k = 0; k < n; k++)
			put(out, &starter, parts[k]);
	}
}

bool exact_equal(struct span token, struct span normal, struct buf *work)
{
	bool ascii = true;

	for (size_t i = 0; i < token.n && ascii; i++)
		ascii = (unsigned char)token.p[i] < 0x80;
	if (ascii)
		return span_eq(token, normal);
	buf_clear(work);
	exact_normal(work, token);
	return !work->failed && span_eq(buf_span(work), normal);
}

bool exact_is_loose(struct span s)
{
	bool loose = false;

	for (size_t i = 0; i < s.n;) {
		char out[FOLD_LONGEST];
		const unsigned char *p = (const unsigned char *)s.p + i;
		size_t used = 1;

		if (*p >= 0x80)
			(void)fold_one(out, p, s.n - i, &used, &loose);
		i += used;
	}
	return loose;
}
