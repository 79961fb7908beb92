#ifndef VIGIE_IO_REDIS_URL_H
#define VIGIE_IO_REDIS_URL_H

/*
 * redis_url: where a Redis is and how it is entered, as the operator writes it:
 *     redis://[[user]:password@]host[:port][/db]      IPv6 in brackets, port 6379, db 0
 *     unix:/path[?db=N][&user=U][&password=P]         unix:///path too
 * User, password and path are percent-decoded (RFC 3986 section 2.1). Nothing is connected
 * here.
 */

#include "vigie/span.h"

enum { REDIS_PORT = 6379, REDIS_SOCKET_PATH_MAX = 107 /* sun_path without its NUL */ };

struct redis_url {
	char *path; /* a Unix socket; NULL: host and port */
	char *host;
	int port;
	int db;
	char *user;     /* NULL: the default user */
	char *password; /* NULL: none */
};

/* 0; -ENOMEM; -EINVAL with *ret_why saying what is wrong and the remedy ("what: remedy", a
 * constant). The fields are the caller's, for redis_url_deinit(). */
int redis_url_parse(struct redis_url *ret, struct span url, const char **ret_why);
/* Overwrites the password. */
void redis_url_deinit(struct redis_url *url);

#endif
