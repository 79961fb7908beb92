/*
 * The manual of archive_db.h: whose file is opened, how it is brought forward, and what is
 * refused with which remedy.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>

#include "archive_lab.h"
#include "line/archive_db.h"
#include "line/archive_schema.h"

static int set_up(void **state)
{
	*state = lab_new_closed();
	return 0;
}

static int tear_down(void **state)
{
	lab_free(*state);
	return 0;
}

static int mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return (int)(st.st_mode & 07777);
}

static void assert_refused(struct lab *lab, int error, const char *why)
{
	assert_int_equal(lab_open(lab), error);
	assert_null(lab->archive);
	if (!strstr(lab->why.p, why) || !strstr(lab->why.p, lab->folder))
		fail_msg("it says \"%s\", and nothing of \"%s\"", lab->why.p, why);
}

static void make_folder(struct lab *lab)
{
	char folder[128];

	(void)snprintf(folder, sizeof(folder), "%s/state", lab->folder);
	assert_int_equal(mkdir(folder, 0700), 0);
}

static void only_the_owner_may_look(void **state)
{
	struct lab *lab = *state;
	const struct hit hit = lab_hit(1, "private", NULL);
	char path[160];

	(void)umask(0);
	assert_int_equal(lab_open(lab), 0);
	lab_put(lab, &hit, 1);
	(void)umask(022);
	(void)snprintf(path, sizeof(path), "%s/state", lab->folder);
	assert_int_equal(mode_of(path), 0700);
	assert_int_equal(mode_of(lab->path), 0600);
	(void)snprintf(path, sizeof(path), "%s-wal", lab->path);
	assert_int_equal(mode_of(path), 0600);
	(void)snprintf(path, sizeof(path), "%s-shm", lab->path);
	assert_int_equal(mode_of(path), 0600);
}

static void commits_are_fsynced_into_a_log(void **state)
{
	struct lab *lab = *state;

	assert_int_equal(lab_open(lab), 0);
	lab_assert_sql(lab, "PRAGMA journal_mode", "wal");
	lab_assert_sql(lab, "PRAGMA application_id", "1986619185");
	lab_assert_sql(lab, "PRAGMA auto_vacuum", "2");
}

static void a_link_is_not_followed(void **state)
{
	struct lab *lab = *state;
	char target[160];

	make_folder(lab);
	(void)snprintf(target, sizeof(target), "%s/elsewhere", lab->folder);
	assert_int_equal(symlink(target, lab->path), 0);
	assert_refused(lab, -ELOOP, "symbolic link");
	assert_int_equal(access(target, F_OK), -1);
}

/* But the way to the folder may lead over one: /var/lib often does. */
static void a_folder_behind_a_link_is_fine(void **state)
{
	struct lab *lab = *state;
	char folder[160], real_folder[160];

	(void)snprintf(folder, sizeof(folder), "%s/state", lab->folder);
	(void)snprintf(real_folder, sizeof(real_folder), "%s/real", lab->folder);
	assert_int_equal(mkdir(real_folder, 0700), 0);
	assert_int_equal(symlink(real_folder, folder), 0);
	assert_int_equal(lab_open(lab), 0);
}

static void what_is_not_ours_is_left_alone(void **state)
{
	struct lab *lab = *state;
	FILE *f;

	make_folder(lab);
	lab_sql(lab->path, "CREATE TABLE bookmarks (url)");
	assert_refused(lab, -EMEDIUMTYPE, "another program");
	lab_assert_sql(lab, "PRAGMA journal_mode", "delete");
	assert_int_equal(unlink(lab->path), 0);

	f = fopen(lab->path, "w");
	assert_non_null(f);
	(void)fputs("Dear diary, this is no database, and long enough to be none.", f);
	(void)fclose(f);
	assert_refused(lab, -EMEDIUMTYPE, "no SQLite database");
	assert_int_equal(unlink(lab->path), 0);

	assert_int_equal(mkdir(lab->path, 0700), 0);
	assert_refused(lab, -EMEDIUMTYPE, "no file");
}

static void a_newer_version_is_refused(void **state)
{
	struct lab *lab = *state;

	assert_int_equal(lab_open(lab), 0);
	lab_close(lab);
	lab_sql(lab->path, "PRAGMA user_version = 99");
	assert_refused(lab, -EPROTO, "newer vigie");
	lab_assert_sql(lab, "PRAGMA user_version", "99");
}

