#ifndef VIGIE_POLICY_H
#define VIGIE_POLICY_H

/*
 * policy: who shall hear of what, when, how much of it, and by which channel. Written by the
 * operator, immutable, made by the configuration, read by alerts/ and line/.
 *
 * Zeroes are the defaults unless a field says otherwise: a receiver without budget, rate and
 * quiet hours hears of everything at once. Times of day are local: `zone` is read from the
 * bytes of a zone file by whoever makes the policy; NULL is UTC. `zone_name` is for people.
 */

#include <stdbool.h>
#include <stdint.h>

#include "vigie/instant.h"
#include "vigie/span.h"

struct zone; /* vigie/zone.h */

/* One value of a receiver's channel, as its channel's field table (vigie/channel.h) names it. A
 * list has several entries with one name. */
struct receiver_field {
	struct span name;
	struct span value; /* secrets are in clear here and nowhere else */
};

/* --- When ----------------------------------------------------------------------------------
 */

/* Part of the calendar; all that is said must hold, what is 0 says nothing. */
struct time_span {
	uint16_t from_minute, to_minute; /* of the day, 0 to 1440, half-open; from > to goes
					    over midnight (the day is the one it begins on);
					    equal: all day */
	uint8_t weekdays;                /* bit 0 Monday … bit 6 Sunday */
	uint16_t months;                 /* bit 0 January … bit 11 December */
	int8_t first_day, last_day;      /* of the month, both included; -1: its last day */
	int16_t first_year, last_year;
};

/* Any of its spans. */
struct time_interval {
	struct span name;
	const struct zone *zone;
	struct span zone_name;
	const struct time_span *spans;
	size_t n_spans;
};

enum digest_every { DIGEST_NONE, DIGEST_EVERY_HOUR, DIGEST_EVERY_DAY, DIGEST_EVERY_WEEK };

/* Mentions collected and told together. `daily: '08:00'` is {DIGEST_EVERY_DAY, .minute = 480}.
 */
struct digest {
	enum digest_every
		every;   /* DIGEST_NONE: at once (a route that takes back its parent's) */
	uint8_t weekday; /* weekly: 0 Monday … 6 Sunday */
	uint16_t minute; /* of the day; hourly: of the hour, 0 to 59 */
	bool empty_too;  /* says "nothing today", with the coverage, when there is nothing */
	const struct zone *zone;
	struct span zone_name;
};

/* --- How much ------------------------------------------------------------------------------
 */

enum budget_per { BUDGET_HOUR, BUDGET_DAY, BUDGET_WEEK };

/* `20/day`: at most so many messages between two local midnights (full hours, Mondays) of the
 * receiver's zone; the best-scored, see vigie/desk.h. The rest goes to the receiver's digest.
 */
struct budget {
	uint32_t most;
	enum budget_per per;
};

enum { BUDGETS_MAX = 3 }; /* of a receiver: one of each kind */

/* --- Whom ----------------------------------------------------------------------------------
 */

struct channel;

struct receiver {
	struct span id;
	struct span lang; /* "en" or "fr" */
	const struct channel *channel;
	const struct receiver_field *fields;
	size_t n_fields;
	const struct zone
		*zone; /* of its budgets, and of its digest unless that says another */
	struct span zone_name;
	const struct budget *budgets; /* all of them hold; at most BUDGETS_MAX */
	size_t n_budgets;
	/* Where goes what is over budget; NULL: every day at 08:00 in its zone. */
	const struct digest *digest;
	/* At most `rate_most` messages in each rate_ms, which the first of them begins; more
	 * wait (and collect). 0: no limit. Holds for digests and critical ones too. */
	uint32_t rate_most;
	int64_t rate_ms;
	/* Quiet hours: in any of these nothing is sent; it is collected, and let go behind. */
	const struct time_interval *quiet;
	size_t n_quiet;
	bool quiet_is_strict; /* critical ones wait too; default false: they do not */
	int64_t timeout_ms;   /* of an attempt, from the connection to the answer; 0: 30 s */
};

/* First value of a name, or empty. */
static inline struct span receiver_get(const struct receiver *r, const char *name)
{
	for (size_t i = 0; i < r->n_fields; i++)
		if (span_eq_str(r->fields[i].name, name))
			return r->fields[i].value;
	return SPAN_NONE;
}

/* --- Which ---------------------------------------------------------------------------------
 */

enum route_key { /* what a matcher or group_by names */
	ROUTE_RULE,
	ROUTE_KIND,
	ROUTE_BRAND,
	ROUTE_TAG, /* of the rule or of the source */
	ROUTE_LANG,
	ROUTE_SOURCE,
	ROUTE_AUTHOR,
	ROUTE_SITE,
	ROUTE_FOLLOWERS, /* match only, a number: of the author; unknown matches nothing */
	ROUTE_SIZE,      /* match only, a number: mentions of its story, with it */
	ROUTE_SEVERITY,  /* a number, or the name of a level; group_by: the level */
	ROUTE_MENTION,   /* group_by only: one alert an item, copies too */
	ROUTE_STORY,     /* group_by only: one alert a story */
	ROUTE_KEYS
};

static const char *const route_key_names[] = {"rule", "kind", "brand", "tag", "lang", "source",
	"author", "site", "followers", "story_size", "severity", "mention", "story"};

