/*
 * post, one delivery at a time: what is tried again and when, what is given up, at what pace.
 */

#include "post-lab.h"

static void test_a_failure_is_tried_again_with_the_same_id(void **state)
{
	struct post_lab *d = lab_new(*state);
	json_t *got;

	script(d, "{\"/a\": [{\"status\": 503}, {\"status\": 500}, {\"raw\": \"x\"}, "
		  "{\"status\": 200}]}");
	add_hook(d, "/a");
	lab_open(d);
	publish(d, "t", 0, 1);
	until_count(d, "sent", 1);
	got = arrived(d, "/a");
	assert_int_equal(json_array_size(got), 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(header_of(json_array_get(got, i), "webhook-id"),
			header_of(json_array_get(got, 0), "webhook-id"));
		assert_int_equal(strlen(header_of(json_array_get(got, i), "webhook-id")),
			OUTBOX_ID_TEXT);
	}
	assert_string_equal(ledger(d, "t", 0, "r0"), "sent");
	stand_redis(d->s, "HLEN t:{act}:receiver:r0");
	assert_int_equal(d->s->number, 0);
	/* The mark that kept it from being filed twice is gone: the ledger answers now. */
	stand_redis(d->s, "ZCARD t:{act}:ledger");
	assert_int_equal(d->s->number, 0);
	lab_free(d);
}

static void test_each_try_is_written_down(void **state)
{
	struct post_lab *d = lab_new(*state);
	json_t *list, *one, *tries;
	char path[64];

	script(d, "{\"/a\": [{\"status\": 503, \"body\": \"busy\"}, {\"status\": 204}]}");
	add_hook(d, "/a");
	lab_open(d);
	publish(d, "t", 0, 1);
	until_count(d, "sent", 1);
	list = json_object_get(control(d, "GET", "/"), "deliveries");
	one = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(one, "receiver")), "r0");
	assert_int_equal(json_integer_value(json_object_get(one, "attempts")), 2);
	assert_int_equal(json_integer_value(json_object_get(one, "mentions")), 1);
	/* By the beginning of its id. */
	(void)snprintf(
		path, sizeof(path), "/%.8s", json_string_value(json_object_get(one, "id")));
	tries = json_object_get(control(d, "GET", path), "tries");
	assert_int_equal(d->status, 200);
	assert_int_equal(json_array_size(tries), 2);
	one = json_array_get(tries, 0);
	assert_int_equal(json_integer_value(json_object_get(one, "status")), 503);
	assert_string_equal(json_string_value(json_object_get(one, "verdict")), "retry");
	assert_string_equal(json_string_value(json_object_get(one, "why")), "HTTP 503: busy");
	one = json_array_get(tries, 1);
	assert_string_equal(json_string_value(json_object_get(one, "verdict")), "sent");
	(void)control(d, "GET", "/zzzzzz");
	assert_int_equal(d->status, 404);
	(void)control(d, "POST", path);
	assert_int_equal(d->status, 404);
	lab_free(d);
}

static void check_pause(void **state, const char *header, double least)
{
	struct post_lab *d = lab_new(*state);
	struct arena *a = &d->arena;
	json_t *got;
	double first, second;

	script(d, arena_printf(a,
			  "{\"/a\": [{\"status\": 429, \"headers\": {\"Retry-After\": "
			  "\"%s\"}}, {\"status\": 200}]}",
			  header)
			  .p);
	add_hook(d, "/a");
	lab_open(d);
	publish(d, "t", 0, 1);
	until_count(d, "sent", 1);
	got = arrived(d, "/a");
	first = json_number_value(json_object_get(json_array_get(got, 0), "at"));
	second = json_number_value(json_object_get(json_array_get(got, 1), "at"));
	assert_true(second - first >= least);
	assert_true(second - first < 8);
	lab_free(d);
}

static void test_retry_after_in_seconds(void **state)
{
	check_pause(state, "1", 1);
}

static void test_retry_after_as_a_date(void **state)
{
	check_pause(state, "{date+3}", 1.9); /* whole seconds: a date is up to one early */
}

/* A receiver that asks for silence gets it, whatever else is to be sent: here its last try of
 * one delivery asks, and the next delivery waits. */
