#ifndef VIGIE_LINE_DISPATCH_INNER_H
#define VIGIE_LINE_DISPATCH_INNER_H

/*
 * dispatch_inner: what the files of dispatch share.
 *   dispatch.c         hits: from the queue to the desk
 *   dispatch_desk.c    the desk, and its steps into the outbox
 *   dispatch_ledger.c  what the steps decided: from the outbox into the archive's ledger
 *   dispatch_recall.c  what a desk that was lost had not done with: from the archive to the
 * desk dispatch_notice.c  findings of vigie's own: to the desk; reports: to the outbox
 */

#include "line/dispatch.h"
#include "line/dispatch_desk.h"

struct job;
struct recall;
struct telling;

struct dispatch {
	struct loop *loop;
	struct queue_group *group;
	struct archive *archive;
	struct post *post;
	struct outbox *outbox;
	struct dispatch_desk *desk;
	const struct policy *policy;
	void *config;
	void (*unref)(void *config);
	struct job *jobs; /* oldest first */
	struct telling *tellings;
	struct recall *recall; /* NULL: none goes on */
	struct timer *retry;
	struct dispatch_stats stats;
};

/* Hits (hit_encode() bytes; copied) that no queue waits for, as if they came from it. `done`
 * comes when what the desk decides on all of them is durable. 0 or -ENOMEM. */
int dispatch_take(struct dispatch *d, const struct span *hits, size_t n,
	void (*done)(struct dispatch *d));

/* The desk is ready: it is told again what it has forgotten, if it has. */
void dispatch_recall(struct dispatch *d);
void dispatch_recall_free(struct dispatch *d);

void dispatch_tellings_free(struct dispatch *d);

#endif
