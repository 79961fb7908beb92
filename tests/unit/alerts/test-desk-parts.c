/* What the desk is made of: times of the clock, what a matcher says of a number, budgets. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "desk_budget.h"
#include "stand.h"
#include "vigie/zone.h"
#include "window.h"

static struct wall at(const char *text)
{
	return wall_parse_rfc3339(span_str(text));
}

static struct zone *paris(struct arena *arena)
{
	struct buf file = {0};
	struct zone *zone = NULL;

	stand_zone_file(&file, "CET-1CEST,M3.5.0,M10.5.0/3", 0);
	assert_int_equal(zone_read(&zone, arena, buf_span(&file)), 0);
	buf_deinit(&file);
	return zone;
}

static void times_of_the_day(void **state)
{
	static const struct {
		const char *day; /* some instant of it */
		int minute;
		const char *at;
	} rows[] = {
		{"2026-03-02T12:00:00Z", 8 * 60, "2026-03-02T07:00:00Z"},
		{"2026-03-02T12:00:00Z", 0, "2026-03-01T23:00:00Z"},
		{"2026-03-02T12:00:00Z", 24 * 60, "2026-03-02T23:00:00Z"},
		/* Forward at two: 02:30 is not there, 03:00 is the instant of the jump. */
		{"2026-03-29T12:00:00Z", 119, "2026-03-29T00:59:00Z"},
		{"2026-03-29T12:00:00Z", 150, "2026-03-29T01:00:00Z"},
		{"2026-03-29T12:00:00Z", 180, "2026-03-29T01:00:00Z"},
		{"2026-03-29T12:00:00Z", 181, "2026-03-29T01:01:00Z"},
		/* Back at three: 02:30 is there twice, the first counts. */
		{"2026-10-25T12:00:00Z", 150, "2026-10-25T00:30:00Z"},
		{"2026-10-25T12:00:00Z", 180, "2026-10-25T02:00:00Z"},
	};
	struct arena arena = {0};
	const struct zone *zone = paris(&arena);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(
			window_at(zone, zone_day_number(zone, at(rows[i].day)), rows[i].minute)
				.ms,
			at(rows[i].at).ms);
	arena_release(&arena);
}

static void intervals(void **state)
{
	static const struct {
		struct time_span span;
		const char *from;
		bool inside;
		const char *next; /* NULL: never */
	} rows[] = {
		/* Over midnight, of the day on which it begins. */
		{{.from_minute = 1320, .to_minute = 420}, "2026-03-02T20:59:00Z", true,
			"2026-03-02T21:00:00Z"},
		{{.from_minute = 1320, .to_minute = 420, .weekdays = 1 << 4},
			"2026-03-06T23:30:00Z", false, "2026-03-07T06:00:00Z"},
		{{.from_minute = 1320, .to_minute = 420, .weekdays = 1 << 4},
			"2026-03-07T06:00:00Z", true, "2026-03-13T21:00:00Z"},
		/* Whole days: the last of a month, a month, years. */
		{{.first_day = -1, .last_day = -1}, "2026-03-02T00:00:00Z", true,
			"2026-03-30T22:00:00Z"},
		{{.first_day = 1, .last_day = 7}, "2026-03-02T00:00:00Z", false,
			"2026-03-07T23:00:00Z"},
		{{.months = 1 << 7}, "2026-03-02T00:00:00Z", true, "2026-07-31T22:00:00Z"},
		{{.first_year = 2027}, "2026-12-31T22:59:00Z", true, "2026-12-31T23:00:00Z"},
		{{.last_year = 2025}, "2026-03-02T00:00:00Z", true, NULL},
		{{0}, "2026-03-02T00:00:00Z", false, NULL},
	};
	struct arena arena = {0};
	const struct zone *zone = paris(&arena);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct time_interval interval = {
			.zone = zone, .spans = &rows[i].span, .n_spans = 1};
		const struct wall next =
			window_next(&interval, at(rows[i].from), rows[i].inside);

		assert_int_equal(wall_known(next), rows[i].next != NULL);
		if (rows[i].next)
			assert_int_equal(next.ms, at(rows[i].next).ms);
	}
	arena_release(&arena);
}

