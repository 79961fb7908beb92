#ifndef VIGIE_ALERTS_WINDOW_H
#define VIGIE_ALERTS_WINDOW_H

/*
 * window: when, by the clock of a place: quiet hours and intervals, digests, windows of
 * budgets. Where the clock is put forward, a time of day that is jumped over is the instant of
 * the jump; where it is put back, it is the first of the two.
 */

#include "vigie/policy.h"

/* The first instant at which the local day (in days since 1970-01-01) is at that minute. */
struct wall window_at(const struct zone *zone, int64_t day, int minute);

bool window_inside(const struct time_interval *interval, struct wall at);

enum { WINDOW_DAYS_MOST = 400 };
/* The first instant from `at` on that is inside (or not); WALL_NONE when there is none within
 * WINDOW_DAYS_MOST days. */
struct wall window_next(const struct time_interval *interval, struct wall at, bool inside);

/* When it is told next, after an instant. */
struct wall digest_next(const struct digest *digest, struct wall after);

/* A budget's window: the local hour, day or week. */
struct window {
	int64_t number;
	struct wall from, until;
};
struct window window_of(enum budget_per per, const struct zone *zone, struct wall at);

#endif
