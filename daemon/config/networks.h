#ifndef VIGIE_CONFIG_NETWORKS_H
#define VIGIE_CONFIG_NETWORKS_H

/*
 * config/networks: the connector files a configuration needs: each read once, kept as long as
 * the snapshot. And what a network is told beside them: how it names a language and a country.
 */

#include "config/reader.h"
#include "sources/connector.h"

struct config_network {
	struct config_network *next;
	struct span name; /* as written: a network, or the path of a file */
	struct connector *connector;
};

/* NULL: reported at the node, with the nearest name. */
const struct connector *network_load(struct reader *r, const struct yaml *y,
	const struct yaml_node *node, const struct text *name);
/* A built-in one that is known to be there; NULL: no memory. */
const struct connector *network_builtin(struct reader *r, const char *name);
/* Keeps what was made of a configuration's own words. */
void network_keep(struct reader *r, struct span name, struct connector *connector);
void networks_free(struct config_network *networks);

/* Where a language is mostly spoken, and its English name; empty: not known. */
struct language {
	struct span lang;    /* primary subtag */
	struct span country; /* of the tag, else of the language */
	struct span english;
};
struct language language_of(struct span tag);

#endif
