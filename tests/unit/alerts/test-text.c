/* text: what is cleaned, and where a text that is too long is cut. */

#include "fixture.h"

#include "text.h"
#include "vigie/utf8.h"

static size_t escape_angle(char out[TEXT_ESCAPE_MAX], const struct text_point *p)
{
	return p->c == '<' ? text_put(out, "&lt;") : utf8_encode(out, p->c);
}

static void headings_are_one_visible_line(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"plain", "plain"},
		{"  a \t b\r\nc  ", "a b c"},
		{"evil\r\nBcc: x@y", "evil Bcc: x@y"},
		{"bell\x07"
		 "esc\x1b[2J",
			"bell esc [2J"},
		{"pay \u202Efdp.exe\u202C now", "pay fdp.exe now"},
		{"a\u2066b\u2069c\u200Ed", "abcd"},
		{"zero\u200Bwidth\u200Djoin\uFEFFed\u2060!", "zerowidthjoined!"},
		{"soft\u00ADhyphen", "softhyphen"},
		{"tag\U000E0041s", "tags"},
		{"line\u2028par\u2029end", "line par end"},
		{"nbsp\u00A0stays", "nbsp\u00A0stays"},
		{"heart \u2764\uFE0F", "heart \u2764\uFE0F"},
		{"\u200B \u200B", ""},
		{"", ""},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(text_heading(&arena, span_str(rows[i].in)).p, rows[i].out);
	arena_release(&arena);
}

static void a_line_keeps_joiners_but_no_bidi_controls(void **state)
{
	const struct marked in = {
		.text = SPAN("\u0645\u06CC\u200C\u062E \U0001F469\u200D\U0001F4BB \u202Ex")};
	struct arena arena = {0};
	struct marked out;

	(void)state;
	assert_int_equal(text_clean(&out, &arena, &in, TEXT_LINE), 0);
	assert_string_equal(
		out.text.p, "\u0645\u06CC\u200C\u062E \U0001F469\u200D\U0001F4BB x");
	arena_release(&arena);
}

static void marks_move_with_the_text(void **state)
{
	/* "  a  BB \u202e CC d": marks on BB and CC, and on what is dropped between them. */
	const struct mark marks[] = {{5, 7}, {8, 11}, {12, 14}};
	const struct marked in = {SPAN("  a  BB \u202E CC d"), marks, 3};
	struct arena arena = {0};
	struct marked out;

	(void)state;
	assert_int_equal(text_clean(&out, &arena, &in, TEXT_HEADING), 0);
	assert_string_equal(out.text.p, "a BB CC d");
	assert_int_equal(out.n_marks, 2);
	assert_int_equal(out.marks[0].start, 2);
	assert_int_equal(out.marks[0].end, 4);
	assert_int_equal(out.marks[1].start, 5);
	assert_int_equal(out.marks[1].end, 7);
	arena_release(&arena);
}

static void limits_count_what_is_written(void **state)
{
	static const struct {
		const char *in;
		size_t limit;
		const char *out;
	} rows[] = {
		{"abc", 3, "abc"},
		{"abcd", 3, "ab\u2026"},
		{"a<b", 6, "a&lt;b"},
		{"a<b", 5, "a\u2026"}, /* never "a&lt" */
		{"a<bc", 6, "a&lt;\u2026"},
		{"\u20AC\u20AC\u20AC", 2, "\u20AC\u2026"},
		{"x\U0001F600y", 4, "x\U0001F600y"}, /* two UTF-16 units */
		{"x\U0001F600y", 3, "x\u2026"},
		{"one two three", 9, "one two\u2026"},  /* a word's end is near */
		{"e\u0301e\u0301", 3, "e\u0301\u2026"}, /* accents stay on their letters */
		{"a\U0001F469\u200D\U0001F4BBb", 5, "a\u2026"}, /* half a picture is none */
		{"\U0001F1EB\U0001F1F7x", 4, "\u2026"},
		{"abc", 0, ""},
		{"", 5, ""},
	};
	const struct text_style style = {.escape = escape_angle};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf out = {0};
		const size_t used =
			text_write_span(&out, span_str(rows[i].in), &style, rows[i].limit);

		assert_string_equal(out.p ? out.p : "", rows[i].out);
		assert_int_equal(used, text_units(buf_span(&out), TEXT_UTF16));
		assert_true(used <= rows[i].limit);
		buf_deinit(&out);
	}
}

static void bytes_can_be_the_unit(void **state)
{
	const struct text_style style = {.escape = text_escape_none, .unit = TEXT_BYTES};
	struct buf out = {0};

	(void)state;
	assert_int_equal(text_write_span(&out, SPAN("\u00E9\u00E9\u00E9"), &style, 5), 5);
	assert_string_equal(out.p, "\u00E9\u2026");
	buf_deinit(&out);
}

static void marks_open_and_close_within_the_limit(void **state)
{
	static const struct {
		size_t limit;
		const char *out;
	} rows[] = {
		{100, "the <b>big</b> &lt; one"},
		{23, "the <b>big</b> &lt; one"},
		{22, "the <b>big</b> &lt;\u2026"},
		{15, "the <b>big</b>\u2026"},
		{14, "the\u2026"},
		{5, "the\u2026"},
	};
	const struct text_style style = {escape_angle, "<b>", "</b>", false, TEXT_UTF16};
	const struct mark mark = {4, 7};
	const struct marked text = {SPAN("the big < one"), &mark, 1};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf out = {0};

		assert_true(text_write(&out, &text, &style, rows[i].limit) <= rows[i].limit);
		assert_string_equal(out.p, rows[i].out);
		buf_deinit(&out);
	}
}

static void marks_inside_a_word_get_an_edge(void **state)
{
	const struct text_style style = {text_escape_none, "*", "*", true, TEXT_UTF16};
	const struct mark marks[] = {{2, 6}, {9, 13}};
	const struct marked text = {SPAN("MyAcmeCo Acme!"), marks, 2};
	struct buf out = {0};

	(void)state;
	(void)text_write(&out, &text, &style, 100);
	assert_string_equal(out.p, "My\u200B*Acme*\u200BCo *Acme*!");
	buf_deinit(&out);
}

static void patterns_are_filled_once(void **state)
{
	const struct span parts[] = {SPAN("{}"), SPAN("b")};
	struct buf out = {0};

	(void)state;
	text_fill(&out, "<{}> and <{}> and <{}>", parts, 2);
	assert_string_equal(out.p, "<{}> and <b> and <>");
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headings_are_one_visible_line),
		cmocka_unit_test(a_line_keeps_joiners_but_no_bidi_controls),
		cmocka_unit_test(marks_move_with_the_text),
		cmocka_unit_test(limits_count_what_is_written),
		cmocka_unit_test(bytes_can_be_the_unit),
		cmocka_unit_test(marks_open_and_close_within_the_limit),
		cmocka_unit_test(marks_inside_a_word_get_an_edge),
		cmocka_unit_test(patterns_are_filled_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
