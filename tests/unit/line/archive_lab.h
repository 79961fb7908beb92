#ifndef ARCHIVE_LAB_H
#define ARCHIVE_LAB_H

/*
 * archive_lab: an archive in a folder of its own, and a loop that runs until what was asked for
 * has come. Included behind cmocka.h.
 */

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/loop.h"
#include "line/archive.h"
#include "line/codec_hit.h"

enum { LAB_PATIENCE_MS = 30000 };

struct lab {
	char folder[64];
	char path[128];
	struct loop *loop;
	struct timer *patience;
	struct archive *archive;
	struct arena arena;
	struct span why;
	int troubles, healed;
	char trouble[512];
	int done;     /* callbacks that came */
	int until;    /* run the loop until that many came, … */
	int *counter; /* … of these */
};

static inline void lab_impatient(void *arg)
{
	(void)arg;
	fail_msg("what was waited for did not come");
}

static inline void lab_check(struct lab *lab)
{
	if (lab->counter && *lab->counter >= lab->until)
		loop_stop(lab->loop);
}

static inline void lab_wait(struct lab *lab, int *counter, int until)
{
	lab->counter = counter;
	lab->until = until;
	if (*counter < until) {
		assert_int_equal(timer_set(lab->patience, LAB_PATIENCE_MS), 0);
		assert_int_equal(loop_run(lab->loop), 0);
		timer_clear(lab->patience);
	}
	lab->counter = NULL;
}

struct lab_look {
	struct lab *lab;
	struct timer *timer;
	uint64_t errors;
};

static inline void lab_look(void *arg)
{
	struct lab_look *look = arg;

	if (archive_stats(look->lab->archive)->errors >= look->errors)
		loop_stop(look->lab->loop);
	else
		assert_int_equal(timer_set(look->timer, 10), 0);
}

/* Until so many attempts have failed. */
static inline void lab_wait_errors(struct lab *lab, uint64_t errors)
{
	struct lab_look look = {lab, NULL, errors};

	assert_int_equal(timer_new(&look.timer, lab->loop, lab_look, &look), 0);
	assert_int_equal(timer_set(look.timer, 0), 0);
	assert_int_equal(timer_set(lab->patience, LAB_PATIENCE_MS), 0);
	assert_int_equal(loop_run(lab->loop), 0);
	timer_clear(lab->patience);
	timer_free(look.timer);
}

static inline void lab_trouble(void *arg, struct span why)
{
	struct lab *lab = arg;

	if (span_empty(why)) {
		lab->healed++;
	} else {
		lab->troubles++;
		(void)snprintf(lab->trouble, sizeof(lab->trouble), "%.*s", SPAN_ARG(why));
	}
	lab_check(lab);
}

static inline int lab_open(struct lab *lab)
{
	return archive_new(&lab->archive, lab->loop,
		&(struct archive_options){
			.path = lab->path, .trouble = lab_trouble, .arg = lab},
		&lab->arena, &lab->why);
}

static inline void lab_close(struct lab *lab)
{
	lab->archive = archive_free(lab->archive);
}

/* Everything but the archive. */
static inline struct lab *lab_new_closed(void)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	(void)snprintf(lab->folder, sizeof(lab->folder), "/tmp/vigie-archive-XXXXXX");
	assert_non_null(mkdtemp(lab->folder));
	(void)snprintf(lab->path, sizeof(lab->path), "%s/state/%s", lab->folder, ARCHIVE_FILE);
	assert_int_equal(loop_new(&lab->loop), 0);
	assert_int_equal(timer_new(&lab->patience, lab->loop, lab_impatient, lab), 0);
	return lab;
}

static inline struct lab *lab_new(void)
{
	struct lab *lab = lab_new_closed();

	if (lab_open(lab) < 0)
		fail_msg("%.*s", SPAN_ARG(lab->why));
	return lab;
}

static inline int lab_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static inline void lab_free(struct lab *lab)
{
	lab_close(lab);
	timer_free(lab->patience);
	loop_free(lab->loop);
	arena_release(&lab->arena);
	(void)nftw(lab->folder, lab_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(lab);
}

static inline void lab_done(void *arg)
{
	struct lab *lab = arg;

	lab->done++;
	lab_check(lab);
}

/* Hands hits in, without waiting. */
static inline void lab_put_start(struct lab *lab, const struct hit *hits, size_t n)
{
	struct span *bytes = calloc(n, sizeof(*bytes));
	struct buf *bufs = calloc(n, sizeof(*bufs));

	assert_true(bytes && bufs);
	for (size_t i = 0; i < n; i++) {
		hit_encode(&bufs[i], &hits[i]);
		assert_int_equal(buf_result(&bufs[i]), 0);
		bytes[i] = buf_span(&bufs[i]);
	}
	archive_put(lab->archive, bytes, n, lab_done, lab);
	for (size_t i = 0; i < n; i++)
		buf_deinit(&bufs[i]);
	free(bufs);
	free(bytes);
}

static inline void lab_put(struct lab *lab, const struct hit *hits, size_t n)
{
	const int before = lab->done;

	lab_put_start(lab, hits, n);
	lab_wait(lab, &lab->done, before + 1);
}

/* What any SQLite tool would see: the first column of the first row, as text. */
static inline void lab_assert_sql(struct lab *lab, const char *sql, const char *expected)
{
	sqlite3_stmt *statement;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(lab->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);

		assert_string_equal(text ? text : "NULL", expected);
	} else {
		assert_string_equal("no row", expected);
	}
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(db);
}

static inline void lab_sql(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

static inline struct item_key lab_key(unsigned number)
{
	struct item_key key = {{0}};

	key.b[0] = (unsigned char)(number >> 24);
	key.b[1] = (unsigned char)(number >> 16);
	key.b[2] = (unsigned char)(number >> 8);
	key.b[3] = (unsigned char)number;
	return key;
}

static inline struct hit lab_hit(unsigned number, const char *title, const char *text)
{
	struct hit hit = {
		.key = lab_key(number),
		.content_hash = number,
		.fetched = {1767225600000 + number},
		.source = SPAN("gazette"),
		.source_kind = SPAN("feed"),
		.item = item_empty(),
		.score = 0,
	};

	hit.item.title = span_str(title);
	hit.item.text = span_str(text);
	return hit;
}

#endif
