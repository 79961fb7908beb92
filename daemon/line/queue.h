#ifndef VIGIE_LINE_QUEUE_H
#define VIGIE_LINE_QUEUE_H

/*
 * queue: the heart. Each batch ends in one Redis script that adds hits not yet known to the
 * partition's stream, remembers their ids, then stores the source's validators, cursor, health
 * and next due time. Repeating a commit changes nothing. While Redis is away, batches are
 * fsynced to a bounded spool and replayed in order.
 *
 * Keys, all behind the prefix and with the partition's hash tag:
 *   {pNN}:hits            stream of hits: field "v" version, "k" key (16 bytes), "b"
 * hit_encode() bytes, "u" 1 for an update {pNN}:known:G         item key (16 bytes) → content
 * hash (8 bytes, big-endian), of generation G = unix ms / (known_ms / 2) {pNN}:source:ID hash:
 * source_state, names as line/queue_record.c has them {pNN}:meta            hash: version,
 * epoch (random, made once), commit (counter) {rules}:seen          rule id → first sight (unix
 * ms)
 *
 * Known ids are forgotten by whole generations: this one and the two before are asked, and each
 * is one key with a time to live. So an id is known for 90 to 135 days after it was last met,
 * and forgetting costs one UNLINK, where a sorted set would cost memory and a command for each
 * id.
 *
 * A commit carries the epoch and the least commit number its fetch relied on. When the log is
 * not that one (any more), its hits are added all the same, but the state is stored without
 * validators and cursor, and `committed` gets the batch like that: the next fetch is
 * unconditional. The same goes for batches whose fetch may have begun before a loss that was
 * noticed since.
 *
 * Memory never outruns the log: when a reply's epoch or commit number went back (a Redis that
 * lost its tail), or after a reconnect, `reset` is called for the partition and in-memory
 * states must be read again before the next fetch of its sources.
 */

#include "io/loop.h"
#include "vigie/batch.h"

struct queue;
struct queue_group;

struct queue_options {
	struct span redis_url;
	struct span prefix;        /* .p NULL: "vigie:"; no braces in it */
	struct span consumer;      /* of both groups; stable over restarts. Empty: "vigie" */
	int64_t command_ms;        /* deadline of a command of Redis; 0: 5 s */
	const char *spool_path;    /* a file in the state folder */
	size_t spool_limit_bytes;  /* 0: 256 MiB */
	size_t stream_limit_bytes; /* 0: 512 MiB, over all partitions */
	int64_t known_ms;          /* 0: 90 days */
	struct batch_sink
		committed; /* gets every batch back once it is durable (Redis or spool) */
	void (*ready)(void *arg); /* first time up; and each time up again */
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

/* 0; -EINVAL: the URL or the spool file is none of ours (the log says why); -errno of the
 * spool. */
int queue_new(struct queue **ret, struct loop *loop, const struct queue_options *options);
/* Frees its groups too. What was not committed is read again one day. Not from inside a
 * callback of the queue. */
struct queue *queue_free(struct queue *queue);
void queue_take(void *queue, struct batch *batch); /* a batch_sink's take */
const struct queue_stats *queue_stats(const struct queue *queue);
/* Nothing is in flight or waiting but what the spool holds; no acknowledgement either. */
bool queue_idle(const struct queue *queue);

/* The stored state of sources, given id and namespace guess (partition). `got` comes once for
 * each, on the loop thread, then `end`; state is NULL for a source never met, and lives only
 * during the call. What the spool holds of a source is newer and comes from there, even while
 * Redis is away; else the answer waits for Redis. A source whose partition was another one (its
 * address was changed by hand) is found in its old one; its namespace stays. r is 0, or
 * -ECANCELED from queue_free(), when `got` came for some only. 0 or -ENOMEM; no callback comes
 * from inside. */
struct queue_state_ask {
	struct span source;
	unsigned partition;
};
int queue_states(struct queue *queue, const struct queue_state_ask *asks, size_t n,
	void (*got)(void *arg, size_t i, const struct source_state *state),
	void (*end)(void *arg, int r), void *arg);

/* First sight of a rule id, for crawl.history: sets those that are new to `now` and calls back
 * with all of them (in the order asked). Waits for Redis; never comes after queue_free(). 0 or
 * -ENOMEM. */
int queue_rules_seen(struct queue *queue, const struct span *rules, size_t n, struct wall now,
	void (*got)(void *arg, const struct wall *first_seen, size_t n), void *arg);

/* --- Consumers: "archive" and "desk" -------------------------------------------------------
 */

struct queue_entry {
	unsigned partition;
	struct span id;  /* the stream's */
	struct span hit; /* hit_encode() bytes; empty when lost */
	bool update;     /* the content of a known item changed; counts, not the one in `hit` */
	bool lost; /* deleted while pending: to be written to the ledger as a loss, then acked
		    */
};

/* Entries come in stream order per partition, our own pending ones first after a start,
 * strangers' idle ones reclaimed. At most `window` entries are unacknowledged; more come as
 * they are acknowledged. Entries live only during the call. An entry may come again after a
 * loss of the log. name: "archive" or "desk"; another one is -EINVAL. window 0: 256; at least
 * PARTITIONS. */
int queue_group_new(struct queue_group **ret, struct queue *queue, const char *name,
	size_t window, void (*take)(void *arg, const struct queue_entry *entries, size_t n),
	void *arg);
/* What was taken and not acknowledged comes again at the next start. */
struct queue_group *queue_group_free(struct queue_group *group);
/* Also from inside take(). The effect of these is durable. Streams are trimmed to what every
 * group has acknowledged. */
void queue_ack(struct queue_group *group, unsigned partition, const struct span *ids, size_t n);

#endif
