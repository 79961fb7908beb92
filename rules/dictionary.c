#include "dictionary.h"

#include <errno.h>
#include <stdlib.h>

enum {
	BITS_PER_ENTRY = 96, /* one token in some hundred passes by chance */
	BITS_LEAST_LOG2 = 10,
	BITS_MOST_LOG2 = 23, /* 1 MiB */
	WHOLES_SHARE = 4,    /* entries a word: about one token in seventy passes by chance */
	WHOLES_LEAST_LOG2 = 9,
	WHOLES_MOST_LOG2 = 17, /* 1 MiB */
	HEADS_PER_ENTRY = 8,
	HEADS_LEAST_LOG2 = 9,
	HEADS_MOST_LOG2 = 17 /* 1 MiB */
};

dictionary_probe *dictionary_fastest(void)
{
#ifdef RULES_AVX2
	if (fold_fastest() == &fold_avx2)
		return dictionary_probe_avx2;
#endif
	return dictionary_probe_scalar;
}

static unsigned class_of(size_t n)
{
	return n >= 5 ? 3 : n >= 3 ? 2 : (unsigned)n - 1;
}

uint64_t dictionary_hash_of(struct span token)
{
	char room[16 + 16 + 16] = {0};

	if (token.n >= 16) /* only its ends count */
		return dictionary_hash(token.p, token.n);
	memcpy(room + 16, token.p, token.n);
	return dictionary_hash(room + 16, token.n);
}

static uint64_t entry_hash(const struct entry *e)
{
	const unsigned class = class_of(e->text.n), n = dictionary_class_bytes(class);
	char bytes[8] = {0};

	if (e->kind == ENTRY_WORD)
		return dictionary_hash_of(e->text);
	if (e->kind == ENTRY_PREFIX) {
		memcpy(bytes, e->text.p, n);
		return dictionary_prefix_hash(dictionary_load(bytes), dictionary_shift(class));
	}
	memcpy(bytes + 8 - n, e->text.p + e->text.n - n, n);
	return dictionary_suffix_hash(bytes + 8, dictionary_shift(class));
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

/* Hashes of one tag share a slot: in the order of hashes they are neighbours. */
static uint32_t tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

static unsigned log2_for(size_t n, unsigned least, unsigned most)
{
	while (least < most && ((size_t)1 << least) < n)
		least++;
	return least;
}

/* sieve: with the bits, for what is asked of all tokens that are hits. */
static int build_map(struct dictionary_map *m, struct arena *arena, const struct hashed *items,
	size_t n, bool sieve)
{
	const unsigned log2 =
		sieve ? log2_for(n * BITS_PER_ENTRY, BITS_LEAST_LOG2, BITS_MOST_LOG2) : 6;
	size_t slots = 16;

	while (slots < n * 2)
		slots *= 2;
	m->bits = arena_calloc(arena, ((size_t)1 << log2) / 64, sizeof(*m->bits));
	m->slots = arena_calloc(arena, slots, sizeof(*m->slots));
	m->marks = arena_alloc(arena, (n ? n : 1) * sizeof(*m->marks));
	if (!m->bits || !m->slots || !m->marks)
		return -ENOMEM;
	m->bits_shift = 64 - log2;
	m->slots_mask = slots - 1;
	m->n = n;
	for (size_t i = 0; i < n;) {
		const uint32_t tag = tag_of(items[i].hash);
		size_t slot = dictionary_slot(m, items[i].hash);
		const size_t first = i;

		for (; i < n && tag_of(items[i].hash) == tag; i++) {
			const uint64_t bit = items[i].hash >> m->bits_shift;

			m->marks[i] = items[i].entry->mark;
			m->bits[bit >> 6] |= (uint64_t)1 << (bit & 63);
		}
		m->marks[i - 1].flags |= MARK_LAST;
		while (m->slots[slot].first)
			slot = (slot + 1) & m->slots_mask;
		m->slots[slot] = (struct dictionary_slot){tag, (uint32_t)first + 1};
	}
	return 0;
}

/* 0 words, 1 parts, 2 tags, 3 inside. */
static int map_of(const struct entry *e)
{
	if (e->kind == ENTRY_INSIDE)
		return 3;
	if (e->mark.sigil && e->kind != ENTRY_SUFFIX)
		return 2;
	return e->kind == ENTRY_WORD ? 0 : 1;
}

static uint64_t window_hash(const char *p)
{
	uint32_t window;

	memcpy(&window, p, sizeof(window));
	return window * DICTIONARY_MIX;
}

/* Each string by its first `stride` windows: one of them lies where the text is looked at. */
static int build_inside(
	struct dictionary *d, struct arena *arena, const struct entry *entries, size_t n)
{
	struct entry *windows;
	struct hashed *items;
	size_t shortest = SIZE_MAX, count = 0, k = 0;
	int r;

	for (size_t i = 0; i < n; i++)
		if (map_of(&entries[i]) == 3) {
			shortest = entries[i].text.n < shortest ? entries[i].text.n : shortest;
			count++;
		}
	if (!count)
		return 0;
	d->stride = shortest >= 7 ? 4 : 2;
	windows = calloc(count * d->stride, sizeof(*windows));
	items = calloc(count * d->stride, sizeof(*items));
	for (size_t i = 0; windows && items && i < n; i++) {
		for (unsigned w = 0; map_of(&entries[i]) == 3 && w < d->stride; w++) {
			struct entry *e = &windows[k];

			*e = entries[i];
			/* From this window on, as far as eight bytes go. */
			e->mark.head_mask = UINT64_MAX;
			if (e->text.n - w < 8)
				e->mark.head_mask >>= 64 - 8 * (e->text.n - w);
			memcpy(&e->mark.head, e->text.p + w,
				e->text.n - w < 8 ? e->text.n - w : 8);
			items[k++] = (struct hashed){window_hash(e->text.p + w), e};
		}
	}
	if (items)
		qsort(items, k, sizeof(*items), by_hash);
	r = windows && items ? build_map(&d->inside, arena, items, k, true) : -ENOMEM;
	free(windows);
	free(items);
	return r;
}

static bool is_long_prefix(const struct entry *e)
{
	return e->kind == ENTRY_PREFIX && !e->mark.sigil && e->text.n >= 3;
}

static void add_class(struct dictionary_classes *c, unsigned class)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->shifts[i] == dictionary_shift(class))
			return;
	c->shifts[c->n++] = dictionary_shift(class);
}

