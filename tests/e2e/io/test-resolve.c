/*
 * resolve, and transfer by it: what a name server on loopback says, and what comes of it. Its
 * script is names.json beside this file; the language is told at the top of nameserver.py.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/resolve.h"
#include "io/transfer.h"
#include "peer.h"
#include "vigie/buf.h"

static struct peer names, origin;
static char server[32]; /* "127.0.0.1:PORT" */
static struct loop *loop;
static struct timer *fuse; /* a loop that waits for nothing would wait for ever */

enum { FUSE_MS = 20000, LONG_MS = 10000 };

/* --- Asking ------------------------------------------------------------------------------- */

struct said {
	int count;
	enum resolve_end end;
	size_t n;
	char addresses[8][48];
	char why[80];
	int wanted; /* the loop stops at this count; 0: at once */
};

static void on_answer(void *arg, const struct resolve_answer *answer)
{
	struct said *s = arg;

	s->count++;
	s->end = answer->end;
	s->n = answer->n;
	(void)snprintf(s->why, sizeof(s->why), "%s", answer->why ? answer->why : "");
	for (size_t i = 0; i < answer->n && i < 8; i++) {
		const unsigned char *a = answer->addresses[i];
		const bool v4 =
			memcmp(a, (const unsigned char[12]){[10] = 0xFF, [11] = 0xFF}, 12) == 0;

		assert_non_null(inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a + 12 : a,
			s->addresses[i], sizeof(s->addresses[i])));
	}
	if (s->count >= s->wanted)
		loop_stop(loop);
}

static struct resolve *open_resolve(const struct resolve_options *options)
{
	struct resolve_options o = *options;
	struct resolve *r;

	o.nameservers = server;
	assert_int_equal(resolve_new(&r, loop, &o), 0);
	return r;
}

/* true: it was remembered. */
static bool look_up(struct said *s, struct resolve *r, const char *name, int64_t timeout_ms)
{
	struct resolve_answer known;
	struct resolve_ask *ask;

	*s = (struct said){0};
	if (resolve_known(&known, r, span_str(name))) {
		s->wanted = 100;
		on_answer(s, &known);
		return true;
	}
	assert_int_equal(resolve_start(&ask, r, span_str(name), timeout_ms, on_answer, s), 0);
	assert_int_equal(s->count, 0);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(s->count, 1);
	return false;
}

/* Adds to the script, "" for nothing, and counts the questions for a name so far. */
static int tell(const char *script, const char *name)
{
	json_t *answer;
	int n;

	assert_true(dprintf(names.input, "%s\n", *script ? script : "{}") > 0);
	answer = peer_line(&names);
	assert_non_null(answer);
	n = (int)json_integer_value(json_object_get(json_object_get(answer, "asked"), name));
	json_decref(answer);
	return n;
}

static void pause_ms(int64_t ms);

static void what_a_name_leads_to(void **state)
{
	static const struct {
		const char *name;
		enum resolve_end end;
		const char *addresses[3];
		const char *why;
	} rows[] = {
		{"four.example", RESOLVE_FOUND, {"192.0.2.1"}, ""},
		{"FOUR.Example.", RESOLVE_FOUND, {"192.0.2.1"}, ""},
		{"six.example", RESOLVE_FOUND, {"2001:db8::1"}, ""},
		{"both.example", RESOLVE_FOUND, {"192.0.2.1", "2001:db8::1"}, ""},
		{"alias.example", RESOLVE_FOUND, {"192.0.2.7"}, ""},
		/* One family is enough. */
		{"half.example", RESOLVE_FOUND, {"192.0.2.1"}, ""},
		{"nothing.example", RESOLVE_NO_NAME, {NULL}, ""},
		{"missing.example", RESOLVE_NO_NAME, {NULL}, ""},
		{"", RESOLVE_NO_NAME, {NULL}, ""},
		{"failing.example", RESOLVE_FAILED, {NULL}, "the name servers fail"},
		{"refused.example", RESOLVE_FAILED, {NULL}, "the name servers fail"},
		/* No IPv6, and whether there is IPv4 nobody says. */
		{"unclear.example", RESOLVE_FAILED, {NULL}, "the name servers fail"},
		{"silent.example", RESOLVE_FAILED, {NULL}, "in time"},
		{"localhost", RESOLVE_FOUND, {"::1", "127.0.0.1"}, ""},
		{"feeds.localhost", RESOLVE_FOUND, {"::1", "127.0.0.1"}, ""},
	};
	struct resolve *r = open_resolve(&(struct resolve_options){0});
	struct said s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t n = 0;

		(void)look_up(&s, r, rows[i].name, 500);
		if (s.end != rows[i].end || !strstr(s.why, rows[i].why))
			print_error("%s: %d %s\n", rows[i].name, (int)s.end, s.why);
		assert_int_equal(s.end, rows[i].end);
		assert_non_null(strstr(s.why, rows[i].why));
		for (size_t k = 0; k < 3 && rows[i].addresses[k]; k++, n++) {
			size_t at = 0;

			while (at < s.n && strcmp(s.addresses[at], rows[i].addresses[k]) != 0)
				at++;
			assert_true(at < s.n);
		}
		assert_int_equal(s.n, n);
	}
	assert_int_equal(tell("", "localhost"), 0);
	(void)resolve_free(r);
}

