#ifndef VIGIE_BASELINE_H
#define VIGIE_BASELINE_H

/*
 * baseline: how many mentions of a brand are usual in this hour of the week. The median of the
 * same hour in the weeks before, and their spread: 1.4826 times the median absolute deviation,
 * which for a normal distribution is its standard deviation (F. R. Hampel, "The influence curve
 * and its role in robust estimation", JASA 69, 1974). Both stay what they are when some of the
 * weeks held a burst themselves. Until there are weeks enough, the same hour of the days
 * before, too: then it is learning, and is to be believed less.
 *
 * Counts of events vary at least as a Poisson process does, by the root of their mean; a spread
 * below that is luck, and raised to it. Hours of the week are those of a time zone: nine on
 * Monday is nine on Monday before the clocks were changed, too.
 */

#include <stdbool.h>
#include <stdint.h>

#include "vigie/instant.h"

enum {
	BASELINE_WEEKS = 8,
	BASELINE_DAYS = 7,
	BASELINE_WEEKS_LEAST = 3, /* fewer: learning */
};

/* Mentions in the same span of time, so long ago; NAN: nobody watched then. */
struct baseline_past {
	double weeks[BASELINE_WEEKS]; /* 1, 2 … weeks */
	double days[BASELINE_DAYS];   /* 1, 2 … days; the seventh is the first week */
};

struct baseline {
	double usual;
	double spread;
	uint32_t samples; /* what both rest on; 0: nothing is known */
	bool learning;
};

/* How long ago the same local times were, in ms: of the weeks, then of the days. What the clock
 * jumped over is an hour later or earlier. zone: NULL is UTC. */
struct zone;
void baseline_ago(
	int64_t ret[BASELINE_WEEKS + BASELINE_DAYS], const struct zone *zone, struct wall now);

struct baseline baseline_of(const struct baseline_past *past);

#endif
