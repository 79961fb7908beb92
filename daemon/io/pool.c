/*
 * pool: threads that take jobs from one list and give them back through another and a wake-up.
 * It does not know what it computes.
 */

#include "io/pool.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "vigie/cleanup.h"

enum { THREADS_MAX = 64 };

struct worker {
	struct pool *pool;
	pthread_t thread;
	unsigned number;
};

struct pool {
	struct inbox todo, finished;
	sem_t work;               /* as many as there are jobs to do */
	pthread_mutex_t lock;     /* the workers' among themselves: the loop never takes it */
	struct inbox_link *taken; /* out of todo; under the lock */
	atomic_bool stopping;
	struct wakeup *wakeup;
	bool giving,
		freed; /* done() runs, and may free the pool: its memory stays until then */
	struct worker *workers;
	unsigned n_workers;
};

static struct pool_job *job_of(struct inbox_link *link)
{
	return (struct pool_job *)(void *)link;
}

/* The next to run; there is one for each post of `work`, but the last ones of pool_free(). */
static struct pool_job *next_job(struct pool *p)
{
	struct inbox_link *link;

	(void)pthread_mutex_lock(&p->lock);
	if (!p->taken)
		p->taken = inbox_take(&p->todo);
	link = p->taken;
	if (link)
		p->taken = link->next;
	(void)pthread_mutex_unlock(&p->lock);
	return job_of(link);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;

	for (;;) {
		struct pool_job *job;

		while (sem_wait(&p->work) < 0)
			;
		job = atomic_load(&p->stopping) ? NULL : next_job(p);
		if (!job)
			return NULL;
		job->run(job->arg, w->number);
		if (inbox_put(&p->finished, &job->link))
			wakeup_fire(p->wakeup);
	}
}

static void on_finished(void *arg)
{
	struct pool *p = arg;
	struct inbox_link *link = inbox_take(&p->finished);

	p->giving = true;
	while (!p->freed && link) {
		struct pool_job *job = job_of(link);

		link = link->next;
		job->done(job->arg);
	}
	p->giving = false;
	if (p->freed)
		free(p);
}

DEFINE_CLEANUP(struct pool *, pool_free)

int pool_new(struct pool **ret, struct loop *loop, unsigned threads)
{
	CLEANUP(pool_freep) struct pool *p = calloc(1, sizeof(*p));
	sigset_t all, before;
	int r;

	if (!p)
		return -ENOMEM;
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)sem_init(&p->work, 0, 0);
	if (!threads) {
		const long processors = sysconf(_SC_NPROCESSORS_ONLN);

		threads = processors > 0 ? (unsigned)processors : 1;
	}
	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	p->workers = calloc(threads, sizeof(*p->workers));
	if (!p->workers)
		return -ENOMEM;
	r = wakeup_new(&p->wakeup, loop, on_finished, p);
	if (r < 0)
		return r;
	/* Signals are the loop thread's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	for (; p->n_workers < threads && r == 0; p->n_workers += r == 0) {
		struct worker *w = &p->workers[p->n_workers];

		*w = (struct worker){.pool = p, .number = p->n_workers};
		r = -pthread_create(&w->thread, NULL, work, w);
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r < 0)
		return r;
	*ret = TAKE(p);
	return 0;
}

unsigned pool_threads(const struct pool *pool)
{
	return pool->n_workers;
}

void pool_submit(struct pool *pool, struct pool_job *job)
{
	(void)inbox_put(&pool->todo, &job->link);
	(void)sem_post(&pool->work);
}

struct pool *pool_free(struct pool *pool)
{
	if (!pool)
		return NULL;
	atomic_store(&pool->stopping, true);
	for (unsigned i = 0; i < pool->n_workers; i++)
		(void)sem_post(&pool->work);
	while (pool->n_workers)
		(void)pthread_join(pool->workers[--pool->n_workers].thread, NULL);
	pool->wakeup = wakeup_free(pool->wakeup);
	(void)sem_destroy(&pool->work);
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool->workers);
	pool->freed = true;
	if (!pool->giving)
		free(pool);
	return NULL;
}
