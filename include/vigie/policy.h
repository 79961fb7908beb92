#ifndef VIGIE_POLICY_H
#define VIGIE_POLICY_H

/*
 * policy: who shall hear of what, and by which channel. Written by the operator, immutable,
 * made by the configuration, read by alerts/ and line/.
 */

#include <stdbool.h>
#include <stdint.h>

#include "vigie/span.h"

/* One value of a receiver's channel, as its channel's field table (vigie/channel.h) names it. A
 * list has several entries with one name. */
struct receiver_field {
	struct span name;
	struct span value; /* secrets are in clear here and nowhere else */
};

struct channel;

struct receiver {
	struct span id;
	struct span lang; /* "en" or "fr" */
	const struct channel *channel;
	const struct receiver_field *fields;
	size_t n_fields;
};

/* First value of a name, or empty. */
static inline struct span receiver_get(const struct receiver *r, const char *name)
{
	for (size_t i = 0; i < r->n_fields; i++)
		if (span_eq_str(r->fields[i].name, name))
			return r->fields[i].value;
	return SPAN_NONE;
}

enum route_key { /* what a matcher or group_by names */
	ROUTE_RULE,
	ROUTE_KIND,
	ROUTE_BRAND,
	ROUTE_TAG, /* of the rule or of the source */
	ROUTE_LANG,
	ROUTE_SOURCE,
	ROUTE_AUTHOR,
	ROUTE_SITE,
	ROUTE_MENTION, /* group_by only: one alert an item */
	ROUTE_STORY,   /* group_by only: near-duplicates together; as mention for one in no story */
	ROUTE_KEYS
};

static const char *const route_key_names[] = { "rule", "kind", "brand", "tag", "lang", "source",
	"author", "site", "mention", "story" };

struct route_match {
	enum route_key key;
	const struct span *values; /* any of them, ASCII case ignored */
	size_t n_values;
};

/* A route inherits from its parent what it does not say. First matching child wins, unless it
 * says continue; a route without a matching child answers itself. */
struct route {
	const struct route_match *matches; /* all of them */
	size_t n_matches;
	const uint32_t *receivers; /* indexes into policy.receivers; already inherited */
	size_t n_receivers;
	enum route_key group_by[ROUTE_KEYS];
	size_t n_group_by;
	int64_t group_wait_ms;
	bool proceed; /* `continue: true` */
	const struct route *children;
	size_t n_children;
};

struct policy {
	const struct receiver *receivers;
	size_t n_receivers;
	struct route root; /* no receivers: nobody is told */
};

#endif
