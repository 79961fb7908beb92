/*
 * transfer, given payloads to send: mail to a real SMTP server (mailbox.py), and HTTP to the
 * origin.
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
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/transfer.h"
#include "peer.h"
#include "vigie/buf.h"

static struct loop *loop;

struct outcome {
	int count;
	enum transfer_error error;
	int status;
	char *why, *body, *refused; /* recipients, a space after each */
	size_t n_headers;
};

static char *keep(struct span s)
{
	struct buf b = {0};

	buf_add(&b, s);
	return buf_take(&b);
}

static void on_sent(void *arg, const struct transfer_sent *sent)
{
	struct outcome *o = arg;
	struct buf refused = {0};

	for (size_t i = 0; i < sent->n_refused; i++) {
		buf_add(&refused, sent->refused[i]);
		buf_add_char(&refused, ' ');
	}
	*o = (struct outcome){o->count + 1, sent->error, sent->answer.status, keep(sent->why),
		keep(sent->answer.body), buf_take(&refused), sent->answer.n_headers};
	loop_stop(loop);
}

static void forget(struct outcome *o)
{
	free(o->why);
	free(o->body);
	free(o->refused);
	*o = (struct outcome){0};
}

static struct transfer *open_transfer(const char *ca_file)
{
	const struct transfer_options options = {
		.ca_file = ca_file, .ehlo_name = "vigie.test", .total_ms = 8000};
	struct transfer *t;

	assert_int_equal(transfer_new(&t, loop, &options), 0);
	return t;
}

static void send_payload(struct outcome *o, struct transfer *t, const struct payload *payload)
{
	struct transfer_handle *handle;

	forget(o);
	assert_int_equal(transfer_send(&handle, t, payload, on_sent, o), 0);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(o->count, 1);
}

static const struct span recipients[] = {
	{"cm@example.org", 14}, {"boss@example.org", 16}, {"gone@example.org", 16}};
static const char message[] =
	"Subject: Mention\r\nTo: cm@example.org\r\n\r\n.a line with a dot\r\n";

/* To the named port; n of the recipients, the last one is refused. */
static struct payload mail(
	struct arena *arena, const struct peer *mailbox, const char *scheme, size_t n, bool tls)
{
	return (struct payload){
		.kind = PAYLOAD_MAIL,
		.request = {.url = arena_printf(arena, "%s://127.0.0.1:%d", scheme,
				    peer_port(mailbox, scheme)),
			.body = span_str(message)},
		.mail_from = SPAN("vigie@example.org"),
		.mail_to = recipients,
		.n_mail_to = n,
		.tls_required = tls,
	};
}

static void open_mailbox(struct peer *mailbox, const char *option, const char *value)
{
	char *argv[] = {(char *)PYTHON, (char *)MAILBOX, (char *)"--tls", (char *)"--refuse",
		(char *)"gone@example.org", (char *)(uintptr_t)option, (char *)(uintptr_t)value,
		NULL};

	peer_start(mailbox, argv);
}

/* The next message the mailbox took. */
static void expect_mail(
	struct peer *mailbox, const char *to, bool tls, const char *user, int *ret_peer)
{
	json_t *m = peer_line(mailbox), *list;
	struct buf all = {0};
	const char *login;

	assert_non_null(m);
	list = json_object_get(m, "to");
	for (size_t i = 0; i < json_array_size(list); i++)
		buf_addf(&all, "%s ", json_string_value(json_array_get(list, i)));
	assert_string_equal(all.p, to);
	assert_string_equal(json_string_value(json_object_get(m, "from")), "vigie@example.org");
	assert_string_equal(json_string_value(json_object_get(m, "message")), message);
	assert_string_equal(json_string_value(json_object_get(m, "hello")), "vigie.test");
	assert_int_equal(json_is_true(json_object_get(m, "tls")), tls);
	login = json_string_value(json_object_get(m, "user"));
	assert_string_equal(login ? login : "", user);
	if (ret_peer)
		*ret_peer = (int)json_integer_value(json_object_get(m, "peer"));
	buf_deinit(&all);
	json_decref(m);
}

