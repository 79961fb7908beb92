/*
 * The manual of archive.h: what is put is there for ever, once; what comes again is merged;
 * what goes wrong is said, and nothing is dropped.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "archive_lab.h"
#include "same_hit.h"

static int set_up(void **state)
{
	*state = lab_new();
	return 0;
}

static int tear_down(void **state)
{
	lab_free(*state);
	return 0;
}

/* --- Getting ---------------------------------------------------------------------------------
 */

struct want {
	struct lab *lab;
	const struct hit *const *hits; /* NULL where none is expected */
	size_t n;
	int came;
};

static void on_got(void *arg, const struct hit *const *hits, size_t n)
{
	struct want *want = arg;

	assert_int_equal(n, want->n);
	for (size_t i = 0; i < n; i++) {
		if (!want->hits[i]) {
			assert_null(hits[i]);
			continue;
		}
		assert_non_null(hits[i]);
		assert_hit(want->hits[i], hits[i]);
	}
	want->came++;
	lab_check(want->lab);
}

static void assert_archived(struct lab *lab, const struct hit *hit)
{
	struct want want = {lab, &hit, 1, 0};

	archive_get(lab->archive, &hit->key, 1, on_got, &want);
	lab_wait(lab, &want.came, 1);
}

static struct hit full_hit(struct arena *arena)
{
	struct span *tags = arena_calloc(arena, 2, sizeof(*tags));
	struct match_span *spans = arena_calloc(arena, 2, sizeof(*spans));
	struct match *matches = arena_calloc(arena, 2, sizeof(*matches));
	struct hit hit =
		lab_hit(7, "Acme strikes back", "They said: \"Acme\" again. \xF0\x9F\x9A\x80");

	assert_true(tags && spans && matches);
	tags[0] = SPAN("acme");
	tags[1] = SPAN("a \"quoted\" tag");
	spans[0] = (struct match_span){FIELD_TITLE, 0, 4};
	spans[1] = (struct match_span){FIELD_TEXT, 12, 16};
	/* Out of the alphabet: the order of a hit is kept. */
	matches[0] = (struct match){
		SPAN("zebra"), SPAN("01"), SPAN("topic"), SPAN_NONE, NULL, 0, 0.25, NULL, 0};
	matches[1] = (struct match){
		SPAN("acme"), SPAN("02"), SPAN("brand"), SPAN("Acme"), tags, 2, 1.5, spans, 2};
	hit.content_hash = UINT64_MAX;
	hit.silent = true;
	hit.source_tags = tags;
	hit.n_source_tags = 1;
	hit.matches = matches;
	hit.n_matches = 2;
	hit.score = 1.75;
	hit.item.id = SPAN("urn:7");
	hit.item.id_is_own = true;
	hit.item.url = SPAN("https://news.example/7");
	hit.item.author =
		(struct item_author){SPAN("Ann"), SPAN("ann"), SPAN("https://a.example"), 12};
	hit.item.published = (struct wall){-5};
	hit.item.updated = (struct wall){1767225500123};
	hit.item.lang = SPAN("en-GB");
	hit.item.tags = tags;
	hit.item.n_tags = 2;
	hit.item.kind = ITEM_VIDEO;
	hit.item.parent = SPAN("urn:6");
	hit.item.numbers = (struct item_numbers){0, 1, 2, 1e12, 4.5, 0.1, -1, 3};
	hit.item.media = tags;
	hit.item.n_media = 2;
	hit.item.place = (struct item_place){SPAN("Paris"), SPAN("FR"), 48.85, -2.35};
	hit.item.feed =
		(struct item_feed){SPAN("Gazette"), SPAN("https://g.example/"), SPAN("fr")};
	return hit;
}

