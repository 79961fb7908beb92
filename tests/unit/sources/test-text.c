/* text: plain text tidied, and mended where its encoding went wrong before it reached us. */

#include "fixture.h"

#include "sources/text.h"

static void mends_what_was_read_wrong(void **state)
{
	static const struct {
		const char *broken, *mended;
	} rows[] = {
		{"don\xC2\x92"
		 "t",
			"don’t"},
		{"3 \xC2\x80", "3 €"},
		{"\xC3\xA2\xC2\x80\xC2\xA6", "…"},            /* encoded twice */
		{"\xC3\x83\xC2\xA9t\xC3\x83\xC2\x89", "étÉ"}, /* too */
		{"\xC3\xA2\xC2\x80\xC2\xA6 €",
			"â€¦ €"}, /* not: something beyond Latin-1 is there */
		{"undefined \xC2\x81 here", "undefined  here"},
		{"été", "été"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf b = {0};

		buf_add_str(&b, rows[i].broken);
		text_mend(&b);
		assert_span(buf_span(&b), rows[i].mended);
		buf_deinit(&b);
	}
}

static void tidies(void **state)
{
	struct buf b = {0};

	(void)state;
	text_line(&b, SPAN("  a\r\n b\t\tc\x01\x7F\u00A0d "));
	assert_span(buf_span(&b), "a b c d");
	buf_clear(&b);
	text_lines(&b, SPAN("\n a\r\n b\rc\x01 d \n"));
	assert_span(buf_span(&b), "a\n b\nc d");
	buf_clear(&b);
	text_line(&b, SPAN(" \n "));
	assert_int_equal(b.n, 0);
	buf_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mends_what_was_read_wrong),
		cmocka_unit_test(tidies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
