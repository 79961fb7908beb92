#include "line/archive_db.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vigie/buf.h"
#include "vigie/cleanup.h"

/* How long a lock of another program (a backup, somebody's sqlite3) is waited for in place
 * before it counts as trouble. */
enum { BUSY_TIMEOUT_MS = 2000 };
/* What a burst or a long reader made of the write-ahead log is given back after a checkpoint.
 */
#define WAL_LIMIT_BYTES "67108864"

struct archive_db {
	sqlite3 *handle;
	char *path;
	int code; /* SQLite's, of the last failure */
	int system_errno;
	dev_t device; /* the file, as it was opened */
	ino_t inode;
	bool moved;
};

struct archive_sql {
	struct archive_db *db;
	sqlite3_stmt *handle;
	int bind_code; /* first failure of a bind since the last reset */
};

/* SQLite's primary result codes as ours, with what a person can do about each. */
static const struct {
	int code;
	int error;
	const char *why;
} results[] = {
	{SQLITE_FULL, -ENOSPC, "the disk is full: make room"},
	{SQLITE_BUSY, -EBUSY, "another program holds a lock on it: end that program"},
	{SQLITE_LOCKED, -EBUSY, "another program holds a lock on it: end that program"},
	{SQLITE_READONLY, -EROFS,
		"it may not be written: check the owner and mode of the file and its folder"},
	{SQLITE_PERM, -EACCES,
		"no permission: check the owner and mode of the file and its folder"},
	{SQLITE_CANTOPEN, -EACCES,
		"it cannot be opened: check the owner and mode of the file and its folder"},
	{SQLITE_IOERR, -EIO, "input or output failed: check the disk"},
	{SQLITE_CORRUPT, -EBADMSG,
		"the file is damaged: restore a backup, or move it away to begin anew"},
	{SQLITE_NOTADB, -EMEDIUMTYPE, "it is no SQLite database: name another file"},
	{SQLITE_NOMEM, -ENOMEM, "out of memory"},
	{SQLITE_INTERRUPT, -EINTR, "interrupted"},
	{SQLITE_CONSTRAINT, -EEXIST, "a constraint of its schema does not hold"},
	{SQLITE_TOOBIG, -E2BIG, "a value is too big"},
};

static int fail(struct archive_db *db, int code)
{
	db->code = code;
	db->system_errno = sqlite3_system_errno(db->handle);
	for (size_t i = 0; i < sizeof(results) / sizeof(*results); i++)
		if (results[i].code == (code & 0xFF))
			return results[i].error;
	return -EINVAL;
}

struct span archive_db_why(struct archive_db *db, struct arena *arena)
{
	const int primary = db->code & 0xFF;

	if (db->moved)
		return arena_printf(arena,
			"%s: the file was moved or removed while vigie runs: put it back, or "
			"start "
			"vigie anew without it",
			db->path);
	for (size_t i = 0; i < sizeof(results) / sizeof(*results); i++) {
		if (results[i].code != primary)
			continue;
		if (primary == SQLITE_IOERR && db->system_errno)
			return arena_printf(arena, "%s: %s (%s)", db->path, results[i].why,
				strerror(db->system_errno));
		return arena_printf(arena, "%s: %s", db->path, results[i].why);
	}
	return arena_printf(arena, "%s: %s", db->path, sqlite3_errmsg(db->handle));
}

bool archive_db_broken(struct archive_db *db)
{
	if (db->moved)
		return true;
	switch (db->code & 0xFF) {
	case SQLITE_OK:
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_NOMEM:
	case SQLITE_INTERRUPT:
		return false;
	default:
		return true;
	}
}

struct question {
	bool (*ask)(struct span text);
};

static void on_question(sqlite3_context *context, int n, sqlite3_value **values)
{
	const struct question *q = sqlite3_user_data(context);
	const char *text = (const char *)sqlite3_value_text(values[0]);

	(void)n;
	if (text)
		sqlite3_result_int(
			context, q->ask(span_of(text, (size_t)sqlite3_value_bytes(values[0]))));
}

int archive_db_question(struct archive_db *db, const char *name, bool (*ask)(struct span text))
{
	struct question *q = malloc(sizeof(*q));

	if (!q)
		return -ENOMEM;
	q->ask = ask;
	/* SQLite frees q, also when this fails. */
	if (sqlite3_create_function_v2(db->handle, name, 1,
		    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, q, on_question,
		    NULL, NULL, free) != SQLITE_OK)
		return -ENOMEM;
	return 0;
}

