/*
 * pool: threads that take jobs from one list and give them back through another and a wake-up.
 * It does not know what it computes.
 */

#include "io/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "vigie/cleanup.h"

enum { THREADS_MAX = 64 };

struct job_list {
	struct pool_job *head, *tail;
};

struct worker {
	struct pool *pool;
	pthread_t thread;
	unsigned number;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct job_list todo, finished; /* under the lock, as is `stopping` */
	bool stopping;
	struct wakeup *wakeup;
	bool giving,
	        freed; /* done() runs, and may free the pool: its memory stays until then */
	struct worker *workers;
	unsigned n_workers;
};

static void push(struct job_list *l, struct pool_job *job)
{
	job->next = NULL;
	if (l->tail)
		l->tail->next = job;
	else
		l->head = job;
	l->tail = job;
}

static struct pool_job *pop(struct job_list *l)
{
	struct pool_job *job = l->head;

	if (job)
		l->head = job->next;
	if (!l->head)
		l->tail = NULL;
	return job;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;

	(void)pthread_mutex_lock(&p->lock);
	for (;;) {
		struct pool_job *job;
		bool first;

		while (!p->stopping && !p->todo.head)
			(void)pthread_cond_wait(&p->work, &p->lock);
		if (p->stopping)
			break;
		job = pop(&p->todo);
		(void)pthread_mutex_unlock(&p->lock);
		job->run(job->arg, w->number);
		(void)pthread_mutex_lock(&p->lock);
		first = !p->finished.head;
		push(&p->finished, job);
		if (first)
			wakeup_fire(p->wakeup);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void on_finished(void *arg)
{
	struct pool *p = arg;
	struct job_list jobs;
	struct pool_job *job;

	(void)pthread_mutex_lock(&p->lock);
	jobs = p->finished;
	p->finished = (struct job_list){0};
	(void)pthread_mutex_unlock(&p->lock);
	p->giving = true;
	while (!p->freed && (job = pop(&jobs)))
		job->done(job->arg);
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
	(void)pthread_cond_init(&p->work, NULL);
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
	(void)pthread_mutex_lock(&pool->lock);
	push(&pool->todo, job);
	(void)pthread_mutex_unlock(&pool->lock);
	(void)pthread_cond_signal(&pool->work);
}

struct pool *pool_free(struct pool *pool)
{
	if (!pool)
		return NULL;
	(void)pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	(void)pthread_mutex_unlock(&pool->lock);
	(void)pthread_cond_broadcast(&pool->work);
	while (pool->n_workers)
		(void)pthread_join(pool->workers[--pool->n_workers].thread, NULL);
	pool->wakeup = wakeup_free(pool->wakeup);
	(void)pthread_cond_destroy(&pool->work);
	(void)pthread_mutex_destroy(&pool->lock);
	free(pool->workers);
	pool->freed = true;
	if (!pool->giving)
		free(pool);
	return NULL;
}
