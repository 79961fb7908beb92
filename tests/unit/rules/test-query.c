/* query: the language, sentence by sentence, as vigie-rules(5) tells it. */

#include "desk.h"

#include <string.h>

struct row {
	const char *query;
	const char *title;
	const char *text;
	const char *found; /* "span|span"; NULL: no match */
};

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct arena arena = {0};
		const char *found =
			desk_ask(rows[i].query, rows[i].title, rows[i].text, &arena);

		if (!found != !rows[i].found || (found && strcmp(found, rows[i].found) != 0))
			fail_msg("%s on \"%s\" \"%s\": want %s, got %s", rows[i].query,
				rows[i].title ? rows[i].title : "", rows[i].text,
				rows[i].found ? rows[i].found : "nothing",
				found ? found : "nothing");
		arena_release(&arena);
	}
}

#define CHECK(rows) check((rows), sizeof(rows) / sizeof(*(rows)))

static void folding_takes_case_accents_and_width_away(void **state)
{
	static const struct row rows[] = {
		{"Dupont", NULL, "monsieur DUPONT", "DUPONT"},
		{"déjà", NULL, "DEJA vu", "DEJA"},
		{"deja", NULL, "de\u0301ja\u0300 vu", "de\u0301ja\u0300"},
		{"Weiss", NULL, "der WEIẞ und weiß", "WEIẞ|weiß"},
		{"fin", NULL, "ﬁn ｆｉｎ 𝐟𝐢𝐧", "ﬁn|ｆｉｎ|𝐟𝐢𝐧"},
		{"oeuvre", NULL, "l’Œuvre", "Œuvre"},
		{"lodz", NULL, "Łódź", "Łódź"},
		{"thing", NULL, "þing", "þing"},
		{"istanbul", NULL, "İstanbul ISTANBUL ıstanbul", "İstanbul|ISTANBUL|ıstanbul"},
		{"иод", NULL, "ЙОД", "ЙОД"},
		{"か", NULL, "が", NULL},
		{"promotion", NULL, "pro\u00admo\u200btion", "pro\u00admo\u200btion"},
		{"Nom", NULL, "Nom™ Nom℠", "Nom|Nom"},
		{"d'or", NULL, "d’or d´or d＇or d`or", "d’or|d´or|d＇or|d`or"},
		{"👍", NULL, "👍🏽 et 👍", "👍🏽|👍"},
	};

	(void)state;
	CHECK(rows);
}

static void tokens_are_words_and_singles(void **state)
{
	static const struct row rows[] = {
		{"mer", NULL, "la Mer amère", "Mer"},
		{"mer", NULL, "amer", NULL},
		{"Levi", NULL, "Levi's", "Levi"},
		{"two-words", NULL, "two words two.words twowords", "two words|two.words"},
		{"a_b", NULL, "a_b a b", "a_b"},
		{"東", NULL, "東京", "東"},
		{"東京", NULL, "西東京都", "東京"},
		{"กร", NULL, "กรุงเทพ", "กร"},
		{"서울", NULL, "서울시", NULL},
		{"서울*", NULL, "서울시", "서울시"},
		{"🚆", NULL, "train🚆en retard", "🚆"},
		{"❤", NULL, "j'❤️ ça", "❤️"},
		{"\"🇫 🇷\"", NULL, "🇫🇷", "🇫🇷"},
		{"2024", NULL, "２０２４", "２０２４"},
		{"x", NULL, "ⅹ x²", "ⅹ"},
		{"x2", NULL, "x²", "x²"},
		{"c", NULL, "© ℃", "℃"},
	};

	(void)state;
	CHECK(rows);
}

