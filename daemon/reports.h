#ifndef VIGIE_REPORTS_H
#define VIGIE_REPORTS_H

/*
 * reports: sends reports through the outbox: those asked for by hand (`vigie report --send`,
 * POST /reports on the control socket) and those of the schedule; and writes down, each hour,
 * how many sources are healthy, for their coverage.
 */

#include "config/config.h"
#include "io/http.h"
#include "io/pool.h"
#include "line/archive.h"
#include "line/crawl.h"
#include "line/dispatch.h"

struct reports;

struct reports_options {
	const char *archive; /* its file */
	int64_t look_ms;     /* how often the clock is looked at; 0: a minute */
};

int reports_new(struct reports **ret, struct loop *loop, struct pool *pool,
	struct archive *archive, struct dispatch *dispatch, struct crawl *crawl,
	const struct reports_options *options);
/* Call pool_free() before; the loop runs no more. */
struct reports *reports_free(struct reports *reports);
/* The schedule and the receivers; a reference is kept. */
void reports_set_config(struct reports *reports, struct config *config);

/* {"receiver","title","text","markdown","html"}; answered when it is durable. */
void reports_post(struct reports *reports, struct http_ask *ask);

#endif
