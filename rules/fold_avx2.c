/*
 * fold_avx2: the inner loops of fold for processors with AVX2 and BMI: 32 bytes of ASCII at a
 * step, code points above by the table; then word boundaries from 64-bit masks, whose bits are
 * flattened in batches as in Langdale and Lemire, "Parsing Gigabytes of JSON per Second"
 * (2019), section 3.1.2.
 */
#include "fold.h"

#include <immintrin.h>

#include "fold_table.h"

/* Lower case for A to Z, the rest as it is. */
static inline __m256i lower(__m256i v)
{
	const __m256i upper = _mm256_and_si256(_mm256_cmpgt_epi8(v, _mm256_set1_epi8('A' - 1)),
		_mm256_cmpgt_epi8(_mm256_set1_epi8('Z' + 1), v));

	return _mm256_or_si256(v, _mm256_and_si256(upper, _mm256_set1_epi8(0x20)));
}

/* Folds from p on until at least `stop` of its n bytes are read; 31 bytes behind stop are
 * readable. False when `out` may be too small to go on. */
static inline bool stretch(struct fold_pass *pass, struct fold_mark *mark,
	const unsigned char *p, size_t n, size_t stop)
{
	const size_t begin = pass->i, rest = pass->n;
	size_t k = 0, o = pass->o;
	bool room = true;

	while (k < stop) {
		const __m256i v = _mm256_loadu_si256((const __m256i *)(p + k));
		const uint32_t high = (uint32_t)_mm256_movemask_epi8(v);
		size_t step = 32;

		_mm256_storeu_si256((__m256i *)(pass->out + o), lower(v));
		if (high)
			step = (size_t)__builtin_ctz(high);
		if (step > n - k)
			step = n - k;
		k += step;
		o += step;
		if (!high)
			continue;
		mark->plain = false;
		do {
			size_t used;

			if (o + fold_room(rest - begin - k) > pass->capacity) {
				room = false;
				goto out;
			}
			o += fold_one(pass->out + o, p + k, n - k, &used, &pass->loose);
			k += used;
		} while (k < n && p[k] >= 0x80);
	}
out:
	pass->i += k;
	pass->o = o;
	return room;
}

static void avx2_fold(struct fold_pass *pass)
{
	while (pass->i < pass->n) {
		const size_t left = pass->n - pass->i;
		struct fold_mark *mark = &pass->marks[pass->n_marks++];
		bool room;

		*mark = (struct fold_mark){(uint32_t)pass->i, (uint32_t)pass->o, true};
		if (left >= 32) {
			const size_t stop = left - 31 < FOLD_CHUNK ? left - 31 : FOLD_CHUNK;

			room = stretch(pass, mark, pass->in + pass->i, left, stop);
		} else {
			unsigned char tail[64] = {0};

			memcpy(tail, pass->in + pass->i, left);
			room = stretch(pass, mark, tail, left, left);
		}
		if (!room)
			return;
	}
}

/* Bit i: byte i is of a word. Two look-ups by half bytes; bytes above 0x7F are words by their
 * top bit. */
static inline uint32_t words(__m256i v)
{
	/* 1: digits (0x3_), 2: a to o (0x6_), 4: p to z (0x7_), 8: '_' (0x5F) */
	const __m256i by_low = _mm256_setr_epi8(1 | 4, 1 | 2 | 4, 1 | 2 | 4, 1 | 2 | 4,
		1 | 2 | 4, 1 | 2 | 4, 1 | 2 | 4, 1 | 2 | 4, 1 | 2 | 4, 1 | 2 | 4, 2 | 4, 2, 2,
		2, 2, 2 | 8, 1 | 4, 1 | 2 | 4, 1 | 2 | 4, 1 | 2 | 4, 1 | 2 | 4, 1 | 2 | 4,
		1 | 2 | 4, 1 | 2 | 4, 1 | 2 | 4, 1 | 2 | 4, 2 | 4, 2, 2, 2, 2, 2 | 8);
	const __m256i by_high = _mm256_setr_epi8(0, 0, 0, 1, 0, 8, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 1, 0, 8, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0);
	const __m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(0x0F));
	const __m256i both = _mm256_and_si256(
		_mm256_shuffle_epi8(by_low, v), _mm256_shuffle_epi8(by_high, high));
	const __m256i none = _mm256_cmpeq_epi8(both, _mm256_setzero_si256());

	return ~(uint32_t)_mm256_movemask_epi8(none) | (uint32_t)_mm256_movemask_epi8(v);
}

/* Writes the places of the n lowest set bits. */
static inline uint64_t flatten(uint32_t *to, uint64_t bits, uint32_t base, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		to[k] = base + (uint32_t)_tzcnt_u64(bits);
		bits = _blsr_u64(bits);
	}
	return bits;
}

static size_t avx2_cut(struct fold_token *tokens, const char *text, size_t n)
{
	uint32_t *edge = &tokens[0].start; /* start, end, start, end, … */
	uint64_t carry = 0;

	for (size_t at = 0; at < n; at += 64) {
		const __m256i a = _mm256_loadu_si256((const __m256i *)(text + at));
		const __m256i b = _mm256_loadu_si256((const __m256i *)(text + at + 32));
		const uint64_t word = words(a) | (uint64_t)words(b) << 32;
		uint64_t edges = word ^ (word << 1 | carry);
		const size_t count = (size_t)__builtin_popcountll(edges);

		carry = word >> 63;
		/* In batches, whether all of one are there or not: `tokens` has room. */
		edges = flatten(edge, edges, (uint32_t)at, 16);
		for (size_t k = 16; k < count; k += 8)
			edges = flatten(edge + k, edges, (uint32_t)at, 8);
		edge += count;
	}
	/* A word at the very end of the last block: the text is followed by separators. */
	if (carry)
		*edge++ = (uint32_t)n;
	return (size_t)(edge - &tokens[0].start) / 2;
}

const struct fold_engine fold_avx2 = {"avx2", avx2_fold, avx2_cut};
