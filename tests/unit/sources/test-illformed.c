/* illformed: feeds that a strict parser refuses, and documents that come in pieces or in part.
 */

#include "fixture.h"

#include <string.h>

#include "vigie/utf8.h"

static void repairs(void **state)
{
	static const struct {
		const char *item, *title, *text;
	} rows[] = {
		{"<title>Fish & Chips</title>", "Fish & Chips", NULL},
		{"<title>caf&eacute; &hellip;</title>", "café …", NULL},
		{"<title>a\x01"
		 "b</title>",
			"a b", NULL},
		{"<title>a]]>b</title>", "a]]>b", NULL},
		{"<title>t</title><description>one<br>two</description>", "t", "one\ntwo"},
		{"<title>t</title><description><p>one <b>two</p></description>", "t",
			"one two"},
		{"<title>t</title><description>no end", "t", "no end"},
		{"<title>t</titel><description>d</description>", "td", NULL},
		{"<title>t</title><enclosure url=a.mp3 length=1 /><description>d</description>",
			"t", "d"},
		{"<title>t</title></b></i><description>d</description>", "t", "d"},
		{"<title>t</title><media:thumbnail url='x'/><description>d</description>", "t",
			"d"},
		{"<TITLE>t</TITLE><Description>d</DESCRIPTION>", "t", "d"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf body = {0};
		struct reading r;

		buf_addf(&body,
			"<rss><channel><item><guid>1</guid>%s</item><item><guid>2</"
			"guid><title>next</title>"
			"</item></channel></rss>",
			rows[i].item);
		r = reading_of(buf_span(&body), NULL);
		assert_int_equal(r.r, 0);
		assert_int_equal(r.items.n, 2);
		assert_span(r.items.items[0].title, rows[i].title);
		assert_span(r.items.items[0].text, rows[i].text);
		assert_span(r.items.items[1].title, "next");
		reading_done(&r);
		buf_deinit(&body);
	}
}

static void what_stands_around_a_feed(void **state)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{"\n\n <?xml version='1.0'?>", ""},
		{"<br />\n<b>Warning</b>: in <b>feed.php</b><br />\n<?xml version='1.0'?>", ""},
		{"junk & more < junk ", ""},
		{"\xEF\xBB\xBF", ""},
		{"<!-- c --><?xml-stylesheet href='a>b'?><!DOCTYPE rss>", ""},
		{"", "<!-- cached --><script>x</script>"},
		{"", "\0\0\0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf body = {0};
		struct reading r;

		buf_addf(&body,
			"%s<rss><channel><item><title>t</title></item></channel></rss>%s",
			rows[i].before, rows[i].after);
		r = reading_of(buf_span(&body), NULL);
		assert_int_equal(r.r, 0);
		assert_int_equal(r.items.n, 1);
		assert_span(r.items.items[0].title, "t");
		reading_done(&r);
		buf_deinit(&body);
	}
}

static void what_is_no_feed(void **state)
{
	static const char *const bodies[] = {"", " ", "404 page not found",
		"<!DOCTYPE html><html><body><p>x</p></body></html>",
		"<html><head><title>rss</title></head><rss><channel/></rss></html>",
		"<opml><body><outline xmlUrl='x'/></body></opml>", "<", "&", "\0",
		"<?xml version='1.0'?>"};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		struct reading r = reading_of(span_str(bodies[i]), NULL);

		assert_int_equal(r.r, READ_NOT_A_FEED);
		assert_int_equal(r.items.n, 0);
		reading_done(&r);
	}
}

static const char sample[] =
	"<?xml version='1.0' encoding='utf-8'?><!DOCTYPE rss [<!ENTITY x 'é'>]>"
	"<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>"
	"<title>Canal 😀</title><link>http://example.org/</link><!-- a > b -->"
	"<item><guid>1</guid><title>un &amp; &x; "
	"d&eacute;ux</title><dc:creator>Zoé</dc:creator>"
	"<description><![CDATA[<p>été</p><p>l'<b>hiver</b></p>]]></description></item>"
	"<item><guid>2</guid><title>trois</title><link>http://example.org/2</link>"
	"<description>&lt;p&gt;quatre&lt;/p&gt;&lt;p&gt;cinq&lt;/p&gt;</description></item>"
	"</channel></rss>";

