#ifndef VIGIE_DELIVERING_H
#define VIGIE_DELIVERING_H

/*
 * delivering: how the messages of a configuration are carried, the same for the daemon and for
 * `vigie notify test`.
 */

#include "config/config.h"
#include "io/transfer.h"

/* Points into the configuration. Follows no redirect: what is meant for one receiver goes to no
 * other. */
struct transfer_options delivering_options(const struct config *config);

#endif
