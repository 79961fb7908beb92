/*
 * From the queue to the receiver: dispatch and post with a real Redis, a real archive, and
 * receivers that behave as origin.py's script says. Retries are run a million times faster than
 * people would wait for them, unless a test says otherwise.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "io/transfer.h"
#include "line/archive.h"
#include "line/codec_hit.h"
#include "line/dispatch.h"
#include "line/post.h"
#include "peer.h"
#include "queue-stand.h"
#include "vigie/channel.h"

enum { RECEIVERS = 3 };

struct desk {
	struct stand *s;
	struct peer origin, mailbox;
	struct transfer *transfer;
	struct archive *archive;
	struct post *post;
	struct dispatch *dispatch;
	double time_scale;
	char path[128];
	struct arena arena;
	struct receiver receivers[RECEIVERS];
	uint32_t everybody[RECEIVERS];
	struct policy policy;
	/* what came back */
	int answers, status;
	json_t *answer;
	char outcome[64];
};

/* --- Set-up --------------------------------------------------------------------------------
 */

static struct desk *desk_new(struct stand *s)
{
	char *argv[] = {(char *)PYTHON, (char *)ORIGIN, NULL};
	struct desk *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	d->s = s;
	d->time_scale = 1e6;
	peer_start(&d->origin, argv);
	assert_int_equal(transfer_new(&d->transfer, s->loop,
				 &(struct transfer_options){.total_ms = 20000}),
		0);
	(void)snprintf(d->path, sizeof(d->path), "%s/archive.sqlite", s->folder);
	stand_open(s);
	return d;
}

/* Receivers r0, r1 … of a kind, with one field; all of them get everything. */
static void add_receiver(
	struct desk *d, const char *channel, struct receiver_field *fields, size_t n)
{
	struct receiver *r = &d->receivers[d->policy.n_receivers];

	*r = (struct receiver){.id = arena_printf(&d->arena, "r%zu", d->policy.n_receivers),
		.lang = SPAN("en"),
		.channel = channel_by_name(span_str(channel)),
		.fields = fields,
		.n_fields = n};
	d->everybody[d->policy.n_receivers] = (uint32_t)d->policy.n_receivers;
	d->policy.receivers = d->receivers;
	d->policy.n_receivers++;
	d->policy.root.receivers = d->everybody;
	d->policy.root.n_receivers = d->policy.n_receivers;
	d->policy.root.group_by[0] = ROUTE_MENTION;
	d->policy.root.n_group_by = 1;
}

static struct receiver_field *field(struct desk *d, const char *name, struct span value)
{
	struct receiver_field *f = arena_calloc(&d->arena, 4, sizeof(*f));

	f[0] = (struct receiver_field){span_str(name), value};
	return f;
}

static void add_hook(struct desk *d, const char *path)
{
	add_receiver(d, "webhook",
		field(d, "url",
			arena_printf(&d->arena, "http://127.0.0.1:%d%s",
				peer_port(&d->origin, "http"), path)),
		1);
}

static void desk_open(struct desk *d)
{
	struct arena arena = {0};
	struct span why;

	assert_int_equal(archive_new(&d->archive, d->s->loop,
				 &(struct archive_options){.path = d->path}, &arena, &why),
		0);
	assert_int_equal(
		post_new(&d->post, d->s->loop, d->transfer, d->archive,
			&(struct post_options){.redis_url = redis_server_url(d->s->server),
				.prefix = SPAN("t:"),
				.host = SPAN("watch.example.org"),
				.time_scale = d->time_scale}),
		0);
	assert_int_equal(
		dispatch_new(&d->dispatch, d->s->loop, d->s->queue, d->archive, d->post), 0);
	assert_int_equal(post_set_policy(d->post, &d->policy, NULL, NULL, NULL), 0);
	assert_int_equal(dispatch_set_policy(d->dispatch, &d->policy, NULL, NULL, NULL), 0);
	arena_release(&arena);
}

/* As a kill does: what is on its way is not waited for. */
static void desk_close(struct desk *d)
{
	d->archive = archive_free(d->archive);
	d->dispatch = dispatch_free(d->dispatch);
	d->post = post_free(d->post);
}

