/* slack: Block Kit within its limits, and nothing of a stranger's becomes markup. */

#include "fixture.h"

#include "text.h"
#include "vigie/utf8.h"

static const struct receiver_field fields[] = {
	{{"url", 3}, {"https://hooks.example/T/B/x", 27}}};

static struct sent send(const struct hit *hit)
{
	struct sent s = fixture_send("slack", hit, fields, 1);

	assert_int_equal(s.r, 0);
	return s;
}

static void a_mention_has_all_its_parts(void **state)
{
	const struct hit h = fixture_hit();
	struct sent s = send(&h);

	(void)state;
	assert_true(span_eq_str(s.payload.request.url, "https://hooks.example/T/B/x"));
	assert_true(span_eq_str(s.payload.request.method, "POST"));
	assert_string_equal(text_at(s.body, "text"), "Acme: Acme opens &lt;24h &amp; in Lyon");
	assert_string_equal(text_at(s.body, "blocks.0.type"), "header");
	assert_string_equal(text_at(s.body, "blocks.0.text.text"), "Acme — new mention");
	assert_string_equal(text_at(s.body, "blocks.1.text.text"),
		"*<https://www.gazette.example/lyon?a=1&amp;b=2|Acme opens &lt;24h &amp; in "
		"Lyon>*\n"
		"Dear readers: when *Acme* said so, nobody believed it.");
	assert_true(json_is_true(at(s.body, "blocks.1.text.verbatim")));
	assert_string_equal(text_at(s.body, "blocks.2.elements.0.text"),
		"The Gazette · Jeanne Martin (@jeanne) · 12,345 followers · published "
		"2026-11-20 20:20 UTC");
	assert_non_null(strstr(text_at(s.body, "blocks.3.elements.0.text"), "rule acme"));
	assert_string_equal(text_at(s.body, "blocks.4.elements.0.text"), "delivery 4k2p9x7a");
	assert_string_equal(text_at(s.body, "blocks.5.elements.0.url"),
		"https://vigie.example/mentions/abcdef00000000000000000000000000");
	assert_true(json_is_false(at(s.body, "unfurl_links")));
	sent_release(&s);
}

static void text_of_strangers_stays_text(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"<!channel> now", "&lt;!channel&gt; now"},
		{"<!here><@U1><#C1><!subteam^S1>",
			"&lt;!here&gt;&lt;@U1&gt;&lt;#C1&gt;&lt;!subteam^S1&gt;"},
		{"<https://evil.example|click>", "&lt;https://evil.example|click&gt;"},
		{"&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;"},
		{"&", "&amp;"},
		{"*bold* _it_ ~no~ `code`",
			"\u2217bold\u2217 \u02CDit\u02CD \u223Cno\u223C \u02CBcode\u02CB"},
		{"snake_case 5 * 3", "snake_case 5 * 3"},
		{"> quoted", "\u200B&gt; quoted"},
		{"a > b", "a &gt; b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hit h = fixture_hit();
		struct sent s;
		const char *text;

		h.item.text = span_str(rows[i].in);
		h.n_matches = 0;
		s = send(&h);
		text = strchr(text_at(s.body, "blocks.1.text.text"), '\n');
		assert_non_null(text);
		assert_string_equal(text + 1, rows[i].out);
		sent_release(&s);
	}
}

static void a_label_ends_where_we_say(void **state)
{
	struct hit h = fixture_hit();
	struct sent s;

	(void)state;
	h.item.title = SPAN("a|b <x> \u202Ec\u202C\r\nd");
	h.item.text = SPAN_NONE;
	h.n_matches = 0;
	s = send(&h);
	assert_string_equal(text_at(s.body, "blocks.1.text.text"),
		"*<https://www.gazette.example/lyon?a=1&amp;b=2|a\u2223b &lt;x&gt; c d>*");
	sent_release(&s);
	h.item.url = SPAN("javascript:alert(1)");
	s = send(&h);
	assert_string_equal(text_at(s.body, "blocks.1.text.text"), "*a\u2223b &lt;x&gt; c d*");
	sent_release(&s);
}

/* FORMATS: 50 blocks, section 3,000, header 150, context 10 elements, text 40,000, all blocks
 * below 12,000. */
