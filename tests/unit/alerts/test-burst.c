/* baseline and burst: what is usual in this hour of the week, and when more is said than that.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "stand.h"
#include "vigie/burst.h"
#include "vigie/zone.h"

#define NONE NAN, NAN, NAN, NAN
#define NO_DAYS                                                                                \
	{                                                                                      \
		NONE, NAN, NAN, NAN                                                            \
	}

static void the_usual_is_the_median_of_the_weeks(void **state)
{
	static const struct {
		struct baseline_past past;
		double usual, spread;
		uint32_t samples;
		bool learning;
	} table[] = {
		/* Nobody watched. */
		{{{NONE, NONE}, NO_DAYS}, 0, 0, 0, false},
		/* Always the same: still as uneven as chance is. */
		{{{9, 9, 9, 9, NONE}, NO_DAYS}, 9, 3, 4, false},
		/* A week with a burst in it changes little. */
		{{{9, 900, 10, 8, 11, NAN, NAN, NAN}, NO_DAYS}, 10, 3.1623, 5, false},
		{{{0, 0, 0, 0, NONE}, NO_DAYS}, 0, 1, 4, false},
		{{{100, 200, 300, 400, 500, NAN, NAN, NAN}, NO_DAYS}, 300, 148.26, 5, false},
		/* Two weeks are not enough: the days before speak too, the seventh day only
		   once. */
		{{{10, 20, NONE, NAN, NAN}, {30, 40, 50, 60, 70, 80, 10}}, 45, 29.652, 8, true},
		{{{NONE, NONE}, {4, NAN, NAN, NAN, NAN, NAN, NAN}}, 4, 2, 1, true},
		/* Once there are weeks, days say nothing. */
		{{{10, 10, 10, NONE, NAN}, {99, 99, 99, 99, 99, 99, 99}}, 10, 3.1623, 3, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct baseline b = baseline_of(&table[i].past);

		assert_int_equal(b.samples, table[i].samples);
		assert_float_equal(b.usual, table[i].usual, 0.001);
		assert_float_equal(b.spread, table[i].samples ? table[i].spread : 0, 0.001);
		assert_int_equal(b.learning, table[i].samples ? table[i].learning : true);
	}
}

static void a_burst_is_far_above_the_usual(void **state)
{
	static const struct {
		struct baseline usual;
		double begins;
	} table[] = {
		{{0, 0, 0, true}, INFINITY},
		{{0, 1, 5, false}, 10},      /* the floor */
		{{0, 1, 5, true}, 20},       /* a higher one */
		{{9, 3, 5, false}, 27},      /* three times and six spreads alike */
		{{9, 5, 5, false}, 39},      /* an uneven hour */
		{{400, 20, 5, false}, 1200}, /* an even one */
		{{9, 3, 5, true}, 36},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct burst burst = {0};
		const double begins = table[i].begins;

		assert_true(burst_begins_at(&table[i].usual) == begins);
		assert_int_equal(burst_step(&burst, isinf(begins) ? 1e9 : begins - 1,
					 &table[i].usual, (struct wall){1}),
			BURST_NOTHING);
		if (!isinf(begins))
			assert_int_equal(
				burst_step(&burst, begins, &table[i].usual, (struct wall){2}),
				BURST_BEGAN);
	}
}