static void desk_free(struct desk *d)
{
	desk_close(d);
	transfer_free(d->transfer);
	peer_stop(&d->origin);
	if (d->mailbox.pid)
		peer_stop(&d->mailbox);
	json_decref(d->answer);
	arena_release(&d->arena);
	free(d);
}

/* --- Asking --------------------------------------------------------------------------------
 */

static void on_fetched(void *arg, const struct transfer_result *result)
{
	struct desk *d = arg;

	json_decref(d->answer);
	d->answer = json_loadb(result->document.body.p ? result->document.body.p : "",
		result->document.body.n, JSON_DECODE_ANY, NULL);
	d->answers++;
}

/* To the origin's own pages. */
static void ask_origin(struct desk *d, const char *method, const char *path, const char *body)
{
	struct arena arena = {0};
	const struct request request = {.method = span_str(method),
		.url = arena_printf(
			&arena, "http://127.0.0.1:%d%s", peer_port(&d->origin, "http"), path),
		.body = span_str(body)};
	const struct transfer_ask ask = {.request = &request};
	const int before = d->answers;
	struct transfer_handle *handle;

	assert_int_equal(transfer_start(&handle, d->transfer, &ask, on_fetched, d), 0);
	arena_release(&arena);
	UNTIL(d->s, d->answers > before);
}

static void script(struct desk *d, const char *text)
{
	ask_origin(d, "PUT", "/-/script", text);
}

/* What arrived at a path so far; borrowed until the next question. */
static json_t *arrived(struct desk *d, const char *path)
{
	json_t *all, *one, *here = json_array();
	size_t i;

	ask_origin(d, "GET", "/-/requests", NULL);
	all = d->answer;
	json_array_foreach(all, i,
		one) if (strcmp(json_string_value(json_object_get(one, "path")), path) ==
			 0)(void) json_array_append(here, one);
	json_decref(d->answer);
	d->answer = here;
	return here;
}

static const char *header_of(json_t *request, const char *name)
{
	const char *value =
		json_string_value(json_object_get(json_object_get(request, "headers"), name));

	return value ? value : "";
}

/* Titles of the mentions told, in order: "t 0 t 1 ". */
static struct span titles(struct desk *d, json_t *requests)
{
	struct buf out = {0};
	json_t *one;
	struct span ret;
	size_t i;

	json_array_foreach(requests, i, one)
	{
		json_t *body =
			json_loads(json_string_value(json_object_get(one, "body")), 0, NULL);
		json_t *item = json_object_get(json_object_get(body, "data"), "item");
		const char *title = json_string_value(json_object_get(item, "title"));

		buf_addf(&out, "%s ", title ? title : "?");
		json_decref(body);
	}
	ret = arena_dup(&d->arena, buf_span(&out));
	buf_deinit(&out);
	return ret;
}

static void on_control(void *arg, int status, struct span body)
{
	struct desk *d = arg;

	d->status = status;
	json_decref(d->answer);
	d->answer = json_loadb(body.p, body.n, 0, NULL);
	d->answers++;
}

static json_t *control(struct desk *d, const char *method, const char *path)
{
	const int before = d->answers;

	post_control(d->post, span_str(method), span_str(path), on_control, d);
	UNTIL(d->s, d->answers > before);
	return d->answer;
}

/* Deliveries in a state; "" for all. */
static size_t count(struct desk *d, const char *state)
{
	json_t *list, *one;
	size_t n = 0, i;

	list = json_object_get(control(d, "GET", ""), "deliveries");
	json_array_foreach(list, i, one) n +=
		!*state || strcmp(json_string_value(json_object_get(one, "state")), state) == 0;
	return n;
}

static void until_count(struct desk *d, const char *state, size_t n)
{
	for (int i = 0; i < 400 && count(d, state) != n; i++)
		stand_idle(d->s, 20);
	assert_int_equal(count(d, state), n);
}

static void until_arrived(struct desk *d, const char *path, size_t n)
{
	for (int i = 0; i < 400 && json_array_size(arrived(d, path)) < n; i++)
		stand_idle(d->s, 20);
	assert_int_equal(json_array_size(d->answer), n);
}