static void assert_same(const struct item *a, const struct item *b)
{
	assert_true(span_eq(a->id, b->id));
	assert_true(span_eq(a->url, b->url));
	assert_true(span_eq(a->title, b->title));
	assert_true(span_eq(a->text, b->text));
	assert_true(span_eq(a->author.name, b->author.name));
	assert_true(span_eq(a->feed.title, b->feed.title));
}

/* In two pieces, cut anywhere, and byte by byte: always the same. */
static void pieces_make_no_difference(void **state)
{
	struct reading whole = reading_of(span_str(sample), NULL);
	const struct span body = span_str(sample);
	/* so long that the encoding is settled before the cut */
	struct buf padded = {0};

	(void)state;
	assert_int_equal(whole.items.n, 2);
	assert_span(whole.items.items[0].title, "un & é déux");
	assert_span(whole.items.items[0].text, "été\nl'hiver");
	buf_add_str(&padded, "<!-- ");
	while (padded.n < 1100)
		buf_add_char(&padded, 'x');
	buf_add_str(&padded, " -->");
	for (size_t cut = 0; cut <= body.n; cut++) {
		struct reader *reader = NULL;
		struct reading r = {0};

		assert_int_equal(reader_new(&reader, &r.arena, NULL), 0);
		assert_true(reader_push(reader, buf_span(&padded)) >= 0);
		if (cut == body.n) {
			for (size_t i = 0; i < body.n; i++)
				assert_true(
					reader_push(reader, span_slice(body, i, i + 1)) >= 0);
		} else {
			assert_true(reader_push(reader, span_slice(body, 0, cut)) >= 0);
			assert_true(reader_push(reader, span_slice(body, cut, body.n)) >= 0);
		}
		assert_int_equal(reader_finish(reader, &r.items, &r.result), 0);
		reader_free(reader);
		assert_int_equal(r.items.n, 2);
		assert_same(&r.items.items[0], &whole.items.items[0]);
		assert_same(&r.items.items[1], &whole.items.items[1]);
		reading_done(&r);
	}
	buf_deinit(&padded);
	reading_done(&whole);
}

/* Cut anywhere: what is complete is there, what is half never is, and all text is sound. */
static void a_truncated_feed_gives_its_whole_items(void **state)
{
	const struct read_options options = {.end = DOCUMENT_TRUNCATED};
	const char *first = strstr(sample, "</item>"), *second = strstr(first + 1, "</item>");

	(void)state;
	for (size_t n = 0; n < sizeof(sample) - 1; n++) {
		struct reading r = reading_of(span_of(sample, n), &options);
		/* the ">" of an end tag may be missing */
		const size_t want = (n >= (size_t)(first - sample) + 6) +
				    (n >= (size_t)(second - sample) + 6);

		assert_int_equal(r.items.n, want);
		if (r.r == 0)
			assert_true(r.result.cut);
		for (size_t i = 0; i < r.items.n; i++)
			assert_true(utf8_valid(r.items.items[i].text));
		reading_done(&r);
	}
}

/* The sender says this is all: then a half item that has a name and a text is all there is. */
static void a_feed_that_just_ends_keeps_its_last_item(void **state)
{
	static const char body[] =
		"<rss><channel><item><guid>1</guid><title>one</title></item>"
		"<item><guid>2</guid><title>two</title><description>cut in the mid";
	struct reading r = reading_of(span_str(body), NULL);

	(void)state;
	assert_int_equal(r.items.n, 2);
	assert_true(r.result.cut);
	assert_span(r.items.items[1].title, "two");
	assert_span(r.items.items[1].text, NULL);
	reading_done(&r);
}

static void missing_item_ends_are_guessed(void **state)
{
	static const char body[] =
		"<rss><channel><item><guid>1</guid><title>one</title>"
		"<item><guid>2</guid><description>two<item><guid>3</guid></channel></rss>";
	struct reading r = reading_of(span_str(body), NULL);

	(void)state;
	assert_int_equal(r.items.n, 3);
	assert_span(r.items.items[1].text, "two");
	assert_span(r.items.items[2].id, "3");
	reading_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repairs),
		cmocka_unit_test(what_stands_around_a_feed),
		cmocka_unit_test(what_is_no_feed),
		cmocka_unit_test(pieces_make_no_difference),
		cmocka_unit_test(a_truncated_feed_gives_its_whole_items),
		cmocka_unit_test(a_feed_that_just_ends_keeps_its_last_item),
		cmocka_unit_test(missing_item_ends_are_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
