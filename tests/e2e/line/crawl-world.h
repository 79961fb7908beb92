#ifndef VIGIE_TESTS_CRAWL_WORLD_H
#define VIGIE_TESTS_CRAWL_WORLD_H

/*
 * crawl-world: crawl with the real loop, transfer, pool, reader and sift, against an origin on
 * loopback that behaves as a script says (its language: the top of origin.py). The queue is a
 * list here, which commits what it is given, or keeps it. Distances in time are measured by the
 * origin.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "line/crawl.h"
#include "line/identity.h"
#include "line/memo.h"
#include "line/packed.h"
#include "line/rhythm.h"
#include "line/sift.h"
#include "peer.h"
#include "vigie/buf.h"

#include "line/rhythm.h"
#include "line/sift.h"
#include "peer.h"
#include "vigie/buf.h"

enum { MAX = 64, DEADLINE_MS = 20000 };

#define ITEM(id)                                                                               \
	"<item><guid isPermaLink='false'>" id "</guid><title>acme " id "</title></item>"
#define RSS(items) "<rss version='2.0'><channel><title>T</title>" items "</channel></rss>"

/* What the queue was given. */
struct commit {
	char source[16];
	enum batch_outcome outcome;
	char *error, *mark, *etag, *url_moved;
	size_t n_items, n_hits, n_new, n_silent;
	struct item_key key; /* of the first hit */
};

struct world {
	char folder[32];
	struct peer origin;
	struct loop *loop;
	struct pool *pool;
	struct transfer *transfer;
	struct sift *sift;
	struct crawl *crawl;
	struct timer *deadline;
	struct source sources[MAX];
	char *urls[MAX], *ids[MAX];
	size_t n_sources;
	struct packed *stored[MAX]; /* what "Redis" has, by source */
	struct commit commits[1024];
	size_t n_commits;
	struct batch *held[MAX];
	size_t n_held;
	bool hold, late;
	size_t wanted;         /* commits to wait for … */
	const char *wanted_of; /* … of this source; NULL: of any */
};

/* How many commits there were (of a source; NULL: of all). */
size_t count(const struct world *w, const char *source);
/* Commit i (from 0) of a source. */
const struct commit *commit(const struct world *w, const char *source, size_t i);

/* A world with an origin that follows the script. */
struct world *begin(const char *script, struct crawl_options options, int64_t total_ms);
void end(struct world *w);
/* url: a path of the origin, seen by the name of `host`; or a whole one. Of kind "feed". */
void source(
	struct world *w, const char *id, const char *host, const char *url, int64_t every_ms);
/* The configuration is all sources from `first` on. */
void configure(struct world *w, size_t first);

/* Until n commits were made (of that source). */
void wait_for(struct world *w, const char *source, size_t n);
void run_for(struct world *w, int64_t ms);
/* The commits so far. */
void forget(struct world *w);

/* The origin's log, and request i (from 0) for a path in it; NULL: there is none. */
json_t *requests(const struct world *w);
json_t *request(json_t *all, const char *path, size_t i);
const char *asked(json_t *all, const char *path, size_t i, const char *header);
/* Seconds between the end of request i (seen by the origin a moment after we have the answer)
 * and the beginning of the next, for a path. */
double pause_after(json_t *all, const char *path, size_t i);
size_t times(json_t *all, const char *path);

#endif
