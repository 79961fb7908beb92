/*
 * transfer_lane: threads that talk to mail servers. libcurl waits inside one call for the
 * answer to a message (7.88, smtp_done) and to QUIT (smtp_disconnect), and a server that looks
 * at the message first takes seconds for it: on the loop that would be everybody's seconds. A
 * lane has one message at a time and keeps its connection for the next to the same server.
 */

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "io/inbox.h"
#include "io/transfer_impl.h"

enum {
	LANES_MAX = 32,           /* mail servers that may hang without holding up another */
	STACK_BYTES = 512 * 1024, /* libcurl's and OpenSSL's buffers are on the heap */
	SOCKETS_MAX = 8,          /* of one lane: an old connection, new ones being tried */
};

struct lane {
	struct inbox_link link; /* in lanes.ended */
	struct lanes *lanes;
	struct lane *next;
	pthread_t thread;
	CURL *easy;
	sem_t work;
	atomic_bool stopping, aborted;
	/* The loop's while the lane is idle, else the thread's. */
	struct transfer_handle *handle; /* NULL: idle */
	CURLcode code;
	bool dropped;    /* nobody waits for the handle any more; the loop's */
	uint64_t server; /* that its connection leads to */
	/* Its sockets, which the loop may cut. */
	pthread_mutex_t lock;
	struct {
		int fd;
		bool used; /* by this message */
	} sockets[SOCKETS_MAX];
	size_t n_sockets;
};

struct lanes {
	struct lane *all;
	size_t n;
	struct inbox ended;
	struct wakeup *wakeup;
	struct transfer_handle *waiting; /* for a lane; oldest first */
};

/* --- On the thread
 * --------------------------------------------------------------------------- */

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct lane *lane = arg;
	int fd;

	if (purpose != CURLSOCKTYPE_IPCXN || !handle_may_open(lane->handle, to))
		return CURL_SOCKET_BAD;
	fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
	(void)pthread_mutex_lock(&lane->lock);
	if (fd >= 0 && lane->n_sockets == SOCKETS_MAX) {
		(void)close(fd);
		fd = -1;
	}
	if (fd >= 0) {
		lane->sockets[lane->n_sockets].used = true;
		lane->sockets[lane->n_sockets++].fd = fd;
	}
	(void)pthread_mutex_unlock(&lane->lock);
	return fd;
}

static int on_close(void *arg, curl_socket_t fd)
{
	struct lane *lane = arg;
	int r;

	(void)pthread_mutex_lock(&lane->lock);
	for (size_t i = 0; i < lane->n_sockets; i++)
		if (lane->sockets[i].fd == fd) {
			lane->sockets[i] = lane->sockets[--lane->n_sockets];
			break;
		}
	r = close(fd);
	(void)pthread_mutex_unlock(&lane->lock);
	return r;
}

/* Which connection a message goes over shows when it is asked for, by our end's port. */
static int on_request(void *arg, char *ip, char *local_ip, int port, int local_port)
{
	struct lane *lane = arg;
	const struct span text = span_str(ip);
	unsigned char address[16];

	(void)local_ip;
	(void)port;
	(void)pthread_mutex_lock(&lane->lock);
	for (size_t i = 0; i < lane->n_sockets; i++) {
		struct sockaddr_storage name = {0};
		socklen_t n = sizeof(name);
		const struct sockaddr_in *in = (const struct sockaddr_in *)&name;
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&name;

		if (getsockname(lane->sockets[i].fd, (struct sockaddr *)&name, &n) == 0 &&
			ntohs(name.ss_family == AF_INET6 ? in6->sin6_port : in->sin_port) ==
				local_port)
			lane->sockets[i].used = true;
	}
	(void)pthread_mutex_unlock(&lane->lock);
	if (!address_parse(address, span_slice(text, 0, span_find(text, '%'))))
		return CURL_PREREQFUNC_ABORT;
	return handle_may_reach(lane->handle, address) ? CURL_PREREQFUNC_OK
						       : CURL_PREREQFUNC_ABORT;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct lane *lane = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return atomic_load(&lane->aborted);
}