static void what_is_put_is_there(void **state)
{
	struct lab *lab = *state;
	const struct hit full = full_hit(&lab->arena);
	const struct hit bare = lab_hit(1, NULL, NULL);

	lab_put(lab, &full, 1);
	lab_put(lab, &bare, 1);
	assert_archived(lab, &full);
	assert_archived(lab, &bare);
	lab_close(lab);
	assert_int_equal(lab_open(lab), 0);
	assert_archived(lab, &full);
	assert_int_equal(archive_stats(lab->archive)->waiting, 0);
}

static void twice_is_once(void **state)
{
	struct lab *lab = *state;
	const struct hit full = full_hit(&lab->arena);

	for (int i = 0; i < 3; i++)
		lab_put(lab, &full, 1);
	assert_archived(lab, &full);
	lab_assert_sql(lab, "SELECT count(*) FROM mentions", "1");
	lab_assert_sql(lab, "SELECT count(*) FROM matches", "2");
	lab_assert_sql(lab, "SELECT revision FROM mentions", "1");
	lab_assert_sql(lab,
		"SELECT count(*) FROM mentions_words WHERE mentions_words MATCH 'acme'", "1");
	assert_int_equal(archive_stats(lab->archive)->mentions_put, 3);
}

/* Asked in one breath, without waiting for the put: answered behind it, in the order asked. */
static void getting_waits_behind_putting(void **state)
{
	struct lab *lab = *state;
	const struct hit hits[] = {lab_hit(1, "one", NULL), lab_hit(2, "two", NULL)};
	const struct item_key keys[] = {hits[1].key, lab_key(3), hits[0].key, hits[1].key};
	const struct hit *const expected[] = {&hits[1], NULL, &hits[0], &hits[1]};
	struct want want = {lab, expected, 4, 0}, nothing = {lab, NULL, 0, 0};

	lab_put_start(lab, hits, 2);
	archive_get(lab->archive, keys, 4, on_got, &want);
	archive_get(lab->archive, NULL, 0, on_got, &nothing);
	lab_wait(lab, &nothing.came, 1);
	assert_int_equal(want.came, 1);
	assert_int_equal(lab->done, 1);
}

static void one_transaction_takes_what_waits(void **state)
{
	struct lab *lab = *state;

	for (unsigned i = 0; i < 200; i++) {
		const struct hit hit = lab_hit(i, "burst", NULL);

		lab_put_start(lab, &hit, 1);
	}
	lab_wait(lab, &lab->done, 200);
	lab_assert_sql(lab, "SELECT count(*) FROM mentions", "200");
	assert_true(archive_stats(lab->archive)->batches < 100);
}

/* --- Coming again ----------------------------------------------------------------------------
 */

static const struct match_span first_word[] = {{FIELD_TEXT, 0, 4}};

static struct match rule_match(const char *rule, double weight)
{
	return (struct match){.rule = span_str(rule),
		.version = SPAN("1"),
		.kind = SPAN("topic"),
		.weight = weight,
		.spans = first_word,
		.n_spans = 1};
}

