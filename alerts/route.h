#ifndef VIGIE_ALERTS_ROUTE_H
#define VIGIE_ALERTS_ROUTE_H

/*
 * route: the routing tree, for the desk: who hears of what, by which route, under which group.
 */

#include "vigie/arena.h"
#include "vigie/desk.h"

/* What is asked about. */
struct route_subject {
	const struct hit *hit; /* of a finding: one made of it */
	bool finding;
	const struct story_place *place; /* NULL: a story of its own */
	double severity;
	struct span level;
};

/* What a route says, with what it inherits. */
struct route_terms {
	const uint32_t *receivers;
	size_t n_receivers;
	const enum route_key *group_by;
	size_t n_group_by;
	int64_t group_wait_ms, group_interval_ms, repeat_interval_ms;
	const struct digest *digest; /* NULL: at once */
	const uint32_t *story_steps;
	size_t n_story_steps;
	bool story_critical;
	const struct time_interval *const *mute_times;
	size_t n_mute_times;
	const struct time_interval *const *active_times;
	size_t n_active_times;
};

/* What the root inherits. */
struct route_terms route_terms_root(void);
void route_inherit(struct route_terms *terms, const struct route *route);

struct route_found {
	uint32_t receiver; /* index into policy.receivers; each once */
	const struct route *route;
	const struct route_terms *terms;
	struct span path, group;
	int64_t wait_ms; /* of a new group */
	bool each;       /* one alert a mention, copies too */
	bool alone;      /* groups have one mention by their nature */
};

/* 0 or -ENOMEM; everything is in the arena or in the policy. */
int route_walk(const struct policy *policy, const struct route_subject *subject,
	struct arena *arena, struct route_found **ret, size_t *ret_n);

/* A finding, as routes see it. In the arena; NULL: no memory. */
const struct hit *route_hit_of(const struct desk_notice *notice, struct arena *arena);

/* The name of a total. */
struct span severity_level_of(const struct severity_policy *policy, double total);

/* Do all of them hold? 0 or -ENOMEM. */
int route_matches(const struct route_match *matches, size_t n,
	const struct route_subject *subject, struct arena *arena, bool *ret);

#endif
