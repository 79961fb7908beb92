/* The spool: what is in the file after every kind of end; and commits as bytes. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/log.h"
#include "line/identity.h"
#include "line/queue_record.h"
#include "line/queue_spool.h"

struct stand {
	char folder[64], path[128];
	struct loop *loop;
	struct timer *late;
	struct spool *spool;
	char found[512]; /* payloads, '|' behind each */
	int done, failed;
};

static void on_late(void *arg)
{
	(void)arg;
	fail_msg("waited too long");
}

static void on_found(void *arg, const struct spool_record *record)
{
	struct stand *s = arg;
	const size_t n = strlen(s->found);

	(void)snprintf(s->found + n, sizeof(s->found) - n, "%.*s|", SPAN_ARG(record->payload));
}

static void on_appended(void *arg, int r, const struct spool_record *record)
{
	struct stand *s = arg;

	(void)record;
	s->done++;
	s->failed += r < 0;
	loop_stop(s->loop);
}

static void on_cleared(void *arg, int r)
{
	struct stand *s = arg;

	assert_int_equal(r, 0);
	s->done++;
	loop_stop(s->loop);
}

static int set_up(void **state)
{
	struct stand *s = calloc(1, sizeof(*s));

	log_set_level(LOG_ERROR_LEVEL + 1);
	(void)strcpy(s->folder, "/tmp/vigie-spool-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	(void)snprintf(s->path, sizeof(s->path), "%s/spool", s->folder);
	assert_int_equal(loop_new(&s->loop), 0);
	assert_int_equal(timer_new(&s->late, s->loop, on_late, s), 0);
	assert_int_equal(timer_set(s->late, 20000), 0);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stand *s = *state;

	s->spool = spool_free(s->spool);
	(void)timer_free(s->late);
	(void)loop_free(s->loop);
	(void)unlink(s->path);
	(void)rmdir(s->folder);
	free(s);
	return 0;
}

static int open_spool(struct stand *s)
{
	s->spool = spool_free(s->spool);
	s->found[0] = '\0';
	return spool_open(&s->spool, s->loop, s->path, 4096, on_found, s);
}

static void append(struct stand *s, const char *text)
{
	const int before = s->done;

	assert_int_equal(spool_append(s->spool, span_str(text), on_appended, s), 0);
	while (s->done == before)
		assert_int_equal(loop_run(s->loop), 0);
}

static void clear(struct stand *s)
{
	const int before = s->done;

	assert_int_equal(spool_clear(s->spool, on_cleared, s), 0);
	while (s->done == before)
		assert_int_equal(loop_run(s->loop), 0);
}

static uint64_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (uint64_t)st.st_size;
}

static void test_holds_what_it_was_given(void **state)
{
	struct stand *s = *state;
	struct spool_record record;
	struct buf bytes = {0};

	assert_int_equal(open_spool(s), 0);
	assert_string_equal(s->found, "");
	assert_int_equal(spool_read(s->spool, &record, &bytes, 0), -ENOENT);
	append(s, "one");
	append(s, "");
	append(s, "three");
	assert_int_equal(spool_used(s->spool), 3 * SPOOL_FRAME_BYTES + 8);
	assert_int_equal(spool_end(s->spool), size_of(s->path));
	assert_int_equal(spool_read(s->spool, &record, &bytes, 0), 0);
	assert_true(span_eq_str(record.payload, "one"));
	assert_int_equal(spool_read(s->spool, &record, &bytes, record.end), 0);
	assert_true(span_eq_str(record.payload, ""));
	assert_int_equal(spool_read(s->spool, &record, &bytes, record.end), 0);
	assert_true(span_eq_str(record.payload, "three"));
	assert_int_equal(spool_read(s->spool, &record, &bytes, record.end), -ENOENT);
	buf_deinit(&bytes);
	assert_int_equal(open_spool(s), 0);
	assert_string_equal(s->found, "one||three|");
	clear(s);
	assert_int_equal(size_of(s->path), SPOOL_HEADER_BYTES);
	append(s, "four");
	assert_int_equal(open_spool(s), 0);
	assert_string_equal(s->found, "four|");
}

