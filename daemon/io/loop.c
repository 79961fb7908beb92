/*
 * loop: the event loop over libevent, and the clocks. It knows nothing of what is waited for.
 */

#include "io/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "io/log.h"
#include "vigie/cleanup.h"

enum {
	/* The kernel's count of what a thread waited is a system call each time; callbacks come
	 * by the thousand and take microseconds. What was read so lately stands for now. */
	WAITED_US = 10 * 1000,
};

struct loop {
	int64_t wall_shift_ms;
	struct event_base *base;
	int schedstat;                   /* of the thread that made the loop, whose it is */
	int64_t waited_us, waited_at_us; /* its last reading, and when */
	bool stopped;
	struct loop_stats stats;
};

struct timer {
	struct loop *loop;
	const char *name;
	struct event *event;
	void (*fire)(void *arg);
	void *arg;
};

struct watch {
	struct loop *loop;
	const char *name;
	struct event *event;
	int fd;
	int what;
	void (*ready)(void *arg, int what);
	void *arg;
};

struct wakeup {
	struct loop *loop;
	const char *name;
	struct event *event;
	int fd;
	void (*woken)(void *arg);
	void *arg;
};

struct on_signal {
	struct loop *loop;
	const char *name;
	struct event *event;
	void (*caught)(void *arg);
	void *arg;
};

static void on_libevent_log(int severity, const char *message)
{
	static const enum log_level levels[] = {
		[EVENT_LOG_DEBUG] = LOG_DEBUG_LEVEL,
		[EVENT_LOG_MSG] = LOG_INFO_LEVEL,
		[EVENT_LOG_WARN] = LOG_WARNING_LEVEL,
		[EVENT_LOG_ERR] = LOG_ERROR_LEVEL,
	};
	const bool known = severity >= EVENT_LOG_DEBUG && severity <= EVENT_LOG_ERR;

	log_write(known ? levels[severity] : LOG_WARNING_LEVEL, "loop.libevent_said",
		LOG_PAIRS(STR("text", message)));
}

DEFINE_CLEANUP(struct loop *, loop_free)
DEFINE_CLEANUP(struct timer *, timer_free)
DEFINE_CLEANUP(struct watch *, watch_free)
DEFINE_CLEANUP(struct wakeup *, wakeup_free)
DEFINE_CLEANUP(struct on_signal *, on_signal_free)

int loop_new(struct loop **ret)
{
	CLEANUP(loop_freep) struct loop *l = calloc(1, sizeof(*l));
	struct event_config *config;

	if (!l)
		return -ENOMEM;
	l->schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	event_set_log_callback(on_libevent_log);
	/* A peer that goes away is seen by the write that fails, in every library on the loop.
	 */
	(void)signal(SIGPIPE, SIG_IGN);
	config = event_config_new();
	if (!config)
		return -ENOMEM;
	/* Timers count from the call that sets them, on the fine clock: with libevent's cached
	 * or coarse time a timer set late in a long callback would fire before its delay is
	 * over. */
	(void)event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME);
	(void)event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	l->base = event_base_new_with_config(config);
	event_config_free(config);
	if (!l->base)
		return -ENOMEM;
	*ret = TAKE(l);
	return 0;
}

struct loop *loop_free(struct loop *loop)
{
	if (!loop)
		return NULL;
	if (loop->base)
		event_base_free(loop->base);
	if (loop->schedstat >= 0)
		(void)close(loop->schedstat);
	free(loop);
	return NULL;
}

int loop_run(struct loop *loop)
{
	int r = 0;

	while (!loop->stopped && r >= 0)
		r = event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
	loop->stopped = false;
	return r < 0 ? -EIO : 0;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
	(void)event_base_loopbreak(loop->base);
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}

