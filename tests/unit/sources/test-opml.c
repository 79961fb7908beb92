/* opml: lists of subscriptions. */

#include "fixture.h"

#include "sources/opml.h"

static void reads_folders_and_feeds(void **state)
{
	static const char body[] =
		"<?xml version='1.0' encoding='iso-8859-1'?><opml version='2.0'><head>"
		"<title>Mes fl\xFCx</title></head><body>"
		"<outline text='Presse'><outline text='Nationale' title='Presse nationale'>"
		"<outline type='rss' text='ignored' title='Le Journal &amp;amp; Co' "
		"xmlUrl=' http://journal.example/rss?a=1&amp;b=2 ' "
		"htmlUrl='http://journal.example/' "
		"language='fr'/></outline></outline>"
		"<outline XMLURL='http://b.example/feed' text='B'>"
		"<outline text='C' xmlUrl='http://c.example/feed'/></outline>"
		"<outline text='D' xmlUrl='http://d.example/?a&b' />"
		"<outline text='empty'/></body></opml>";
	struct arena arena = {0};
	struct opml_list list = {0};

	(void)state;
	assert_int_equal(opml_read(&list, &arena, span_str(body)), 0);
	assert_span(list.title, "Mes flüx");
	assert_int_equal(list.n, 4);
	assert_span(list.entries[0].title, "Le Journal & Co");
	assert_span(list.entries[0].xml_url, "http://journal.example/rss?a=1&b=2");
	assert_span(list.entries[0].html_url, "http://journal.example/");
	assert_span(list.entries[0].type, "rss");
	assert_span(list.entries[0].language, "fr");
	assert_int_equal(list.entries[0].n_category, 2);
	assert_span(list.entries[0].category[0], "Presse");
	assert_span(list.entries[0].category[1], "Presse nationale");
	assert_span(list.entries[1].xml_url, "http://b.example/feed");
	assert_int_equal(list.entries[1].n_category, 0);
	assert_span(list.entries[2].title, "C");
	assert_int_equal(list.entries[2].n_category, 0);
	assert_span(list.entries[3].xml_url, "http://d.example/?a&b");
	arena_release(&arena);
}

static void other_documents_are_none(void **state)
{
	struct arena arena = {0};
	struct opml_list list = {0};

	(void)state;
	assert_int_equal(opml_read(&list, &arena, SPAN("<rss/>")), OPML_NOT_OPML);
	assert_int_equal(opml_read(&list, &arena, SPAN("")), OPML_NOT_OPML);
	assert_int_equal(
		opml_read(&list, &arena, SPAN("<outline xmlUrl='x'/>")), OPML_NOT_OPML);
	assert_int_equal(opml_read(&list, &arena, SPAN("<opml><body>")), 0);
	assert_int_equal(list.n, 0);
	arena_release(&arena);
}

static void many_entries_in_little_time(void **state)
{
	struct arena arena = {0};
	struct opml_list list = {0};
	struct buf body = {0};

	(void)state;
	buf_add_str(&body, "<opml><body>");
	for (int i = 0; i < 100000; i++)
		buf_addf(&body, "<outline text='%d' xmlUrl='http://example.org/%d'>", i, i);
	assert_int_equal(opml_read(&list, &arena, buf_span(&body)), 0);
	assert_int_equal(list.n, 100000);
	assert_span(list.entries[99999].xml_url, "http://example.org/99999");
	buf_deinit(&body);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_folders_and_feeds),
		cmocka_unit_test(other_documents_are_none),
		cmocka_unit_test(many_entries_in_little_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
