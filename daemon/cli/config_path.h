#ifndef VIGIE_CLI_CONFIG_PATH_H
#define VIGIE_CLI_CONFIG_PATH_H

/*
 * config_path: where the configuration is when -c does not say: ./vigie.yaml,
 * $XDG_CONFIG_HOME/vigie/vigie.yaml (~/.config), /etc/vigie/vigie.yaml; the first that exists.
 */

#include "vigie/arena.h"

/* `given`, or the first that exists. NULL after saying on standard error where it was looked
 * for. */
const char *config_path(struct arena *arena, const char *given);

/* The first that exists; NULL: none, and nothing is said. */
const char *config_path_find(struct arena *arena);

#endif
