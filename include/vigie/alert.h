#ifndef VIGIE_ALERT_H
#define VIGIE_ALERT_H

/*
 * alert: hits that deserve a person, under a grouping key, for one receiver; and delivery: that
 * alert addressed to one channel. What is stored of a delivery refers to hits by key; the hits
 * themselves are fetched from the archive when it is rendered.
 */

#include "vigie/hit.h"
#include "vigie/policy.h"

/* Far more mentions of a brand in the last hour than usual (vigie/burst.h). The hits of its alert
 * stand for the stories that carry it, largest first. */
struct alert_spike {
	struct span brand;
	bool competitor;
	double n, usual, spread;
	double begins; /* from which on it is a burst */
	uint32_t samples;
	bool learning;
	struct wall began;
	const uint64_t *carried; /* of the hour, by each hit's story; n_carried of them */
	size_t n_carried;
};

/* A report, for channels that can show more than a few lines. Its alert has one hit, which says
 * it in short: title, text and, where there is one, the page it can be read on. */
struct alert_report {
	struct span html;     /* a whole page */
	struct span markdown; /* the same as text */
	struct span why;      /* on whose wish it is sent */
};

struct alert {
	struct span id;       /* of the delivery: [0-9a-z], the same on every attempt */
	struct span group;    /* grouping key, for people: "rule=acme" or "mention=<key>" */
	struct span route;    /* where in the configuration: "routes.routes[1]"; may be empty */
	struct wall created;
	const struct hit *const *hits; /* oldest first */
	size_t n_hits;
	size_t n_more; /* beyond those given */
	const struct alert_spike *spike;   /* NULL: mentions */
	const struct alert_report *report; /* NULL: mentions */
};

#endif
