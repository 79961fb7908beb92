#ifndef RULES_DICTIONARY_H
#define RULES_DICTIONARY_H

/*
 * dictionary: where in a document something of the rules may stand. Each term has one entry (a
 * regex may have several): a token, the beginning of one or the end of one. All tokens of a
 * document are hashed and tried against small bitmaps; the few that pass are looked up, and
 * what an entry's mark can tell of its surroundings is looked at there, before the term itself
 * is touched.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fold.h"
#include "vigie/arena.h"

/* ENTRY_INSIDE: any string of the folded text, across tokens or within one, of at least
 * DICTIONARY_INSIDE_MIN bytes; its mark tells no place (MARK_UNDECIDED). */
enum entry_kind { ENTRY_WORD, ENTRY_PREFIX, ENTRY_SUFFIX, ENTRY_INSIDE };
enum { DICTIONARY_INSIDE_MIN = 5, DICTIONARY_WINDOW = 4 };

enum mark_flags {
	MARK_WHOLE = 1,     /* the mark alone decides: the term stands here */
	MARK_NEXT = 2,      /* the next token must begin as `beside` says */
	MARK_BEFORE = 4,    /* the one before must */
	MARK_UNDECIDED = 8, /* its place says only that the term is worth a search */
	MARK_LAST = 16      /* of those in one slot */
};

/* What is kept of an entry: leaf `leaf` may stand with its token number `token` here. */
struct entry_mark {
	uint64_t head; /* up to eight first bytes of the token, at most head_n; masked */
	uint64_t head_mask;
	uint32_t beside; /* up to four first bytes of a neighbour, masked */
	uint32_t beside_mask;
	uint32_t leaf;
	uint16_t token;
	char sigil; /* 0: any or none */
	uint8_t flags;
};

struct entry {
	enum entry_kind kind;
	struct span text;
	struct entry_mark mark;
};

/* Prefixes and suffixes are looked up by as many of their first or last bytes as they surely
 * have: 1, 2, 3 or 5. */
enum { DICTIONARY_CLASSES = 4 };

static inline unsigned dictionary_class_bytes(unsigned class)
{
	return class < 3 ? class + 1 : 5;
}

struct dictionary_slot {
	uint32_t tag;   /* the top of the hash */
	uint32_t first; /* 1 + index of its first mark; the last of them says so; 0: empty */
};

struct dictionary_map {
	uint64_t *bits;      /* one bit a hash, named by its top; not of words (wholes) */
	unsigned bits_shift; /* from a hash to the number of its bit */
	struct dictionary_slot *slots;
	size_t slots_mask;
	struct entry_mark *marks;
	size_t n;
};

/* Which words there are, by head and length: two bits in one of these words, as in a Bloom
 * filter of blocks (Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters",
 * 2007). Small, as it is asked for every token. */
struct dictionary_wholes {
	uint64_t *words;
	unsigned shift; /* from the hash to the number of the word */
};

/* Which heads tokens with a long prefix (three bytes or more) have: the first three bytes name
 * a word, the two after a bit in it; a prefix of three or four bytes has all bits of its word.
 */
struct dictionary_heads {
	uint64_t *words;
	unsigned shift; /* from the three bytes' hash to the number of the word */
};

/* Classes, each by what a load of eight bytes is shifted to have its bytes alone. */
struct dictionary_classes {
	unsigned n;
	unsigned shifts[DICTIONARY_CLASSES];
};

struct dictionary {
	struct dictionary_map words;
	struct dictionary_map
		parts; /* prefixes and suffixes, their class mixed into the hash */
	struct dictionary_wholes wholes;
	struct dictionary_heads heads;
	struct dictionary_map tags; /* words and prefixes with a sigil: few tokens have one */
	/* Windows of strings inside. The text is looked at every `stride` bytes only, and each
	 * string is entered by as many of its windows. */
	struct dictionary_map inside;
	unsigned stride;                                      /* 0: there are none */
	struct dictionary_classes prefixes, suffixes, tagged; /* that there are */
	bool any_long;                                        /* heads is of use */
	bool any_other;  /* prefixes of one or two bytes, or suffixes */
	uint64_t sigils; /* bit c % 64 is set for the sigils c that entries have */
};

/* Marks go to the arena. 0 or -ENOMEM. */
int dictionary_build(
	struct dictionary *d, struct arena *arena, const struct entry *entries, size_t n);

/* A token that may have an entry, and its hash. */
struct dictionary_hit {
	uint64_t hash;
	uint32_t token;
};

/* Writes the tokens that may have an entry to `hits` (room for n_tokens + 1).
 * Returns how many. The same for each kind of processor. */
typedef size_t dictionary_probe(
	const struct dictionary *d, const struct folded *f, struct dictionary_hit *hits);