static inline bool route_key_is_number(enum route_key key)
{
	return key >= ROUTE_FOLLOWERS && key <= ROUTE_SEVERITY;
}

/* Numbers, both ends included. */
struct route_range {
	double from, to; /* -INFINITY and INFINITY where there is no end */
};

struct route_match {
	enum route_key key;
	const struct span *values; /* any of them, ASCII case ignored */
	size_t n_values;
	/* What `values` mean where the key is a number, one each; made by route_range_read()
	 * (vigie/desk.h). NULL for the other keys. */
	const struct route_range *ranges;
};

/* --- How bad -------------------------------------------------------------------------------
 */

struct severity_level {
	struct span name;
	double from; /* from this number on */
};

/* Points for what matches all of `matches` (any key but severity). */
struct severity_extra {
	struct span name; /* for people: "press" */
	const struct route_match *matches;
	size_t n_matches;
	double points; /* may be negative */
};

/* A severity is a sum: each weight times its measure, and the extras. */
struct severity_policy {
	double score;      /* times the hit's score (weights of its rules); default 1 */
	double followers;  /* times log10(1 + followers); 0.5 */
	double engagement; /* times log10(1 + likes + shares + replies); 0.5 */
	double mentions;   /* times log2(mentions of its story); 0.5 */
	double sites;      /* times log2(sites of its story); 0.5 */
	double rating;     /* times (3 - stars), where there are fewer than 3; 1 */
	/* Of a spike, instead of those above: */
	double spike;       /* once; 4 */
	double spike_times; /* times log2(mentions in the hour over the usual, 1 at least); 0.5
			     */
	double spike_mentions; /* times log10(1 + mentions in the hour); 0.5 */
	double spike_learning; /* once, where what is usual is hardly known; -1 */
	const struct severity_extra *extras;
	size_t n_extras;
	const struct severity_level *levels; /* ascending; below the first: the first */
	size_t n_levels;                     /* info from 0, warning from 4, critical from 7 */
	double critical; /* from here on it passes budgets and quiet hours; the `from` of the
			    level "critical", INFINITY when there is none */
};

extern const struct severity_policy severity_default; /* of alerts/ */

/* --- The tree ------------------------------------------------------------------------------
 */

/* A route inherits from its parent what it does not say. First matching child wins, unless it
 * says continue; a route without a matching child answers itself. */
struct route {
	const struct route_match *matches; /* all of them */
	size_t n_matches;
	const uint32_t *receivers; /* indexes into policy.receivers; already inherited */
	size_t n_receivers;
	enum route_key group_by[ROUTE_KEYS];
	size_t n_group_by; /* 0: inherited; the root's: story */
	/* How long the first mention of a group waits for company. Negative: inherited. Groups
	 * by mention or story wait for nobody. */
	int64_t group_wait_ms;
	bool proceed; /* `continue: true` */
	const struct route *children;
	size_t n_children;
	/* Least time between two messages on one group. Negative: inherited; 0: each time the
	 * group waits group_wait, as if it were new. Default of the configuration: 5m. */
	int64_t group_interval_ms;
	/* What was told and is not acknowledged is told again after so long, at most
	 * DESK_REPEATS_MOST times. Negative: inherited; 0 (default): never. */
	int64_t repeat_interval_ms;
	const struct digest *digest; /* NULL: inherited; default: at once */
	/* Sizes of a story at which it is told again, ascending: {10, 50}. NULL: inherited;
	 * default: none. Not NULL with n 0: none. */
	const uint32_t *story_steps;
	size_t n_story_steps;
	/* `story_steps: [10, 50, critical]`: also once when a copy is critical and nothing told
	 * of the story was. Goes with story_steps where it is inherited. */
	bool story_critical;
	/* Alertmanager's mute_time_intervals and active_time_intervals: in any of the first,
	 * and outside of all of the second, nothing is sent; it is collected, and let go
	 * behind. Critical ones wait too. NULL: inherited; default: none. Not NULL with n 0:
	 * none. */
	const struct time_interval *const *mute_times;
	size_t n_mute_times;
	const struct time_interval *const *active_times;
	size_t n_active_times;
};

/* --- What nobody shall hear of -------------------------------------------------------------
 */

struct silence {
	struct span id;                    /* [0-9A-Za-z_.-], 1 to 64 */
	struct span receiver;              /* empty: all */
	const struct route_match *matches; /* all of them */
	size_t n_matches;                  /* 0: everything */
	struct span author, comment;       /* who silenced, and why; for people */
	struct wall from, until;           /* half-open; WALL_NONE: from ever, for good */
};

struct mute {
	enum route_key key;   /* ROUTE_AUTHOR or ROUTE_SITE */
	struct span value;    /* as in a matcher */
	struct span receiver; /* empty: all */
	struct wall until;    /* WALL_NONE: for good */
};

struct policy {
	const struct receiver *receivers;
	size_t n_receivers;
	struct route root;       /* no receivers: nobody is told */
	const uint32_t *notices; /* who hears of the house itself: indexes into receivers */
	size_t n_notices;
	const struct severity_policy *severity; /* NULL: severity_default */
	/* Those of the configuration; operators add others at run time (vigie/desk.h). */
	const struct silence *silences;
	size_t n_silences;
	const struct mute *mutes;
	size_t n_mutes;
};

#endif
