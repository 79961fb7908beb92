#ifndef VIGIE_LINE_ARCHIVE_DB_H
#define VIGIE_LINE_ARCHIVE_DB_H

/*
 * archive_db: SQLite's doorkeeper: one connection to one file, its schema, and statements. It
 * knows no table. A connection and its statements belong to one thread at a time
 * (archive_db_interrupt() excepted). Functions return 0, a positive value where they say so, or
 * -errno: -ENOSPC disk full, -EBUSY locked by another program, -EROFS not writable, -EINTR
 * interrupted, -EEXIST a constraint, -EBADMSG damaged, -EIO; archive_db_why() then says it for
 * people.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vigie/arena.h"
#include "vigie/span.h"

struct archive_db;
struct archive_sql;

/* What a file of this kind looks like. migrations[i] leads from version i to i + 1. */
struct archive_schema {
	const char *name;       /* of the kind, for people: "archive" */
	int32_t application_id; /* SQLite's header field: tells our files from others */
	const char *const *migrations;
	int version; /* number of migrations */
};

enum archive_db_mode {
	ARCHIVE_DB_READ,    /* an existing file of this very version */
	ARCHIVE_DB_WRITE,   /* created (0600, its folder 0700) and migrated forward as needed */
	ARCHIVE_DB_EXISTING /* as WRITE, but never created */
};

enum archive_db_sync {
	/* What is committed survives a power loss: an fsync of the write-ahead log a commit. */
	ARCHIVE_DB_SYNC_COMMIT,
	/* Survives a crash of vigie; a power loss may take the last commits, never the file. */
	ARCHIVE_DB_SYNC_CHECKPOINT,
};

/* The file itself must be no symbolic link. *ret_why (for people, with a remedy) is in the
 * arena. -EPROTO: of a newer version, or (reading) of an older one; -EMEDIUMTYPE: no file of
 * this kind. */
int archive_db_open(struct archive_db **ret, const char *path, enum archive_db_mode mode,
	enum archive_db_sync sync, const struct archive_schema *schema, struct arena *arena,
	struct span *ret_why);
/* All statements are freed before. */
struct archive_db *archive_db_close(struct archive_db *db);

/* Why the last call failed, with a remedy; in the arena. */
struct span archive_db_why(struct archive_db *db, struct arena *arena);
/* The connection is of no use any more and should be opened anew. */
bool archive_db_broken(struct archive_db *db);
/* Begins a transaction. -ESTALE: the file is not where it was opened: what is written would be
 * lost with it. */
int archive_db_begin(struct archive_db *db, bool writes);
/* Ends what runs on the connection with -EINTR; from any thread. */
void archive_db_interrupt(struct archive_db *db);
int archive_db_exec(struct archive_db *db, const char *sql);
void archive_db_rollback(struct archive_db *db); /* if there is a transaction */
int64_t archive_db_last_rowid(struct archive_db *db);
int archive_db_changes(struct archive_db *db); /* rows the last statement changed */

/* A question of one text, for use in statements as NAME(text): true, false, or NULL for NULL. */
int archive_db_question(struct archive_db *db, const char *name, bool (*ask)(struct span text));

/* --- Statements: bind from 1, step, read columns from 0, reset
 * -------------------------------- */

int archive_sql_new(struct archive_sql **ret, struct archive_db *db, const char *text);
struct archive_sql *archive_sql_free(struct archive_sql *sql);

/* Binding: the bytes must live until the next reset. A failure shows at the next step. */
void archive_bind_text(struct archive_sql *sql, int i, struct span text); /* empty: NULL */
void archive_bind_word(struct archive_sql *sql, int i, struct span text); /* empty: empty */
void archive_bind_blob(struct archive_sql *sql, int i, struct span bytes);
void archive_bind_int(struct archive_sql *sql, int i, int64_t value);
void archive_bind_number(struct archive_sql *sql, int i, double value); /* NAN: NULL */
void archive_bind_null(struct archive_sql *sql, int i);

enum { ARCHIVE_ROW = 1 };
int archive_sql_step(struct archive_sql *sql); /* ARCHIVE_ROW, 0 at the end, -errno */
/* Ends the statement and forgets its bindings, ready for the next use. */
void archive_sql_reset(struct archive_sql *sql);
int archive_sql_run(struct archive_sql *sql); /* steps to the end and resets: 0 or -errno */

bool archive_column_null(struct archive_sql *sql, int i);
int64_t archive_column_int(struct archive_sql *sql, int i);
double archive_column_number(struct archive_sql *sql, int i); /* NULL: NAN */
/* Text or blob; lives until the next step or reset. */
struct span archive_column_span(struct archive_sql *sql, int i);
/* The same, copied: 0 or -ENOMEM. */
int archive_column_dup(struct span *ret, struct arena *arena, struct archive_sql *sql, int i);

#endif
