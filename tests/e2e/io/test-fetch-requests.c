/*
 * transfer: what is sent, and what a caller may do meanwhile.
 */

#include "fetch-stand.h"

#include <errno.h>
#include <stdlib.h>

/* The last request the echo got, as a JSON text. */
static json_t *echoed(const struct answer_copy *a)
{
	json_t *j = json_loads(a->body, 0, NULL);

	assert_non_null(j);
	return j;
}

static const char *echoed_header(const json_t *request, const char *name)
{
	const char *text =
		json_string_value(json_object_get(json_object_get(request, "headers"), name));

	return text ? text : "";
}

static void what_is_sent(void **state)
{
	static const struct header headers[] = {
		{{"X-Key", 5}, {"secret", 6}},
		{{"Accept", 6}, {"application/json", 16}},
		{{"X-Empty", 7}, {"", 0}},
		{{"Accept-Encoding", 15}, {"zstd", 4}},
	};
	static const struct {
		const char *url, *method, *body;
		const char *sent_method, *sent_body, *key; /* at the end of the chain */
	} rows[] = {
		{"{http}/echo", "", "", "GET", "", "secret"},
		{"{http}/echo", "", "{}", "POST", "{}", "secret"},
		{"{http}/echo", "PUT", "{}", "PUT", "{}", "secret"},
		{"{http}/echo", "DELETE", "", "DELETE", "", "secret"},
		{"{http}/to-echo", "", "", "GET", "", "secret"},
		{"{http}/to-echo", "POST", "{}", "GET", "", "secret"},
		{"{http}/seen", "PUT", "{}", "GET", "", "secret"},
		{"{http}/keeping", "POST", "{}", "POST", "{}", "secret"},
		/* Another origin: no secrets, no body. */
		{"{http}/to-other", "", "", "GET", "", ""},
		{"{http}/to-other-keeping", "", "", "GET", "", ""},
	};
	struct transfer_options options = usual();
	struct transfer *t;
	struct answer_copy a = {0};

	(void)state;
	options.user_agent = "vigie-test/1";
	t = open_transfer(&options);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *j;

		ask(&a, t,
			&(struct request){.url = span_str(rows[i].url),
				.method = span_str(rows[i].method),
				.body = span_str(rows[i].body),
				.headers = headers,
				.n_headers = 4,
				.etag = SPAN("\"e\""),
				.last_modified = SPAN("Thu, 01 Jan 2026 00:00:00 GMT")});
		assert_int_equal(a.error, TRANSFER_OK);
		j = echoed(&a);
		assert_string_equal(
			json_string_value(json_object_get(j, "method")), rows[i].sent_method);
		assert_string_equal(
			json_string_value(json_object_get(j, "body")), rows[i].sent_body);
		assert_string_equal(echoed_header(j, "x-key"), rows[i].key);
		assert_string_equal(echoed_header(j, "accept"), "application/json");
		assert_string_equal(echoed_header(j, "accept-encoding"), "gzip, deflate, br");
		assert_string_equal(echoed_header(j, "user-agent"), "vigie-test/1");
		assert_string_equal(echoed_header(j, "if-none-match"), "\"e\"");
		assert_string_equal(
			echoed_header(j, "if-modified-since"), "Thu, 01 Jan 2026 00:00:00 GMT");
		assert_string_equal(echoed_header(j, "cookie"), "");
		assert_string_equal(echoed_header(j, "content-type"), "");
		assert_string_equal(echoed_header(j, "expect"), "");
		json_decref(j);
	}
	/* A body that would have to change its addressee. */
	ask(&a, t,
		&(struct request){.url = SPAN("{http}/to-other-keeping"), .body = SPAN("{}")});
	assert_int_equal(a.error, TRANSFER_REDIRECTS);
	forget(&a);
	(void)transfer_free(t);
}

static void a_password_stays_with_its_origin(void **state)
{
	static const struct {
		const char *path;
		bool known;
	} rows[] = {{"/login", true}, {"/to-login", true}, {"/to-other", false}};
	const struct transfer_options options = usual();
	struct transfer *t = open_transfer(&options);
	struct answer_copy a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char url[200];
		json_t *j;

		(void)snprintf(url, sizeof(url), "http://ann:secret@127.0.0.1:%d%s",
			peer_port(&origin, "http"), rows[i].path);
		get(&a, t, url);
		assert_int_equal(a.status, 200);
		assert_null(strstr(a.url, "secret"));
		j = echoed(&a);
		assert_int_equal(*echoed_header(j, "authorization") != '\0', rows[i].known);
		json_decref(j);
	}
	get(&a, t, "{http}/login");
	assert_int_equal(a.status, 401);
	forget(&a);
	(void)transfer_free(t);
}

