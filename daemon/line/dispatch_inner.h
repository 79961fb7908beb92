#ifndef VIGIE_LINE_DISPATCH_INNER_H
#define VIGIE_LINE_DISPATCH_INNER_H

/*
 * dispatch_inner: what the files of dispatch share.
 *   dispatch.c         hits: from the queue to the desk
 *   dispatch_desk.c    the desk, and its steps into the outbox
 *   dispatch_ledger.c  what the steps decided: from the outbox into the archive's ledger
 *   dispatch_notice.c  findings of vigie's own: to the desk; reports: to the outbox
 */

#include "line/dispatch.h"
#include "line/dispatch_desk.h"

struct job;
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
	struct timer *retry;
	struct dispatch_stats stats;
};

void dispatch_tellings_free(struct dispatch *d);

#endif
