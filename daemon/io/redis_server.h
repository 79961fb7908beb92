#ifndef VIGIE_IO_REDIS_SERVER_H
#define VIGIE_IO_REDIS_SERVER_H

/*
 * redis_server: the private Redis: a redis-server child on a Unix socket in the state folder,
 * with its append-only file there too, no TCP port, and its configuration on standard input. It
 * is restarted with back-off when it dies, and terminated when we do.
 *
 * A kill of Redis loses nothing that it acknowledged; a power failure loses the last second or
 * two, and what that was is found missing and read again (line/queue.h). For that, appendfsync
 * is "no" and we fsync once a second ourselves (io/redis_flush.h): "everysec" answers first and
 * write()s up to two seconds later while its background fsync runs (Redis 6 and 7, aof.c,
 * flushAppendOnlyFile), so a kill could take back what was acknowledged; "always" keeps even
 * that last second, but fsyncs for each commit, read and acknowledgement: a third of the
 * throughput, milliseconds instead of a tenth, and a worn disk, for what is read again anyway;
 * "no" always write()s before it answers.
 *
 * One folder, one server: the daemon holds a lock (flock) on redis.lock in the folder, and the
 * child inherits it. A daemon that was killed leaves a child that is being terminated
 * (PDEATHSIG) and still holds the lock: the next daemon waits for it, and terminates it when it
 * takes too long.
 *
 * All on the loop thread, which must be the main thread: the kernel sends PDEATHSIG when the
 * thread that forked ends.
 */

#include <stdbool.h>

#include "io/loop.h"
#include "vigie/arena.h"
#include "vigie/span.h"

struct redis_server;

struct redis_server_options {
	const char *folder;  /* exists or is made (0700); "redis/" is put in it */
	const char *program; /* NULL: redis-server, looked for in PATH and the usual places */
	/* Answers PING, at the first start and at each restart. Both may be NULL. */
	void (*ready)(void *arg);
	/* Died or could not start; it will be tried again. why is for people. */
	void (*died)(void *arg, struct span why);
	void *arg;
};

/* 0 (it is being started), or -errno with *ret_why in the arena, "what: remedy": -ENOENT no
 * redis-server, -EBUSY another daemon uses the folder, or what the folder's making gave. */
int redis_server_new(struct redis_server **ret, struct loop *loop,
	const struct redis_server_options *options, struct arena *arena, struct span *ret_why);
/* Terminates it and waits: 3 s for a clean end, then it is killed. Blocks; call it last. */
struct redis_server *redis_server_free(struct redis_server *server);
/* For redis_new() and queue_new(); lives as long as the server. */
struct span redis_server_url(const struct redis_server *server);
bool redis_server_ready(const struct redis_server *server);
int redis_server_pid(const struct redis_server *server); /* 0: none at the moment */

#endif