static void what_a_matcher_says_of_a_number(void **state)
{
	static const struct {
		const char *text;
		enum route_key key;
		double is, is_not;
	} rows[] = {
		{"1000", ROUTE_FOLLOWERS, 1000, 1001},
		{">= 1000", ROUTE_FOLLOWERS, 1000, 999},
		{"> 10k", ROUTE_FOLLOWERS, 10001, 10000},
		{"<1.5m", ROUTE_FOLLOWERS, 1499999, 1500000},
		{"<= 5", ROUTE_SIZE, 5, 6},
		{"5 .. 50", ROUTE_SIZE, 50, 51},
		{"-1..1", ROUTE_SEVERITY, -1, -2},
		{"warning", ROUTE_SEVERITY, 6.99, 7},
		{"critical", ROUTE_SEVERITY, 1000, 6.99},
		{">= Warning", ROUTE_SEVERITY, 8, 3.99},
		{"> warning", ROUTE_SEVERITY, 7, 6.99},
		{"< critical", ROUTE_SEVERITY, 6.99, 7},
	};
	static const char *const wrong[] = {"", "many", ">", ">= ", "1..", "..1", "5..1", "1k2",
		"1 2", "--1", "critical?", "=="};
	struct route_range r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_true(route_range_read(&r, span_str(rows[i].text), rows[i].key, NULL));
		assert_true(rows[i].is >= r.from && rows[i].is <= r.to);
		assert_false(rows[i].is_not >= r.from && rows[i].is_not <= r.to);
		assert_false(NAN >= r.from);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(route_range_read(&r, span_str(wrong[i]), ROUTE_SEVERITY, NULL));
	assert_false(route_range_read(&r, SPAN("critical"), ROUTE_FOLLOWERS, NULL));
}

/* Thirty days of sixty messages with severities as they come; eight a day may go out. What the
 * rule lets out is compared with the best eight of each day, known only in the evening. */
static void a_budget_is_spent_on_the_best(void **state)
{
	enum { DAYS = 30, A_DAY = 60, MOST = 8 };
	const struct budget budget = {MOST, BUDGET_DAY};
	const struct receiver receiver = {.budgets = &budget, .n_budgets = 1};
	struct desk_budget b = DESK_BUDGET_NEW;
	uint64_t random = 7;
	double got = 0, best = 0;

	(void)state;
	for (int day = 0; day < DAYS; day++) {
		int32_t scores[A_DAY];
		unsigned out = 0;

		for (int i = 0; i < A_DAY; i++) {
			const struct wall now = {((int64_t)day * 24 * 60 + i * 24) * 60000};
			bool goes;

			random = random * 6364136223846793005U + 1442695040888963407U;
			scores[i] = (int32_t)(random >> 40) % 1000;
			goes = desk_budget_has(&b, &receiver, scores[i], now, NULL);
			desk_budget_count(&b, &receiver, scores[i], goes, now);
			if (goes && day > 0)
				got += scores[i];
			out += goes;
		}
		assert_true(out <= MOST);
		for (int k = 0; k < MOST && day > 0; k++) {
			int top = 0;

			for (int i = 1; i < A_DAY; i++)
				if (scores[i] > scores[top])
					top = i;
			best += scores[top];
			scores[top] = -1;
		}
	}
	print_message("the budget got %.1f %% of what was best\n", 100 * got / best);
	assert_true(got > 0.9 * best);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_of_the_day),
		cmocka_unit_test(intervals),
		cmocka_unit_test(what_a_matcher_says_of_a_number),
		cmocka_unit_test(a_budget_is_spent_on_the_best),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
