/* chats: the other channels: what each sends, and that a stranger's text stays text in all. */

#include "fixture.h"

#include "markdown.h"

static const struct receiver_field fields[] = {
	{{"url", 3}, {"https://in.example/hook?key=k", 29}},
	{{"token", 5}, {"s3cr3t", 6}},
	{{"chat", 4}, {"-1001234567890", 14}},
	{{"room", 4}, {"!abc:example.org", 16}},
	{{"topic", 5}, {"news", 4}},
	{{"routing_key", 11}, {"0123456789abcdef0123456789abcdef", 32}},
	{{"channel", 7}, {"#news", 5}},
};

static struct sent send(const char *channel, const struct hit *hit)
{
	struct sent s = fixture_send(channel, hit, fields, sizeof(fields) / sizeof(*fields));

	assert_int_equal(s.r, 0);
	return s;
}

static struct span header(const struct sent *s, const char *name)
{
	for (size_t i = 0; i < s->payload.request.n_headers; i++)
		if (span_eq_ci(s->payload.request.headers[i].name, span_str(name)))
			return s->payload.request.headers[i].value;
	return SPAN_NONE;
}

/* One mention through each channel: where it goes, and what stands where. */
static void each_says_the_same_in_its_own_way(void **state)
{
	static const struct {
		const char *channel, *url, *path, *text;
	} rows[] = {
		{"teams", "https://in.example/hook?key=k", "attachments.0.contentType",
			"application/vnd.microsoft.card.adaptive"},
		{"teams", NULL, "attachments.0.content.version", "1.4"},
		{"teams", NULL, "attachments.0.content.body.0.text", "Acme — new mention"},
		{"teams", NULL, "attachments.0.content.body.1.items.0.inlines.0.text", "Acme"},
		{"teams", NULL, "attachments.0.content.body.1.items.1.inlines.0.text",
			"Dear readers: when "},
		{"teams", NULL, "attachments.0.content.body.1.items.1.inlines.1.text", "Acme"},
		{"teams", NULL, "attachments.0.content.actions.0.url",
			"https://www.gazette.example/lyon?a=1&b=2"},
		{"discord", "https://in.example/hook?key=k&wait=true", "content",
			"**Acme — new mention**\ndelivery 4k2p9x7a"},
		{"discord", NULL, "embeds.0.title", "Acme opens <\u200B24h & in Lyon"},
		{"discord", NULL, "embeds.0.url", "https://www.gazette.example/lyon?a=1&b=2"},
		{"discord", NULL, "embeds.0.timestamp", "2026-11-20T20:20:00.000Z"},
		{"mattermost", "https://in.example/hook?key=k", "text",
			"#### Acme — new mention\ndelivery 4k2p9x7a"},
		{"mattermost", NULL, "attachments.0.title", "Acme opens <\u200B24h & in Lyon"},
		{"mattermost", NULL, "attachments.0.title_link",
			"https://www.gazette.example/lyon?a=1&b=2"},
		{"mattermost", NULL, "channel", "#news"},
		{"googlechat",
			"https://in.example/"
			"hook?key=k&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD",
			"text", "Acme: Acme opens \u203924h & in Lyon"},
		{"googlechat", NULL, "thread.threadKey", "rule-acme"},
		{"googlechat", NULL, "cardsV2.0.card.header.title", "Acme — new mention"},
		{"telegram", "https://in.example/hook?key=k/bots3cr3t/sendMessage",
			"parse_mode", "HTML"},
		{"matrix",
			"https://in.example/hook?key=k/_matrix/client/v3/rooms/"
			"%21abc%3Aexample.org/"
			"send/m.room.message/4k2p9x7a1b3c5d7e9f1g3h5j7k",
			"msgtype", "m.notice"},
		{"matrix", NULL, "format", "org.matrix.custom.html"},
		{"ntfy", "https://in.example/hook?key=k", "topic", "news"},
		{"ntfy", NULL, "title", "Acme — new mention"},
		{"ntfy", NULL, "click", "https://www.gazette.example/lyon?a=1&b=2"},
		{"pagerduty", "https://in.example/hook?key=k", "event_action", "trigger"},
		{"pagerduty", NULL, "dedup_key", "vigie:rule-acme:2026-11-20"},
		{"pagerduty", NULL, "payload.severity", "warning"},
		{"pagerduty", NULL, "payload.source", "gazette.example"},
		{"pagerduty", NULL, "payload.summary", "Acme: Acme opens <24h & in Lyon"},
		{"pagerduty", NULL, "links.0.href", "https://www.gazette.example/lyon?a=1&b=2"},
		{"alertmanager", "https://in.example/hook?key=k/api/v2/alerts",
			"0.labels.alertname", "Mention"},
		{"alertmanager", NULL, "0.labels.mention", "abcdef00000000000000000000000000"},
		{"alertmanager", NULL, "0.labels.brand", "Acme"},
		{"alertmanager", NULL, "0.annotations.summary", "Acme opens <24h & in Lyon"},
		{"alertmanager", NULL, "0.startsAt", "2026-11-20T20:26:10.344Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct hit h = fixture_hit();
		struct sent s = send(rows[i].channel, &h);

		if (rows[i].url)
			assert_true(span_eq_str(s.payload.request.url, rows[i].url));
		assert_string_equal(text_at(s.body, rows[i].path), rows[i].text);
		sent_release(&s);
	}
}

static void secrets_stand_where_they_belong(void **state)
{
	const struct hit h = fixture_hit();
	struct sent s = send("matrix", &h);

	(void)state;
	assert_true(span_eq_str(s.payload.request.method, "PUT"));
	assert_true(span_eq_str(header(&s, "authorization"), "Bearer s3cr3t"));
	assert_false(holds(s.payload.request.body, "s3cr3t"));
	sent_release(&s);
	s = send("ntfy", &h);
	assert_true(span_eq_str(header(&s, "authorization"), "Bearer s3cr3t"));
	sent_release(&s);
	s = send("slack", &h); /* as a bot */
	assert_true(span_eq_str(header(&s, "authorization"), "Bearer s3cr3t"));
	assert_string_equal(text_at(s.body, "channel"), "#news");
	sent_release(&s);
	s = send("telegram", &h);
	assert_int_equal(json_integer_value(at(s.body, "chat_id")), -1001234567890);
	sent_release(&s);
}

static void html_of_strangers_is_text(void **state)
{
	struct hit h = fixture_hit();
	struct sent s;

	(void)state;
	h.item.title = SPAN("<b>x</b> & \"y\"");
	h.item.text = SPAN("<a href=\"https://evil.example\">Acme</a>");
	h.n_matches = 0;
	s = send("telegram", &h);
	assert_non_null(strstr(text_at(s.body, "text"),
		"<a href=\"https://www.gazette.example/lyon?a=1&amp;b=2\">"
		"&lt;b&gt;x&lt;/b&gt; &amp; &quot;y&quot;</a>\n"
		"&lt;a href=&quot;https://evil.example&quot;&gt;Acme&lt;/a&gt;"));
	sent_release(&s);
	s = send("matrix", &h);
	assert_non_null(strstr(text_at(s.body, "formatted_body"), "&lt;b&gt;x&lt;/b&gt;"));
	assert_null(strstr(text_at(s.body, "formatted_body"), "<a href=\"https://evil"));
	assert_int_equal(json_object_size(json_object_get(s.body, "m.mentions")), 0);
	sent_release(&s);
	s = send("googlechat", &h);
	assert_null(strstr(text_at(s.body, "text"), "<"));
	sent_release(&s);
}

static void markdown_of_strangers_is_text(void **state)
{
	static const struct {
		const char *in, *escaped, *lookalike;
	} rows[] = {
		{"*b* _i_ ~s~ `c` |p|", "\\*b\\* \\_i\\_ \\~s\\~ \\`c\\` \\|p\\|",
			"\u2217b\u2217 \u02CDi\u02CD \u223Cs\u223C \u02CBc\u02CB "
			"\u2223p\u2223"},
		{"@everyone <@U1>", "@\u200Beveryone <\u200B@\u200BU1>",
			"@\u200Beveryone \u2039@\u200BU1\u203A"},
		{"<!channel>", "<\u200B!channel>", "\u2039!channel\u203A"},
		{"[x](https://evil.example)", "\\[x\\](https://evil.example)",
			"\uFF3Bx\uFF3D(https://evil.example)"},
		{"# head", "\\# head", "\u200B# head"},
		{"> quote", "\\> quote", "\u203A quote"},
		{"- one", "\\- one", "\u200B- one"},
		{"1. one", "1\\. one", "1. one"},
		{":fire: 10:30", "\\:fire: 10:30", ":fire: 10:30"},
		{"a - b # c 3 < 4", "a - b # c 3 < 4", "a - b # c 3 \u2039 4"},
		{"back\\slash", "back\\\\slash", "back\u2216slash"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct text_style styles[] = {
			{.escape = markdown_escape}, {.escape = markdown_lookalike}};
		struct buf out = {0};

		(void)text_write_span(&out, span_str(rows[i].in), &styles[0], 1000);
		assert_string_equal(out.p, rows[i].escaped);
		buf_clear(&out);
		(void)text_write_span(&out, span_str(rows[i].in), &styles[1], 1000);
		assert_string_equal(out.p, rows[i].lookalike);
		buf_deinit(&out);
	}
}

static void discord_pings_nobody_and_draws_each_embed(void **state)
{
	const struct hit h = fixture_hit();
	const struct hit *const hits[] = {&h, &h};
	struct sent s = fixture_send_all("discord", hits, 2, 0, SPAN("en"), fields, 1);

	(void)state;
	assert_int_equal(json_array_size(at(s.body, "allowed_mentions.parse")), 0);
	assert_non_null(json_object_get(at(s.body, "embeds.0"), "url"));
	assert_null(json_object_get(at(s.body, "embeds.1"), "url"));
	sent_release(&s);
}

static void what_does_not_fit_is_counted(void **state)
{
	static const char *const names[] = {
		"teams", "discord", "mattermost", "googlechat", "telegram", "matrix", "ntfy"};
	struct arena arena = {0};
	struct hit h = fixture_hit();
	const struct hit *hits[12];

	(void)state;
	h.item.title = repeat(&arena, "long words & ", 40);
	h.item.text = repeat(&arena, "Acme <said> so. ", 400);
	for (size_t i = 0; i < 12; i++)
		hits[i] = &h;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct sent s = fixture_send_all(names[i], hits, 12, 5, SPAN("en"), fields,
			sizeof(fields) / sizeof(*fields));

		assert_int_equal(s.r, 0);
		assert_true(holds(s.payload.request.body, "more · delivery 4k2p9x7a"));
		sent_release(&s);
	}
	arena_release(&arena);
}

static void fields_that_belong_together_are_checked(void **state)
{
	static const struct receiver_field topic[] = {{{"topic", 5}, {"no spaces", 9}}};
	static const struct receiver_field urgent[] = {
		{{"topic", 5}, {"news", 4}}, {{"priority", 8}, {"9", 1}}};
	static const struct receiver_field severity[] = {
		{{"routing_key", 11}, {"k", 1}}, {{"severity", 8}, {"bad", 3}}};
	static const struct receiver_field bot[] = {{{"token", 5}, {"x", 1}}};
	static const struct {
		const char *channel;
		const struct receiver_field *fields;
		size_t n;
		const char *says;
	} rows[] = {
		{"ntfy", topic, 1, "topic"},
		{"ntfy", urgent, 2, "priority"},
		{"pagerduty", severity, 2, "severity"},
		{"slack", NULL, 0, "url"},
		{"slack", bot, 1, "channel"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct channel *c = channel_by_name(span_str(rows[i].channel));
		const struct receiver r = {
			.channel = c, .fields = rows[i].fields, .n_fields = rows[i].n};
		const struct hit h = fixture_hit();
		struct sent s;

		assert_non_null(c->check(&r));
		assert_non_null(strstr(c->check(&r), rows[i].says));
		s = fixture_send(rows[i].channel, &h, rows[i].fields, rows[i].n);
		assert_int_equal(s.r, -EINVAL);
		sent_release(&s);
	}
}

static void answers_of_each_platform(void **state)
{
	static const struct {
		const char *channel;
		int status;
		const char *body;
		enum verdict verdict;
		int64_t pause_ms;
	} rows[] = {
		{"teams", 202, "", VERDICT_DELIVERED, -1},
		{"discord", 204, "", VERDICT_DELIVERED, -1},
		{"discord", 200, "{\"id\":\"1\"}", VERDICT_DELIVERED, -1},
		{"discord", 404, "{\"code\":10015}", VERDICT_GONE, -1},
		{"discord", 401, "", VERDICT_GONE, -1},
		{"discord", 429, "{\"retry_after\":1.25,\"global\":false}", VERDICT_RETRY,
			1250},
		{"mattermost", 200, "ok", VERDICT_DELIVERED, -1},
		{"googlechat", 200, "{\"name\":\"spaces/x\"}", VERDICT_DELIVERED, -1},
		{"telegram", 200, "{\"ok\":true,\"result\":{}}", VERDICT_DELIVERED, -1},
		{"telegram", 200, "<html>", VERDICT_RETRY, -1},
		{"telegram", 400,
			"{\"ok\":false,\"description\":\"Bad Request: chat not found\"}",
			VERDICT_GONE, -1},
		{"telegram", 400, "{\"ok\":false,\"description\":\"can't parse entities\"}",
			VERDICT_DEAD, -1},
		{"telegram", 403, "{\"ok\":false}", VERDICT_GONE, -1},
		{"telegram", 429, "{\"ok\":false,\"parameters\":{\"retry_after\":35}}",
			VERDICT_RETRY, 35000},
		{"matrix", 200, "{\"event_id\":\"$1\"}", VERDICT_DELIVERED, -1},
		{"matrix", 200, "{}", VERDICT_RETRY, -1},
		{"matrix", 403, "{\"errcode\":\"M_FORBIDDEN\"}", VERDICT_GONE, -1},
		{"matrix", 429, "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"retry_after_ms\":2500}",
			VERDICT_RETRY, 2500},
		{"ntfy", 200, "{\"id\":\"x\"}", VERDICT_DELIVERED, -1},
		/* A 200 that says no, or that is not the platform's at all. */
		{"ntfy", 200, "<html>log in</html>", VERDICT_RETRY, -1},
		{"mattermost", 200, "<!doctype html>", VERDICT_RETRY, -1},
		{"mattermost", 200, "o", VERDICT_RETRY, -1},
		{"googlechat", 200, "{\"error\":{\"code\":500}}", VERDICT_RETRY, -1},
		{"discord", 200, "", VERDICT_RETRY, -1},
		{"teams", 200, "1", VERDICT_DELIVERED, -1},
		{"teams", 200, "Webhook message delivery failed with error: 429", VERDICT_RETRY,
			-1},
		{"pagerduty", 200, "<html>", VERDICT_RETRY, -1},
		{"alertmanager", 200, "<html>", VERDICT_RETRY, -1},
		{"slack", 200, "<html>", VERDICT_RETRY, -1},
		{"pagerduty", 202, "{\"status\":\"success\"}", VERDICT_DELIVERED, -1},
		{"alertmanager", 200, "", VERDICT_DELIVERED, -1},
		{"slack", 200, "{\"ok\":true,\"ts\":\"1.2\"}", VERDICT_DELIVERED, -1},
		{"slack", 200, "{\"ok\":false,\"error\":\"channel_not_found\"}", VERDICT_GONE,
			-1},
		{"slack", 200, "{\"ok\":false,\"error\":\"invalid_blocks\"}", VERDICT_DEAD, -1},
		{"slack", 200, "{\"ok\":false,\"error\":\"fatal_error\"}", VERDICT_RETRY, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct channel *c = channel_by_name(span_str(rows[i].channel));
		const struct answer a = {
			.status = rows[i].status, .body = span_str(rows[i].body)};
		struct arena arena = {0};
		struct span why = SPAN_NONE;

		assert_int_equal(c->judge(&a, &arena, &why), rows[i].verdict);
		assert_true(why.n > 0);
		assert_int_equal(c->pause_ms ? c->pause_ms(&a) : -1, rows[i].pause_ms);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_says_the_same_in_its_own_way),
		cmocka_unit_test(secrets_stand_where_they_belong),
		cmocka_unit_test(html_of_strangers_is_text),
		cmocka_unit_test(markdown_of_strangers_is_text),
		cmocka_unit_test(discord_pings_nobody_and_draws_each_embed),
		cmocka_unit_test(what_does_not_fit_is_counted),
		cmocka_unit_test(fields_that_belong_together_are_checked),
		cmocka_unit_test(answers_of_each_platform),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
