#ifndef VIGIE_LINE_ARCHIVE_INNER_H
#define VIGIE_LINE_ARCHIVE_INNER_H

/*
 * archive_inner: what the files of the archive's writing half share.
 *   archive.c          the connection, the thread; putting, getting, the ledger, losses, deeds
 *   archive_desk.c     what the desk asks of a hit before it decides
 *   archive_detect.c   counts, bursts, coverage
 *   archive_stories.c  stories, as mentions are filed
 */

#include <xxhash.h>

#include "line/archive.h"
#include "line/archive_db.h"
#include "line/archive_mention.h"
#include "line/archive_stories.h"
#include "line/archive_worker.h"

/* How many of the last hits are known to be filed; both readers of the stream are within that.
 */
enum { ARCHIVE_FILED_SLOTS = 4096 };

/* Of an outcome that is no end (archive_outcome_waits()). */
#define ARCHIVE_WAITS " IN ('waiting', 'held', 'digest', 'budget', 'sending')"

struct archive {
	struct archive_options options;
	struct archive_worker *worker;
	char *path;
	uint64_t mentions_put;       /* the loop's */
	struct archive_stats *stats; /* as last asked for */

	/* The worker thread's, once it runs. */
	struct archive_db *db; /* NULL: to be opened anew */
	struct archive_writer *writer;
	struct archive_reading *reading;
	struct archive_stories *stories;
	struct archive_sql *record;
	struct archive_sql *outcome;
	struct archive_sql *outcomes_of;
	struct archive_sql *loss;
	struct archive_sql *audit;
	int64_t watched_since_ms; /* first mention seen; INT64_MAX: not known yet */
	XXH128_hash_t filed[ARCHIVE_FILED_SLOTS];
	struct arena scratch;
	struct arena open_arena;
	struct span open_why;
};

/* A job and whom it answers. */
struct archive_task {
	struct archive_job base; /* first */
	struct archive *archive;
	void (*done)(void *arg);
	void *arg;
	size_t n;
};

/* Zeroed, of that size; NULL, with a line in the log, when memory is out. */
void *archive_job_new(struct archive *a, size_t size, size_t weight,
	int (*run)(void *arg, struct archive_job *base),
	void (*done)(struct archive_job *base));
/* Frees one that was not handed in yet, with a line in the log: memory is out. */
void archive_job_refuse(struct archive_task *job);
/* Copies; false when memory is out. */
bool archive_copy_spans(
	const struct span **ret, struct arena *arena, const struct span *spans, size_t n);

/* On the thread: files a hit given as hit_encode() bytes, with its story; what is no hit goes
 * to the losses. */
int archive_file_bytes(struct archive *a, struct span bytes);

#endif