static void on_outcome(void *arg, const struct span *outcomes, size_t n)
{
	struct desk *d = arg;

	assert_int_equal(n, 1);
	(void)snprintf(d->outcome, sizeof(d->outcome), "%.*s", SPAN_ARG(outcomes[0]));
	d->answers++;
}

/* What the ledger says of hit `first` of such a batch. */
static const char *ledger(struct desk *d, const char *title, int first, const char *receiver)
{
	struct batch *b = stand_batch(d->s, "site", "e", title, first, 1, 1);
	const struct archive_outcome question = {
		.key = b->hits[0].key, .receiver = span_str(receiver), .at = WALL_NONE};
	const int before = d->answers;

	archive_outcomes(d->archive, &question, 1, on_outcome, d);
	(void)batch_free(b);
	UNTIL(d->s, d->answers > before);
	return d->outcome;
}

/* Hits "title N" come through the queue; archived as the archive's own consumer would. */
static void archive_hits(struct desk *d, const struct batch *b)
{
	for (size_t i = 0; i < b->n_hits; i++) {
		struct buf bytes = {0};
		struct span span;

		hit_encode(&bytes, &b->hits[i]);
		span = buf_span(&bytes);
		archive_put(d->archive, &span, 1, NULL, NULL);
		buf_deinit(&bytes);
	}
}

static void publish(struct desk *d, const char *title, int first, int n)
{
	struct batch *b = stand_batch(d->s, "site", "e", title, first, n, 1);

	archive_hits(d, b);
	stand_take(d->s, b);
}

/* --- The tests -------------------------------------------------------------------------------
 */

static void test_a_failure_is_tried_again_with_the_same_id(void **state)
{
	struct desk *d = desk_new(*state);
	json_t *got;

	script(d, "{\"/a\": [{\"status\": 503}, {\"status\": 500}, {\"raw\": \"x\"}, "
		  "{\"status\": 200}]}");
	add_hook(d, "/a");
	desk_open(d);
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
	desk_free(d);
}

static void test_each_try_is_written_down(void **state)
{
	struct desk *d = desk_new(*state);
	json_t *list, *one, *tries;
	char path[64];

	script(d, "{\"/a\": [{\"status\": 503, \"body\": \"busy\"}, {\"status\": 204}]}");
	add_hook(d, "/a");
	desk_open(d);
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
	desk_free(d);
}

static void check_pause(void **state, const char *header, double least)
{
	struct desk *d = desk_new(*state);
	struct arena *a = &d->arena;
	json_t *got;
	double first, second;

	script(d, arena_printf(a,
			  "{\"/a\": [{\"status\": 429, \"headers\": {\"Retry-After\": "
			  "\"%s\"}}, {\"status\": 200}]}",
			  header)
			  .p);
	add_hook(d, "/a");
	desk_open(d);
	publish(d, "t", 0, 1);
	until_count(d, "sent", 1);
	got = arrived(d, "/a");
	first = json_number_value(json_object_get(json_array_get(got, 0), "at"));
	second = json_number_value(json_object_get(json_array_get(got, 1), "at"));
	assert_true(second - first >= least);
	assert_true(second - first < 8);
	desk_free(d);
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
	struct desk *d = desk_new(*state);
	json_t *got;
	double last, next;

	script(d, "{\"/a\": [{\"status\": 503}, {\"status\": 503}, {\"status\": 503}, "
		  "{\"status\": 503}, {\"status\": 503}, {\"status\": 503}, {\"status\": 503}, "
		  "{\"status\": 503}, {\"status\": 503}, "
		  "{\"status\": 503, \"headers\": {\"Retry-After\": \"1\"}}, {\"status\": "
		  "200}]}");
	add_hook(d, "/a");
	desk_open(d);
	publish(d, "t", 0, 2);
	until_count(d, "dead", 1);
	until_count(d, "sent", 1);
	got = arrived(d, "/a");
	assert_int_equal(json_array_size(got), 11);
	last = json_number_value(json_object_get(json_array_get(got, 9), "at"));
	next = json_number_value(json_object_get(json_array_get(got, 10), "at"));
	assert_true(next - last >= 1);
	desk_free(d);
}

