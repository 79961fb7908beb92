#ifndef RULES_PROBE_H
#define RULES_PROBE_H

/*
 * probe: the loop over all tokens of a document, one by one; probe_avx2.c has another for most
 * sets. No branch depends on a token: answers are gathered as bits, and looked at once for 64
 * tokens, for a wrong guess costs more than a token does.
 */

#include "dictionary.h"

enum { PROBE_LONG = 1, PROBE_OTHER = 2 };

/* Prefixes and suffixes of all classes: few sets have other than long prefixes. A token shorter
 * than a class's bytes is tried with zeroes behind it, or with what stands before it: no entry
 * has either. */
static inline uint64_t probe_others(const struct dictionary *d, const char *end, uint64_t start)
{
	uint64_t hit = 0;

	for (unsigned i = 0; i < d->prefixes.n; i++)
		hit |= dictionary_passes(
			&d->parts, dictionary_prefix_hash(start, d->prefixes.shifts[i]));
	for (unsigned i = 0; i < d->suffixes.n; i++)
		hit |= dictionary_passes(
			&d->parts, dictionary_suffix_hash(end, d->suffixes.shifts[i]));
	return hit;
}

/* Whether the token may have an entry: in bit 0, those above are of no meaning. `shape` is a
 * constant. */
static inline uint64_t probe_token(const struct dictionary *d, const char *text,
	const struct fold_token *token, const int shape)
{
	const char *p = text + token->start, *end = text + token->end;
	const size_t n = (size_t)(end - p);
	const uint64_t start = dictionary_start(p, n);
	uint64_t hit = dictionary_whole(&d->wholes, start, n);

	hit |= d->sigils >> (p[-1] & 63);
	if (shape & PROBE_LONG)
		hit |= d->heads.words[dictionary_head_word(start, d->heads.shift)] >>
		       dictionary_head_bit(start);
	if (shape & PROBE_OTHER)
		hit |= probe_others(d, end, start);
	return hit;
}

/* Adds the tokens from `base` on whose bits are set; returns how many hits there are then. */
static inline size_t probe_note(const struct dictionary *d, const struct folded *f,
	uint32_t base, uint64_t which, struct dictionary_hit *hits, size_t n_hits)
{
	for (; which; which &= which - 1) {
		const uint32_t i = base + (uint32_t)__builtin_ctzll(which);
		const struct span t = folded_token(f, i);
		const uint64_t hash = dictionary_hash(t.p, t.n);

		/* What a large set has of it is not near. */
		__builtin_prefetch(&d->words.slots[dictionary_slot(&d->words, hash)]);
		hits[n_hits++] = (struct dictionary_hit){.hash = hash, .token = i};
	}
	return n_hits;
}

static inline size_t probe_tokens(const struct dictionary *dictionary, const struct folded *f,
	struct dictionary_hit *hits, const int shape)
{
	const struct dictionary d = *dictionary;
	const struct fold_token *tokens = f->tokens;
	const char *text = f->text;
	const uint32_t n = (uint32_t)f->n_tokens;
	size_t n_hits = 0;

	for (uint32_t base = 0; base < n; base += 64) {
		const uint32_t count = n - base < 64 ? n - base : 64;
		uint64_t which = 0;

		for (uint32_t i = 0; i < count; i++)
			which = which >> 1 | probe_token(&d, text, &tokens[base + i], shape)
						     << 63;
		which >>= 64 - count;
		n_hits = probe_note(&d, f, base, which, hits, n_hits);
	}
	return n_hits;
}

/* One loop for each shape of dictionary. */
static inline size_t probe(
	const struct dictionary *d, const struct folded *f, struct dictionary_hit *hits)
{
	if (d->any_other)
		return probe_tokens(d, f, hits, PROBE_OTHER);
	return d->any_long ? probe_tokens(d, f, hits, PROBE_LONG) : probe_tokens(d, f, hits, 0);
}

#endif
