/*
 * http: the daemon's own server, asked over its Unix socket by the command line's client and
 * over TCP with bytes of our own making.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "io/http.h"

static struct loop *loop;
static char folder[] = "/tmp/vigie-http-XXXXXX";
static char socket_path[64];

/* A client on a thread of its own; the loop runs until it is done. */
struct client {
	void (*run)(struct client *c);
	struct wakeup *over;
	int port;
	const char *request; /* raw, over TCP */
	struct buf answer;
	const char *method, *path;
	struct span body;
	int r, status;
};

static void *run_client(void *arg)
{
	struct client *c = arg;

	c->run(c);
	wakeup_fire(c->over);
	return NULL;
}

static void on_over(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void serve(struct client *c)
{
	pthread_t thread;

	buf_clear(&c->answer);
	assert_int_equal(wakeup_new(&c->over, loop, on_over, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, run_client, c), 0);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	c->over = wakeup_free(c->over);
}

static void ask_local(struct client *c)
{
	c->r = http_control_ask(
		socket_path, c->method, c->path, c->body, &c->answer, &c->status);
}

static int connect_tcp(int port)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 ? fd : -1;
}

/* Sends the request and reads until the server closes. */
static void ask_tcp(struct client *c)
{
	const int fd = connect_tcp(c->port);
	char piece[4096];
	ssize_t n = 0;

	if (fd >= 0 && send(fd, c->request, strlen(c->request), MSG_NOSIGNAL) > 0)
		while ((n = recv(fd, piece, sizeof(piece), 0)) > 0)
			buf_add(&c->answer, span_of(piece, (size_t)n));
	(void)close(fd);
}

/* Says what it was asked. */
static void on_echo(void *arg, struct http_ask *ask)
{
	struct buf b = {0}, q = {0};

	buf_addf(&b, "%s %.*s %.*s?%.*s local=%d body=%.*s", (const char *)arg,
		SPAN_ARG(ask->method), SPAN_ARG(ask->path), SPAN_ARG(ask->query), ask->local,
		SPAN_ARG(ask->body));
	if (http_param(ask, "q", &q))
		buf_addf(&b, " q=%s", q.p);
	http_reply(ask, 200, "text/plain", NULL, 0, buf_span(&b));
	buf_deinit(&b);
	buf_deinit(&q);
}

static struct http *open_http(const struct http_options *o)
{
	struct http *h;

	assert_int_equal(http_new(&h, loop, o), 0);
	assert_int_equal(http_on(h, "/", on_echo, (void *)(uintptr_t) "root"), 0);
	assert_int_equal(http_on(h, "/status", on_echo, (void *)(uintptr_t) "status"), 0);
	assert_int_equal(http_on(h, "/status/deep", on_echo, (void *)(uintptr_t) "deep"), 0);
	return h;
}

