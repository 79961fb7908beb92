#ifndef VIGIE_LINE_SIFT_H
#define VIGIE_LINE_SIFT_H

/*
 * sift: the sieve between fetching and remembering. On the pool: reads the document with its
 * source's reader, tells who its items are (line/identity.h), asks the rules. What no rule
 * wants goes no further than the batch's items. It sends nothing and remembers nothing but what
 * it writes into the batch's state; the queue has the last word on what is new.
 *
 * A hit is silent (archived, not alerted) when none of its matches counts; a match counts when
 * the item was published no longer than `history` before the source's first contact and before
 * the rule's first sight, whichever is later. Undated items, and those dated before the web,
 * count as published at their first sight; a date in the future counts as now (and is stored as
 * it is). In the document in which a source's ids or URLs lose their trust, what was there
 * before is silent too: only its key is new.
 */

#include "io/pool.h"
#include "line/identity.h"
#include "vigie/batch.h"

struct sift;

struct sift_options {
	struct identity_secret secret;
	int64_t history_ms;     /* crawl.history */
	size_t max_items;       /* of one document; 0: 2000 */
	struct batch_sink next; /* crawl_settle() */
	/* First sight of each rule (by id), for crawl.history; WALL_NONE: not known yet, none
	 * silent. Asked on the loop thread. NULL: none is known. */
	struct wall (*rule_first_seen)(void *arg, struct span rule);
	/* New items of a document that no rule wants, as hits without matches; they live only
	 * during the call, on the loop thread. NULL: nobody asks. */
	void (*passed_over)(void *arg, const struct hit *items, size_t n);
	/* Behind them: the batch has deletions, or names by which they will come. It goes on
	 * when over() is called, now or later. NULL: nobody asks. */
	void (*deletions)(
		void *arg, const struct batch *batch, void (*over)(void *job), void *job);
	void *arg;
};

struct sift_stats {
	uint64_t documents, items, hits, silent; /* hits and silent: each time they are seen */
};

int sift_new(struct sift **ret, struct loop *loop, struct pool *pool,
	const struct sift_options *options);
/* Batches whose job is under way are freed; the pool must have been freed before. */
struct sift *sift_free(struct sift *sift);
/* A pointer swap; batches in flight keep the rules they were taken under. Keeps a reference. */
int sift_set_rules(struct sift *sift, struct ruleset *rules);
/* A batch_sink's take. What is no BATCH_READ passes through. A document that can't be read
 * comes out as BATCH_FAILED with its error. */
void sift_take(void *sift, struct batch *batch);
bool sift_idle(const struct sift *sift);
const struct sift_stats *sift_stats(const struct sift *sift);

#endif
