/* budget: quotas that slide and quotas of a day; reservations; what a restart makes of them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "line/budget.h"

enum { SECOND = 1000, HOUR = 3600 * SECOND, DAY = 24 * HOUR };

static const struct wall noon = {1795262400000}; /* 2026-11-21T12:00:00Z */

static struct wall later(int64_t ms)
{
	return (struct wall){noon.ms + ms};
}

/* Spends as soon as it may, and looks at every window of the quota's length. */
static void no_window_holds_more_than_the_quota(void **state)
{
	enum { SPENDS = 400 };
	static int64_t at[SPENDS];
	struct quota_budget b = {.quota = {.most = 50, .per_ms = 60 * SECOND, .resets_s = -1}};
	struct wall now = later(17);

	(void)state;
	for (int i = 0; i < SPENDS; i++) {
		now.ms += budget_wait(&b, 1, now) + i % 7;
		assert_int_equal(budget_wait(&b, 1, now), 0);
		(void)budget_spend(&b, 1, now);
		at[i] = now.ms;
		if (i >= 50)
			assert_true(at[i] - at[i - 50] >= 60 * SECOND);
	}
	/* And hardly less. */
	assert_true(at[SPENDS - 1] - at[0] < 9 * 60 * SECOND);
}

static void a_day_begins_at_its_own_hour(void **state)
{
	struct quota_budget b = {.quota = {.most = 10000, .per_ms = DAY, .resets_s = 8 * 3600}};

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(budget_wait(&b, 100, later(0)), 0);
		(void)budget_spend(&b, 100, later(0));
	}
	assert_int_equal(budget_spent(&b, later(0)), 10000);
	assert_int_equal(budget_wait(&b, 1, later(0)), 20 * HOUR); /* 08:00 tomorrow */
	assert_int_equal(budget_wait(&b, 1, later(20 * HOUR)), 0);
	assert_int_equal(budget_spent(&b, later(20 * HOUR)), 0);
}

static void what_costs_more_than_all_waits_for_an_empty_window(void **state)
{
	struct quota_budget b = {.quota = {.most = 5, .per_ms = HOUR, .resets_s = -1}};

	(void)state;
	assert_int_equal(budget_wait(&b, 9, noon), 0);
	(void)budget_spend(&b, 9, noon);
	assert_true(budget_wait(&b, 9, later(1)) > HOUR - 1);
}

static void a_crash_costs_a_step_at_most_and_gives_nothing(void **state)
{
	struct quota_budget b = {.quota = {.most = 320, .per_ms = DAY, .resets_s = 0}},
			    again = {0};
	struct budget_slot durable = {0};
	int writes = 0;

	(void)state;
	for (int i = 0; i < 95; i++) {
		if (!budget_spend(&b, 1, noon))
			continue;
		writes++;
		durable = b.slots[0];
		assert_true(durable.reserved >= b.slots[0].spent);
	}
	assert_int_equal(writes, 10);
	again.quota = b.quota;
	budget_restore(&again, durable.at_ms, durable.reserved, noon);
	assert_in_range(budget_spent(&again, noon), 95, 95 + 10);
	budget_restore(&again, noon.ms - 5 * DAY, 300, noon);
	assert_in_range(budget_spent(&again, noon), 95, 95 + 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_window_holds_more_than_the_quota),
		cmocka_unit_test(a_day_begins_at_its_own_hour),
		cmocka_unit_test(what_costs_more_than_all_waits_for_an_empty_window),
		cmocka_unit_test(a_crash_costs_a_step_at_most_and_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