static void the_command_line_is_heard(void **state)
{
	static const struct {
		const char *method, *path, *body, *answer;
	} rows[] = {
		{"GET", "/", "", "root GET /? local=1 body="},
		{"GET", "/status", "", "status GET /status? local=1 body="},
		{"GET", "/statusx", "", "root GET /statusx? local=1 body="},
		{"GET", "/status/x", "", "status GET /status/x? local=1 body="},
		{"GET", "/status/deep", "", "deep GET /status/deep? local=1 body="},
		{"POST", "/reload", "", "root POST /reload? local=1 body="},
		{"POST", "/reload", "{\"a\":1}", "root POST /reload? local=1 body={\"a\":1}"},
		{"PUT", "/x", "b", "root PUT /x? local=1 body=b"},
		{"DELETE", "/x", "", "root DELETE /x? local=1 body="},
		{"GET", "/s?q=a%20b+c&r=1", "",
			"root GET /s?q=a%20b+c&r=1 local=1 body= q=a b c"},
		{"GET", "/caf%C3%A9", "", "root GET /caf\xc3\xa9? local=1 body="},
	};
	struct http *h = open_http(&(struct http_options){.socket_path = socket_path});
	struct client c = {.run = ask_local};
	struct stat st;

	(void)state;
	assert_int_equal(http_port(h), 0);
	assert_int_equal(stat(socket_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c.method = rows[i].method;
		c.path = rows[i].path;
		c.body = span_str(rows[i].body);
		serve(&c);
		assert_int_equal(c.r, 0);
		assert_int_equal(c.status, 200);
		assert_string_equal(c.answer.p, rows[i].answer);
	}
	c.method = "GET";
	c.path = "/a%00b";
	serve(&c);
	assert_int_equal(c.status, 400);
	c.answer.limit_bytes = 3;
	c.path = "/";
	serve(&c);
	assert_int_equal(c.r, -EMSGSIZE);
	buf_deinit(&c.answer);
	assert_null(http_free(h));
	assert_int_equal(access(socket_path, F_OK), -1);
	assert_int_equal(
		http_control_ask(socket_path, "GET", "/", SPAN_NONE, &c.answer, &c.status),
		-ENOENT);
}

static void a_stale_socket_is_replaced_and_a_live_one_is_not(void **state)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct http_options o = {.socket_path = socket_path};
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct http *first, *second;
	struct buf answer = {0};
	int status;
	FILE *f;

	(void)state;
	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", socket_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(access(socket_path, F_OK), 0);
	assert_int_equal(http_control_ask(socket_path, "GET", "/", SPAN_NONE, &answer, &status),
		-ECONNREFUSED);
	first = open_http(&o);
	assert_int_equal(http_new(&second, loop, &o), -EADDRINUSE);
	assert_int_equal(access(socket_path, F_OK), 0);
	assert_null(http_free(first));

	f = fopen(socket_path, "w");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(http_new(&second, loop, &o), -EEXIST);
	assert_int_equal(unlink(socket_path), 0);
	o.socket_path =
		"/tmp/a-path-that-does-not-fit-into-a-socket-address-because-it-is-longer-"
		"than-one-hundred-and-seven-bytes-or-so";
	assert_int_equal(http_new(&second, loop, &o), -ENAMETOOLONG);
	o.socket_path = "/nonexistent/control";
	assert_int_equal(http_new(&second, loop, &o), -ENOENT);
	buf_deinit(&answer);
}

static void a_taken_port_is_an_error(void **state)
{
	struct http *first = open_http(&(struct http_options){.host = "127.0.0.1"}), *second;

	(void)state;
	assert_in_range(http_port(first), 1, 65535);
	assert_int_equal(
		http_new(&second, loop,
			&(struct http_options){.host = "127.0.0.1", .port = http_port(first)}),
		-EADDRINUSE);
	assert_null(http_free(first));
	assert_null(http_free(NULL));
}

static void who_may_ask_over_tcp(void **state)
{
	static const struct {
		const char *request, *answer; /* the answer's start */
	} rows[] = {
		{"GET / HTTP/1.1\r\nHost: localhost:80\r\nConnection: close\r\n\r\n",
			"HTTP/1.1 200 "},
		{"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
			"HTTP/1.1 200 "},
		{"GET / HTTP/1.1\r\nHost: [::1]:8787\r\nConnection: close\r\n\r\n",
			"HTTP/1.1 200 "},
		{"GET / HTTP/1.1\r\nHost: VIGIE.example.org\r\nConnection: close\r\n\r\n",
			"HTTP/1.1 200 "},
		{"GET / HTTP/1.1\r\nHost: evil.example.org\r\nConnection: close\r\n\r\n",
			"HTTP/1.1 421 "},
		{"GET / HTTP/1.1\r\nHost: vigie.example.org.evil.org\r\nConnection: "
		 "close\r\n\r\n",
			"HTTP/1.1 421 "},
		{"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 421 "},
		{"GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\nConnection: "
		 "close\r\n\r\n",
			"HTTP/1.1 400 "},
		{"BREW / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
			"HTTP/1.1 501 "},
		{"nonsense\r\n\r\n", "HTTP/1.1 400 "},
	};
	static const struct span names[] = {{"vigie.example.org", 17}};
	struct http *h = open_http(
		&(struct http_options){.host = "127.0.0.1", .names = names, .n_names = 1});
	struct client c = {.run = ask_tcp, .port = http_port(h)};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c.request = rows[i].request;
		serve(&c);
		if (!span_starts(buf_span(&c.answer), span_str(rows[i].answer)))
			fail_msg("%s: %s", c.request, c.answer.p);
	}
	buf_deinit(&c.answer);
	(void)http_free(h);
}

