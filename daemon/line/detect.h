#ifndef VIGIE_LINE_DETECT_H
#define VIGIE_LINE_DETECT_H

/*
 * detect: looks each minute whether more is said of a brand in the last hour than is usual
 * (vigie/baseline.h, vigie/burst.h), and hands what it finds to the desk, with the stories that
 * carry it; and once more when it is over. The counts and the bursts stand in the archive: a
 * burst is written down before it is told, and ticked off when the desk has it, so a restart
 * tells nothing twice and forgets nothing.
 */

#include "line/archive.h"
#include "line/dispatch.h"

struct detect;
struct zone;

struct detect_options {
	int64_t every_ms; /* 0: a minute */
	int64_t calm_ms;  /* how long it must be calm to be over; 0: BURST_CALM_MS */
};

struct detect_stats {
	uint64_t looks, begun, ended;
	size_t going; /* bursts that go on */
};

int detect_new(struct detect **ret, struct loop *loop, struct archive *archive,
	struct dispatch *dispatch, const struct detect_options *options);
/* To be called before dispatch_free() and archive_free(), when the loop runs no more. */
struct detect *detect_free(struct detect *detect);
/* By what spikes are judged, and whose hours they are (NULL: UTC). Both live until others are
 * set; before the first it does not look. */
void detect_set_policy(
	struct detect *detect, const struct policy *policy, const struct zone *zone);
const struct detect_stats *detect_stats(const struct detect *detect);

#endif
