/* discover: the feeds a page names. */

#include "fixture.h"

#include "sources/discover.h"

static void links_of_a_page(void **state)
{
	static const struct {
		const char *page, *url, *title; /* NULL: none found */
	} rows[] = {
		{"<link rel=alternate type='application/rss+xml' href='/rss' title='Le &amp; "
		 "fil'>",
			"http://example.org/rss", "Le & fil"},
		{"<LINK REL='Alternate' TYPE='application/atom+xml; charset=utf-8' "
		 "HREF=atom.xml>",
			"http://example.org/blog/atom.xml", NULL},
		{"<link rel='feed' href='x'>", "http://example.org/blog/x", NULL},
		{"<base href='http://other.example/a/'><link rel=alternate "
		 "type=application/feed+json "
		 "href=f.json>",
			"http://other.example/a/f.json", NULL},
		{"<link rel=alternate type=application/json href=/feed.json>",
			"http://example.org/feed.json", NULL},
		{"<link rel=alternate type=application/json href=/wp-json/wp/v2/feeds>", NULL,
			NULL},
		{"<link rel=alternate type=text/xml title=RSS href=/x>", "http://example.org/x",
			NULL},
		{"<link rel='alternate stylesheet' type='text/css' href=x>", NULL, NULL},
		{"<link rel=alternate hreflang=en href=/en>", NULL, NULL},
		{"<link rel=alternate type=application/rss+xml>", NULL, NULL},
		{"<link rel=alternate type=application/rss+xml href='javascript:x'>", NULL,
			NULL},
		{"<!-- <link rel=alternate type=application/rss+xml href=/no> -->", NULL, NULL},
		{"<script>'<link rel=alternate type=application/rss+xml href=/no>'</script>",
			NULL, NULL},
		{"no page at all", NULL, NULL},
	};
	const struct discover_options options = {.base = SPAN("http://example.org/blog/")};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena arena = {0};
		struct discovered_list list = {0};

		assert_int_equal(
			discover_feeds(&list, &arena, &options, span_str(rows[i].page)), 0);
		assert_int_equal(list.n, rows[i].url != NULL);
		if (list.n) {
			assert_span(list.items[0].url, rows[i].url);
			if (rows[i].title)
				assert_span(list.items[0].title, rows[i].title);
			assert_false(list.items[0].guess);
		}
		arena_release(&arena);
	}
}

static void links_of_the_header_and_each_once(void **state)
{
	const struct header headers[] = {
		{SPAN("Link"), SPAN("</a>; rel=\"preload\", </rss>; rel=\"alternate\"; "
				    "title=\"a, b\"; "
				    "type=\"application/rss+xml\"")},
		{SPAN("link"), SPAN("<http://example.org/rss>; type=application/rss+xml; "
				    "rel=alternate")},
	};
	const struct discover_options options = {
		.base = SPAN("http://example.org/blog/"), .headers = headers, .n_headers = 2};
	struct arena arena = {0};
	struct discovered_list list = {0};

	(void)state;
	assert_int_equal(
		discover_feeds(&list, &arena, &options,
			SPAN("<link rel=alternate type=application/rss+xml href=/rss>")),
		0);
	assert_int_equal(list.n, 1);
	assert_span(list.items[0].url, "http://example.org/rss");
	assert_span(list.items[0].title, "a, b");
	assert_span(list.items[0].type, "application/rss+xml");
	arena_release(&arena);
}

static void guesses_are_marked(void **state)
{
	const struct discover_options options = {
		.base = SPAN("http://example.org/blog/post"), .guesses = true};
	struct arena arena = {0};
	struct discovered_list list = {0};

	(void)state;
	assert_int_equal(discover_feeds(&list, &arena, &options, SPAN("<p>x")), 0);
	assert_true(list.n > 3);
	for (size_t i = 0; i < list.n; i++)
		assert_true(list.items[i].guess);
	assert_span(list.items[0].url, "http://example.org/feed");
	arena_release(&arena);
}

static void links_in_the_text_are_second_best(void **state)
{
	static const char anchors[] =
		"<a href='/about'>what is rss?</a><a href='/feed/cows'>moo</a>"
		"<a href='/feed.xml'>subscribe</a><a href='/news'><b>RSS</b></a><a "
		"href=x.atom>x</a>";
	const struct discover_options options = {.base = SPAN("http://example.org/")};
	struct arena arena = {0};
	struct discovered_list list = {0};
	struct buf page = {0};

	(void)state;
	assert_int_equal(discover_feeds(&list, &arena, &options, span_str(anchors)), 0);
	assert_int_equal(list.n, 3);
	assert_span(list.items[0].url, "http://example.org/feed.xml");
	assert_span(list.items[1].url, "http://example.org/news");
	assert_span(list.items[2].url, "http://example.org/x.atom");
	assert_true(list.items[2].guess);
	buf_addf(&page, "<link rel=alternate type=application/rss+xml href=/r>%s", anchors);
	assert_int_equal(discover_feeds(&list, &arena, &options, buf_span(&page)), 0);
	assert_int_equal(list.n, 1);
	buf_deinit(&page);
	arena_release(&arena);
}

static void a_feed_is_its_own(void **state)
{
	const struct discover_options options = {.base = SPAN("http://example.org/f")};
	struct arena arena = {0};
	struct discovered_list list = {0};

	(void)state;
	assert_int_equal(discover_feeds(&list, &arena, &options,
				 SPAN("<rss><channel><title>T</title></channel></rss>")),
		0);
	assert_int_equal(list.n, 1);
	assert_span(list.items[0].url, "http://example.org/f");
	assert_span(list.items[0].title, "T");
	assert_span(list.items[0].type, "application/rss+xml");
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_of_a_page),
		cmocka_unit_test(links_of_the_header_and_each_once),
		cmocka_unit_test(guesses_are_marked),
		cmocka_unit_test(links_in_the_text_are_second_best),
		cmocka_unit_test(a_feed_is_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
