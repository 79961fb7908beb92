#ifndef RULES_DICTIONARY_H
#define RULES_DICTIONARY_H

/*
 * dictionary: where in a document something of the rules may stand. Each leaf has one entry (a
 * regex may have several): a token, the beginning of one or the end of one. All tokens of a
 * document are hashed and tried against small bitmaps; the few that pass are looked up.
 */

#include <stddef.h>
#include <stdint.h>

#include "fold.h"
#include "vigie/arena.h"

enum entry_kind { ENTRY_WORD, ENTRY_PREFIX, ENTRY_SUFFIX };

/* Leaf `leaf` is worth a look where its token number `token` may stand. */
struct entry {
	enum entry_kind kind;
	struct span text;
	uint32_t leaf;
	uint32_t token;
};

/* What is kept of an entry. */
struct entry_mark {
	uint32_t leaf;
	uint32_t token;
};

/* Prefixes and suffixes are looked up by as many of their bytes as they surely have. */
enum { DICTIONARY_CLASSES = 4 };

struct dictionary_slot {
	uint64_t hash;
	uint32_t first; /* in marks; those of equal hashes are neighbours */
	uint32_t n;     /* 0: empty slot */
};

struct dictionary_map {
	uint64_t *bits; /* a blocked Bloom filter: two bits in a word named by the top of a hash
			 */
	unsigned bits_shift; /* from a hash to the number of its word */
	struct dictionary_slot *slots;
	size_t slots_mask;
	struct entry_mark *marks;
	size_t n;
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

/* Marks go to the arena. 0 or -ENOMEM. */
int dictionary_build(
	struct dictionary *d, struct arena *arena, const struct entry *entries, size_t n);

/* A token that passed, and what for. */
enum { HIT_WORD = 1, HIT_PART = 2 };
struct dictionary_hit {
	uint32_t token;
	uint32_t what;
};

/* Writes the short hash of each token, and the tokens that may have an entry to `hits` (room
 * for n_tokens). Returns how many. */
size_t dictionary_probe(const struct dictionary *d, const struct folded *f, uint32_t *hashes,
	struct dictionary_hit *hits);

/* Calls met() for each entry that may stand at the token: equal hashes are all that was looked
 * at. */
typedef void dictionary_met(void *arg, struct entry_mark mark, uint32_t token);
void dictionary_look_up(const struct dictionary *d, const struct folded *f,
	struct dictionary_hit hit, dictionary_met *met, void *arg);

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