static void on_redirect(void *arg, struct http_ask *ask)
{
	static const struct header headers[] = {
		{{"Location", 8}, {"/here", 5}},
		{{"cache-control", 13}, {"max-age=60", 10}},
	};

	(void)arg;
	http_reply(ask, 303, NULL, headers, 2, SPAN_NONE);
}

static void on_forge(void *arg, struct http_ask *ask)
{
	static const struct header forged = {{"Location", 8}, {"/\r\nSet-Cookie: a=b", 18}};

	(void)arg;
	http_reply(ask, 303, NULL, &forged, 1, SPAN_NONE);
}

static void what_an_answer_carries(void **state)
{
	struct http *h = open_http(&(struct http_options){.host = "127.0.0.1"});
	struct client c = {.run = ask_tcp, .port = http_port(h)};

	(void)state;
	assert_int_equal(http_on(h, "/go", on_redirect, NULL), 0);
	assert_int_equal(http_on(h, "/forge", on_forge, NULL), 0);
	c.request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	serve(&c);
	assert_non_null(strstr(c.answer.p, "\r\nContent-Security-Policy: default-src 'self';"));
	assert_non_null(strstr(c.answer.p, "frame-ancestors 'none'"));
	assert_non_null(strstr(c.answer.p, "\r\nX-Content-Type-Options: nosniff\r\n"));
	assert_non_null(strstr(c.answer.p, "\r\nReferrer-Policy: no-referrer\r\n"));
	assert_non_null(strstr(c.answer.p, "\r\nCache-Control: no-store\r\n"));
	assert_non_null(strstr(c.answer.p, "\r\n\r\nroot GET /? local=0 body="));

	c.request = "GET /go HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	serve(&c);
	assert_non_null(strstr(c.answer.p, "\r\nLocation: /here\r\n"));
	assert_null(strstr(c.answer.p, "no-store"));

	/* An answer that would carry another header is not sent. */
	c.request = "GET /forge HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	serve(&c);
	assert_non_null(strstr(c.answer.p, "HTTP/1.1 500 "));
	assert_null(strstr(c.answer.p, "Set-Cookie"));

	c.request = "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	serve(&c);
	assert_non_null(strstr(c.answer.p, "\r\nContent-Length: 26\r\n"));
	assert_true(span_ends(buf_span(&c.answer), SPAN("\r\n\r\n")));
	buf_deinit(&c.answer);
	(void)http_free(h);
}

static void what_is_too_much(void **state)
{
	struct http *h = open_http(&(struct http_options){
		.host = "127.0.0.1", .max_header = 1000, .max_body = 100, .timeout_s = 1});
	struct client c = {.run = ask_tcp, .port = http_port(h)};
	struct buf request = {0};
	struct mono start;

	(void)state;
	buf_addf(&request,
		"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: %01000d\r\n\r\n",
		0);
	c.request = request.p;
	serve(&c);
	assert_null(strstr(c.answer.p ? c.answer.p : "", "200"));
	buf_clear(&request);
	buf_addf(&request,
		"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
		"Content-Length: 101\r\n\r\n%0101d",
		0);
	c.request = request.p;
	serve(&c);
	assert_non_null(strstr(c.answer.p, "HTTP/1.1 413 "));
	buf_clear(&request);
	buf_addf(&request,
		"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
		"Content-Length: 100\r\n\r\n%0100d",
		0);
	c.request = request.p;
	serve(&c);
	assert_non_null(strstr(c.answer.p, "HTTP/1.1 200 "));
	/* Half a request: the server gives up. */
	c.request = "GET / HTTP/1.1\r\nHos";
	start = loop_now(loop);
	serve(&c);
	assert_in_range(loop_now(loop).ms - start.ms, 900, 5000);
	buf_deinit(&request);
	buf_deinit(&c.answer);
	(void)http_free(h);
}

/* Sends a byte of a request now and then, until the server has enough of it. */
static void drip(struct client *c)
{
	const int fd = connect_tcp(c->port);
	char piece[64];

	for (size_t i = 0; i < strlen(c->request); i++) {
		const struct timespec pause = {.tv_nsec = 200 * 1000000};

		if (send(fd, c->request + i, 1, MSG_NOSIGNAL) != 1 ||
			recv(fd, piece, sizeof(piece), MSG_DONTWAIT) == 0)
			break;
		(void)nanosleep(&pause, NULL);
	}
	(void)close(fd);
}

