#ifndef VIGIE_CLI_CONNECTOR_LOAD_H
#define VIGIE_CLI_CONNECTOR_LOAD_H

/*
 * connector_load: a connector by the name of its network, or of a file of one's own.
 */

#include "sources/connector.h"

/* An exit status; what is wrong is said on standard error. The caller's to free. */
int connector_load(struct connector **ret, struct span name);

#endif
