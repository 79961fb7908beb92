/*
 * transfer: where a fetch may go.
 */

#include "fetch-stand.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_a_fetch_may_go),
		cmocka_unit_test(without_an_exception_loopback_is_refused),
		cmocka_unit_test(a_refused_address_is_not_connected_to),
		cmocka_unit_test(a_kept_connection_is_checked_again),
		cmocka_unit_test(a_stranger_certificate_is_refused),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
