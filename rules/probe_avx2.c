/*
 * probe_avx2: four tokens at a step, for processors with AVX2. Each line does for four what
 * probe_token() does for one.
 */
#include "probe.h"

#include <immintrin.h>

/* a * b, of which AVX2 has only the multiplication of halves. */
static inline __m256i times(__m256i a, uint64_t b)
{
	const __m256i low = _mm256_set1_epi64x((int64_t)(b & UINT32_MAX));
	const __m256i high = _mm256_set1_epi64x((int64_t)(b >> 32));
	const __m256i cross = _mm256_add_epi64(
		_mm256_mul_epu32(_mm256_srli_epi64(a, 32), low), _mm256_mul_epu32(a, high));

	return _mm256_add_epi64(_mm256_mul_epu32(a, low), _mm256_slli_epi64(cross, 32));
}

static inline __m256i modulo_64(__m256i a)
{
	return _mm256_and_si256(a, _mm256_set1_epi64x(63));
}

static inline __m256i words_at(const uint64_t *words, __m256i numbers)
{
	return _mm256_i64gather_epi64((const void *)words, numbers, 8);
}

/* Eight bytes from before each token on: its sigil, and how it starts. Loads one by one are
 * quicker here than a gather. */
static inline __m256i load_four(const char *text, const struct fold_token *t)
{
	const char *p = text - 1;

	return _mm256_set_epi64x((int64_t)dictionary_load(p + t[3].start),
		(int64_t)dictionary_load(p + t[2].start),
		(int64_t)dictionary_load(p + t[1].start),
		(int64_t)dictionary_load(p + t[0].start));
}

static inline __m256i is_whole(const struct dictionary_wholes *w, __m256i start, __m256i n)
{
	const __m256i hash = times(_mm256_add_epi64(start, n), DICTIONARY_MIX);
	const __m256i word =
		words_at(w->words, _mm256_srl_epi64(hash, _mm_cvtsi32_si128((int)w->shift)));

	return _mm256_and_si256(_mm256_srlv_epi64(word, modulo_64(_mm256_srli_epi64(hash, 46))),
		_mm256_srlv_epi64(word, modulo_64(_mm256_srli_epi64(hash, 40))));
}

static inline __m256i is_long(const struct dictionary_heads *h, __m256i start)
{
	const __m256i three =
		_mm256_slli_epi64(_mm256_and_si256(start, _mm256_set1_epi64x(0xFFFFFF)), 8);
	const __m256i number = _mm256_srl_epi32(
		_mm256_mullo_epi32(three, _mm256_set1_epi64x(DICTIONARY_MIX_HALF)),
		_mm_cvtsi32_si128((int)h->shift));
	const __m256i bit = modulo_64(
		_mm256_xor_si256(_mm256_srli_epi64(start, 24), _mm256_srli_epi64(start, 30)));

	return _mm256_srlv_epi64(words_at(h->words, number), bit);
}

/* Which of four tokens may have an entry, as four bits. */
static inline unsigned probe_four(
	const struct dictionary *d, const char *text, const struct fold_token *t)
{
	const __m256i token = _mm256_loadu_si256((const __m256i *)t);
	const __m256i n = _mm256_sub_epi64(_mm256_srli_epi64(token, 32),
		_mm256_and_si256(token, _mm256_set1_epi64x(UINT32_MAX)));
	const __m256i drop = _mm256_max_epi32(
		_mm256_sub_epi64(_mm256_set1_epi64x(64), _mm256_slli_epi64(n, 3)),
		_mm256_set1_epi64x(8));
	const __m256i raw = load_four(text, t);
	const __m256i start =
		_mm256_srlv_epi64(_mm256_sllv_epi64(_mm256_srli_epi64(raw, 8), drop), drop);
	const __m256i tagged =
		_mm256_srlv_epi64(_mm256_set1_epi64x((int64_t)d->sigils), modulo_64(raw));
	const __m256i hit = _mm256_or_si256(_mm256_or_si256(tagged, is_long(&d->heads, start)),
		is_whole(&d->wholes, start, n));

	return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_slli_epi64(hit, 63)));
}

size_t dictionary_probe_avx2(
	const struct dictionary *d, const struct folded *f, struct dictionary_hit *hits)
{
	const uint32_t n = (uint32_t)f->n_tokens;
	size_t n_hits = 0;

	if (d->any_other)
		return probe(d, f, hits);
	for (uint32_t base = 0; base < n; base += 64) {
		const uint32_t count = n - base < 64 ? n - base : 64;
		uint64_t which = 0;

		for (uint32_t i = 0; i < count; i += 4)
			which |= (uint64_t)probe_four(d, f->text, &f->tokens[base + i]) << i;
		which &= UINT64_MAX >> (64 - count); /* not of what stands behind the last */
		n_hits = probe_note(d, f, base, which, hits, n_hits);
	}
	return n_hits;
}
