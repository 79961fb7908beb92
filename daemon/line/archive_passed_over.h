#ifndef VIGIE_LINE_ARCHIVE_PASSED_OVER_H
#define VIGIE_LINE_ARCHIVE_PASSED_OVER_H

/*
 * archive_passed_over: what no rule wanted, for a while: to explain why something did not come,
 * and to try a new rule on what an old one let go. It is no archive: a file of its own, capped
 * in bytes, where the oldest goes first; what the disk refuses or memory cannot hold is dropped
 * and counted. So whoever answers from it says how far back it reaches.
 */

#include "io/loop.h"
#include "vigie/arena.h"
#include "vigie/batch.h"
#include "vigie/hit.h"

/* Its name in the state folder. */
#define ARCHIVE_PASSED_OVER_FILE "passed-over.db"

enum {
	ARCHIVE_PASSED_OVER_LIMIT = 256 << 20, /* default of retention.passed_over */
	/* An item is kept whole or not at all; this is more than any honest one has. */
	ARCHIVE_PASSED_OVER_ITEM_MAX = 256 << 10,
	/* What may wait for the disk before more is dropped. */
	ARCHIVE_PASSED_OVER_WAITING_MAX = 8 << 20,
};

struct archive_passed_over;

struct archive_passed_over_options {
	const char *path;
	size_t limit_bytes; /* of the file; 0: ARCHIVE_PASSED_OVER_LIMIT */
	/* Writing fails (and items are dropped), or works again (empty). */
	void (*trouble)(void *arg, struct span why);
	void *arg;
};

/* 0, or -errno with *ret_why for people. */
int archive_passed_over_new(struct archive_passed_over **ret, struct loop *loop,
	const struct archive_passed_over_options *options, struct arena *arena,
	struct span *ret_why);
struct archive_passed_over *archive_passed_over_free(struct archive_passed_over *p);

/* Keeps items, given as hits without matches; copied. One that is there with the same content
 * stays as it is; with another content the new one takes its place. Never waits, tells nobody.
 */
void archive_passed_over_put(struct archive_passed_over *p, const struct hit *items, size_t n);

/* What a network says of its items in a batch: which are deleted, here too, by their own key or
 * by another name; and under which other name it will say so of which (one an item: the last
 * one). Of what was put before. `over` is called on the loop when it is written, so that
 * whoever moves a cursor can wait for it; at the latest when a first attempt has failed: then
 * it is tried again with whatever is put next. */
void archive_passed_over_strike(struct archive_passed_over *p, const struct batch *batch,
	void (*over)(void *arg), void *arg);

struct archive_passed_over_stats {
	uint64_t put;      /* items handed to the disk, those known already too */
	uint64_t dropped;  /* too big, too many at once, or refused by the disk */
	uint64_t bytes;    /* of the file */
	struct wall since; /* how far back it reaches; WALL_NONE: nothing there */
};
/* As of the last transaction. */
const struct archive_passed_over_stats *archive_passed_over_stats(
	const struct archive_passed_over *p);

/* The same for a command, of a file: `bytes` and `since`. 0, or -errno with *ret_why. */
int archive_passed_over_reach(struct archive_passed_over_stats *ret, const char *path,
	struct arena *arena, struct span *ret_why);

/* Items of a key (32 hexadecimal digits) or an address; each lives only during the call. */
int archive_passed_over_find(const char *path, struct span what,
	void (*see)(void *arg, const struct hit *item), void *arg, struct arena *arena,
	struct span *ret_why);

#endif