static void only_what_is_new_is_sent(void **state)
{
	const struct transfer_options options = usual();
	struct transfer *t = open_transfer(&options);
	struct answer_copy a = {0};
	char *etag, *modified;

	(void)state;
	get(&a, t, "{http}/tagged");
	assert_int_equal(a.status, 200);
	assert_string_equal(a.etag, "\"v1\"");
	assert_string_equal(a.modified, "Thu, 01 Jan 2026 00:00:00 GMT");
	etag = keep(span_str(a.etag));
	modified = keep(span_str(a.modified));
	ask(&a, t, &(struct request){.url = SPAN("{http}/tagged"), .etag = span_str(etag)});
	assert_int_equal(a.status, 304);
	assert_int_equal(a.body_size, 0);
	ask(&a, t,
		&(struct request){
			.url = SPAN("{http}/tagged"), .last_modified = span_str(modified)});
	assert_int_equal(a.status, 304);
	ask(&a, t, &(struct request){.url = SPAN("{http}/tagged"), .etag = SPAN("\"v0\"")});
	assert_int_equal(a.status, 200);
	free(etag);
	free(modified);
	forget(&a);
	(void)transfer_free(t);
}

static void a_request_cannot_carry_another(void **state)
{
	static const struct header bad[] = {
		{{"X\r\nY", 4}, {"v", 1}},
		{{"X", 1}, {"v\nY: z", 6}},
		{{"X", 1}, {"v\0z", 3}},
		{{"X Y", 3}, {"v", 1}},
		{{"", 0}, {"v", 1}},
	};
	const struct transfer_options options = usual();
	struct transfer *t = open_transfer(&options);
	struct transfer_handle *handle;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct request r = {
			.url = SPAN("http://127.0.0.1:1/"), .headers = &bad[i], .n_headers = 1};

		assert_int_equal(transfer_start(&handle, t,
					 &(struct transfer_ask){.request = &r}, on_done, NULL),
			-EINVAL);
	}
	assert_int_equal(
		transfer_start(&handle, t,
			&(struct transfer_ask){
				.request = &(struct request){.url = SPAN("http://127.0.0.1:1/"),
					.etag = SPAN("\"\r\nX: y\"")}},
			on_done, NULL),
		-EINVAL);
	(void)transfer_free(t);
}

struct crowd {
	struct transfer *transfer;
	struct transfer_handle *handles[40];
	int done, started;
	char *url;
};

static void on_crowd_done(void *arg, const struct transfer_result *r);

static void crowd_start(struct crowd *c, int i)
{
	const struct request r = {.url = span_str(c->url)};

	assert_int_equal(transfer_start(&c->handles[i], c->transfer,
				 &(struct transfer_ask){.request = &r}, on_crowd_done, c),
		0);
	c->started++;
}

/* Starts, cancels and at last frees from inside. */
static void on_crowd_done(void *arg, const struct transfer_result *r)
{
	struct crowd *c = arg;

	assert_int_equal(r->error, TRANSFER_OK);
	c->done++;
	if (c->done == 1) {
		for (int i = 30; i < 40; i++)
			transfer_cancel(c->handles[i]);
		crowd_start(c, 39);
	}
	if (c->done == 20) {
		c->transfer = transfer_free(c->transfer);
		loop_stop(loop);
	}
}

static void a_done_may_start_cancel_and_free(void **state)
{
	struct transfer_options options = usual();
	struct crowd c = {0};

	(void)state;
	options.max_per_host = 3;
	/* Only the first ten can have ended when the last ten are cancelled. */
	c.transfer = open_transfer(&options);
	c.url = address("{http}/gzip");
	for (int i = 0; i < 40; i++)
		crowd_start(&c, i);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(c.done, 20);
	assert_int_equal(c.started, 41);
	assert_null(c.transfer);
	free(c.url);
}

static void a_cancelled_one_is_silent(void **state)
{
	const struct transfer_options options = usual();
	struct transfer *t = open_transfer(&options);
	struct transfer_handle *slow, *bad;
	struct answer_copy a = {0}, b = {0};
	char *url = address("{http}/late");
	const struct request late = {.url = span_str(url)}, none = {.url = SPAN("nothing")};

	(void)state;
	assert_int_equal(
		transfer_start(&slow, t, &(struct transfer_ask){.request = &late}, on_done, &a),
		0);
	assert_int_equal(
		transfer_start(&bad, t, &(struct transfer_ask){.request = &none}, on_done, &a),
		0);
	transfer_cancel(bad);
	get(&b, t, "{http}/plain");
	transfer_cancel(slow);
	get(&b, t, "{http}/plain");
	assert_int_equal(a.count, 0);
	/* Freed with one under way. */
	assert_int_equal(
		transfer_start(&slow, t, &(struct transfer_ask){.request = &late}, on_done, &a),
		0);
	get(&b, t, "{http}/plain");
	(void)transfer_free(t);
	assert_int_equal(a.count, 0);
	free(url);
	forget(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sent),
		cmocka_unit_test(a_password_stays_with_its_origin),
		cmocka_unit_test(only_what_is_new_is_sent),
		cmocka_unit_test(a_request_cannot_carry_another),
		cmocka_unit_test(a_done_may_start_cancel_and_free),
		cmocka_unit_test(a_cancelled_one_is_silent),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
