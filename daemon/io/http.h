#ifndef VIGIE_IO_HTTP_H
#define VIGIE_IO_HTTP_H

/*
 * http: the daemon's own HTTP server (libevent's evhttp), on a TCP port, on a Unix socket, or
 * both; and the command line's way to ask it. It bounds what may come in, checks that a browser
 * was not led here under a foreign name, and sends the headers that keep a page to itself. Who
 * may ask what is the business of the handlers.
 */

#include <stdbool.h>

#include "io/loop.h"
#include "vigie/buf.h"
#include "vigie/request.h"

struct http;

/* One request, the handler's until it is answered; its spans live as long. */
struct http_ask {
	struct span method; /* "GET", "HEAD", "POST", "PUT", "DELETE" */
	struct span path;   /* decoded, "/…", without NUL */
	struct span query;  /* as it came, without "?" */
	const struct header *headers;
	size_t n_headers;
	struct span body;
	bool local; /* came over the Unix socket, which only our own user can open */
};

struct http_options {
	const char *socket_path; /* NULL: none. Made with mode 0600; a stale one is replaced */
	const char *host;        /* address or name to listen on; NULL: no TCP */
	int port;                /* 0: any that is free, see http_port() */
	/* Names by which we may be called, beside localhost and addresses in numbers, so that
	 * no foreign name can be made to lead here (DNS rebinding). Copied. */
	const struct span *names;
	size_t n_names;
	size_t max_header; /* bytes of request line and headers; 0: 16 KiB */
	size_t max_body;   /* 0: 1 MiB */
	int timeout_s;     /* without progress of a connection, and for a whole request; 0: 30 */
	unsigned max_connections; /* of each of the two, further ones wait; 0: 256 */
};

/* 0; -EADDRINUSE: somebody listens there; -EEXIST: socket_path is a file of another kind;
 * -ENAMETOOLONG: socket_path is longer than 107 bytes; another -errno; -ENOMEM. */
int http_new(struct http **ret, struct loop *loop, const struct http_options *options);
/* Closes all, and takes the socket's file away. Requests that are not yet answered may still
 * be; nobody hears it. */
struct http *http_free(struct http *http);
int http_port(const struct http *http); /* 0: no TCP */

/* Each ask is answered exactly once with http_reply(), from inside or later. */
typedef void (*http_handler)(void *arg, struct http_ask *ask);

/* For the path itself and what lies below: "/status" gets "/status" and "/status/x", "/" all
 * that no longer prefix gets. Paths nobody wants are answered 404. 0 or -ENOMEM. */
#define http_on(http, prefix, handler, arg)                                                      \
	http_on_as(http, prefix, handler, arg, LOOP_NAME(handler))
int http_on_as(struct http *http, const char *prefix, http_handler handler, void *arg,
        const char *name);

struct span http_header(const struct http_ask *ask, const char *name); /* empty: none */
/* A field of the query, decoded, into `ret`; false: it is not there. */
bool http_param(const struct http_ask *ask, const char *name, struct buf *ret);

/* type: of the body; NULL without one. headers replace those sent with every answer:
 * Content-Security-Policy, X-Content-Type-Options, X-Frame-Options, Referrer-Policy,
 * Cross-Origin-Resource-Policy, Cache-Control (no-store). ask is gone after. */
void http_reply(struct http_ask *ask, int status, const char *type,
        const struct header *headers, size_t n_headers, struct span body);
/* A line of plain text. */
void http_reply_text(struct http_ask *ask, int status, const char *text);

/* Asks a daemon over its Unix socket and waits, two minutes at most (transfer_control.c; for
 * the command line, never in the daemon). 0 with the status and the answer's body added to
 * `answer`; -ENOENT or -ECONNREFUSED: nobody listens; -EACCES; -ETIMEDOUT; -EMSGSIZE: more than
 * answer->limit_bytes; -EIO: it broke off; -ENOMEM. */
int http_control_ask(const char *socket_path, const char *method, const char *path,
        struct span body, struct buf *answer, int *status);

#endif
