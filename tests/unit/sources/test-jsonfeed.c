/* jsonfeed: JSON Feed 1.0 and 1.1, and what is none. */

#include "fixture.h"

static void version_1_1(void **state)
{
	static const char body[] =
		"{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"J\","
		"\"home_page_url\":\"https://example.org/\",\"feed_url\":\"https://example.org/"
		"f.json\","
		"\"language\":\"en-GB\",\"authors\":[{\"name\":\"Ann\",\"url\":\"/ann\"}],"
		"\"hubs\":[{\"type\":\"WebSub\",\"url\":\"https://hub.example/\"}],"
		"\"unknown\":{\"items\":[{\"id\":\"no\"}]},"
		"\"items\":[{\"id\":12345678901234567890,\"url\":\"/1\",\"title\":\"T &amp; "
		"t\","
		"\"content_html\":\"<p>a</p><p>b</"
		"p>\",\"content_text\":\"ab\",\"summary\":\"s\","
		"\"date_published\":\"2024-03-05T08:30:00+01:00\",\"date_modified\":\"2024-03-"
		"06\","
		"\"tags\":[\"x\",\"y\",7],\"attachments\":[{\"url\":\"/"
		"a.mp3\"}],\"language\":\"fr\","
		"\"authors\":[{\"name\":\"Bob\"},{\"name\":\"Cleo\"}]},"
		"{\"id\":\"2\",\"external_url\":\"https://other.example/"
		"\",\"content_text\":\"<b> & c\"}]}";
	const struct read_options options = {.base = SPAN("https://example.org/f.json")};
	struct reading r = reading_of(span_str(body), &options);
	const struct item *item = r.items.items;

	(void)state;
	assert_int_equal(r.r, 0);
	assert_int_equal(r.result.format, READ_FORMAT_JSON);
	assert_span(r.result.feed.title, "J");
	assert_span(r.result.hints.hub, "https://hub.example/");
	assert_span(r.result.hints.self, "https://example.org/f.json");
	assert_int_equal(r.items.n, 2);
	assert_span(item[0].id, "12345678901234567890");
	assert_true(item[0].id_is_own);
	assert_span(item[0].url, "https://example.org/1");
	assert_span(item[0].title, "T &amp; t"); /* JSON Feed's title is plain text */
	assert_span(item[0].text, "a\nb");
	assert_time(item[0].published, "2024-03-05T07:30:00Z");
	assert_time(item[0].updated, "2024-03-06T00:00:00Z");
	assert_int_equal(item[0].n_tags, 3);
	assert_span(item[0].tags[2], "7");
	assert_span(item[0].media[0], "https://example.org/a.mp3");
	assert_span(item[0].lang, "fr");
	assert_span(item[0].author.name, "Bob, Cleo");
	assert_span(item[1].url, "https://other.example/");
	assert_span(item[1].text, "<b> & c");
	assert_span(item[1].author.name, "Ann");
	assert_span(item[1].author.url, "https://example.org/ann");
	assert_span(item[1].lang, "en-GB");
	reading_done(&r);
}

static void version_1_0_and_oddities(void **state)
{
	static const struct {
		const char *item, *author, *text;
	} rows[] = {
		{"\"author\":{\"name\":\"Ann\"},\"content_text\":\"a\\nb\"", "Ann", "a\nb"},
		{"\"authors\":{\"name\":\"Ann\"},\"summary\":\"s\"", "Ann", "s"},
		{"\"author\":[{\"name\":\"Ann\"}],\"content_html\":\"\",\"content_text\":\"t\"",
			"Ann", "t"},
		{"\"authors\":[\"Ann\"],\"content_html\":null,\"content_text\":\"t\"", "Ann",
			"t"},
		{"\"content_text\":\"\\ud83d\\ude00 \\udead \\q\"", NULL, "😀 \uFFFD q"},
		{"\"content_text\":7,\"summary\":\"s\"", NULL, "s"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf body = {0};
		struct reading r;

		buf_addf(&body,
			"{\"items\":[{\"id\":\"1\",%s}],\"version\":\"https://jsonfeed.org/"
			"version/1\"}",
			rows[i].item);
		r = reading_of(buf_span(&body), NULL);
		assert_int_equal(r.r, 0);
		assert_int_equal(r.items.n, 1);
		assert_span(r.items.items[0].author.name, rows[i].author);
		assert_span(r.items.items[0].text, rows[i].text);
		reading_done(&r);
		buf_deinit(&body);
	}
}

static void other_json_is_no_feed(void **state)
{
	static const char *const bodies[] = {"{\"error\":\"not found\"}", "[1,2,3]", "{}", "{",
		"{\"items\":[{\"id\":\"1\",\"content_text\":\"x\"}]}", "\"text\"", "[[[[[["};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		struct reading r = reading_of(span_str(bodies[i]), NULL);

		assert_int_equal(r.r, READ_NOT_A_FEED);
		assert_int_equal(r.items.n, 0);
		reading_done(&r);
	}
}

static void a_cut_feed_gives_its_whole_items(void **state)
{
	static const char body[] =
		"{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":["
		"{\"id\":\"1\",\"content_text\":\"one\"},{\"id\":\"2\",\"content_text\":\"tw";
	const struct read_options options = {.end = DOCUMENT_TRUNCATED};
	struct reading r = reading_of(span_str(body), &options);

	(void)state;
	assert_int_equal(r.r, 0);
	assert_true(r.result.cut);
	assert_int_equal(r.items.n, 1);
	assert_span(r.items.items[0].text, "one");
	reading_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_1_1),
		cmocka_unit_test(version_1_0_and_oddities),
		cmocka_unit_test(other_json_is_no_feed),
		cmocka_unit_test(a_cut_feed_gives_its_whole_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
