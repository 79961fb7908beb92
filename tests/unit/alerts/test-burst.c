/* baseline and burst: what is usual in this hour of the week, and when more is said than that. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "vigie/burst.h"

#define NONE NAN, NAN, NAN, NAN
#define NO_DAYS {NONE, NAN, NAN, NAN}

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
		/* Two weeks are not enough: the days before speak too, the seventh day only once. */
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
		{{0, 1, 5, false}, 10},    /* the floor */
		{{0, 1, 5, true}, 20},     /* a higher one */
		{{9, 3, 5, false}, 27},    /* three times and six spreads alike */
		{{9, 5, 5, false}, 39},    /* an uneven hour */
		{{400, 20, 5, false}, 1200}, /* an even one */
		{{9, 3, 5, true}, 36},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct burst burst = {0};
		const double begins = table[i].begins;

		assert_true(burst_begins_at(&table[i].usual) == begins);
		assert_int_equal(
			burst_step(&burst, isinf(begins) ? 1e9 : begins - 1, &table[i].usual, (struct wall){1}),
			BURST_NOTHING);
		if (!isinf(begins))
			assert_int_equal(burst_step(&burst, begins, &table[i].usual, (struct wall){2}),
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
	assert_int_equal(burst_step(&burst, 50, &usual, (struct wall){minute * 60000}), BURST_BEGAN);
	/* A clock that goes back ends nothing. */
	assert_int_equal(burst_step(&burst, 0, &usual, (struct wall){0}), BURST_NOTHING);
	assert_int_equal(burst_step(&burst, 0, &usual, (struct wall){-7200000}), BURST_NOTHING);
	assert_true(burst.on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual_is_the_median_of_the_weeks),
		cmocka_unit_test(a_burst_is_far_above_the_usual),
		cmocka_unit_test(it_wavers_and_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