static void sigils_are_asked_for(void **state)
{
	static const struct row rows[] = {
		{"#train", NULL, "le train #train", "#train"},
		{"train", NULL, "#train @train $train", "train|train|train"},
		{"@gare", NULL, "contact@gare.fr", NULL},
		{"@gare", NULL, "(@gare)", "@gare"},
		{"$ABC", NULL, "$ABC 10$ABC", "$ABC"},
		{"#a", NULL, "##a", "#a"},
		{"#a", NULL, "＃a", "＃a"},
		{"#a", NULL, "#\u200ba", "#\u200ba"},
		{"#東", NULL, "東", "東"},
		{"\"le #train\"", NULL, "le #train, le train", "le #train"},
		{"#retard*", NULL, "#Retards #retard", "#Retards|#retard"},
	};

	(void)state;
	CHECK(rows);
}

static void terms_and_phrases(void **state)
{
	static const struct row rows[] = {
		{"\"bon jour\"", NULL, "bon, jour!", "bon, jour"},
		{"\"bon jour\"", "bon", "jour", NULL},
		{"\"bon jour\"", NULL, "jour bon", NULL},
		{"«bon jour»", NULL, "bon jour", "bon jour"},
		{"“bon jour”", NULL, "bon jour", "bon jour"},
		{"„bon jour“", NULL, "bon jour", "bon jour"},
		{"\"a \\\"b\\\" c\"", NULL, "a b c", "a b c"},
		{"\"un\"deux", NULL, "deux un", "deux|un"},
		{"AC/DC", NULL, "ac dc", "ac dc"},
		{"\"a c\"~1", NULL, "a b c a b b c", "a b c"},
		{"\"a b c\"~2", NULL, "a x b x c", "a x b x c"},
		{"\"a b c\"~1", NULL, "a x b x c", NULL},
		{"\"a b\"~9", NULL, "a a x b b", "a a x b|a x b"},
		{"\"a b\"~0", NULL, "a b", "a b"},
		{"\"a b\"~99999999999999999999", NULL, "a x x b", "a x x b"},
		{"\"AND\"", NULL, "and", "and"},
		{"12:30", NULL, "à 12h, 12:30", "12:30"},
	};

	(void)state;
	CHECK(rows);
}

static void wildcards(void **state)
{
	static const struct row rows[] = {
		{"gar*", NULL, "gare gars ga égarer", "gare|gars"},
		{"*gare", NULL, "gare cigare gares", "gare|cigare"},
		{"g?re", NULL, "gare gère gre guère", "gare|gère"},
		{"g*re", NULL, "gare guère gre gar", "gare|guère|gre"},
		{"*ar*", NULL, "gare car art or", "gare|car|art"},
		{"ga**", NULL, "gare", "gare"},
		{"???ab", NULL, "xyzab éèêab ab", "xyzab|éèêab"},
		{"\"gar* du nord\"", NULL, "gares du Nord", "gares du Nord"},
		{"\"nord\\*\"", NULL, "nord* nordique", "nord"},
		{"東京ab*", NULL, "東京abc", "東京abc"},
	};

	(void)state;
	CHECK(rows);
}

static void exact_terms(void **state)
{
	static const struct row rows[] = {
		{"=Orange", NULL, "orange Orange ORANGE", "Orange"},
		{"=élan", NULL, "elan élan e\u0301lan", "élan|e\u0301lan"},
		{"=\"AT&T\"", NULL, "at&t AT&T A.T.T AT T", "AT&T|AT T"},
		{"=\"l'An\"", NULL, "l’An", "l’An"},
		{"=#Nord", NULL, "#nord #Nord Nord", "#Nord"},
		{"=ab*", NULL, "abc ab", "ab"},
		{"=Or\u00adange", NULL, "Orange", "Orange"},
		{"=현대", NULL, "현대 \u1112\u1167\u11ab대", "현대|\u1112\u1167\u11ab대"},
		{"=آن", NULL, "ا\u0653ن", "ا\u0653ن"},
		{"=❤", NULL, "❤️", "❤️"},
		{"=fin", NULL, "ﬁn", NULL},
	};

	(void)state;
	CHECK(rows);
}

