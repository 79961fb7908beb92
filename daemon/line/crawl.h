#ifndef VIGIE_LINE_CRAWL_H
#define VIGIE_LINE_CRAWL_H

/*
 * crawl: knows which source is due (line/schedule.h), how polite each host wants us, and turns a
 * due source into a batch with its document. It keeps each source's state in memory; the queue's
 * copy has the last word (crawl_reset()).
 */

#include "io/loop.h"
#include "io/transfer.h"
#include "vigie/batch.h"

struct crawl;

struct crawl_options {
	unsigned concurrency_per_host; /* 0: 2 */
	int64_t spacing_ms;            /* least time between two requests to one host */
	int64_t every_default_ms;      /* `every: auto`; until rhythms are learned: 15 min */
	size_t max_in_flight;          /* batches between fetch and commit; 0: 64 */
	struct batch_sink next;        /* sift */
	/* Asks the queue for the states of sources; crawl_states_*() answer. */
	void (*want_states)(void *arg, const struct source *const *sources, size_t n);
	void *arg;
};

struct crawl_stats {
	uint64_t fetches, unchanged, failed, bytes;
	size_t sources, in_flight, failing;
};

int crawl_new(struct crawl **ret, struct loop *loop, struct transfer *transfer,
	const struct crawl_options *options);
struct crawl *crawl_free(struct crawl *crawl);

/* Replaces the set of sources: those with a known id keep their state and place, removed ones are
 * cancelled, new ones wait for their state, then are due at once (spread per host). `config` is
 * referenced for each batch. */
int crawl_set_sources(struct crawl *crawl, const struct source *const *sources, size_t n, void *config,
	void *(*config_ref)(void *config), void (*config_unref)(void *config));
/* The state of source i of want_states' list; NULL: never met. */
void crawl_state(struct crawl *crawl, struct span source, const struct source_state *state);
void crawl_reset(struct crawl *crawl, unsigned partition); /* forget; ask again before fetching */
void crawl_pause(struct crawl *crawl, bool paused);
void crawl_stop(struct crawl *crawl); /* cancels all transfers; hands out nothing more */
void crawl_committed(void *crawl, struct batch *batch); /* the queue's `committed`: adopts, frees */
const struct crawl_stats *crawl_stats(const struct crawl *crawl);

/* For `vigie status` and `vigie sources`: each source in turn. */
struct crawl_view {
	const struct source *source;
	const struct source_state *state;
	bool fetching;
	int64_t due_in_ms;
};
void crawl_each(struct crawl *crawl, void (*see)(void *arg, const struct crawl_view *view), void *arg);
int crawl_now(struct crawl *crawl, struct span source); /* due at once; -ENOENT */

#endif
