/*
 * http_guests: a list of the connections, looked through once a second while there are some.
 *
 * evhttp (libevent 2.1) tells nobody when a connection of its server ends. So each is made
 * here, with a reference of our own: one that evhttp has given up is known by its callbacks
 * being gone.
 */

#include "io/http_guests.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

enum { LOOK_MS = 1000 };

struct guest {
	struct guest *next;
	struct bufferevent *connection;
	int64_t since_ms; /* it may ask since then */
	bool waits;       /* it has asked */
};

struct guests {
	struct loop *loop;
	struct timer *look;
	struct evconnlistener *door;
	struct guest *first;
	unsigned n, most;
	int64_t patience_ms;
	bool full;
};

static bool is_gone(const struct guest *g)
{
	bufferevent_event_cb event = NULL;

	bufferevent_getcb(g->connection, NULL, NULL, &event, NULL);
	return !event;
}

/* Closes the socket too, if evhttp is done with it. */
static void let_go(struct guests *gs, struct guest **at)
{
	struct guest *g = *at;

	*at = g->next;
	gs->n--;
	(void)bufferevent_decref(g->connection);
	free(g);
}

static void look(struct guests *gs)
{
	const int64_t now = loop_now(gs->loop).ms;

	for (struct guest **at = &gs->first; *at;) {
		struct guest *g = *at;

		if (is_gone(g)) {
			let_go(gs, at);
			continue;
		}
		/* evhttp reads the end, and cleans up. */
		if (!g->waits && now - g->since_ms > gs->patience_ms)
			(void)shutdown(bufferevent_getfd(g->connection), SHUT_RDWR);
		at = &g->next;
	}
	if (gs->full && gs->n < gs->most && gs->door) {
		gs->full = false;
		(void)evconnlistener_enable(gs->door);
	}
}

static void on_look(void *arg)
{
	struct guests *gs = arg;

	look(gs);
	if (gs->n)
		(void)timer_set(gs->look, LOOK_MS);
}

/* NULL: evhttp makes one itself, which nobody watches; then memory is out, and it fails. */
static struct bufferevent *on_guest(struct event_base *base, void *arg)
{
	struct guests *gs = arg;
	struct guest *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->connection = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (!g->connection) {
		free(g);
		return NULL;
	}
	bufferevent_incref(g->connection);
	if (!gs->n)
		(void)timer_set(gs->look, LOOK_MS);
	if (gs->n + 1 >= gs->most)
		look(gs); /* the new one is not in the list yet: it has no callbacks */
	g->since_ms = loop_now(gs->loop).ms;
	g->next = gs->first;
	gs->first = g;
	gs->n++;
	if (gs->n >= gs->most && gs->door) {
		gs->full = true;
		(void)evconnlistener_disable(gs->door);
	}
	return g->connection;
}

static struct guest *find(struct guests *gs, const struct bufferevent *connection)
{
	struct guest *g = gs->first;

	while (g && g->connection != connection)
		g = g->next;
	return g;
}

void guests_asked(struct guests *gs, struct bufferevent *connection)
{
	struct guest *g = find(gs, connection);

	if (g)
		g->waits = true;
}

void guests_answered(struct guests *gs, struct bufferevent *connection)
{
	struct guest *g = find(gs, connection);

	if (!g)
		return;
	g->waits = false;
	g->since_ms = loop_now(gs->loop).ms;
}

void guests_door(struct guests *gs, struct evconnlistener *door)
{
	gs->door = door;
}

int guests_new(struct guests **ret, struct loop *loop, struct evhttp *evhttp, unsigned most,
	int64_t patience_ms)
{
	struct guests *gs = calloc(1, sizeof(*gs));

	if (!gs)
		return -ENOMEM;
	gs->loop = loop;
	gs->most = most;
	gs->patience_ms = patience_ms;
	if (timer_new(&gs->look, loop, on_look, gs) < 0) {
		free(gs);
		return -ENOMEM;
	}
	evhttp_set_bevcb(evhttp, on_guest, gs);
	*ret = gs;
	return 0;
}

struct guests *guests_free(struct guests *gs)
{
	if (!gs)
		return NULL;
	while (gs->first)
		let_go(gs, &gs->first);
	gs->look = timer_free(gs->look);
	free(gs);
	return NULL;
}