static void test_retry_after_holds_for_what_comes_next(void **state)
{
	struct post_lab *d = lab_new(*state);
	json_t *got;
	double last, next;

	script(d, "{\"/a\": [{\"status\": 503}, {\"status\": 503}, {\"status\": 503}, "
		  "{\"status\": 503}, {\"status\": 503}, {\"status\": 503}, {\"status\": 503}, "
		  "{\"status\": 503}, {\"status\": 503}, "
		  "{\"status\": 503, \"headers\": {\"Retry-After\": \"1\"}}, {\"status\": "
		  "200}]}");
	add_hook(d, "/a");
	lab_open(d);
	publish(d, "t", 0, 2);
	until_count(d, "dead", 1);
	until_count(d, "sent", 1);
	got = arrived(d, "/a");
	assert_int_equal(json_array_size(got), 11);
	last = json_number_value(json_object_get(json_array_get(got, 9), "at"));
	next = json_number_value(json_object_get(json_array_get(got, 10), "at"));
	assert_true(next - last >= 1);
	lab_free(d);
}

/* More than a day is waited for as it was asked; more than a month stops the receiver. */
static void test_retry_after_is_not_cut(void **state)
{
	struct post_lab *d = lab_new(*state);
	const char *why[2] = {"", ""};
	json_t *list, *one;
	size_t i;

	script(d, "{\"/a\": [{\"status\": 429, \"headers\": {\"Retry-After\": "
		  "\"200000\"}}], \"/b\": [{\"status\": 503, \"headers\": "
		  "{\"Retry-After\": \"{date+4000000}\"}}]}");
	add_hook(d, "/a");
	add_hook(d, "/b");
	lab_open(d);
	publish(d, "t", 0, 1);
	for (i = 0; i < 400 && !(*why[0] && *why[1]); i++) {
		size_t k;

		stand_idle(d->s, 20);
		list = json_object_get(control(d, "GET", ""), "deliveries");
		json_array_foreach (list, k, one) {
			const char *text = json_string_value(json_object_get(one, "why"));
			const char *id = json_string_value(json_object_get(one, "receiver"));

			if (text && *text)
				why[id[1] - '0'] = arena_printf(&d->arena, "%s", text).p;
		}
	}
	assert_non_null(strstr(why[0], "the receiver asks for 200000 s"));
	assert_non_null(strstr(why[1], "days of silence: stopped"));
	assert_int_equal(json_array_size(arrived(d, "/a")), 1);
	assert_int_equal(json_array_size(arrived(d, "/b")), 1);
	lab_free(d);
}

static void test_redirects_are_failures(void **state)
{
	struct post_lab *d = lab_new(*state);
	json_t *one;

	script(d, "{\"/a\": {\"status\": 301, \"redirect\": \"{http}/b\"}, \"/b\": "
		  "{\"status\": 200}}");
	add_hook(d, "/a");
	lab_open(d);
	publish(d, "t", 0, 1);
	until_count(d, "dead", 1);
	one = json_array_get(json_object_get(control(d, "GET", ""), "deliveries"), 0);
	assert_non_null(strstr(json_string_value(json_object_get(one, "why")), "redirect"));
	assert_int_equal(json_array_size(arrived(d, "/a")), 10);
	assert_int_equal(json_array_size(arrived(d, "/b")), 0);
	assert_string_equal(ledger(d, "t", 0, "r0"), "dead");
	lab_free(d);
}

static void test_what_cannot_be_taken_is_dead_and_can_be_driven_again(void **state)
{
	struct post_lab *d = lab_new(*state);
	const char *id;
	char path[64];
	json_t *list;

	script(d, "{\"/a\": [{\"status\": 400}, {\"status\": 422}, {\"status\": 200}]}");
	add_hook(d, "/a");
	lab_open(d);
	publish(d, "t", 0, 3);
	until_count(d, "sent", 1);
	until_count(d, "dead", 2);
	assert_string_equal(titles(d, arrived(d, "/a")).p, "t 0 t 1 t 2 ");
	list = json_object_get(control(d, "GET", ""), "deliveries");
	id = json_string_value(json_object_get(json_array_get(list, 0), "id"));
	(void)snprintf(path, sizeof(path), "/%s/drop", id);
	(void)control(d, "POST", path);
	assert_int_equal(d->status, 200);
	until_count(d, "dead", 1);
	(void)control(d, "POST", "/redrive");
	assert_int_equal(json_integer_value(json_object_get(d->answer, "redriven")), 1);
	until_count(d, "sent", 2);
	until_count(d, "", 2);
	until_arrived(d, "/a", 4);
	lab_free(d);
}

