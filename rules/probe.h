#ifndef RULES_PROBE_H
#define RULES_PROBE_H

/*
 * probe: the loop over all tokens of a document, for probe_scalar.c and probe_avx2.c, which
 * differ in what the compiler may use. No branch depends on a token.
 */

#include "dictionary.h"

enum { PROBE_THREE = 1, PROBE_FIVE = 2, PROBE_REST = 4 };

/* `shape` is a constant in each use. A token shorter than a class's bytes is tried with zeroes
 * behind it, which no entry has. */
static inline size_t probe_tokens(const struct dictionary *d, const struct folded *f,
	struct dictionary_hit *hits, const int shape)
{
	const struct dictionary_map words = d->words, parts = d->parts;
	const struct fold_token *tokens = f->tokens;
	const uint64_t sigils = d->sigils;
	const char *text = f->text;
	const size_t n = f->n_tokens;
	size_t n_hits = 0;

	for (size_t i = 0; i < n; i++) {
		const char *p = text + tokens[i].start;
		const size_t length = tokens[i].end - tokens[i].start;
		const uint64_t hash = dictionary_hash(p, length);
		uint32_t hit = dictionary_passes(&words, hash) |
			       ((uint32_t)(sigils >> (p[-1] & 63)) & 1);
		const uint64_t head = shape ? dictionary_head(p, length) : 0;

		if (shape & PROBE_THREE)
			hit |= dictionary_passes(&parts, dictionary_prefix_hash(head, 2));
		if (shape & PROBE_FIVE)
			hit |= dictionary_passes(&parts, dictionary_prefix_hash(head, 3));
		for (unsigned c = 0; shape & PROBE_REST && c < DICTIONARY_CLASSES; c++) {
			if (c < 2 && d->prefix_class[c])
				hit |= dictionary_passes(
					&parts, dictionary_prefix_hash(head, c));
			if (d->suffix_class[c])
				hit |= dictionary_passes(
					&parts, dictionary_suffix_hash(p + length, c));
		}
		hits[n_hits].hash = hash;
		hits[n_hits].token = (uint32_t)i;
		n_hits += hit;
	}
	return n_hits;
}

/* One loop for each shape of dictionary. */
static inline size_t probe(
	const struct dictionary *d, const struct folded *f, struct dictionary_hit *hits)
{
	if (d->any_suffix || d->prefix_class[0] || d->prefix_class[1])
		return probe_tokens(d, f, hits, PROBE_THREE | PROBE_FIVE | PROBE_REST);
	if (d->prefix_class[2])
		return probe_tokens(d, f, hits, PROBE_THREE | PROBE_FIVE);
	if (d->prefix_class[3])
		return probe_tokens(d, f, hits, PROBE_FIVE);
	return probe_tokens(d, f, hits, 0);
}

#endif
