/*
 * post, receivers in trouble: gone, failing, removed, or taking all but one.
 */

#include "post-lab.h"

static void test_a_receiver_that_is_gone_is_stopped(void **state)
{
	struct post_lab *d = lab_new(*state);

	script(d, "{\"/a\": {\"status\": 410}}");
	add_hook(d, "/a");
	lab_open(d);
	publish(d, "t", 0, 3);
	until_arrived(d, "/a", 1);
	until_count(d, "waiting", 3);
	stand_idle(d->s, 100);
	assert_int_equal(json_array_size(arrived(d, "/a")), 1);
	/* It stays so over a restart, */
	lab_close(d);
	lab_open(d);
	stand_idle(d->s, 100);
	assert_int_equal(json_array_size(arrived(d, "/a")), 1);
	/* until its address is another one. */
	script(d, "{\"/b\": {\"status\": 200}}");
	d->policy.n_receivers = 0;
	add_hook(d, "/b");
	assert_int_equal(post_set_policy(d->post, &d->policy, NULL, NULL, NULL), 0);
	until_count(d, "sent", 3);
	assert_string_equal(titles(d, arrived(d, "/b")).p, "t 0 t 1 t 2 ");
	lab_free(d);
}

static void test_the_others_hear_once_of_one_that_is_gone(void **state)
{
	struct post_lab *d = lab_new(*state);
	struct span all;

	script(d, "{\"/a\": {\"status\": 410}, \"/b\": {\"status\": 200}}");
	add_hook(d, "/a");
	add_hook(d, "/b");
	lab_open(d);
	publish(d, "t", 0, 3);
	until_arrived(d, "/b", 4);
	/* Not again after a restart. */
	lab_close(d);
	lab_open(d);
	publish(d, "t", 3, 1);
	until_arrived(d, "/b", 5);
	stand_idle(d->s, 100);
	all = titles(d, arrived(d, "/b"));
	assert_non_null(strstr(all.p, "The receiver \"r0\" was stopped"));
	assert_null(strstr(strstr(all.p, "was stopped") + 1, "was stopped"));
	assert_int_equal(json_array_size(arrived(d, "/a")), 1);
	until_count(d, "sent", 5);
	lab_free(d);
}

static void test_order_is_kept_through_failures(void **state)
{
	struct post_lab *d = lab_new(*state);
	struct span all;

	script(d, "{\"/a\": [{\"status\": 200}, {\"status\": 503}, {\"status\": 429}, "
		  "{\"status\": 200}, "
		  "{\"raw\": \"x\"}, {\"status\": 200}]}");
	add_hook(d, "/a");
	lab_open(d);
	for (int i = 0; i < 8; i++)
		publish(d, "t", i, 1);
	until_count(d, "sent", 8);
	all = titles(d, arrived(d, "/a"));
	/* One probe at a time: nobody passes the one that fails. */
	assert_string_equal(all.p, "t 0 t 1 t 1 t 1 t 2 t 2 t 3 t 4 t 5 t 6 t 7 ");
	lab_free(d);
}

static void test_a_poisoned_one_is_parked(void **state)
{
	struct post_lab *d = lab_new(*state);

	/* Three failures, then the one behind passes. */
	script(d, "{\"/a\": [{\"status\": 500}, {\"status\": 500}, {\"status\": 500}, "
		  "{\"status\": 200}]}");
	add_hook(d, "/a");
	lab_open(d);
	publish(d, "t", 0, 4);
	until_count(d, "sent", 4);
	assert_memory_equal(titles(d, arrived(d, "/a")).p, "t 0 t 0 t 0 t 1 ", 16);
	assert_int_equal(json_array_size(d->answer), 7);
	lab_free(d);
}

static void test_a_receiver_that_is_no_more_leaves_dead_letters(void **state)
{
	struct post_lab *d = lab_new(*state);
	json_t *list;

	script(d, "{\"/a\": {\"status\": 503}}");
	d->time_scale = 1; /* the second try is in five seconds */
	add_hook(d, "/a");
	lab_open(d);
	publish(d, "t", 0, 3);
	until_count(d, "waiting", 3);
	until_arrived(d, "/a", 1);
	d->policy.n_receivers = d->policy.root.n_receivers = 0;
	assert_int_equal(post_set_policy(d->post, &d->policy, NULL, NULL, NULL), 0);
	until_count(d, "dead", 3);
	list = json_object_get(control(d, "GET", ""), "deliveries");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "why")),
		"the receiver is no longer configured");
	for (int i = 0; i < 100 && strcmp(ledger(d, "t", 0, "r0"), "dead") != 0; i++)
		stand_idle(d->s, 20);
	assert_string_equal(d->outcome, "dead");
	lab_free(d);
}

int main(void)
{
#define WITH_STAND(test) cmocka_unit_test_setup_teardown(test, stand_set_up, stand_tear_down)
	const struct CMUnitTest tests[] = {
		WITH_STAND(test_a_receiver_that_is_gone_is_stopped),
		WITH_STAND(test_the_others_hear_once_of_one_that_is_gone),
		WITH_STAND(test_order_is_kept_through_failures),
		WITH_STAND(test_a_poisoned_one_is_parked),
		WITH_STAND(test_a_receiver_that_is_no_more_leaves_dead_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