dictionary_probe dictionary_probe_scalar;
dictionary_probe dictionary_probe_avx2; /* where it is built */
dictionary_probe *dictionary_fastest(void);

/* Calls met() for each entry that may stand at one of the hits, as far as its mark tells. */
typedef void dictionary_met(void *arg, const struct entry_mark *mark, uint32_t token);
void dictionary_look_up(const struct dictionary *d, const struct folded *f,
	const struct dictionary_hit *hits, size_t n, dictionary_met *met, void *arg);

/* The same for the strings inside the whole text. */
void dictionary_look_inside(
	const struct dictionary *d, const struct folded *f, dictionary_met *met, void *arg);

static inline uint64_t dictionary_load(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Bits of eight bytes that do not belong to a token of n: no branch, as lengths can't be
 * foreseen. */
static inline unsigned dictionary_drop(size_t n)
{
	const int64_t drop = 64 - 8 * (int64_t)n;

	return (unsigned)(drop & ~(drop >> 63));
}

/* The first min(n, 8) of n > 0 bytes as a number, first lowest. */
static inline uint64_t dictionary_head(const char *p, size_t n)
{
	const unsigned drop = dictionary_drop(n);

	return dictionary_load(p) << drop >> drop;
}

/* An odd constant, of the golden ratio: a product's top bits depend on all below. */
#define DICTIONARY_MIX 0x9E3779B97F4A7C15U
#define DICTIONARY_MIX_HALF 0x9E3779B1U
#define DICTIONARY_MIX_END 0xC2B2AE3D27D4EB4FU

/* Hash of a token of n > 0 bytes: of its first and last eight, which for a short one are the
 * same. FOLD_FRONT and FOLD_BACK readable bytes stand around it. */
static inline uint64_t dictionary_hash(const char *p, size_t n)
{
	const unsigned drop = dictionary_drop(n);
	const uint64_t low = dictionary_load(p) << drop;
	const uint64_t high = dictionary_load(p + n - 8) >> drop;

	return (low ^ high * DICTIONARY_MIX_END) * DICTIONARY_MIX;
}

/* The hash of bytes that have no room around them. */
uint64_t dictionary_hash_of(struct span token);

/* The 32 bits by which tokens are searched for. */
static inline uint32_t dictionary_short(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

static inline unsigned dictionary_shift(unsigned class)
{
	return 64 - 8 * dictionary_class_bytes(class);
}

/* Prefixes stand at the top of the number that is hashed, suffixes at its bottom, so that no
 * two classes meet. */
static inline uint64_t dictionary_prefix_hash(uint64_t head, unsigned shift)
{
	return (head << shift) * DICTIONARY_MIX;
}

static inline uint64_t dictionary_suffix_hash(const char *end, unsigned shift)
{
	return (dictionary_load(end - 8) >> shift) * DICTIONARY_MIX;
}

/* The first min(n, 7) of n > 0 bytes: as much as one load has that begins at the sigil. What
 * filters tokens goes by it. */
static inline uint64_t dictionary_start(const char *p, size_t n)
{
	const unsigned drop = dictionary_drop(n);
	const unsigned kept = drop > 8 ? drop : 8;

	return dictionary_load(p) << kept >> kept;
}

/* What names a word of n bytes: its place by the top bits, and its two bits. */
static inline uint64_t dictionary_whole_hash(uint64_t start, size_t n)
{
	return (start + n) * DICTIONARY_MIX;
}

static inline unsigned dictionary_whole_bit(uint64_t hash)
{
	return hash >> 46 & 63;
}

static inline unsigned dictionary_whole_other_bit(uint64_t hash)
{
	return hash >> 40 & 63;
}

/* In bit 0; those above are of no meaning. */
static inline uint64_t dictionary_whole(
	const struct dictionary_wholes *w, uint64_t start, size_t n)
{
	const uint64_t hash = dictionary_whole_hash(start, n);
	const uint64_t word = w->words[hash >> w->shift];

	return word >> dictionary_whole_bit(hash) & word >> dictionary_whole_other_bit(hash);
}

/* The number of a head's word; of its bit, modulo 64. */
static inline uint32_t dictionary_head_word(uint64_t head, unsigned shift)
{
	return ((uint32_t)head << 8) * DICTIONARY_MIX_HALF >> shift;
}

static inline uint64_t dictionary_head_bit(uint64_t head)
{
	return (head >> 24 ^ head >> 30) & 63;
}

/* The slot where the search for a hash begins. */
static inline size_t dictionary_slot(const struct dictionary_map *m, uint64_t hash)
{
	return hash >> 32 & m->slots_mask;
}

static inline uint32_t dictionary_passes(const struct dictionary_map *m, uint64_t hash)
{
	const uint64_t bit = hash >> m->bits_shift;

	return (uint32_t)(m->bits[bit >> 6] >> (bit & 63)) & 1;
}

#endif
