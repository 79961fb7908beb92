/*
 * TLS sessions: what is kept of which server, and that a server that is met again, on a
 * connection of its own, finds itself known. The servers are on loopback, in a thread, with a
 * certificate made for them.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "io/transfer.h"
#include "io/transfer_session.h"

enum { HOSTS = 40, FUSE_MS = 20000 };

/* --- The store ---------------------------------------------------------------------------- */

static const char *taken(struct sessions *s, const char *key, int64_t now_ms)
{
	static struct buf got;
	struct mono born;

	buf_clear(&got);
	if (!sessions_take(&got, &born, s, span_str(key), (struct mono){now_ms}))
		return NULL;
	assert_int_equal(born.ms, 1000);
	return got.p;
}

static void put(struct sessions *s, const char *key, const char *session)
{
	sessions_put(s, span_str(key), span_str(session), (struct mono){1000});
}

static void test_one_is_shown_once(void **state)
{
	struct sessions *s;

	(void)state;
	assert_int_equal(sessions_new(&s, 0, 0), 0);
	put(s, "a.example:443", "first");
	put(s, "a.example:443", "second");
	put(s, "a.example:8443", "another server");
	put(s, "b.example:443", "another host");
	assert_int_equal(sessions_stats(s)->n, 3);
	assert_string_equal(taken(s, "a.example:443", 2000), "second");
	assert_null(taken(s, "a.example:443", 2000));
	assert_null(taken(s, "c.example:443", 2000));
	assert_string_equal(taken(s, "a.example:8443", 2000), "another server");
	assert_string_equal(taken(s, "b.example:443", 2000), "another host");
	assert_int_equal(sessions_stats(s)->n, 0);
	assert_int_equal(sessions_stats(s)->bytes, 0);
	assert_null(sessions_free(s));
}

static void test_a_day_is_the_longest(void **state)
{
	const int64_t day_ms = 24 * 60 * 60 * 1000;
	struct sessions *s;

	(void)state;
	assert_int_equal(sessions_new(&s, 0, 0), 0);
	put(s, "a:443", "x");
	put(s, "b:443", "y");
	assert_string_equal(taken(s, "a:443", 1000 + day_ms - 1), "x");
	assert_null(taken(s, "b:443", 1000 + day_ms));
	assert_int_equal(sessions_stats(s)->n, 0);
	assert_null(sessions_free(s));
}

static void test_the_oldest_make_room(void **state)
{
	struct sessions *s;
	char key[16], big[1000];

	(void)state;
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(sessions_new(&s, 10, 5000), 0);
	for (int i = 0; i < 15; i++) {
		(void)snprintf(key, sizeof(key), "h%d:443", i);
		put(s, key, "small");
	}
	assert_int_equal(sessions_stats(s)->n, 10);
	assert_int_equal(sessions_stats(s)->evicted, 5);
	assert_null(taken(s, "h4:443", 2000));
	put(s, "h5:443", "renewed"); /* the youngest now */
	for (int i = 0; i < 4; i++) {
		(void)snprintf(key, sizeof(key), "big%d:443", i);
		put(s, key, big);
		assert_true(sessions_stats(s)->bytes <= 5000);
	}
	assert_null(taken(s, "h6:443", 2000));
	assert_string_equal(taken(s, "h5:443", 2000), "renewed");
	assert_string_equal(taken(s, "big3:443", 2000), big);
	assert_null(sessions_free(s));
}

/* --- Servers ------------------------------------------------------------------------------ */

struct world {
	int listeners[HOSTS], ports[HOSTS], stop[2];
	SSL_CTX *context;
	pthread_t thread;
	char ca_file[64];
	/* The thread's until it was joined, or an answer came. */
	int now_serving;
	int full[HOSTS], resumed[HOSTS], foreign, failed;
};

/* A ticket carries the number of the server that gave it. */
static int on_ticket_made(SSL *ssl, void *arg)
{
	const struct world *w = arg;

	return SSL_SESSION_set1_ticket_appdata(
		SSL_get_session(ssl), &w->now_serving, sizeof(w->now_serving));
}