static void boolean_words(void **state)
{
	static const struct row rows[] = {
		{"a OR b AND c", NULL, "a", "a"},
		{"a OR b AND c", NULL, "b", NULL},
		{"a b", NULL, "b x a", "b|a"},
		{"a NOT b", NULL, "a", "a"},
		{"a NOT b", NULL, "a b", NULL},
		{"a -b", NULL, "a b", NULL},
		{"a --b", NULL, "a b", "a"},
		{"a NOT (b OR c)", NULL, "a c", NULL},
		{"a NOT NOT b", NULL, "a b", "a"},
		{"(a OR -b) a", NULL, "a", "a"},
		{"a or b", NULL, "a b", NULL},
		{"a and b", NULL, "b and a", "b|and|a"},
		{"NOT(a)b", NULL, "b", "b"},
		{"x-y", NULL, "x y", "x y"},
		{"2 OF (a, b OR c, d)", NULL, "c d", "c|d"},
		{"2 OF (a, b, c)", NULL, "a", NULL},
		{"1 OF(a)", NULL, "a", "a"},
		{"2 of (a)", NULL, "2 of a", "2|of|a"},
		{"a OR (b AND c)", NULL, "a b", "a"},
		{"a\u00a0b", NULL, "a b", "a|b"},
	};

	(void)state;
	CHECK(rows);
}

static void near_and_onear(void **state)
{
	static const struct row rows[] = {
		{"a NEAR/1 b", NULL, "a x b", "a|b"},
		{"a NEAR/1 b", NULL, "b x a", "b|a"},
		{"a NEAR/1 b", NULL, "a x x b", NULL},
		{"a ONEAR/1 b", NULL, "b a", NULL},
		{"a ONEAR/1 b", NULL, "a b", "a|b"},
		{"a NEAR/0 a", NULL, "a", NULL},
		{"a NEAR/0 a", NULL, "a a", "a|a"},
		{"a NEAR/5 b", "a", "b", NULL},
		{"(a OR \"b c\") NEAR/0 d", NULL, "b c d x a", "b c|d"},
		{"a NEAR/0 b NEAR/0 c", NULL, "c a b", "c|a|b"},
		{"a NEAR/0 b NEAR/0 c", NULL, "a c b", NULL},
		{"a NEAR/0 b NEAR/0 c", NULL, "a b x a b c", "a|b|c"},
		{"\"a b\" NEAR/1 \"b c\"", NULL, "a b c", NULL},
		{"c NOT a NEAR/1 b", NULL, "c a b", NULL},
		{"c NOT a NEAR/1 b", NULL, "c a", "c"},
		{"title:(a NEAR/1 b)", "a b", "a b", "a|b"},
		{"#a NEAR/0 =B", NULL, "#a B", "#a|B"},
	};

	(void)state;
	CHECK(rows);
}

static void regexes(void **state)
{
	static const struct row rows[] = {
		{"/ab+/", NULL, "abb AB xab", "abb|ab"},
		{"/ab+/i", NULL, "abb AB", "abb|AB"},
		{"/^b$/m", NULL, "a\nb", "b"},
		{"/a.b/s", NULL, "a\nb", "a\nb"},
		{"/a.b/", NULL, "a\nb", NULL},
		{"/n\\/a/", NULL, "n/a", "n/a"},
		{"/\\w+é/", NULL, "café", "café"},
		{"/x*/", NULL, "axxb", "xx"},
		{"title:/a/ b", "a", "b a", "a|b"},
		{"(/a/)/b/i", NULL, "B a", "B|a"},
		{"-/a/ b", NULL, "b", "b"},
		{"/(?<=n°)\\d+/", NULL, "n°42", "42"},
	};

	(void)state;
	CHECK(rows);
}

static void fields(void **state)
{
	static const struct row rows[] = {
		{"title:a", "a", "a", "a"},
		{"title:a", "b", "a", NULL},
		{"TITLE:a", "a", "b", "a"},
		{"title:(a b)", "a", "b", NULL},
		{"title:\"a b\"~1", "a x b", "", "a x b"},
		{"title:=A", "a A", "", "A"},
		{"title:=\"A b\"", "A b", "", "A b"},
		{"title:-a", "a", "", "a"},
		{"title:NOT", "not", "", "not"},
		{"text:(a OR (b OR c))", "b", "c", "c"},
		{"author:x OR a", NULL, "a", "a"},
	};

	(void)state;
	CHECK(rows);
}

