#ifndef VIGIE_LINE_RHYTHM_H
#define VIGIE_LINE_RHYTHM_H

/*
 * rhythm: when a source speaks, learnt from when it spoke; and when it is worth asking, given
 * what a request costs. Pure.
 *
 * Learning. Items are a Poisson process whose rate depends on the hour of the week. Three
 * levels, each the Gamma prior of the next (so that few items bend the picture a little and
 * many a lot): the source's mean rate, that of the hour of the day, that of the hour of the
 * week. Averages fade with a memory of some weeks. A young source counts as busier than it
 * looks, by one standard deviation of its posterior: what isn't known is worth finding out.
 *
 * Asking. What is to be small is the delay of items between publication and us, at a given
 * number of requests. For constant rates the best number of requests to a source goes with the
 * square root of its rate (Sia, Cho, Cho: "Efficient Monitoring Algorithm for Fast News
 * Alerts", IEEE TKDE 19(7), 2007, section 4.1); by the rate itself, as one would think, is no
 * better than asking all alike. (Cho, Garcia-Molina: "Effective Page Refresh Policies for Web
 * Crawlers", ACM TODS 28(4), 2003, found the like for freshness.) Requests get a price, the
 * same for all sources: the delay, in items times hours, that one may cost. A source is due
 * when the delay its items are expected to have suffered since the last request has reached the
 * price: that is the square-root law where the rate is constant, and follows the day where it
 * isn't. rhythm_price() makes the number of requests meet a budget.
 */

#include "vigie/arena.h"
#include "vigie/instant.h"

enum { RHYTHM_CELLS = 7 * 24, RHYTHM_BYTES = 1 + RHYTHM_CELLS + 6 * 4 };

struct rhythm {
	uint8_t cells[RHYTHM_CELLS]; /* mean items in that hour of the week: (code / 16)^2 */
	float items, hours;          /* seen so far, fading */
	float hour_items, hour_seen; /* of the hour `until` is in */
	struct wall until;     /* what was published before was seen; WALL_NONE: nothing was */
	struct wall last_item; /* WALL_NONE: none */
};

struct rhythm rhythm_new(void);
/* What can't be read is a new one. */
void rhythm_decode(struct rhythm *ret, struct span bytes);
/* RHYTHM_BYTES; .p is NULL when memory is out. */
struct span rhythm_encode(struct arena *arena, const struct rhythm *rhythm);

/* All that was published up to `now` has been seen: at `times` (any order; those outside of
 * (until, now] are left out), and `undated` more at times unknown. At the first call the window
 * begins with the oldest of `times`, RHYTHM_WINDOW_HOURS back at most. random: any bits. */
enum { RHYTHM_WINDOW_HOURS = 28 * 24 };
void rhythm_observe(struct rhythm *rhythm, struct wall now, const struct wall *times, size_t n,
	size_t undated, uint64_t random);

/* Expected items an hour, at an instant. */
double rhythm_rate(const struct rhythm *rhythm, struct wall at);
/* The same over a whole week, without and with what a young source is given on top. */
double rhythm_mean(const struct rhythm *rhythm);
double rhythm_hope(const struct rhythm *rhythm);

/* Least and most time between two requests. */
struct rhythm_bounds {
	int64_t least_ms, most_ms;
};
/* A source's share of the requests at a price, over its week: what of it the price decides, and
 * what the bounds do in hours when they hold (an hour in which it would be asked more often
 * than it may be leaves requests to others, and their price falls). Price 0: none is known yet,
 * and no bound holds. */
struct rhythm_share {
	double root;  /* mean over the week of the square root of the rate, where no bound holds
		       */
	double bound; /* mean requests an hour, where one does */
};
struct rhythm_share rhythm_share(
	const struct rhythm *rhythm, double price, struct rhythm_bounds bounds);
/* The price at which sources whose shares add up to `sum` are asked so often an hour, all of
 * them together. Shares depend on the price in turn: taken again as sources are asked, the two
 * settle where the conditions of Karush, Kuhn and Tucker hold. */
double rhythm_price(struct rhythm_share sum, double requests);
/* How long after `from` (the last request) the source is due, within the bounds. */
int64_t rhythm_wait(const struct rhythm *rhythm, struct wall from, double price,
	struct rhythm_bounds bounds);

/* Has it been silent for longer than its rhythm explains (once in RHYTHM_ODDS such pauses)? */
enum { RHYTHM_ODDS = 1000000 };
bool rhythm_is_broken(const struct rhythm *rhythm, struct wall now);

#endif
