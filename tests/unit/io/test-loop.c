/* loop: timers, watches, wake-ups and signals, and that a callback may free its own object. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/loop.h"

struct ring {
	struct loop *loop;
	struct timer *timer;
	struct watch *watch;
	struct wakeup *wakeup;
	struct on_signal *on_signal;
	int fd, peer;
	int count;
	char order[8];
};

static void note_a(void *arg)
{
	struct ring *r = arg;

	r->order[r->count++] = 'a';
}

static void note_b(void *arg)
{
	struct ring *r = arg;

	r->order[r->count++] = 'b';
	loop_stop(r->loop);
}

static void timers_fire_in_order_and_never_early(void **state)
{
	struct ring r = {0};
	struct timer *a, *b, *never;
	struct mono start;

	(void)state;
	assert_int_equal(loop_new(&r.loop), 0);
	assert_int_equal(timer_new(&a, r.loop, note_a, &r), 0);
	assert_int_equal(timer_new(&b, r.loop, note_b, &r), 0);
	assert_int_equal(timer_new(&never, r.loop, note_b, &r), 0);
	start = loop_now(r.loop);
	assert_int_equal(timer_set(never, 1), 0);
	assert_int_equal(timer_set(b, 30), 0);
	assert_int_equal(timer_set(a, 5000), 0);
	assert_int_equal(timer_set(a, -5), 0);
	timer_clear(never);
	assert_int_equal(loop_run(r.loop), 0);
	assert_true(loop_now(r.loop).ms - start.ms >= 30);
	assert_string_equal(r.order, "ab");
	assert_null(timer_free(a));
	assert_null(timer_free(b));
	assert_null(timer_free(never));
	assert_null(timer_free(NULL));
	assert_null(loop_free(r.loop));
}

static void on_free_timer(void *arg)
{
	struct ring *r = arg;

	r->timer = timer_free(r->timer);
	loop_stop(r->loop);
}

static void on_free_watch(void *arg, int what)
{
	struct ring *r = arg;

	assert_int_equal(what, WATCH_READ);
	r->watch = watch_free(r->watch);
	loop_stop(r->loop);
}

static void on_free_wakeup(void *arg)
{
	struct ring *r = arg;

	r->wakeup = wakeup_free(r->wakeup);
	loop_stop(r->loop);
}

static void on_free_signal(void *arg)
{
	struct ring *r = arg;

	r->on_signal = on_signal_free(r->on_signal);
	loop_stop(r->loop);
}

static void a_callback_may_free_its_object(void **state)
{
	struct ring r = {0};
	int fds[2];

	(void)state;
	assert_int_equal(loop_new(&r.loop), 0);
	assert_int_equal(timer_new(&r.timer, r.loop, on_free_timer, &r), 0);
	assert_int_equal(timer_set(r.timer, 0), 0);
	assert_int_equal(loop_run(r.loop), 0);
	assert_null(r.timer);

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(watch_new(&r.watch, r.loop, fds[0], on_free_watch, &r), 0);
	assert_int_equal(watch_set(r.watch, WATCH_READ), 0);
	assert_int_equal(loop_run(r.loop), 0);
	assert_null(r.watch);
	(void)close(fds[0]);
	(void)close(fds[1]);

	assert_int_equal(wakeup_new(&r.wakeup, r.loop, on_free_wakeup, &r), 0);
	wakeup_fire(r.wakeup);
	wakeup_fire(r.wakeup);
	assert_int_equal(loop_run(r.loop), 0);
	assert_null(r.wakeup);

	assert_int_equal(on_signal_new(&r.on_signal, r.loop, SIGUSR1, on_free_signal, &r), 0);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(loop_run(r.loop), 0);
	assert_null(r.on_signal);
	assert_null(loop_free(r.loop));
}

static void on_ready(void *arg, int what)
{
	struct ring *r = arg;
	char c;

	if (what & WATCH_WRITE) {
		r->order[r->count++] = 'w';
		assert_int_equal(watch_set(r->watch, WATCH_READ), 0);
		assert_int_equal(write(r->peer, "x", 1), 1);
		return;
	}
	assert_int_equal(what, WATCH_READ);
	r->order[r->count++] = 'r';
	if (r->count < 4)
		return; /* not read: ready again */
	assert_int_equal(read(r->fd, &c, 1), 1);
	assert_int_equal(watch_set(r->watch, 0), 0);
	assert_int_equal(write(r->peer, "x", 1), 1);
	assert_int_equal(timer_set(r->timer, 20), 0);
}

