/* health: what came of an attempt, and when the source is asked again. Now is a Wednesday noon.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "line/health.h"
#include "line/packed.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static const char *const now_text = "2026-07-15T12:00:00Z";
static const char *const now_http = "Wed, 15 Jul 2026 12:00:00 GMT";

static struct wall now(void)
{
	return wall_parse_rfc3339(span_str(now_text));
}

/* A batch with one answer, and how it is judged. */
struct trial {
	struct batch *batch;
	struct memo memo;
	struct health_ask ask;
	struct health health;
};

static void begin(struct trial *t, int status)
{
	*t = (struct trial){.batch = batch_new()};
	assert_non_null(t->batch);
	t->batch->state = source_state_new();
	t->batch->outcome = status == 304                   ? BATCH_UNCHANGED
			    : status >= 200 && status < 300 ? BATCH_READ
							    : BATCH_FAILED;
	t->batch->document.status = status;
	t->memo.full = WALL_NONE;
	t->ask = (struct health_ask){
		.auto_ms = 15 * MINUTE, .now = now(), .elapsed_ms = 2 * SECOND};
}

static void judge(struct trial *t)
{
	health_settle(&t->health, t->batch, &t->memo, &t->ask);
}

static void end(struct trial *t)
{
	t->batch = batch_free(t->batch);
}

