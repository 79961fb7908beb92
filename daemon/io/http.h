#ifndef VIGIE_IO_HTTP_H
#define VIGIE_IO_HTTP_H

/*
 * http: the daemon's own small HTTP server (evhttp), on a Unix socket or a TCP address, with
 * the limits evhttp leaves open: headers 16 KiB, bodies 1 MiB, 15 s a request, 64 connections.
 * Every answer carries the headers that keep a browser from running or framing what it should
 * not.
 */

#include "io/loop.h"
#include "vigie/arena.h"
#include "vigie/buf.h"

struct http;

struct http_request {
	struct span method; /* "GET", "HEAD", "POST", "PUT", "DELETE" */
	struct span path;   /* decoded; begins with / ; without the query */
	struct span query;  /* as sent, without the question mark */
	struct span body;
	bool local; /* came over a Unix socket */
};

/* Set by the handler; text and body are copied when it returns. */
struct http_answer {
	int status;       /* 200 when left 0 */
	const char *type; /* "application/json" when left NULL */
	struct buf body;  /* freed by the server */
};

typedef void (*http_handler)(
	void *arg, const struct http_request *request, struct http_answer *answer);

struct http_options {
	/* One of them. A stale socket file is replaced; the file is made 0600. */
	const char *socket_path;
	struct span listen; /* HOST:PORT, [::1]:PORT; port 0: a free one */
	http_handler handler;
	void *arg;
};

/* 0, or -errno with a sentence in *ret_why that names the address and the remedy. */
int http_new(struct http **ret, struct loop *loop, const struct http_options *options,
	struct arena *arena, struct span *ret_why);
/* Closes connections; a Unix socket's file is removed. */
struct http *http_free(struct http *http);
/* "http://127.0.0.1:41873/", with the port that was taken; the path for a Unix socket. */
const char *http_address(const struct http *http);

#endif