static void how_long_it_is_remembered(void **state)
{
	struct resolve *r = open_resolve(&(struct resolve_options){0});
	struct said s;
	int before;

	(void)state;
	/* As long as it says, by the shortest of a chain. */
	assert_false(look_up(&s, r, "four.example", LONG_MS));
	before = tell("", "four.example");
	assert_true(look_up(&s, r, "four.example", LONG_MS));
	assert_int_equal(tell("", "four.example"), before);
	assert_false(look_up(&s, r, "alias.example", LONG_MS));
	assert_true(look_up(&s, r, "alias.example", LONG_MS));
	pause_ms(1100);
	assert_false(look_up(&s, r, "alias.example", LONG_MS));
	/* Not at all. */
	assert_false(look_up(&s, r, "fleeting.example", LONG_MS));
	assert_string_equal(s.addresses[0], "192.0.2.1");
	assert_false(look_up(&s, r, "fleeting.example", LONG_MS));
	assert_string_equal(s.addresses[0], "192.0.2.2");
	/* That it isn't there. */
	before = tell("", "missing.example");
	assert_false(look_up(&s, r, "missing.example", LONG_MS));
	assert_true(look_up(&s, r, "missing.example", LONG_MS));
	assert_int_equal(s.end, RESOLVE_NO_NAME);
	assert_true(tell("", "missing.example") > before);
	(void)resolve_free(r);
}

static void a_failure_is_forgotten_soon(void **state)
{
	struct resolve *r = open_resolve(&(struct resolve_options){.failed_ms = 100});
	struct said s;

	(void)state;
	(void)tell("{\"healing.example\": {\"rcode\": \"SERVFAIL\"}}", "");
	assert_false(look_up(&s, r, "healing.example", LONG_MS));
	assert_int_equal(s.end, RESOLVE_FAILED);
	assert_true(look_up(&s, r, "healing.example", LONG_MS));
	assert_int_equal(s.end, RESOLVE_FAILED);
	(void)tell("{\"healing.example\": {\"a\": [\"192.0.2.9\"]}}", "");
	pause_ms(120);
	assert_false(look_up(&s, r, "healing.example", LONG_MS));
	assert_int_equal(s.end, RESOLVE_FOUND);
	assert_string_equal(s.addresses[0], "192.0.2.9");
	(void)resolve_free(r);
}

static void what_is_used_stays(void **state)
{
	struct resolve *r = open_resolve(&(struct resolve_options){.max_names = 3});
	struct said s;
	char name[32];

	(void)state;
	assert_false(look_up(&s, r, "four.example", LONG_MS));
	for (int i = 0; i < 6; i++) {
		(void)snprintf(name, sizeof(name), "n%d.example", i);
		(void)look_up(&s, r, name, LONG_MS);
		assert_true(look_up(&s, r, "four.example", LONG_MS));
	}
	assert_int_equal(resolve_stats(r)->names, 3);
	assert_false(look_up(&s, r, "n0.example", LONG_MS));
	(void)resolve_free(r);
}

static void one_question_for_all_who_ask(void **state)
{
	struct resolve *r = open_resolve(&(struct resolve_options){0});
	struct said all = {.wanted = 3}, none = {0};
	struct resolve_ask *ask, *cancelled;
	const struct span slow = SPAN("slow.example"), four = SPAN("four.example");
	struct said other;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(resolve_start(&ask, r, slow, LONG_MS, on_answer, &all), 0);
	assert_int_equal(resolve_start(&cancelled, r, slow, LONG_MS, on_answer, &none), 0);
	resolve_cancel(cancelled);
	/* Nobody else waits for it. */
	(void)look_up(&other, r, four.p, LONG_MS);
	assert_int_equal(other.end, RESOLVE_FOUND);
	assert_int_equal(all.count, 0);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(all.count, 3);
	assert_string_equal(all.addresses[0], "192.0.2.3");
	assert_int_equal(none.count, 0);
	assert_int_equal(tell("", "slow.example"), 2); /* A and AAAA */
	(void)resolve_free(r);
}