static void test_redirects_are_failures(void **state)
{
	struct desk *d = desk_new(*state);
	json_t *one;

	script(d, "{\"/a\": {\"status\": 301, \"redirect\": \"{http}/b\"}, \"/b\": "
		  "{\"status\": 200}}");
	add_hook(d, "/a");
	desk_open(d);
	publish(d, "t", 0, 1);
	until_count(d, "dead", 1);
	one = json_array_get(json_object_get(control(d, "GET", ""), "deliveries"), 0);
	assert_non_null(strstr(json_string_value(json_object_get(one, "why")), "redirect"));
	assert_int_equal(json_array_size(arrived(d, "/a")), 10);
	assert_int_equal(json_array_size(arrived(d, "/b")), 0);
	assert_string_equal(ledger(d, "t", 0, "r0"), "dead");
	desk_free(d);
}

static void test_what_cannot_be_taken_is_dead_and_can_be_driven_again(void **state)
{
	struct desk *d = desk_new(*state);
	const char *id;
	char path[64];
	json_t *list;

	script(d, "{\"/a\": [{\"status\": 400}, {\"status\": 422}, {\"status\": 200}]}");
	add_hook(d, "/a");
	desk_open(d);
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
	desk_free(d);
}

static void test_a_receiver_that_is_gone_is_stopped(void **state)
{
	struct desk *d = desk_new(*state);

	script(d, "{\"/a\": {\"status\": 410}}");
	add_hook(d, "/a");
	desk_open(d);
	publish(d, "t", 0, 3);
	until_arrived(d, "/a", 1);
	until_count(d, "waiting", 3);
	stand_idle(d->s, 100);
	assert_int_equal(json_array_size(arrived(d, "/a")), 1);
	/* It stays so over a restart, */
	desk_close(d);
	desk_open(d);
	stand_idle(d->s, 100);
	assert_int_equal(json_array_size(arrived(d, "/a")), 1);
	/* until its address is another one. */
	script(d, "{\"/b\": {\"status\": 200}}");
	d->policy.n_receivers = 0;
	add_hook(d, "/b");
	assert_int_equal(post_set_policy(d->post, &d->policy, NULL, NULL, NULL), 0);
	until_count(d, "sent", 3);
	assert_string_equal(titles(d, arrived(d, "/b")).p, "t 0 t 1 t 2 ");
	desk_free(d);
}

static void test_the_others_hear_once_of_one_that_is_gone(void **state)
{
	struct desk *d = desk_new(*state);
	struct span all;

	script(d, "{\"/a\": {\"status\": 410}, \"/b\": {\"status\": 200}}");
	add_hook(d, "/a");
	add_hook(d, "/b");
	desk_open(d);
	publish(d, "t", 0, 3);
	until_arrived(d, "/b", 4);
	/* Not again after a restart. */
	desk_close(d);
	desk_open(d);
	publish(d, "t", 3, 1);
	until_arrived(d, "/b", 5);
	stand_idle(d->s, 100);
	all = titles(d, arrived(d, "/b"));
	assert_non_null(strstr(all.p, "The receiver \"r0\" was stopped"));
	assert_null(strstr(strstr(all.p, "was stopped") + 1, "was stopped"));
	assert_int_equal(json_array_size(arrived(d, "/a")), 1);
	until_count(d, "sent", 5);
	desk_free(d);
}

static void test_order_is_kept_through_failures(void **state)
{
	struct desk *d = desk_new(*state);
	struct span all;

	script(d, "{\"/a\": [{\"status\": 200}, {\"status\": 503}, {\"status\": 429}, "
		  "{\"status\": 200}, "
		  "{\"raw\": \"x\"}, {\"status\": 200}]}");
	add_hook(d, "/a");
	desk_open(d);
	for (int i = 0; i < 8; i++)
		publish(d, "t", i, 1);
	until_count(d, "sent", 8);
	all = titles(d, arrived(d, "/a"));
	/* One probe at a time: nobody passes the one that fails. */
	assert_string_equal(all.p, "t 0 t 1 t 1 t 1 t 2 t 2 t 3 t 4 t 5 t 6 t 7 ");
	desk_free(d);
}