static void retry_after_has_two_forms(void **state)
{
	static const struct {
		const char *value, *date;
		int64_t ms;
	} rows[] = {
		{"120", NULL, 120 * SECOND},
		{" 7 ", NULL, 7 * SECOND},
		{"0", NULL, 0},
		{"Wed, 15 Jul 2026 12:01:30 GMT", NULL, 90 * SECOND},
		{"Wed, 15 Jul 2026 11:00:00 GMT", NULL, 0},
		/* The server's clock is an hour fast: its own Date says so. */
		{"Wed, 15 Jul 2026 13:00:30 GMT", "Wed, 15 Jul 2026 13:00:00 GMT", 30 * SECOND},
		{"", NULL, -1},
		{"soon", NULL, -1},
		{"-5", NULL, -1},
		{"1.5", NULL, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct document d = {
			.retry_after = span_str(rows[i].value), .date = span_str(rows[i].date)};

		print_message("%s\n", rows[i].value);
		assert_int_equal(health_retry_after(&d, now()), rows[i].ms);
	}
}

static void answers_say_how_long_they_are_fresh(void **state)
{
	static const struct {
		const char *control, *expires, *age;
		int64_t ms;
	} rows[] = {
		{"max-age=600", NULL, NULL, 10 * MINUTE},
		{"public, Max-Age=600", NULL, "60", 9 * MINUTE},
		{"max-age=\"600\"", NULL, NULL, 10 * MINUTE},
		{"max-age=60", NULL, "600", 0},
		{"max-age=600, no-cache", NULL, NULL, 0},
		{"no-store", "Wed, 15 Jul 2026 13:00:00 GMT", NULL, 0},
		{"s-maxage=600", NULL, NULL, -1}, /* for shared caches, which we are not */
		{"max-age=x", NULL, NULL, 0},
		{"", "Wed, 15 Jul 2026 13:00:00 GMT", NULL, HOUR},
		{"max-age=60", "Wed, 15 Jul 2026 13:00:00 GMT", NULL, MINUTE},
		{"", "0", NULL, 0},
		{"", "Wed, 15 Jul 2026 11:00:00 GMT", NULL, 0},
		{"", NULL, NULL, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct header age = {SPAN("Age"), span_str(rows[i].age)};
		const struct document d = {.cache_control = span_str(rows[i].control),
			.expires = span_str(rows[i].expires),
			.date = span_str(now_http),
			.headers = &age,
			.n_headers = rows[i].age ? 1 : 0};

		print_message(
			"%s %s\n", rows[i].control, rows[i].expires ? rows[i].expires : "");
		assert_int_equal(health_fresh(&d, now()), rows[i].ms);
	}
}

static void hours_and_days_can_be_skipped(void **state)
{
	static const struct {
		const char *at;
		uint32_t hours;
		uint8_t days;
		const char *then;
	} rows[] = {
		{"2026-07-15T12:34:56Z", 0, 0, "2026-07-15T12:34:56Z"},
		{"2026-07-15T12:34:56Z", 1u << 13, 0, "2026-07-15T12:34:56Z"},
		{"2026-07-15T12:34:56Z", 1u << 12, 0, "2026-07-15T13:00:00Z"},
		{"2026-07-15T23:10:00Z", 1u << 23 | 1u << 0 | 1u << 1, 0,
			"2026-07-16T02:00:00Z"},
		{"2026-07-15T12:34:56Z", 0, 1u << 2, "2026-07-16T00:00:00Z"}, /* Wednesday */
		{"2026-07-18T12:00:00Z", 1u << 0, 1u << 5 | 1u << 6, "2026-07-20T01:00:00Z"},
		{"2026-07-15T12:34:56Z", 0xFFFFFF, 0, "2026-07-15T12:34:56Z"}, /* all: none */
		{"2026-07-15T12:34:56Z", 0, 0x7F, "2026-07-15T12:34:56Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[RFC3339_SIZE];

		assert_string_equal(
			wall_rfc3339(text, health_skip(wall_parse_rfc3339(span_str(rows[i].at)),
						   rows[i].hours, rows[i].days)),
			rows[i].then);
	}
}

static void an_explicit_every_counts_from_the_start_and_is_never_stretched(void **state)
{
	struct trial t;

	(void)state;
	begin(&t, 200);
	t.ask.every_ms = 5 * SECOND;
	t.batch->document.cache_control = SPAN("max-age=3600");
	t.batch->lesson.ttl_ms = HOUR;
	t.batch->lesson.skip_hours = 0xFFF000;
	t.ask.random[0] = UINT32_MAX;
	judge(&t);
	assert_int_equal(t.health.due_in_ms, 3 * SECOND);
	assert_int_equal(t.batch->state.next_due.ms, now().ms + 3 * SECOND);
	assert_int_equal(t.batch->state.last_try.ms, now().ms - 2 * SECOND);
	t.ask.elapsed_ms = HOUR;
	judge(&t);
	assert_int_equal(t.health.due_in_ms, 0);
	end(&t);
}

static void auto_honours_what_the_source_says(void **state)
{
	static const struct {
		const char *control;
		int64_t ttl_ms;
		uint32_t skip_hours;
		int64_t least, most;
	} rows[] = {
		{"", 0, 0, 15 * MINUTE, 17 * MINUTE},
		{"max-age=60", 0, 0, 15 * MINUTE, 17 * MINUTE},
		{"max-age=3600", 0, 0, HOUR, HOUR},
		{"", 2 * HOUR, 0, 2 * HOUR, 2 * HOUR},
		{"max-age=3600", 2 * HOUR, 0, 2 * HOUR, 2 * HOUR},
		{"max-age=99999999", 0, 0, DAY, DAY},
		{"", 0, 1u << 12, HOUR, HOUR + 5 * MINUTE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (uint64_t random = 0; random < 10; random++) {
			struct trial t;

			begin(&t, 200);
			t.batch->document.cache_control = span_str(rows[i].control);
			t.batch->lesson.ttl_ms = rows[i].ttl_ms;
			t.batch->lesson.skip_hours = rows[i].skip_hours;
			t.ask.random[0] = t.ask.random[1] = random * 1234567;
			judge(&t);
			assert_in_range(t.health.due_in_ms, rows[i].least, rows[i].most);
			/* The feed's own hints are remembered for the next 304. */
			t.batch->outcome = BATCH_UNCHANGED;
			t.batch->document = (struct document){.status = 304};
			t.batch->lesson = (struct batch_lesson){0};
			judge(&t);
			if (rows[i].ttl_ms || rows[i].skip_hours)
				assert_in_range(
					t.health.due_in_ms, rows[i].least, rows[i].most);
			end(&t);
		}
}

static void failures_back_off(void **state)
{
	static const struct {
		int status;
		int64_t every, failures, least, most;
		const char *mark, *error;
	} rows[] = {
		/* `failures` before this one. */
		{500, 0, 0, MINUTE, 3 * MINUTE / 2, "", "500: the site has an error"},
		{500, 0, 1, 2 * MINUTE, 3 * MINUTE, "", "500: the site has an error"},
		{500, 0, 40, DAY, DAY, "", "500: the site has an error"},
		{502, 2 * SECOND, 0, 2 * SECOND, 3 * SECOND, "", "502: the site has an error"},
		{500, 3 * DAY, 40, 3 * DAY, 3 * DAY, "", "500: the site has an error"},
		{404, 0, 0, MINUTE, 3 * MINUTE / 2, "",
			"404: nothing at this address: check it, or look for the new one with "
			"vigie "
			"discover"},
		{403, 2 * SECOND, 0, HOUR, 3 * HOUR / 2, "blocked",
			"403: the site refuses us: ask its owner to let our User-Agent "
			"through, or "
			"look for another address of the same news"},
		{401, 0, 2, 4 * HOUR, 6 * HOUR, "blocked",
			"401: wants a password: give the source its `headers` (Authorization)"},
		{418, 0, 0, MINUTE, 3 * MINUTE / 2, "", "418: an answer that is no document"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (uint64_t random = 0; random < 10; random++) {
			struct trial t;

			begin(&t, rows[i].status);
			t.ask.every_ms = rows[i].every;
			t.batch->state.failures = rows[i].failures;
			t.ask.random[0] = random * 987654321;
			judge(&t);
			assert_in_range(t.health.due_in_ms, rows[i].least, rows[i].most);
			assert_true(span_eq_str(t.batch->state.mark, rows[i].mark));
			assert_true(span_eq_str(t.batch->state.error, rows[i].error));
			assert_int_equal(t.batch->state.failures, rows[i].failures + 1);
			assert_false(wall_known(t.batch->state.last_read));
			end(&t);
		}
}

static void retry_after_is_obeyed_to_the_second(void **state)
{
	static const struct {
		int status;
		const char *value;
		int64_t every, due, host;
	} rows[] = {
		{429, "90", 0, 90 * SECOND, 90 * SECOND},
		{503, "Wed, 15 Jul 2026 12:10:00 GMT", 0, 10 * MINUTE, 10 * MINUTE},
		{429, "7200", 5 * SECOND, 2 * HOUR,
			15 * MINUTE}, /* others on the host are freed sooner */
		{429, "1", 10 * SECOND, 8 * SECOND, SECOND},
		{403, "60", 0, MINUTE, 0},
		{503, "99999999999", 0, 7 * DAY, 15 * MINUTE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct trial t;

		begin(&t, rows[i].status);
		t.ask.every_ms = rows[i].every;
		t.ask.random[0] = 77777;
		t.batch->document.retry_after = span_str(rows[i].value);
		judge(&t);
		assert_int_equal(t.health.due_in_ms, rows[i].due);
		assert_int_equal(t.health.host_ms, rows[i].host);
		assert_int_equal(span_empty(t.batch->state.mark), rows[i].status != 403);
		end(&t);
	}
}

static void gone_is_gone_and_a_challenge_is_a_block(void **state)
{
	static const struct header challenge = {{"CF-Mitigated", 12}, {"challenge", 9}};
	struct trial t;

	(void)state;
	begin(&t, 410);
	judge(&t);
	assert_int_equal(t.health.due_in_ms, HEALTH_DUE_NEVER);
	assert_false(wall_known(t.batch->state.next_due));
	assert_true(span_eq_str(t.batch->state.mark, "gone"));
	end(&t);

	begin(&t, 503);
	t.batch->document.headers = &challenge;
	t.batch->document.n_headers = 1;
	judge(&t);
	assert_true(span_eq_str(t.batch->state.mark, "blocked"));
	assert_true(t.health.due_in_ms >= HOUR);
	end(&t);
}

static void validators_belong_to_a_whole_document(void **state)
{
	struct trial t;

	(void)state;
	begin(&t, 200);
	t.batch->state.etag = SPAN("old");
	t.batch->state.last_modified = SPAN("Mon, 13 Jul 2026 00:00:00 GMT");
	t.batch->state.error = SPAN("500");
	t.batch->state.failures = 3;
	t.batch->document.etag = SPAN("\"new\"");
	t.batch->document.end = DOCUMENT_TRUNCATED;
	judge(&t);
	assert_true(span_eq_str(t.batch->state.etag, "old"));
	assert_false(span_empty(t.batch->state.last_modified));
	assert_true(span_eq_str(t.batch->state.mark, "truncated"));
	assert_int_equal(t.batch->state.failures, 0);

	t.batch->document.end = DOCUMENT_OVERLONG;
	judge(&t);
	assert_true(span_eq_str(t.batch->state.etag, "old"));
	assert_true(span_eq_str(t.batch->state.mark, "overlong"));

	t.batch->document.end = DOCUMENT_COMPLETE;
	judge(&t);
	assert_true(span_eq_str(t.batch->state.etag, "\"new\""));
	assert_true(
		span_empty(t.batch->state.last_modified)); /* the old one is of the old body */
	assert_true(span_empty(t.batch->state.mark) && span_empty(t.batch->state.error));
	assert_true(t.health.changed);
	judge(&t);
	assert_false(t.health.changed);

	/* A 304 brings none: its own might be of a body we haven't read. */
	t.batch->outcome = BATCH_UNCHANGED;
	t.batch->document = (struct document){.status = 304, .etag = SPAN("\"newer\"")};
	judge(&t);
	assert_true(span_eq_str(t.batch->state.etag, "\"new\""));
	assert_int_equal(t.batch->state.last_read.ms, now().ms);
	end(&t);
}

static void a_validator_from_the_future_is_dropped(void **state)
{
	static const struct {
		const char *modified, *date;
		bool kept;
	} rows[] = {
		{"Wed, 15 Jul 2026 11:59:59 GMT", NULL, true},
		{"Wed, 15 Jul 2026 12:00:00 GMT", NULL, true},
		{"Wed, 15 Jul 2026 12:00:01 GMT", NULL, false},
		{"Wed, 15 Jul 2026 12:30:00 GMT", "Wed, 15 Jul 2026 12:31:00 GMT", true},
		{"Wed, 15 Jul 2026 11:30:00 GMT", "Wed, 15 Jul 2026 11:00:00 GMT", false},
		{"yesterday", NULL, true}, /* the server may know what it means */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct trial t;

		begin(&t, 200);
		t.batch->document.last_modified = span_str(rows[i].modified);
		t.batch->document.date = span_str(rows[i].date);
		judge(&t);
		assert_int_equal(!span_empty(t.batch->state.last_modified), rows[i].kept);
		end(&t);
	}
}

static void an_unasked_304_is_asked_past(void **state)
{
	struct trial t;

	(void)state;
	begin(&t, 304);
	t.batch->outcome = BATCH_FAILED;
	judge(&t);
	assert_true(t.memo.flags & MEMO_NO_CACHE);
	assert_true(span_starts(t.batch->state.error, SPAN("304: answered \"not modified\"")));
	t.batch->outcome = BATCH_READ;
	t.batch->document.status = 200;
	judge(&t);
	assert_false(t.memo.flags & MEMO_NO_CACHE);
	assert_int_equal(t.memo.full.ms, now().ms);
	end(&t);
}

static void notes_survive_as_bytes(void **state)
{
	const struct memo memo = {1, 2, {-4}, 5, 6, 7, 8, 9, SPAN("rhythm")};
	struct arena arena = {0};
	struct span bytes;
	struct memo back;

	(void)state;
	bytes = memo_encode(&arena, &memo);
	memo_decode(&back, bytes);
	assert_int_equal(back.url, 1);
	assert_int_equal(back.moved, 2);
	assert_int_equal(back.full.ms, -4);
	assert_int_equal(back.ttl_s, 5);
	assert_int_equal(back.skip_hours, 6);
	assert_int_equal(back.skip_days, 7);
	assert_int_equal(back.moved_seen, 8);
	assert_int_equal(back.flags, 9);
	assert_true(span_eq_str(back.rhythm, "rhythm"));
	memo_decode(&back, span_slice(bytes, 0, 30));
	assert_int_equal(back.url, 0);
	assert_false(wall_known(back.full));
	arena_release(&arena);
}

static void a_state_survives_packing(void **state)
{
	struct source_state s = source_state_new(), back;
	struct packed *packed, *copy;
	struct arena arena = {0};

	(void)state;
	s.etag = SPAN("e");
	s.last_modified = SPAN("");
	s.cursor = SPAN("cu");
	s.url_moved = SPAN("mov");
	s.ns = SPAN("name");
	s.error = SPAN("wrong");
	s.mark = SPAN("marked");
	s.undated = SPAN("\0undate");
	s.memo = SPAN("memorial");
	s.failures = 1;
	s.reads = 2;
	s.items = 3;
	s.hits = 4;
	s.next_due.ms = 5;
	packed = packed_new(&s);
	assert_non_null(packed);
	copy = packed_dup(&arena, packed);
	assert_non_null(copy);
	free(packed);
	packed_read(&back, copy);
	assert_true(span_eq(back.etag, s.etag) && span_empty(back.last_modified) &&
		    span_eq(back.cursor, s.cursor) && span_eq(back.url_moved, s.url_moved) &&
		    span_eq(back.ns, s.ns) && span_eq(back.error, s.error) &&
		    span_eq(back.mark, s.mark) && span_eq(back.undated, s.undated) &&
		    span_eq(back.memo, s.memo));
	assert_int_equal(back.failures, 1);
	assert_int_equal(back.reads, 2);
	assert_int_equal(back.items, 3);
	assert_int_equal(back.hits, 4);
	assert_int_equal(back.next_due.ms, 5);
	assert_false(wall_known(back.last_read));
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(retry_after_has_two_forms),
		cmocka_unit_test(answers_say_how_long_they_are_fresh),
		cmocka_unit_test(hours_and_days_can_be_skipped),
		cmocka_unit_test(
			an_explicit_every_counts_from_the_start_and_is_never_stretched),
		cmocka_unit_test(auto_honours_what_the_source_says),
		cmocka_unit_test(failures_back_off),
		cmocka_unit_test(retry_after_is_obeyed_to_the_second),
		cmocka_unit_test(gone_is_gone_and_a_challenge_is_a_block),
		cmocka_unit_test(validators_belong_to_a_whole_document),
		cmocka_unit_test(a_validator_from_the_future_is_dropped),
		cmocka_unit_test(an_unasked_304_is_asked_past),
		cmocka_unit_test(notes_survive_as_bytes),
		cmocka_unit_test(a_state_survives_packing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
