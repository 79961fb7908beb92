#ifndef VIGIE_LINE_DISPATCH_INNER_H
#define VIGIE_LINE_DISPATCH_INNER_H

/*
 * dispatch_inner: what the files of dispatch share.
 *   dispatch.c         hits: from the queue to the outbox
 *   dispatch_notice.c  findings of vigie's own: to the outbox
 */

#include "line/dispatch.h"

struct job;
struct telling;

struct dispatch {
	struct loop *loop;
	struct queue_group *group;
	struct archive *archive;
	struct post *post;
	struct outbox *outbox;
	const struct policy *policy;
	void *config;
	void (*unref)(void *config);
	struct job *jobs; /* oldest first */
	struct telling *tellings;
	struct timer *retry;
	struct timer *flush;
	bool flushing;
	struct wall next_group;
	struct dispatch_stats stats;
};

void dispatch_tellings_free(struct dispatch *d);
/* Those who have something to send now; when the next group is due. */
void dispatch_wake(struct dispatch *d, const struct outbox_woken *woken);

#endif
