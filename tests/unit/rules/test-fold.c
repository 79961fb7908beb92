/* fold: both engines give the same bytes, and every token can be traced back. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "fold.h"
#include "slow.h"
#include "vigie/utf8.h"

static void check_tables(void **state)
{
	static const struct {
		const char *text, *fold;
	} rows[] = {
		{"É", "e"},
		{"e\u0301", "e"},
		{"𝐄", "e"},
		{"ß", "ss"},
		{"ﬁ", "fi"},
		{"Ａ", "a"},
		{"が", "が"},
		{"й", "и"},
		{"Œuvre", "oeuvre"},
		{"½", "1⁄2"},
		{"…", "..."},
		{"l’an", "l'an"},
		{"A™", "a "},
		{"ﷺ", "صلى الله عليه وسلم"},
		{"\u00ad\u200b\ufeff👍🏽", "👍"},
	};

	(void)state;
	assert_true(strcmp(fold_unicode_version(), "14") >= 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf b = {0};

		fold_text(&b, span_str(rows[i].text));
		assert_string_equal(b.p, rows[i].fold);
		buf_deinit(&b);
	}
}

static void compare(const struct span fields[ITEM_FIELDS])
{
	struct folded a = {.engine = &fold_scalar}, b = {0};
	struct buf plain = {0};

	assert_int_equal(folded_read(&a, fields), 0);
	assert_int_equal(folded_read(&b, fields), 0);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.text, b.text, a.n);
	assert_int_equal(a.n_tokens, b.n_tokens);
	assert_int_equal(a.loose, b.loose);
	for (size_t i = 0; i < a.n_tokens; i++) {
		uint32_t start[2], end[2];

		assert_int_equal(a.tokens[i].start, b.tokens[i].start);
		assert_int_equal(a.tokens[i].end, b.tokens[i].end);
		assert_int_equal(folded_sigil(&a, i), folded_sigil(&b, i));
		folded_extent(&a, i, i, folded_sigil(&a, i) != 0, &start[0], &end[0]);
		folded_extent(&b, i, i, folded_sigil(&b, i) != 0, &start[1], &end[1]);
		assert_int_equal(start[0], start[1]);
		assert_int_equal(end[0], end[1]);
		assert_true(start[0] < end[0]);
		assert_true(end[0] <= fields[folded_field(&a, i)].n);
		/* What the extent folds to holds the token. */
		buf_clear(&plain);
		fold_token_form(
			&plain, span_slice(fields[folded_field(&a, i)], start[0], end[0]));
		assert_non_null(memmem(plain.p, plain.n, a.text + a.tokens[i].start,
			a.tokens[i].end - a.tokens[i].start));
	}
	buf_deinit(&plain);
	folded_deinit(&a);
	folded_deinit(&b);
}

static void engines_agree_on_texts(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct arena arena = {0};
		struct match_context context;
		const struct item item = slow_random_item(&seed, &arena, &context);

		compare((struct span[]){item.title, item.text, item.author.name});
		arena_release(&arena);
	}
}

static void engines_agree_on_any_code_points(void **state)
{
	uint64_t seed = 12345;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct buf b = {0};

		for (int n = i % 700; n; n--) {
			seed = seed * 6364136223846793005U + 1442695040888963407U;
			const uint32_t r = (uint32_t)(seed >> 33);

			buf_add_utf8(&b, r % 3 == 0   ? 0x20 + r / 3 % 95
					 : r % 3 == 1 ? 0x80 + r / 3 % 0x600
						      : 1 + r / 3 % 0x10FFFF);
		}
		compare((struct span[]){
			buf_span(&b), span_slice(buf_span(&b), 0, 0), SPAN("x")});
		buf_deinit(&b);
	}
}

static void bytes_that_are_no_text_are_separators(void **state)
{
	static const char broken[] =
		"a\xff"
		"b\xc3 c\xe2\x82 d\xf0\x9f\x98 e\xed\xa0\x80 f\xc0\x80g\xf8h\xe9";
	const struct span fields[ITEM_FIELDS] = {
		SPAN_NONE, {broken, sizeof(broken) - 1}, SPAN_NONE};
	struct folded f = {0};

	(void)state;
	for (int i = 0; i < 2; i++) {
		f.engine = i ? &fold_scalar : fold_fastest();
		assert_int_equal(folded_read(&f, fields), 0);
		assert_int_equal(f.n_tokens, 8);
		for (size_t k = 0; k < 8; k++)
			assert_int_equal(folded_token(&f, k).p[0], 'a' + (int)k);
	}
	folded_deinit(&f);
}

static void the_longest_folds_fit(void **state)
{
	struct folded f = {0};
	struct buf b = {0};

	(void)state;
	for (int i = 0; i < 5000; i++)
		buf_add_str(&b, "ﷺ");
	compare((struct span[]){buf_span(&b), buf_span(&b), buf_span(&b)});
	assert_int_equal(
		folded_read(&f, (struct span[]){buf_span(&b), SPAN_NONE, SPAN_NONE}), 0);
	assert_int_equal(f.n_tokens, 15001); /* "صلى" runs into "وسلم" of the one before */
	folded_deinit(&f);
	buf_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_tables),
		cmocka_unit_test(engines_agree_on_texts),
		cmocka_unit_test(engines_agree_on_any_code_points),
		cmocka_unit_test(bytes_that_are_no_text_are_separators),
		cmocka_unit_test(the_longest_folds_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