static void test_torn_tail_is_cut(void **state)
{
	struct stand *s = *state;
	uint64_t whole, torn;

	assert_int_equal(open_spool(s), 0);
	append(s, "one");
	whole = size_of(s->path);
	append(s, "two");
	torn = size_of(s->path);
	s->spool = spool_free(s->spool);
	/* Every length a power cut may leave behind. */
	while (--torn > whole) {
		assert_int_equal(truncate(s->path, (off_t)torn), 0);
		assert_int_equal(open_spool(s), 0);
		assert_string_equal(s->found, "one|");
		assert_int_equal(size_of(s->path), whole);
		append(s, "two");
		s->spool = spool_free(s->spool);
	}
	for (torn = whole - 1; torn > SPOOL_HEADER_BYTES; torn--) {
		assert_int_equal(truncate(s->path, (off_t)torn), 0);
		assert_int_equal(open_spool(s), 0);
		assert_string_equal(s->found, "");
	}
	for (torn = 0; torn < SPOOL_HEADER_BYTES; torn++) {
		s->spool = spool_free(s->spool);
		assert_int_equal(truncate(s->path, (off_t)torn), 0);
		assert_int_equal(open_spool(s), 0);
		assert_int_equal(size_of(s->path), SPOOL_HEADER_BYTES);
	}
}

static void test_damage_is_passed_over(void **state)
{
	struct stand *s = *state;
	uint64_t first, second;

	assert_int_equal(open_spool(s), 0);
	append(s, "one");
	first = size_of(s->path);
	append(s, "two");
	second = size_of(s->path);
	append(s, "three");
	for (uint64_t at = first; at < second; at++) {
		const int fd = open(s->path, O_RDWR | O_CLOEXEC);
		char was, is;
		struct spool_record record;
		struct buf bytes = {0};

		assert_int_equal(pread(fd, &was, 1, (off_t)at), 1);
		is = (char)(was ^ 0x10);
		assert_int_equal(pwrite(fd, &is, 1, (off_t)at), 1);
		assert_int_equal(open_spool(s), 0);
		assert_string_equal(s->found, "one|three|");
		assert_int_equal(spool_read(s->spool, &record, &bytes, first), 0);
		assert_true(span_eq_str(record.payload, "three"));
		buf_deinit(&bytes);
		assert_int_equal(pwrite(fd, &was, 1, (off_t)at), 1);
		(void)close(fd);
	}
	assert_int_equal(open_spool(s), 0);
	assert_string_equal(s->found, "one|two|three|");
}

static void test_what_is_no_spool_is_left_alone(void **state)
{
	static const char *const files[] = {"vgspool\x02", "somebody else's file"};
	struct stand *s = *state;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const int fd = open(s->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		assert_true(write(fd, files[i], strlen(files[i])) > 0);
		(void)close(fd);
		assert_int_equal(open_spool(s), -EINVAL);
		assert_int_equal(size_of(s->path), strlen(files[i]));
	}
}

static void test_bound(void **state)
{
	struct stand *s = *state;
	char big[2000];

	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(open_spool(s), 0);
	assert_true(spool_has_room(s->spool, 4096 - SPOOL_FRAME_BYTES));
	assert_false(spool_has_room(s->spool, 4096 - SPOOL_FRAME_BYTES + 1));
	append(s, big);
	append(s, big);
	assert_false(spool_has_room(s->spool, 100));
	clear(s);
	assert_true(spool_has_room(s->spool, 100));
}

/* A full disk, played by a limit on the file's size: told, nothing half-written, well again
 * after. */
