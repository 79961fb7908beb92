/* rhythm: what is learnt of when a source speaks, and when it is asked. Weeks begin on Monday
 * 2026-01-05, 0:00 UTC. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "line/rhythm.h"

#define MINUTE ((int64_t)60 * 1000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WEEK (7 * DAY)

static const struct rhythm_bounds wide = {MINUTE, DAY};
static const int64_t monday = 1767571200000;

static struct wall at(int64_t ms)
{
	return (struct wall){monday + ms};
}

static bool near(double a, double b, double tolerance)
{
	if (fabs(a - b) <= tolerance * fabs(b))
		return true;
	print_message("%g, not %g\n", a, b);
	return false;
}

/* `every_ms` an item, from `from` to `to`, only in hours of the day [first, last). */
static void speak(
	struct rhythm *r, int64_t from, int64_t to, int64_t every_ms, int first, int last)
{
	for (int64_t t = from; t < to; t += 15 * MINUTE) {
		struct wall times[64];
		size_t n = 0;

		for (int64_t k = t; k < t + 15 * MINUTE; k += MINUTE) {
			const int hour = (int)(k / HOUR % 24);

			if (k % every_ms == 0 && hour >= first && hour < last)
				times[n++] = at(k + 30000);
		}
		rhythm_observe(r, at(t + 15 * MINUTE), times, n, 0, (uint64_t)(t + 1));
	}
}

static void an_unknown_source_is_hoped_to_speak_daily(void **state)
{
	const struct rhythm r = rhythm_new();

	(void)state;
	assert_true(near(rhythm_mean(&r), 1.0 / 24, 0.001));
	assert_true(near(rhythm_rate(&r, at(0)), 1.0 / 24, 0.001));
	assert_true(rhythm_hope(&r) > 2 * rhythm_mean(&r));
	assert_false(rhythm_is_broken(&r, at(0)));
}

static void the_first_document_tells_its_past(void **state)
{
	struct rhythm r = rhythm_new();
	struct wall times[11];

	(void)state;
	for (int i = 0; i < 10; i++)
		times[i] = at(-i * HOUR / 2);
	times[10] = WALL_NONE;
	rhythm_observe(&r, at(0), times, 11, 0, 1);
	/* Nine items in four and a half hours, and a little doubt. */
	assert_true(rhythm_mean(&r) > 0.5 && rhythm_mean(&r) < 2);
	/* A document without dates tells nothing of before. */
	r = rhythm_new();
	rhythm_observe(&r, at(0), NULL, 0, 50, 1);
	assert_true(near(rhythm_mean(&r), 1.0 / 24, 0.001));
	rhythm_observe(&r, at(HOUR), NULL, 0, 2, 1);
	assert_true(near(rhythm_mean(&r), 2.5 / 13, 0.01));
}

static void days_and_nights_are_learnt(void **state)
{
	struct rhythm r = rhythm_new();

	(void)state;
	rhythm_observe(&r, at(0), NULL, 0, 0, 1);
	speak(&r, 0, 3 * WEEK, 10 * MINUTE, 8, 20);
	assert_true(near(rhythm_mean(&r), 3, 0.05));
	assert_true(near(rhythm_rate(&r, at(3 * WEEK + 12 * HOUR)), 6, 0.1));
	assert_true(rhythm_rate(&r, at(3 * WEEK + 2 * HOUR)) < 0.3);
	/* At the same price it is asked more often by day than by night. */
	{
		const double price = rhythm_price(rhythm_share(&r, 0, wide), 4);
		const int64_t day = rhythm_wait(&r, at(3 * WEEK + 12 * HOUR), price, wide);
		const int64_t night = rhythm_wait(&r, at(3 * WEEK + HOUR), price, wide);

		assert_in_range(day, 5 * MINUTE, 15 * MINUTE);
		assert_in_range(night, 30 * MINUTE, 8 * HOUR);
	}
}

static void habits_change(void **state)
{
	struct rhythm r = rhythm_new();

	(void)state;
	rhythm_observe(&r, at(0), NULL, 0, 0, 1);
	speak(&r, 0, 3 * WEEK, 10 * MINUTE, 0, 24);
	assert_true(near(rhythm_mean(&r), 6, 0.05));
	speak(&r, 3 * WEEK, 15 * WEEK, HOUR, 0, 24);
	assert_true(near(rhythm_mean(&r), 1, 0.8));
	assert_true(near(rhythm_rate(&r, at(15 * WEEK)), 1, 0.9));
}

static void waiting_follows_the_square_root(void **state)
{
	static const int64_t every[] = {MINUTE, 4 * MINUTE, 16 * MINUTE, 64 * MINUTE};
	int64_t wait[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct rhythm r = rhythm_new();

		rhythm_observe(&r, at(0), NULL, 0, 0, 1);
		speak(&r, 0, 3 * WEEK, every[i], 0, 24);
		wait[i] = rhythm_wait(&r, at(3 * WEEK), 0.5, (struct rhythm_bounds){1, WEEK});
		if (i) /* a quarter as often spoken, half as often asked */
			assert_true(near((double)wait[i] / (double)wait[i - 1], 2, 0.1));
	}
	/* Two bounds hold whatever the price. */
	{
		const struct rhythm r = rhythm_new();

		assert_int_equal(rhythm_wait(&r, at(0), 1e-9, wide), MINUTE);
		assert_int_equal(rhythm_wait(&r, at(0), 1e9, wide), DAY);
	}
}

