#ifndef VIGIE_LINE_QUEUE_RECORD_H
#define VIGIE_LINE_QUEUE_RECORD_H

/*
 * queue_record: a commit as bytes, which is what the spool holds, and the state of a source as
 * pairs of strings, which is what Redis holds. Pure. Numbers of a record are little-endian:
 *     u8 version = 1, u8 partition, u16 pairs, u32 hits, u64 least commit number,
 *     epoch, source, pairs × (name, value)        each u32 length and bytes
 *     hits × (16 bytes key, 8 bytes content hash, u32 length and bytes of hit_encode())
 */

#include "vigie/arena.h"
#include "vigie/batch.h"
#include "vigie/buf.h"

enum { QUEUE_RECORD_VERSION = 1, QUEUE_HASH_BYTES = 8, QUEUE_PAIRS_MAX = 64 };

struct queue_pair {
	struct span name;
	struct span value;
};

/* Also what is no hit, told by its hash: a tombstone (bytes: the hit that says so) and an alias
 * (bytes: the key it stands for). They come behind the hits, aliases first. */
struct queue_record_hit {
	struct span key;  /* ITEM_KEY_BYTES */
	struct span hash; /* QUEUE_HASH_BYTES */
	struct span bytes;
};

/* No content has these hashes: XXH3 would have to hit 1 of 2^64. */
#define QUEUE_HASH_TOMBSTONE SPAN("\0\0\0\0\0\0\0\0")
#define QUEUE_HASH_ALIAS SPAN("\377\377\377\377\377\377\377\377")

struct queue_record {
	unsigned partition;
	uint64_t floor;    /* commit number of the partition when the commit was made */
	struct span epoch; /* then; empty: unknown */
	struct span source;
	struct queue_pair *pairs; /* the state as the commit leaves it */
	size_t n_pairs;
	const struct queue_record_hit *hits;
	size_t n_hits;
};

/* Appends; the hits' number may be withheld (n_hits = 0). buf_result() tells. */
void queue_record_encode(struct buf *out, const struct queue_record *record);
/* Spans of *ret point into `bytes`, arrays are in the arena. 0, -EINVAL (none, or of a newer
 * version), -ENOMEM. */
int queue_record_decode(struct queue_record *ret, struct arena *arena, struct span bytes);

/* What a batch commits. Its state becomes pairs (numbers as decimal text in the arena), its
 * hits are encoded into the arena; of hits with one key the first counts. 0 or -ENOMEM. */
int queue_record_of(struct queue_record *ret, struct arena *arena, const struct batch *batch,
	unsigned partition);

/* Pairs → state; its spans point where the pairs' do. Unknown names are passed over. */
struct source_state queue_state_of(const struct queue_pair *pairs, size_t n);
/* Takes out what makes a server answer "not modified" or skip: etag, last_modified, cursor. Not
 * to be kept when hits may have been lost. */
void queue_state_strip(struct source_state *state);
void queue_record_strip(struct queue_record *record);

/* "ms-seq" of a stream entry. */
struct queue_id {
	uint64_t ms;
	uint64_t seq;
};
bool queue_id_parse(struct queue_id *ret, struct span text);
static inline int queue_id_cmp(struct queue_id a, struct queue_id b)
{
	return a.ms != b.ms ? (a.ms > b.ms) - (a.ms < b.ms) : (a.seq > b.seq) - (a.seq < b.seq);
}

#endif
