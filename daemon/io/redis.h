#ifndef VIGIE_IO_REDIS_H
#define VIGIE_IO_REDIS_H

/*
 * redis: one connection to a Redis, kept up (hiredis; the only file that includes it). It
 * reconnects by itself with back-off; others see up, down and -EAGAIN. hiredis 0.14 has no
 * time-out of its own for commands: a deadline is kept here, and a connection that lets it pass
 * is closed.
 *
 * Each accepted command's callback runs exactly once. reply == NULL: the connection went away
 * or the deadline passed, and nobody knows whether the command ran. A callback may free the
 * connection.
 */

#include <stdbool.h>

#include "io/loop.h"
#include "vigie/span.h"

struct redis;

enum redis_type {
	REDIS_NIL,
	REDIS_INTEGER,
	REDIS_STRING, /* status replies too */
	REDIS_ERROR,  /* text: "NOGROUP No such key …" */
	REDIS_ARRAY,
};

/* Lives only during the callback. */
struct redis_value {
	enum redis_type type;
	int64_t integer;
	struct span text;
	const struct redis_value *items;
	size_t n;
};

typedef void (*redis_done)(void *arg, const struct redis_value *reply);

struct redis_options {
	struct span url;       /* as io/redis_url.h reads it; copied */
	int64_t command_ms;    /* deadline of a command; 0: 5 s */
	void (*up)(void *arg); /* connected, authenticated, database chosen, loaded */
	/* Once per loss, or once when the first attempts came to nothing; why is for people.
	 * Comes behind the callbacks of what was pending. */
	void (*down)(void *arg, struct span why);
	void *arg;
	bool quiet; /* losses are not logged: another connection to the same Redis does */
};

/* 0, -EINVAL for a URL that is none (rediss:// included; the log says why), -ENOMEM. Begins to
 * connect at once; no callback comes from inside. */
int redis_new(struct redis **ret, struct loop *loop, const struct redis_options *options);
/* Callbacks of pending commands come with NULL first. */
struct redis *redis_free(struct redis *redis);
/* Where it is, for people: "unix:/path" or "host:port", no password. */
const char *redis_name(const struct redis *redis);
bool redis_is_up(const struct redis *redis);
/* Somebody knows that it answers now: a try that waits for its time is made at once. */
void redis_try(struct redis *redis);
/* 0, -EAGAIN while down or while 64 MiB wait for their answers, -ENOMEM. deadline_ms 0: the
 * connection's. argv is copied. done() never comes from inside. */
int redis_command(struct redis *redis, size_t argc, const struct span *argv,
        int64_t deadline_ms, redis_done done, void *arg);

#endif
