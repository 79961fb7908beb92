/* pool: jobs are run on threads and come back on the loop. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "io/pool.h"

enum { JOBS = 500 };

struct bench {
	struct loop *loop;
	struct pool *pool;
	pthread_t home;
	int done;
	atomic_int started;
	struct job {
		struct pool_job job;
		struct bench *bench;
		unsigned thread;
		int times;
		int place; /* among those started */
	} jobs[JOBS];
};

static void on_run(void *arg, unsigned thread)
{
	struct job *j = arg;

	assert_false(pthread_equal(pthread_self(), j->bench->home));
	j->thread = thread;
	j->times++;
	j->place = atomic_fetch_add(&j->bench->started, 1);
}

static void on_done(void *arg)
{
	struct job *j = arg;

	assert_true(pthread_equal(pthread_self(), j->bench->home));
	assert_int_equal(j->times, 1);
	assert_in_range(j->thread, 0, pool_threads(j->bench->pool) - 1);
	if (++j->bench->done == JOBS)
		loop_stop(j->bench->loop);
}

static void submit_all(struct bench *b, void (*done)(void *arg))
{
	b->home = pthread_self();
	for (size_t i = 0; i < JOBS; i++) {
		b->jobs[i].bench = b;
		b->jobs[i].job =
			(struct pool_job){.run = on_run, .done = done, .arg = &b->jobs[i]};
		pool_submit(b->pool, &b->jobs[i].job);
	}
}

static void every_job_comes_back_once(void **state)
{
	static struct bench b;

	(void)state;
	assert_int_equal(loop_new(&b.loop), 0);
	assert_int_equal(pool_new(&b.pool, b.loop, 3), 0);
	assert_int_equal(pool_threads(b.pool), 3);
	submit_all(&b, on_done);
	assert_int_equal(loop_run(b.loop), 0);
	assert_int_equal(b.done, JOBS);
	assert_null(pool_free(b.pool));
	assert_null(loop_free(b.loop));
}

static void on_last(void *arg)
{
	struct job *j = arg;

	j->bench->done++;
	j->bench->pool = pool_free(j->bench->pool);
	loop_stop(j->bench->loop);
}

static void done_may_free_the_pool_and_no_other_comes(void **state)
{
	static struct bench b;

	(void)state;
	assert_int_equal(loop_new(&b.loop), 0);
	assert_int_equal(pool_new(&b.pool, b.loop, 2), 0);
	submit_all(&b, on_last);
	assert_int_equal(loop_run(b.loop), 0);
	assert_int_equal(b.done, 1);
	assert_null(b.pool);
	assert_null(loop_free(b.loop));
}

static void jobs_start_in_order(void **state)
{
	static struct bench b;

	(void)state;
	assert_int_equal(loop_new(&b.loop), 0);
	assert_int_equal(pool_new(&b.pool, b.loop, 1), 0);
	submit_all(&b, on_done);
	assert_int_equal(loop_run(b.loop), 0);
	for (int i = 0; i < JOBS; i++)
		assert_int_equal(b.jobs[i].place, i);
	assert_null(pool_free(b.pool));
	assert_null(pool_free(NULL));
	assert_null(loop_free(b.loop));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_job_comes_back_once),
		cmocka_unit_test(done_may_free_the_pool_and_no_other_comes),
		cmocka_unit_test(jobs_start_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