/* Counts by the minute, and how often it begins and ends. */
static void it_wavers_and_is_one(void **state)
{
	static const struct baseline usual = {9, 3, 8, false}; /* from 27 on; calm below 18 */
	struct burst burst = {0};
	int began = 0, ended = 0;
	int64_t minute = 0;

	(void)state;
	for (; minute < 600; minute++) {
		/* Above and below, never calm for an hour. */
		const double n = minute % 50 < 25 ? 40 + (double)(minute % 7) : 12;
		const enum burst_news news =
			burst_step(&burst, n, &usual, (struct wall){minute * 60000});

		began += news == BURST_BEGAN;
		ended += news == BURST_ENDED;
	}
	assert_int_equal(began, 1);
	assert_int_equal(ended, 0);
	assert_true(burst.on && burst.peak == 46 && burst.began.ms == 0);
	for (int64_t end = minute + 120; minute < end; minute++) {
		const enum burst_news news =
			burst_step(&burst, 9, &usual, (struct wall){minute * 60000});

		ended += news == BURST_ENDED;
		assert_int_not_equal(news, BURST_BEGAN);
	}
	assert_int_equal(ended, 1);
	assert_false(burst.on);
	/* And another one is another one. */
	assert_int_equal(
		burst_step(&burst, 50, &usual, (struct wall){minute * 60000}), BURST_BEGAN);
	/* A clock that goes back ends nothing. */
	assert_int_equal(burst_step(&burst, 0, &usual, (struct wall){0}), BURST_NOTHING);
	assert_int_equal(burst_step(&burst, 0, &usual, (struct wall){-7200000}), BURST_NOTHING);
	assert_true(burst.on);
}

static void it_is_over_when_it_was_calm_for_a_while(void **state)
{
	static const struct baseline usual = {9, 3, 8, false};
	struct burst burst = {.calm_ms = 5000};

	(void)state;
	assert_int_equal(burst_step(&burst, 50, &usual, (struct wall){1000}), BURST_BEGAN);
	assert_int_equal(burst_step(&burst, 9, &usual, (struct wall){2000}), BURST_NOTHING);
	assert_int_equal(burst_step(&burst, 9, &usual, (struct wall){6999}), BURST_NOTHING);
	assert_int_equal(burst_step(&burst, 9, &usual, (struct wall){7000}), BURST_ENDED);
	/* It was calm before that was sure. */
	assert_true(burst.calm_since.ms == 2000 && burst.began.ms == 1000);
}

/* The hours of the week before are those of the clock on the wall. */
static void an_hour_of_the_week_is_a_local_one(void **state)
{
	enum { HOUR = 3600000, WEEKS = BASELINE_WEEKS };
	/* Monday 2026-03-30, 09:30 in Paris: it is summer since yesterday. */
	const struct wall now = wall_from_civil(2026, 3, 30, 7, 30, 0);
	int64_t ago[BASELINE_WEEKS + BASELINE_DAYS];
	struct arena arena = {0};
	struct zone *paris = NULL;
	struct buf file = {0};

	(void)state;
	baseline_ago(ago, NULL, now);
	for (int i = 0; i < WEEKS; i++)
		assert_true(ago[i] == (i + 1) * INT64_C(168) * HOUR);
	for (int i = 0; i < BASELINE_DAYS; i++)
		assert_true(ago[WEEKS + i] == (i + 1) * INT64_C(24) * HOUR);
	stand_zone_file(&file, "CET-1CEST,M3.5.0,M10.5.0/3", 0);
	assert_int_equal(zone_read(&paris, &arena, buf_span(&file)), 0);
	buf_deinit(&file);
	baseline_ago(ago, paris, now);
	/* It was 09:30 at 08:30 UTC then: an hour later, so less long ago. */
	for (int i = 0; i < WEEKS; i++)
		assert_true(ago[i] == (i + 1) * INT64_C(168) * HOUR - HOUR);
	assert_true(ago[WEEKS] == INT64_C(24) * HOUR);            /* Sunday, in summer too */
	assert_true(ago[WEEKS + 1] == INT64_C(48) * HOUR - HOUR); /* Saturday, in winter */
	/* In autumn it is the other way round; and mid-summer knows nothing of it. */
	baseline_ago(ago, paris, wall_from_civil(2026, 10, 26, 8, 30, 0));
	assert_true(ago[0] == INT64_C(168) * HOUR + HOUR);
	baseline_ago(ago, paris, wall_from_civil(2026, 7, 6, 7, 30, 0));
	assert_true(ago[7] == INT64_C(8 * 168) * HOUR);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual_is_the_median_of_the_weeks),
		cmocka_unit_test(a_burst_is_far_above_the_usual),
		cmocka_unit_test(it_wavers_and_is_one),
		cmocka_unit_test(it_is_over_when_it_was_calm_for_a_while),
		cmocka_unit_test(an_hour_of_the_week_is_a_local_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
