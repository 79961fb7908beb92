#include "dictionary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bytes by which a part of each class is looked up. */
static const unsigned class_bytes[DICTIONARY_CLASSES] = {1, 2, 3, 5};

enum {
	BITS_PER_ANCHOR = 16, /* one token in sixteen passes by chance, when all are anchors' */
	BITS_LEAST_LOG2 = 12,
	BITS_MOST_LOG2 = 22
};

static int class_of(size_t n)
{
	return n >= 5 ? 3 : n >= 3 ? 2 : (int)n - 1;
}

/* `key` holds the class's bytes, first lowest. */
static inline uint64_t part_hash(uint64_t key, unsigned class, bool suffix)
{
	return (key ^ (uint64_t)(class + 1 + (suffix ? 4 : 0)) << 56) * 0x9E3779B97F4A7C15U;
}

static uint64_t key_of(struct span bytes)
{
	uint64_t key = 0;

	memcpy(&key, bytes.p, bytes.n < 8 ? bytes.n : 8);
	return key;
}

uint64_t dictionary_hash_of(struct span token)
{
	char room[64 + 16] = {0};

	if (token.n > 16) /* only its ends count */
		return dictionary_hash(token.p, token.n);
	memcpy(room + 16, token.p, token.n);
	return dictionary_hash(room + 16, token.n);
}

static uint64_t anchor_hash(const struct anchor *a)
{
	const int class = class_of(a->text.n);
	const unsigned n = class_bytes[class];

	if (a->kind == ANCHOR_WORD)
		return dictionary_hash_of(a->text);
	if (a->kind == ANCHOR_PREFIX)
		return part_hash(key_of(span_slice(a->text, 0, n)), (unsigned)class, false);
	return part_hash(
		key_of(span_slice(a->text, a->text.n - n, a->text.n)), (unsigned)class, true);
}

struct hashed {
	uint64_t hash;
	const struct anchor *anchor;
};

static int by_hash(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->anchor->leaf != y->anchor->leaf)
		return x->anchor->leaf < y->anchor->leaf ? -1 : 1;
	return (x->anchor > y->anchor) - (x->anchor < y->anchor);
}

static int build_map(
	struct dictionary_map *m, struct arena *arena, const struct hashed *items, size_t n)
{
	unsigned log2 = BITS_LEAST_LOG2;
	size_t slots = 16;

	while (log2 < BITS_MOST_LOG2 && (1U << log2) < n * BITS_PER_ANCHOR)
		log2++;
	while (slots < n * 2)
		slots *= 2;
	m->bits = arena_calloc(arena, (1U << log2) / 64, sizeof(*m->bits));
	m->slots = arena_calloc(arena, slots, sizeof(*m->slots));
	m->anchors = arena_alloc(arena, (n ? n : 1) * sizeof(*m->anchors));
	if (!m->bits || !m->slots || !m->anchors)
		return -ENOMEM;
	m->bits_shift = 64 - log2;
	m->slots_mask = slots - 1;
	m->n_anchors = n;
	for (size_t i = 0; i < n;) {
		const uint64_t hash = items[i].hash;
		const uint64_t bit = hash >> m->bits_shift;
		size_t slot = (size_t)(hash >> 7) & m->slots_mask;
		const size_t first = i;

		for (; i < n && items[i].hash == hash; i++)
			m->anchors[i] = *items[i].anchor;
		while (m->slots[slot].n)
			slot = (slot + 1) & m->slots_mask;
		m->slots[slot] =
			(struct dictionary_slot){hash, (uint32_t)first, (uint32_t)(i - first)};
		m->bits[bit / 64] |= (uint64_t)1 << (bit % 64);
	}
	return 0;
}

int dictionary_build(
	struct dictionary *d, struct arena *arena, const struct anchor *anchors, size_t n)
{
	struct hashed *items = malloc((n ? n : 1) * sizeof(*items));
	size_t words = 0, parts = n;
	int r;

	if (!items)
		return -ENOMEM;
	*d = (struct dictionary){0};
	for (size_t i = 0; i < n; i++) {
		const struct anchor *a = &anchors[i];
		const struct hashed h = {anchor_hash(a), a};

		if (a->kind == ANCHOR_WORD)
			items[words++] = h;
		else
			items[--parts] = h;
		if (a->kind == ANCHOR_PREFIX)
			d->any_prefix = d->prefix_class[class_of(a->text.n)] = true;
		if (a->kind == ANCHOR_SUFFIX)
			d->any_suffix = d->suffix_class[class_of(a->text.n)] = true;
	}
	qsort(items, words, sizeof(*items), by_hash);
	qsort(items + parts, n - parts, sizeof(*items), by_hash);
	r = build_map(&d->words, arena, items, words);
	if (r >= 0)
		r = build_map(&d->parts, arena, items + parts, n - parts);
	free(items);
	return r;
}

