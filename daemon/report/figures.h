#ifndef VIGIE_REPORT_FIGURES_H
#define VIGIE_REPORT_FIGURES_H

/*
 * figures: the numbers of the competitor-watch report, counted over the mentions of a period
 * and of the equal period before it. Every number is a count of mentions unless it says
 * otherwise; what divides by zero is NAN, and "n/a" on paper. It reads no archive: who calls
 * shows it mention by mention.
 */

#include "vigie/arena.h"
#include "vigie/hit.h"

struct figures;

/* Half-open: from ≤ t < to. */
struct report_period {
	struct wall before, from, to; /* the period before is [before, from) */
	const struct wall *days;      /* where each day of [from, to) begins; then `to` */
	size_t n_days;
	struct span zone; /* its name, for people */
};

/* How often something was met. */
struct tally {
	struct span name;
	struct span title; /* for people; may be empty */
	struct span url;   /* may be empty */
	struct span kind;  /* of brands: brand, competitor */
	uint64_t n, before;
	uint64_t places;  /* of stories: different sources, in the period */
	double followers; /* of authors; NAN: unknown */
};

enum { REPORT_TOP = 10 };

struct tallies {
	struct tally *items; /* most first, then by name; those with n 0 last */
	size_t n;            /* all of them */
	size_t heard;        /* with n > 0: the first ones */
	uint64_t sum, sum_before;
};

struct report {
	struct report_period period;
	uint64_t mentions, mentions_before;
	struct tallies
		brands; /* of rules of kind brand and competitor; a mention counts once each */
	struct tallies stories;
	struct tallies sources;
	struct tallies authors;    /* those who have a name, handle or page */
	struct tallies receivers;  /* n: mentions told */
	uint64_t deliveries;       /* messages sent */
	uint64_t *days;            /* mentions of each day */
	struct wall archive_since; /* first mention ever seen; WALL_NONE: unknown */
	uint64_t losses;           /* known, in the period */
	/* Coverage: hours of the period in which it was recorded, and over these the sums of the
	 * sources that were healthy, and of all there were. */
	uint64_t hours, healthy, watched;
};

int figures_new(struct figures **ret, const struct report_period *period);
struct figures *figures_free(struct figures *figures);

/* A mention of the period, or of the one before. `at` decides the day; `story`: what names its
 * story. Copies. 0 or -ENOMEM. */
int figures_see(struct figures *figures, const struct hit *hit, struct wall at, bool before,
	struct span story);
/* A mention was sent to a receiver, in a delivery. */
int figures_told(struct figures *figures, struct span receiver, struct span delivery);

/* All counted: lives as `figures`. 0 or -ENOMEM. */
int figures_end(struct figures *figures, struct report *ret);

/* Whole hours of the period. */
uint64_t report_hours(const struct report_period *period);

/* (n - before) / before and part / whole; NAN where that is nothing. */
double report_change(uint64_t n, uint64_t before);
double report_share(uint64_t part, uint64_t whole);

#endif