static void an_update_changes_the_text_and_keeps_the_rest(void **state)
{
	struct lab *lab = *state;
	const struct match before[] = {rule_match("a", 1), rule_match("b", 2)};
	const struct match after[] = {rule_match("b", 3), rule_match("c", 4)};
	struct hit hit = lab_hit(1, "first title", "Acme first");
	struct hit expected;
	struct match merged[] = {rule_match("a", 1), rule_match("b", 3), rule_match("c", 4)};

	hit.matches = before;
	hit.n_matches = 2;
	hit.score = 3;
	lab_put(lab, &hit, 1);
	expected = hit;

	hit.update = true;
	hit.silent = true;
	hit.content_hash = 99;
	hit.fetched.ms += 1000;
	hit.source = SPAN("other");
	hit.item.title = SPAN("second title");
	hit.item.text = SPAN("Acme second");
	hit.item.numbers.likes = 5;
	hit.matches = after;
	lab_put(lab, &hit, 1);

	/* The match of "a" was in a text that is gone: it stays, without spans. */
	merged[0].n_spans = 0;
	expected.content_hash = 99;
	expected.fetched = hit.fetched;
	expected.item = hit.item;
	expected.matches = merged;
	expected.n_matches = 3;
	expected.score = 8;
	{
		/* "a" and "b" both stand first in their hit: the id decides. */
		const struct match in_order[] = {merged[0], merged[1], merged[2]};

		expected.matches = in_order;
		assert_archived(lab, &expected);
	}
	lab_assert_sql(lab, "SELECT first_seen FROM mentions", "1767225600001");
	lab_assert_sql(lab, "SELECT revision FROM mentions", "2");
	lab_assert_sql(lab, "SELECT revision FROM matches WHERE rule = 'a'", "1");
	lab_assert_sql(lab, "SELECT revision FROM matches WHERE rule = 'c'", "2");
	lab_assert_sql(lab,
		"SELECT count(*) FROM mentions_words WHERE mentions_words MATCH 'first'", "0");
	lab_assert_sql(lab,
		"SELECT count(*) FROM mentions_words WHERE mentions_words MATCH 'second'", "1");
}

static void an_older_text_does_not_come_back(void **state)
{
	struct lab *lab = *state;
	const struct match late = rule_match("late", 2);
	struct hit old = lab_hit(1, "old", "Acme old"), new = lab_hit(1, "new", "Acme new"),
		   expected;
	struct match spanless = late;

	new.fetched.ms += 1000;
	lab_put(lab, &new, 1);
	old.matches = &late;
	old.n_matches = 1;
	old.score = 2;
	lab_put(lab, &old, 1);

	spanless.n_spans = 0;
	expected = new;
	expected.matches = &spanless;
	expected.n_matches = 1;
	expected.score = 2;
	assert_archived(lab, &expected);
}

static void when_is_published_else_first_seen(void **state)
{
	struct lab *lab = *state;
	struct hit hit = lab_hit(1, "t", NULL);

	lab_put(lab, &hit, 1);
	lab_assert_sql(lab, "SELECT at FROM mentions", "1767225600001");
	hit.fetched.ms += 500;
	lab_put(lab, &hit, 1);
	lab_assert_sql(lab, "SELECT at FROM mentions", "1767225600001");
	hit.item.published = (struct wall){42};
	lab_put(lab, &hit, 1);
	lab_assert_sql(lab, "SELECT at FROM mentions", "42");
}

static void what_cannot_be_read_is_kept_as_a_loss(void **state)
{
	struct lab *lab = *state;
	const struct hit good = lab_hit(1, "good", NULL);
	const struct span bad[] = {SPAN("{\"v\":99}"), SPAN("")};

	archive_put(lab->archive, bad, 2, lab_done, lab);
	archive_put(lab->archive, bad, 1, lab_done, lab);
	archive_loss(lab->archive, SPAN("p01/5-0"), SPAN("deleted while pending"),
		(struct wall){5}, lab_done, lab);
	archive_loss(lab->archive, SPAN("p01/5-0"), SPAN("deleted while pending"),
		(struct wall){6}, NULL, NULL);
	lab_put_start(lab, &good, 1);
	lab_wait(lab, &lab->done, 4);
	lab_assert_sql(lab, "SELECT count(*) FROM losses", "3");
	lab_assert_sql(
		lab, "SELECT CAST(bytes AS TEXT) FROM losses WHERE loss = 1", "{\"v\":99}");
	lab_assert_sql(lab, "SELECT at FROM losses WHERE entry = 'p01/5-0'", "5");
	lab_assert_sql(lab, "SELECT count(*) FROM mentions", "1");
}

/* --- The ledger ------------------------------------------------------------------------------
 */

struct answers {
	struct lab *lab;
	const char *const *expected;
	int came;
};

