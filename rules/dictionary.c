#include "dictionary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bytes by which a part of each class is looked up. */
static const unsigned class_bytes[DICTIONARY_CLASSES] = {1, 2, 3, 5};

enum {
	WORDS_LEAST_LOG2 = 6, /* 64-bit words of a filter */
	WORDS_MOST_LOG2 = 16  /* 512 KiB */
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

static uint64_t entry_hash(const struct entry *e)
{
	const int class = class_of(e->text.n);
	const unsigned n = class_bytes[class];

	if (e->kind == ENTRY_WORD)
		return dictionary_hash_of(e->text);
	if (e->kind == ENTRY_PREFIX)
		return part_hash(key_of(span_slice(e->text, 0, n)), (unsigned)class, false);
	return part_hash(
		key_of(span_slice(e->text, e->text.n - n, e->text.n)), (unsigned)class, true);
}

/* The two bits of a hash, from parts of it that do not name the word. */
static inline uint64_t two_bits(uint64_t hash)
{
	return (uint64_t)1 << (hash >> 20 & 63) | (uint64_t)1 << (hash >> 26 & 63);
}

struct hashed {
	uint64_t hash;
	const struct entry *entry;
};

static int by_hash(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->entry > y->entry) - (x->entry < y->entry);
}

static int build_map(
	struct dictionary_map *m, struct arena *arena, const struct hashed *items, size_t n)
{
	unsigned log2 = WORDS_LEAST_LOG2;
	size_t slots = 16;

	/* Half a word an entry: about one token in 300 passes by chance. */
	while (log2 < WORDS_MOST_LOG2 && (1U << log2) < n / 2)
		log2++;
	while (slots < n * 2)
		slots *= 2;
	m->bits = arena_calloc(arena, 1U << log2, sizeof(*m->bits));
	m->slots = arena_calloc(arena, slots, sizeof(*m->slots));
	m->marks = arena_alloc(arena, (n ? n : 1) * sizeof(*m->marks));
	if (!m->bits || !m->slots || !m->marks)
		return -ENOMEM;
	m->bits_shift = 64 - log2;
	m->slots_mask = slots - 1;
	m->n = n;
	for (size_t i = 0; i < n;) {
		const uint64_t hash = items[i].hash;
		size_t slot = (size_t)(hash >> 7) & m->slots_mask;
		const size_t first = i;

		for (; i < n && items[i].hash == hash; i++)
			m->marks[i] = (struct entry_mark){
				items[i].entry->leaf, items[i].entry->token};
		while (m->slots[slot].n)
			slot = (slot + 1) & m->slots_mask;
		m->slots[slot] =
			(struct dictionary_slot){hash, (uint32_t)first, (uint32_t)(i - first)};
		m->bits[hash >> m->bits_shift] |= two_bits(hash);
	}
	return 0;
}

int dictionary_build(
	struct dictionary *d, struct arena *arena, const struct entry *entries, size_t n)
{
	struct hashed *items = malloc((n ? n : 1) * sizeof(*items));
	size_t words = 0, parts = n;
	int r;

	if (!items)
		return -ENOMEM;
	*d = (struct dictionary){0};
	for (size_t i = 0; i < n; i++) {
		const struct entry *e = &entries[i];
		const struct hashed h = {entry_hash(e), e};

		if (e->kind == ENTRY_WORD)
			items[words++] = h;
		else
			items[--parts] = h;
		if (e->kind == ENTRY_PREFIX)
			d->any_prefix = d->prefix_class[class_of(e->text.n)] = true;
		if (e->kind == ENTRY_SUFFIX)
			d->any_suffix = d->suffix_class[class_of(e->text.n)] = true;
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
	const uint64_t word = m->bits[hash >> m->bits_shift];

	return (unsigned)(word >> (hash >> 20 & 63) & word >> (hash >> 26 & 63)) & 1;
}

static inline uint64_t first_bytes(uint64_t head, unsigned n)
{
	return head & (((uint64_t)1 << 8 * n) - 1);
}

/* A token shorter than a class's bytes is tried with blanks behind it, which no entry has. */
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
	struct dictionary_hit *hits, bool five, bool prefixes, bool suffixes)
{
	const struct fold_token *tokens = f->tokens;
	const size_t n = f->n_tokens;
	const char *text = f->text;
	size_t n_hits = 0;

	for (size_t i = 0; i < n; i++) {
		const char *p = text + tokens[i].start;
		const size_t length = tokens[i].end - tokens[i].start;
		const uint64_t hash = dictionary_hash(p, length);
		unsigned part = 0, hit = passes(&d->words, hash);

		hashes[i] = dictionary_short(hash);
		if (five)
			part |= passes(
				&d->parts, part_hash(first_bytes(dictionary_head(p, length), 5),
						   3, false));
		if (prefixes)
			part |= prefix_passes(d, dictionary_head(p, length));
		if (suffixes)
			part |= suffix_passes(d, p + length);
		hit |= part << 1;
		hits[n_hits] = (struct dictionary_hit){(uint32_t)i, hit};
		n_hits += hit != 0;
	}
	return n_hits;
}

size_t dictionary_probe(const struct dictionary *d, const struct folded *f, uint32_t *hashes,
	struct dictionary_hit *hits)
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

static void meet_all(const struct dictionary_map *m, uint64_t hash, uint32_t token,
	dictionary_met *met, void *arg)
{
	size_t slot = (size_t)(hash >> 7) & m->slots_mask;

	while (m->slots[slot].n && m->slots[slot].hash != hash)
		slot = (slot + 1) & m->slots_mask;
	for (uint32_t i = 0; i < m->slots[slot].n; i++)
		met(arg, m->marks[m->slots[slot].first + i], token);
}

void dictionary_look_up(const struct dictionary *d, const struct folded *f,
	struct dictionary_hit hit, dictionary_met *met, void *arg)
{
	const struct span t = folded_token(f, hit.token);

	if (hit.what & HIT_WORD)
		meet_all(&d->words, dictionary_hash(t.p, t.n), hit.token, met, arg);
	for (unsigned c = 0; c < DICTIONARY_CLASSES && hit.what & HIT_PART; c++) {
		const unsigned n = class_bytes[c];
		uint64_t hash;

		if (t.n < n)
			break;
		hash = part_hash(first_bytes(dictionary_load(t.p), n), c, false);
		if (d->prefix_class[c] && passes(&d->parts, hash))
			meet_all(&d->parts, hash, hit.token, met, arg);
		hash = part_hash(dictionary_load(t.p + t.n - 8) >> (64 - 8 * n), c, true);
		if (d->suffix_class[c] && passes(&d->parts, hash))
			meet_all(&d->parts, hash, hit.token, met, arg);
	}
}
