#ifndef VIGIE_LINE_ARCHIVE_H
#define VIGIE_LINE_ARCHIVE_H

/*
 * archive: the memory of vigie: SQLite (WAL, FTS5; the only file that includes it is archive_db.c
 * or its like), one writer thread, one transaction a batch, read-only connections for searches.
 * Idempotent by mention id (the item key). The schema is documented in ARCHITECTURE.md and migrated
 * forward only.
 */

#include "io/loop.h"
#include "vigie/arena.h"
#include "vigie/hit.h"

struct archive;
struct archive_reader;

struct archive_options {
	const char *path;
	/* A write failed (disk full, …) or works again; writes are retried and nothing is dropped. */
	void (*trouble)(void *arg, struct span why); /* empty: healed */
	void *arg;
};

/* 0, or -errno with *ret_why for people (a newer schema, not a database, no permission). */
int archive_new(struct archive **ret, struct loop *loop, const struct archive_options *options,
	struct arena *arena, struct span *ret_why);
/* Finishes what was handed in. */
struct archive *archive_free(struct archive *archive);

/* Writes hits given as hit_encode() bytes, copied; `done` comes on the loop thread when they are
 * durable, in order. Never fails: it is tried until it works. */
void archive_put(struct archive *archive, const struct span *hits, size_t n,
	void (*done)(void *arg), void *arg);

/* Fetches mentions; `got` comes once on the loop thread, hits in the order asked, NULL where the
 * key is not (or not yet) there. All of it lives only during the call. */
void archive_get(struct archive *archive, const struct item_key *keys, size_t n,
	void (*got)(void *arg, const struct hit *const *hits, size_t n), void *arg);

/* The ledger: one outcome per (item, receiver). */
struct archive_outcome {
	struct item_key key;
	struct span receiver;
	struct span outcome;  /* sent, dead, muted, … */
	struct span delivery; /* id */
	struct wall at;
};
void archive_record(struct archive *archive, const struct archive_outcome *outcomes, size_t n,
	void (*done)(void *arg), void *arg);
/* For each (key, receiver) asked: its outcome, or empty. */
void archive_outcomes(struct archive *archive, const struct archive_outcome *asks, size_t n,
	void (*got)(void *arg, const struct span *outcomes, size_t n), void *arg);

/* A stream entry that was lost while pending. */
void archive_loss(struct archive *archive, struct span entry, struct span why, struct wall at);

struct archive_stats {
	uint64_t mentions_put, batches, errors;
	size_t waiting;
};
const struct archive_stats *archive_stats(const struct archive *archive);

/* --- Reading, for commands: own connection, read only ---------------------------------------- */

struct archive_filter {
	struct span words;  /* full-text; every word must occur (folded as the archive folds) */
	struct span rule, brand, source, lang;
	struct wall since, until; /* half-open, on published, else fetched; WALL_NONE: open */
	size_t limit;       /* 0: all */
	bool newest_first;
};

int archive_reader_new(struct archive_reader **ret, const char *path, struct arena *arena,
	struct span *ret_why);
struct archive_reader *archive_reader_free(struct archive_reader *reader);
/* Calls see() for each mention; it returns false to stop. 0, or -errno with *ret_why. */
int archive_search(struct archive_reader *reader, const struct archive_filter *filter,
	bool (*see)(void *arg, const struct hit *hit), void *arg, struct arena *arena, struct span *ret_why);

#endif