static void test_a_poisoned_one_is_parked(void **state)
{
	struct desk *d = desk_new(*state);

	/* Three failures, then the one behind passes. */
	script(d, "{\"/a\": [{\"status\": 500}, {\"status\": 500}, {\"status\": 500}, "
		  "{\"status\": 200}]}");
	add_hook(d, "/a");
	desk_open(d);
	publish(d, "t", 0, 4);
	until_count(d, "sent", 4);
	assert_memory_equal(titles(d, arrived(d, "/a")).p, "t 0 t 0 t 0 t 1 ", 16);
	assert_int_equal(json_array_size(d->answer), 7);
	desk_free(d);
}

static void test_a_hanging_receiver_delays_no_other(void **state)
{
	struct desk *d = desk_new(*state);
	const struct mono before = loop_now(d->s->loop);

	script(d, "{\"/slow\": {\"delay_ms\": 60000}, \"/a\": {\"status\": 200}}");
	add_hook(d, "/slow");
	add_hook(d, "/a");
	desk_open(d);
	publish(d, "t", 0, 10);
	until_count(d, "sent", 10);
	assert_true(loop_now(d->s->loop).ms - before.ms < 10000);
	assert_int_equal(json_array_size(arrived(d, "/slow")), 1);
	desk_free(d);
}

static void test_what_was_in_flight_is_sent_again(void **state)
{
	struct desk *d = desk_new(*state);
	json_t *got;

	script(d, "{\"/a\": [{\"delay_ms\": 60000}, {\"status\": 200}]}");
	add_hook(d, "/a");
	desk_open(d);
	publish(d, "t", 0, 2);
	until_arrived(d, "/a", 1);
	assert_false(post_idle(d->post));
	desk_close(d);
	desk_open(d);
	until_count(d, "sent", 2);
	got = arrived(d, "/a");
	assert_string_equal(titles(d, got).p, "t 0 t 0 t 1 ");
	assert_string_equal(header_of(json_array_get(got, 0), "webhook-id"),
		header_of(json_array_get(got, 1), "webhook-id"));
	assert_string_not_equal(header_of(json_array_get(got, 0), "webhook-id"),
		header_of(json_array_get(got, 2), "webhook-id"));
	desk_free(d);
}

static void test_groups_wait_for_company(void **state)
{
	struct desk *d = desk_new(*state);
	json_t *body;

	script(d, "{\"/a\": {\"status\": 200}}");
	add_hook(d, "/a");
	d->policy.root.group_by[0] = ROUTE_SOURCE;
	d->policy.root.group_wait_ms = 400;
	desk_open(d);
	publish(d, "t", 0, 2);
	publish(d, "t", 2, 1);
	assert_int_equal(json_array_size(arrived(d, "/a")), 0);
	/* A restart forgets no group. */
	desk_close(d);
	desk_open(d);
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
	desk_free(d);
}

static void test_a_lost_redis_tells_nothing_twice(void **state)
{
	struct desk *d = desk_new(*state);

	script(d, "{\"/a\": {\"status\": 200}}");
	add_hook(d, "/a");
	desk_open(d);
	publish(d, "t", 0, 3);
	until_count(d, "sent", 3);
	assert_string_equal(ledger(d, "t", 2, "r0"), "sent");
	desk_close(d);
	stand_close(d->s);
	stand_redis(d->s, "FLUSHALL");
	stand_open(d->s);
	desk_open(d);
	publish(d, "t", 0, 4);
	until_arrived(d, "/a", 4);
	until_count(d, "sent", 1);
	stand_idle(d->s, 200);
	assert_string_equal(titles(d, arrived(d, "/a")).p, "t 0 t 1 t 2 t 3 ");
	assert_int_equal(dispatch_stats(d->dispatch)->known, 3);
	desk_free(d);
}

static void test_a_receiver_that_is_no_more_leaves_dead_letters(void **state)
{
	struct desk *d = desk_new(*state);
	json_t *list;

	script(d, "{\"/a\": {\"status\": 503}}");
	d->time_scale = 1; /* the second try is in five seconds */
	add_hook(d, "/a");
	desk_open(d);
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
	desk_free(d);
}