static void who_is_late_may_come_back(void **state)
{
	struct resolve *r = open_resolve(&(struct resolve_options){0});
	struct said s;

	(void)state;
	(void)tell("{\"late.example\": {\"a\": [\"192.0.2.4\"], \"delay_ms\": 300}}", "");
	assert_false(look_up(&s, r, "late.example", 50));
	assert_int_equal(s.end, RESOLVE_FAILED);
	assert_false(
		look_up(&s, r, "late.example", LONG_MS)); /* joins the question that runs */
	assert_int_equal(s.end, RESOLVE_FOUND);
	assert_int_equal(tell("", "late.example"), 2);
	(void)resolve_free(r);
}

static struct resolve *doomed;

static void free_it(void *arg, const struct resolve_answer *answer)
{
	int *count = arg;

	(void)answer;
	++*count;
	doomed = resolve_free(doomed);
	loop_stop(loop);
}

static void who_hears_may_free(void **state)
{
	const struct span four = SPAN("four.example"), slow = SPAN("silent.example");
	struct resolve_ask *ask;
	int count = 0;

	(void)state;
	doomed = open_resolve(&(struct resolve_options){0});
	assert_int_equal(resolve_start(&ask, doomed, four, LONG_MS, free_it, &count), 0);
	assert_int_equal(resolve_start(&ask, doomed, four, LONG_MS, free_it, &count), 0);
	assert_int_equal(resolve_start(&ask, doomed, slow, LONG_MS, free_it, &count), 0);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(count, 1);
	/* By the clock. */
	doomed = open_resolve(&(struct resolve_options){0});
	assert_int_equal(resolve_start(&ask, doomed, slow, 50, free_it, &count), 0);
	assert_int_equal(resolve_start(&ask, doomed, slow, 50, free_it, &count), 0);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(count, 2);
}

static void other_name_servers_answer_who_waits(void **state)
{
	struct resolve *r;
	struct resolve_ask *ask;
	struct said s = {0};
	char silent[32];
	struct peer second;
	char *argv[] = {PYTHON, NAMESERVER, NULL};

	(void)state;
	peer_start(&second, argv); /* knows nothing, and is not asked to */
	(void)snprintf(silent, sizeof(silent), "127.0.0.1:%d", peer_port(&second, "dns"));
	assert_true(dprintf(second.input, "{\"four.example\": {\"silent\": true}}\n") > 0);
	json_decref(peer_line(&second));
	assert_int_equal(
		resolve_new(&r, loop, &(struct resolve_options){.nameservers = silent}), 0);
	assert_int_equal(
		resolve_start(&ask, r, SPAN("four.example"), LONG_MS, on_answer, &s), 0);
	assert_int_equal(resolve_set_nameservers(r, "nonsense"), -EINVAL);
	assert_int_equal(resolve_set_nameservers(r, server), 0);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(s.end, RESOLVE_FOUND);
	(void)resolve_free(r);
	peer_stop(&second);
}

static void how_a_name_server_is_written(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
		{"127.0.0.1", true},
		{"127.0.0.1:53", true},
		{"::1", true},
		{"2001:db8::53", true},
		{"[::1]", false},
		{"[::1]:5353", true},
		{"127.0.0.1:", false},
		{"127.0.0.1:0", false},
		{"127.0.0.1:65536", false},
		{"127.0.0.1:5a", false},
		{"[::1", false},
		{"[::1]53", false},
		{"dns.example", false},
		{"", false},
	};
	struct resolve *r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (resolve_is_nameserver(span_str(rows[i].text)) != rows[i].ok)
			print_error("row %zu\n", i);
		assert_int_equal(resolve_is_nameserver(span_str(rows[i].text)), rows[i].ok);
		if (!rows[i].ok)
			continue;
		assert_int_equal(
			resolve_new(&r, loop,
				&(struct resolve_options){.nameservers = rows[i].text}),
			0);
		r = resolve_free(r);
	}
}

/* --- Fetching ----------------------------------------------------------------------------- */

struct got {
	int count, wanted;
	enum transfer_error error;
	int status;
	bool reused;
	char why[200];
};

