/* retry: when it is tried again, and how long a receiver may keep us waiting. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "line/retry.h"

static void the_schedule_is_that_of_standard_webhooks(void **state)
{
	static const int64_t seconds[] = {
		0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400, 86400};
	int64_t total = 0;

	(void)state;
	for (int64_t tries = 0; tries < 11; tries++) {
		for (uint64_t seed = 0; seed < 5000; seed += 7) {
			const int64_t ms = retry_delay_ms(tries, seed);

			assert_true(ms >= seconds[tries] * 1000);
			assert_true(ms <= seconds[tries] * 1100);
			assert_int_equal(ms, retry_delay_ms(tries, seed));
		}
		total += tries < RETRY_TRIES ? seconds[tries] : 0;
	}
	assert_in_range(total, 3 * 86400, 4 * 86400);
	assert_int_not_equal(retry_delay_ms(5, 1), retry_delay_ms(5, 2));
}

static void retry_after_in_both_forms(void **state)
{
	/* 2026-11-20T20:26:10Z */
	const struct wall now = {1795206370000};
	static const struct {
		const char *value;
		int64_t ms;
	} rows[] = {
		{"0", 0},
		{"120", 120000},
		{" 7 ", 7000},
		{"86400", INT64_C(86400000)},
		{"86401", INT64_C(86401000)},
		{"2592001", INT64_C(2592001000)},
		{"Fri, 20 Nov 2026 20:27:10 GMT", 60000},
		{"Friday, 20-Nov-26 20:27:10 GMT", 60000},
		{"Fri Nov 20 20:27:10 2026", 60000},
		{"Fri, 20 Nov 2026 20:00:00 GMT", 0},
		{"Mon, 23 Nov 2026 20:26:10 GMT", INT64_C(3) * 86400000},
		{"1.5", 2000}, /* no form of the RFC: rounded up */
		{"-5", -1},
		{"1h", -1},
		{"1.5.5", -1},
		{"soon", -1},
		{"", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct header header = {SPAN("retry-after"), span_str(rows[i].value)};
		const struct answer answer = {
			.status = 503, .headers = &header, .n_headers = 1};

		assert_int_equal(retry_after_ms(&answer, now), rows[i].ms);
	}
}

/* However long: more than what is waited for, and of several the longest. */
static void nothing_is_cut_down(void **state)
{
	const struct wall now = {1795206370000};
	static const char *const forms[] = {
		"2592001", "99999999999999999999", "Fri, 20 Nov 2099 20:00:00 GMT"};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		const struct header headers[] = {{SPAN("Retry-After"), SPAN("3")},
			{SPAN("Retry-After"), span_str(forms[i])},
			{SPAN("Retry-After"), SPAN("4")}};
		const struct answer answer = {
			.status = 429, .headers = headers, .n_headers = 3};

		assert_true(retry_after_ms(&answer, now) > RETRY_AFTER_MOST_MS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_schedule_is_that_of_standard_webhooks),
		cmocka_unit_test(retry_after_in_both_forms),
		cmocka_unit_test(nothing_is_cut_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
