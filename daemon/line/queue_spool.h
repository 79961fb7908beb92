#ifndef VIGIE_LINE_QUEUE_SPOOL_H
#define VIGIE_LINE_QUEUE_SPOOL_H

/*
 * queue_spool: a bounded file of records, appended and fsynced on a thread of its own (a disk
 * may take its time, the loop may not), read in order, emptied as a whole. It knows nothing of
 * what the records mean.
 *
 * File: 8 bytes "vgspool" and version 1; then records: magic "vgr1", u32 length, u64 XXH3 of
 * length and payload, payload; numbers little-endian. A tail that is no whole record (the
 * machine stopped while it was written: nobody was told it was there) is cut with a log line;
 * damage before good records is passed over with an error line, and stays in the file until it
 * is emptied.
 */

#include <stdbool.h>
#include <stdint.h>

#include "io/loop.h"
#include "vigie/buf.h"
#include "vigie/span.h"

struct spool;
struct spool_job;

enum { SPOOL_HEADER_BYTES = 8, SPOOL_FRAME_BYTES = 16, SPOOL_RECORD_MAX = 1 << 30 };

struct spool_record {
	uint64_t offset; /* where it begins */
	uint64_t end;    /* where the next one would */
	struct span payload;
};

/* Next whole record of a spool's bytes at or behind `from`. false: none. Pure; *ret_skipped
 * gets the bytes of damage passed over. */
bool spool_scan(
	struct spool_record *ret, struct span file, uint64_t from, uint64_t *ret_skipped);
/* Appends a record's frame and payload. */
void spool_frame(struct buf *out, struct span payload);

/* Opens or makes the file and shows what it holds, in order. 0; -EINVAL: not a spool, or of a
 * newer vigie (the log says so); -errno. */
int spool_open(struct spool **ret, struct loop *loop, const char *path, uint64_t limit_bytes,
	void (*found)(void *arg, const struct spool_record *record), void *arg);
/* Finishes what was handed in; no callback comes any more. */
struct spool *spool_free(struct spool *spool);

/* Bytes of records, those being written included. */
uint64_t spool_used(const struct spool *spool);
bool spool_has_room(const struct spool *spool, size_t payload_bytes);
/* End of what is durable; SPOOL_HEADER_BYTES when empty. */
uint64_t spool_end(const struct spool *spool);

/* done() comes on the loop thread, in order: r is 0 and the record is on the disk, or -errno
 * and nothing of it is. The payload must live until then. 0 or -ENOMEM. */
int spool_append(struct spool *spool, struct span payload,
	void (*done)(void *arg, int r, const struct spool_record *record), void *arg);
/* Empties the file, behind what was handed in before. */
int spool_clear(struct spool *spool, void (*done)(void *arg, int r), void *arg);
/* Reads the record at or behind `from` into *bytes (ret->payload points there). 0, -ENOENT when
 * there is none before spool_end(), -errno. */
int spool_read(struct spool *spool, struct spool_record *ret, struct buf *bytes, uint64_t from);

#endif