/* Each byte is progress; the request as a whole has its time all the same. */
static void a_slow_request_is_cut_off(void **state)
{
	struct http *h = open_http(&(struct http_options){.host = "127.0.0.1", .timeout_s = 1});
	struct client c = {.run = drip,
		.port = http_port(h),
		.request = "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
			   "loooooooooooooooooooooooooooooooooooooooooooooooooris\r\n\r\n"};
	const struct mono start = loop_now(loop);

	(void)state;
	serve(&c);
	assert_in_range(loop_now(loop).ms - start.ms, 900, 6000);
	buf_deinit(&c.answer);
	(void)http_free(h);
}

/* Two sit there and say nothing: the third waits, and is heard when their time is over. */
static void connections_are_bounded(void **state)
{
	struct http *h = open_http(&(struct http_options){
		.host = "127.0.0.1", .timeout_s = 1, .max_connections = 2});
	struct client c = {.run = ask_tcp,
		.port = http_port(h),
		.request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"};
	const int idle[] = {connect_tcp(c.port), connect_tcp(c.port)};
	const struct mono start = loop_now(loop);

	(void)state;
	serve(&c);
	assert_non_null(strstr(c.answer.p, "HTTP/1.1 200 "));
	assert_in_range(loop_now(loop).ms - start.ms, 900, 6000);
	/* One after the other is no crowd. */
	for (int i = 0; i < 20; i++) {
		serve(&c);
		assert_non_null(strstr(c.answer.p, "HTTP/1.1 200 "));
	}
	assert_true(loop_now(loop).ms - start.ms < 6000 + 20 * 1000);
	(void)close(idle[0]);
	(void)close(idle[1]);
	buf_deinit(&c.answer);
	(void)http_free(h);
}

/* Answers that come late. */
static struct http_ask *waiting[8];
static size_t n_waiting;

static void on_later(void *arg, struct http_ask *ask)
{
	(void)arg;
	waiting[n_waiting++] = ask;
	loop_stop(loop);
}

static void an_answer_may_come_later_or_too_late(void **state)
{
	struct http *h = open_http(&(struct http_options){.host = "127.0.0.1", .timeout_s = 1});
	struct client c = {.run = ask_tcp,
		.port = http_port(h),
		.request =
			"GET /later HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"};
	pthread_t thread;

	(void)state;
	assert_int_equal(http_on(h, "/later", on_later, NULL), 0);
	assert_int_equal(wakeup_new(&c.over, loop, on_over, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, run_client, &c), 0);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(n_waiting, 1);
	http_reply_text(waiting[0], 202, "at last");
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_non_null(strstr(c.answer.p, "HTTP/1.1 202 "));
	assert_non_null(strstr(c.answer.p, "at last\n"));

	/* The server is closed with two requests open: they are answered to nobody. */
	n_waiting = 0;
	for (size_t i = 0; i < 2; i++) {
		const int fd = connect_tcp(c.port);

		assert_true(fd >= 0);
		assert_int_equal(send(fd, c.request, strlen(c.request), 0), strlen(c.request));
		assert_int_equal(loop_run(loop), 0);
		(void)close(fd);
	}
	assert_int_equal(n_waiting, 2);
	http_reply_text(waiting[0], 200, "to one who has gone");
	assert_null(http_free(h));
	http_reply_text(waiting[1], 200, "from one who has gone");
	c.over = wakeup_free(c.over);
	buf_deinit(&c.answer);
}

static int begin(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(socket_path, sizeof(socket_path), "%s/control", folder);
	return loop_new(&loop);
}

static int end(void **state)
{
	(void)state;
	(void)loop_free(loop);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_command_line_is_heard),
		cmocka_unit_test(a_stale_socket_is_replaced_and_a_live_one_is_not),
		cmocka_unit_test(a_taken_port_is_an_error),
		cmocka_unit_test(who_may_ask_over_tcp),
		cmocka_unit_test(what_an_answer_carries),
		cmocka_unit_test(what_is_too_much),
		cmocka_unit_test(a_slow_request_is_cut_off),
		cmocka_unit_test(connections_are_bounded),
		cmocka_unit_test(an_answer_may_come_later_or_too_late),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