static inline unsigned passes(const struct dictionary_map *m, uint64_t hash)
{
	const uint64_t bit = hash >> m->bits_shift;

	return (unsigned)(m->bits[bit / 64] >> (bit % 64)) & 1;
}

static inline uint64_t first_bytes(uint64_t head, unsigned n)
{
	return head & (((uint64_t)1 << 8 * n) - 1);
}

/* A token shorter than a class's bytes is tried with blanks behind it, which no anchor has. */
static inline unsigned prefix_passes(const struct dictionary *d, uint64_t head)
{
	unsigned hit = 0;

	for (unsigned c = 0; c < DICTIONARY_CLASSES; c++)
		if (d->prefix_class[c])
			hit |= passes(&d->parts,
				part_hash(first_bytes(head, class_bytes[c]), c, false));
	return hit;
}

static inline unsigned suffix_passes(const struct dictionary *d, const char *end)
{
	const uint64_t tail = dictionary_load(end - 8);
	unsigned hit = 0;

	for (unsigned c = 0; c < DICTIONARY_CLASSES; c++)
		if (d->suffix_class[c])
			hit |= passes(&d->parts,
				part_hash(tail >> (64 - 8 * class_bytes[c]), c, true));
	return hit;
}

/* One loop for each shape of dictionary; the flags are constants in each. */
static inline size_t probe(const struct dictionary *d, const struct folded *f, uint32_t *hashes,
	uint32_t *hits, bool five, bool prefixes, bool suffixes)
{
	const struct fold_token *tokens = f->tokens;
	const size_t n = f->n_tokens;
	const char *text = f->text;
	size_t n_hits = 0;

	for (size_t i = 0; i < n; i++) {
		const char *p = text + tokens[i].start;
		const size_t length = tokens[i].end - tokens[i].start;
		const uint64_t hash = dictionary_hash(p, length);
		unsigned hit = passes(&d->words, hash);

		hashes[i] = dictionary_short(hash);
		if (five)
			hit |= passes(
				&d->parts, part_hash(first_bytes(dictionary_head(p, length), 5),
						   3, false));
		if (prefixes)
			hit |= prefix_passes(d, dictionary_head(p, length));
		if (suffixes)
			hit |= suffix_passes(d, p + length);
		hits[n_hits] = (uint32_t)i;
		n_hits += hit;
	}
	return n_hits;
}

size_t dictionary_probe(
	const struct dictionary *d, const struct folded *f, uint32_t *hashes, uint32_t *hits)
{
	const bool only_five =
		!d->prefix_class[0] && !d->prefix_class[1] && !d->prefix_class[2];

	if (d->any_suffix)
		return probe(d, f, hashes, hits, false, true, true);
	if (!d->any_prefix)
		return probe(d, f, hashes, hits, false, false, false);
	if (only_five)
		return probe(d, f, hashes, hits, true, false, false);
	return probe(d, f, hashes, hits, false, true, false);
}

static void fire_all(const struct dictionary_map *m, uint64_t hash, struct span token,
	uint32_t number, dictionary_fire *fire, void *arg)
{
	size_t slot = (size_t)(hash >> 7) & m->slots_mask;

	while (m->slots[slot].n && m->slots[slot].hash != hash)
		slot = (slot + 1) & m->slots_mask;
	for (uint32_t i = 0; i < m->slots[slot].n; i++) {
		const struct anchor *a = &m->anchors[m->slots[slot].first + i];
		const bool same = a->kind == ANCHOR_WORD     ? span_eq(a->text, token)
				  : a->kind == ANCHOR_PREFIX ? span_starts(token, a->text)
							     : span_ends(token, a->text);

		if (same)
			fire(arg, a, number);
	}
}

void dictionary_look_up(const struct dictionary *d, const struct folded *f, uint32_t token,
	dictionary_fire *fire, void *arg)
{
	const struct span t = folded_token(f, token);

	fire_all(&d->words, dictionary_hash(t.p, t.n), t, token, fire, arg);
	for (unsigned c = 0; c < DICTIONARY_CLASSES; c++) {
		const unsigned n = class_bytes[c];

		if (t.n < n)
			break;
		if (d->prefix_class[c])
			fire_all(&d->parts, part_hash(key_of(span_slice(t, 0, n)), c, false), t,
				token, fire, arg);
		if (d->suffix_class[c])
			fire_all(&d->parts,
				part_hash(key_of(span_slice(t, t.n - n, t.n)), c, true), t,
				token, fire, arg);
	}
}
