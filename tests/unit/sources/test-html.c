/* html: what a person would read of a markup. */

#include "fixture.h"

#include "sources/html.h"

struct row {
	const char *markup, *text;
};

static void check(const struct row *rows, size_t n, unsigned flags)
{
	for (size_t i = 0; i < n; i++) {
		struct buf out = {0};

		html_text(&out, span_str(rows[i].markup), flags, 0);
		assert_false(out.failed);
		if (!span_eq_str(buf_span(&out), rows[i].text))
			fail_msg("\"%s\": \"%.*s\" instead of \"%s\"", rows[i].markup,
				SPAN_ARG(buf_span(&out)), rows[i].text);
		buf_deinit(&out);
	}
}

#define CHECK(rows, flags) check(rows, sizeof(rows) / sizeof(*rows), flags)

static void blocks_are_apart_and_inlines_are_not(void **state)
{
	static const struct row rows[] = {
		{"plain", "plain"},
		{"<p>one</p><p>two</p>", "one\ntwo"},
		{"one<br>two<br/>three", "one\ntwo\nthree"},
		{"in<b>sepa</b>rable", "inseparable"},
		{"<ul><li>a<li>b</ul>c", "a\nb\nc"},
		{"<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>", "a b\nc"},
		{"  much\n\t space \xC2\xA0 here  ", "much space here"},
		{"a<img src=x alt='no'>b", "ab"},
		{"<DIV CLASS=\"a>b\">x</DIV >y", "x\ny"},
		{"a <i>b</i> c", "a b c"},
		{"a<o:p></o:p><custom-tag>b</custom-tag>", "ab"},
	};

	(void)state;
	CHECK(rows, 0);
}

static void references_are_decoded(void **state)
{
	static const struct row rows[] = {
		{"caf&eacute; &amp; th&eacute", "café & thé"},
		{"&lt;b&gt; &#60;i&#62; &#x3C;u&#X3E;", "<b> <i> <u>"},
		{"&#146;&#x80;&#150;", "’€–"},
		{"&nbsp;a&nbsp;&nbsp;b&nbsp;", "a b"},
		{"&copy 2024 &copyright; &notit;", "© 2024 ©right; ¬it;"},
		{"&CounterClockwiseContourIntegral;&nLt;", "∳≪⃒"},
		{"&#0;&#xD800;&#x110000;&#99999999999;", "\uFFFD\uFFFD\uFFFD\uFFFD"},
		{"AT&T; &; &#; &#x; &unknown; &", "AT&T; &; &#; &#x; &unknown; &"},
		{"a&amp;amp;b", "a&amp;b"},
	};

	(void)state;
	CHECK(rows, 0);
}

static void what_is_no_text_is_dropped(void **state)
{
	static const struct row rows[] = {
		{"a<script>if (a<b) x('</p>')</script>b", "ab"},
		{"a<SCRIPT src=x></SCRIPT\n>b", "ab"},
		{"a<style>p{}</style><!-- <p>no</p> -->b", "ab"}, {"a<!-- never closed", "a"},
		{"a<script>never closed", "a"}, {"a<script src='x'/>b", "ab"},
		{"a<!DOCTYPE html><?php echo ?><![if mso]>b<![endif]>", "ab"},
		{"a<!-->b", "ab"}, {"<head><title>T</title></head>b", "T\nb"},
		{"cut <a href=\"http://exam", "cut"},
		{"a</script><script>b</script>c", "abc"}, /* see html.c, read_script() */
	};

	(void)state;
	CHECK(rows, 0);
}

static void what_is_no_markup_stays(void **state)
{
	static const struct row rows[] = {
		{"1 < 2 and 3 > 2", "1 < 2 and 3 > 2"},
		{"I <3 you", "I <3 you"},
		{"A<B", "A<B"},
		{"<", "<"},
		{"<!", "<!"},
		{"</", "</"},
		{"a <!DOCTYPE", "a <!DOCTYPE"},
		{"<!' <a href=x>y</a>", "<!' y"},
		{"<![CDATA[x]]>", "<![CDATA[x]]>"},
		{"<a href=\"never closed>text</a>", "text"},
		{"<a href=x <b>bold</b>", "bold"},
	};

	(void)state;
	CHECK(rows, 0);
}

static void titles_keep_their_angle_brackets(void **state)
{
	static const struct row rows[] = {
		{"Nice <gorilla> what's he weigh?", "Nice <gorilla> what's he weigh?"},
		{"std::vector<T> in <b>C++</b>", "std::vector<T> in C++"},
		{"</example>", "</example>"},
		{"two<br>lines", "two lines"},
	};

	(void)state;
	CHECK(rows, HTML_ONE_LINE | HTML_UNKNOWN_IS_TEXT);
}

static void pages_lose_their_head(void **state)
{
	static const struct row rows[] = {
		{"<html><head><title>T</title><meta x></head><body><p>a</body>", "a"},
		{"<title>T</title><p>a", "a"},
	};

	(void)state;
	CHECK(rows, HTML_DROP_HEAD);
}

static void long_runs_are_copied_whole(void **state)
{
	/* every length and place of what interrupts a run, across the sixteen bytes taken at
	 * once */
	static const char *const marks[] = {
		" ", "  ", "&amp;", "<b>", "é", "\xC2\xA0", "\x7F", " <i>", " &lt;"};
	static const char *const reads[] = {" ", " ", "&", "", "é", " ", " ", " ", " <"};

	(void)state;
	for (size_t m = 0; m < sizeof(marks) / sizeof(*marks); m++)
		for (size_t before = 1; before < 40; before++) {
			char markup[160], text[160];
			struct buf out = {0};

			(void)snprintf(markup, sizeof(markup), "%.*s%s%.*s", (int)before,
				"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
				marks[m], 37, "0123456789 0123456789 0123456789 0123");
			(void)snprintf(text, sizeof(text), "%.*s%s%.*s", (int)before,
				"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
				reads[m], 37, "0123456789 0123456789 0123456789 0123");
			html_to_text(&out, span_str(markup), 0);
			assert_span(buf_span(&out), text);
			buf_deinit(&out);
		}
}

static void text_ends_between_characters(void **state)
{
	struct buf out = {0};

	(void)state;
	html_to_text(&out, SPAN("ééé"), 3);
	assert_span(buf_span(&out), "é");
	buf_clear(&out);
	html_to_text(&out, SPAN("<p>abc</p><p>def</p>"), 5);
	assert_span(buf_span(&out), "abc\nd");
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_apart_and_inlines_are_not),
		cmocka_unit_test(references_are_decoded),
		cmocka_unit_test(what_is_no_text_is_dropped),
		cmocka_unit_test(what_is_no_markup_stays),
		cmocka_unit_test(titles_keep_their_angle_brackets),
		cmocka_unit_test(pages_lose_their_head),
		cmocka_unit_test(long_runs_are_copied_whole),
		cmocka_unit_test(text_ends_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
