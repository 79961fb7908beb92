/*
 * The manual of archive_passed_over.h: kept for a while, capped in bytes, the oldest goes
 * first, and how far back it reaches is known.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "archive_lab.h"
#include "line/archive_passed_over.h"

struct shelf {
	struct lab *lab; /* without an archive; its path is the store's */
	struct archive_passed_over *store;
	struct timer *timer;
	uint64_t until;
};

static int open_shelf(struct shelf *s, size_t limit)
{
	return archive_passed_over_new(&s->store, s->lab->loop,
		&(struct archive_passed_over_options){.path = s->lab->path,
			.limit_bytes = limit,
			.trouble = lab_trouble,
			.arg = s->lab},
		&s->lab->arena, &s->lab->why);
}

static void look(void *arg)
{
	struct shelf *s = arg;
	const struct archive_passed_over_stats *stats = archive_passed_over_stats(s->store);

	if (stats->put + stats->dropped >= s->until)
		loop_stop(s->lab->loop);
	else
		assert_int_equal(timer_set(s->timer, 5), 0);
}

/* Until so many items are through, kept or not. */
static void wait_for(struct shelf *s, uint64_t items)
{
	s->until = items;
	assert_int_equal(timer_set(s->timer, 0), 0);
	assert_int_equal(timer_set(s->lab->patience, LAB_PATIENCE_MS), 0);
	assert_int_equal(loop_run(s->lab->loop), 0);
	timer_clear(s->lab->patience);
}

static int set_up(void **state)
{
	struct shelf *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->lab = lab_new_closed();
	assert_int_equal(timer_new(&s->timer, s->lab->loop, look, s), 0);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct shelf *s = *state;

	archive_passed_over_free(s->store);
	timer_free(s->timer);
	lab_free(s->lab);
	free(s);
	return 0;
}

static void what_is_put_is_there_once(void **state)
{
	struct shelf *s = *state;
	struct hit hits[] = {lab_hit(1, "one", NULL), lab_hit(2, "two", NULL)};
	struct archive_passed_over_stats reach;

	assert_int_equal(open_shelf(s, 0), 0);
	assert_false(wall_known(archive_passed_over_stats(s->store)->since));
	hits[0].item.url = SPAN("https://news.example/1");
	archive_passed_over_put(s->store, hits, 2);
	archive_passed_over_put(s->store, hits, 2);
	hits[1].item.title = SPAN("two, corrected");
	hits[1].content_hash++;
	hits[1].fetched.ms += 1000;
	archive_passed_over_put(s->store, hits, 2);
	wait_for(s, 6);
	assert_int_equal(archive_passed_over_stats(s->store)->put, 6);
	assert_int_equal(archive_passed_over_stats(s->store)->dropped, 0);
	assert_true(archive_passed_over_stats(s->store)->since.ms == hits[0].fetched.ms);
	lab_assert_sql(s->lab, "SELECT count(*) FROM passed_over", "2");
	lab_assert_sql(s->lab,
		"SELECT json_extract(item, '$.title') FROM passed_over WHERE entry = 2",
		"two, corrected");
	lab_assert_sql(s->lab,
		"SELECT source FROM passed_over WHERE url = 'https://news.example/1'",
		"gazette");
	assert_int_equal(
		archive_passed_over_reach(&reach, s->lab->path, &s->lab->arena, &s->lab->why),
		0);
	assert_true(reach.since.ms == hits[0].fetched.ms);
	assert_true(reach.bytes > 0);
}

/* 4,000 items of some 1,100 bytes into 1 MiB. */
static void the_oldest_goes_first(void **state)
{
	enum { LIMIT = 1 << 20, ITEMS = 4000 };
	struct shelf *s = *state;
	const struct archive_passed_over_stats *stats;
	char text[1001];
	struct stat st;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(open_shelf(s, LIMIT), 0);
	for (unsigned i = 0; i < ITEMS; i++) {
		const struct hit hit = lab_hit(i, "long", text);

		archive_passed_over_put(s->store, &hit, 1);
	}
	wait_for(s, ITEMS);
	stats = archive_passed_over_stats(s->store);
	assert_int_equal(stats->put, ITEMS);
	assert_in_range(stats->bytes, LIMIT / 2, LIMIT);
	/* The last one is there, the first is not, and what is told is true. */
	lab_assert_sql(
		s->lab, "SELECT count(*) FROM passed_over WHERE fetched = 1767225603999", "1");
	lab_assert_sql(
		s->lab, "SELECT count(*) FROM passed_over WHERE fetched = 1767225600000", "0");
	assert_true(stats->since.ms > 1767225600000 + ITEMS / 2);
	{
		char expected[32];

		(void)snprintf(expected, sizeof(expected), "%lld", (long long)stats->since.ms);
		lab_assert_sql(s->lab, "SELECT min(fetched) FROM passed_over", expected);
	}

	/* A lower limit makes the file itself smaller. */
	s->store = archive_passed_over_free(s->store);
	assert_int_equal(open_shelf(s, LIMIT / 4), 0);
	s->store = archive_passed_over_free(s->store);
	assert_int_equal(stat(s->lab->path, &st), 0);
	assert_true(st.st_size <= LIMIT / 4);
	lab_assert_sql(
		s->lab, "SELECT count(*) FROM passed_over WHERE fetched = 1767225603999", "1");
}

