/*
 * redis: hiredis on the loop. Two things hiredis 0.14 does not do are done here: it keeps a
 * deadline for each command, and it comes back after a loss. A reply belongs to its callback.
 *
 * Lifetime: hiredis may free its context inside its own handlers and tells so through the
 * adapter's cleanup hook. `ac` is therefore only trusted right after it was looked at, and
 * struct redis is freed when it is unwanted, nobody up the stack holds it, and no context
 * points to it.
 */

#include "io/redis.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include "io/log.h"
#include "io/redis_resolve.h"
#include "io/redis_url.h"
#include "vigie/arena.h"
#include "vigie/cleanup.h"

enum {
	COMMAND_MS = 5000,
	BACKOFF_FIRST_MS = 50,
	BACKOFF_SOCKET_MS = 100, /* trying a Unix socket costs nothing */
	BACKOFF_NETWORK_MS = 5000,
	BACKOFF_REFUSED_MS = 5000, /* a wrong password will not heal by hurrying */
	PATIENCE_MS = 100,         /* between two questions to a Redis that is loading */
	QUIET_START_MS = 2000,     /* a server that we start ourselves needs a moment */
	PENDING_BYTES_MAX = 64 << 20,
	COMMAND_KEPT_BYTES = 64 * 1024, /* of a command's text, for the next one */
};

struct pending {
	struct pending *next;
	redis_done done; /* NULL: was called already; hiredis still holds the entry */
	void *arg;
	struct mono due;
	size_t bytes;
};

struct redis {
	struct loop *loop;
	struct redis_url url;
	char *name;
	int64_t command_ms;
	void (*up_cb)(void *arg);
	void (*down_cb)(void *arg, struct span why);
	void *arg;

	redisAsyncContext *ac;
	struct watch *watch;
	int watching;
	struct redis_resolve *resolve;
	char addresses[REDIS_ADDRESSES][REDIS_ADDRESS_TEXT];
	size_t n_addresses, next_address;

	struct timer *retry;    /* connect again; ask again while loading */
	struct timer *deadline; /* of the pending commands, and of connecting */
	struct mono deadline_due, connect_due;
	bool deadline_set, connecting, asking_again;

	struct pending *head, **tail;
	size_t pending_bytes;
	struct buf command; /* scratch of redis_command() */

	bool up, ever_up, told_down, refused, quiet;
	struct mono born;
	int64_t backoff_ms;
	char why[256], said[256];

	unsigned held;
	bool unwanted;
};

static void hold(struct redis *r)
{
	r->held++;
}

static void release(struct redis *r)
{
	r->held--;
	if (!r->unwanted || r->held || r->ac)
		return;
	r->watch = watch_free(r->watch);
	r->retry = timer_free(r->retry);
	r->deadline = timer_free(r->deadline);
	r->resolve = redis_resolve_cancel(r->resolve);
	redis_url_deinit(&r->url);
	free(r->name);
	buf_deinit(&r->command);
	free(r);
}

__attribute__((format(printf, 2, 3))) static void set_why(
	struct redis *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(r->why, sizeof(r->why), format, ap);
	va_end(ap);
}

/* --- Answers ---------------------------------------------------------------------------------
 */

static int convert(struct redis_value *ret, struct arena *arena, const redisReply *reply)
{
	struct redis_value *items = NULL;

	*ret = (struct redis_value){.type = REDIS_NIL};
	switch (reply->type) {
	case REDIS_REPLY_INTEGER:
		ret->type = REDIS_INTEGER;
		ret->integer = reply->integer;
		break;
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_STATUS:
	case REDIS_REPLY_ERROR:
		ret->type = reply->type == REDIS_REPLY_ERROR ? REDIS_ERROR : REDIS_STRING;
		ret->text = span_of(reply->str, reply->len);
		break;
	case REDIS_REPLY_ARRAY:
		ret->type = REDIS_ARRAY;
		items = arena_calloc(arena, reply->elements, sizeof(*items));
		if (!items)
			return -ENOMEM;
		for (size_t i = 0; i < reply->elements; i++)
			if (convert(&items[i], arena, reply->element[i]) < 0)
				return -ENOMEM;
		ret->items = items;
		ret->n = reply->elements;
		break;
	default:
		break;
	}
	return 0;
}

