/*
 * transfer: what an origin does, and what comes of it.
 */

#include "fetch-stand.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void what_comes_of_an_answer(void **state)
{
	static const struct {
		const char *url;
		int status;
		enum document_end end;
		size_t body_size;
		const char *body; /* NULL: the size is enough */
	} rows[] = {
		{"{http}/plain", 200, DOCUMENT_COMPLETE, 6, "<rss/>"},
		{"{https}/plain", 200, DOCUMENT_COMPLETE, 6, "<rss/>"},
		{"{http2}/plain", 200, DOCUMENT_COMPLETE, 6, "<rss/>"},
		{"{http}/empty", 200, DOCUMENT_COMPLETE, 0, ""},
		{"{http}/missing", 404, DOCUMENT_COMPLETE, 12, "no such feed"},
		{"{http}/early", 200, DOCUMENT_COMPLETE, 2, "ok"},
		{"{http}/gzip", 200, DOCUMENT_COMPLETE, 50000, NULL},
		{"{http2}/gzip", 200, DOCUMENT_COMPLETE, 50000, NULL},
		{"{http}/deflate", 200, DOCUMENT_COMPLETE, 50000, NULL},
		{"{http}/raw-deflate", 200, DOCUMENT_COMPLETE, 50000, NULL},
		{"{http}/gzip-chunked", 200, DOCUMENT_COMPLETE, 50000, NULL},
		{"{http}/gzip-claimed", 200, DOCUMENT_COMPLETE, 17, "not packed at all"},
		/* The line ended well, the stream of bytes in it did not. */
		{"{http}/gzip-half", 200, DOCUMENT_TRUNCATED, SIZE_MAX, NULL},
		{"{http}/gzip-half-chunked", 200, DOCUMENT_TRUNCATED, SIZE_MAX, NULL},
		{"{http}/cut", 200, DOCUMENT_TRUNCATED, 10, "0123456789"},
		{"{https}/cut", 200, DOCUMENT_TRUNCATED, 10, "0123456789"},
		{"{http}/cut-chunked", 200, DOCUMENT_TRUNCATED, 3000, NULL},
		{"{http}/reset", 200, DOCUMENT_TRUNCATED, SIZE_MAX, NULL},
		{"{http}/until-close", 200, DOCUMENT_COMPLETE, 10, "to the end"},
		{"{http}/short-length", 200, DOCUMENT_COMPLETE, 4, "0123"},
		{"{http}/bomb", 200, DOCUMENT_OVERLONG, 1024 * 1024, NULL},
	};
	const struct transfer_options options = usual();
	struct transfer *t = open_transfer(&options);
	struct answer_copy a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].url[5] == '2' && !peer_port(&origin, "http2"))
			continue; /* no nginx on this machine */
		get(&a, t, rows[i].url);
		if (a.error || a.status != rows[i].status || a.end != rows[i].end)
			print_error("%s: error %d (%s) status %d end %d size %zu\n",
				rows[i].url, (int)a.error, a.why, a.status, (int)a.end,
				a.body_size);
		assert_int_equal(a.error, TRANSFER_OK);
		assert_int_equal(a.status, rows[i].status);
		assert_int_equal(a.end, rows[i].end);
		if (rows[i].body_size != SIZE_MAX)
			assert_int_equal(a.body_size, rows[i].body_size);
		if (rows[i].body)
			assert_string_equal(a.body, rows[i].body);
		if (rows[i].body_size == 50000)
			assert_memory_equal(a.body + 49990, "feed feed ", 10);
	}
	forget(&a);
	(void)transfer_free(t);
}