static void what_is_too_big_or_too_much_is_dropped_and_counted(void **state)
{
	struct shelf *s = *state;
	char *text = malloc(ARCHIVE_PASSED_OVER_ITEM_MAX + 1);
	struct hit hits[2];
	const unsigned flood = 2 * ARCHIVE_PASSED_OVER_WAITING_MAX / 200000;

	assert_non_null(text);
	memset(text, 'x', ARCHIVE_PASSED_OVER_ITEM_MAX);
	text[ARCHIVE_PASSED_OVER_ITEM_MAX] = '\0';
	assert_int_equal(open_shelf(s, 0), 0);
	hits[0] = lab_hit(1, "huge", text);
	hits[1] = lab_hit(2, "small", NULL);
	archive_passed_over_put(s->store, hits, 2);
	archive_passed_over_put(s->store, hits, 1);
	wait_for(s, 3);
	assert_int_equal(archive_passed_over_stats(s->store)->dropped, 2);
	lab_assert_sql(s->lab, "SELECT count(*) FROM passed_over", "1");

	/* More than may wait, in one go that gives the disk no time. */
	text[200000] = '\0';
	{
		struct hit *many = calloc(flood, sizeof(*many));

		assert_non_null(many);
		for (unsigned i = 0; i < flood; i++)
			many[i] = lab_hit(10 + i, "big", text);
		archive_passed_over_put(s->store, many, flood);
		free(many);
	}
	wait_for(s, 3 + flood);
	assert_in_range(archive_passed_over_stats(s->store)->dropped, 2 + flood / 3, 2 + flood);
	free(text);
}

static void a_full_disk_drops_and_heals(void **state)
{
	struct shelf *s = *state;
	const struct hit hits[] = {lab_hit(1, "during", NULL), lab_hit(2, "after", NULL)};
	struct rlimit was, tight;

	assert_int_equal(open_shelf(s, 0), 0);
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	tight = was;
	tight.rlim_cur = 1000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	archive_passed_over_put(s->store, &hits[0], 1);
	wait_for(s, 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(archive_passed_over_stats(s->store)->dropped, 1);
	assert_int_equal(s->lab->troubles, 1);
	archive_passed_over_put(s->store, &hits[1], 1);
	wait_for(s, 2);
	assert_int_equal(s->lab->healed, 1);
	lab_assert_sql(s->lab,
		"SELECT group_concat(json_extract(item, '$.title')) FROM passed_over", "after");
}

static void on_over(void *arg)
{
	++*(int *)arg;
}

/* A deletion that the disk refuses is not dropped: it is carried out with what comes next. */
static void what_is_deleted_goes_by_either_name(void **state)
{
	struct shelf *s = *state;
	const struct hit hits[] = {lab_hit(1, "by its key", NULL),
		lab_hit(2, "by its alias", NULL), lab_hit(3, "stays", NULL),
		lab_hit(4, "next", NULL)};
	const struct batch_alias aliases[] = {{lab_key(92), lab_key(2)},
		{lab_key(93), lab_key(3)}, {lab_key(94), lab_key(7)}};
	const struct item_key gone[] = {lab_key(1), lab_key(92), lab_key(94)};
	const struct batch named = {.aliases = aliases, .n_aliases = 3};
	const struct batch deleted = {.tombstones = gone, .n_tombstones = 3};
	struct rlimit was, tight;
	int over = 0;

	assert_int_equal(open_shelf(s, 0), 0);
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	archive_passed_over_put(s->store, hits, 3);
	archive_passed_over_strike(s->store, &named, on_over, &over);
	wait_for(s, 3);
	assert_int_equal(over, 1);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	tight = was;
	tight.rlim_cur = 1000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	archive_passed_over_strike(s->store, &deleted, on_over, &over);
	archive_passed_over_put(s->store, hits, 1); /* dropped */
	wait_for(s, 4);
	assert_int_equal(over, 2);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	archive_passed_over_put(s->store, &hits[3], 1);
	wait_for(s, 5);
	assert_int_equal(over, 2);
	lab_assert_sql(s->lab,
		"SELECT group_concat(json_extract(item, '$.title')) FROM passed_over",
		"stays,next");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define SHELF_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		SHELF_TEST(what_is_put_is_there_once),
		SHELF_TEST(the_oldest_goes_first),
		SHELF_TEST(what_is_too_big_or_too_much_is_dropped_and_counted),
		SHELF_TEST(a_full_disk_drops_and_heals),
		SHELF_TEST(what_is_deleted_goes_by_either_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
