#include "story_index.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 1024 };

static uint32_t *bucket_of(const struct story_index *index, uint64_t hash)
{
	return &index->buckets[(hash ^ hash >> 32) & (index->n_buckets - 1)];
}

int story_index_init(struct story_index *index, uint32_t limit)
{
	*index = (struct story_index){.limit = limit, .free = STORY_INDEX_NONE};
	index->n_buckets = FIRST_CAPACITY;
	index->buckets = malloc(index->n_buckets * sizeof(*index->buckets));
	if (!index->buckets)
		return -ENOMEM;
	for (uint32_t i = 0; i < index->n_buckets; i++)
		index->buckets[i] = STORY_INDEX_NONE;
	return 0;
}

void story_index_deinit(struct story_index *index)
{
	free(index->entries);
	free(index->buckets);
	*index = (struct story_index){0};
}

/* Chains keep their order: younger stories first. */
static void link_entry(struct story_index *index, uint32_t at)
{
	uint32_t *p = bucket_of(index, index->entries[at].hash);

	while (*p != STORY_INDEX_NONE && index->entries[*p].story > index->entries[at].story)
		p = &index->entries[*p].next;
	index->entries[at].next = *p;
	*p = at;
}

static void unlink_entry(struct story_index *index, uint32_t at)
{
	uint32_t *p = bucket_of(index, index->entries[at].hash);

	while (*p != at)
		p = &index->entries[*p].next;
	*p = index->entries[at].next;
}

static void widen(struct story_index *index)
{
	const uint32_t n = index->n_buckets * 2;
	uint32_t *buckets = malloc(n * sizeof(*buckets));
	uint32_t *old = index->buckets;
	const uint32_t n_old = index->n_buckets;

	/* Longer chains are slower, and nothing else. */
	if (!buckets)
		return;
	for (uint32_t i = 0; i < n; i++)
		buckets[i] = STORY_INDEX_NONE;
	index->buckets = buckets;
	index->n_buckets = n;
	for (uint32_t i = 0; i < n_old; i++) {
		for (uint32_t at = old[i]; at != STORY_INDEX_NONE;) {
			const uint32_t next = index->entries[at].next;

			link_entry(index, at);
			at = next;
		}
	}
	free(old);
}

static uint32_t take_entry(struct story_index *index)
{
	uint32_t at = index->free;

	if (at != STORY_INDEX_NONE) {
		index->free = index->entries[at].next;
		return at;
	}
	if (index->n == index->capacity) {
		uint32_t want = index->capacity ? index->capacity * 2 : FIRST_CAPACITY;
		struct story_entry *entries;

		if (want > index->limit)
			want = index->limit;
		if (want == index->capacity)
			return STORY_INDEX_NONE;
		entries = realloc(index->entries, want * sizeof(*entries));
		if (!entries)
			return STORY_INDEX_NONE;
		index->entries = entries;
		index->capacity = want;
	}
	at = index->n++;
	if (index->n > index->n_buckets)
		widen(index);
	return at;
}

static void give_entry(struct story_index *index, uint32_t at)
{
	index->entries[at].next = index->free;
	index->free = at;
}

bool story_index_has(const struct story_index *index, uint64_t hash, uint64_t story)
{
	for (uint32_t at = *bucket_of(index, hash); at != STORY_INDEX_NONE;
		at = index->entries[at].next)
		if (index->entries[at].hash == hash && index->entries[at].story == story)
			return true;
	return false;
}

/* How many stories have a hash, and the entry of the oldest. */
static size_t count_same(const struct story_index *index, uint64_t hash, uint32_t *ret_oldest)
{
	size_t n = 0;

	for (uint32_t at = *bucket_of(index, hash); at != STORY_INDEX_NONE;
		at = index->entries[at].next) {
		if (index->entries[at].hash == hash) {
			*ret_oldest = at;
			n++;
		}
	}
	return n;
}

static void remove_entry(struct story_index *index, uint32_t at, uint32_t *siblings)
{
	uint32_t *p = siblings;

	while (*p != at)
		p = &index->entries[*p].sibling;
	*p = index->entries[at].sibling;
	unlink_entry(index, at);
	give_entry(index, at);
}

bool story_index_add(struct story_index *index, uint64_t hash, uint64_t story,
	uint32_t *siblings, uint32_t *(*siblings_of)(void *arg, uint64_t story), void *arg)
{
	uint32_t oldest = STORY_INDEX_NONE, at;

	if (!hash || story_index_has(index, hash, story))
		return true;
	if (count_same(index, hash, &oldest) >= STORY_INDEX_SAME) {
		const uint64_t other = index->entries[oldest].story;

		if (other > story)
			return true;
		remove_entry(index, oldest, siblings_of(arg, other));
	}
	at = take_entry(index);
	if (at == STORY_INDEX_NONE)
		return false;
	index->entries[at] =
		(struct story_entry){.hash = hash, .story = story, .sibling = *siblings};
	*siblings = at;
	link_entry(index, at);
	return true;
}

size_t story_index_find(
	const struct story_index *index, uint64_t hash, uint64_t out[STORY_INDEX_SAME])
{
	size_t n = 0;

	for (uint32_t at = hash ? *bucket_of(index, hash) : STORY_INDEX_NONE;
		at != STORY_INDEX_NONE && n < STORY_INDEX_SAME; at = index->entries[at].next)
		if (index->entries[at].hash == hash)
			out[n++] = index->entries[at].story;
	return n;
}

void story_index_drop(struct story_index *index, uint32_t *siblings)
{
	while (*siblings != STORY_INDEX_NONE) {
		const uint32_t at = *siblings;

		*siblings = index->entries[at].sibling;
		unlink_entry(index, at);
		give_entry(index, at);
	}
}