/* Cuts what this message uses, or all. */
static void cut(struct lane *lane, bool used_only, int how)
{
	(void)pthread_mutex_lock(&lane->lock);
	for (size_t i = 0; i < lane->n_sockets; i++)
		if (lane->sockets[i].used || !used_only)
			(void)shutdown(lane->sockets[i].fd, how);
	(void)pthread_mutex_unlock(&lane->lock);
}

void lane_deafen(struct lane *lane)
{
	cut(lane, true, SHUT_RD);
}

static void *work(void *arg)
{
	struct lane *lane = arg;

	for (;;) {
		while (sem_wait(&lane->work) < 0)
			;
		if (!lane->handle || atomic_load(&lane->stopping))
			return NULL;
		lane->code = curl_easy_perform(lane->easy);
		if (inbox_put(&lane->lanes->ended, &lane->link))
			wakeup_fire(lane->lanes->wakeup);
	}
}

/* --- On the loop
 * ----------------------------------------------------------------------------- */

static void lane_free(struct lane *lane)
{
	atomic_store(&lane->stopping, true);
	atomic_store(&lane->aborted, true);
	cut(lane, false, SHUT_RDWR);
	if (lane->thread) {
		/* A connection may just be opening: it is seen by on_progress(). */
		(void)sem_post(&lane->work);
		(void)pthread_join(lane->thread, NULL);
	}
	if (lane->handle)
		handle_destroy(lane->handle);
	if (lane->easy)
		curl_easy_reset(lane->easy); /* what it was told of the last message is gone */
	curl_easy_cleanup(lane->easy);       /* its connection was cut: QUIT waits for nobody */
	(void)sem_destroy(&lane->work);
	(void)pthread_mutex_destroy(&lane->lock);
	free(lane);
}

static struct lane *lane_new(struct lanes *lanes)
{
	struct lane *lane = calloc(1, sizeof(*lane));
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;
	int r = -1;

	if (!lane)
		return NULL;
	lane->lanes = lanes;
	(void)sem_init(&lane->work, 0, 0);
	(void)pthread_mutex_init(&lane->lock, NULL);
	lane->easy = curl_easy_init();
	/* Signals are the loop thread's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	if (lane->easy && pthread_attr_init(&attributes) == 0) {
		(void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
		r = pthread_create(&thread, &attributes, work, lane);
		(void)pthread_attr_destroy(&attributes);
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r != 0) {
		lane_free(lane);
		return NULL;
	}
	lane->thread = thread;
	lane->next = lanes->all;
	lanes->all = lane;
	lanes->n++;
	return lane;
}

/* Who is asked, as whom, and how: libcurl 7.88 would reuse a connection without TLS for a
 * message that requires it. */
static uint64_t server_of(const struct transfer_handle *h)
{
	const uint64_t hash = XXH64(h->place.url, strlen(h->place.url), h->plain);

	return XXH64(h->login.p ? h->login.p : "", h->login.n, hash);
}

/* The one whose connection leads there, a new one, or any that is idle. */
static struct lane *find_lane(struct lanes *lanes, uint64_t server)
{
	struct lane *any = NULL;

