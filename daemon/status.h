#ifndef VIGIE_STATUS_H
#define VIGIE_STATUS_H

/*
 * status: what the daemon does right now, read from the stations' own counters: as JSON for
 * `vigie status`, as Prometheus' text format (version 0.0.4) for /metrics. It keeps nothing.
 */

#include <jansson.h>

#include "io/loop.h"
#include "line/accounts.h"
#include "line/archive.h"
#include "line/crawl.h"
#include "line/dispatch_desk.h"
#include "line/keep.h"
#include "line/queue.h"
#include "vigie/buf.h"

/* What to look at; the stations stay the caller's. Any may be NULL while starting. */
struct status_view {
	struct wall started;
	struct wall now;
	struct span redis; /* for people, without password */
	struct span trouble; /* what keeps the line from flowing; empty when nothing does */
	const struct loop *loop;
	struct crawl *crawl;
	const struct accounts *accounts;
	struct queue *queue;
	struct archive *archive;
	struct keep *keep;
	const struct dispatch_desk *desk;
	json_t *deliveries; /* counts by state, from line/post; borrowed */
	size_t rules;
};

/* NULL when memory is out. The caller's reference. */
json_t *status_json(const struct status_view *view);

void status_metrics(struct buf *out, const struct status_view *view);

#endif
