#ifndef VIGIE_LINE_ARCHIVE_WORKER_H
#define VIGIE_LINE_ARCHIVE_WORKER_H

/*
 * archive_worker: a thread that works through a list of jobs in order, many to a transaction,
 * and hands each back to the loop when its transaction is durable. It knows no SQL: what a
 * transaction is, it is told. A transaction that fails is tried again, with growing pauses,
 * until it works; trouble() says so once, and once that it is over.
 */

#include "io/inbox.h"
#include "io/loop.h"
#include "vigie/arena.h"

struct archive_worker;

/* The first member of whatever a job is. */
struct archive_job {
	struct inbox_link link; /* the worker's */
	struct arena arena;     /* for what goes in; released with the job */
	struct arena out; /* for what comes out; released before each run() and with the job */
	/* How much of a transaction it fills; a transaction takes jobs up to
	 * ARCHIVE_WORKER_TRANSACTION. */
	size_t weight;
	bool writes;
	bool dropped; /* for done(): its transaction failed, and the worker is lossy */
	/* On the thread, inside a transaction, perhaps again and again: 0 or -errno. */
	int (*run)(void *arg, struct archive_job *job);
	/* On the loop, once. NULL: nothing. */
	void (*done)(struct archive_job *job);
};

/* A thousand hits share an fsync, and a transaction stays well below a second. */
enum { ARCHIVE_WORKER_TRANSACTION = 1024 };

struct archive_worker_options {
	/* On the thread. `writes`: some job does. 0 or -errno. */
	int (*begin)(void *arg, bool writes);
	int (*commit)(void *arg);
	void (*rollback)(void *arg);
	/* Why it failed, for people; in the arena. Called before rollback(). */
	struct span (*why)(void *arg, int error, struct arena *arena);
	/* On the loop. Empty: over. */
	void (*trouble)(void *arg, struct span why);
	void *arg;
	/* What fails is dropped, not tried again; trouble() and done() come all the same. */
	bool lossy;
	/* How long a job may wait for company, so that one transaction serves many. Once there is
	 * enough for one, nobody waits. */
	int64_t linger_ms;
};

struct archive_worker_stats {
	uint64_t transactions, errors;
	size_t waiting; /* jobs */
};

int archive_worker_new(struct archive_worker **ret, struct loop *loop,
	const struct archive_worker_options *options);
/* Works through what waits, up to the first transaction that fails; done() no longer comes. Not
 * to be called from a done(). */
struct archive_worker *archive_worker_free(struct archive_worker *worker);

/* Takes the job (calloc'ed), and frees it after done(). Waits for nobody. */
void archive_worker_take(struct archive_worker *worker, struct archive_job *job);
struct archive_worker_stats archive_worker_stats(struct archive_worker *worker);

#endif