static void a_message_arrives(void **state)
{
	static const struct {
		const char *scheme;
		size_t n;
		bool tls_required, tls;
		const char *to, *refused;
	} rows[] = {
		{"smtp", 1, false, false, "cm@example.org ", ""},
		{"smtp", 1, true, true, "cm@example.org ", ""},
		{"smtps", 1, true, true, "cm@example.org ", ""},
		{"smtps", 1, false, true, "cm@example.org ", ""},
		{"smtp", 3, false, false, "cm@example.org boss@example.org ",
			"gone@example.org "},
		{"smtp", 3, true, true, "cm@example.org boss@example.org ",
			"gone@example.org "},
	};
	struct arena arena = {0};
	struct outcome o = {0};
	struct peer mailbox;
	struct transfer *t;

	(void)state;
	open_mailbox(&mailbox, NULL, NULL);
	t = open_transfer(peer_text(&mailbox, "ca"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct payload p =
			mail(&arena, &mailbox, rows[i].scheme, rows[i].n, rows[i].tls_required);

		send_payload(&o, t, &p);
		if (o.error)
			print_error("%zu: %s\n", i, o.why);
		assert_int_equal(o.error, TRANSFER_OK);
		assert_int_equal(o.status, 250);
		assert_string_equal(o.body, "250 2.0.0 taken");
		assert_string_equal(o.refused, rows[i].refused);
		expect_mail(&mailbox, rows[i].to, rows[i].tls, "", NULL);
	}
	forget(&o);
	(void)transfer_free(t);
	peer_stop(&mailbox);
	arena_release(&arena);
}

static void the_connection_is_kept_but_not_across_tls(void **state)
{
	struct arena arena = {0};
	struct outcome o = {0};
	struct peer mailbox;
	struct transfer *t;
	int ports[4];

	(void)state;
	open_mailbox(&mailbox, NULL, NULL);
	t = open_transfer(peer_text(&mailbox, "ca"));
	for (size_t i = 0; i < 4; i++) {
		const struct payload p = mail(&arena, &mailbox, "smtp", 1, i == 2);

		send_payload(&o, t, &p);
		assert_int_equal(o.status, 250);
		expect_mail(&mailbox, "cm@example.org ", i == 2, "", &ports[i]);
	}
	assert_int_equal(ports[0], ports[1]);
	assert_int_not_equal(ports[1], ports[2]);
	forget(&o);
	(void)transfer_free(t);
	peer_stop(&mailbox);
	arena_release(&arena);
}

static void all_recipients_refused_is_an_answer(void **state)
{
	struct arena arena = {0};
	struct outcome o = {0};
	struct peer mailbox;
	struct transfer *t;
	struct payload p;

	(void)state;
	open_mailbox(&mailbox, NULL, NULL);
	t = open_transfer(peer_text(&mailbox, "ca"));
	p = mail(&arena, &mailbox, "smtp", 1, false);
	p.mail_to = &recipients[2];
	send_payload(&o, t, &p);
	assert_int_equal(o.error, TRANSFER_OK);
	assert_int_equal(o.status, 550);
	assert_string_equal(o.body, "550 5.1.1 no such mailbox here");
	assert_string_equal(o.refused, "gone@example.org ");
	forget(&o);
	(void)transfer_free(t);
	peer_stop(&mailbox);
	arena_release(&arena);
}

static void a_refused_message_is_an_answer(void **state)
{
	struct arena arena = {0};
	struct outcome o = {0};
	struct peer mailbox;
	struct transfer *t;
	struct payload p;

	(void)state;
	open_mailbox(&mailbox, "--answer", "451 4.7.1 try again later");
	t = open_transfer(peer_text(&mailbox, "ca"));
	p = mail(&arena, &mailbox, "smtp", 2, true);
	send_payload(&o, t, &p);
	assert_int_equal(o.error, TRANSFER_OK);
	assert_int_equal(o.status, 451);
	assert_string_equal(o.body, "451 4.7.1 try again later");
	assert_string_equal(o.refused, "");
	forget(&o);
	(void)transfer_free(t);
	peer_stop(&mailbox);
	arena_release(&arena);
}

static void a_password_wants_tls(void **state)
{
	static const struct {
		const char *scheme;
		bool tls;
		const char *password;
		int status;
	} rows[] = {
		{"smtp", true, "secret", 250},
		{"smtps", true, "secret", 250},
		{"smtp", true, "wrong", 535},
	};
	struct arena arena = {0};
	struct outcome o = {0};
	struct peer mailbox;
	struct transfer *t;
	struct payload p;

	(void)state;
	open_mailbox(&mailbox, "--login", "ann:secret");
	t = open_transfer(peer_text(&mailbox, "ca"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		p = mail(&arena, &mailbox, rows[i].scheme, 1, rows[i].tls);
		p.user = SPAN("ann");
		p.password = span_str(rows[i].password);
		send_payload(&o, t, &p);
		if (o.error)
			print_error("%zu: %s\n", i, o.why);
		assert_int_equal(o.error, TRANSFER_OK);
		assert_int_equal(o.status, rows[i].status);
		assert_null(strstr(o.body, "secret"));
		if (o.status == 250)
			expect_mail(&mailbox, "cm@example.org ", true, "ann", NULL);
	}
	/* In clear it goes to this machine and no further: the address decides, not the name.
	 */
	p = mail(&arena, &mailbox, "smtp", 1, false);
	p.request.url = SPAN("smtp://192.0.2.1:25");
	p.user = SPAN("ann");
	p.password = SPAN("secret");
	send_payload(&o, t, &p);
	assert_int_equal(o.error, TRANSFER_TLS);
	assert_non_null(strstr(o.why, "only sent there over TLS"));
	p.user = p.password = SPAN_NONE;
	p.request.url = SPAN("smtp://ann:secret@192.0.2.1:25");
	send_payload(&o, t, &p);
	assert_int_equal(o.error, TRANSFER_TLS);
	assert_null(strstr(o.why, "secret"));
	forget(&o);
	(void)transfer_free(t);
	peer_stop(&mailbox);
	arena_release(&arena);
}

static void in_clear_on_this_machine(void **state)
{
	char *argv[] = {(char *)PYTHON, (char *)MAILBOX, (char *)"--login",
		(char *)"ann:secret", (char *)"--login-plain", NULL};
	struct arena arena = {0};
	struct outcome o = {0};
	struct peer mailbox;
	struct transfer *t;
	struct payload p;

	(void)state;
	peer_start(&mailbox, argv);
	t = open_transfer(NULL);
	p = mail(&arena, &mailbox, "smtp", 1, false);
	p.user = SPAN("ann");
	p.password = SPAN("secret");
	send_payload(&o, t, &p);
	assert_int_equal(o.status, 250);
	expect_mail(&mailbox, "cm@example.org ", false, "ann", NULL);
	/* This server has no STARTTLS: with TLS required nothing is sent. */
	p.tls_required = true;
	send_payload(&o, t, &p);
	assert_int_equal(o.error, TRANSFER_TLS);
	assert_non_null(strstr(o.why, "STARTTLS"));
	forget(&o);
	(void)transfer_free(t);
	peer_stop(&mailbox);
	arena_release(&arena);
}

static void a_stranger_certificate_gets_no_mail(void **state)
{
	struct arena arena = {0};
	struct outcome o = {0};
	struct peer mailbox;
	struct transfer *t;
	struct payload p;

	(void)state;
	open_mailbox(&mailbox, NULL, NULL);
	t = open_transfer(NULL);
	p = mail(&arena, &mailbox, "smtp", 1, true);
	send_payload(&o, t, &p);
	assert_int_equal(o.error, TRANSFER_TLS);
	assert_non_null(strstr(o.why, "certificate"));
	forget(&o);
	(void)transfer_free(t);
	peer_stop(&mailbox);
	arena_release(&arena);
}

static void a_mute_server_holds_nobody_up(void **state)
{
	char *argv[] = {(char *)PYTHON, (char *)MAILBOX, (char *)"--mute", NULL};
	const struct transfer_options options = {.total_ms = 300};
	struct arena arena = {0};
	struct outcome o = {0};
	struct transfer_handle *handle;
	struct peer mailbox;
	struct transfer *t;
	struct payload p;
	struct mono start;

	(void)state;
	peer_start(&mailbox, argv);
	assert_int_equal(transfer_new(&t, loop, &options), 0);
	p = mail(&arena, &mailbox, "smtp", 1, false);
	start = loop_now(loop);
	send_payload(&o, t, &p);
	assert_int_equal(o.error, TRANSFER_TIMEOUT);
	assert_int_equal(transfer_send(&handle, t, &p, on_sent, &o), 0);
	(void)transfer_free(t);
	assert_int_equal(o.count, 1);
	assert_true(loop_now(loop).ms - start.ms < 3000);
	forget(&o);
	peer_stop(&mailbox);
	arena_release(&arena);
}

static void an_unanswered_quit_holds_nobody_up(void **state)
{
	struct arena arena = {0};
	struct outcome o = {0};
	struct peer mailbox;
	struct transfer *t;
	struct payload p;
	struct mono start;

	(void)state;
	open_mailbox(&mailbox, "--stay", NULL);
	t = open_transfer(peer_text(&mailbox, "ca"));
	start = loop_now(loop);
	/* After a refusal libcurl leaves; for a third connection it leaves one of two kept
	 * ones; and at the end it leaves them all. */
	for (size_t i = 0; i < 4; i++) {
		p = mail(&arena, &mailbox, "smtp", 1, i > 1);
		p.mail_to = &recipients[i ? 0 : 2];
		send_payload(&o, t, &p);
		assert_int_equal(o.error, TRANSFER_OK);
		assert_int_equal(o.status, i ? 250 : 550);
	}
	(void)transfer_free(t);
	assert_true(loop_now(loop).ms - start.ms < 3000);
	forget(&o);
	peer_stop(&mailbox);
	arena_release(&arena);
}

struct pulse {
	struct timer *timer;
	int beats;
};

static void on_pulse(void *arg)
{
	struct pulse *p = arg;

	p->beats++;
	(void)timer_set(p->timer, 10);
}

static void count_sent(void *arg, const struct transfer_sent *sent)
{
	struct outcome *o = arg;

	assert_int_equal(sent->answer.status, 250);
	if (++o->count == 3)
		loop_stop(loop);
}

/* libcurl waits for the answer to a message within one call: not on the loop, and not for one
 * message after the other. */
static void a_server_that_looks_long_keeps_no_loop(void **state)
{
	struct arena arena = {0};
	struct outcome o = {0};
	struct pulse pulse = {0};
	struct transfer_handle *handle;
	struct peer mailbox;
	struct transfer *t;
	struct payload p;
	struct mono start;
	int64_t took_ms;

	(void)state;
	open_mailbox(&mailbox, "--slow", "0.6");
	t = open_transfer(peer_text(&mailbox, "ca"));
	p = mail(&arena, &mailbox, "smtp", 1, false);
	assert_int_equal(timer_new(&pulse.timer, loop, on_pulse, &pulse), 0);
	on_pulse(&pulse);
	start = loop_now(loop);
	for (int i = 0; i < 3; i++)
		assert_int_equal(transfer_send(&handle, t, &p, count_sent, &o), 0);
	assert_int_equal(loop_run(loop), 0);
	took_ms = loop_now(loop).ms - start.ms;
	assert_true(took_ms >= 600 && took_ms < 1700);
	assert_true(pulse.beats > 20);
	/* One that is being looked at can be called off. */
	assert_int_equal(transfer_send(&handle, t, &p, count_sent, &o), 0);
	start = loop_now(loop);
	transfer_cancel(handle);
	(void)transfer_free(t);
	assert_true(loop_now(loop).ms - start.ms < 500);
	assert_int_equal(o.count, 3);
	pulse.timer = timer_free(pulse.timer);
	peer_stop(&mailbox);
	arena_release(&arena);
}

/* Offers STARTTLS and then has none. */
static void *broken_promise(void *arg)
{
	static const char *const lines[] = {"220 here\r\n", "250-here\r\n250 STARTTLS\r\n",
		"502 5.5.1 not implemented\r\n"};
	const int fd = accept(*(int *)arg, NULL, NULL);
	char piece[512];

	for (size_t i = 0; i < 3; i++)
		if (send(fd, lines[i], strlen(lines[i]), MSG_NOSIGNAL) < 0 ||
			recv(fd, piece, sizeof(piece), 0) <= 0)
			break;
	(void)close(fd);
	return NULL;
}

/* A refusal of STARTTLS is not one of the message: it may be tried again. */
static void a_server_that_breaks_off_starttls(void **state)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(name);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct arena arena = {0};
	struct outcome o = {0};
	struct transfer *t = open_transfer(NULL);
	struct payload p = {.kind = PAYLOAD_MAIL,
		.mail_from = SPAN("vigie@example.org"),
		.mail_to = recipients,
		.n_mail_to = 1,
		.tls_required = true,
		.request.body = span_str(message)};
	pthread_t thread;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &n), 0);
	assert_int_equal(pthread_create(&thread, NULL, broken_promise, &fd), 0);
	p.request.url = arena_printf(&arena, "smtp://127.0.0.1:%d", ntohs(name.sin_port));
	send_payload(&o, t, &p);
	assert_int_equal(o.error, TRANSFER_TLS);
	assert_int_equal(o.status, 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(fd);
	forget(&o);
	(void)transfer_free(t);
	arena_release(&arena);
}