static void what_comes_of_a_failure(void **state)
{
	static const struct {
		const char *url;
		enum transfer_error error;
		const char *why; /* part of the sentence */
	} rows[] = {
		{"{http}/silent", TRANSFER_CONNECT, "closed the connection"},
		{"{http}/not-http", TRANSFER_PROTOCOL, "HTTP"},
		{"{http}/many", TRANSFER_PROTOCOL, "more header fields"},
		{"{http}/big-header", TRANSFER_PROTOCOL, "more header fields"},
		{"{http}/zstd", TRANSFER_PROTOCOL, "content coding"},
		{"{http}/drip", TRANSFER_TIMEOUT, "too long"},
		{"{http}/loop?token=secret", TRANSFER_REDIRECTS, "more than 5 times"},
		{"{http}/to-file", TRANSFER_REDIRECTS, "no http or https"},
		{"{http}/to-ftp", TRANSFER_REDIRECTS, "no http or https"},
		{"{http}/to-nonsense", TRANSFER_REDIRECTS, "no http or https"},
		{"ftp://127.0.0.1/x", TRANSFER_PROTOCOL, "no http, https or file"},
		{"/relative", TRANSFER_PROTOCOL, "no http, https or file"},
		{"", TRANSFER_PROTOCOL, "no http, https or file"},
		{"http://name.invalid/", TRANSFER_RESOLVE, "name.invalid"},
		{"http://127.0.0.1:1/?key=secret", TRANSFER_CONNECT,
			"port 1: Connection refused"},
	};
	struct transfer_options options = usual();
	struct transfer *t;
	struct answer_copy a = {0};

	(void)state;
	options.total_ms = 1500;
	t = open_transfer(&options);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		get(&a, t, rows[i].url);
		if (a.error != rows[i].error || !strstr(a.why, rows[i].why))
			print_error("%s: error %d: %s\n", rows[i].url, (int)a.error, a.why);
		assert_int_equal(a.error, rows[i].error);
		assert_non_null(strstr(a.why, rows[i].why));
		assert_null(strstr(a.why, "secret"));
	}
	forget(&a);
	(void)transfer_free(t);
}

static void where_a_redirect_leads(void **state)
{
	static const struct {
		const char *url, *end, *permanent;
		unsigned hops;
	} rows[] = {
		{"{http}/plain#here", "{http}/plain", "", 0},
		{"{http}/moved", "{http}/plain", "{http}/plain", 2},
		{"{http}/moved-on", "{http}/plain", "{http}/plain", 1},
		{"{http}/found", "{http}/plain", "", 1},
		{"{http}/found-huge", "{http}/plain", "", 1},
		{"{http}/moved-away", "{http}/plain", "", 2},
		/* Nothing is given up for an address where there is nothing. */
		{"{http}/moved-to-nothing", "{http}/missing", "", 1},
	};
	const struct transfer_options options = usual();
	struct transfer *t = open_transfer(&options);
	struct answer_copy a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *end = address(rows[i].end), *permanent = address(rows[i].permanent);

		get(&a, t, rows[i].url);
		assert_int_equal(a.error, TRANSFER_OK);
		assert_string_equal(a.url, end);
		assert_string_equal(a.permanent_url, permanent);
		assert_int_equal(a.hops, rows[i].hops);
		free(end);
		free(permanent);
	}
	forget(&a);
	(void)transfer_free(t);
}

static void redirects_are_not_followed_unless_wanted(void **state)
{
	struct transfer_options options = usual();
	struct transfer *t;
	struct answer_copy a = {0};

	(void)state;
	options.max_redirects = 0;
	t = open_transfer(&options);
	get(&a, t, "{http}/moved");
	assert_int_equal(a.status, 301);
	assert_int_equal(a.hops, 0);
	assert_string_equal(a.permanent_url, "");
	forget(&a);
	(void)transfer_free(t);
}

static void fields_of_a_document(void **state)
{
	const struct transfer_options options = usual();
	struct transfer *t = open_transfer(&options);
	struct answer_copy a = {0};

	(void)state;
	get(&a, t, "{http}/plain");
	assert_string_equal(a.type, "application/rss+xml");
	assert_string_equal(a.cache_control, "max-age=60");
	assert_string_equal(a.retry_after, "120");
	assert_string_equal(a.expires, "Thu, 01 Jan 2026 00:00:00 GMT");
	assert_string_equal(a.date, "Thu, 01 Jan 2026 00:00:01 GMT");
	assert_int_equal(a.n_headers, 6);
	/* The interim answer's fields are not the document's. */
	get(&a, t, "{http}/early");
	assert_string_equal(a.etag, "");
	get(&a, t, "{http}/folded");
	assert_string_equal(a.type, "text/ html");
	/* What comes back in If-None-Match must not be able to end its line. */
	get(&a, t, "{http}/forged");
	assert_null(strpbrk(a.etag, "\r\n"));
	forget(&a);
	(void)transfer_free(t);
}

