#ifndef VIGIE_CONTROL_H
#define VIGIE_CONTROL_H

/*
 * control: how the running daemon is spoken to: HTTP on a Unix socket in the state folder (0600:
 * whoever may connect may do everything), and on TCP for browsers and machines, which may only look.
 *
 * Both: GET / (the dashboard), /healthz, /status, /mentions, /metrics. The socket only: POST /reload,
 * /reports and /spend, /desk, and whatever is below /deliveries. One row of a table each.
 */

#include "io/http.h"
#include "status.h"
#include "vigie/err.h"

struct control;

struct control_options {
	const char *socket_path;
	struct span listen; /* HOST:PORT; port 0: a free one; empty: no TCP */
	/* Fills what is to be seen; called for each request. */
	void (*look)(void *arg, struct status_view *ret);
	/* The latest mentions as a JSON array. */
	void (*mentions)(void *arg, struct buf *out);
	/* One mention as JSON, to be answered with http_reply(), now or later. */
	void (*mention)(void *arg, struct http_ask *ask, const struct item_key *key);
	/* 0, or -EINVAL with all mistakes in the list. */
	int (*reload)(void *arg, struct err_list *errors);
	/* A request at or below /deliveries, to be answered with http_reply(), now or later. */
	void (*deliveries)(void *arg, struct http_ask *ask);
	/* POST /reports, over the socket: to be answered so, too. */
	void (*reports)(void *arg, struct http_ask *ask);
	/* POST /spend, over the socket: so, too. */
	void (*spend)(void *arg, struct http_ask *ask);
	/* GET and POST /desk, over the socket: to be answered so, too. */
	void (*desk)(void *arg, struct http_ask *ask);
	void *arg;
};

/* 0, or -errno with *ret_why for people. */
int control_new(struct control **ret, struct loop *loop, const struct control_options *options,
	struct arena *arena, struct span *ret_why);
struct control *control_free(struct control *control);
/* "http://127.0.0.1:41873/", or "" without TCP. */
const char *control_address(const struct control *control);

#endif