/* Nobody will answer these any more. hiredis still holds the entries and gives each back once.
 */
static void fail_pending(struct redis *r)
{
	r->up = false;
	while (r->head) {
		struct pending *p = r->head;
		const redis_done done = p->done;

		r->head = p->next;
		if (!r->head)
			r->tail = &r->head;
		r->pending_bytes -= p->bytes;
		p->done = NULL;
		done(p->arg, NULL);
	}
}

static void on_reply(redisAsyncContext *ac, void *data, void *arg)
{
	struct redis *r = ac->ev.data;
	struct pending *p = arg;
	struct arena arena = {0};
	struct redis_value value;
	redis_done done;

	/* The context is going down: its error is known by now. */
	if (!data && p->done) {
		if (!r->why[0])
			set_why(r, "%s", ac->errstr && ac->errstr[0] ? ac->errstr : "closed");
		fail_pending(r);
	}
	if (!p->done) {
		free(p);
		return;
	}
	/* Replies come in the order of the commands: p is the head. */
	r->head = p->next;
	if (!r->head)
		r->tail = &r->head;
	r->pending_bytes -= p->bytes;
	done = p->done;
	if (convert(&value, &arena, data) < 0)
		done(p->arg, NULL);
	else
		done(p->arg, &value);
	free(p);
	arena_release(&arena);
}

/* --- Deadlines -------------------------------------------------------------------------------
 */

static void want_deadline(struct redis *r, struct mono due)
{
	if (r->deadline_set && r->deadline_due.ms <= due.ms)
		return;
	r->deadline_set = true;
	r->deadline_due = due;
	(void)timer_set(r->deadline, due.ms - loop_now(r->loop).ms);
}

static void drop_context(struct redis *r)
{
	fail_pending(r);
	if (r->ac)
		redisAsyncFree(
			r->ac); /* ends in on_gone(), now or behind the running callback */
}

static void on_deadline(void *arg)
{
	struct redis *r = arg;
	const struct mono now = loop_now(r->loop);
	bool late = r->connecting && r->connect_due.ms <= now.ms;

	r->deadline_set = false;
	for (const struct pending *p = r->head; p && !late; p = p->next)
		late = p->due.ms <= now.ms;
	hold(r);
	if (late) {
		set_why(r, r->connecting
				   ? "no connection in time"
				   : "it accepts connections, but did not answer in time");
		drop_context(r);
	}
	for (const struct pending *p = r->head; p; p = p->next)
		want_deadline(r, p->due);
	if (r->connecting)
		want_deadline(r, r->connect_due);
	release(r);
}

/* A line of the protocol's: what comes, and how much of it (redis.io, "Redis serialization
 * protocol"). hiredis 0.14 prints each by its own printf, a quarter of what a commit costs. */
static void add_size(struct buf *b, char kind, size_t n)
{
	char line[24], *p = line + sizeof(line);

	*--p = '\n';
	*--p = '\r';
	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	*--p = kind;
	buf_add(b, span_of(p, (size_t)(line + sizeof(line) - p)));
}

static int send_command(struct redis *r, size_t argc, const struct span *argv,
	int64_t deadline_ms, redis_done done, void *arg)
{
	struct buf *b = &r->command;
	struct pending *p;
	int rc;

	if (!r->ac || r->pending_bytes > PENDING_BYTES_MAX)
		return -EAGAIN;
	buf_clear(b);
	add_size(b, '*', argc);
	for (size_t i = 0; i < argc; i++) {
		add_size(b, '$', argv[i].n);
		buf_add(b, argv[i]);
		buf_add(b, SPAN("\r\n"));
	}
	if (b->failed)
		return -ENOMEM;
	p = malloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	*p = (struct pending){
		.done = done,
		.arg = arg,
		.due = {loop_now(r->loop).ms + (deadline_ms ? deadline_ms : r->command_ms)},
		.bytes = b->n,
	};
	rc = redisAsyncFormattedCommand(r->ac, on_reply, p, b->p, b->n);
	if (b->capacity > COMMAND_KEPT_BYTES)
		buf_deinit(b);
	if (rc != REDIS_OK) {
		free(p);
		return -EAGAIN;
	}
	*r->tail = p;
	r->tail = &p->next;
	r->pending_bytes += p->bytes;
	want_deadline(r, p->due);
	return 0;
}