static void a_missing_or_damaged_file_is_said(void **state)
{
	struct archive_reader *reader;
	struct lab *lab = *state;
	struct span why;

	assert_int_equal(archive_reader_new(&reader, lab->path, &lab->arena, &why), -ENOENT);
	make_folder(lab);
	assert_int_equal(archive_reader_new(&reader, lab->path, &lab->arena, &why), -ENOENT);
	assert_non_null(strstr(why.p, "no archive here yet"));
	assert_int_equal(access(lab->path, F_OK), -1);
}

/* --- Migrations ------------------------------------------------------------------------------
 */

static const char *const steps[] = {
	"CREATE TABLE t (a); INSERT INTO t VALUES ('one')",
	"ALTER TABLE t ADD COLUMN b; UPDATE t SET b = a || ' two'",
	"CREATE TABLE u (c); INSERT INTO u SELECT b || ' three' FROM t",
};
static const char *const broken_steps[] = {
	"CREATE TABLE t (a); INSERT INTO t VALUES ('one')",
	"ALTER TABLE t ADD COLUMN b; UPDATE t SET b = a; INSERT INTO nowhere VALUES (1)",
};

static int open_as(
	struct lab *lab, enum archive_db_mode mode, const char *const *migrations, int version)
{
	const struct archive_schema schema = {"kind", 7, migrations, version};
	struct archive_db *db = NULL;
	const int r = archive_db_open(
		&db, lab->path, mode, ARCHIVE_DB_SYNC_COMMIT, &schema, &lab->arena, &lab->why);

	archive_db_close(db);
	return r;
}

static void each_version_leads_forward(void **state)
{
	struct lab *lab = *state;

	assert_int_equal(open_as(lab, ARCHIVE_DB_WRITE, steps, 1), 0);
	lab_assert_sql(lab, "PRAGMA user_version", "1");
	assert_int_equal(open_as(lab, ARCHIVE_DB_READ, steps, 2), -EPROTO);
	assert_non_null(strstr(lab->why.p, "older vigie"));
	assert_int_equal(open_as(lab, ARCHIVE_DB_EXISTING, steps, 3), 0);
	lab_assert_sql(lab, "PRAGMA user_version", "3");
	lab_assert_sql(lab, "SELECT c FROM u", "one two three");
	assert_int_equal(open_as(lab, ARCHIVE_DB_WRITE, steps, 3), 0);
	lab_assert_sql(lab, "SELECT count(*) FROM u", "1");
	assert_int_equal(open_as(lab, ARCHIVE_DB_READ, steps, 3), 0);
	assert_int_equal(open_as(lab, ARCHIVE_DB_WRITE, steps, 2), -EPROTO);
}

static void a_step_happens_whole_or_not_at_all(void **state)
{
	struct lab *lab = *state;

	assert_true(open_as(lab, ARCHIVE_DB_WRITE, broken_steps, 2) < 0);
	lab_assert_sql(lab, "PRAGMA user_version", "1");
	lab_assert_sql(lab, "SELECT group_concat(name) FROM pragma_table_info('t')", "a");
	assert_int_equal(open_as(lab, ARCHIVE_DB_WRITE, steps, 3), 0);
	lab_assert_sql(lab, "SELECT c FROM u", "one two three");
}

