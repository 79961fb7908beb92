#ifndef VIGIE_SOURCES_CONNECTOR_QUERY_H
#define VIGIE_SOURCES_CONNECTOR_QUERY_H

/*
 * connector_query: what is looked for, in a network's own words. A rule's positive terms become
 * as few searches as the network's syntax, its length and its number of terms allow; the rules
 * still decide what of the answers is wanted.
 */

#include "sources/connector.h"

/* The variables of one search: query (all its terms, as the network writes them), and of its
 * first term words ("air france"), phrase ("\"air france\""), tag ("airfrance") and slug
 * ("air-france"). */
struct connector_search {
	struct span query;
	struct expr_var vars[5];
	size_t n_terms;
};

struct connector_searches {
	struct connector_search *items;
	size_t n;
	size_t dropped; /* terms that don't fit into any search */
};

/* In the arena. Terms are plain words or phrases, "#tag" or "@name". A network whose asks need
 * no term gets one search without any. 0 or -ENOMEM. */
int connector_searches(struct connector_searches *ret, struct arena *arena,
	const struct connector *c, const struct connector_ask *ask, const struct span *terms,
	size_t n);

/* Does this way of asking look for anything? False: it tells all that is new, and the rules
 * choose. */
bool connector_ask_searches(const struct connector_ask *ask);

/* Does an expression of it use this variable? */
bool connector_ask_uses(const struct connector_ask *ask, struct span variable);

#endif