static void test_a_hanging_receiver_delays_no_other(void **state)
{
	struct post_lab *d = lab_new(*state);
	const struct mono before = loop_now(d->s->loop);

	script(d, "{\"/slow\": {\"delay_ms\": 60000}, \"/a\": {\"status\": 200}}");
	add_hook(d, "/slow");
	add_hook(d, "/a");
	lab_open(d);
	publish(d, "t", 0, 10);
	until_count(d, "sent", 10);
	assert_true(loop_now(d->s->loop).ms - before.ms < 10000);
	assert_int_equal(json_array_size(arrived(d, "/slow")), 1);
	lab_free(d);
}

static void test_the_pace_of_a_platform_is_kept(void **state)
{
	struct post_lab *d = lab_new(*state);
	json_t *got;

	script(d, "{\"/s\": {\"status\": 200, \"body\": \"ok\"}}");
	add_receiver(d, "slack",
		field(d, "url",
			arena_printf(&d->arena, "http://127.0.0.1:%d/s",
				peer_port(&d->origin, "http"))),
		1);
	lab_open(d);
	publish(d, "t", 0, 3);
	until_count(d, "sent", 3);
	got = arrived(d, "/s");
	for (size_t i = 1; i < 3; i++)
		assert_true(json_number_value(json_object_get(json_array_get(got, i), "at")) -
				    json_number_value(json_object_get(
					    json_array_get(got, i - 1), "at")) >=
			    0.95);
	lab_free(d);
}

static void test_one_refused_recipient_costs_no_other_a_mail(void **state)
{
	struct post_lab *d = lab_new(*state);
	char *argv[] = {(char *)PYTHON, (char *)MAILBOX, (char *)"--refuse",
		(char *)"gone@example.org", NULL};
	struct receiver_field *fields;
	json_t *mail;

	peer_start(&d->mailbox, argv);
	fields = field(d, "to", SPAN("cm@example.org"));
	fields[1] = (struct receiver_field){SPAN("to"), SPAN("gone@example.org")};
	fields[2] = (struct receiver_field){SPAN("smtp"),
		arena_printf(&d->arena, "smtp://127.0.0.1:%d", peer_port(&d->mailbox, "smtp"))};
	add_receiver(d, "email", fields, 3);
	lab_open(d);
	publish(d, "t", 0, 2);
	/* The one refused is asked for alone, and then refused for good. */
	until_count(d, "dead", 2);
	/* The one taken has each mail once, in order. */
	for (int i = 0; i < 2; i++) {
		char want[32];

		mail = peer_line(&d->mailbox);
		(void)snprintf(want, sizeof(want), "t %d", i);
		assert_int_equal(json_array_size(json_object_get(mail, "to")), 1);
		assert_non_null(
			strstr(json_string_value(json_object_get(mail, "message")), want));
		json_decref(mail);
	}
	assert_string_equal(ledger(d, "t", 0, "r0"), "sent");
	lab_free(d);
}

int main(void)
{
#define WITH_STAND(test) cmocka_unit_test_setup_teardown(test, stand_set_up, stand_tear_down)
	const struct CMUnitTest tests[] = {
		WITH_STAND(test_a_failure_is_tried_again_with_the_same_id),
		WITH_STAND(test_each_try_is_written_down),
		WITH_STAND(test_retry_after_in_seconds),
		WITH_STAND(test_retry_after_as_a_date),
		WITH_STAND(test_retry_after_holds_for_what_comes_next),
		WITH_STAND(test_retry_after_is_not_cut),
		WITH_STAND(test_redirects_are_failures),
		WITH_STAND(test_what_cannot_be_taken_is_dead_and_can_be_driven_again),
		WITH_STAND(test_a_hanging_receiver_delays_no_other),
		WITH_STAND(test_the_pace_of_a_platform_is_kept),
		WITH_STAND(test_one_refused_recipient_costs_no_other_a_mail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
