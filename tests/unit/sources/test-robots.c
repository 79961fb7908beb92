/* robots: what a site lets us ask for. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sources/robots.h"
#include "vigie/buf.h"

static void a_file_and_a_path_make_an_answer(void **state)
{
	static const struct {
		const char *file, *path;
		bool allowed;
	} rows[] = {
		/* Groups. */
		{"", "/", true},
		{"User-agent: *\nDisallow: /", "/", false},
		{"User-agent: *\nDisallow: /", "", false},
		{"User-agent: *\nDisallow: /", "/robots.txt", true},
		{"User-agent: *\nDisallow:", "/", true},
		{"Disallow: /", "/", true}, /* of no group */
		{"User-agent: vigie\nDisallow: /a\n\nUser-agent: *\nDisallow: /", "/b", true},
		{"User-agent: *\nDisallow: /\n\nUser-agent: VIGIE/2.0\nDisallow: /a", "/b",
			true},
		{"User-agent: *\nDisallow: /\n\nUser-agent: VIGIE/2.0\nDisallow: /a", "/a",
			false},
		{"User-agent: vigiebot\nDisallow: /", "/", true},
		{"User-agent: a\nUser-agent: vigie\nUser-agent: b\nDisallow: /x", "/x", false},
		{"User-agent: vigie\nUser-agent: a\n\nDisallow: /x", "/x", false},
		{"User-agent: vigie\nDisallow: /x\nUser-agent: a\nDisallow: /y", "/y", true},
		{"User-agent: vigie\nDisallow: /x\nUser-agent: a\nDisallow: /\nUser-agent: "
		 "vigie\n"
		 "Disallow: /y",
			"/y", false}, /* groups of one name are one */
		{"User-agent: vigie\nSitemap: https://h/s.xml\nCrawl-delay: 3\nDisallow: /x",
			"/x", false},
		/* Lines. */
		{"user-AGENT : vigie # us\r\ndisALLOW\t:\t/x # not this\r\n", "/x", false},
		{"User-agent: vigie\rDisallow: /x\rDisallow: /y", "/y", false},
		{"\xEF\xBB\xBFUser-agent: *\nDisallow: /x", "/x", false},
		{"User-agent: *\nnonsense\n: /\nDisallow /\nDisallow: /x", "/x", false},
		{"User-agent: *\nDisallow: #/x", "/x", true},
		/* The longest one wins, and of two alike the kind one. */
		{"User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", true},
		{"User-agent: *\nAllow: /a/b\nDisallow: /a", "/a/c", false},
		{"User-agent: *\nAllow: /a\nDisallow: /a", "/a", true},
		{"User-agent: *\nDisallow: /a\nAllow: /a", "/a", true},
		{"User-agent: *\nAllow: /page\nDisallow: /*.htm", "/page.htm", false},
		{"User-agent: *\nAllow: /$\nDisallow: /", "/", true},
		{"User-agent: *\nAllow: /$\nDisallow: /", "/page", false},
		/* Stars and ends. */
		{"User-agent: *\nDisallow: /fish", "/fishheads?x", false},
		{"User-agent: *\nDisallow: /fish", "/Fish", true},
		{"User-agent: *\nDisallow: /fish*", "/fish", false},
		{"User-agent: *\nDisallow: /fish/", "/fish", true},
		{"User-agent: *\nDisallow: /*.php$", "/a.php", false},
		{"User-agent: *\nDisallow: /*.php$", "/a.php?x", true},
		{"User-agent: *\nDisallow: /*.php$", "/a.php/b.php", false},
		{"User-agent: *\nDisallow: /a*b*c", "/a-c-b-c", false},
		{"User-agent: *\nDisallow: /a*b*c", "/a-c-b", true},
		{"User-agent: *\nDisallow: /*$", "/anything", false},
		{"User-agent: *\nDisallow: *", "/anything", false},
		{"User-agent: *\nDisallow: /a$b", "/a$b", false},
		{"User-agent: *\nDisallow: /a%24", "/a$b", false},
		{"User-agent: *\nDisallow: /a%2a", "/a*b", false},
		{"User-agent: *\nDisallow: /a%2a", "/axb", true},
		{"User-agent: *\nDisallow: /ab*ba", "/aba", true},
		{"User-agent: *\nDisallow: /a*ba$", "/aba", false},
		{"User-agent: *\nDisallow: /ab*ba$", "/aba", true},
		/* Spelling. */
		{"User-agent: *\nDisallow: /caf\xC3\xA9", "/caf%c3%A9", false},
		{"User-agent: *\nDisallow: /caf%c3%a9", "/caf\xC3\xA9", false},
		{"User-agent: *\nDisallow: /%61b", "/ab", false},
		{"User-agent: *\nDisallow: /a%2Fb", "/a/b", true},
		{"User-agent: *\nDisallow: /a%2fb", "/a%2Fb", false},
		{"User-agent: *\nDisallow: /x?y=", "/x?y=1#z", false},
		{"User-agent: *\nDisallow: /%zz", "/%zz", false},
	};
	struct arena arena = {0};
	unsigned line;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct robots robots;

		assert_int_equal(
			robots_read(&robots, &arena, span_str(rows[i].file), SPAN("vigie")), 0);
		if (robots_allows(&line, &robots, &arena, span_str(rows[i].path)) !=
			rows[i].allowed)
			fail_msg("%s\n%s: %d", rows[i].file, rows[i].path, !rows[i].allowed);
	}
	arena_release(&arena);
}