static int64_t clock_ms(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct mono loop_now(const struct loop *loop)
{
	(void)loop;
	return (struct mono){clock_ms(CLOCK_MONOTONIC)};
}

struct wall loop_wall(const struct loop *loop)
{
	return (struct wall){clock_ms(CLOCK_REALTIME) + loop->wall_shift_ms};
}

void loop_shift_wall(struct loop *loop, int64_t ms)
{
	loop->wall_shift_ms = ms;
}

/* --- Who keeps the loop ---------------------------------------------------------------------
 */

static int64_t clock_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* How long this thread has waited for a processor, in all: the second number of its schedstat
 * (Documentation/scheduler/sched-stats.rst). 0 where the kernel does not say. */
static int64_t waited_us(const struct loop *loop)
{
	char text[96] = "", *end;
	const ssize_t n =
		loop->schedstat < 0 ? -1 : pread(loop->schedstat, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	(void)strtoll(text, &end, 10);
	return strtoll(end, NULL, 10) / 1000;
}

void loop_enter(struct loop_stint *ret, struct loop *loop, const char *name)
{
	const int64_t now_us = clock_us();

	if (now_us - loop->waited_at_us >= WAITED_US) {
		loop->waited_us = waited_us(loop);
		loop->waited_at_us = now_us;
	}
	*ret = (struct loop_stint){loop, name, now_us, loop->waited_us};
}

/* Keeps each name's longest, in order. */
static void note_block(struct loop_stats *stats, const struct loop_block *block)
{
	struct loop_block *all = stats->longest;
	size_t at = 0, end = 0;

	while (at < LOOP_BLOCKS && all[at].name && all[at].own_us >= block->own_us)
		if (all[at++].name == block->name)
			return;
	if (at == LOOP_BLOCKS)
		return;
	/* What stood here moves down, as far as the name's old place or the end. */
	for (end = at; end < LOOP_BLOCKS - 1 && all[end].name && all[end].name != block->name;)
		end++;
	memmove(all + at + 1, all + at, (end - at) * sizeof(*all));
	all[at] = *block;
}

void loop_leave(const struct loop_stint *stint)
{
	struct loop_stats *stats = &stint->loop->stats;
	struct loop_block block = {
		.name = stint->name, .took_us = clock_us() - stint->began_us};

	stats->calls++;
	block.own_us = block.took_us;
	/* Below it nobody asks who had the processor. */
	if (block.took_us >= LOOP_LONG_MS * INT64_C(1000)) {
		block.own_us -= waited_us(stint->loop) - stint->waited_us;
		if (block.own_us < 0) /* it waited before it began, too */
			block.own_us = 0;
	}
	if (block.own_us > stats->longest[LOOP_BLOCKS - 1].own_us) {
		block.at = loop_wall(stint->loop);
		note_block(stats, &block);
	}
	if (block.own_us <= LOOP_BLOCK_MS * INT64_C(1000))
		return;
	stats->blocked++;
	log_warning("loop.blocked", STR("by", block.name), INT("own_ms", block.own_us / 1000),
		INT("took_ms", block.took_us / 1000));
}

const struct loop_stats *loop_stats(const struct loop *loop)
{
	return &loop->stats;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct timer *t = arg;
	struct loop_stint stint;

	(void)fd;
	(void)what;
	loop_enter(&stint, t->loop, t->name);
	t->fire(t->arg);
	loop_leave(&stint);
}

int timer_new_as(struct timer **ret, struct loop *loop, void (*fire)(void *arg), void *arg,
	const char *name)
{
	CLEANUP(timer_freep) struct timer *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->loop = loop;
	t->name = name;
	t->fire = fire;
	t->arg = arg;
	t->event = event_new(loop->base, -1, 0, on_timer, t);
	if (!t->event)
		return -ENOMEM;
	*ret = TAKE(t);
	return 0;
}

int timer_set(struct timer *timer, int64_t delay_ms)
{
	const int64_t ms = delay_ms < 0 ? 0 : delay_ms > INT_MAX ? INT_MAX : delay_ms;
	const struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	return event_add(timer->event, &tv) < 0 ? -ENOMEM : 0;
}

void timer_soon(struct timer *timer)
{
	event_active(timer->event, EV_TIMEOUT, 0);
}

void timer_clear(struct timer *timer)
{
	(void)event_del(timer->event);
}

struct timer *timer_free(struct timer *timer)
{
	if (!timer)
		return NULL;
	if (timer->event)
		event_free(timer->event);
	free(timer);
	return NULL;
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	struct loop_stint stint;

	(void)fd;
	loop_enter(&stint, w->loop, w->name);
	w->ready(w->arg,
		(what & EV_READ ? WATCH_READ : 0) | (what & EV_WRITE ? WATCH_WRITE : 0));
	loop_leave(&stint);
}

int watch_new_as(struct watch **ret, struct loop *loop, int fd,
	void (*ready)(void *arg, int what), void *arg, const char *name)
{
	CLEANUP(watch_freep) struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->loop = loop;
	w->name = name;
	w->fd = fd;
	w->ready = ready;
	w->arg = arg;
	w->event = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_watch, w);
	if (!w->event)
		return -ENOMEM;
	*ret = TAKE(w);
	return 0;
}

int watch_set(struct watch *watch, int what)
{
	const short events = (short)((what & WATCH_READ ? EV_READ : 0) |
				     (what & WATCH_WRITE ? EV_WRITE : 0) | EV_PERSIST);

	if (what == watch->what)
		return 0;
	(void)event_del(watch->event);
	watch->what = 0;
	if (!what)
		return 0;
	if (event_assign(watch->event, watch->loop->base, watch->fd, events, on_watch, watch) <
		0)
		return -EINVAL;
	if (event_add(watch->event, NULL) < 0)
		return errno ? -errno : -ENOMEM;
	watch->what = what;
	return 0;
}

struct watch *watch_free(struct watch *watch)
{
	if (!watch)
		return NULL;
	if (watch->event)
		event_free(watch->event);
	free(watch);
	return NULL;
}

static void on_wakeup(evutil_socket_t fd, short what, void *arg)
{
	struct wakeup *w = arg;
	struct loop_stint stint;
	uint64_t count;

	(void)what;
	/* Emptied before the callback: a wakeup_fire() from now on is a new one. */
	(void)!read(fd, &count, sizeof(count));
	loop_enter(&stint, w->loop, w->name);
	w->woken(w->arg);
	loop_leave(&stint);
}

int wakeup_new_as(struct wakeup **ret, struct loop *loop, void (*woken)(void *arg), void *arg,
	const char *name)
{
	CLEANUP(wakeup_freep) struct wakeup *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->loop = loop;
	w->name = name;
	w->woken = woken;
	w->arg = arg;
	w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->fd < 0)
		return -errno;
	w->event = event_new(loop->base, w->fd, EV_READ | EV_PERSIST, on_wakeup, w);
	if (!w->event || event_add(w->event, NULL) < 0)
		return -ENOMEM;
	*ret = TAKE(w);
	return 0;
}

