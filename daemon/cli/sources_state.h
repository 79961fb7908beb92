#ifndef VIGIE_CLI_SOURCES_STATE_H
#define VIGIE_CLI_SOURCES_STATE_H

/*
 * sources_state: how it stands with the sources of networks a configuration has: whether their
 * keys and tokens let them in, by the state folder, and what came of them, by the daemon when
 * it runs. For `sources list`.
 */

#include <stdio.h>

#include "sources/connector.h"
#include "vigie/buf.h"

struct sources_state;

/* `path` NULL: the file in a default place, and *ret is NULL when there is none. EXIT_DONE, or
 * EXIT_USAGE after saying why. */
int sources_state_load(struct sources_state **ret, const char *path);
struct sources_state *sources_state_free(struct sources_state *s);

/* A line a source, under a heading; nothing when there are none. */
void sources_state_print(const struct sources_state *s, FILE *to);
/* A JSON array of the network's: {"id", "key", "why", "mark", "error", "last_read"}; the last
 * three null unless the daemon runs. */
void sources_state_json(const struct sources_state *s, struct buf *out, struct span network);
/* The networks of connector files of one's own, each once. */
void sources_state_own(const struct sources_state *s,
	void (*see)(void *arg, const struct connector *c), void *arg);

#endif