static SSL_TICKET_RETURN on_ticket_met(SSL *ssl, SSL_SESSION *session,
	const unsigned char *name, size_t name_n, SSL_TICKET_STATUS status, void *arg)
{
	struct world *w = arg;
	void *from;
	size_t n;

	(void)ssl;
	(void)name;
	(void)name_n;
	if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	if (SSL_SESSION_get0_ticket_appdata(session, &from, &n) != 1 || n != sizeof(int) ||
		memcmp(from, &w->now_serving, n) != 0)
		w->foreign++;
	return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE
					    : SSL_TICKET_RETURN_USE_RENEW;
}

static void make_certificate(struct world *w)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *c = X509_new();
	X509_NAME *name = X509_get_subject_name(c);
	char names[HOSTS * 24] = "";
	X509_EXTENSION *e;
	FILE *f;
	int fd;

	for (int i = 0; i < HOSTS; i++)
		(void)snprintf(names + strlen(names), sizeof(names) - strlen(names),
			"%sIP:127.0.1.%d", i ? "," : "", i + 1);
	assert_int_equal(X509_set_version(c, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(c), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(c), -3600));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(c), 86400));
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				 (const unsigned char *)"loopback", -1, -1, 0),
		1);
	assert_int_equal(X509_set_issuer_name(c, name), 1);
	assert_int_equal(X509_set_pubkey(c, key), 1);
	e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(c, e, -1), 1);
	X509_EXTENSION_free(e);
	assert_true(X509_sign(c, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(w->context, c), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(w->context, key), 1);
	(void)snprintf(w->ca_file, sizeof(w->ca_file), "/tmp/test-tls-XXXXXX");
	fd = mkstemp(w->ca_file);
	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, c), 1);
	assert_int_equal(fclose(f), 0);
	X509_free(c);
	EVP_PKEY_free(key);
}

