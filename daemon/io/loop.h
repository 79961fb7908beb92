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

/* One-shot; timer_set() again replaces. A delay below 0 counts as 0. */
int timer_new(struct timer **ret, struct loop *loop, void (*fire)(void *arg), void *arg);
int timer_set(struct timer *timer, int64_t delay_ms);
/* Fires from the loop before it waits again, and never from inside this call. */
void timer_soon(struct timer *timer);
void timer_clear(struct timer *timer);
struct timer *timer_free(struct timer *timer);

enum { WATCH_READ = 1, WATCH_WRITE = 2 };

/* Level-triggered. The descriptor stays the caller's and must outlive the watch. */
int watch_new(struct watch **ret, struct loop *loop, int fd, void (*ready)(void *arg, int what),
        void *arg);
int watch_set(struct watch *watch, int what); /* 0: nothing for now */
struct watch *watch_free(struct watch *watch);

/* Calls `woken` soon, on the loop thread, at least once after each wakeup_fire(). */
int wakeup_new(struct wakeup **ret, struct loop *loop, void (*woken)(void *arg), void *arg);
void wakeup_fire(struct wakeup *wakeup); /* any thread */
struct wakeup *wakeup_free(struct wakeup *wakeup);

int on_signal_new(struct on_signal **ret, struct loop *loop, int signal,
        void (*caught)(void *arg), void *arg);
struct on_signal *on_signal_free(struct on_signal *s);

#endif
