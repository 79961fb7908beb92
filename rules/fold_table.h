#ifndef RULES_FOLD_TABLE_H
#define RULES_FOLD_TABLE_H

/*
 * fold_table: what make-fold.py writes from the Unicode data of Python, and the one function
 * that folds a single code point with it. For fold*.c and exact.c only.
 *
 * A text has two folded forms. The *fold* is the language's own, with every separator as it is.
 * The *token form*, which is matched, keeps words and sigils, writes each separator as one
 * blank and each single between two FOLD_MARK, so that words are simply runs of letters,
 * digits, '_' and bytes above 0x7F.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FOLD_MARK '\x01'

/* A cell is one of these or FOLD_ENTRY + an index into fold_entries. Loose code points are
 * those whose neighbours can be written in more than one canonically equivalent way (exact.h).
 */
enum fold_cell {
	FOLD_SEPARATOR,
	FOLD_WORD,   /* itself */
	FOLD_SINGLE, /* itself, between marks */
	FOLD_DROP,
	FOLD_WORD_LOOSE,
	FOLD_SINGLE_LOOSE,
	FOLD_DROP_LOOSE,
	FOLD_ENTRY
};

/* `packed`: up to seven bytes of token form, first byte lowest; their number in bits 56 to 62,
 * 8 standing for "longer: see the pool"; bit 63: loose. */
#define FOLD_PACKED_N(packed) ((size_t)((packed) >> 56 & 0x7F))
#define FOLD_PACKED_LOOSE(packed) ((packed) >> 63)

struct fold_entry {
	uint64_t packed;
	uint16_t token_at; /* in the pool */
	uint16_t fold_at;
	uint8_t token_n;
	uint8_t fold_n;
};

struct fold_separator { /* separators whose fold is not themselves */
	uint32_t c;
	char fold[16];
};

struct fold_canonical { /* full canonical decomposition */
	uint32_t c;
	uint16_t at;
	uint16_t n;
};

struct fold_class { /* canonical combining class, where not 0 */
	uint32_t c;
	uint8_t ccc;
};

extern const char fold_unicode[];
extern const uint16_t fold_rows[];  /* by code point / 64 */
extern const uint16_t fold_cells[]; /* rows of 64 */
extern const uint64_t fold_two[];   /* packed, by code point below U+0800 */
extern const struct fold_entry fold_entries[];
extern const char fold_pool[];
extern const size_t fold_separators_n;
extern const struct fold_separator fold_separators[];
extern const size_t fold_canonical_n;
extern const struct fold_canonical fold_canonical[];
extern const uint32_t fold_canonical_parts[];
extern const size_t fold_classes_n;
extern const struct fold_class fold_classes[];

/* The longest token form of one code point; a writer keeps so much room. */
enum { FOLD_LONGEST = 40 };

/* Token form of the non-ASCII code point at p (`left` bytes remain, at least one), at most
 * FOLD_LONGEST bytes of it being written. Returns how many; *used is the length of the code
 * point. What is not UTF-8 is one separator a byte. */
static inline size_t fold_one(
	char *out, const unsigned char *p, size_t left, size_t *used, bool *loose)
{
	uint32_t c;
	uint16_t cell;
	size_t n;

	if (p[0] < 0xE0) {
		uint64_t packed;

		if (p[0] < 0xC2 || left < 2 || (p[1] & 0xC0) != 0x80)
			goto invalid;
		packed = fold_two[(size_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3F)];
		memcpy(out, &packed, sizeof(packed));
		*loose |= FOLD_PACKED_LOOSE(packed);
		*used = 2;
		return FOLD_PACKED_N(packed);
	}
	if (p[0] < 0xF0) {
		if (left < 3 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80)
			goto invalid;
		c = (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 |
		    (p[2] & 0x3F);
		if (c < 0x800)
			goto invalid;
		n = 3;
	} else {
		if (left < 4 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80 ||
			(p[3] & 0xC0) != 0x80)
			goto invalid;
		c = (uint32_t)(p[0] & 0x0F) << 18 | (uint32_t)(p[1] & 0x3F) << 12 |
		    (uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
		if (p[0] > 0xF4 || c < 0x10000 || c > 0x10FFFF)
			goto invalid;
		n = 4;
	}
	*used = n;
	cell = fold_cells[(size_t)fold_rows[c >> 6] * 64 + (c & 63)];
	if (cell >= FOLD_ENTRY) {
		const struct fold_entry *e = &fold_entries[cell - FOLD_ENTRY];

		*loose |= FOLD_PACKED_LOOSE(e->packed);
		if (e->token_n <= 7)
			memcpy(out, &e->packed, sizeof(e->packed));
		else
			memcpy(out, fold_pool + e->token_at, e->token_n);
		return e->token_n;
	}
	switch ((enum fold_cell)cell) {
	case FOLD_WORD_LOOSE:
		*loose = true;
		/* fall through */
	case FOLD_WORD:
		memcpy(out, p, n);
		return n;
	case FOLD_SINGLE_LOOSE:
		*loose = true;
		/* fall through */
	case FOLD_SINGLE:
		out[0] = FOLD_MARK;
		memcpy(out + 1, p, n);
		out[n + 1] = FOLD_MARK;
		return n + 2;
	case FOLD_DROP_LOOSE:
		*loose = true;
		return 0;
	case FOLD_DROP:
		return 0;
	case FOLD_SEPARATOR:
	case FOLD_ENTRY:
		break;
	}
	out[0] = ' ';
	return 1;
invalid:
	*used = 1;
	out[0] = ' ';
	return 1;
}

#endif
