#ifndef VIGIE_CLI_STATE_FOLDER_H
#define VIGIE_CLI_STATE_FOLDER_H

/*
 * state_folder: where the daemon a command is about keeps its things: as --state says, else as the
 * configuration says, else the default place (config_state_default()).
 */

#include "vigie/arena.h"

/* Both may be NULL. NUL-terminated, in the arena or an argument; NULL after saying why on standard
 * error. The folder need not exist. */
const char *state_folder(struct arena *arena, const char *state, const char *config);

#endif
