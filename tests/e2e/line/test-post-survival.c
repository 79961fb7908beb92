/*
 * post and dispatch through what goes down: vigie, Redis, an archive that is late.
 */

#include "post-lab.h"

static void test_what_was_in_flight_is_sent_again(void **state)
{
	struct post_lab *d = lab_new(*state);
	json_t *got;

	script(d, "{\"/a\": [{\"delay_ms\": 60000}, {\"status\": 200}]}");
	add_hook(d, "/a");
	lab_open(d);
	publish(d, "t", 0, 2);
	until_arrived(d, "/a", 1);
	assert_false(post_idle(d->post));
	lab_close(d);
	lab_open(d);
	until_count(d, "sent", 2);
	got = arrived(d, "/a");
	assert_string_equal(titles(d, got).p, "t 0 t 0 t 1 ");
	assert_string_equal(header_of(json_array_get(got, 0), "webhook-id"),
		header_of(json_array_get(got, 1), "webhook-id"));
	assert_string_not_equal(header_of(json_array_get(got, 0), "webhook-id"),
		header_of(json_array_get(got, 2), "webhook-id"));
	lab_free(d);
}

static void test_groups_wait_for_company(void **state)
{
	struct post_lab *d = lab_new(*state);
	json_t *body;

	script(d, "{\"/a\": {\"status\": 200}}");
	add_hook(d, "/a");
	d->policy.root.group_by[0] = ROUTE_SOURCE;
	d->policy.root.group_wait_ms = 400;
	lab_open(d);
	publish(d, "t", 0, 2);
	publish(d, "t", 2, 1);
	assert_int_equal(json_array_size(arrived(d, "/a")), 0);
	/* A restart forgets no group. */
	lab_close(d);
	lab_open(d);
	until_count(d, "sent", 1);
	body = json_loads(
		json_string_value(json_object_get(json_array_get(arrived(d, "/a"), 0), "body")),
		0, NULL);
	assert_string_equal(
		json_string_value(json_object_get(body, "type")), "mentions.created");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(body, "data"), "total")), 3);
	json_decref(body);
	assert_string_equal(ledger(d, "t", 2, "r0"), "sent");
	lab_free(d);
}

static void test_a_lost_redis_tells_nothing_twice(void **state)
{
	struct post_lab *d = lab_new(*state);

	script(d, "{\"/a\": {\"status\": 200}}");
	add_hook(d, "/a");
	lab_open(d);
	publish(d, "t", 0, 3);
	until_count(d, "sent", 3);
	assert_string_equal(ledger(d, "t", 2, "r0"), "sent");
	lab_close(d);
	stand_close(d->s);
	stand_redis(d->s, "FLUSHALL");
	stand_open(d->s);
	lab_open(d);
	publish(d, "t", 0, 4);
	until_arrived(d, "/a", 4);
	until_count(d, "sent", 1);
	stand_idle(d->s, 200);
	assert_string_equal(titles(d, arrived(d, "/a")).p, "t 0 t 1 t 2 t 3 ");
	assert_int_equal(dispatch_stats(d->dispatch)->known, 3);
	lab_free(d);
}

/* The step behind what is gone is refused; then the desk is read anew, and goes on. */
static void test_a_desk_that_lost_its_state_begins_anew(void **state)
{
	struct post_lab *d = lab_new(*state);

	script(d, "{\"/a\": {\"status\": 200}}");
	add_hook(d, "/a");
	lab_open(d);
	publish(d, "t", 0, 3);
	until_count(d, "sent", 3);
	stand_redis(d->s, "DEL t:{act}:desk t:{act}:desk:step");
	publish(d, "t", 3, 2);
	until_count(d, "sent", 5);
	assert_string_equal(titles(d, arrived(d, "/a")).p, "t 0 t 1 t 2 t 3 t 4 ");
	UNTIL(d->s, dispatch_stats(d->dispatch)->in_flight == 0);
	lab_free(d);
}

/* Nobody but dispatch has put the mention into the archive: it does so itself before it asks,
 * so the message has its text, and the archive's own consumer finds it there. */
static void test_a_mention_may_be_archived_late(void **state)
{
	struct post_lab *d = lab_new(*state);
	struct batch *b;

	script(d, "{\"/a\": {\"status\": 200}}");
	add_hook(d, "/a");
	lab_open(d);
	stand_take(d->s, stand_batch(d->s, "site", "e", "t", 0, 1, 1));
	until_count(d, "sent", 1);
	assert_string_equal(titles(d, arrived(d, "/a")).p, "t 0 ");
	b = stand_batch(d->s, "site", "e", "t", 0, 1, 1);
	archive_hits(d, b);
	(void)batch_free(b);
	stand_idle(d->s, 150);
	assert_int_equal(json_array_size(arrived(d, "/a")), 1);
	lab_free(d);
}

static void test_redis_may_be_away(void **state)
{
	struct post_lab *d = lab_new(*state);
	struct span all;

	script(d, "{\"/a\": {\"status\": 200, \"delay_ms\": 30}}");
	add_hook(d, "/a");
	lab_open(d);
	publish(d, "t", 0, 6);
	until_arrived(d, "/a", 2);
	stand_redis(d->s, "CLIENT KILL TYPE normal SKIPME no");
	publish(d, "t", 6, 2);
	until_count(d, "sent", 8);
	all = titles(d, arrived(d, "/a"));
	/* What came of an attempt is said again, not made again. */
	assert_string_equal(all.p, "t 0 t 1 t 2 t 3 t 4 t 5 t 6 t 7 ");
	lab_free(d);
}

static void test_stopping_waits_for_what_is_on_its_way(void **state)
{
	struct post_lab *d = lab_new(*state);

	script(d, "{\"/a\": {\"status\": 200, \"delay_ms\": 200}}");
	add_hook(d, "/a");
	lab_open(d);
	publish(d, "t", 0, 3);
	until_arrived(d, "/a", 1);
	post_stop(d->post);
	UNTIL(d->s, post_idle(d->post));
	lab_close(d);
	lab_open(d);
	until_count(d, "sent", 3);
	assert_string_equal(titles(d, arrived(d, "/a")).p, "t 0 t 1 t 2 ");
	lab_free(d);
}

int main(void)
{
#define WITH_STAND(test) cmocka_unit_test_setup_teardown(test, stand_set_up, stand_tear_down)
	const struct CMUnitTest tests[] = {
		WITH_STAND(test_what_was_in_flight_is_sent_again),
		WITH_STAND(test_groups_wait_for_company),
		WITH_STAND(test_a_lost_redis_tells_nothing_twice),
		WITH_STAND(test_a_desk_that_lost_its_state_begins_anew),
		WITH_STAND(test_a_mention_may_be_archived_late),
		WITH_STAND(test_redis_may_be_away),
		WITH_STAND(test_stopping_waits_for_what_is_on_its_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
