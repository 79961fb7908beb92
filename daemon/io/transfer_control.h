#ifndef VIGIE_IO_TRANSFER_CONTROL_H
#define VIGIE_IO_TRANSFER_CONTROL_H

/*
 * transfer_control: one request to a daemon's control socket, for commands. Blocks, 30 s at
 * most.
 */

#include "vigie/buf.h"

/* 0 with *status and the body in `answer`; -ECONNREFUSED: nobody answers there; -ENOMEM. */
int http_control_ask(const char *socket_path, const char *method, const char *path,
	struct span body, struct buf *answer, int *status);

#endif