static void test_a_mention_may_be_archived_late(void **state)
{
	struct desk *d = desk_new(*state);
	struct batch *b;

	script(d, "{\"/a\": {\"status\": 200}}");
	add_hook(d, "/a");
	desk_open(d);
	stand_take(d->s, stand_batch(d->s, "site", "e", "t", 0, 1, 1));
	stand_idle(d->s, 150);
	assert_int_equal(json_array_size(arrived(d, "/a")), 0);
	b = stand_batch(d->s, "site", "e", "t", 0, 1, 1);
	archive_hits(d, b);
	(void)batch_free(b);
	until_count(d, "sent", 1);
	desk_free(d);
}

static void test_redis_may_be_away(void **state)
{
	struct desk *d = desk_new(*state);
	struct span all;

	script(d, "{\"/a\": {\"status\": 200, \"delay_ms\": 30}}");
	add_hook(d, "/a");
	desk_open(d);
	publish(d, "t", 0, 6);
	until_arrived(d, "/a", 2);
	stand_redis(d->s, "CLIENT KILL TYPE normal SKIPME no");
	publish(d, "t", 6, 2);
	until_count(d, "sent", 8);
	all = titles(d, arrived(d, "/a"));
	/* What came of an attempt is said again, not made again. */
	assert_string_equal(all.p, "t 0 t 1 t 2 t 3 t 4 t 5 t 6 t 7 ");
	desk_free(d);
}

static void test_stopping_waits_for_what_is_on_its_way(void **state)
{
	struct desk *d = desk_new(*state);

	script(d, "{\"/a\": {\"status\": 200, \"delay_ms\": 200}}");
	add_hook(d, "/a");
	desk_open(d);
	publish(d, "t", 0, 3);
	until_arrived(d, "/a", 1);
	post_stop(d->post);
	UNTIL(d->s, post_idle(d->post));
	desk_close(d);
	desk_open(d);
	until_count(d, "sent", 3);
	assert_string_equal(titles(d, arrived(d, "/a")).p, "t 0 t 1 t 2 ");
	desk_free(d);
}

static void test_the_pace_of_a_platform_is_kept(void **state)
{
	struct desk *d = desk_new(*state);
	json_t *got;

	script(d, "{\"/s\": {\"status\": 200, \"body\": \"ok\"}}");
	add_receiver(d, "slack",
		field(d, "url",
			arena_printf(&d->arena, "http://127.0.0.1:%d/s",
				peer_port(&d->origin, "http"))),
		1);
	desk_open(d);
	publish(d, "t", 0, 3);
	until_count(d, "sent", 3);
	got = arrived(d, "/s");
	for (size_t i = 1; i < 3; i++)
		assert_true(json_number_value(json_object_get(json_array_get(got, i), "at")) -
				    json_number_value(json_object_get(
					    json_array_get(got, i - 1), "at")) >=
			    0.95);
	desk_free(d);
}

static void test_one_refused_recipient_costs_no_other_a_mail(void **state)
{
	struct desk *d = desk_new(*state);
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
	desk_open(d);
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
	desk_free(d);
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
		WITH_STAND(test_redirects_are_failures),
		WITH_STAND(test_what_cannot_be_taken_is_dead_and_can_be_driven_again),
		WITH_STAND(test_a_receiver_that_is_gone_is_stopped),
		WITH_STAND(test_the_others_hear_once_of_one_that_is_gone),
		WITH_STAND(test_order_is_kept_through_failures),
		WITH_STAND(test_a_poisoned_one_is_parked),
		WITH_STAND(test_a_hanging_receiver_delays_no_other),
		WITH_STAND(test_what_was_in_flight_is_sent_again),
		WITH_STAND(test_groups_wait_for_company),
		WITH_STAND(test_a_lost_redis_tells_nothing_twice),
		WITH_STAND(test_a_receiver_that_is_no_more_leaves_dead_letters),
		WITH_STAND(test_a_mention_may_be_archived_late),
		WITH_STAND(test_redis_may_be_away),
		WITH_STAND(test_stopping_waits_for_what_is_on_its_way),
		WITH_STAND(test_the_pace_of_a_platform_is_kept),
		WITH_STAND(test_one_refused_recipient_costs_no_other_a_mail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
