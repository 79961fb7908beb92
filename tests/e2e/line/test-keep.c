/*
 * keep: what is lost, or cannot be read, is acknowledged only when the archive has it in
 * writing.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <sqlite3.h>

#include "line/archive.h"
#include "line/keep.h"
#include "queue-stand.h"

static int64_t number_of(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *row;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	n = sqlite3_column_int64(row, 0);
	assert_int_equal(sqlite3_finalize(row), SQLITE_OK);
	return n;
}

/* Entries the group has not acknowledged, in the partition of the test's source. */
static int64_t pending(struct stand *s, unsigned partition)
{
	char command[200];

	(void)snprintf(command, sizeof(command),
		"EVAL return(redis.call('XPENDING','t:{p%02u}:hits','archive')[1]) 0",
		partition);
	stand_redis(s, command);
	return s->number;
}

static void test_a_loss_is_acknowledged_when_it_is_written_down(void **state)
{
	struct stand *s = *state;
	struct arena arena = {0};
	struct archive *archive;
	struct keep *keep;
	struct span why;
	char command[200], path[100];
	unsigned partition;
	sqlite3 *db;

	/* Two hits that were taken and not acknowledged, one of which vanishes, and no hit. */
	stand_open(s);
	stand_open_group(s, "archive", 0);
	stand_take(s, stand_batch(s, "a", "e", "news", 0, 2, 1));
	UNTIL(s, s->n_entries == 2);
	partition = s->entries[0].partition;
	stand_close(s);
	(void)snprintf(command, sizeof(command), "XDEL t:{p%02u}:hits %s", partition,
		s->entries[0].id);
	stand_redis(s, command);
	(void)snprintf(command, sizeof(command),
		"XADD t:{p%02u}:hits * v 1 k 00000000000000000000000000000000 b gibberish",
		partition);
	stand_redis(s, command);

	(void)snprintf(path, sizeof(path), "%s/archive.sqlite", s->folder);
	assert_int_equal(archive_new(&archive, s->loop, &(struct archive_options){.path = path},
				 &arena, &why),
		0);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	stand_open(s);
	assert_int_equal(
		keep_new(&keep, s->loop, s->queue, archive, &(struct keep_options){0}), 0);
	UNTIL(s, !keep_idle(keep));
	stand_idle(s, 400);
	assert_int_equal(keep_stats(keep)->lost, 0);
	assert_int_equal(pending(s, partition), 3);

	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	UNTIL(s, keep_stats(keep)->lost == 1 && keep_stats(keep)->kept == 1 &&
			 keep_stats(keep)->unreadable == 1);
	UNTIL(s, queue_idle(s->queue));
	assert_int_equal(pending(s, partition), 0);
	assert_int_equal(number_of(db, "SELECT count(*) FROM losses"), 2);
	assert_int_equal(
		number_of(
			db, "SELECT count(*) FROM losses WHERE bytes = x'676962626572697368'"),
		1);
	assert_int_equal(number_of(db, "SELECT count(*) FROM mentions"), 1);
	(void)sqlite3_close(db);
	archive_free(archive);
	keep_free(keep);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_loss_is_acknowledged_when_it_is_written_down, stand_set_up,
			stand_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
