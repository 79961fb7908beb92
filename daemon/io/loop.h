#ifndef VIGIE_IO_LOOP_H
#define VIGIE_IO_LOOP_H

/*
 * loop: the event loop (libevent; the only file that includes it beside io/http.c) and the one
 * place where clocks are read. All functions belong to the loop thread but wakeup_fire().
 * Constructors return 0, or -errno; x_free(NULL) is nothing and returns NULL; after x_free()
 * the callback never comes. A callback may free its own object.
 */

#include "vigie/instant.h"

struct loop;
struct timer;
struct watch;
struct wakeup;
struct on_signal;

/* Also has the process ignore SIGPIPE, and libevent speak through the log. */
int loop_new(struct loop **ret);
struct loop *loop_free(struct loop *loop);
int loop_run(struct loop *loop); /* until loop_stop(); 0 or -errno */
void loop_stop(struct loop *loop);
struct event_base *loop_base(struct loop *loop); /* for io/http.c only */

/* Read afresh at each call. The wall clock can jump; the monotonic one cannot. */
struct mono loop_now(const struct loop *loop);
struct wall loop_wall(const struct loop *loop);
/* For tests: the wall clock is so much ahead of the machine's. */
void loop_shift_wall(struct loop *loop, int64_t ms);

/* What kept the loop from everybody else: each callback is timed under the name of its function.
 * `own_us` leaves out what was waiting for a processor: a busy machine is no slow callback. That is
 * asked for a callback of LOOP_LONG_MS and more, and known to 10 ms: what was waited for just
 * before counts too. */
struct loop_block {
	const char *name; /* "redis.c:on_watch"; NULL: none */
	int64_t took_us;  /* by the clock */
	int64_t own_us;
	struct wall at;
};
enum { LOOP_BLOCKS = 8, LOOP_BLOCK_MS = 50, LOOP_LONG_MS = 5 };
struct loop_stats {
	uint64_t calls;
	uint64_t blocked; /* calls whose own time was above LOOP_BLOCK_MS; each also has a log line */
	struct loop_block longest[LOOP_BLOCKS]; /* each name's longest, longest first */
};
const struct loop_stats *loop_stats(const struct loop *loop);

/* For io/http.c, whose callbacks come from libevent itself. */
struct loop_stint {
	struct loop *loop;
	const char *name;
	int64_t began_us, waited_us;
};
void loop_enter(struct loop_stint *ret, struct loop *loop, const char *name);
void loop_leave(const struct loop_stint *stint);

/* Constructors take the name of the callback along. */
#define LOOP_NAME(callback) __FILE_NAME__ ":" #callback
#define timer_new(ret, loop, fire, arg) timer_new_as(ret, loop, fire, arg, LOOP_NAME(fire))
#define watch_new(ret, loop, fd, ready, arg)                                                     \
	watch_new_as(ret, loop, fd, ready, arg, LOOP_NAME(ready))
#define wakeup_new(ret, loop, woken, arg) wakeup_new_as(ret, loop, woken, arg, LOOP_NAME(woken))
#define on_signal_new(ret, loop, number, caught, arg)                                            \
	on_signal_new_as(ret, loop, number, caught, arg, LOOP_NAME(caught))

/* One-shot; timer_set() again replaces. A delay below 0 counts as 0. */
int timer_new_as(struct timer **ret, struct loop *loop, void (*fire)(void *arg), void *arg,
        const char *name);
int timer_set(struct timer *timer, int64_t delay_ms);
/* Fires from the loop before it waits again, and never from inside this call. */
void timer_soon(struct timer *timer);
void timer_clear(struct timer *timer);
struct timer *timer_free(struct timer *timer);

enum { WATCH_READ = 1, WATCH_WRITE = 2 };

/* Level-triggered. The descriptor stays the caller's and must outlive the watch. */
int watch_new_as(struct watch **ret, struct loop *loop, int fd,
        void (*ready)(void *arg, int what), void *arg, const char *name);
int watch_set(struct watch *watch, int what); /* 0: nothing for now */
struct watch *watch_free(struct watch *watch);

/* Calls `woken` soon, on the loop thread, at least once after each wakeup_fire(). */
int wakeup_new_as(struct wakeup **ret, struct loop *loop, void (*woken)(void *arg), void *arg,
        const char *name);
void wakeup_fire(struct wakeup *wakeup); /* any thread */
struct wakeup *wakeup_free(struct wakeup *wakeup);

int on_signal_new_as(struct on_signal **ret, struct loop *loop, int signal,
        void (*caught)(void *arg), void *arg, const char *name);
struct on_signal *on_signal_free(struct on_signal *s);

#endif
