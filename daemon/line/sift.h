#ifndef VIGIE_LINE_SIFT_H
#define VIGIE_LINE_SIFT_H

/*
 * sift: the sieve between fetching and remembering. On the pool: reads the document with its
 * source's reader, gives items their keys, asks the rules. What no rule wants goes no further than
 * the passed-over count. It sends nothing and remembers nothing; the queue has the last word on
 * what is new.
 */

#include "io/pool.h"
#include "line/identity.h"
#include "vigie/batch.h"

struct sift;

struct sift_options {
	struct identity_secret secret;
	int64_t history_ms;          /* crawl.history */
	size_t max_items;            /* of one document; 0: 2000 */
	struct batch_sink next;
	/* First sight of each rule (by id), for crawl.history; WALL_NONE: not known yet, none silent. */
	struct wall (*rule_first_seen)(void *arg, struct span rule);
	void *arg;
};

int sift_new(struct sift **ret, struct loop *loop, struct pool *pool, const struct sift_options *options);
struct sift *sift_free(struct sift *sift);
/* A pointer swap; batches in flight keep the rules they were taken under. Keeps a reference. */
int sift_set_rules(struct sift *sift, struct ruleset *rules);
void sift_take(void *sift, struct batch *batch); /* a batch_sink's take */
bool sift_idle(const struct sift *sift);

#endif