	for (struct lane *l = lanes->all; l; l = l->next) {
		if (l->handle)
			continue;
		if (l->server == server)
			return l;
		any = l;
	}
	if (lanes->n < LANES_MAX) {
		struct lane *fresh = lane_new(lanes);

		if (fresh)
			return fresh;
	}
	return any;
}

static void start(struct lane *lane, struct transfer_handle *h, uint64_t server)
{
	const int64_t left_ms = h->deadline.ms - loop_now(h->transfer->loop).ms;
	/* libcurl 7.88 keeps the connection of a message whose answer did not come in time
	 * (smtp_done() ends, and multi_done() takes it for an end like any other): the answer
	 * would be taken for the next message's. */
	const bool spoilt = lane->code != CURLE_OK || lane->dropped;
	CURL *e = lane->easy;

	h->lane = lane;
	h->easy = e;
	curl_easy_reset(e);
	/* What is of no use any more is cut, so that to leave it takes no time. */
	if (lane->server != server || spoilt)
		cut(lane, false, SHUT_RDWR);
	for (size_t i = 0; i < lane->n_sockets; i++)
		lane->sockets[i].used = false;
	if (left_ms <= 0 || handle_set_common(h) < 0 || !h->set(h) ||
		curl_easy_setopt(e, CURLOPT_URL, h->place.url) != CURLE_OK) {
		h->lane = NULL;
		h->easy = NULL;
		h->ready_code = left_ms <= 0 ? CURLE_OPERATION_TIMEDOUT : CURLE_OUT_OF_MEMORY;
		handle_later(h);
		return;
	}
	(void)curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
	(void)curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, lane);
	(void)curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	(void)curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, lane);
	(void)curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_request);
	(void)curl_easy_setopt(e, CURLOPT_PREREQDATA, lane);
	(void)curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
	(void)curl_easy_setopt(e, CURLOPT_XFERINFODATA, lane);
	(void)curl_easy_setopt(e, CURLOPT_MAXCONNECTS, 1L);
	(void)curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, (long)spoilt);
	(void)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)left_ms);
	lane->server = server;
	lane->handle = h;
	lane->dropped = false;
	atomic_store(&lane->aborted, false);
	(void)sem_post(&lane->work);
}

/* False: all are busy, or there is no memory for one. */
static bool try_start(struct lanes *lanes, struct transfer_handle *h)
{
	const uint64_t server = server_of(h);
	struct lane *lane = find_lane(lanes, server);

	if (lane)
		start(lane, h, server);
	return lane;
}

static void unqueue(struct lanes *lanes, const struct transfer_handle *h)
{
	struct transfer_handle **at = &lanes->waiting;

	while (*at && *at != h)
		at = &(*at)->next_waiting;
	if (*at)
		*at = h->next_waiting;
}

void lanes_run(struct lanes *lanes, struct transfer_handle *h)
{
	struct transfer_handle **end = &lanes->waiting;

	if (!lanes->waiting && try_start(lanes, h))
		return;
	if (!lanes->all) {
		h->ready_code = CURLE_OUT_OF_MEMORY; /* not one thread is to be had */
		handle_later(h);
		return;
	}
	while (*end)
		end = &(*end)->next_waiting;
	h->next_waiting = NULL;
	*end = h;
}

static void on_ended(void *arg)
{
	struct transfer *t = arg;
	struct inbox_link *link = inbox_take(&t->lanes->ended);

	t->draining = true;
	while (link) {
		struct lane *lane = (struct lane *)(void *)link;
		struct transfer_handle *h = lane->handle;

		link = link->next;
		lane->handle = NULL;
		if (lane->dropped)
			handle_destroy(h);
		else
			h->ended(h, lane->code);
		if (t->freed)
			break;
	}
	while (!t->freed && t->lanes->waiting) {
		struct transfer_handle *h = t->lanes->waiting;

		if (!try_start(t->lanes, h))
			break;
		t->lanes->waiting = h->next_waiting;
	}
	t->draining = false;
	if (t->freed)
		free(t);
}

bool lane_leave(struct lanes *lanes, struct transfer_handle *h)
{
	struct lane *lane = h->lane;

	if (!h->set)
		return false; /* no mail */
	h->easy = NULL;
	h->lane = NULL;
	unqueue(lanes, h);
	if (!lane || lane->handle != h)
		return false;
	lane->dropped = true;
	atomic_store(&lane->aborted, true);
	cut(lane, true, SHUT_RDWR);
	return true;
}

int lanes_new(struct transfer *t)
{
	t->lanes = calloc(1, sizeof(*t->lanes));
	return t->lanes ? wakeup_new(&t->lanes->wakeup, t->loop, on_ended, t) : -ENOMEM;
}

struct lanes *lanes_free(struct lanes *lanes)
{
	if (!lanes)
		return NULL;
	while (lanes->all) {
		struct lane *lane = lanes->all;

		lanes->all = lane->next;
		lane_free(lane);
	}
	wakeup_free(lanes->wakeup);
	free(lanes);
	return NULL;
}