struct value_row {
	const char *query;
	const char *value; /* of the field the query names */
	bool holds;
};

static void values(void **state)
{
	static const struct value_row rows[] = {
		{"lang:fr", "fr", true},
		{"lang:fr", "FR_ca", true},
		{"lang:FR", "fr-CA", true},
		{"lang:fr", "fro", false},
		{"lang:fr-ca", "fr", false},
		{"lang:(en OR fr)", "fr", true},
		{"source:News", "news", true},
		{"source:news", "newsroom", false},
		{"tag:\"Économie numérique\"", "ECONOMIE NUMERIQUE", true},
		{"tag:a-b", "a b", false},
		{"site:example.org", "https://www.Example.org/x", true},
		{"site:example.org", "https://u:p@example.org.:8080?x", true},
		{"site:example.org", "https://badexample.org/", false},
		{"site:example.org", "https://example.org.evil.net/", false},
		{"site:example.org", "example.org", false},
		{"site:org", "https://example.org#example.com", true},
		{"url:\"/NEWS/\"", "https://example.org/news/1", true},
		{"url:news", "https://example.org/new", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena arena = {0};
		struct ruleset *set = desk_set(rows[i].query);
		const struct span value = span_str(rows[i].value);
		struct match_context context = {0};
		struct item item = item_empty();
		const char *found;

		if (rows[i].query[0] == 'l')
			item.lang = value;
		else if (strncmp(rows[i].query, "source", 6) == 0)
			context.source = value;
		else if (rows[i].query[0] == 't')
			item.tags = &value, item.n_tags = 1;
		else
			item.url = value;
		found = desk_match(set, &item, &context, &arena);
		if ((found != NULL) != rows[i].holds)
			fail_msg("%s on %s", rows[i].query, rows[i].value);
		(void)ruleset_unref(set);
		arena_release(&arena);
	}
}

static void numbers(void **state)
{
	static const struct {
		const char *query;
		double likes;
		bool holds;
	} rows[] = {
		{"likes:10", 10, true},
		{"likes:=10", 10.5, false},
		{"likes:>10", 10, false},
		{"likes:>=10", 10, true},
		{"likes:<-1.5", -2, true},
		{"likes:<=2", 2, true},
		{"likes:1..3", 3, true},
		{"likes:1..3", 0.5, false},
		{"likes:..3", -7, true},
		{"likes:3..", 2, false},
		{"likes:1.5..2.5", 2.5, true},
		{"likes:0", NAN, false},
		{"likes:0.. OR x", NAN, false},
		{"engagement:5", 5, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena arena = {0};
		struct ruleset *set = desk_set(rows[i].query);
		struct item item = item_empty();

		item.numbers.likes = rows[i].likes;
		if ((desk_match(set, &item, NULL, &arena) != NULL) != rows[i].holds)
			fail_msg("%s on %g", rows[i].query, rows[i].likes);
		(void)ruleset_unref(set);
		arena_release(&arena);
	}
}

static void engagement_is_a_sum_unless_it_is_stated(void **state)
{
	struct arena arena = {0};
	struct ruleset *set = desk_set("engagement:3");
	struct match_context stated = {.engagement_given = true};
	struct item item = item_empty();

	(void)state;
	item.numbers.likes = 1;
	item.numbers.replies = 2;
	assert_non_null(desk_match(set, &item, NULL, &arena));
	assert_null(desk_match(set, &item, &stated, &arena));
	item.numbers.total = 3;
	assert_non_null(desk_match(set, &item, &stated, &arena));
	(void)ruleset_unref(set);
	arena_release(&arena);
}

static void the_author_is_name_and_handle(void **state)
{
	struct arena arena = {0};
	struct ruleset *set = desk_set("author:\"dupont jd\"");
	struct item item = item_empty();
	const struct match_context flat = {
		.author_given = true, .author = SPAN("Jean Dupont, JD")};

	(void)state;
	item.author.name = SPAN("Jean Dupont");
	item.author.handle = SPAN("@jd");
	assert_non_null(desk_match(set, &item, NULL, &arena));
	assert_string_equal(desk_match(set, &item, &flat, &arena), "Dupont, JD");
	item.author.handle = SPAN_NONE;
	assert_null(desk_match(set, &item, NULL, &arena));
	(void)ruleset_unref(set);
	arena_release(&arena);
}

static void mistakes_have_a_code_and_a_place(void **state)
{
	static const struct {
		const char *query;
		const char *code;
		int column; /* from 1; a query begins in column 11 */
	} rows[] = {
		{"", "E_EMPTY", 11},
		{"   ", "E_EMPTY", 11},
		{"a (b", "E_SYNTAX", 13},
		{"a) b", "E_SYNTAX", 12},
		{"()", "E_SYNTAX", 12},
		{"a OR", "E_SYNTAX", 15},
		{"OR a", "E_SYNTAX", 11},
		{"a AND AND b", "E_SYNTAX", 17},
		{"a NOT", "E_SYNTAX", 16},
		{"oui,non", "E_SYNTAX", 14},
		{"(a, b)", "E_SYNTAX", 13},
		{"\"a b", "E_SYNTAX", 11},
		{"«a b", "E_SYNTAX", 11},
		{"\"a\"~", "E_SYNTAX", 14},
		{"2 OF a", "E_SYNTAX", 13},
		{"OF (a)", "E_SYNTAX", 11},
		{"x OF (a)", "E_SYNTAX", 13},
		{"é &", "E_EMPTY", 13},
		{"a -", "E_EMPTY", 13},
		{"=", "E_EMPTY", 11},
		{"\"…\"", "E_EMPTY", 12},
		{"a*", "E_WILDCARD", 11},
		{"\"oui ?\"", "E_WILDCARD", 12},
		{"é b*", "E_WILDCARD", 13},
		{"titre:a", "E_FIELD", 11},
		{"http://a.fr", "E_FIELD", 11},
		{"title:", "E_FIELD", 11},
		{"title: a", "E_FIELD", 11},
		{"title:text:a", "E_FIELD", 11},
		{"title:(lang:fr)", "E_FIELD", 18},
		{"lang:", "E_FIELD", 11},
		{"site:a.fr/x", "E_FIELD", 11},
		{"likes:many", "E_FIELD", 11},
		{"likes:..", "E_FIELD", 11},
		{"likes:> 5", "E_FIELD", 11},
		{"lang:(fr en)", "E_SYNTAX", 20},
		{"a use:none", "E_FIELD", 13},
		{"a NEAR b", "E_NEAR", 13},
		{"a NEAR/ b", "E_NEAR", 13},
		{"a NEAR/100 b", "E_NEAR", 13},
		{"a NEAR/x b", "E_NEAR", 13},
		{"a NEAR/2 NOT b", "E_NEAR", 20},
		{"a NEAR/2 -b", "E_NEAR", 20},
		{"a NEAR/2 /b/", "E_NEAR", 20},
		{"a NEAR/2 (b c)", "E_NEAR", 21},
		{"title:a NEAR/2 b", "E_NEAR", 11},
		{"title:(a NEAR/1 b) NEAR/2 c", "E_NEAR", 18},
		{"a NEAR/2 lang:fr", "E_NEAR", 20},
		{"NEAR/2 a", "E_NEAR", 11},
		{"3 OF (a, b)", "E_OF", 11},
		{"0 OF (a, b)", "E_OF", 11},
		{"a /[/", "E_REGEX", 15},
		{"/a/x", "E_REGEX", 14},
		{"/a", "E_REGEX", 11},
		{"//", "E_REGEX", 11},
		{"-a", "E_NEGATIVE", 11},
		{"a OR NOT b", "E_NEGATIVE", 11},
		{"1 OF (a, -b)", "E_NEGATIVE", 11},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ruleset_builder *b = NULL;
		struct err_list errors = {0};
		struct ruleset *set = NULL;
		const struct rule rule = {.id = SPAN("acme"),
			.query = {rows[i].query, strlen(rows[i].query)},
			.place = {.file = "f", .line = 4, .column = 11, .exact = true}};
		char wanted[64];

		assert_int_equal(ruleset_builder_new(&b), 0);
		if (ruleset_builder_add(b, &rule, &errors) >= 0)
			assert_int_equal(ruleset_build(&set, b, &errors), -EINVAL);
		(void)snprintf(wanted, sizeof(wanted), "%s: ", rows[i].code);
		if (errors.n < 1 ||
			strncmp(errors.items[0].text, wanted, strlen(wanted)) != 0 ||
			errors.items[0].line != 4 || errors.items[0].column != rows[i].column)
			fail_msg("%s: want %s at %d, got %s at %d", rows[i].query, rows[i].code,
				rows[i].column, errors.n ? errors.items[0].text : "nothing",
				errors.n ? errors.items[0].column : 0);
		err_list_deinit(&errors);
		(void)ruleset_builder_free(b);
	}
}

static void all_mistakes_of_a_query_are_said(void **state)
{
	char *messages = NULL;

	(void)state;
	assert_null(desk_file(
		"rules:\n- {id: a, query: 'b* OR nope* AND /[/ OR \"…\"'}\n", &messages));
	assert_string_equal(messages, "2:19: E_WILDCARD: \"b*\" needs two characters "
				      "besides * and ?: write more of the "
				      "word, or =\"…\" where no wildcard is meant (rule a)\n"
				      "2:43: E_EMPTY: no letter or digit to look for: "
				      "punctuation never matches by "
				      "itself, see ADVICE in vigie-rules(5) (rule a)\n");
	free(messages);
}

static void large_queries_are_taken(void **state)
{
	struct arena arena = {0};
	struct buf b = {0};

	(void)state;
	for (int i = 0; i < 100; i++)
		buf_add_char(&b, '(');
	buf_add_str(&b, "last");
	for (int i = 0; i < 100; i++)
		buf_add_char(&b, ')');
	while (b.n < 16 * 1024)
		buf_addf(&b, " OR word%zu", b.n);
	assert_string_equal(desk_ask(b.p, NULL, "the last word7", &arena), "last");
	buf_clear(&b);
	while (b.n < 16 * 1024)
		buf_add_str(&b, b.n ? " NEAR/1 a" : "a");
	assert_null(desk_ask(b.p, NULL, "a a a", &arena));
	buf_clear(&b);
	while (b.n < 60 * 1024)
		buf_add_char(&b, '-');
	buf_add_str(&b, "a b");
	assert_string_equal(desk_ask(b.p, NULL, "a b", &arena), "b");
	buf_deinit(&b);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folding_takes_case_accents_and_width_away),
		cmocka_unit_test(tokens_are_words_and_singles),
		cmocka_unit_test(sigils_are_asked_for),
		cmocka_unit_test(terms_and_phrases),
		cmocka_unit_test(wildcards),
		cmocka_unit_test(exact_terms),
		cmocka_unit_test(boolean_words),
		cmocka_unit_test(near_and_onear),
		cmocka_unit_test(regexes),
		cmocka_unit_test(fields),
		cmocka_unit_test(values),
		cmocka_unit_test(numbers),
		cmocka_unit_test(engagement_is_a_sum_unless_it_is_stated),
		cmocka_unit_test(the_author_is_name_and_handle),
		cmocka_unit_test(mistakes_have_a_code_and_a_place),
		cmocka_unit_test(all_mistakes_of_a_query_are_said),
		cmocka_unit_test(large_queries_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