static void check_limits(json_t *body)
{
	json_t *blocks = at(body, "blocks"), *block;
	size_t i;
	char *dump = json_dumps(blocks, JSON_COMPACT);

	assert_true(json_array_size(blocks) <= 50);
	assert_true(utf8_length(span_str(dump)) <= 12000);
	free(dump);
	assert_true(utf8_length(span_str(text_at(body, "text"))) <= 40000);
	json_array_foreach (blocks, i, block) {
		const char *type = text_at(block, "type");

		if (strcmp(type, "header") == 0)
			assert_in_range(
				utf8_length(span_str(text_at(block, "text.text"))), 1, 150);
		if (strcmp(type, "section") == 0)
			assert_in_range(
				utf8_length(span_str(text_at(block, "text.text"))), 1, 3000);
		if (strcmp(type, "context") == 0)
			assert_in_range(json_array_size(at(block, "elements")), 1, 10);
	}
}

static void long_texts_keep_the_limits(void **state)
{
	static const char *const bytes[] = {
		"x", "&", "<", "\u65E5", "\U0001F600", "*", "\"", "word ", "\u202E", "\\"};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bytes) / sizeof(*bytes); i++) {
		const struct span text = repeat(&arena, bytes[i], 40000);
		const struct match_span spans[] = {
			{FIELD_TITLE, 0, 30000}, {FIELD_TEXT, 10, 39000}};
		struct match match = fixture_match;
		struct hit h = fixture_hit();
		const struct hit *hits[40];
		struct sent s;

		match.spans = spans;
		match.brand = match.rule = repeat(&arena, bytes[i], 300);
		h.matches = &match;
		h.item.title = h.item.text = h.item.author.name = h.item.feed.title = text;
		h.item.url = arena_printf(
			&arena, "https://a.example/%.*s", SPAN_ARG(repeat(&arena, "&", 1900)));
		for (size_t k = 0; k < 40; k++)
			hits[k] = &h;
		s = fixture_send_all("slack", hits, 40, 7, SPAN("fr"), fields, 1);
		assert_int_equal(s.r, 0);
		check_limits(s.body);
		/* At least one mention is shown, and all are counted. */
		assert_string_equal(text_at(s.body, "blocks.1.type"), "section");
		assert_true(holds(s.payload.request.body, "de plus"));
		sent_release(&s);
		s = fixture_send_all("slack", hits, 1, 0, SPAN("en"), fields, 1);
		check_limits(s.body);
		sent_release(&s);
	}
	arena_release(&arena);
}

static void ten_short_mentions_fit(void **state)
{
	struct hit h = fixture_hit();
	const struct hit *hits[12];
	struct sent s;

	(void)state;
	for (size_t k = 0; k < 12; k++)
		hits[k] = &h;
	s = fixture_send_all("slack", hits, 12, 0, SPAN("en"), fields, 1);
	check_limits(s.body);
	assert_true(json_array_size(at(s.body, "blocks")) >= 1 + 3 * 10);
	assert_true(holds(s.payload.request.body, "+ 2 more"));
	sent_release(&s);
}

static void answers_are_judged(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum verdict verdict;
	} rows[] = {
		{200, "ok", VERDICT_DELIVERED},
		{200, "ok\n", VERDICT_DELIVERED},
		{200, "<html>login</html>", VERDICT_RETRY},
		{200, "", VERDICT_RETRY},
		{0, "", VERDICT_RETRY},
		{301, "", VERDICT_RETRY},
		{302, "", VERDICT_RETRY},
		{400, "invalid_payload", VERDICT_DEAD},
		{400, "invalid_blocks", VERDICT_DEAD},
		{403, "action_prohibited", VERDICT_DEAD},
		{404, "no_service", VERDICT_GONE},
		{404, "no_team", VERDICT_GONE},
		{404, "channel_not_found", VERDICT_GONE},
		{404, "", VERDICT_DEAD},
		{408, "", VERDICT_RETRY},
		{410, "channel_is_archived", VERDICT_GONE},
		{425, "", VERDICT_RETRY},
		{429, "", VERDICT_RETRY},
		{500, "", VERDICT_RETRY},
		{503, "", VERDICT_RETRY},
	};
	const struct channel *slack = channel_by_name(SPAN("slack"));

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct answer a = {
			.status = rows[i].status, .body = span_str(rows[i].body)};
		struct arena arena = {0};
		struct span why = SPAN_NONE;

		assert_int_equal(slack->judge(&a, &arena, &why), rows[i].verdict);
		assert_true(why.n > 0);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mention_has_all_its_parts),
		cmocka_unit_test(text_of_strangers_stays_text),
		cmocka_unit_test(a_label_ends_where_we_say),
		cmocka_unit_test(long_texts_keep_the_limits),
		cmocka_unit_test(ten_short_mentions_fit),
		cmocka_unit_test(answers_are_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
