/* What an operator may write for Redis, and what it is told when it is something else. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/redis_server_config.h"
#include "io/redis_url.h"

static void test_meaning(void **state)
{
	static const struct {
		const char *url, *path, *host;
		int port, db;
		const char *user, *password;
	} table[] = {
		{"redis://localhost", NULL, "localhost", 6379, 0, NULL, NULL},
		{"redis://localhost/", NULL, "localhost", 6379, 0, NULL, NULL},
		{"redis://10.0.0.7:6380/3", NULL, "10.0.0.7", 6380, 3, NULL, NULL},
		{"redis://[::1]:7000/1", NULL, "::1", 7000, 1, NULL, NULL},
		{"redis://[::1]", NULL, "::1", 6379, 0, NULL, NULL},
		{"redis://:secret@h", NULL, "h", 6379, 0, NULL, "secret"},
		{"redis://secret@h", NULL, "h", 6379, 0, NULL, "secret"},
		{"redis://vigie:p%40ss%3Aw%2Ford@h/2", NULL, "h", 6379, 2, "vigie",
			"p@ss:w/ord"},
		{"redis://u:a@b@h", NULL, "h", 6379, 0, "u", "a@b"},
		{"redis://h?db=4&password=x", NULL, "h", 6379, 4, NULL, "x"},
		{"unix:/run/redis/redis.sock", "/run/redis/redis.sock", NULL, 0, 0, NULL, NULL},
		{"unix:///run/r.sock?db=5", "/run/r.sock", NULL, 0, 5, NULL, NULL},
		{"unix:/a%20b?user=u&password=%25", "/a b", NULL, 0, 0, "u", "%"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct redis_url u;
		const char *why = NULL;

		assert_int_equal(redis_url_parse(&u, span_str(table[i].url), &why), 0);
		assert_string_equal(u.path ? u.path : "-", table[i].path ? table[i].path : "-");
		assert_string_equal(u.host ? u.host : "-", table[i].host ? table[i].host : "-");
		assert_string_equal(u.user ? u.user : "-", table[i].user ? table[i].user : "-");
		assert_string_equal(u.password ? u.password : "-",
			table[i].password ? table[i].password : "-");
		if (u.host)
			assert_int_equal(u.port, table[i].port);
		assert_int_equal(u.db, table[i].db);
		redis_url_deinit(&u);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *url, *says;
	} table[] = {
		{"rediss://h", "tunnel"},
		{"http://h", "not a Redis URL"},
		{"", "not a Redis URL"},
		{"redis://", "no host"},
		{"redis://:p@", "no host"},
		{"redis://h:0", "port"},
		{"redis://h:65536", "port"},
		{"redis://h:6379x", "port"},
		{"redis://[::1]x", "port"},
		{"redis://h/x", "database"},
		{"redis://h/-1", "database"},
		{"redis://:%zz@h", "percent"},
		{"redis://:a%0@h", "percent"},
		{"redis://:%00@h", "percent"},
		{"unix:relative.sock", "absolute"},
		{"unix:", "absolute"},
		{"unix:/p?timeout=3", "unknown option"},
		{"unix:/"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			"107"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct redis_url u;
		const char *why = "";

		assert_int_equal(redis_url_parse(&u, span_str(table[i].url), &why), -22);
		if (!strstr(why, table[i].says))
			fail_msg("%s: %s", table[i].url, why);
	}
}

static void test_server_lines(void **state)
{
	static const struct {
		const char *line, *text;
		char level;
	} table[] = {
		{"7:M 21 Nov 2026 11:04:57.123 * Ready to accept connections",
			"Ready to accept connections", '*'},
		{"7:C 21 Nov 2026 11:04:57.123 # oops", "oops", '#'},
		{"*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***",
			"*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***", 0},
		{"", "", 0},
		{"a b c d e #", "a b c d e #", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char level;
		const struct span text = redis_server_said(span_str(table[i].line), &level);

		assert_true(span_eq_str(text, table[i].text));
		assert_int_equal(level, table[i].level);
	}
}

static void test_server_paths_are_quoted(void **state)
{
	struct buf out = {0};

	(void)state;
	redis_server_config(&out, "/a \"b\"\\c\nport 1", "/s");
	assert_non_null(strstr(out.p, "dir \"/a \\\"b\\\"\\\\c\\x0aport 1\"\n"));
	assert_non_null(strstr(out.p, "\nappendfsync no\n"));
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_server_lines),
		cmocka_unit_test(test_server_paths_are_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