void wakeup_fire(struct wakeup *wakeup)
{
	const uint64_t one = 1;

	/* It can only fail when the counter is at its end, and then the wake-up is due anyway.
	 */
	(void)!write(wakeup->fd, &one, sizeof(one));
}

struct wakeup *wakeup_free(struct wakeup *wakeup)
{
	if (!wakeup)
		return NULL;
	if (wakeup->event)
		event_free(wakeup->event);
	if (wakeup->fd >= 0)
		(void)close(wakeup->fd);
	free(wakeup);
	return NULL;
}

static void on_caught(evutil_socket_t fd, short what, void *arg)
{
	struct on_signal *s = arg;
	struct loop_stint stint;

	(void)fd;
	(void)what;
	loop_enter(&stint, s->loop, s->name);
	s->caught(s->arg);
	loop_leave(&stint);
}

int on_signal_new_as(struct on_signal **ret, struct loop *loop, int signal_number,
	void (*caught)(void *arg), void *arg, const char *name)
{
	CLEANUP(on_signal_freep) struct on_signal *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->loop = loop;
	s->name = name;
	s->caught = caught;
	s->arg = arg;
	s->event = evsignal_new(loop->base, signal_number, on_caught, s);
	if (!s->event || event_add(s->event, NULL) < 0)
		return -ENOMEM;
	*ret = TAKE(s);
	return 0;
}

struct on_signal *on_signal_free(struct on_signal *s)
{
	if (!s)
		return NULL;
	if (s->event)
		event_free(s->event);
	free(s);
	return NULL;
}
