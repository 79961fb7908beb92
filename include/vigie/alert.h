#ifndef VIGIE_ALERT_H
#define VIGIE_ALERT_H

/*
 * alert: hits that deserve a person, under a grouping key, for one receiver; and delivery: that
 * alert addressed to one channel. What is stored of a delivery refers to hits by key; the hits
 * themselves are fetched from the archive when it is rendered.
 */

#include "vigie/hit.h"
#include "vigie/policy.h"

struct alert {
	struct span id;       /* of the delivery: [0-9a-z], the same on every attempt */
	struct span group;    /* grouping key, for people: "rule=acme" or "mention=<key>" */
	struct span route;    /* where in the configuration: "routes.routes[1]"; may be empty */
	struct wall created;
	const struct hit *const *hits; /* oldest first */
	size_t n_hits;
	size_t n_more; /* beyond those given */
};

#endif