static void an_address_cannot_carry_a_command(void **state)
{
	static const char *const bad[] = {
		"a@b.org>\r\nDATA", "a@b.org\n", "a b@c.org", "<a@b.org>", ""};
	struct transfer *t = open_transfer(NULL);
	struct transfer_handle *handle;
	struct payload p = {.kind = PAYLOAD_MAIL,
		.request.url = SPAN("smtp://127.0.0.1:1"),
		.n_mail_to = 1};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct span to = span_str(bad[i]);

		p.mail_to = &to;
		assert_int_equal(transfer_send(&handle, t, &p, on_sent, NULL), -EINVAL);
	}
	p.mail_to = recipients;
	p.mail_from = SPAN("a\r\nRCPT TO:<b>");
	assert_int_equal(transfer_send(&handle, t, &p, on_sent, NULL), -EINVAL);
	(void)transfer_free(t);
}

static void a_payload_over_http(void **state)
{
	static const struct header headers[] = {
		{{"Content-Type", 12}, {"application/json", 16}},
		{{"Authorization", 13}, {"Bearer secret", 13}},
	};
	char *argv[] = {
		(char *)PYTHON, (char *)ORIGIN, (char *)"--script", (char *)SCRIPT, NULL};
	struct arena arena = {0};
	struct outcome o = {0};
	struct peer origin;
	struct transfer *t;
	struct payload p = {.request = {.headers = headers,
				    .n_headers = 2,
				    .body = SPAN("{\"text\":\"hello\"}")}};
	json_t *j;

	(void)state;
	peer_start(&origin, argv);
	t = open_transfer(NULL);
	p.request.url =
		arena_printf(&arena, "http://127.0.0.1:%d/echo", peer_port(&origin, "http"));
	send_payload(&o, t, &p);
	assert_int_equal(o.error, TRANSFER_OK);
	assert_int_equal(o.status, 200);
	j = json_loads(o.body, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(j, "method")), "POST");
	assert_string_equal(
		json_string_value(json_object_get(j, "body")), "{\"text\":\"hello\"}");
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(j, "headers"), "content-type")),
		"application/json");
	json_decref(j);

	/* A redirect is an answer; the text goes nowhere else. */
	p.request.url =
		arena_printf(&arena, "http://127.0.0.1:%d/keeping", peer_port(&origin, "http"));
	send_payload(&o, t, &p);
	assert_int_equal(o.status, 307);
	assert_true(o.n_headers >= 1);

	/* Of a long answer the start is kept; a cut one is still an answer. */
	p.request.url = arena_printf(
		&arena, "http://127.0.0.1:%d/gzip-half-chunked", peer_port(&origin, "http"));
	send_payload(&o, t, &p);
	assert_int_equal(o.status, 200);
	p.request.url = arena_printf(
		&arena, "http://127.0.0.1:%d/found-huge", peer_port(&origin, "http"));
	send_payload(&o, t, &p);
	assert_int_equal(o.status, 302);
	assert_int_equal(strlen(o.body), 8 * 1024);

	p.request.url = SPAN("http://127.0.0.1:1/hook/token");
	send_payload(&o, t, &p);
	assert_int_equal(o.error, TRANSFER_CONNECT);
	assert_int_equal(o.status, 0);
	assert_null(strstr(o.why, "token"));
	p.request.url = SPAN("file:///etc/passwd");
	send_payload(&o, t, &p);
	assert_int_equal(o.error, TRANSFER_PROTOCOL);
	forget(&o);
	(void)transfer_free(t);
	peer_stop(&origin);
	arena_release(&arena);
}

static int begin(void **state)
{
	(void)state;
	return loop_new(&loop);
}

static int end(void **state)
{
	(void)state;
	(void)loop_free(loop);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_arrives),
		cmocka_unit_test(the_connection_is_kept_but_not_across_tls),
		cmocka_unit_test(all_recipients_refused_is_an_answer),
		cmocka_unit_test(a_refused_message_is_an_answer),
		cmocka_unit_test(a_password_wants_tls),
		cmocka_unit_test(in_clear_on_this_machine),
		cmocka_unit_test(a_stranger_certificate_gets_no_mail),
		cmocka_unit_test(a_mute_server_holds_nobody_up),
		cmocka_unit_test(an_unanswered_quit_holds_nobody_up),
		cmocka_unit_test(a_server_that_looks_long_keeps_no_loop),
		cmocka_unit_test(a_server_that_breaks_off_starttls),
		cmocka_unit_test(an_address_cannot_carry_a_command),
		cmocka_unit_test(a_payload_over_http),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