static void on_outcomes(void *arg, const struct span *outcomes, size_t n)
{
	struct answers *answers = arg;

	for (size_t i = 0; i < n; i++)
		assert_span(outcomes[i], span_str(answers->expected[i]));
	answers->came++;
	lab_check(answers->lab);
}

static void the_ledger_has_one_outcome_for_item_and_receiver(void **state)
{
	static const struct wall at = {5};
	struct lab *lab = *state;
	const struct archive_outcome outcomes[] = {
#define OUTCOME(item, receiver, outcome, delivery)                                             \
	{lab_key(item), SPAN(receiver), SPAN(outcome), SPAN(delivery), at, WALL_NONE, SPAN("")}
		OUTCOME(1, "cm", "dead", "d1"),
		OUTCOME(1, "mail", "muted", ""),
		OUTCOME(1, "cm", "sent", "d1"),
		OUTCOME(1, "cm", "dead", "d2"), /* told stays told */
		OUTCOME(1, "cm", "waiting", ""),
		OUTCOME(2, "", "", ""),
		/* It waits, and goes on … */
		OUTCOME(3, "cm", "waiting", ""),
		OUTCOME(3, "cm", "budget", ""),
		OUTCOME(3, "cm", "sending", "d3"),
		OUTCOME(3, "cm", "digested", "d3"),
		OUTCOME(3, "cm", "dead", "d3"),
		/* … to an end; then it does not wait again. */
		OUTCOME(4, "cm", "folded", ""),
		OUTCOME(4, "cm", "held", ""),
		OUTCOME(4, "cm", "dead", "d4"),
		OUTCOME(4, "cm", "sending", "d4"),
	};
	const struct archive_outcome asks[] = {
		{.key = lab_key(1), .receiver = SPAN("mail")},
		{.key = lab_key(2), .receiver = SPAN("cm")},
		{.key = lab_key(1), .receiver = SPAN("cm")},
		{.key = lab_key(3), .receiver = SPAN("cm")},
		{.key = lab_key(4), .receiver = SPAN("cm")},
	};
	static const char *const expected[] = {"muted", "", "sent", "digested", "dead"};
	struct answers answers = {lab, expected, 0};

	archive_record(
		lab->archive, outcomes, sizeof(outcomes) / sizeof(*outcomes), lab_done, lab);
	archive_outcomes(
		lab->archive, asks, sizeof(asks) / sizeof(*asks), on_outcomes, &answers);
	lab_wait(lab, &answers.came, 1);
	assert_int_equal(lab->done, 1);
	lab_assert_sql(lab, "SELECT delivery FROM outcomes WHERE outcome = 'sent'", "d1");
	lab_assert_sql(lab, "SELECT count(*) FROM outcomes", "5");
}

static void what_is_done_by_hand_is_written_down(void **state)
{
	struct lab *lab = *state;

	archive_audit(lab->archive,
		&(struct archive_deed){
			{7}, SPAN("ann"), SPAN("mute"), SPAN("site:x"), SPAN_NONE},
		lab_done, lab);
	lab_wait(lab, &lab->done, 1);
	lab_assert_sql(lab,
		"SELECT at || actor || action || subject || (detail IS NULL) FROM audit",
		"7annmutesite:x1");
}

/* --- Going wrong -----------------------------------------------------------------------------
 */

static void a_full_disk_is_said_once_and_waited_out(void **state)
{
	struct lab *lab = *state;
	const struct hit first = lab_hit(1, "before", NULL),
			 second = lab_hit(2, "during", NULL);
	struct rlimit was, tight;

	lab_put(lab, &first, 1);
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	tight = was;
	tight.rlim_cur = 1000; /* no page fits in */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);

	lab_put_start(lab, &second, 1);
	lab_wait(lab, &lab->troubles, 1);
	assert_int_equal(lab->done, 1);
	assert_non_null(strstr(lab->trouble, lab->path));
	/* It is tried again and again, and not said again. */
	lab_wait_errors(lab, 3);
	assert_int_equal(lab->troubles, 1);
	assert_int_equal(archive_stats(lab->archive)->waiting, 1);

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	lab_wait(lab, &lab->done, 2);
	assert_int_equal(lab->healed, 1);
	assert_int_equal(lab->troubles, 1);
	assert_archived(lab, &first);
	assert_archived(lab, &second);
}

