#ifndef VIGIE_LINE_QUEUE_INNER_H
#define VIGIE_LINE_QUEUE_INNER_H

/*
 * queue_inner: what the files of the queue share; nobody else includes it.
 *     queue.c         life, the connection's set-up, room, housekeeping
 *     queue_commit.c  batches on their way into Redis, or into the spool and from there into
 * Redis queue_states.c  stored states, first sight of rules queue_group.c   consumers
 */

#include "io/redis.h"
#include "line/identity.h"
#include "line/queue.h"
#include "line/queue_record.h"
#include "line/queue_spool.h"

enum queue_script { SCRIPT_COMMIT, SCRIPT_TRIM, SCRIPT_CLAIM, SCRIPT_SEEN, QUEUE_SCRIPTS };

enum {
	EPOCH_TEXT = 16, /* 64 random bits in hexadecimal */
	RETRY_MS = 1000, /* Redis answers, but takes nothing */
	/* A fetch that ended this long after a loss may have begun before it, with validators
	 * of a log that is gone: longer than any transfer may take. */
	STALE_FETCH_MS = 120000,
};

/* Both exist before the first entry, from 0. A stream is only trimmed by what all have
 * acknowledged. */
static const char *const queue_group_names[] = {"archive", "desk"};
enum { QUEUE_GROUPS = sizeof(queue_group_names) / sizeof(*queue_group_names) };

struct partition {
	struct queue *queue; /* for callbacks */
	unsigned number;
	char *hits, *meta;
	char epoch[EPOCH_TEXT + 1]; /* as last seen; "" unknown */
	uint64_t commit;            /* highest seen in that epoch */
	bool lost;
	struct mono lost_at;
	bool reset_due;
	bool dirty; /* entries came or were acknowledged since it was last trimmed */
	uint64_t bytes;
	/* what set-up read, before it is compared */
	char met_epoch[EPOCH_TEXT + 1];
	uint64_t met_commit;
};

struct commit {
	struct commit *next;
	struct queue *queue;
	struct batch *batch; /* NULL: replayed from the spool */
	struct arena arena;
	struct queue_record record; /* into arena, batch or bytes */
	struct buf bytes;           /* encoded, when it goes to or comes from the spool */
	uint64_t offset;            /* in the spool */
	size_t next_hit;            /* first hit of the next chunk */
	size_t chunk_hits;
	bool flying, done;
	bool stripped;              /* the batch's state is to lose its validators, too */
	char epoch[EPOCH_TEXT + 1]; /* what is expected; of the record, or of the repetition */
	uint64_t floor;
};

struct commit_list {
	struct commit *head, **tail;
	size_t n;
};

struct spooled; /* newest state of a source in the spool */
struct state_list;
struct rules_list;

struct queue {
	struct loop *loop;
	char *url, *prefix;
	char consumer[64];
	uint64_t spool_limit, stream_limit;
	int64_t known_ms;
	struct batch_sink committed;
	void (*ready_cb)(void *arg);
	void (*lost_cb)(void *arg, struct span why);
	void (*reset_cb)(void *arg, unsigned partition);
	void (*room_cb)(void *arg, bool open);
	void *arg;

	struct redis *redis;
	bool live; /* connected and set up */
	bool was_live;
	unsigned set_up_pending;
	bool set_up_failed, set_up_again;
	struct {
		char sha[41];
		bool by_body; /* the server forgot it: send the body once */
	} scripts[QUEUE_SCRIPTS];
	struct partition partitions[PARTITIONS];

	struct timer *soon;  /* pump, resets, states: what must not happen inside a callback */
	struct timer *tick;  /* housekeeping */
	struct timer *retry; /* after a refusal */
	bool refused;        /* Redis answers, but takes nothing at the moment */
	char refusal[64];    /* reason as last logged; "" none */

	struct commit_list waiting, flying, appending, replay;
	size_t flying_bytes;
	uint64_t fresh; /* random at the start: the next epoch a commit would make */
	struct spool *spool;
	struct spooled *spooled;
	uint64_t replay_at; /* next record of the spool to load */
	bool clearing;
	bool spool_stuck; /* it could not be written; tried again when spool_try is set */
	bool spool_try;
	bool spool_alien;   /* holds what only a newer vigie can read */
	bool spool_blocked; /* a commit found no room */
	bool spool_full, stream_full, closed;

	struct state_list *states;
	struct rules_list *rules;
	struct queue_group *groups;
	struct queue_stats stats;
};

/* queue.c */
void queue_soon(struct queue *q);
bool queue_usable(const struct queue *q); /* live and connected */
/* An error reply, or NULL: notes a refusal, says it once, tries again later. */
void queue_refusal(struct queue *q, const struct redis_value *reply, const char *where);
void queue_accepted(struct queue *q); /* a write went through */
void queue_set_up(struct queue *q);   /* again: groups, scripts, numbers */
void queue_check_room(struct queue *q);
/* The partition's log is not the one we knew. */
void queue_note_loss(struct queue *q, unsigned partition, struct span epoch, uint64_t commit);
int queue_eval(struct queue *q, enum queue_script script, size_t n_keys, size_t argc,
	const struct span *argv, redis_done done, void *arg);
/* true: the reply said NOSCRIPT; the same queue_eval() again will do. */
bool queue_no_script(
	struct queue *q, enum queue_script script, const struct redis_value *reply);
int queue_key(char **ret, const struct queue *q, unsigned partition, const char *what,
	struct span rest);

/* queue_commit.c */
void queue_commit_pump(struct queue *q);
void queue_commit_found(void *queue, const struct spool_record *record); /* at start */
void queue_commit_deinit(struct queue *q);
/* The newest state the spool holds of a source, else false; lives until the next callback. */
bool queue_commit_spooled(
	struct queue *q, struct span source, struct arena *arena, struct source_state *ret);
bool queue_commit_idle(const struct queue *q);

/* queue_states.c */
void queue_states_pump(struct queue *q);
void queue_states_deinit(struct queue *q);

/* queue_group.c */
void queue_groups_pump(struct queue *q);
void queue_groups_tick(struct queue *q);
bool queue_groups_idle(const struct queue *q);

#endif
