#ifndef VIGIE_TESTS_QUEUE_STAND_H
#define VIGIE_TESTS_QUEUE_STAND_H

/*
 * queue-stand: a queue on a private Redis in a temporary folder, with everything it calls back
 * written down, and a connection of one's own to do harm with.
 */

#include <stdbool.h>

#include "io/redis.h"
#include "io/redis_server.h"
#include "line/queue.h"

enum { SEEN_MAX = 4096, STALL_MS = 50 };

struct seen_entry {
	unsigned partition;
	char id[44];
	char title[64];
	bool update, lost, deleted;
	unsigned char key0; /* first byte of the key the hit has */
};

struct stand {
	char folder[64], spool[128];
	struct loop *loop;
	struct timer *late, *pulse;
	struct redis_server *server;
	struct redis *redis;
	struct queue_options options;
	struct queue *queue;
	struct queue_group *group;

	int readies, losses, resets, commits;
	bool open;
	char last_etag[64]; /* of the state the last committed batch came back with */
	int64_t longest_ms; /* between two turns of the loop's pulse */
	struct mono pulsed;

	struct seen_entry entries[SEEN_MAX];
	size_t n_entries;
	bool ack; /* entries as they come */

	int answers;
	bool answer_null;
	char text[512]; /* of the last answer */
	int64_t number;

	int states_got, states_ended;
	bool state_met;
	char state_etag[64], state_cursor[64];
	int64_t state_reads;
};

int stand_set_up(void **state);
int stand_tear_down(void **state);

/* Runs the loop until the condition holds; fails the test after 20 s. */
#define UNTIL(stand, condition)                                                                \
	do {                                                                                   \
		stand_begin(stand);                                                            \
		while (!(condition))                                                           \
			stand_turn(stand, #condition);                                         \
	} while (0)
void stand_begin(struct stand *s);
void stand_turn(struct stand *s, const char *waited_for);
/* Lets what is under way happen, for so long. */
void stand_idle(struct stand *s, int64_t ms);

void stand_open(struct stand *s);  /* the queue; returns when it is ready */
void stand_close(struct stand *s); /* as a restart does */
void stand_open_group(struct stand *s, const char *name, size_t window);

/* "SET a b": words at single spaces; waits for the answer. */
void stand_redis(struct stand *s, const char *command);
/* Sum of a command's integer answer over all partitions: %u is the partition. */
int64_t stand_sum(struct stand *s, const char *command_format);

/* A batch of source `source`, with n hits titled "title N" from `first` on; same title, same
 * key; `content` is their content hash. */
struct batch *stand_batch(struct stand *s, const char *source, const char *etag,
	const char *title, int first, int n, uint64_t content);
void stand_take(struct stand *s, struct batch *batch); /* and wait until it is committed */
void stand_ask(struct stand *s, const char *source);   /* and wait: state_… */
bool stand_saw(const struct stand *s, size_t i, const char *title);

#endif
