#ifndef VIGIE_LINE_ARCHIVE_MENTION_H
#define VIGIE_LINE_ARCHIVE_MENTION_H

/*
 * archive_mention: a hit as a row of `mentions` and rows of `matches`, both ways. The one place
 * that knows how values stand in columns.
 */

#include "line/archive_db.h"
#include "vigie/buf.h"
#include "vigie/hit.h"

struct archive_writer;
struct archive_reading;

/* --- Writing, inside a transaction
 * ------------------------------------------------------------ */

int archive_writer_new(struct archive_writer **ret, struct archive_db *db);
struct archive_writer *archive_writer_free(struct archive_writer *w);

/* Files a hit. Again and again changes nothing. Of two texts of one item the one fetched later
 * stands; what a rule matched in an earlier one stays, without spans. 0, ARCHIVE_FILED when it
 * was not there before, or -errno. */
enum { ARCHIVE_FILED = 1, ARCHIVE_COUNT_MS = 300000 /* a row of `counts` */ };
int archive_write_hit(struct archive_writer *w, const struct hit *hit);

/* --- Reading
 * ---------------------------------------------------------------------------------- */

/* The columns archive_read_row() wants first in a row, of a table `m`: "m.mention,m.key,…". The
 * story's size is looked up. */
void archive_mention_columns(struct buf *out);
enum { ARCHIVE_COLUMN_MENTION, ARCHIVE_COLUMN_KEY, ARCHIVE_COLUMN_FIELDS };

int archive_reading_new(struct archive_reading **ret, struct archive_db *db);
struct archive_reading *archive_reading_free(struct archive_reading *reading);
/* The current row of `row`, with its matches, in the arena. 0 or -errno. */
int archive_read_row(struct archive_reading *reading, struct hit *ret, struct arena *arena,
	struct archive_sql *row);
/* The mention of a key: 1 and *ret in the arena, 0 when there is none, -errno. */
int archive_read_key(struct archive_reading *reading, struct hit *ret, struct arena *arena,
	const struct item_key *key);

/* The story of the mention of a key: 1 and *ret, 0 when there is no such mention (or it is in no
 * story), -errno. */
int archive_read_place(struct archive_reading *reading, struct story_place *ret,
	const struct item_key *key);

#endif