static void the_line_that_decided_is_told(void **state)
{
	static const struct {
		const char *file, *path;
		unsigned line;
	} rows[] = {
		{"User-agent: *\nDisallow: /a", "/a", 2},
		{"User-agent: *\r\n\r\n# a\r\nDisallow: /a\r\n", "/a", 4},
		{"User-agent: *\rDisallow: /a", "/a", 2},
		{"User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b", 3},
		{"User-agent: *\nDisallow: /a", "/b", 0},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct robots robots;
		unsigned line = 99;

		assert_int_equal(
			robots_read(&robots, &arena, span_str(rows[i].file), SPAN("vigie")), 0);
		(void)robots_allows(&line, &robots, &arena, span_str(rows[i].path));
		assert_int_equal(line, rows[i].line);
	}
	arena_release(&arena);
}

static void delays_and_sitemaps_are_told(void **state)
{
	static const struct {
		const char *file;
		int64_t delay_ms;
		size_t n_sitemaps;
	} rows[] = {
		{"User-agent: *\nCrawl-delay: 10", 10000, 0},
		{"User-agent: *\nCrawl-delay: 0.25", 250, 0},
		{"User-agent: *\nCrawl-delay: 999999999999999999999", 3600000, 0},
		{"User-agent: *\nCrawl-delay: soon", -1, 0},
		{"User-agent: other\nCrawl-delay: 10", -1, 0},
		{"Sitemap: https://h/a.xml\nUser-agent: other\nsitemap: "
		 "https://h/b.xml\nSitemap:",
			-1, 2},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct robots robots;

		assert_int_equal(
			robots_read(&robots, &arena, span_str(rows[i].file), SPAN("vigie")), 0);
		assert_int_equal(robots.delay_ms, rows[i].delay_ms);
		assert_int_equal(robots.n_sitemaps, rows[i].n_sitemaps);
		if (robots.n_sitemaps)
			assert_true(span_eq_str(robots.sitemaps[0], "https://h/a.xml"));
	}
	arena_release(&arena);
}

static void a_status_means_something(void **state)
{
	static const struct {
		int status;
		enum robots_fetch meaning;
	} rows[] = {
		{200, ROBOTS_READ},
		{404, ROBOTS_ALL},
		{403, ROBOTS_ALL},
		{301, ROBOTS_ALL},
		{429, ROBOTS_NOTHING},
		{500, ROBOTS_NOTHING},
		{503, ROBOTS_NOTHING},
		{0, ROBOTS_NOTHING},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(robots_status(rows[i].status), rows[i].meaning);
}

/* Half a megabyte of the worst patterns; a bound on work, not on time. */
static void hostile_rules_cost_little(void **state)
{
	struct arena arena = {0};
	struct robots robots;
	struct buf file = {0}, path = {0};
	unsigned line;

	(void)state;
	buf_add_str(&file, "User-agent: *\n");
	while (file.n < 600 * 1024)
		buf_add_str(&file, "Disallow: /*a*a*a*a*a*a*a*a*a*a*a*ab$\n");
	buf_add_char(&path, '/');
	while (path.n < 4096)
		buf_add_char(&path, 'a');
	assert_int_equal(robots_read(&robots, &arena, buf_span(&file), SPAN("vigie")), 0);
	assert_in_range(robots.n_rules, 10000, 20000);
	assert_true(robots_allows(&line, &robots, &arena, buf_span(&path)));
	buf_deinit(&file);
	buf_deinit(&path);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_and_a_path_make_an_answer),
		cmocka_unit_test(the_line_that_decided_is_told),
		cmocka_unit_test(delays_and_sitemaps_are_told),
		cmocka_unit_test(a_status_means_something),
		cmocka_unit_test(hostile_rules_cost_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