void archive_db_interrupt(struct archive_db *db)
{
	sqlite3_interrupt(db->handle);
}

int archive_db_exec(struct archive_db *db, const char *sql)
{
	const int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : fail(db, code);
}

int archive_db_begin(struct archive_db *db, bool writes)
{
	struct stat st;

	/* With a write-ahead log SQLite itself would not notice before the next checkpoint. */
	db->moved =
		lstat(db->path, &st) < 0 || st.st_dev != db->device || st.st_ino != db->inode;
	if (db->moved)
		return -ESTALE;
	return archive_db_exec(db, writes ? "BEGIN IMMEDIATE" : "BEGIN");
}

void archive_db_rollback(struct archive_db *db)
{
	/* Keeps the code of what failed: that is what a person wants to hear. */
	if (!sqlite3_get_autocommit(db->handle))
		(void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

int64_t archive_db_last_rowid(struct archive_db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

int archive_db_changes(struct archive_db *db)
{
	return sqlite3_changes(db->handle);
}

/* --- Opening
 * ---------------------------------------------------------------------------------- */

static int make_folder(const char *folder)
{
	return mkdir(folder, 0700) == 0 || errno == EEXIST ? 0 : -errno;
}

/* The name of the file is durable only when its folder is. */
static int sync_folder(const char *folder)
{
	const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0 && errno != EINVAL)
		r = -errno;
	(void)close(fd);
	return r;
}

/* Sees to it that the path names a regular file of the very folder. The path is given back with
 * its folder's links resolved, for SQLite then is told to follow none. A file that is there is
 * not opened here: closing it would drop the locks of this process's other connections. */
static int prepare_file(struct archive_db *db, const char *path, bool create)
{
	CLEANUP(freep) char *for_folder = strdup(path), *for_name = strdup(path);
	CLEANUP(freep) char *folder = NULL, *full = NULL;
	const char *parent;
	struct stat st;
	int fd, r;

	if (!for_folder || !for_name)
		return -ENOMEM;
	parent = dirname(for_folder);
	if (create) {
		r = make_folder(parent);
		if (r < 0)
			return r;
	}
	folder = realpath(parent, NULL);
	if (!folder)
		return -errno;
	if (asprintf(&full, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder,
		    basename(for_name)) < 0)
		return -ENOMEM;
	if (create) {
		fd = open(full, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0) {
			(void)close(fd);
			r = sync_folder(folder);
			if (r < 0)
				return r;
		} else if (errno != EEXIST) {
			return -errno;
		}
	}
	if (lstat(full, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	if (!S_ISREG(st.st_mode))
		return -EMEDIUMTYPE;
	db->device = st.st_dev;
	db->inode = st.st_ino;
	db->path = TAKE(full);
	return 0;
}

static struct span file_why(
	const char *path, int error, const struct archive_schema *schema, struct arena *arena)
{
	switch (error) {
	case -ENOENT:
		return arena_printf(arena,
			"%s: there is no %s here yet: start vigie first, or name "
			"its state folder with --state",
			path, schema->name);
	case -ELOOP:
		return arena_printf(arena,
			"%s: it is a symbolic link, and none is followed here: put the file "
			"itself there",
			path);
	case -EMEDIUMTYPE:
		return arena_printf(arena, "%s: it is no file: name another", path);
	case -EACCES:
	case -EPERM:
		return arena_printf(arena,
			"%s: no permission: check the owner and mode of the file and its "
			"folder",
			path);
	default:
		return arena_printf(arena, "%s: %s", path, strerror(-error));
	}
}

/* A number that a PRAGMA gives. */
static int pragma_int(int *ret, struct archive_db *db, const char *sql)
{
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);

	if (code != SQLITE_OK)
		return fail(db, code);
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*ret = sqlite3_column_int(statement, 0);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW ? 0 : fail(db, code);
}

/* One migration, whole or not at all. */
static int migrate_one(struct archive_db *db, const struct archive_schema *schema, int from)
{
	char finish[128];
	int r, version = 0;

	r = archive_db_exec(db, "BEGIN IMMEDIATE");
	if (r == 0)
		r = pragma_int(&version, db, "PRAGMA user_version");
	if (r == 0 && version == from) {
		(void)snprintf(finish, sizeof(finish),
			"PRAGMA application_id=%d; PRAGMA user_version=%d",
			schema->application_id, from + 1);
		r = archive_db_exec(db, schema->migrations[from]);
		if (r == 0)
			r = archive_db_exec(db, finish);
	}
	if (r == 0)
		r = archive_db_exec(db, "COMMIT");
	if (r < 0)
		archive_db_rollback(db);
	return r;
}

/* Whose file is it, and of which version? */
static int check_kind(struct archive_db *db, enum archive_db_mode mode,
	const struct archive_schema *schema, struct arena *arena, struct span *ret_why)
{
	int application_id = 0, version = 0, tables = 0, r;

	r = pragma_int(&application_id, db, "PRAGMA application_id");
	if (r == 0)
		r = pragma_int(&version, db, "PRAGMA user_version");
	if (r == 0)
		r = pragma_int(&tables, db, "SELECT count(*) FROM sqlite_schema");
	if (r < 0) {
		*ret_why = archive_db_why(db, arena);
		return r;
	}
	if (application_id != schema->application_id && (application_id || version || tables)) {
		*ret_why = arena_printf(arena,
			"%s: it is a database of another program, not vigie's %s: name another "
			"file",
			db->path, schema->name);
		return -EMEDIUMTYPE;
	}
	if (version > schema->version) {
		*ret_why = arena_printf(arena,
			"%s: a newer vigie wrote this %s (version %d, this one knows %d): use "
			"that vigie, "
			"or restore the backup made before",
			db->path, schema->name, version, schema->version);
		return -EPROTO;
	}
	if (version < schema->version && mode == ARCHIVE_DB_READ) {
		*ret_why = arena_printf(arena,
			"%s: an older vigie wrote this %s (version %d, this one reads %d): "
			"start this "
			"vigie once with 'vigie run', which brings it up",
			db->path, schema->name, version, schema->version);
		return -EPROTO;
	}
	return version;
}

/* What changes nothing in the file. */
static int settle(struct archive_db *db)
{
	(void)sqlite3_extended_result_codes(db->handle, 1);
	(void)sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return archive_db_exec(db, "PRAGMA foreign_keys=ON;"
				   "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384");
}

static int settle_writing(struct archive_db *db, enum archive_db_sync sync)
{
	/* auto_vacuum only counts before the first table: later it lets retention give room
	 * back. */
	const int r =
		archive_db_exec(db, "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
				    "PRAGMA journal_size_limit=" WAL_LIMIT_BYTES);

	if (r < 0)
		return r;
	/* What may lose its last second is also the smaller file, written in the order of its
	 * coming and hardly ever read: pages of it fill memory to no end. */
	return archive_db_exec(
		db, sync == ARCHIVE_DB_SYNC_COMMIT
			    ? "PRAGMA synchronous=FULL"
			    : "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-2048");
}

/* Brings a file that is ours to where it should be. */
static int open_file(struct archive_db *db, enum archive_db_mode mode,
	enum archive_db_sync sync, const struct archive_schema *schema, struct arena *arena,
	struct span *ret_why)
{
	int r = settle(db), version;

	if (r < 0) {
		*ret_why = archive_db_why(db, arena);
		return r;
	}
	version = check_kind(db, mode, schema, arena, ret_why);
	if (version < 0 || mode == ARCHIVE_DB_READ)
		return version < 0 ? version : 0;
	r = settle_writing(db, sync);
	for (; r == 0 && version < schema->version; version++)
		r = migrate_one(db, schema, version);
	if (r < 0)
		*ret_why = archive_db_why(db, arena);
	return r;
}

int archive_db_open(struct archive_db **ret, const char *path, enum archive_db_mode mode,
	enum archive_db_sync sync, const struct archive_schema *schema, struct arena *arena,
	struct span *ret_why)
{
	const int flags =
		SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX |
		(mode == ARCHIVE_DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	struct archive_db *db = calloc(1, sizeof(*db));
	int code, r;

	*ret_why = SPAN("out of memory");
	if (!db)
		return -ENOMEM;
	r = prepare_file(db, path, mode == ARCHIVE_DB_WRITE);
	if (r < 0) {
		*ret_why = file_why(path, r, schema, arena);
		archive_db_close(db);
		return r;
	}
	code = sqlite3_open_v2(db->path, &db->handle, flags, NULL);
	if (code != SQLITE_OK) {
		r = fail(db, code);
		*ret_why = archive_db_why(db, arena);
	} else {
		r = open_file(db, mode, sync, schema, arena, ret_why);
	}
	if (r < 0) {
		archive_db_close(db);
		return r;
	}
	*ret_why = SPAN_NONE;
	*ret = db;
	return 0;
}

struct archive_db *archive_db_close(struct archive_db *db)
{
	if (!db)
		return NULL;
	(void)sqlite3_close(db->handle);
	free(db->path);
	free(db);
	return NULL;
}

/* --- Statements
 * ------------------------------------------------------------------------------- */

int archive_sql_new(struct archive_sql **ret, struct archive_db *db, const char *text)
{
	struct archive_sql *sql = calloc(1, sizeof(*sql));
	int code;

	if (!sql)
		return -ENOMEM;
	sql->db = db;
	code = sqlite3_prepare_v3(
		db->handle, text, -1, SQLITE_PREPARE_PERSISTENT, &sql->handle, NULL);
	if (code != SQLITE_OK) {
		free(sql);
		return fail(db, code);
	}
	*ret = sql;
	return 0;
}

struct archive_sql *archive_sql_free(struct archive_sql *sql)
{
	if (!sql)
		return NULL;
	(void)sqlite3_finalize(sql->handle);
	free(sql);
	return NULL;
}

static void bound(struct archive_sql *sql, int code)
{
	if (code != SQLITE_OK && sql->bind_code == SQLITE_OK)
		sql->bind_code = code;
}

void archive_bind_word(struct archive_sql *sql, int i, struct span text)
{
	bound(sql, sqlite3_bind_text64(sql->handle, i, text.p ? text.p : "", text.n,
			   SQLITE_STATIC, SQLITE_UTF8));
}

void archive_bind_text(struct archive_sql *sql, int i, struct span text)
{
	if (span_empty(text))
		archive_bind_null(sql, i);
	else
		archive_bind_word(sql, i, text);
}

void archive_bind_blob(struct archive_sql *sql, int i, struct span bytes)
{
	bound(sql, sqlite3_bind_blob64(
			   sql->handle, i, bytes.p ? bytes.p : "", bytes.n, SQLITE_STATIC));
}

void archive_bind_int(struct archive_sql *sql, int i, int64_t value)
{
	bound(sql, sqlite3_bind_int64(sql->handle, i, value));
}

void archive_bind_number(struct archive_sql *sql, int i, double value)
{
	/* SQLite keeps a NAN as NULL. */
	bound(sql, sqlite3_bind_double(sql->handle, i, value));
}

void archive_bind_null(struct archive_sql *sql, int i)
{
	bound(sql, sqlite3_bind_null(sql->handle, i));
}

int archive_sql_step(struct archive_sql *sql)
{
	const int code =
		sql->bind_code != SQLITE_OK ? sql->bind_code : sqlite3_step(sql->handle);

	if (code == SQLITE_ROW)
		return ARCHIVE_ROW;
	return code == SQLITE_DONE ? 0 : fail(sql->db, code);
}

void archive_sql_reset(struct archive_sql *sql)
{
	(void)sqlite3_reset(sql->handle);
	(void)sqlite3_clear_bindings(sql->handle);
	sql->bind_code = SQLITE_OK;
}

int archive_sql_run(struct archive_sql *sql)
{
	int r;

	do
		r = archive_sql_step(sql);
	while (r == ARCHIVE_ROW);
	archive_sql_reset(sql);
	return r;
}

bool archive_column_null(struct archive_sql *sql, int i)
{
	return sqlite3_column_type(sql->handle, i) == SQLITE_NULL;
}

int64_t archive_column_int(struct archive_sql *sql, int i)
{
	return sqlite3_column_int64(sql->handle, i);
}

double archive_column_number(struct archive_sql *sql, int i)
{
	return archive_column_null(sql, i) ? (double)NAN
					   : sqlite3_column_double(sql->handle, i);
}

struct span archive_column_span(struct archive_sql *sql, int i)
{
	const void *p = sqlite3_column_blob(sql->handle, i);

	return p ? span_of(p, (size_t)sqlite3_column_bytes(sql->handle, i)) : SPAN_NONE;
}

int archive_column_dup(struct span *ret, struct arena *arena, struct archive_sql *sql, int i)
{
	const struct span s = archive_column_span(sql, i);
	const struct span copy = span_empty(s) ? SPAN_NONE : arena_dup(arena, s);

	if (!span_empty(s) && !copy.p)
		return -ENOMEM;
	*ret = copy;
	return 0;
}
