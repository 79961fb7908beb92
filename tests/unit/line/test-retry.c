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
		bool clamped;
	} rows[] = {
		{"0", 0, false},
		{"120", 120000, false},
		{" 7 ", 7000, false},
		{"86400", 86400000, false},
		{"86401", 86400000, true},
		{"99999999999999999999", 86400000, true},
		{"Fri, 20 Nov 2026 20:27:10 GMT", 60000, false},
		{"Friday, 20-Nov-26 20:27:10 GMT", 60000, false},
		{"Fri Nov 20 20:27:10 2026", 60000, false},
		{"Fri, 20 Nov 2026 20:00:00 GMT", 0, false},
		{"Fri, 20 Nov 2099 20:00:00 GMT", 86400000, true},
		{"-5", -1, false},
		{"1.5", -1, false},
		{"soon", -1, false},
		{"", -1, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct header header = {SPAN("retry-after"), span_str(rows[i].value)};
		const struct answer answer = {
			.status = 503, .headers = &header, .n_headers = 1};
		bool clamped;

		assert_int_equal(retry_after_ms(&answer, now, &clamped), rows[i].ms);
		assert_int_equal(clamped, rows[i].clamped);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_schedule_is_that_of_standard_webhooks),
		cmocka_unit_test(retry_after_in_both_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