static void note_class(struct dictionary *d, const struct entry *e)
{
	const unsigned class = class_of(e->text.n);

	if (map_of(e) == 2) {
		d->sigils |= (uint64_t)1 << (e->mark.sigil & 63);
		if (e->kind == ENTRY_PREFIX)
			add_class(&d->tagged, class);
	} else if (e->kind == ENTRY_PREFIX) {
		add_class(&d->prefixes, class);
		d->any_long |= class >= 2;
		d->any_other |= class < 2;
	} else if (e->kind == ENTRY_SUFFIX) {
		add_class(&d->suffixes, class);
		d->any_other = true;
	}
}

/* As dictionary_start() has it of a document's token. */
static uint64_t start_of(struct span text)
{
	char bytes[8] = {0};

	memcpy(bytes, text.p, text.n < 7 ? text.n : 7);
	return dictionary_load(bytes);
}

static int build_wholes(
	struct dictionary_wholes *w, struct arena *arena, const struct entry *entries, size_t n)
{
	unsigned log2;

	log2 = log2_for(n / WHOLES_SHARE, WHOLES_LEAST_LOG2, WHOLES_MOST_LOG2);
	w->words = arena_calloc(arena, (size_t)1 << log2, sizeof(*w->words));
	if (!w->words)
		return -ENOMEM;
	w->shift = 64 - log2;
	for (size_t i = 0; i < n; i++) {
		const struct span text = entries[i].text;
		uint64_t hash;

		if (map_of(&entries[i]) != 0)
			continue;
		hash = dictionary_whole_hash(start_of(text), text.n);
		w->words[hash >> w->shift] |= (uint64_t)1 << dictionary_whole_bit(hash) |
					      (uint64_t)1 << dictionary_whole_other_bit(hash);
	}
	return 0;
}

static int build_heads(
	struct dictionary_heads *h, struct arena *arena, const struct entry *entries, size_t n)
{
	size_t count = 0;
	unsigned log2;

	for (size_t i = 0; i < n; i++)
		count += is_long_prefix(&entries[i]);
	log2 = log2_for(count * HEADS_PER_ENTRY, HEADS_LEAST_LOG2, HEADS_MOST_LOG2);
	h->words = arena_calloc(arena, (size_t)1 << log2, sizeof(*h->words));
	if (!h->words)
		return -ENOMEM;
	h->shift = 32 - log2;
	for (size_t i = 0; i < n; i++) {
		const uint64_t start = start_of(entries[i].text);

		if (is_long_prefix(&entries[i]))
			h->words[dictionary_head_word(start, h->shift)] |=
				entries[i].text.n < 5
					? UINT64_MAX
					: (uint64_t)1 << dictionary_head_bit(start);
	}
	return 0;
}

int dictionary_build(
	struct dictionary *d, struct arena *arena, const struct entry *entries, size_t n)
{
	struct dictionary_map *const maps[] = {&d->words, &d->parts, &d->tags};
	struct hashed *items = malloc((n ? n : 1) * sizeof(*items));
	int r = 0;

	if (!items)
		return -ENOMEM;
	*d = (struct dictionary){0};
	for (int m = 0; m < 3 && r >= 0; m++) {
		size_t k = 0;

		for (size_t i = 0; i < n; i++)
			if (map_of(&entries[i]) == m)
				items[k++] =
					(struct hashed){entry_hash(&entries[i]), &entries[i]};
		qsort(items, k, sizeof(*items), by_hash);
		r = build_map(maps[m], arena, items, k, m != 0);
	}
	for (size_t i = 0; i < n; i++)
		note_class(d, &entries[i]);
	free(items);
	if (r >= 0)
		r = build_wholes(&d->wholes, arena, entries, n);
	if (r >= 0)
		r = build_heads(&d->heads, arena, entries, n);
	return r < 0 ? r : build_inside(d, arena, entries, n);
}

