#ifndef ALERTS_STORY_INDEX_H
#define ALERTS_STORY_INDEX_H

/*
 * story_index: from hashes to stories, in bounded memory: a chained table of entries, and for
 * each story the list of its own. Of the stories that share a hash only the STORY_INDEX_SAME
 * youngest are kept, so that a template used a million times costs no more than one used often.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORY_INDEX_NONE UINT32_MAX
enum { STORY_INDEX_SAME = 32 };

struct story_entry {
	uint64_t hash;
	uint64_t story;   /* its number: they only grow */
	uint32_t next;    /* in the bucket, younger stories first */
	uint32_t sibling; /* of the same story */
};

struct story_index {
	struct story_entry *entries;
	uint32_t *buckets;
	uint32_t n_buckets; /* a power of two */
	uint32_t n, capacity, limit;
	uint32_t free; /* list, by next */
};

/* At most `limit` entries. 0 or -ENOMEM. */
int story_index_init(struct story_index *index, uint32_t limit);
void story_index_deinit(struct story_index *index);

/* Adds hash → story to the list that begins at *siblings. True, also when it is there already
 * or older than the STORY_INDEX_SAME others; false when there is no room. `siblings` finds the
 * list of another story, of which an entry is taken away. */
bool story_index_add(struct story_index *index, uint64_t hash, uint64_t story,
	uint32_t *siblings, uint32_t *(*siblings_of)(void *arg, uint64_t story), void *arg);

bool story_index_has(const struct story_index *index, uint64_t hash, uint64_t story);

/* The stories that have a hash, youngest first; returns how many (at most STORY_INDEX_SAME). */
size_t story_index_find(
	const struct story_index *index, uint64_t hash, uint64_t out[STORY_INDEX_SAME]);

/* Takes all entries of the list away. */
void story_index_drop(struct story_index *index, uint32_t *siblings);

#endif