static void on_document(void *arg, const struct transfer_result *result)
{
	struct got *g = arg;

	g->count++;
	g->error = result->error;
	g->status = result->document.status;
	g->reused = result->connection_reused;
	(void)snprintf(g->why, sizeof(g->why), "%.*s", SPAN_ARG(result->why));
	if (g->count >= g->wanted)
		loop_stop(loop);
}

static struct transfer *open_transfer(struct resolve *resolve)
{
	static struct address_range here;
	struct transfer *t;

	assert_true(address_range_parse(&here, SPAN("127.0.0.1")));
	assert_int_equal(transfer_new(&t, loop,
				 &(struct transfer_options){
					 .resolve = resolve,
					 .guarded = true,
					 .allow = &here,
					 .n_allow = 1,
					 .max_redirects = 5,
					 .total_ms = 5000,
				 }),
		0);
	return t;
}

static void start(struct got *g, struct transfer_handle **ret, struct transfer *t,
	const char *host, const char *path)
{
	char url[200];

	(void)snprintf(
		url, sizeof(url), "http://%s:%d%s", host, peer_port(&origin, "http"), path);
	assert_int_equal(transfer_start(ret, t,
				 &(struct transfer_ask){
					 .request = &(struct request){.url = span_str(url)},
				 },
				 on_document, g),
		0);
}

static void get(struct got *g, struct transfer *t, const char *host, const char *path)
{
	struct transfer_handle *handle;

	*g = (struct got){0};
	start(g, &handle, t, host, path);
	assert_int_equal(g->count, 0);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(g->count, 1);
}

static void where_a_name_may_lead(void **state)
{
	static const struct {
		const char *host;
		const char *path;
		enum transfer_error error;
		const char *why;
	} rows[] = {
		{"here.example", "/plain", TRANSFER_OK, ""},
		{"here.example.", "/plain", TRANSFER_OK, ""},
		{"HERE.example", "/plain", TRANSFER_OK, ""},
		{"b\xC3\xBC"
		 "cher.example",
			"/plain", TRANSFER_OK, ""},
		{"localhost", "/plain", TRANSFER_OK, ""},
		{"127.0.0.1", "/plain", TRANSFER_OK, ""},
		/* Some of its addresses may be reached. */
		{"mixed.example", "/plain", TRANSFER_OK, ""},
		{"inside.example", "/plain", TRANSFER_REFUSED, "10.0.0.1"},
		{"six.example", "/plain", TRANSFER_REFUSED, "2001:db8::1"},
		{"here.example", "/to-inside", TRANSFER_REFUSED,
			"inside.example leads to 10.0.0.1"},
		{"missing.example", "/plain", TRANSFER_RESOLVE, "missing.example is not known"},
		{"failing.example", "/plain", TRANSFER_DNS,
			"failing.example: the name servers fail"},
	};
	struct resolve *r = open_resolve(&(struct resolve_options){0});
	struct transfer *t = open_transfer(r);
	struct got g;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		get(&g, t, rows[i].host, rows[i].path);
		if (g.error != rows[i].error || !strstr(g.why, rows[i].why))
			print_error("%s%s: %d %s\n", rows[i].host, rows[i].path, (int)g.error,
				g.why);
		assert_int_equal(g.error, rows[i].error);
		assert_non_null(strstr(g.why, rows[i].why));
		if (!g.error)
			assert_int_equal(g.status, 200);
	}
	(void)transfer_free(t);
	(void)resolve_free(r);
}

/* The name leads here, is believed, and then leads to the machine's inside. */
static void a_name_that_changes_its_mind(void **state)
{
	struct resolve *r = open_resolve(&(struct resolve_options){0});
	struct transfer *t = open_transfer(r);
	struct got g;

	(void)state;
	get(&g, t, "turning.example", "/close");
	assert_int_equal(g.error, TRANSFER_OK);
	get(&g, t, "turning.example", "/close");
	assert_int_equal(g.error, TRANSFER_REFUSED);
	assert_non_null(strstr(g.why, "169.254.169.254"));
	(void)transfer_free(t);
	(void)resolve_free(r);
}

