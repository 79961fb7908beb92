#ifndef VIGIE_IO_REDIS_SERVER_CONFIG_H
#define VIGIE_IO_REDIS_SERVER_CONFIG_H

/*
 * redis_server_config: what the private Redis is told on its standard input, and where its
 * socket may be.
 */

#include "vigie/buf.h"

/* For Redis 6.2 and later; both paths are absolute. */
void redis_server_config(struct buf *out, const char *folder, const char *socket);

/* A path for the socket, ≤ 107 bytes: in the folder, else in a private folder (0700, ours, no
 * link; made if missing) of XDG_RUNTIME_DIR or /tmp, named after `folder`. *ret_made, when not
 * NULL, is that folder. Both are on the heap. 0; -ENOMEM; -errno; -EPERM when somebody else has
 * taken the name. */
int redis_server_socket(char **ret, char **ret_made, const char *folder);

/* The server's own log line "pid:role date level text": its text, and its level ('.', '-', '*',
 * '#'; 0 when the line is not of that shape, and then the text is the line). */
struct span redis_server_said(struct span line, char *ret_level);

#endif
