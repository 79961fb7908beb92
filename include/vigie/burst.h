#ifndef VIGIE_BURST_H
#define VIGIE_BURST_H

/*
 * burst: is more said of a brand in the last hour than can be usual? Looked at each minute or
 * so; one burst begins once and ends once, however the count wavers. First form: the volume
 * alone, by vigie/baseline.h.
 *
 * A burst begins when the count is at least BURST_FLOOR, BURST_TIMES times what is usual, and
 * BURST_SPREADS spreads above it: a few mentions are no burst where none are usual, and one
 * more half is none where it is always the same. While the baseline learns all three are
 * higher. It ends when the count has stayed below half the way to that for BURST_CALM_MS. What
 * nobody knows the usual of has no bursts.
 */

#include "vigie/baseline.h"
#include "vigie/instant.h"

enum {
	BURST_FLOOR = 10,
	BURST_FLOOR_LEARNING = 20,
};
#define BURST_TIMES 3.0
#define BURST_TIMES_LEARNING 4.0
#define BURST_SPREADS 6.0
#define BURST_SPREADS_LEARNING 8.0
#define BURST_CALM_MS (INT64_C(3600) * 1000)

/* Open, so that it can be kept; { 0 } is calm. */
struct burst {
	bool on;
	struct wall began, calm_since; /* calm_since: WALL_NONE while it is above */
	double peak;
	int64_t calm_ms; /* 0: BURST_CALM_MS */
};

enum burst_news { BURST_NOTHING, BURST_BEGAN, BURST_ENDED };

/* The count from which on it is a burst; INFINITY when nothing is known. */
double burst_begins_at(const struct baseline *usual);

/* `now` may stand still or go back: then nothing ends. When it ends, calm_since says when it
 * was calm for the first time. */
enum burst_news burst_step(
	struct burst *burst, double n, const struct baseline *usual, struct wall now);

#endif