/* Requests an hour of all, at the price that the shares settle at. */
static double settle(
	const struct rhythm *r, size_t n, struct rhythm_bounds bounds, double requests)
{
	double price = 0, got = 0;

	for (int round = 0; round < 20; round++) {
		struct rhythm_share sum = {0};

		for (size_t i = 0; i < n; i++) {
			const struct rhythm_share share = rhythm_share(&r[i], price, bounds);

			sum.root += share.root;
			sum.bound += share.bound;
		}
		price = rhythm_price(sum, requests);
	}
	/* Over a day: what was learnt of single hours varies a little. */
	for (size_t i = 0; i < n; i++)
		for (int hour = 0; hour < 24; hour++)
			got += (double)HOUR /
			       (double)rhythm_wait(
				       &r[i], at(3 * WEEK + hour * HOUR), price, bounds) /
			       24;
	return got;
}

static void a_price_meets_its_budget(void **state)
{
	struct rhythm r[3] = {rhythm_new(), rhythm_new(), rhythm_new()};
	static const int64_t every[] = {HOUR, 2 * MINUTE, MINUTE / 2};

	(void)state;
	for (int i = 0; i < 3; i++) {
		rhythm_observe(&r[i], at(0), NULL, 0, 0, 1);
		speak(&r[i], 0, 3 * WEEK, every[i], 0, 24);
	}
	/* One request a source and quarter of an hour, whichever of them are held by a bound.
	 */
	assert_true(near(settle(r, 2, wide, 8), 8, 0.05));
	assert_true(near(settle(r, 3, wide, 12), 12, 0.05));
	assert_true(near(settle(r, 3, (struct rhythm_bounds){10 * MINUTE, DAY}, 12), 12, 0.05));
	assert_true(
		near(settle(r, 3, (struct rhythm_bounds){MINUTE, 20 * MINUTE}, 12), 12, 0.05));
	/* Held on both sides: no price makes it more. */
	assert_true(near(settle(r, 3, (struct rhythm_bounds){20 * MINUTE, DAY}, 12), 9, 0.05));
}

static void a_broken_rhythm_is_noticed_and_a_night_is_none(void **state)
{
	struct rhythm r = rhythm_new();

	(void)state;
	rhythm_observe(&r, at(0), NULL, 0, 0, 1);
	speak(&r, 0, WEEK, 10 * MINUTE, 8, 20);
	assert_false(rhythm_is_broken(&r, at(2 * WEEK))); /* too young to judge */
	speak(&r, WEEK, 4 * WEEK, 10 * MINUTE, 8, 20);
	assert_false(rhythm_is_broken(&r, at(4 * WEEK)));
	assert_false(rhythm_is_broken(&r, at(4 * WEEK + 8 * HOUR)));
	assert_true(rhythm_is_broken(&r, at(4 * WEEK + 12 * HOUR)));
	/* One a day: three quiet days are nothing. */
	r = rhythm_new();
	rhythm_observe(&r, at(0), NULL, 0, 0, 1);
	speak(&r, 0, 4 * WEEK, DAY, 0, 24);
	assert_false(rhythm_is_broken(&r, at(4 * WEEK + 3 * DAY)));
	assert_true(rhythm_is_broken(&r, at(4 * WEEK + 60 * DAY)));
}

static void what_is_learnt_survives_as_bytes(void **state)
{
	struct rhythm r = rhythm_new(), back;
	struct arena arena = {0};
	struct span bytes;

	(void)state;
	rhythm_observe(&r, at(0), NULL, 0, 0, 1);
	speak(&r, 0, 2 * WEEK + 90 * MINUTE, 10 * MINUTE, 8, 20);
	bytes = rhythm_encode(&arena, &r);
	assert_int_equal(bytes.n, RHYTHM_BYTES);
	rhythm_decode(&back, bytes);
	assert_true(near(rhythm_mean(&back), rhythm_mean(&r), 0.001));
	assert_memory_equal(back.cells, r.cells, sizeof(r.cells));
	assert_true(near((double)back.hour_seen, (double)r.hour_seen, 0.01));
	assert_int_equal(back.until.ms, r.until.ms);
	rhythm_decode(&back, span_slice(bytes, 1, bytes.n));
	assert_true(near(rhythm_mean(&back), 1.0 / 24, 0.001));
	assert_false(wall_known(back.until));
	arena_release(&arena);
}

static void clocks_that_jump_do_no_harm(void **state)
{
	struct rhythm r = rhythm_new();
	const struct wall odd[] = {WALL_NONE, at(INT32_MIN), at(500 * WEEK), at(-1)};

	(void)state;
	rhythm_observe(&r, at(0), odd, 4, 0, 1);
	rhythm_observe(&r, at(-5 * DAY), odd, 4, 3, 1);
	rhythm_observe(&r, at(400 * WEEK), odd, 4, 3, 1);
	rhythm_observe(&r, at(0), odd, 4, 3, 1);
	assert_true(rhythm_mean(&r) > 0 && rhythm_mean(&r) < 1);
	assert_in_range(rhythm_wait(&r, at(0), 1, wide), MINUTE, DAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_source_is_hoped_to_speak_daily),
		cmocka_unit_test(the_first_document_tells_its_past),
		cmocka_unit_test(days_and_nights_are_learnt),
		cmocka_unit_test(habits_change),
		cmocka_unit_test(waiting_follows_the_square_root),
		cmocka_unit_test(a_price_meets_its_budget),
		cmocka_unit_test(a_broken_rhythm_is_noticed_and_a_night_is_none),
		cmocka_unit_test(what_is_learnt_survives_as_bytes),
		cmocka_unit_test(clocks_that_jump_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
