#ifndef VIGIE_LINE_QUEUE_H
#define VIGIE_LINE_QUEUE_H

/*
 * queue: the heart. Each batch ends in one Redis script that adds hits not yet known to the
 * partition's stream, remembers their ids, then stores the source's validators, cursor, health and
 * next due time. Repeating a commit changes nothing. While Redis is away, batches are fsynced to a
 * bounded spool and replayed in order.
 *
 * Keys, all behind the prefix and with the partition's hash tag:
 *   {pNN}:hits            stream of hits: field "v" version, "k" key, "b" hit_encode() bytes
 *   {pNN}:known           item key → content hash, forgotten after 90 days (two generations or TTL)
 *   {pNN}:source:ID       hash: source_state
 *   {pNN}:meta            hash: version, epoch (random, made once), commit (counter)
 *
 * Memory never outruns the log: when a reply's epoch or commit number went back (a Redis that lost
 * its tail), or after a reconnect, `reset` is called for the partition and in-memory states must be
 * read again before the next fetch of its sources.
 */

#include "io/loop.h"
#include "vigie/batch.h"

struct queue;
struct queue_group;

struct queue_options {
	struct span redis_url;
	struct span prefix;          /* "vigie:" */
	const char *spool_path;      /* a file in the state folder */
	size_t spool_limit_bytes;    /* 0: 256 MiB */
	size_t stream_limit_bytes;   /* 0: 512 MiB, over all partitions */
	int64_t known_ms;            /* 0: 90 days */
	struct batch_sink committed; /* gets every batch back once it is durable (Redis or spool) */
	void (*ready)(void *arg);    /* first time up; and each time up again */
	void (*lost)(void *arg, struct span why);
	void (*reset)(void *arg, unsigned partition);
	void (*room)(void *arg, bool open); /* false: stop handing out sources; true: go on */
	void *arg;
};

struct queue_stats {
	uint64_t commits, hits_new, hits_known, updates, spooled, replayed, resets, errors;
	uint64_t spool_bytes, stream_bytes;
	bool up;
};

int queue_new(struct queue **ret, struct loop *loop, const struct queue_options *options);
struct queue *queue_free(struct queue *queue);
void queue_take(void *queue, struct batch *batch); /* a batch_sink's take */
const struct queue_stats *queue_stats(const struct queue *queue);
/* Nothing is in flight or waiting but what the spool holds. */
bool queue_idle(const struct queue *queue);

/* The stored state of sources, given id and namespace guess (partition). `got` comes once for
 * each, on the loop thread, then `end`; state is NULL for a source never met, and lives only during
 * the call. Also served from the spool's newest entries while Redis is away. 0 or -errno. */
struct queue_state_ask {
	struct span source;
	unsigned partition;
};
int queue_states(struct queue *queue, const struct queue_state_ask *asks, size_t n,
	void (*got)(void *arg, size_t i, const struct source_state *state), void (*end)(void *arg, int r),
	void *arg);

/* First sight of a rule id, for crawl.history: sets those that are new to `now` and calls back
 * with all of them (in the order asked). */
int queue_rules_seen(struct queue *queue, const struct span *rules, size_t n, struct wall now,
	void (*got)(void *arg, const struct wall *first_seen, size_t n), void *arg);

/* --- Consumers: "archive" and "desk" ------------------------------------------------------- */

struct queue_entry {
	unsigned partition;
	struct span id;     /* the stream's */
	struct span hit;    /* hit_encode() bytes; empty when lost */
	bool update;        /* the content of a known item changed */
	bool lost;          /* deleted while pending: to be written to the ledger as a loss, then acked */
};

/* Entries come in stream order per partition, our own pending ones first after a start, strangers'
 * idle ones reclaimed. At most `window` entries are unacknowledged; more come as they are
 * acknowledged. Entries live only during the call. */
int queue_group_new(struct queue_group **ret, struct queue *queue, const char *name,
	size_t window, void (*take)(void *arg, const struct queue_entry *entries, size_t n), void *arg);
struct queue_group *queue_group_free(struct queue_group *group);
/* The effect of these is durable. Streams are trimmed to what every group has acknowledged. */
void queue_ack(struct queue_group *group, unsigned partition, const struct span *ids, size_t n);

#endif
