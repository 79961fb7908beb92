#ifndef VIGIE_LINE_CONNECTION_H
#define VIGIE_LINE_CONNECTION_H

/*
 * connection: what a source of a network asks, with which keys, and on whose account. Made by
 * the configuration, immutable, alive as long as its snapshot; source.connection leads here.
 */

#include "sources/connector_walk.h"

struct connection {
	struct connector_target
		target;             /* `since` is set for each request (connection_target()) */
	struct connector_keys keys; /* secrets only; tokens are the account's */
	/* Who asks whom: NETWORK@HOST, and a mark of the secrets where there are any. Sources
	 * of one account share its budget, its pauses and its token. */
	struct span account;
	const struct connector_quota *quotas; /* what may be spent, by file and configuration */
	size_t n_quotas;
	size_t sharers;      /* sources of this account */
	void *config;        /* the snapshot it belongs to */
	int64_t cost;        /* of its usual request */
	struct span missing; /* secrets without which nothing can be asked; empty: none */
};

/* The target of a request: the first round looks back as far as first contact less history. */
static inline struct connector_target connection_target(const struct connection *c,
	struct wall first_contact, struct wall now, int64_t history_ms)
{
	struct connector_target target = c->target;
	const struct wall from = wall_known(first_contact) ? first_contact : now;

	target.since = (struct wall){from.ms - history_ms};
	return target;
}

#endif
