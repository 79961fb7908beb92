#ifndef VIGIE_IO_HTTP_GUESTS_H
#define VIGIE_IO_HTTP_GUESTS_H

/*
 * http_guests: the connections of io/http.c: how many there may be, and how long one may take to
 * ask for something. evhttp bounds silence only: a request that comes a byte at a time keeps its
 * connection for ever.
 */

#include "io/loop.h"

struct bufferevent;
struct evconnlistener;
struct evhttp;
struct guests;

/* At `most` connections nobody is let in until one has ended: others wait in the kernel's queue.
 * `patience_ms`: from the connection, or the last answer, to the end of the next request. 0 or
 * -ENOMEM. */
int guests_new(struct guests **ret, struct loop *loop, struct evhttp *evhttp, unsigned most,
	int64_t patience_ms);
/* After the evhttp. */
struct guests *guests_free(struct guests *guests);
/* Who lets them in. */
void guests_door(struct guests *guests, struct evconnlistener *door);
/* It has asked, and waits for us; or it was answered. */
void guests_asked(struct guests *guests, struct bufferevent *connection);
void guests_answered(struct guests *guests, struct bufferevent *connection);

#endif
