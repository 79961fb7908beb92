/* excerpt: the part of a text worth showing. */

#include "fixture.h"

#include "excerpt.h"
#include "vigie/utf8.h"

/* Writes [marks] so that rows can be read. */
static void check(
	const char *text, const struct mark *marks, size_t n, size_t points, const char *want)
{
	const struct text_style style = {text_escape_none, "[", "]", false, TEXT_UTF16};
	const struct marked in = {span_str(text), marks, n};
	struct arena arena = {0};
	struct buf out = {0};
	struct marked got;

	assert_int_equal(excerpt_make(&got, &arena, &in, points), 0);
	(void)text_write(&out, &got, &style, 10000);
	assert_string_equal(out.p ? out.p : "", want);
	assert_true(utf8_length(got.text) <= points + 2);
	buf_deinit(&out);
	arena_release(&arena);
}

static void short_texts_are_whole(void **state)
{
	const struct mark m = {4, 8};

	(void)state;
	check("the Acme\nshop", &m, 1, 40, "the [Acme] shop");
	check("nothing marked", NULL, 0, 40, "nothing marked");
	check("", NULL, 0, 40, "");
}

static void long_texts_are_cut_around_the_marks(void **state)
{
	const char *text =
		"aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj kkkk llll mmmm nnnn";
	const struct mark late = {45, 49};                      /* jjjj */
	const struct mark two[] = {{0, 4}, {45, 49}, {50, 54}}; /* aaaa, jjjj, kkkk */

	(void)state;
	check(text, NULL, 0, 20, "aaaa bbbb cccc dddd\u2026");
	check(text, &late, 1, 20, "\u2026iiii [jjjj] kkkk llll\u2026");
	/* Where most marks are seen at once. */
	check(text, two, 3, 20, "\u2026iiii [jjjj] [kkkk] llll\u2026");
}

static void a_match_longer_than_the_excerpt_is_cut(void **state)
{
	struct arena arena = {0};
	const struct span text = repeat(&arena, "x", 100);
	const struct mark all = {0, 100};

	(void)state;
	check(text.p, &all, 1, 10, "[xxxxxxxxxx]\u2026");
	arena_release(&arena);
}

static void scripts_without_spaces_are_cut_between_characters(void **state)
{
	struct arena arena = {0};
	const struct span text = repeat(&arena, "\u65E5", 50);
	const struct mark m = {75, 78};

	(void)state;
	check(text.p, &m, 1, 8,
		"\u2026\u65E5\u65E5[\u65E5]\u65E5\u65E5\u65E5\u65E5\u65E5\u2026");
	arena_release(&arena);
}

static void spans_of_all_rules_are_united(void **state)
{
	const struct match_span a[] = {{FIELD_TEXT, 4, 9}, {FIELD_TITLE, 0, 3}};
	const struct match_span b[] = {{FIELD_TEXT, 0, 2}, {FIELD_TEXT, 7, 12},
		{FIELD_TEXT, 14, 900}, {FIELD_TEXT, 900, 950}};
	const struct match matches[] = {{.spans = a, .n_spans = 2}, {.spans = b, .n_spans = 4}};
	const struct hit hit = {.matches = matches, .n_matches = 2};
	struct arena arena = {0};
	struct marked got;

	(void)state;
	/* The last code point is two bytes: a span that ends inside is widened. */
	assert_int_equal(
		excerpt_marks(&got, &arena, &hit, FIELD_TEXT, SPAN("0123456789abcde\u00E9")),
		0);
	assert_int_equal(got.n_marks, 3);
	assert_int_equal(got.marks[0].start, 0);
	assert_int_equal(got.marks[1].start, 4);
	assert_int_equal(got.marks[1].end, 12);
	assert_int_equal(got.marks[2].start, 14);
	assert_int_equal(got.marks[2].end, 17);
	arena_release(&arena);
}

static void the_author_is_name_and_handle(void **state)
{
	struct item item = item_empty();
	struct arena arena = {0};

	(void)state;
	assert_string_equal(excerpt_field(&arena, &item, FIELD_AUTHOR).p, "");
	item.author.name = SPAN("Jeanne");
	assert_string_equal(excerpt_field(&arena, &item, FIELD_AUTHOR).p, "Jeanne");
	item.author.handle = SPAN("@j");
	assert_string_equal(excerpt_field(&arena, &item, FIELD_AUTHOR).p, "Jeanne @j");
	item.author.name = SPAN_NONE;
	assert_string_equal(excerpt_field(&arena, &item, FIELD_AUTHOR).p, "@j");
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_texts_are_whole),
		cmocka_unit_test(long_texts_are_cut_around_the_marks),
		cmocka_unit_test(a_match_longer_than_the_excerpt_is_cut),
		cmocka_unit_test(scripts_without_spaces_are_cut_between_characters),
		cmocka_unit_test(spans_of_all_rules_are_united),
		cmocka_unit_test(the_author_is_name_and_handle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