static void on_late(void *arg)
{
	struct ring *r = arg;

	loop_stop(r->loop);
}

/* Ready to write at once; then to read, again and again until it is read; then silent. */
static void a_watch_sees_what_it_is_set_to(void **state)
{
	struct ring r = {0};
	int fds[2];

	(void)state;
	assert_int_equal(loop_new(&r.loop), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	r.fd = fds[0];
	r.peer = fds[1];
	assert_int_equal(watch_new(&r.watch, r.loop, r.fd, on_ready, &r), 0);
	assert_int_equal(watch_set(r.watch, WATCH_WRITE), 0);
	assert_int_equal(timer_new(&r.timer, r.loop, on_late, &r), 0);
	assert_int_equal(loop_run(r.loop), 0);
	assert_string_equal(r.order, "wrrr");
	(void)watch_free(r.watch);
	(void)timer_free(r.timer);
	(void)close(fds[0]);
	(void)close(fds[1]);
	assert_null(loop_free(r.loop));
}

static void *fire_many(void *arg)
{
	for (int i = 0; i < 1000; i++)
		wakeup_fire(arg);
	return NULL;
}

static void on_woken(void *arg)
{
	struct ring *r = arg;

	r->count++;
	loop_stop(r->loop);
}

static void another_thread_wakes_the_loop(void **state)
{
	struct ring r = {0};
	pthread_t thread;

	(void)state;
	assert_int_equal(loop_new(&r.loop), 0);
	assert_int_equal(wakeup_new(&r.wakeup, r.loop, on_woken, &r), 0);
	assert_int_equal(pthread_create(&thread, NULL, fire_many, r.wakeup), 0);
	assert_int_equal(loop_run(r.loop), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_in_range(r.count, 1, 1000);
	(void)wakeup_free(r.wakeup);
	assert_null(loop_free(r.loop));
}

static void a_loop_stopped_before_it_runs_does_not_run(void **state)
{
	struct loop *loop;

	(void)state;
	assert_int_equal(loop_new(&loop), 0);
	loop_stop(loop);
	assert_int_equal(loop_run(loop), 0);
	assert_null(loop_free(loop));
	assert_null(loop_free(NULL));
}

static void on_slow(void *arg)
{
	struct ring *r = arg;
	const int64_t end = loop_now(r->loop).ms + LOOP_BLOCK_MS / 2;
	volatile unsigned work = 0;

	if (r->count++ == 0)
		while (loop_now(r->loop).ms < end)
			work++;
	else
		(void)usleep((LOOP_BLOCK_MS + 20) * 1000);
	loop_stop(r->loop);
}

/* A callback that works and one that sleeps both keep the loop; each is kept once, by its name.
 */
static void who_keeps_the_loop_is_named(void **state)
{
	struct ring r = {0};
	const struct loop_stats *stats;

	(void)state;
	assert_int_equal(loop_new(&r.loop), 0);
	assert_int_equal(timer_new(&r.timer, r.loop, on_slow, &r), 0);
	stats = loop_stats(r.loop);
	assert_null(stats->longest[0].name);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(timer_set(r.timer, 0), 0);
		assert_int_equal(loop_run(r.loop), 0);
		assert_string_equal(stats->longest[0].name, "test-loop.c:on_slow");
		assert_null(stats->longest[1].name);
	}
	assert_int_equal(stats->calls, 2);
	assert_int_equal(stats->blocked, 1);
	assert_true(stats->longest[0].own_us > LOOP_BLOCK_MS * 1000);
	assert_true(stats->longest[0].took_us >= stats->longest[0].own_us);
	r.timer = timer_free(r.timer);
	r.loop = loop_free(r.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_in_order_and_never_early),
		cmocka_unit_test(a_callback_may_free_its_object),
		cmocka_unit_test(a_watch_sees_what_it_is_set_to),
		cmocka_unit_test(another_thread_wakes_the_loop),
		cmocka_unit_test(a_loop_stopped_before_it_runs_does_not_run),
		cmocka_unit_test(who_keeps_the_loop_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
