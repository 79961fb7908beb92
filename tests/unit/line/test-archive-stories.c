/*
 * The manual of archive_stories.h: a mention gets its story as it is filed, for good; the book
 * is the same whether or not vigie was restarted, killed, or short of room in between.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "archive_lab.h"
#include "vigie/story.h"

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

enum { STREAM = 400, TEXT_MAX = 1200 };

/* Mention number i of a stream in which two of five are copies of an earlier one. */
struct said {
	char title[120], text[TEXT_MAX], url[80];
	struct hit hit;
};

static uint32_t next_word(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 12;
}

static void say(struct said *s, unsigned i)
{
	const bool copy = i >= 10 && i % 5 < 2;
	/* The nearest before it that is no copy. */
	unsigned original = copy ? i - 7 - i % 3 : i;
	uint32_t seed;
	size_t n = 0;

	while (original % 5 < 2 && original >= 10)
		original--;
	seed = original * 2654435761U + 99;
	(void)snprintf(s->title, sizeof(s->title), "w%x w%x w%x w%x w%x w%x", next_word(&seed),
		next_word(&seed), next_word(&seed), next_word(&seed), next_word(&seed),
		next_word(&seed));
	for (int k = 0; k < 60; k++)
		n += (size_t)snprintf(
			s->text + n, sizeof(s->text) - n, "w%x ", next_word(&seed));
	if (copy)
		(void)snprintf(s->text + n, sizeof(s->text) - n, "as told by number%c",
			'a' + (char)(i % 26));
	(void)snprintf(s->url, sizeof(s->url), "https://site%u.example/%u", i % 23, i);
	s->hit = lab_hit(i, s->title, s->text);
	s->hit.item.kind = ITEM_ARTICLE;
	s->hit.item.url = span_str(s->url);
	s->hit.fetched.ms = 1767225600000 + (int64_t)i * 60000;
	s->hit.item.published = s->hit.fetched;
}

static void put_one(struct lab *lab, unsigned i)
{
	struct said s;

	say(&s, i);
	lab_put(lab, &s.hit, 1);
}