/* --- The handshake: AUTH, SELECT, PING, each when the one before was answered
 * ------------------ */

static void on_auth(void *arg, const struct redis_value *reply);
static void on_select(void *arg, const struct redis_value *reply);
static void on_ping(void *arg, const struct redis_value *reply);

static void ask(struct redis *r, size_t argc, const struct span *argv, redis_done done)
{
	if (send_command(r, argc, argv, 0, done, r) < 0) {
		/* Out of memory, maybe inside on_connect(), where the context must not go. */
		r->connecting = true;
		r->connect_due = loop_now(r->loop);
		want_deadline(r, r->connect_due);
	}
}

static void ask_ping(struct redis *r)
{
	ask(r, 1, (const struct span[]){SPAN("PING")}, on_ping);
}

static void ask_select(struct redis *r)
{
	char db[16];

	if (!r->url.db) {
		ask_ping(r);
		return;
	}
	(void)snprintf(db, sizeof(db), "%d", r->url.db);
	ask(r, 2, (const struct span[]){SPAN("SELECT"), span_str(db)}, on_select);
}

static void ask_auth(struct redis *r)
{
	const struct span password = span_str(r->url.password);

	if (!r->url.password)
		ask_select(r);
	else if (r->url.user)
		ask(r, 3, (const struct span[]){SPAN("AUTH"), span_str(r->url.user), password},
			on_auth);
	else
		ask(r, 2, (const struct span[]){SPAN("AUTH"), password}, on_auth);
}

static void refuse(struct redis *r, const char *step, struct span text)
{
	r->refused = true;
	if (span_starts(text, SPAN("NOAUTH")))
		set_why(r, "it wants a password: write redis://:password@host or "
			   "unix:/path?password=…");
	else
		set_why(r, "%s was refused: %.*s", step, SPAN_ARG(span_slice(text, 0, 160)));
	drop_context(r);
}

static void on_auth(void *arg, const struct redis_value *reply)
{
	struct redis *r = arg;

	if (!reply)
		return;
	if (reply->type == REDIS_ERROR)
		refuse(r, "AUTH", reply->text);
	else
		ask_select(r);
}

static void on_select(void *arg, const struct redis_value *reply)
{
	struct redis *r = arg;

	if (!reply)
		return;
	if (reply->type == REDIS_ERROR)
		refuse(r, "SELECT", reply->text);
	else
		ask_ping(r);
}

static bool says(const struct redis_value *reply, const char *code)
{
	return span_starts(reply->text, span_str(code));
}

/* The first time a reason is met it is said; a server just started gets a moment first. */
static void say_why(struct redis *r)
{
	const bool news = strcmp(r->why, r->said) != 0;

	if (!r->ever_up && !r->refused && loop_now(r->loop).ms - r->born.ms < QUIET_START_MS) {
		log_debug("redis.not_reached", STR("redis", r->name), STR("why", r->why));
		return;
	}
	if (news) {
		log_write(r->quiet ? LOG_DEBUG_LEVEL : LOG_WARNING_LEVEL,
			r->ever_up ? "redis.lost" : "redis.not_reached",
			LOG_PAIRS(STR("redis", r->name), STR("why", r->why)));
		(void)snprintf(r->said, sizeof(r->said), "%s", r->why);
	}
	if (r->told_down)
		return;
	r->told_down = true;
	if (r->down_cb)
		r->down_cb(r->arg, span_str(r->why));
}

