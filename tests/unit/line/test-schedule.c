/* schedule: who is next, at what time, and how politely. The clock is a number here. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "line/schedule.h"

static struct schedule *make(unsigned concurrency, int64_t spacing_ms, uint64_t seed)
{
	struct schedule *s = NULL;

	assert_int_equal(
		schedule_new(&s, &(struct schedule_options){concurrency, spacing_ms, seed}), 0);
	return s;
}

static uint32_t add(struct schedule *s, uint64_t host, int64_t due_ms)
{
	uint32_t entry;

	assert_int_equal(schedule_add(s, &entry, host), 0);
	schedule_set(s, entry, due_ms);
	return entry;
}

static uint32_t next(struct schedule *s, int64_t now_ms)
{
	uint32_t entry = UINT32_MAX;

	return schedule_next(s, now_ms, &entry) ? entry : UINT32_MAX;
}

static void the_earliest_is_first_and_nothing_early(void **state)
{
	struct schedule *s = make(1, 0, 1);
	const uint32_t b = add(s, 2, 20), a = add(s, 1, 10), c = add(s, 3, 30);

	(void)state;
	assert_int_equal(schedule_wait(s, 0), 10);
	assert_int_equal(next(s, 9), UINT32_MAX);
	assert_int_equal(next(s, 25), a);
	assert_int_equal(next(s, 25), b);
	assert_int_equal(next(s, 25), UINT32_MAX);
	assert_int_equal(schedule_wait(s, 25), 5);
	assert_int_equal(next(s, 30), c);
	assert_int_equal(schedule_wait(s, 30), SCHEDULE_NEVER);
	(void)schedule_free(s);
}

static void a_host_has_so_many_places(void **state)
{
	struct schedule *s = make(2, 0, 1);
	const uint32_t other = add(s, 8, 5);
	uint32_t got[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		(void)add(s, 7, 0);
	got[0] = next(s, 5);
	got[1] = next(s, 5);
	assert_int_equal(next(s, 5), other);
	assert_int_equal(next(s, 5), UINT32_MAX);
	assert_int_equal(
		schedule_wait(s, 5), SCHEDULE_NEVER); /* a place, not time, is missing */
	schedule_release(s, got[0]);
	assert_true(schedule_is_busy(s, got[0]));
	got[2] = next(s, 5);
	assert_int_not_equal(got[2], UINT32_MAX);
	schedule_release(s, got[0]); /* twice is once */
	schedule_set(s, got[0], 5);
	assert_int_equal(next(s, 5), UINT32_MAX);
	schedule_set(s, got[1], 100); /* gives its place back by itself */
	assert_int_equal(next(s, 5), got[0]);
	(void)schedule_free(s);
}

static void requests_to_a_host_keep_their_distance(void **state)
{
	struct schedule *s = make(9, 1000, 1);

	(void)state;
	for (int i = 0; i < 3; i++)
		(void)add(s, 7, 0);
	assert_int_not_equal(next(s, 50), UINT32_MAX);
	assert_int_equal(next(s, 50), UINT32_MAX);
	assert_int_equal(schedule_wait(s, 50), 1000);
	assert_int_equal(next(s, 1049), UINT32_MAX);
	assert_int_not_equal(next(s, 1050), UINT32_MAX);
	assert_int_not_equal(next(s, 9000), UINT32_MAX);
	(void)schedule_free(s);
}

static void what_has_no_host_has_no_gate(void **state)
{
	struct schedule *s = make(1, 1000, 1);

	(void)state;
	(void)add(s, SCHEDULE_NO_HOST, 0);
	(void)add(s, SCHEDULE_NO_HOST, 0);
	assert_int_not_equal(next(s, 0), UINT32_MAX);
	assert_int_not_equal(next(s, 0), UINT32_MAX);
	(void)schedule_free(s);
}

static void a_host_can_be_left_alone(void **state)
{
	struct schedule *s = make(2, 0, 1);
	const uint32_t a = add(s, 7, 0), b = add(s, 7, 500), c = add(s, 8, 500);

	(void)state;
	assert_int_equal(next(s, 0), a);
	schedule_hold(s, a, 60000);
	schedule_hold(s, a, 30000); /* a shorter one doesn't shorten */
	assert_int_equal(next(s, 500), c);
	assert_int_equal(next(s, 59999), UINT32_MAX);
	assert_int_equal(schedule_wait(s, 500), 59500);
	assert_int_equal(next(s, 60000), b);
	(void)schedule_free(s);
}

