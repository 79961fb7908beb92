#ifndef VIGIE_BATCH_H
#define VIGIE_BATCH_H

/*
 * batch: the tray on which one fetched document travels down the line, with one arena. Whoever
 * holds it owns it; handing it on gives it up; the last station frees it. Nobody keeps a pointer
 * into a batch it gave away.
 */

#include "vigie/arena.h"
#include "vigie/document.h"
#include "vigie/hit.h"
#include "vigie/ruleset.h"
#include "vigie/source.h"

enum batch_outcome {
	BATCH_READ,      /* a document was read (complete or not): items may follow */
	BATCH_UNCHANGED, /* 304 */
	BATCH_FAILED,    /* no document: `error` says why */
};

/* What Redis remembers of a source between fetches; field for field the hash `{pNN}:source:ID`. */
struct source_state {
	struct span etag;
	struct span last_modified;
	struct span cursor;       /* connectors; opaque here */
	struct span url_moved;    /* adopted permanent address */
	struct span ns;    /* namespace of item ids, fixed at first contact */
	struct wall first_contact;
	struct wall last_read;    /* last good read */
	struct wall last_try;
	struct wall next_due;
	int64_t failures;         /* in a row */
	int64_t reads, items, hits; /* totals */
	struct span error;        /* last error, for people; empty when the last try went well */
	struct span mark;         /* "", truncated, overlong, blocked, disallowed, gone, silent */
	/* What is remembered of the last good read: first sight of undated items, traces of all.
	 * Any bytes; encoded by line/recall.h. */
	struct span undated;
	/* The crawler's own notes: confirmations of a move, hints of the feed, rhythm. Any bytes;
	 * encoded by line/memo.h. */
	struct span memo;
};

/* Another document of the same source, that this one names. */
struct batch_part {
	struct span url;
	struct wall updated;
};

/* What reading a document taught beside its items: written by sift, read by crawl. */
struct batch_lesson {
	size_t n_new;        /* items that weren't there at the last read */
	bool more;           /* there were items beyond the bounds */
	bool again;          /* a further page is to be asked for, as soon as allowed */
	int refusal;         /* enum connector_error of an answer that is none; 0: it is one */
	int64_t retry_ms;    /* how long it is to be left alone after that; -1: not said */
	int64_t pause_ms;    /* before anything is asked there again, though all is well; 0: none */
	int64_t ttl_ms;      /* how long the feed says it may be kept; 0: says nothing */
	uint32_t skip_hours; /* bit h: not between h:00 and h:59 UTC */
	uint8_t skip_days;   /* bit 0 Monday … bit 6 Sunday */
	const struct batch_part *parts;
	size_t n_parts;
};

struct batch {
	struct arena arena;
	const struct source *source;
	void *config;          /* a reference to the snapshot, released with the batch */
	void (*config_unref)(void *config);
	struct ruleset *rules; /* a reference, set by sift; NULL before */
	struct request request;
	struct document document;
	enum batch_outcome outcome;
	struct wall fetched;
	struct mono fetch_end; /* for the latency histogram */
	/* Where a source is read in parts, of which this is one: when that began (WALL_NONE: it is
	 * the whole), and when it did the last time: what was published later is new. */
	struct wall round, since;
	struct span error;
	struct item_list items;
	struct batch_lesson lesson;
	struct hit *hits;
	size_t n_hits;
	/* Items the network shows as deleted, and other names by which it will say so. */
	const struct item_key *tombstones;
	size_t n_tombstones;
	const struct batch_alias {
		struct item_key alias, item;
	} *aliases;
	size_t n_aliases;
	/* Before the fetch, then as the commit shall leave it. */
	struct source_state state;
};

/* NULL when memory is out. */
static inline struct batch *batch_new(void)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (b)
		b->round = b->since = WALL_NONE;
	return b;
}

static inline struct batch *batch_free(struct batch *b)
{
	if (!b)
		return NULL;
	ruleset_unref(b->rules);
	if (b->config_unref)
		b->config_unref(b->config);
	arena_release(&b->arena);
	free(b);
	return NULL;
}

/* Where a station hands its batches. take() becomes the owner. */
struct batch_sink {
	void (*take)(void *arg, struct batch *batch);
	void *arg;
};

#endif