static void the_bound_is_exact(void **state)
{
	struct transfer_options options = usual();
	struct transfer *t;
	struct answer_copy a = {0};

	(void)state;
	options.max_body = 1000;
	t = open_transfer(&options);
	get(&a, t, "{http}/exact");
	assert_int_equal(a.end, DOCUMENT_COMPLETE);
	assert_int_equal(a.body_size, 1000);
	get(&a, t, "{http}/long");
	assert_int_equal(a.end, DOCUMENT_OVERLONG);
	assert_int_equal(a.body_size, 1000);
	forget(&a);
	(void)transfer_free(t);
}

/* 50 bytes a second, forever: well within the total time, and not wanted. */
static void the_slow_are_left(void **state)
{
	struct transfer_options options = usual();
	struct answer_copy a = {0};
	struct transfer *t;
	struct mono start;

	(void)state;
	options.total_ms = 60000;
	options.least_over_s = 1;
	t = open_transfer(&options);
	start = loop_now(loop);
	get(&a, t, "{http}/drip");
	assert_int_equal(a.error, TRANSFER_TIMEOUT);
	assert_in_range(loop_now(loop).ms - start.ms, 900, 10000);
	forget(&a);
	(void)transfer_free(t);
}

static void a_file_is_a_document(void **state)
{
	const struct transfer_options options = usual();
	struct transfer *t = open_transfer(&options);
	struct answer_copy a = {0};
	char folder[] = "/tmp/vigie-file-XXXXXX", path[100], url[120], etag[100];
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/a b.xml", folder);
	(void)snprintf(url, sizeof(url), "file://%s/a%%20b.xml", folder);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs("<rss/>", f) >= 0);
	assert_int_equal(fclose(f), 0);
	get(&a, t, url);
	assert_int_equal(a.error, TRANSFER_OK);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, "<rss/>");
	assert_int_equal(strlen(a.modified), strlen("Thu, 01 Jan 2026 00:00:00 GMT"));
	(void)snprintf(etag, sizeof(etag), "%s", a.etag);
	ask(&a, t, &(struct request){.url = span_str(url), .etag = span_str(etag)});
	assert_int_equal(a.status, 304);
	f = fopen(path, "a");
	assert_non_null(f);
	assert_true(fputs("<!-- more -->", f) >= 0);
	assert_int_equal(fclose(f), 0);
	ask(&a, t, &(struct request){.url = span_str(url), .etag = span_str(etag)});
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, "<rss/><!-- more -->");

	(void)snprintf(url, sizeof(url), "file://%s/", folder);
	get(&a, t, url);
	assert_int_equal(a.error, TRANSFER_PROTOCOL);
	assert_string_equal(a.why, "the file is a folder");
	(void)snprintf(url, sizeof(url), "file://%s/none", folder);
	get(&a, t, url);
	assert_int_equal(a.error, TRANSFER_CONNECT);
	assert_string_equal(a.why, "the file does not exist");
	(void)unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	(void)snprintf(url, sizeof(url), "file://%s/a%%20b.xml", folder);
	get(&a, t, url);
	assert_int_equal(a.error, TRANSFER_PROTOCOL);
	get(&a, t, "file:///etc/passwd%00.xml");
	assert_int_equal(a.error, TRANSFER_PROTOCOL);
	(void)unlink(path);
	(void)rmdir(folder);
	forget(&a);
	(void)transfer_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_of_an_answer),
		cmocka_unit_test(what_comes_of_a_failure),
		cmocka_unit_test(where_a_redirect_leads),
		cmocka_unit_test(redirects_are_not_followed_unless_wanted),
		cmocka_unit_test(fields_of_a_document),
		cmocka_unit_test(the_bound_is_exact),
		cmocka_unit_test(the_slow_are_left),
		cmocka_unit_test(a_file_is_a_document),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