/* What the slot of a hash's tag says; 0: there is none. Another hash may have the same tag:
 * marks are compared with the token, or lead to a comparison. */
static uint32_t first_of(const struct dictionary_map *m, uint64_t hash)
{
	const uint32_t tag = tag_of(hash);
	size_t slot = dictionary_slot(m, hash);

	while (m->slots[slot].first && m->slots[slot].tag != tag)
		slot = (slot + 1) & m->slots_mask;
	return m->slots[slot].first;
}

/* A document's token and what stands around it, as marks compare it. */
struct spot {
	const struct folded *f;
	uint32_t token;
	uint64_t head;
	uint32_t next, before; /* first bytes of the neighbours; 0: none */
	bool beside_known;
};

static uint32_t first_four(const struct folded *f, size_t token)
{
	const struct fold_token *t = &f->tokens[token];

	return (uint32_t)dictionary_head(f->text + t->start, t->end - t->start);
}

/* Neighbours across the edge of a field are told apart later. */
static void know_beside(struct spot *s)
{
	s->next = s->token + 1 < s->f->n_tokens ? first_four(s->f, s->token + 1) : 0;
	s->before = s->token ? first_four(s->f, s->token - 1) : 0;
	s->beside_known = true;
}

static bool fits(struct spot *s, const struct entry_mark *m)
{
	if ((s->head & m->head_mask) != m->head)
		return false;
	if (m->sigil && folded_sigil(s->f, s->token) != m->sigil)
		return false;
	if (!(m->flags & (MARK_NEXT | MARK_BEFORE)))
		return true;
	if (!s->beside_known)
		know_beside(s);
	return ((m->flags & MARK_NEXT ? s->next : s->before) & m->beside_mask) == m->beside;
}

/* Calls met() for the marks from number `first` - 1 on that fit. */
static void meet_from(const struct dictionary_map *m, uint32_t first, struct spot *s,
	dictionary_met *met, void *arg)
{
	for (const struct entry_mark *mark = m->marks + first - 1;; mark++) {
		if (fits(s, mark))
			met(arg, mark, s->token);
		if (mark->flags & MARK_LAST)
			return;
	}
}

static void meet_all(const struct dictionary_map *m, uint64_t hash, struct spot *s,
	dictionary_met *met, void *arg)
{
	const uint32_t first = dictionary_passes(m, hash) ? first_of(m, hash) : 0;

	if (first)
		meet_from(m, first, s, met, arg);
}

void dictionary_look_inside(
	const struct dictionary *d, const struct folded *f, dictionary_met *met, void *arg)
{
	for (size_t at = 0; d->stride && at < f->n; at += d->stride) {
		const uint64_t hash = window_hash(f->text + at);
		const uint32_t first =
			dictionary_passes(&d->inside, hash) ? first_of(&d->inside, hash) : 0;
		const struct entry_mark *mark = first ? d->inside.marks + first - 1 : NULL;
		const uint64_t eight = dictionary_load(f->text + at);

		for (; mark; mark = mark->flags & MARK_LAST ? NULL : mark + 1)
			if ((eight & mark->head_mask) == mark->head)
				met(arg, mark, 0);
	}
}

/* A token shorter than a class's bytes has zeroes or what stands before it among them: no entry
 * has either. */
static void look_up(const struct dictionary *d, const struct folded *f,
	const struct dictionary_hit *hit, dictionary_met *met, void *arg)
{
	const struct span t = folded_token(f, hit->token);
	struct spot s = {.f = f, .token = hit->token, .head = dictionary_head(t.p, t.n)};
	uint32_t first = 0;

	if (dictionary_whole(&d->wholes, dictionary_start(t.p, t.n), t.n) & 1)
		first = first_of(&d->words, hit->hash);
	if (first)
		meet_from(&d->words, first, &s, met, arg);
	for (unsigned i = 0; i < d->prefixes.n; i++)
		meet_all(&d->parts, dictionary_prefix_hash(s.head, d->prefixes.shifts[i]), &s,
			met, arg);
	for (unsigned i = 0; i < d->suffixes.n; i++)
		meet_all(&d->parts, dictionary_suffix_hash(t.p + t.n, d->suffixes.shifts[i]),
			&s, met, arg);
	if (!(d->sigils >> (t.p[-1] & 63) & 1))
		return;
	meet_all(&d->tags, hit->hash, &s, met, arg);
	for (unsigned i = 0; i < d->tagged.n; i++)
		meet_all(&d->tags, dictionary_prefix_hash(s.head, d->tagged.shifts[i]), &s, met,
			arg);
}

void dictionary_look_up(const struct dictionary *d, const struct folded *f,
	const struct dictionary_hit *hits, size_t n, dictionary_met *met, void *arg)
{
	for (size_t i = 0; i < n; i++)
		look_up(d, f, &hits[i], met, arg);
}