static void a_connection_is_kept_by_name(void **state)
{
	struct resolve *r = open_resolve(&(struct resolve_options){0});
	struct transfer *t = open_transfer(r);
	struct got g;

	(void)state;
	get(&g, t, "here.example", "/plain");
	assert_false(g.reused);
	get(&g, t, "here.example", "/plain");
	assert_true(g.reused);
	get(&g, t, "there.example", "/plain");
	assert_false(g.reused);
	/* Opened under other rules than those of now. */
	assert_int_equal(transfer_set_allow(t, NULL, 0), 0);
	get(&g, t, "here.example", "/plain");
	assert_int_equal(g.error, TRANSFER_REFUSED);
	(void)transfer_free(t);
	(void)resolve_free(r);
}

static void a_slow_name_delays_nobody_else(void **state)
{
	struct resolve *r = open_resolve(&(struct resolve_options){0});
	struct transfer *t = open_transfer(r);
	struct got slow = {0}, cancelled = {0}, g;
	struct transfer_handle *handle;

	(void)state;
	start(&slow, &handle, t, "silent.example", "/plain");
	start(&cancelled, &handle, t, "silent.example", "/plain");
	for (int i = 0; i < 3; i++) {
		get(&g, t, "here.example", "/plain");
		assert_int_equal(g.error, TRANSFER_OK);
	}
	transfer_cancel(handle);
	assert_int_equal(slow.count, 0);
	(void)transfer_free(t); /* and who waits with it */
	pause_ms(50);
	assert_int_equal(slow.count + cancelled.count, 0);
	(void)resolve_free(r);
}

static void the_total_time_is_kept(void **state)
{
	struct resolve *r = open_resolve(&(struct resolve_options){0});
	struct transfer *t = open_transfer(r);
	const struct request request = {.url = SPAN("http://silent.example/")};
	const int64_t before = loop_now(loop).ms;
	struct transfer_handle *handle;
	struct got g = {0};

	(void)state;
	assert_int_equal(transfer_start(&handle, t,
				 &(struct transfer_ask){.request = &request, .total_ms = 200},
				 on_document, &g),
		0);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(g.error, TRANSFER_DNS);
	assert_true(loop_now(loop).ms - before < 2000);
	(void)transfer_free(t);
	(void)resolve_free(r);
}

/* --- Begin and end ------------------------------------------------------------------------ */

static void on_pause(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void pause_ms(int64_t ms)
{
	struct timer *timer;

	assert_int_equal(timer_new(&timer, loop, on_pause, NULL), 0);
	assert_int_equal(timer_set(timer, ms), 0);
	assert_int_equal(loop_run(loop), 0);
	(void)timer_free(timer);
}

static void on_fuse(void *arg)
{
	(void)arg;
	fail_msg("nothing came for %d ms", FUSE_MS);
}

static int each(void **state)
{
	(void)state;
	return timer_set(fuse, FUSE_MS);
}

static int begin(void **state)
{
	char *of_names[] = {PYTHON, NAMESERVER, "--script", NAMES, NULL};
	char *of_origin[] = {PYTHON, ORIGIN, "--script", SCRIPT, NULL};

	(void)state;
	(void)setlocale(
		LC_CTYPE, "C.UTF-8"); /* as the daemon does: libcurl reads names by it */
	peer_start(&names, of_names);
	peer_start(&origin, of_origin);
	(void)snprintf(server, sizeof(server), "127.0.0.1:%d", peer_port(&names, "dns"));
	if (loop_new(&loop) < 0 || timer_new(&fuse, loop, on_fuse, NULL) < 0)
		return -1;
	return 0;
}

static int end(void **state)
{
	(void)state;
	fuse = timer_free(fuse);
	loop = loop_free(loop);
	peer_stop(&names);
	peer_stop(&origin);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_a_name_leads_to, each),
		cmocka_unit_test_setup(how_long_it_is_remembered, each),
		cmocka_unit_test_setup(a_failure_is_forgotten_soon, each),
		cmocka_unit_test_setup(what_is_used_stays, each),
		cmocka_unit_test_setup(one_question_for_all_who_ask, each),
		cmocka_unit_test_setup(who_is_late_may_come_back, each),
		cmocka_unit_test_setup(who_hears_may_free, each),
		cmocka_unit_test_setup(other_name_servers_answer_who_waits, each),
		cmocka_unit_test_setup(how_a_name_server_is_written, each),
		cmocka_unit_test_setup(where_a_name_may_lead, each),
		cmocka_unit_test_setup(a_name_that_changes_its_mind, each),
		cmocka_unit_test_setup(a_connection_is_kept_by_name, each),
		cmocka_unit_test_setup(a_slow_name_delays_nobody_else, each),
		cmocka_unit_test_setup(the_total_time_is_kept, each),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