static void on_ping(void *arg, const struct redis_value *reply)
{
	struct redis *r = arg;

	if (!reply)
		return;
	if (reply->type == REDIS_ERROR) {
		if (!says(reply, "LOADING") && !says(reply, "MASTERDOWN") &&
			!says(reply, "BUSY")) {
			refuse(r, "PING", reply->text);
			return;
		}
		set_why(r, "it is not ready: %.*s", SPAN_ARG(span_slice(reply->text, 0, 160)));
		r->asking_again = true;
		(void)timer_set(r->retry, PATIENCE_MS);
		say_why(r);
		return;
	}
	r->up = r->ever_up = true;
	r->told_down = r->refused = false;
	r->backoff_ms = BACKOFF_FIRST_MS;
	if (r->said[0] && !r->quiet)
		log_info("redis.reached", STR("redis", r->name));
	r->why[0] = r->said[0] = '\0';
	if (r->up_cb)
		r->up_cb(r->arg);
}

/* --- hiredis' adapter ------------------------------------------------------------------------
 */

static void watch_for(struct redis *r, int add, int remove)
{
	r->watching = (r->watching | add) & ~remove;
	if (r->watch)
		(void)watch_set(r->watch, r->watching);
}

static void on_add_read(void *arg)
{
	watch_for(arg, WATCH_READ, 0);
}

static void on_del_read(void *arg)
{
	watch_for(arg, 0, WATCH_READ);
}

static void on_add_write(void *arg)
{
	watch_for(arg, WATCH_WRITE, 0);
}

static void on_del_write(void *arg)
{
	watch_for(arg, 0, WATCH_WRITE);
}

static void on_watch(void *arg, int what)
{
	struct redis *r = arg;

	hold(r);
	if (r->ac && what & WATCH_READ)
		redisAsyncHandleRead(r->ac);
	if (r->ac && what & WATCH_WRITE && r->watching & WATCH_WRITE)
		redisAsyncHandleWrite(r->ac);
	release(r);
}

/* Must not free the context: hiredis goes on using it. */
static void on_connect(const redisAsyncContext *ac, int status)
{
	struct redis *r = ac->ev.data;

	r->connecting = false;
	if (status != REDIS_OK) {
		set_why(r, "%s", ac->c.errstr[0] ? ac->c.errstr : "no connection");
		return;
	}
	if (r->url.host)
		(void)redisEnableKeepAlive((redisContext *)&ac->c);
	ask_auth(r);
}

static void connect_later(struct redis *r)
{
	const int64_t most = r->url.path ? BACKOFF_SOCKET_MS : BACKOFF_NETWORK_MS;
	int64_t ms = r->refused ? BACKOFF_REFUSED_MS : r->backoff_ms;
	unsigned char dice = 128;

	r->backoff_ms = r->backoff_ms * 2 < most ? r->backoff_ms * 2 : most;
	(void)!getrandom(&dice, 1, GRND_NONBLOCK);
	ms = ms * (192 + dice / 2) / 256; /* 75 to 125 % */
	r->asking_again = false;
	(void)timer_set(r->retry, ms);
	say_why(r);
}

/* The adapter's cleanup hook: the context is being freed. */
static void on_gone(void *arg)
{
	struct redis *r = arg;

	hold(r);
	if (!r->why[0])
		set_why(r, "%s",
			r->ac && r->ac->errstr && r->ac->errstr[0] ? r->ac->errstr : "closed");
	r->watch = watch_free(r->watch);
	r->watching = 0;
	r->connecting = false;
	r->ac = NULL;
	fail_pending(r);
	if (!r->unwanted)
		connect_later(r);
	release(r);
}

static int attach(struct redis *r, redisAsyncContext *ac)
{
	int e = watch_new(&r->watch, r->loop, ac->c.fd, on_watch, r);

	if (e < 0)
		return e;
	(void)fcntl(ac->c.fd, F_SETFD, FD_CLOEXEC); /* hiredis 0.14 leaves it out */
	ac->ev.data = r;
	ac->ev.addRead = on_add_read;
	ac->ev.delRead = on_del_read;
	ac->ev.addWrite = on_add_write;
	ac->ev.delWrite = on_del_write;
	ac->ev.cleanup = on_gone;
	r->ac = ac;
	r->why[0] = '\0';
	r->connecting = true;
	r->connect_due = (struct mono){loop_now(r->loop).ms + r->command_ms};
	want_deadline(r, r->connect_due);
	(void)redisAsyncSetConnectCallback(ac, on_connect); /* begins to wait for writing */
	return 0;
}

