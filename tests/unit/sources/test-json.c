/* json: tokens of what is meant to be JSON. */

#include "fixture.h"

#include "sources/json.h"

static void tell(struct buf *out, const struct json_token *t)
{
	static const char *const marks[] = {"", "", "{", "[", ")", "k", "s", "n", "w"};

	buf_add_str(out, marks[t->event]);
	if (t->event >= JSON_KEY) {
		buf_add_char(out, '<');
		if (t->event == JSON_KEY || t->event == JSON_STRING)
			json_unescape(out, t->text);
		else
			buf_add(out, t->text);
		buf_add_char(out, '>');
	}
}

static const struct {
	const char *json, *tokens;
} rows[] = {
	{"{\"a\": [1, -2.5e3, \"x\", true, null]}", "{k<a>[n<1>n<-2.5e3>s<x>w<true>w<null>))"},
	{"{\"a\": {\"b\": \"c\"}, \"d\": \"e\"}", "{k<a>{k<b>s<c>)k<d>s<e>)"},
	{"[12345678901234567890123]", "[n<12345678901234567890123>)"},
	{"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"]", "[s<\"\\/\b\f\n\r\té>)"},
	{"[\"\\ud83d\\ude00 \\ud83d \\ude00 \\u0000\"]", "[s<😀 \uFFFD \uFFFD \uFFFD>)"},
	/* what strict parsers refuse */
	{"[\"a\\x\\|\\'b\"]", "[s<ax|'b>)"},
	{"[\"line\nbreak\"]", "[s<line\nbreak>)"},
	{"{\"a\": 1,}", "{k<a>n<1>)"},
	{"[1 2,,3]", "[n<1>n<2>n<3>)"},
	{"{\"a\" \"b\": 1}", "{k<a>k<b>n<1>)"},
	{"[\"\\u12\"]", "[s<u12>)"},
	{"[\"cut", "["},
	{"{\"a\": \"b\\", "{k<a>"},
	{"}]", "))"},
	{"", ""},
};

static void reads_tokens(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf out = {0};
		struct json j = {0};
		struct json_token t;

		json_feed(&j, span_str(rows[i].json), true);
		while (json_next(&j, &t) != JSON_END)
			tell(&out, &t);
		assert_span(buf_span(&out), rows[i].tokens);
		buf_deinit(&out);
	}
}

static void reads_in_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct span all = span_str(rows[i].json);
		struct buf out = {0}, in = {0};
		struct json j = {0};
		struct json_token t;

		for (size_t at = 0; at <= all.n; at++) {
			struct buf next = {0};

			buf_add(&in, span_slice(all, at, at + 1));
			json_feed(&j, buf_span(&in), at == all.n);
			while (json_next(&j, &t) != JSON_END && t.event != JSON_MORE)
				tell(&out, &t);
			buf_add(&next, j.in);
			buf_deinit(&in);
			in = next;
		}
		assert_span(buf_span(&out), rows[i].tokens);
		buf_deinit(&in);
		buf_deinit(&out);
	}
}

/* A string nobody needs whole is handed out to its bound, and the rest passed over. */
static void long_strings_are_cut(void **state)
{
	struct buf text = {0};
	struct json j = {0};
	struct json_token t;

	(void)state;
	buf_add_str(&text, "[\"");
	while (text.n < JSON_MAX_STRING_BYTES + 100000)
		buf_add_str(&text, "\\\\\\\" ");
	buf_add_str(&text, "\", 7]");
	json_feed(&j, buf_span(&text), true);
	assert_int_equal(json_next(&j, &t), JSON_ARRAY);
	assert_int_equal(json_next(&j, &t), JSON_STRING);
	assert_true(t.text.n <= JSON_MAX_STRING_BYTES && t.text.n > JSON_MAX_STRING_BYTES - 10);
	assert_int_equal(json_next(&j, &t), JSON_NUMBER);
	assert_int_equal(json_next(&j, &t), JSON_CLOSE);
	buf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_tokens),
		cmocka_unit_test(reads_in_pieces),
		cmocka_unit_test(long_strings_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
