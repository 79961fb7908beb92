#ifndef VIGIE_LINE_KEEP_H
#define VIGIE_LINE_KEEP_H

/*
 * keep: the consumer group "archive". Takes hits from the queue, files them in the archive, and
 * acknowledges them only when they are durable there. It judges nothing and sends nothing.
 */

#include "line/archive.h"
#include "line/queue.h"

struct keep;

struct keep_options {
	/* A mention became durable: for the terminal and for live views. Not called for updates. May
	 * come again for the same mention after a crash. Lives only during the call. */
	void (*kept)(void *arg, const struct hit *hit);
	/* A mention lost its text, for its network shows it as deleted. */
	void (*deleted)(void *arg, const struct item_key *key);
	/* An entry vanished from the stream while it was pending: it is in the ledger of losses. */
	void (*lost)(void *arg, struct span entry);
	void *arg;
};

struct keep_stats {
	uint64_t kept, updates, lost, unreadable;
};

int keep_new(struct keep **ret, struct loop *loop, struct queue *queue, struct archive *archive,
	const struct keep_options *options);
/* After it, what was handed to the archive may still become durable, unacknowledged: it is read
 * again at the next start. Call archive_free() before. */
struct keep *keep_free(struct keep *keep);
const struct keep_stats *keep_stats(const struct keep *keep);
bool keep_idle(const struct keep *keep);

#endif