/* Every mention's story with the reason, and the stories' sizes, as one hash-like text. */
static void read_stories(struct lab *lab, struct buf *out)
{
	static const char *const questions[] = {
		"SELECT group_concat(hex(key) || hex(story) || story_why || round(similarity, "
		"6), ' ')"
		" FROM (SELECT * FROM mentions ORDER BY key)",
		"SELECT group_concat(hex(head) || mentions || '/' || sites || '/' || number, ' "
		"')"
		" FROM (SELECT * FROM stories ORDER BY number)",
		"SELECT group_concat(first || '-' || next) FROM story_book",
	};
	sqlite3 *db;

	assert_int_equal(sqlite3_open(lab->path, &db), SQLITE_OK);
	for (size_t i = 0; i < 3; i++) {
		sqlite3_stmt *statement;

		assert_int_equal(
			sqlite3_prepare_v2(db, questions[i], -1, &statement, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
		buf_addf(out, "%s\n", (const char *)sqlite3_column_text(statement, 0));
		(void)sqlite3_finalize(statement);
	}
	(void)sqlite3_close(db);
}

/* What the book by itself says of the same stream. */
static void copies_are_found_as_the_book_finds_them(void **state)
{
	struct lab *lab = *state;
	struct story_book *book;
	char sql[200], head[ITEM_KEY_TEXT + 1];
	int copies = 0;

	assert_int_equal(
		story_book_new(&book, &(struct story_options){.fold = text_tokens}), 0);
	for (unsigned i = 0; i < 100; i++) {
		struct story_place place;
		struct said s;

		say(&s, i);
		put_one(lab, i);
		assert_int_equal(story_add(book, &s.hit, s.hit.fetched, &place), 0);
		copies += place.why != STORY_HEAD;
		(void)snprintf(sql, sizeof(sql),
			"SELECT lower(hex(story)) || story_why FROM mentions WHERE key = x'%s'",
			item_key_text(head, &s.hit.key));
		{
			char expected[80];

			(void)snprintf(expected, sizeof(expected), "%s%s",
				item_key_text(head, &place.head), story_why_names[place.why]);
			lab_assert_sql(lab, sql, expected);
		}
	}
	assert_in_range(copies, 30, 45);
	lab_assert_sql(lab, "SELECT sum(mentions) FROM stories", "100");
	story_book_free(book);
}

static void restarts_change_nothing(void **state)
{
	struct lab *lab = *state, *other = lab_new();
	struct buf one = {0}, two = {0};

	for (unsigned i = 0; i < STREAM; i++)
		put_one(lab, i);
	for (unsigned i = 0; i < STREAM; i++) {
		put_one(other, i);
		/* Some twice: the stream is read again behind a crash. */
		if (i % 7 == 0)
			put_one(other, i);
		if (i % 41 == 0) {
			lab_close(other);
			assert_int_equal(lab_open(other), 0);
		}
	}
	read_stories(lab, &one);
	read_stories(other, &two);
	assert_string_equal(one.p, two.p);
	buf_deinit(&one);
	buf_deinit(&two);
	lab_free(other);
}

/* In a child, from where the archive stands on. */
static void put_rest(const char *path, unsigned from, int out)
{
	struct lab lab = {.done = 0};

	(void)snprintf(lab.path, sizeof(lab.path), "%s", path);
	if (loop_new(&lab.loop) < 0 ||
		timer_new(&lab.patience, lab.loop, lab_impatient, &lab) < 0 ||
		lab_open(&lab) < 0)
		_exit(1);
	for (unsigned i = from; i < STREAM; i++) {
		put_one(&lab, i);
		if (write(out, "d", 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static void kills_change_nothing(void **state)
{
	struct lab *lab = *state, *other = lab_new();
	struct buf one = {0}, two = {0};
	unsigned from = 0;

	for (unsigned i = 0; i < STREAM; i++)
		put_one(lab, i);
	lab_close(other);
	for (int round = 0; from < STREAM; round++) {
		const unsigned until = from + 40 + (unsigned)round * 13;
		int ends[2], status;
		char byte;
		pid_t child;

		assert_int_equal(pipe(ends), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0)
			put_rest(other->path, from, ends[1]);
		(void)close(ends[1]);
		while (from < until && read(ends[0], &byte, 1) == 1)
			from++;
		(void)kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		while (read(ends[0], &byte, 1) == 1)
			from++;
		(void)close(ends[0]);
		/* What is not acknowledged comes again, and perhaps a little of what is. */
		from = from > 3 && from < STREAM ? from - 3 : from;
	}
	read_stories(lab, &one);
	read_stories(other, &two);
	assert_string_equal(one.p, two.p);
	buf_deinit(&one);
	buf_deinit(&two);
	lab_free(other);
}

/* A transaction that fails takes back what it brought into the book. */
static void a_full_disk_changes_nothing(void **state)
{
	struct lab *lab = *state, *other = lab_new();
	struct buf one = {0}, two = {0};
	struct rlimit was, tight;
	struct said s;
	int troubles, done;

	for (unsigned i = 0; i < 100; i++)
		put_one(lab, i);
	for (unsigned i = 0; i < 50; i++)
		put_one(other, i);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	tight = was;
	tight.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	troubles = other->troubles;
	done = other->done;
	for (unsigned i = 50; i < 60; i++) {
		say(&s, i);
		lab_put_start(other, &s.hit, 1);
	}
	lab_wait(other, &other->troubles, troubles + 1);
	lab_wait_errors(other, 2);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	lab_wait(other, &other->done, done + 10);
	for (unsigned i = 60; i < 100; i++)
		put_one(other, i);
	read_stories(lab, &one);
	read_stories(other, &two);
	assert_string_equal(one.p, two.p);
	buf_deinit(&one);
	buf_deinit(&two);
	lab_free(other);
}

/* --- What the desk asks ----------------------------------------------------------------------
 */

struct answer {
	struct lab *lab;
	struct archive_known known;
	char outcome[40];
	int came;
};

static void on_known(void *arg, const struct archive_known *known, size_t n)
{
	struct answer *answer = arg;

	assert_int_equal(n, 1);
	answer->known = known[0];
	if (known[0].n_outcomes)
		(void)snprintf(answer->outcome, sizeof(answer->outcome), "%.*s %.*s",
			SPAN_ARG(known[0].outcomes[0].receiver),
			SPAN_ARG(known[0].outcomes[0].outcome));
	answer->came++;
	lab_check(answer->lab);
}

static void ask(struct answer *answer, struct lab *lab, const struct hit *hit)
{
	struct buf bytes = {0};

	*answer = (struct answer){.lab = lab};
	hit_encode(&bytes, hit);
	archive_ask(lab->archive, &(struct archive_asked){hit->key, buf_span(&bytes)}, 1,
		on_known, answer);
	lab_wait(lab, &answer->came, 1);
	buf_deinit(&bytes);
}

static void the_question_files_what_is_not_there(void **state)
{
	struct lab *lab = *state;
	const struct archive_outcome outcome = {.receiver = SPAN("cm"),
		.outcome = SPAN("sent"),
		.delivery = SPAN("d1"),
		.at = {5}};
	struct archive_outcome told = outcome;
	struct answer answer;
	struct said first, copy;

	say(&first, 3);
	first.hit.item.url = SPAN("https://a.example/1");
	copy = first;
	copy.hit.key = lab_key(900);
	copy.hit.item.url = SPAN("https://b.example/2");
	copy.hit.fetched.ms += 1000;
	ask(&answer, lab, &first.hit);
	assert_int_equal(answer.known.place.why, STORY_HEAD);
	assert_int_equal(answer.known.place.mentions, 1);
	assert_int_equal(answer.known.n_outcomes, 0);
	lab_assert_sql(lab, "SELECT count(*) FROM mentions", "1");
	/* The archive's own reader brings it too. */
	lab_put(lab, &first.hit, 1);
	told.key = first.hit.key;
	archive_record(lab->archive, &told, 1, lab_done, lab);
	lab_wait(lab, &lab->done, lab->done + 1);
	ask(&answer, lab, &copy.hit);
	assert_int_equal(answer.known.place.why, STORY_TEXT);
	assert_memory_equal(&answer.known.place.head, &first.hit.key, sizeof(first.hit.key));
	assert_int_equal(answer.known.place.mentions, 2);
	assert_int_equal(answer.known.place.sites, 2);
	ask(&answer, lab, &first.hit);
	assert_string_equal(answer.outcome, "cm sent");
	assert_int_equal(answer.known.place.why, STORY_HEAD);
	assert_int_equal(answer.known.place.mentions, 2);
}

/* Who asks is one of two readers of the stream, and brings edits and deletions, too. */
static void the_question_files_an_edit_and_a_deletion(void **state)
{
	struct lab *lab = *state;
	struct answer answer;
	struct said first;
	struct hit next;

	say(&first, 3);
	ask(&answer, lab, &first.hit);
	next = first.hit;
	next.update = true;
	next.content_hash++;
	next.fetched.ms += 1000;
	next.item.title = SPAN("what they say now");
	ask(&answer, lab, &next);
	lab_assert_sql(lab, "SELECT title FROM mentions", "what they say now");
	assert_int_equal(answer.known.place.why, STORY_HEAD);
	assert_int_equal(answer.known.place.mentions, 1);
	next = (struct hit){.key = first.hit.key,
		.deleted = true,
		.update = true,
		.fetched = {first.hit.fetched.ms + 2000},
		.source = SPAN("gazette"),
		.item = item_empty()};
	ask(&answer, lab, &next);
	lab_assert_sql(lab, "SELECT title IS NULL AND text IS NULL FROM mentions", "1");
	/* And the beginning of the stream once more brings nothing back. */
	ask(&answer, lab, &first.hit);
	lab_assert_sql(lab, "SELECT title IS NULL AND text IS NULL FROM mentions", "1");
}

/* --- Time, erasing, other versions -----------------------------------------------------------
 */

static void a_closed_story_keeps_no_state_and_gets_no_copy(void **state)
{
	struct lab *lab = *state;
	struct said first, copy;

	say(&first, 3);
	lab_put(lab, &first.hit, 1);
	copy = first;
	copy.hit.key = lab_key(901);
	copy.hit.item.url = SPAN("https://b.example/2");
	copy.hit.fetched.ms += STORY_OPEN_MS + 1;
	copy.hit.item.published = copy.hit.fetched;
	lab_put(lab, &copy.hit, 1);
	lab_assert_sql(lab, "SELECT count(*) FROM stories", "2");
	lab_assert_sql(lab, "SELECT state IS NULL FROM stories ORDER BY number", "1");
	lab_assert_sql(lab, "SELECT first || '-' || next FROM story_book", "1-2");
}

static void erasing_takes_it_out_of_its_story(void **state)
{
	struct lab *lab = *state;
	struct said first, copy;

	say(&first, 3);
	lab_put(lab, &first.hit, 1);
	copy = first;
	copy.hit.key = lab_key(901);
	copy.hit.item.url = SPAN("https://b.example/2");
	lab_put(lab, &copy.hit, 1);
	lab_close(lab);
	lab_sql(lab->path, "DELETE FROM mentions WHERE url = 'https://b.example/2'");
	lab_assert_sql(lab, "SELECT mentions FROM stories", "1");
	lab_sql(lab->path, "DELETE FROM mentions");
	lab_assert_sql(lab, "SELECT count(*) FROM stories", "0");
	/* Numbers are not given twice, and it may all come again. */
	assert_int_equal(lab_open(lab), 0);
	lab_put(lab, &copy.hit, 1);
	lab_assert_sql(lab, "SELECT number || ' ' || mentions FROM stories", "1 1");
	lab_assert_sql(lab, "SELECT story_why FROM mentions", "head");
}

/* An archive of the time before there were stories, or whose stories another version made. */
static void old_archives_are_read_again_once(void **state)
{
	struct lab *lab = *state;
	struct buf one = {0}, two = {0};

	for (unsigned i = 0; i < 100; i++)
		put_one(lab, i);
	read_stories(lab, &one);
	lab_close(lab);
	lab_sql(lab->path,
		"UPDATE mentions SET story = NULL, similarity = NULL, story_why = NULL"
		" WHERE mention < 100; DELETE FROM mentions WHERE mention = 100;"
		" DELETE FROM stories; DELETE FROM story_book");
	assert_int_equal(lab_open(lab), 0);
	put_one(lab, 99);
	read_stories(lab, &two);
	assert_string_equal(one.p, two.p);
	/* Of another version: ids stay, only the book is new. */
	lab_close(lab);
	lab_sql(lab->path, "UPDATE story_book SET parameters = parameters + 1");
	assert_int_equal(lab_open(lab), 0);
	put_one(lab, 100);
	lab_assert_sql(lab, "SELECT sum(mentions) FROM stories", "101");
	lab_assert_sql(lab,
		"SELECT count(*) FROM mentions m JOIN stories s ON s.head = m.story", "101");
	buf_deinit(&one);
	buf_deinit(&two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define LAB_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		LAB_TEST(copies_are_found_as_the_book_finds_them),
		LAB_TEST(restarts_change_nothing),
		LAB_TEST(kills_change_nothing),
		LAB_TEST(a_full_disk_changes_nothing),
		LAB_TEST(the_question_files_what_is_not_there),
		LAB_TEST(the_question_files_an_edit_and_a_deletion),
		LAB_TEST(a_closed_story_keeps_no_state_and_gets_no_copy),
		LAB_TEST(erasing_takes_it_out_of_its_story),
		LAB_TEST(old_archives_are_read_again_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
