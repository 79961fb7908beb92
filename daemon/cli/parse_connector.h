#ifndef VIGIE_CLI_PARSE_CONNECTOR_H
#define VIGIE_CLI_PARSE_CONNECTOR_H

/*
 * parse_connector: what `vigie parse --connector` does: an answer of a network as the crawler
 * would see it.
 */

#include <stdbool.h>
#include <stddef.h>

struct parse_connector {
	const char *name; /* NETWORK or NETWORK/MAP; or a file of one's own, FILE.yaml[/MAP] */
	const char *const *vars; /* name=value */
	size_t n_vars;
	bool http;                /* the file is a whole HTTP answer */
	const char *content_type; /* or NULL */
	const char *path;
};

/* Prints items, then tombstones, then the next cursor; of a refusal only its class. Returns an
 * exit status. */
int parse_connector(const struct parse_connector *asked);

#endif
