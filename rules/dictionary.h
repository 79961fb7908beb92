#ifndef RULES_DICTIONARY_H
#define RULES_DICTIONARY_H

/*
 * dictionary: which tokens of a document are worth a second look. Each anchor is a token, the
 * beginning of one or the end of one; all tokens of a document are hashed and tried against
 * small bitmaps first, and only those that pass are looked up.
 */

#include <stddef.h>
#include <stdint.h>

#include "fold.h"
#include "vigie/arena.h"

enum anchor_kind { ANCHOR_WORD, ANCHOR_PREFIX, ANCHOR_SUFFIX };

/* Leaf `leaf` is worth a look where its token number `token` may stand. */
struct anchor {
	enum anchor_kind kind;
	struct span text;
	uint32_t leaf;
	uint32_t token;
};

/* Prefixes and suffixes are looked up by as many of their bytes as they surely have. */
enum { DICTIONARY_CLASSES = 4 };

struct dictionary_slot {
	uint64_t hash;
	uint32_t first; /* in anchors, sorted so that equal hashes are neighbours */
	uint32_t n;     /* 0: empty slot */
};

struct dictionary_map {
	uint64_t *bits; /* bitmap by the top bits of a hash */
	unsigned bits_shift;
	struct dictionary_slot *slots;
	size_t slots_mask;
	struct anchor *anchors;
	size_t n_anchors;
};

struct dictionary {
	struct dictionary_map words;
	struct dictionary_map
		parts; /* prefixes and suffixes, their class mixed into the hash */
	bool prefix_class[DICTIONARY_CLASSES]; /* of 1, 2, 3, 5 bytes */
	bool suffix_class[DICTIONARY_CLASSES];
	bool any_prefix, any_suffix;
};

/* 64-bit hash of a token of n > 0 bytes. FOLD_FRONT and FOLD_BACK readable bytes stand around
 * it. */
static inline uint64_t dictionary_hash(const char *p, size_t n);

/* The hash of bytes that have no room around them. */
uint64_t dictionary_hash_of(struct span token);

/* The 32 bits of it that are kept for each token of a document. */
static inline uint32_t dictionary_short(uint64_t hash)
{
	return (uint32_t)(hash >> 16);
}

/* Copies anchors into the arena. 0 or -ENOMEM. */
int dictionary_build(
	struct dictionary *d, struct arena *arena, const struct anchor *anchors, size_t n);

/* Writes the short hash of each token, and the numbers of the tokens that may fire to `hits`
 * (room for n_tokens). Returns how many. */
size_t dictionary_probe(
	const struct dictionary *d, const struct folded *f, uint32_t *hashes, uint32_t *hits);

/* Calls fire() for each anchor that stands at the token. */
typedef void dictionary_fire(void *arg, const struct anchor *anchor, uint32_t token);
void dictionary_look_up(const struct dictionary *d, const struct folded *f, uint32_t token,
	dictionary_fire *fire, void *arg);

static inline uint64_t dictionary_load(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The first min(n, 8) bytes as a number. */
static inline uint64_t dictionary_head(const char *p, size_t n)
{
	const unsigned drop = n < 8 ? 64 - 8 * (unsigned)n : 0;

	return dictionary_load(p) << drop >> drop;
}

static inline uint64_t dictionary_hash(const char *p, size_t n)
{
	const uint64_t low = dictionary_head(p, n);
	const uint64_t high = n > 8 ? dictionary_load(p + n - 8) : 0;
	/* Odd constants of the golden ratio and of xxHash; a product's top bits depend on all.
	 */
	const uint64_t x = (low ^ (high * 0xC2B2AE3D27D4EB4FU)) * 0x9E3779B97F4A7C15U;

	return x ^ x >> 29;
}

#endif
