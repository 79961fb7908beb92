#ifndef VIGIE_IO_POOL_H
#define VIGIE_IO_POOL_H

/*
 * pool: a few threads for work that only computes. run() is called on one of them, with the
 * number of its thread (0 to pool_threads() - 1, for per-thread scratch memory); done() then
 * comes on the loop thread. Jobs start in the order they were submitted.
 */

#include "io/inbox.h"
#include "io/loop.h"

struct pool;

struct pool_job {
	struct inbox_link link; /* the pool's while submitted */
	void (*run)(void *arg, unsigned thread);
	void (*done)(void *arg);
	void *arg;
};

/* threads 0: one a processor. Signals are blocked on all of them. */
int pool_new(struct pool **ret, struct loop *loop, unsigned threads);
unsigned pool_threads(const struct pool *pool);
/* The job stays the caller's memory and must live until done(). Waits for nobody. */
void pool_submit(struct pool *pool, struct pool_job *job);
/* Waits for running jobs; done() no longer comes for any. */
struct pool *pool_free(struct pool *pool);

#endif