static void serve(struct world *w, int host)
{
	static const char answer[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
	const int fd = accept(w->listeners[host], NULL, NULL);
	SSL *ssl = SSL_new(w->context);
	char request[4096];

	w->now_serving = host;
	if (fd < 0 || !ssl || SSL_set_fd(ssl, fd) != 1 || SSL_accept(ssl) != 1 ||
		SSL_read(ssl, request, sizeof(request)) <= 0) {
		w->failed++;
	} else {
		w->resumed[host] += SSL_session_reused(ssl);
		w->full[host] += !SSL_session_reused(ssl);
		w->failed += SSL_write(ssl, answer, sizeof(answer) - 1) <= 0;
		(void)SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	if (fd >= 0)
		(void)close(fd);
}

static void *serve_all(void *arg)
{
	struct world *w = arg;
	struct pollfd fds[HOSTS + 1] = {{.fd = w->stop[0], .events = POLLIN}};

	for (int i = 0; i < HOSTS; i++)
		fds[i + 1] = (struct pollfd){.fd = w->listeners[i], .events = POLLIN};
	while (poll(fds, HOSTS + 1, -1) > 0 && !fds[0].revents)
		for (int i = 0; i < HOSTS; i++)
			if (fds[i + 1].revents)
				serve(w, i);
	return NULL;
}

static void world_begin(struct world *w, int version)
{
	*w = (struct world){0};
	w->context = SSL_CTX_new(TLS_server_method());
	assert_non_null(w->context);
	assert_int_equal(SSL_CTX_set_min_proto_version(w->context, version), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(w->context, version), 1);
	assert_int_equal(
		SSL_CTX_set_session_ticket_cb(w->context, on_ticket_made, on_ticket_met, w), 1);
	make_certificate(w);
	for (int i = 0; i < HOSTS; i++) {
		struct sockaddr_in to = {.sin_family = AF_INET,
			.sin_addr.s_addr = htonl(0x7F000101U + (unsigned)i)};
		socklen_t n = sizeof(to);

		w->listeners[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(w->listeners[i], (struct sockaddr *)&to, n), 0);
		assert_int_equal(listen(w->listeners[i], 16), 0);
		assert_int_equal(getsockname(w->listeners[i], (struct sockaddr *)&to, &n), 0);
		w->ports[i] = ntohs(to.sin_port);
	}
	assert_int_equal(pipe(w->stop), 0);
	assert_int_equal(pthread_create(&w->thread, NULL, serve_all, w), 0);
}

static void world_end(struct world *w)
{
	assert_int_equal(write(w->stop[1], "", 1), 1);
	assert_int_equal(pthread_join(w->thread, NULL), 0);
	for (int i = 0; i < HOSTS; i++)
		(void)close(w->listeners[i]);
	(void)close(w->stop[0]);
	(void)close(w->stop[1]);
	SSL_CTX_free(w->context);
	(void)unlink(w->ca_file);
}

/* --- Coming back -------------------------------------------------------------------------- */

struct visit {
	struct loop *loop;
	int left, ok;
	char why[200];
};

static void on_done(void *arg, const struct transfer_result *r)
{
	struct visit *v = arg;

	v->ok += r->error == TRANSFER_OK && r->document.status == 200 &&
		 span_eq_str(r->document.body, "ok");
	if (r->error != TRANSFER_OK)
		(void)snprintf(v->why, sizeof(v->why), "%.*s", SPAN_ARG(r->why));
	if (--v->left == 0)
		loop_stop(v->loop);
}

static void on_fuse(void *arg)
{
	(void)arg;
	fail_msg("the servers were waited for in vain");
}

static int visit_all(struct loop *loop, struct transfer *t, const struct world *w)
{
	struct visit v = {.loop = loop, .left = HOSTS};

	for (int i = 0; i < HOSTS; i++) {
		struct transfer_handle *h;
		char url[64];

		(void)snprintf(url, sizeof(url), "https://127.0.1.%d:%d/", i + 1, w->ports[i]);
		assert_int_equal(
			transfer_start(&h, t,
				&(struct transfer_ask){
					.request = &(struct request){.url = span_str(url)},
					.last = true},
				on_done, &v),
			0);
	}
	assert_int_equal(loop_run(loop), 0);
	if (v.ok < HOSTS && v.why[0])
		print_error("%s\n", v.why);
	return v.ok;
}

static void come_back(int version)
{
	const struct transfer_options options = {.guarded = false};
	struct transfer_options of_world = options;
	struct transfer_tls_stats stats;
	struct transfer *t, *stranger;
	struct timer *fuse;
	struct loop *loop;
	struct world w;

	world_begin(&w, version);
	of_world.ca_file = w.ca_file;
	assert_int_equal(loop_new(&loop), 0);
	assert_int_equal(timer_new(&fuse, loop, on_fuse, NULL), 0);
	assert_int_equal(timer_set(fuse, FUSE_MS), 0);
	assert_int_equal(transfer_new(&t, loop, &of_world), 0);
	assert_int_equal(visit_all(loop, t, &w), HOSTS);
	stats = transfer_tls_stats(t);
	assert_int_equal(stats.handshakes, HOSTS);
	assert_int_equal(stats.shown, 0);
	assert_int_equal(stats.sessions, HOSTS);
	assert_true(stats.session_bytes > HOSTS * 100 && stats.session_bytes < HOSTS * 4096);
	assert_int_equal(visit_all(loop, t, &w), HOSTS);
	assert_int_equal(visit_all(loop, t, &w), HOSTS);
	stats = transfer_tls_stats(t);
	assert_int_equal(stats.handshakes, 3 * HOSTS);
	assert_int_equal(stats.shown, 2 * HOSTS);
	assert_int_equal(stats.resumed, stats.shown);
	/* One that does not trust these servers has nothing of what the other was given. */
	assert_int_equal(transfer_new(&stranger, loop, &options), 0);
	assert_int_equal(visit_all(loop, stranger, &w), 0);
	assert_int_equal(transfer_tls_stats(stranger).shown, 0);
	assert_int_equal(transfer_tls_stats(stranger).sessions, 0);
	assert_null(transfer_free(stranger));
	assert_null(transfer_free(t));
	assert_null(timer_free(fuse));
	assert_null(loop_free(loop));
	world_end(&w);
	assert_int_equal(w.failed, HOSTS); /* the stranger's */
	assert_int_equal(w.foreign, 0);
	for (int i = 0; i < HOSTS; i++) {
		assert_int_equal(w.full[i], 1);
		assert_int_equal(w.resumed[i], 2);
	}
}

static void test_known_again_by_tls13(void **state)
{
	(void)state;
	come_back(TLS1_3_VERSION);
}

static void test_known_again_by_tls12(void **state)
{
	(void)state;
	come_back(TLS1_2_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_is_shown_once),
		cmocka_unit_test(test_a_day_is_the_longest),
		cmocka_unit_test(test_the_oldest_make_room),
		cmocka_unit_test(test_known_again_by_tls13),
		cmocka_unit_test(test_known_again_by_tls12),
	};

	return cmocka_run_group_tests_name("io/tls", tests, NULL, NULL);
}
