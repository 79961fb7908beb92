/*
 * redis_resolve: getaddrinfo() on a thread of its own. The question is shared by the loop and
 * the thread; whoever lets go of it last frees it, so that a cancelled one need not be waited
 * for.
 */

#include "io/redis_resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct redis_resolve {
	atomic_int holders;
	int fd; /* readable when answered */
	struct watch *watch;
	redis_resolved done;
	void *arg;
	char *host;
	int error; /* of getaddrinfo() */
	char addresses[REDIS_ADDRESSES][REDIS_ADDRESS_TEXT];
	size_t n;
};

static void let_go(struct redis_resolve *q)
{
	if (atomic_fetch_sub(&q->holders, 1) > 1)
		return;
	if (q->fd >= 0)
		(void)close(q->fd);
	free(q->host);
	free(q);
}

static void *ask(void *arg)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct redis_resolve *q = arg;
	struct addrinfo *list = NULL;
	const uint64_t one = 1;

	q->error = getaddrinfo(q->host, NULL, &hints, &list);
	for (const struct addrinfo *a = list; a && q->n < REDIS_ADDRESSES; a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, q->addresses[q->n],
			    REDIS_ADDRESS_TEXT, NULL, 0, NI_NUMERICHOST) == 0)
			q->n++;
	if (list)
		freeaddrinfo(list);
	(void)!write(q->fd, &one, sizeof(one));
	let_go(q);
	return NULL;
}

static void on_answer(void *arg, int what)
{
	struct redis_resolve *q = arg;
	uint64_t count;

	(void)what;
	(void)!read(q->fd, &count, sizeof(count));
	q->watch = watch_free(q->watch);
	if (q->n)
		q->done(q->arg, 0, NULL, q->addresses, q->n);
	else
		q->done(q->arg, -EHOSTUNREACH,
			q->error ? gai_strerror(q->error) : "the name has no address", NULL, 0);
	let_go(q);
}

int redis_resolve_start(struct redis_resolve **ret, struct loop *loop, const char *host,
	redis_resolved done, void *arg)
{
	struct redis_resolve *q = calloc(1, sizeof(*q));
	pthread_attr_t detached;
	pthread_t thread;
	int r;

	if (!q)
		return -ENOMEM;
	q->done = done;
	q->arg = arg;
	atomic_init(&q->holders, 1);
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = q->fd < 0 ? -errno : 0;
	q->host = strdup(host);
	if (!r && !q->host)
		r = -ENOMEM;
	if (!r)
		r = watch_new(&q->watch, loop, q->fd, on_answer, q);
	if (!r)
		r = watch_set(q->watch, WATCH_READ);
	if (!r)
		r = -pthread_attr_init(&detached);
	if (!r) {
		(void)pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
		atomic_store(&q->holders, 2);
		r = -pthread_create(&thread, &detached, ask, q);
		if (r < 0)
			atomic_store(&q->holders, 1);
		(void)pthread_attr_destroy(&detached);
	}
	if (r < 0) {
		(void)redis_resolve_cancel(q);
		return r;
	}
	*ret = q;
	return 0;
}

struct redis_resolve *redis_resolve_cancel(struct redis_resolve *q)
{
	if (!q)
		return NULL;
	q->watch = watch_free(q->watch);
	let_go(q);
	return NULL;
}
