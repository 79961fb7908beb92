/*
 * transfer, asked for documents: what an origin on loopback does, and what comes of it. The
 * origin's script is origin.json beside this file; its language is told at the top of
 * origin.py.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/transfer.h"
#include "peer.h"
#include "vigie/buf.h"

static struct peer origin;
static struct loop *loop;
static struct address_range here; /* 127.0.0.1 alone: the origin */

struct answer_copy {
	int count;
	enum transfer_error error;
	unsigned hops;
	bool reused;
	int status;
	enum document_end end;
	char *why, *url, *permanent_url, *type, *etag, *modified, *retry_after, *cache_control;
	char *expires, *date, *body;
	size_t body_size, n_headers;
};

static char *keep(struct span s)
{
	struct buf b = {0};

	buf_add(&b, s);
	return buf_take(&b);
}

static void on_done(void *arg, const struct transfer_result *r)
{
	struct answer_copy *a = arg;
	const struct document *d = &r->document;

	*a = (struct answer_copy){
	        .count = a->count + 1,
	        .error = r->error,
	        .hops = r->hops,
	        .reused = r->connection_reused,
	        .status = d->status,
	        .end = d->end,
	        .why = keep(r->why),
	        .url = keep(d->url),
	        .permanent_url = keep(d->permanent_url),
	        .type = keep(d->content_type),
	        .etag = keep(d->etag),
	        .modified = keep(d->last_modified),
	        .retry_after = keep(d->retry_after),
	        .cache_control = keep(d->cache_control),
	        .expires = keep(d->expires),
	        .date = keep(d->date),
	        .body = keep(d->body),
	        .body_size = d->body.n,
	        .n_headers = d->n_headers,
	};
	loop_stop(loop);
}

static void forget(struct answer_copy *a)
{
	char **const texts[] = {&a->why, &a->url, &a->permanent_url, &a->type, &a->etag,
	        &a->modified, &a->retry_after, &a->cache_control, &a->expires, &a->date,
	        &a->body};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(*texts[i]);
	*a = (struct answer_copy){0};
}

/* {http}, {https} stand for the origin; the caller's. */
static char *address(const char *text)
{
	static const char *const names[] = {"http2", "https", "http"};
	struct buf b = {0};

	for (size_t i = 0; i < 3; i++) {
		char mark[16];

		(void)snprintf(mark, sizeof(mark), "{%s}", names[i]);
		if (!span_starts(span_str(text), span_str(mark)))
			continue;
		buf_addf(&b, "%s://127.0.0.1:%d%s", i < 2 ? "https" : "http",
		        peer_port(&origin, names[i]), text + strlen(mark));
		return buf_take(&b);
	}
	return keep(span_str(text));
}

/* The transfer most tests use: guarded, and the origin allowed. */
static struct transfer_options usual(void)
{
	return (struct transfer_options){
	        .ca_file = peer_text(&origin, "ca"),
	        .guarded = true,
	        .allow = &here,
	        .n_allow = 1,
	        .max_redirects = 5,
	        .max_body = 1024 * 1024,
	        .total_ms = 8000,
	};
}

static struct transfer *open_transfer(const struct transfer_options *options)
{
	struct transfer *t;

	assert_int_equal(transfer_new(&t, loop, options), 0);
	return t;
}

static void ask(struct answer_copy *a, struct transfer *t, const struct request *request)
{
	struct transfer_handle *handle;
	struct request r = *request;
	char *url = keep(request->url), *whole = address(url);

	r.url = span_str(whole);
	forget(a);
	assert_int_equal(
	        transfer_start(&handle, t, &(struct transfer_ask){.request = &r}, on_done, a),
	        0);
	assert_int_equal(a->count, 0);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(a->count, 1);
	free(url);
	free(whole);
}

static void get(struct answer_copy *a, struct transfer *t, const char *url)
{
	ask(a, t, &(struct request){.url = span_str(url)});
}

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

static void where_a_fetch_may_go(void **state)
{
	static const struct {
		const char *url;
		const char *address; /* NULL: it may */
	} rows[] = {
	        {"{http}/plain", NULL},
	        {"http://127.0.0.2:1/", "127.0.0.2"},
	        {"http://2130706434:1/", "127.0.0.2"},
	        {"http://0x7f.2:1/", "127.0.0.2"},
	        {"http://10.0.0.1/", "10.0.0.1"},
	        {"http://[::1]:1/", "::1"},
	        {"http://[fd00::1]:1/", "fd00::1"},
	        {"{http}/to-metadata", "169.254.169.254"},
	        {"{http}/to-loopback6", "::1"},
	        {"{http}/to-mapped", "127.0.0.2"},
	        {"{http}/to-nat64", "64:ff9b::7f00:1"},
	        {"{http}/to-decimal", "127.0.0.2"},
	};
	const struct transfer_options options = usual();
	struct transfer *t = open_transfer(&options);
	struct answer_copy a = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		get(&a, t, rows[i].url);
		if (a.error != (rows[i].address ? TRANSFER_REFUSED : TRANSFER_OK))
			print_error("%s: error %d: %s\n", rows[i].url, (int)a.error, a.why);
		assert_int_equal(a.error, rows[i].address ? TRANSFER_REFUSED : TRANSFER_OK);
		if (rows[i].address)
			assert_non_null(strstr(a.why, rows[i].address));
	}
	forget(&a);
	(void)transfer_free(t);
}