static void a_crowded_host_starves_nobody(void **state)
{
	enum { CROWD = 1000 };
	struct schedule *s = make(1, 100, 1);
	uint32_t loner, entry;
	int64_t now;

	(void)state;
	for (int i = 0; i < CROWD; i++)
		(void)add(s, 7, 0);
	loner = add(s, 8, 50);
	for (now = 0; schedule_next(s, now, &entry) || now < 50; now += 10) {
		if (entry == loner)
			break;
		schedule_set(s, entry, now + 60000);
	}
	assert_int_equal(entry, loner);
	assert_true(now <= 60);
	/* And within the crowd each has its turn before anyone has a second. */
	{
		int turns[CROWD + 1] = {0};

		for (now = 100, entry = 0; now < 100 * CROWD; now += 100)
			if (schedule_next(s, now, &entry)) {
				turns[entry]++;
				schedule_set(s, entry, now + 1000);
			}
		for (int i = 0; i < CROWD; i++)
			assert_in_range(turns[i], 0, 2);
	}
	(void)schedule_free(s);
}

static void the_alphabet_is_shuffled_and_a_seed_repeats_it(void **state)
{
	enum { N = 64 };
	uint32_t order[3][N];
	const uint64_t seeds[] = {1, 1, 2};
	int in_place = 0;

	(void)state;
	for (int run = 0; run < 3; run++) {
		struct schedule *s = make(N, 0, seeds[run]);

		for (int i = 0; i < N; i++)
			(void)add(s, 7, 0);
		for (int i = 0; i < N; i++)
			order[run][i] = next(s, 0);
		(void)schedule_free(s);
	}
	assert_memory_equal(order[0], order[1], sizeof(order[0]));
	assert_memory_not_equal(order[0], order[2], sizeof(order[0]));
	for (uint32_t i = 0; i < N; i++)
		in_place += order[0][i] == i;
	assert_in_range(in_place, 0, 8);
}

static void parked_and_removed_ones_never_come(void **state)
{
	struct schedule *s = make(1, 0, 1);
	const uint32_t a = add(s, 7, 0), b = add(s, 7, 0), c = add(s, 7, 1);
	uint32_t first, d;

	(void)state;
	schedule_park(s, a);
	assert_int_equal(schedule_due(s, a), SCHEDULE_NEVER);
	first = next(s, 10); /* b; c waits in the line by now */
	assert_int_equal(first, b);
	schedule_remove(s, c);
	schedule_remove(s, b); /* frees its place */
	assert_int_equal(schedule_add(s, &d, 9), 0);
	assert_true(d == b || d == c); /* numbers are used again */
	assert_int_equal(next(s, 10), UINT32_MAX);
	schedule_set(s, a, 3);
	assert_int_equal(schedule_due(s, a), 3);
	assert_int_equal(next(s, 10), a);
	(void)schedule_free(s);
}

/* Against the simplest thing that could be right: arrays, searched from end to end. */
static void it_does_what_a_plain_list_would(void **state)
{
	enum { N = 40, HOSTS = 7, STEPS = 20000, SPACING = 3, PLACES = 2 };
	struct schedule *s = make(PLACES, SPACING, 42);
	int64_t due[N], gate[HOSTS + 1] = {0}, now = 0;
	int busy[HOSTS + 1] = {0};
	bool running[N] = {false};
	uint64_t given = 0;

	(void)state;
	for (int64_t h = 0; h <= HOSTS; h++)
		gate[h] = INT64_MIN;
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(
			add(s, 1 + i % HOSTS, due[i] = (int64_t)schedule_random(s, 50)), i);
	for (int step = 0; step < STEPS; step++) {
		const uint64_t what = schedule_random(s, 4);
		uint32_t i = (uint32_t)schedule_random(s, N), got;
		bool some = false;

		if (what == 0) {
			now += (int64_t)schedule_random(s, 5);
		} else if (what == 1 && running[i]) {
			running[i] = false;
			busy[1 + i % HOSTS]--;
			due[i] = now + (int64_t)schedule_random(s, 200);
			schedule_set(s, i, due[i]);
		} else {
			for (uint32_t k = 0; k < N; k++) {
				const uint32_t h = 1 + k % HOSTS;

				some |= !running[k] && due[k] <= now && busy[h] < PLACES &&
					gate[h] <= now;
			}
			assert_int_equal(schedule_next(s, now, &got), some);
			if (!some)
				continue;
			assert_false(running[got]);
			assert_true(due[got] <= now);
			assert_true(gate[1 + got % HOSTS] <= now);
			assert_true(busy[1 + got % HOSTS]++ < PLACES);
			gate[1 + got % HOSTS] = now + SPACING;
			running[got] = true;
			given++;
		}
	}
	assert_true(given > 1000);
	(void)schedule_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_earliest_is_first_and_nothing_early),
		cmocka_unit_test(a_host_has_so_many_places),
		cmocka_unit_test(requests_to_a_host_keep_their_distance),
		cmocka_unit_test(what_has_no_host_has_no_gate),
		cmocka_unit_test(a_host_can_be_left_alone),
		cmocka_unit_test(a_crowded_host_starves_nobody),
		cmocka_unit_test(the_alphabet_is_shuffled_and_a_seed_repeats_it),
		cmocka_unit_test(parked_and_removed_ones_never_come),
		cmocka_unit_test(it_does_what_a_plain_list_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