static void test_full_disk(void **state)
{
	const struct rlimit tight = {SPOOL_HEADER_BYTES + SPOOL_FRAME_BYTES + 8, RLIM_INFINITY};
	const struct rlimit wide = {RLIM_INFINITY, RLIM_INFINITY};
	struct stand *s = *state;

	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(open_spool(s), 0);
	append(s, "one");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	append(s, "two, which is longer");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &wide), 0);
	assert_int_equal(s->failed, 1);
	assert_int_equal(size_of(s->path), SPOOL_HEADER_BYTES + SPOOL_FRAME_BYTES + 3);
	append(s, "three");
	assert_int_equal(s->failed, 1);
	assert_int_equal(open_spool(s), 0);
	assert_string_equal(s->found, "one|three|");
}

/* --- Records
 * --------------------------------------------------------------------------------------- */

static void test_record_there_and_back(void **state)
{
	struct queue_pair pairs[] = {{SPAN("etag"), SPAN("\"x\"")}, {SPAN("reads"), SPAN("-3")},
		{SPAN("cursor"), SPAN_NONE}, {SPAN("later"), SPAN("?")}};
	const struct queue_record_hit hits[] = {
		{SPAN("0123456789abcdef"), SPAN("\0\1\2\3\4\5\6\7"), SPAN("{}")},
		{SPAN("fedcba9876543210"), SPAN("76543210"), SPAN("")},
	};
	const struct queue_record record = {.partition = 15,
		.floor = UINT64_MAX,
		.epoch = SPAN("0123456789abcdef"),
		.source = SPAN("a/b"),
		.pairs = pairs,
		.n_pairs = 4,
		.hits = hits,
		.n_hits = 2};
	struct queue_record got;
	struct source_state meaning;
	struct arena arena = {0};
	struct buf bytes = {0};

	(void)state;
	queue_record_encode(&bytes, &record);
	assert_int_equal(queue_record_decode(&got, &arena, buf_span(&bytes)), 0);
	assert_int_equal(got.partition, 15);
	assert_true(got.floor == UINT64_MAX);
	assert_true(span_eq(got.epoch, record.epoch) && span_eq(got.source, record.source));
	assert_int_equal(got.n_hits, 2);
	assert_true(span_eq(got.hits[0].hash, hits[0].hash) &&
		    span_eq(got.hits[1].key, hits[1].key));
	meaning = queue_state_of(got.pairs, got.n_pairs);
	assert_true(span_eq_str(meaning.etag, "\"x\""));
	assert_int_equal(meaning.reads, -3);
	assert_false(wall_known(meaning.next_due));
	queue_record_strip(&got);
	assert_int_equal(got.n_pairs, 2);
	/* Each way it may be cut, or be of another version. */
	for (size_t n = 0; n < bytes.n; n++)
		assert_int_equal(
			queue_record_decode(&got, &arena, span_of(bytes.p, n)), -EINVAL);
	bytes.p[0]++;
	assert_int_equal(queue_record_decode(&got, &arena, buf_span(&bytes)), -EINVAL);
	bytes.p[0]--;
	bytes.p[1] = PARTITIONS;
	assert_int_equal(queue_record_decode(&got, &arena, buf_span(&bytes)), -EINVAL);
	arena_release(&arena);
	buf_deinit(&bytes);
}

static void test_ids(void **state)
{
	static const struct {
		const char *text;
		bool fine;
		uint64_t ms, seq;
	} table[] = {
		{"1700000000000-0", true, 1700000000000, 0},
		{"0-0", true, 0, 0},
		{"18446744073709551615-18446744073709551615", true, UINT64_MAX, UINT64_MAX},
		{"18446744073709551616-0", false, 0, 0},
		{"1", false, 0, 0},
		{"1-", false, 0, 0},
		{"-1", false, 0, 0},
		{"1-2-3", false, 0, 0},
		{"1-x", false, 0, 0},
		{"", false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct queue_id id = {0};

		assert_int_equal(queue_id_parse(&id, span_str(table[i].text)), table[i].fine);
		assert_true(id.ms == table[i].ms && id.seq == table[i].seq);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_holds_what_it_was_given, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_torn_tail_is_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damage_is_passed_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_what_is_no_spool_is_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bound, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_full_disk, set_up, tear_down),
		cmocka_unit_test(test_record_there_and_back),
		cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