static void a_lock_of_another_program_is_waited_out(void **state)
{
	struct lab *lab = *state;
	const struct hit hit = lab_hit(1, "patient", NULL);
	sqlite3 *db;

	assert_int_equal(sqlite3_open(lab->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	lab_put_start(lab, &hit, 1);
	lab_wait(lab, &lab->troubles, 1);
	assert_non_null(strstr(lab->trouble, "lock"));
	assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	lab_wait(lab, &lab->done, 1);
	assert_int_equal(lab->healed, 1);
	assert_archived(lab, &hit);
	(void)sqlite3_close(db);
}

/* Filing into a file that has no name any more would be a loss without a word. */
static void a_file_taken_away_is_trouble(void **state)
{
	struct lab *lab = *state;
	const struct hit first = lab_hit(1, "before", NULL), second = lab_hit(2, "after", NULL);
	char away[160];

	lab_put(lab, &first, 1);
	(void)snprintf(away, sizeof(away), "%s.away", lab->path);
	assert_int_equal(rename(lab->path, away), 0);
	lab_put_start(lab, &second, 1);
	lab_wait(lab, &lab->troubles, 1);
	assert_int_equal(lab->done, 1);
	assert_non_null(strstr(lab->trouble, "moved or removed"));
	lab_wait_errors(lab, 3);
	assert_int_equal(access(lab->path, F_OK), -1);
	assert_int_equal(rename(away, lab->path), 0);
	lab_wait(lab, &lab->done, 2);
	assert_archived(lab, &first);
	assert_archived(lab, &second);
}

static void freeing_ends_soon_even_while_nothing_works(void **state)
{
	struct lab *lab = *state;
	const struct hit hit = lab_hit(1, "left", NULL);
	char away[160];

	(void)snprintf(away, sizeof(away), "%s.away", lab->path);
	assert_int_equal(rename(lab->path, away), 0);
	for (int i = 0; i < 3000; i++)
		lab_put_start(lab, &hit, 1);
	lab_close(lab);
	assert_int_equal(lab->done, 0);
	assert_int_equal(rename(away, lab->path), 0);
	lab_assert_sql(lab, "SELECT count(*) FROM mentions", "0");
}

static void freeing_finishes_what_was_handed_in(void **state)
{
	struct lab *lab = *state;

	for (unsigned i = 0; i < 3000; i++) {
		const struct hit hit = lab_hit(i, "last", NULL);

		lab_put_start(lab, &hit, 1);
	}
	lab_close(lab);
	assert_int_equal(lab->done, 0);
	lab_assert_sql(lab, "SELECT count(*) FROM mentions", "3000");
}

/* --- Dying -----------------------------------------------------------------------------------
 */

/* In a child: puts for ever, and writes a byte to `out` for each batch that is durable. */
static void put_until_killed(const char *path, int out)
{
	struct lab lab = {.done = 0};
	unsigned number = 0;

	(void)snprintf(lab.path, sizeof(lab.path), "%s", path);
	if (loop_new(&lab.loop) < 0 ||
		timer_new(&lab.patience, lab.loop, lab_impatient, &lab) < 0 ||
		lab_open(&lab) < 0)
		_exit(1);
	for (;;) {
		struct hit hits[20];

		for (unsigned i = 0; i < 20; i++)
			hits[i] = lab_hit(
				number++, "killed in the middle", "of a text that goes on");
		lab_put(&lab, hits, 20);
		if (write(out, "d", 1) != 1)
			_exit(1);
	}
}

static void what_was_done_survives_a_kill(void **state)
{
	struct lab *lab = *state;

	lab_close(lab);
	for (int round = 0; round < 5; round++) {
		int done = 0, status, ends[2];
		char byte;
		pid_t child;

		assert_int_equal(pipe(ends), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			(void)close(ends[0]);
			put_until_killed(lab->path, ends[1]);
		}
		(void)close(ends[1]);
		while (done < 10 + round && read(ends[0], &byte, 1) == 1)
			done++;
		assert_int_equal(done, 10 + round);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		/* What was durable before the blow, and is said in the pipe. */
		while (read(ends[0], &byte, 1) == 1)
			done++;
		(void)close(ends[0]);

		assert_int_equal(lab_open(lab), 0);
		for (unsigned i = 0; i < (unsigned)done * 20; i++) {
			const struct hit hit =
				lab_hit(i, "killed in the middle", "of a text that goes on");

			assert_archived(lab, &hit);
		}
		lab_close(lab);
		lab_assert_sql(lab, "PRAGMA integrity_check", "ok");
		lab_sql(lab->path, "INSERT INTO mentions_words (mentions_words, rank) VALUES "
				   "('integrity-check', 1)");
	}
}

static void a_deletion_takes_the_text_and_leaves_the_count(void **state)
{
	struct lab *lab = *state;
	const struct hit full = full_hit(&lab->arena);
	struct hit gone = {.key = full.key,
		.deleted = true,
		.update = true,
		.fetched = {full.fetched.ms + 1},
		.source = SPAN("gazette"),
		.item = item_empty()};

	lab_put(lab, &gone, 1);
	lab_assert_sql(lab, "SELECT count(*) FROM mentions", "0");
	gone.fetched.ms++;
	lab_put(lab, &full, 1);
	for (int i = 0; i < 2; i++)
		lab_put(lab, &gone, 1);
	lab_put(lab, &full, 1); /* the log is replayed: an older text does not come back */
	lab_assert_sql(lab,
		"SELECT count(*) FROM mentions WHERE title IS NULL AND text IS NULL AND url IS "
		"NULL"
		" AND author_name IS NULL AND author_handle IS NULL AND media IS NULL",
		"1");
	lab_assert_sql(lab,
		"SELECT count(*) FROM mentions_words WHERE mentions_words MATCH 'strikes'",
		"0");
	lab_assert_sql(
		lab, "SELECT group_concat(rule || spans) FROM matches", "acme[],zebra[]");
	lab_assert_sql(lab, "SELECT count(*) || action FROM audit", "1deleted");
	lab_sql(lab->path, "INSERT INTO mentions_words (mentions_words, rank) VALUES "
			   "('integrity-check', 1)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define LAB_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		LAB_TEST(what_is_put_is_there),
		LAB_TEST(twice_is_once),
		LAB_TEST(getting_waits_behind_putting),
		LAB_TEST(one_transaction_takes_what_waits),
		LAB_TEST(an_update_changes_the_text_and_keeps_the_rest),
		LAB_TEST(an_older_text_does_not_come_back),
		LAB_TEST(a_deletion_takes_the_text_and_leaves_the_count),
		LAB_TEST(when_is_published_else_first_seen),
		LAB_TEST(what_cannot_be_read_is_kept_as_a_loss),
		LAB_TEST(the_ledger_has_one_outcome_for_item_and_receiver),
		LAB_TEST(what_is_done_by_hand_is_written_down),
		LAB_TEST(a_full_disk_is_said_once_and_waited_out),
		LAB_TEST(a_lock_of_another_program_is_waited_out),
		LAB_TEST(a_file_taken_away_is_trouble),
		LAB_TEST(freeing_ends_soon_even_while_nothing_works),
		LAB_TEST(freeing_finishes_what_was_handed_in),
		LAB_TEST(what_was_done_survives_a_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