/* What version 1 wrote, as it was: every later vigie reads it. */
static const char version_1[] =
	"PRAGMA journal_mode=WAL;"
	"CREATE TABLE mentions (mention INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,"
	" at INTEGER NOT NULL, first_seen INTEGER NOT NULL, revision INTEGER NOT NULL,"
	" content_hash INTEGER NOT NULL, silent INTEGER NOT NULL, fetched INTEGER, source TEXT,"
	" source_kind TEXT, source_tags TEXT, id TEXT, id_is_own INTEGER NOT NULL,"
	" kind TEXT NOT NULL, url TEXT, title TEXT, text TEXT, author_name TEXT,"
	" author_handle TEXT, author_url TEXT, followers NUMERIC, published INTEGER,"
	" updated INTEGER, lang TEXT, tags TEXT, parent TEXT, likes NUMERIC, shares NUMERIC,"
	" replies NUMERIC, views NUMERIC, rating NUMERIC, stated_engagement NUMERIC,"
	" stated_score NUMERIC, stated_reach NUMERIC, media TEXT, place_name TEXT,"
	" place_country TEXT, lat NUMERIC, lon NUMERIC, feed_title TEXT, feed_url TEXT,"
	" feed_lang TEXT, score NUMERIC);"
	"CREATE INDEX mentions_at ON mentions (at);"
	"CREATE INDEX mentions_source ON mentions (source COLLATE NOCASE, at);"
	"CREATE TABLE matches (mention INTEGER NOT NULL REFERENCES mentions ON DELETE CASCADE,"
	" rule TEXT NOT NULL, version TEXT, kind TEXT, brand TEXT, tags TEXT,"
	" weight NUMERIC NOT NULL, spans TEXT NOT NULL, revision INTEGER NOT NULL,"
	" position INTEGER NOT NULL, PRIMARY KEY (mention, rule)) WITHOUT ROWID;"
	"CREATE INDEX matches_rule ON matches (rule, mention);"
	"CREATE INDEX matches_brand ON matches (brand COLLATE NOCASE, mention);"
	"CREATE VIRTUAL TABLE mentions_words USING fts5(title, text, author_name, "
	"author_handle,"
	" content='mentions', content_rowid='mention', tokenize='unicode61 remove_diacritics "
	"2');"
	"CREATE TRIGGER mentions_inserted AFTER INSERT ON mentions BEGIN"
	" INSERT INTO mentions_words (rowid, title, text, author_name, author_handle)"
	" VALUES (new.mention, new.title, new.text, new.author_name, new.author_handle); END;"
	"CREATE TABLE outcomes (key BLOB NOT NULL, receiver TEXT NOT NULL, outcome TEXT NOT "
	"NULL,"
	" delivery TEXT, at INTEGER, PRIMARY KEY (key, receiver)) WITHOUT ROWID;"
	"CREATE TABLE losses (loss INTEGER PRIMARY KEY, entry TEXT NOT NULL UNIQUE,"
	" why TEXT NOT NULL, at INTEGER, bytes BLOB);"
	"CREATE TABLE audit (entry INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT "
	"NULL,"
	" action TEXT NOT NULL, subject TEXT, detail TEXT);"
	"INSERT INTO mentions (key, at, first_seen, revision, content_hash, silent, fetched,"
	" source, source_tags, id_is_own, kind, title, text, likes, tags, score)"
	" VALUES (x'00000007000000000000000000000000', 5, 6, 1, -1, 0, 6, 'gazette', "
	"'[\"press\"]',"
	" 1, 'article', 'Old news', 'Acme was here', 3, '[\"x\",\"y\"]', 2.5);"
	"INSERT INTO matches VALUES (1, 'acme', 'v', 'brand', 'Acme', NULL, 2.5, '[[1,0,4]]', "
	"1, 0);"
	"PRAGMA application_id = 1986619185;"
	"PRAGMA user_version = 1;";

struct seen {
	struct lab *lab;
	int n;
};

static bool on_old(void *arg, const struct hit *hit)
{
	const struct item_key key = lab_key(7);
	struct seen *seen = arg;

	seen->n++;
	assert_memory_equal(&hit->key, &key, sizeof(key));
	assert_true(hit->content_hash == UINT64_MAX);
	assert_true(span_eq_str(hit->item.title, "Old news"));
	assert_true(hit->item.numbers.likes == 3);
	assert_int_equal(hit->item.kind, ITEM_ARTICLE);
	assert_int_equal(hit->item.n_tags, 2);
	assert_int_equal(hit->n_matches, 1);
	assert_int_equal(hit->matches[0].n_spans, 1);
	assert_int_equal(hit->matches[0].spans[0].end, 4);
	return true;
}

static void version_1_is_still_read_and_written(void **state)
{
	struct lab *lab = *state;
	const struct archive_filter filter = {
		.words = SPAN("acme"), .since = WALL_NONE, .until = WALL_NONE};
	const struct hit hit = lab_hit(8, "New news", "Nothing of them");
	struct seen seen = {lab, 0};
	struct archive_reader *reader;
	char version[16];

	make_folder(lab);
	lab_sql(lab->path, version_1);
	assert_int_equal(lab_open(lab), 0);
	lab_put(lab, &hit, 1);
	(void)snprintf(version, sizeof(version), "%d", archive_schema.version);
	lab_assert_sql(lab, "PRAGMA user_version", version);
	assert_int_equal(archive_reader_new(&reader, lab->path, &lab->arena, &lab->why), 0);
	assert_int_equal(
		archive_search(reader, &filter, on_old, &seen, &lab->arena, &lab->why), 0);
	assert_int_equal(seen.n, 1);
	archive_reader_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define LAB_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		LAB_TEST(only_the_owner_may_look),
		LAB_TEST(commits_are_fsynced_into_a_log),
		LAB_TEST(a_link_is_not_followed),
		LAB_TEST(a_folder_behind_a_link_is_fine),
		LAB_TEST(what_is_not_ours_is_left_alone),
		LAB_TEST(a_newer_version_is_refused),
		LAB_TEST(a_missing_or_damaged_file_is_said),
		LAB_TEST(each_version_leads_forward),
		LAB_TEST(a_step_happens_whole_or_not_at_all),
		LAB_TEST(version_1_is_still_read_and_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
