#ifndef VIGIE_LOCK_H
#define VIGIE_LOCK_H

/*
 * lock: the state folder, made if need be (0700), held by one daemon at a time. The kernel drops
 * the lock when the process dies, however it dies.
 */

#include "vigie/arena.h"
#include "vigie/span.h"

/* A descriptor to keep open while running, or -errno with *ret_why for people. */
int lock_state(const char *folder, struct arena *arena, struct span *ret_why);

#endif
