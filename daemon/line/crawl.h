#ifndef VIGIE_LINE_CRAWL_H
#define VIGIE_LINE_CRAWL_H

/*
 * crawl: knows which source is due (line/schedule.h), how polite each host wants us, and turns
 * a due source into a batch with its document. It keeps each source's state in memory; the
 * queue's copy has the last word (crawl_reset()).
 *
 * A batch passes here twice:
 *     crawl → next (sift) → crawl_settle() → commit (queue) → crawl_committed()
 * A document goes to `next` and comes back by crawl_settle(), where the source's health and
 * next due time are judged (line/health.h), which needs what reading taught; it leaves by
 * `commit`. What has no document (304, failure) is settled at once. crawl_committed() adopts
 * the state and frees the batch. One batch of a source is under way at a time.
 *
 * A file: source is a file, or a folder whose files are read one after the other, the oldest
 * change first, each once until it changes. Its `every: auto` is CRAWL_FILE_MS: looking costs
 * nothing.
 */

#include "io/loop.h"
#include "io/pool.h"
#include "io/transfer.h"
#include "line/accounts.h"
#include "vigie/batch.h"

struct crawl;

enum { CRAWL_FILE_MS = 5000 };

struct crawl_options {
	unsigned concurrency_per_host; /* 0: 2 */
	int64_t spacing_ms;            /* least time between two requests to one host */
	int64_t every_default_ms;      /* `every: auto`; until rhythms are learned: 15 min */
	size_t max_in_flight;          /* batches between fetch and commit; 0: 64 */
	size_t max_body;               /* of a file: source; 0: 16 MiB (http: the transfer's) */
	bool ignore_robots;            /* robots.txt is asked by nobody */
	int64_t robots_least_ms;  /* one that is there, or out of reach, isn't asked for anew
				   * before;  0: 5 min */
	struct span user_agent;   /* the transfer's; its first word is our name in robots.txt;
				   * copied; empty: vigie */
	uint64_t seed;            /* of order and jitter; 0: from the system */
	int64_t history_ms;       /* crawl.history: how far a network is asked back at first */
	struct accounts *accounts; /* for sources of networks; NULL: there are none */
	struct pool *pool;         /* reads files, for file: sources; NULL: there are none */
	struct batch_sink next;   /* sift */
	struct batch_sink commit; /* queue */
	/* Asks the queue for the states of sources; crawl_state() answers, for each. A source
	 * whose answer never comes isn't read until crawl_reset() asks again. */
	/* How it stands with a source: whether it is silent against its habit, and gone for
	 * good; after each attempt that tells, at a start, and when crawl_tell() asks. The
	 * error is for people, and lives during the call. NULL: nobody wants to know. */
	void (*stands)(void *arg, const struct source *source, bool silent, bool gone,
		struct span error);
	void (*want_states)(void *arg, const struct source *const *sources, size_t n);
	void *arg;
};

struct crawl_stats {
	uint64_t fetches, unchanged, failed, bytes;
	size_t sources, in_flight, failing;
};

/* 0 or -ENOMEM. */
int crawl_new(struct crawl **ret, struct loop *loop, struct transfer *transfer,
	const struct crawl_options *options);
/* Batches that are at other stations then come back to nobody: stop those first, and the pool. */
struct crawl *crawl_free(struct crawl *crawl);

/* Replaces the set of sources: those with a known id (and address) keep their state and place,
 * removed ones are cancelled, new ones wait for their state, then are due at once (spread per
 * host). `config` is referenced for the set and for each batch. 0, or -ENOMEM and nothing has
 * changed. */
int crawl_set_sources(struct crawl *crawl, const struct source *const *sources, size_t n,
	void *config, void *(*config_ref)(void *config), void (*config_unref)(void *config));
/* The state of a source that want_states asked for; NULL: never met. Copied. */
void crawl_state(struct crawl *crawl, struct span source, const struct source_state *state);
void crawl_reset(
	struct crawl *crawl, unsigned partition); /* forget; ask again before fetching */
void crawl_pause(struct crawl *crawl, bool paused);
void crawl_stop(struct crawl *crawl); /* cancels all transfers; hands out nothing more */
void crawl_settle(void *crawl, struct batch *batch);    /* sift's `next` */
void crawl_committed(void *crawl, struct batch *batch); /* the queue's `committed` */
const struct crawl_stats *crawl_stats(const struct crawl *crawl);

/* For `vigie status` and `vigie sources`: each source in turn, by id. */
struct crawl_view {
	const struct source *source;
	const struct source_state *state; /* NULL: not known yet */
	bool fetching;                    /* or on its way through the line */
	int64_t due_in_ms;                /* below 0: not by itself (gone, or fetching) */
};
void crawl_each(
	struct crawl *crawl, void (*see)(void *arg, const struct crawl_view *view), void *arg);
/* Says of all sources how they stand (options.stands). */
void crawl_tell(struct crawl *crawl);
/* Due at once, one marked gone too. 0; -ENOENT; -EAGAIN: its state isn't known yet. */
int crawl_now(struct crawl *crawl, struct span source);

#endif
