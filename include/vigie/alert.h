#ifndef VIGIE_ALERT_H
#define VIGIE_ALERT_H

/*
 * alert: hits that deserve a person, under a grouping key, for one receiver; and delivery: that
 * alert addressed to one channel. What is stored of a delivery refers to hits by key; the hits
 * themselves are fetched from the archive when it is rendered.
 */

#include "vigie/arena.h"
#include "vigie/hit.h"
#include "vigie/policy.h"

/* Far more mentions of a brand in the last hour than usual (vigie/burst.h), or that this is
 * over. The hits of its alert stand for the stories that carry it, largest first. */
struct alert_spike {
	struct span brand;
	bool competitor;
	double n, usual, spread;
	double begins; /* from which on it is a burst */
	uint32_t samples;
	bool learning;
	double severity;          /* the sum of the points */
	const double *points;     /* by severity_spike_terms (vigie/desk.h); NULL: not known */
	struct wall began, ended; /* WALL_NONE: it goes on */
	double peak;              /* of one that ended: the most in an hour */
	const uint64_t *carried;  /* of the hour, by each hit's story; n_carried of them */
	size_t n_carried;
};

/* In one line, for people: "Acme — 142 mentions in the last hour, usually 9". In the arena; .p
 * is NULL without memory. */
struct span alert_spike_text(
	struct arena *arena, const struct alert_spike *spike, struct span lang);

/* A report, for channels that can show more than a few lines. Its alert has one hit, which says
 * it in short: title, text and, where there is one, the page it can be read on. */
struct alert_report {
	struct span html;     /* a whole page */
	struct span markdown; /* the same as text */
	struct span why;      /* on whose wish it is sent */
};

/* Why it is told. */
enum alert_kind {
	ALERT_NEW,    /* mentions, or a finding */
	ALERT_UPDATE, /* a story that was told has grown: hits[0] is the copy that did it */
	ALERT_REPEAT, /* told before, and nobody acknowledged it: the most severe of it */
	ALERT_DIGEST, /* what was collected, the most severe first */
};

struct alert {
	enum alert_kind kind;
	uint32_t nth;            /* of a repeat: 1, 2 … */
	struct wall from, until; /* of a digest: what it covers, half-open */
	uint32_t part, parts;    /* of a digest: from 1 */
	struct span when;        /* of a digest, for people: "daily 08:00 Europe/Paris" */
	bool nothing;            /* a digest without mentions: hits[0] says so */
	struct span id;          /* of the delivery: [0-9a-z], the same on every attempt */
	struct span group;       /* grouping key, for people: "rule=acme" or "mention=<key>" */
	struct span route; /* where in the configuration: "routes.routes[1]"; may be empty */
	struct wall created;
	const struct hit *const *hits; /* oldest first; of a digest the most severe first */
	size_t n_hits;
	size_t n_more;                     /* beyond those given */
	const struct alert_spike *spike;   /* NULL: mentions */
	const struct alert_report *report; /* NULL: mentions */
};

#endif
