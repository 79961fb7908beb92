/* search_terms: query → what a network is asked for. */

#include "desk.h"

#include "vigie/search_terms.h"

static void rows(void **state)
{
	static const char *const table[][2] = {
		{"acme", "acme"},
		{"\"Air France\" OR AirFrance", "Air France|AirFrance"},
		{"(\"Air France\" OR @airfrance OR #airfrance) NOT title:\"France Info\"",
			"Air France|@airfrance|#airfrance"},
		/* The narrowest part of an AND: fewer terms, then longer ones. */
		{"=Orange AND (forfait* OR fibre)", "Orange"},
		{"Orange AND \"Orange Bank\"", "Orange Bank"},
		{"acme AND lang:fr", "acme"},
		{"acme AND /x\\d+/", "acme"},
		{"strike NEAR/5 pilots", "strike"},
		{"title:acme OR acme", "acme"},
		{"2 OF (acme, brand, /x/)", "acme|brand"},
		/* What can't be searched for. */
		{"/x\\d+/", NULL},
		{"acme OR /x\\d+/", NULL},
		{"1 OF (acme, /x/)", NULL},
		{"a?me", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct arena arena = {0};
		struct search_terms terms = {0};
		struct buf out = {0};
		const int r = search_terms(&terms, &arena, span_str(table[i][0]));

		if (!table[i][1]) {
			assert_int_equal(r, SEARCH_TERMS_NONE);
		} else {
			if (r)
				fail_msg("%s: %d", table[i][0], r);
			for (size_t k = 0; k < terms.n; k++)
				buf_addf(&out, "%s%.*s", k ? "|" : "", SPAN_ARG(terms.any[k]));
			assert_string_equal(out.p, table[i][1]);
		}
		buf_deinit(&out);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rows)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
