/* printer: a mention for a person at a terminal. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "printer.h"
#include "vigie/span.h"

static char *printed(const struct hit *hit, bool colour)
{
	const struct printer_style style = {.colour = colour};
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);

	assert_non_null(to);
	printer_hit(to, &style, hit);
	(void)fclose(to);
	return text;
}

static struct hit a_hit(
	const char *title, const char *text, const struct match *matches, size_t n)
{
	struct hit hit = {.item = item_empty(), .matches = matches, .n_matches = n};

	hit.source = SPAN("paper");
	hit.fetched = wall_from_civil(2026, 11, 20, 8, 15, 0);
	hit.item.title = span_str(title);
	hit.item.text = span_str(text);
	hit.item.url = SPAN("https://paper.example/1");
	return hit;
}

static void matched_words_are_marked_once_though_rules_overlap(void **state)
{
	const struct match_span first[] = {{FIELD_TITLE, 0, 4}, {FIELD_TEXT, 4, 8}};
	const struct match_span second[] = {{FIELD_TITLE, 0, 10}};
	const struct match matches[] = {
		{.rule = SPAN("acme"), .spans = first, .n_spans = 2},
		{.rule = SPAN("acme-corp"), .spans = second, .n_spans = 1},
	};
	const struct hit hit = a_hit("Acme Corp. opens", "The Acme of it", matches, 2);
	char *text = printed(&hit, false);

	(void)state;
	assert_string_equal(text, "2026-11-20 08:15 paper · acme, acme-corp\n"
				  "  [Acme Corp.] opens\n"
				  "  The [Acme] of it\n"
				  "  https://paper.example/1\n\n");
	free(text);
}

static void nothing_from_outside_moves_the_cursor_or_turns_the_text(void **state)
{
	const struct match matches[] = {{.rule = SPAN("acme")}};
	const struct hit hit = a_hit("a\033[2Jb\rc\xC2\x9B"
				     "d\xE2\x80\xAE"
				     "e\nf",
		"x\xFFy", matches, 1);
	char *text = printed(&hit, true);

	(void)state;
	assert_null(strstr(text, "\033[2J"));
	assert_null(strchr(text, '\r'));
	assert_null(strstr(text, "\xC2\x9B"));
	assert_null(strstr(text, "\xE2\x80\xAE"));
	assert_null(strchr(text, '\xFF'));
	assert_non_null(strstr(text, "e f"));
	free(text);
}

static void a_long_text_is_cut_around_the_match_between_code_points(void **state)
{
	char *long_text = malloc(4001);
	struct match_span span = {FIELD_TEXT, 3000, 3004};
	const struct match matches[] = {{.rule = SPAN("acme"), .spans = &span, .n_spans = 1}};
	struct hit hit;
	char *text;

	(void)state;
	assert_non_null(long_text);
	for (size_t i = 0; i < 4000; i += 2)
		memcpy(long_text + i, "\xC3\xA9", 2);
	memcpy(long_text + 3000, "Acme", 4);
	long_text[4000] = '\0';
	hit = a_hit("", long_text, matches, 1);
	text = printed(&hit, false);
	assert_non_null(strstr(text, "[Acme]"));
	assert_null(strstr(text, "\xEF\xBF\xBD")); /* nothing was cut into halves */
	assert_true(strlen(text) < 600);
	free(text);
	free(long_text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matched_words_are_marked_once_though_rules_overlap),
		cmocka_unit_test(nothing_from_outside_moves_the_cursor_or_turns_the_text),
		cmocka_unit_test(a_long_text_is_cut_around_the_match_between_code_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