static void without_an_exception_loopback_is_refused(void **state)
{
	struct transfer_options options = usual();
	struct transfer *t;
	struct answer_copy a = {0};

	(void)state;
	options.n_allow = 0;
	t = open_transfer(&options);
	get(&a, t, "{http}/plain");
	assert_int_equal(a.error, TRANSFER_REFUSED);
	get(&a, t, "http://localhost:1/");
	assert_int_equal(a.error, TRANSFER_REFUSED);
	(void)transfer_free(t);

	options.guarded = false;
	t = open_transfer(&options);
	get(&a, t, "{http}/plain");
	assert_int_equal(a.error, TRANSFER_OK);
	forget(&a);
	(void)transfer_free(t);
}

/* Not only is nothing asked there: nobody is even knocked at. */
static void a_refused_address_is_not_connected_to(void **state)
{
	struct transfer_options options = usual();
	struct sockaddr_in name = {
	        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(name);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct transfer *t;
	struct answer_copy a = {0};
	char url[60];

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &n), 0);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(name.sin_port));
	options.n_allow = 0;
	options.total_ms = 2000;
	t = open_transfer(&options);
	get(&a, t, url);
	assert_int_equal(a.error, TRANSFER_REFUSED);
	assert_int_equal(accept(fd, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	(void)close(fd);
	forget(&a);
	(void)transfer_free(t);
}

static void a_kept_connection_is_checked_again(void **state)
{
	const struct transfer_options options = usual();
	struct transfer *t = open_transfer(&options);
	struct answer_copy a = {0};

	(void)state;
	get(&a, t, "{http}/plain");
	assert_false(a.reused);
	get(&a, t, "{http}/plain");
	assert_int_equal(a.error, TRANSFER_OK);
	assert_true(a.reused);
	assert_int_equal(transfer_set_allow(t, NULL, 0), 0);
	get(&a, t, "{http}/plain");
	assert_int_equal(a.error, TRANSFER_REFUSED);
	assert_non_null(strstr(a.why, "127.0.0.1"));
	assert_int_equal(transfer_set_allow(t, &here, 1), 0);
	get(&a, t, "{http}/plain");
	assert_int_equal(a.error, TRANSFER_OK);
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

static void a_stranger_certificate_is_refused(void **state)
{
	struct transfer_options options = usual();
	struct transfer *t;
	struct answer_copy a = {0};

	(void)state;
	options.ca_file = NULL;
	t = open_transfer(&options);
	get(&a, t, "{https}/plain");
	assert_int_equal(a.error, TRANSFER_TLS);
	assert_non_null(strstr(a.why, "certificate"));
	forget(&a);
	(void)transfer_free(t);
	options.ca_file = "/nonexistent/ca.pem";
	assert_int_equal(transfer_new(&t, loop, &options), -ENOENT);
	options.ca_file = "/dev/null";
	assert_int_equal(transfer_new(&t, loop, &options), -EINVAL);
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

static int begin(void **state)
{
	char *argv[] = {(char *)PYTHON, (char *)ORIGIN, (char *)"--script", (char *)SCRIPT,
	        (char *)"--tls", (char *)"--http2", NULL};

	(void)state;
	peer_start(&origin, argv);
	assert_true(address_range_parse(&here, SPAN("127.0.0.1")));
	return loop_new(&loop);
}

static int end(void **state)
{
	(void)state;
	(void)loop_free(loop);
	peer_stop(&origin);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_comes_of_an_answer),
	        cmocka_unit_test(what_comes_of_a_failure),
	        cmocka_unit_test(where_a_fetch_may_go),
	        cmocka_unit_test(without_an_exception_loopback_is_refused),
	        cmocka_unit_test(a_refused_address_is_not_connected_to),
	        cmocka_unit_test(a_kept_connection_is_checked_again),
	        cmocka_unit_test(where_a_redirect_leads),
	        cmocka_unit_test(redirects_are_not_followed_unless_wanted),
	        cmocka_unit_test(what_is_sent),
	        cmocka_unit_test(a_password_stays_with_its_origin),
	        cmocka_unit_test(only_what_is_new_is_sent),
	        cmocka_unit_test(fields_of_a_document),
	        cmocka_unit_test(the_bound_is_exact),
	        cmocka_unit_test(the_slow_are_left),
	        cmocka_unit_test(a_stranger_certificate_is_refused),
	        cmocka_unit_test(a_file_is_a_document),
	        cmocka_unit_test(a_request_cannot_carry_another),
	        cmocka_unit_test(a_done_may_start_cancel_and_free),
	        cmocka_unit_test(a_cancelled_one_is_silent),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