static void connect_to(struct redis *r, const char *address)
{
	redisAsyncContext *ac = r->url.path ? redisAsyncConnectUnix(r->url.path)
					    : redisAsyncConnect(address, r->url.port);

	if (ac && !ac->err && attach(r, ac) == 0)
		return;
	set_why(r, "%s", ac && ac->err ? ac->errstr : "out of memory");
	if (ac)
		redisAsyncFree(ac);
	connect_later(r);
}

static void connect_next(struct redis *r)
{
	connect_to(r, r->addresses[r->next_address++]);
}

static void on_resolved(
	void *arg, int error, const char *why, char (*addresses)[REDIS_ADDRESS_TEXT], size_t n)
{
	struct redis *r = arg;

	r->resolve = NULL;
	hold(r);
	if (error < 0) {
		set_why(r, "%s: %s", r->url.host, why);
		connect_later(r);
	} else {
		memcpy(r->addresses, addresses, n * sizeof(*addresses));
		r->n_addresses = n;
		r->next_address = 0;
		connect_next(r);
	}
	release(r);
}

static void on_retry(void *arg)
{
	struct redis *r = arg;

	hold(r);
	if (r->asking_again) {
		r->asking_again = false;
		if (r->ac)
			ask_ping(r);
	} else if (r->url.path) {
		connect_to(r, NULL);
	} else if (r->next_address < r->n_addresses) {
		connect_next(r); /* the others of the last answer, then ask again */
	} else if (redis_resolve_start(&r->resolve, r->loop, r->url.host, on_resolved, r) < 0) {
		set_why(r, "out of memory");
		connect_later(r);
	}
	release(r);
}

/* --- The door --------------------------------------------------------------------------------
 */

DEFINE_CLEANUP(struct redis *, redis_free)

int redis_new(struct redis **ret, struct loop *loop, const struct redis_options *options)
{
	CLEANUP(redis_freep) struct redis *r = calloc(1, sizeof(*r));
	const char *why = NULL;
	int e;

	if (!r)
		return -ENOMEM;
	r->loop = loop;
	r->tail = &r->head;
	r->command_ms = options->command_ms ? options->command_ms : COMMAND_MS;
	r->backoff_ms = BACKOFF_FIRST_MS;
	r->born = loop_now(loop);
	e = redis_url_parse(&r->url, options->url, &why);
	if (e == -EINVAL)
		log_error("redis.url_refused", STR("why", why));
	if (e < 0)
		return e;
	if (r->url.path)
		e = asprintf(&r->name, "unix:%s", r->url.path);
	else
		e = asprintf(&r->name, "%s:%d", r->url.host, r->url.port);
	if (e < 0) {
		r->name = NULL;
		return -ENOMEM;
	}
	e = timer_new(&r->retry, loop, on_retry, r);
	if (e == 0)
		e = timer_new(&r->deadline, loop, on_deadline, r);
	if (e == 0)
		e = timer_set(r->retry, 0);
	if (e < 0)
		return e;
	r->up_cb = options->up;
	r->down_cb = options->down;
	r->arg = options->arg;
	r->quiet = options->quiet;
	*ret = TAKE(r);
	return 0;
}

struct redis *redis_free(struct redis *r)
{
	if (!r || r->unwanted)
		return NULL;
	hold(r);
	r->unwanted = true;
	r->up_cb = NULL;
	r->down_cb = NULL;
	if (r->retry)
		timer_clear(r->retry);
	r->resolve = redis_resolve_cancel(r->resolve);
	drop_context(r);
	release(r);
	return NULL;
}

const char *redis_name(const struct redis *redis)
{
	return redis->name;
}

bool redis_is_up(const struct redis *redis)
{
	return redis->up;
}

void redis_try(struct redis *redis)
{
	if (redis->ac ? redis->asking_again : !redis->resolve && !redis->refused)
		(void)timer_set(redis->retry, 0);
}

int redis_command(struct redis *redis, size_t argc, const struct span *argv,
	int64_t deadline_ms, redis_done done, void *arg)
{
	if (!redis->up || redis->unwanted)
		return -EAGAIN;
	return send_command(redis, argc, argv, deadline_ms, done, arg);
}
