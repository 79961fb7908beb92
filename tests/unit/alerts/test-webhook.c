/* webhook: a signed JSON body whose spans cut the very words and whose score adds up. */

#include "fixture.h"

#include "sign.h"
#include "vigie/utf8.h"

/* Our own vector: the key is the 32 bytes 0x00 … 0x1F. Computed with
 * printf 'id.1700000000.{"a":1}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…1f
 * -binary | base64 */
#define SECRET "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static void the_signature_is_that_of_the_specification(void **state)
{
	static const struct {
		const char *secret;
		const char *signature; /* NULL: refused */
	} rows[] = {
		{SECRET, "v1,bJHXXOg6fhPnLUrxfvanlojsj/aDXK7Wq+pictbtKig="},
		{"plain words", "v1,pNm7Oz9d1fm3dtVeWQyUGhlSEsa6bjo2RvQGrJqKAKA="},
		{"whsec_", NULL}, {"whsec_AAEC", NULL}, /* 3 bytes: too short a key */
		{"whsec_not base64!", NULL},
		{"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", NULL}, /* no padding */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf out = {0};
		const int r = sign_add(&out, span_str(rows[i].secret), SPAN("id"),
			SPAN("1700000000"), SPAN("{\"a\":1}"));

		assert_int_equal(r, rows[i].signature ? 0 : -EINVAL);
		if (rows[i].signature)
			assert_string_equal(out.p, rows[i].signature);
		buf_deinit(&out);
	}
}

static struct span header(const struct sent *s, const char *name)
{
	for (size_t i = 0; i < s->payload.request.n_headers; i++)
		if (span_eq_ci(s->payload.request.headers[i].name, span_str(name)))
			return s->payload.request.headers[i].value;
	return SPAN_NONE;
}

static const struct receiver_field fields[] = {
	{{"url", 3}, {"https://in.example/hook", 23}},
	{{"secret", 6}, {SECRET, sizeof(SECRET) - 1}},
	{{"old_secret", 10}, {"old one", 7}},
};

static void headers_are_those_of_standard_webhooks(void **state)
{
	const struct hit h = fixture_hit();
	struct sent s = fixture_send("webhook", &h, fields, 3);
	struct buf want = {0};

	(void)state;
	assert_int_equal(s.r, 0);
	assert_true(span_eq_str(header(&s, "content-type"), "application/json"));
	assert_true(span_eq_str(header(&s, "webhook-id"), "4k2p9x7a1b3c5d7e9f1g3h5j7k"));
	/* Of this attempt, a minute after the alert was made. */
	assert_true(span_eq_str(header(&s, "webhook-timestamp"), "1795206430"));
	assert_int_equal(sign_add(&want, SPAN(SECRET), SPAN("4k2p9x7a1b3c5d7e9f1g3h5j7k"),
				 SPAN("1795206430"), s.payload.request.body),
		0);
	buf_add_str(&want, " ");
	assert_int_equal(sign_add(&want, SPAN("old one"), SPAN("4k2p9x7a1b3c5d7e9f1g3h5j7k"),
				 SPAN("1795206430"), s.payload.request.body),
		0);
	assert_true(span_eq(header(&s, "webhook-signature"), buf_span(&want)));
	buf_deinit(&want);
	sent_release(&s);
	s = fixture_send("webhook", &h, fields, 1);
	assert_int_equal(header(&s, "webhook-signature").n, 0);
	sent_release(&s);
}

static void a_bad_secret_is_refused_by_name(void **state)
{
	const struct receiver_field bad[] = {{SPAN("url"), SPAN("https://in.example/")},
		{SPAN("secret"), SPAN("whsec_short")}};
	const struct hit h = fixture_hit();
	struct sent s = fixture_send("webhook", &h, bad, 2);

	(void)state;
	assert_int_equal(s.r, -EINVAL);
	assert_true(holds(s.why, "whsec_"));
	assert_false(holds(s.why, "short"));
	sent_release(&s);
}

/* Every span must cut its own words out of what the body gives. */
static size_t check_spans(json_t *data)
{
	json_t *matches = at(data, "matches"), *m;
	size_t i;

	json_array_foreach (matches, i, m) {
		const char *field = text_at(m, "field");
		const size_t start = (size_t)json_integer_value(at(m, "start"));
		const size_t end = (size_t)json_integer_value(at(m, "end"));
		struct span text =
			span_str(json_string_value(json_object_get(at(data, "item"), field)));
		size_t from = 0, bytes_start = 0, bytes_end = 0;
		bool found = false;

		assert_int_equal(json_integer_value(at(m, "length")), end - start);
		for (int round = 0; round < 2 && !found; round++) {
			if (round) {
				text = span_str(text_at(data, "item.excerpt"));
				from = (size_t)json_integer_value(
					at(data, "item.excerpt_start"));
			}
			if (start < from || end - from > utf8_length(text))
				continue;
			bytes_start = 0;
			for (size_t k = from; k < start; k++)
				(void)utf8_next(text, &bytes_start);
			bytes_end = bytes_start;
			for (size_t k = start; k < end; k++)
				(void)utf8_next(text, &bytes_end);
			found = true;
		}
		assert_true(found);
		assert_true(span_eq_str(
			span_slice(text, bytes_start, bytes_end), text_at(m, "text")));
	}
	return json_array_size(matches);
}

static void check_score(json_t *data)
{
	json_t *terms = at(data, "score.terms"), *term;
	double sum = 0;
	size_t i;

	json_array_foreach (terms, i, term)
		sum += json_number_value(at(term, "weight"));
	assert_true(sum == json_number_value(at(data, "score.total")));
}

static void one_mention(void **state)
{
	const struct hit h = fixture_hit();
	struct sent s = fixture_send("webhook", &h, fields, 3);
	json_t *data = at(s.body, "data");

	(void)state;
	assert_string_equal(text_at(s.body, "type"), "mention.created");
	assert_string_equal(text_at(s.body, "timestamp"), "2026-11-20T20:26:10.344Z");
	assert_string_equal(text_at(data, "id"), "abcdef00000000000000000000000000");
	assert_string_equal(text_at(data, "delivery"), "4k2p9x7a1b3c5d7e9f1g3h5j7k");
	assert_string_equal(text_at(data, "rule.id"), "acme");
	assert_string_equal(text_at(data, "rule.version"), "9f86d081884c7d65");
	assert_string_equal(text_at(data, "brand"), "Acme");
	assert_string_equal(text_at(data, "item.title"), "Acme opens <24h & in Lyon");
	assert_string_equal(text_at(data, "item.author"), "Jeanne Martin @jeanne");
	assert_string_equal(
		text_at(data, "item.url"), "https://www.gazette.example/lyon?a=1&b=2");
	assert_string_equal(text_at(data, "item.published_at"), "2026-11-20T20:20:00.000Z");
	assert_string_equal(text_at(data, "source.id"), "gazette");
	assert_string_equal(text_at(data, "group.key"), "rule=acme");
	assert_int_equal(check_spans(data), 2);
	check_score(data);
	sent_release(&s);
}

static void spans_count_code_points(void **state)
{
	const struct match_span spans[] = {{FIELD_TITLE, 11, 17}, {FIELD_AUTHOR, 0, 3}};
	struct match match = fixture_match;
	struct hit h = fixture_hit();
	struct sent s;

	(void)state;
	match.spans = spans;
	h.matches = &match;
	h.item.title = SPAN("\U0001F600 gr\u00E8ve \u00C9t\u00E9 !");
	s = fixture_send("webhook", &h, fields, 1);
	assert_int_equal(json_integer_value(at(s.body, "data.matches.0.start")), 7);
	assert_string_equal(text_at(s.body, "data.matches.0.text"), " \u00C9t\u00E9");
	assert_int_equal(check_spans(at(s.body, "data")), 2);
	sent_release(&s);
}

static void bodies_stay_below_20_kb(void **state)
{
	static const char *const bytes[] = {
		"x", "\x01", "\"", "\u65E5", "\U0001F600", "\u202E"};
	struct match_span spans[300];
	struct match matches[60];
	struct arena arena = {0};

	(void)state;
	for (uint32_t i = 0; i < 300; i++)
		spans[i] = (struct match_span){FIELD_TEXT, 24000 + i * 24, 24000 + i * 24 + 12};
	spans[0] = (struct match_span){FIELD_TITLE, 0, 39000};
	for (size_t i = 0; i < 60; i++) {
		matches[i] = fixture_match;
		matches[i].spans = spans;
		matches[i].n_spans = 300;
		matches[i].weight = 1 + (double)i;
	}
	for (size_t i = 0; i < sizeof(bytes) / sizeof(*bytes); i++) {
		const struct span text = repeat(&arena, bytes[i], 40000);
		struct hit h = fixture_hit();
		const struct hit *hits[25];
		struct sent s;

		h.item.title = h.item.text = h.item.author.name = h.item.feed.title = text;
		h.matches = matches;
		h.n_matches = 60;
		h.score = 60 * 61 / 2;
		for (size_t k = 0; k < 25; k++)
			hits[k] = &h;
		s = fixture_send_all("webhook", hits, 25, 3, SPAN("en"), fields, 3);
		assert_int_equal(s.r, 0);
		assert_true(s.payload.request.body.n < 20 * 1024);
		assert_string_equal(text_at(s.body, "type"), "mentions.created");
		assert_int_equal(json_integer_value(at(s.body, "data.total")), 28);
		assert_int_equal(json_integer_value(at(s.body, "data.truncated")),
			28 - json_array_size(at(s.body, "data.items")));
		assert_true(json_array_size(at(s.body, "data.items")) > 0);
		(void)check_spans(at(s.body, "data.items.0"));
		check_score(at(s.body, "data.items.0"));
		sent_release(&s);
		s = fixture_send("webhook", &h, fields, 3);
		assert_true(s.payload.request.body.n < 20 * 1024);
		(void)check_spans(at(s.body, "data"));
		check_score(at(s.body, "data"));
		assert_true(json_integer_value(at(s.body, "data.matches_omitted")) > 0);
		sent_release(&s);
	}
	arena_release(&arena);
}

static void a_late_match_is_cut_from_the_excerpt(void **state)
{
	const struct match_span span = {FIELD_TEXT, 29995, 30001};
	struct match match = fixture_match;
	struct arena arena = {0};
	struct hit h = fixture_hit();
	struct sent s;

	(void)state;
	match.spans = &span;
	match.n_spans = 1;
	h.matches = &match;
	h.item.text = repeat(&arena, "word\u00E9 ", 6000);
	s = fixture_send("webhook", &h, fields, 1);
	assert_true(json_is_true(at(s.body, "data.item.text_truncated")));
	assert_int_equal(check_spans(at(s.body, "data")), 1);
	sent_release(&s);
	arena_release(&arena);
}

static void the_body_of_alertmanager(void **state)
{
	static const struct receiver_field f[] = {{{"url", 3}, {"https://in.example/", 19}},
		{{"format", 6}, {"alertmanager", 12}}, {{"secret", 6}, {"x", 1}}};
	const struct hit a = fixture_hit();
	struct hit b = fixture_hit();
	const struct hit *const hits[] = {&a, &b};
	struct sent s;

	(void)state;
	b.item.lang = SPAN("fr");
	b.key.b[0] = 1;
	s = fixture_send_all("webhook", hits, 2, 3, SPAN("en"), f, 3);
	assert_int_equal(s.r, 0);
	assert_string_equal(text_at(s.body, "version"), "4");
	assert_string_equal(text_at(s.body, "status"), "firing");
	assert_string_equal(text_at(s.body, "receiver"), "desk");
	assert_string_equal(text_at(s.body, "groupLabels.rule"), "acme");
	assert_int_equal(json_integer_value(at(s.body, "truncatedAlerts")), 3);
	assert_int_equal(json_array_size(at(s.body, "alerts")), 2);
	assert_string_equal(text_at(s.body, "alerts.0.fingerprint"), "abcdef0000000000");
	assert_string_equal(text_at(s.body, "alerts.0.labels.lang"), "en");
	assert_string_equal(text_at(s.body, "commonLabels.brand"), "Acme");
	assert_null(json_object_get(at(s.body, "commonLabels"), "lang"));
	assert_null(json_object_get(at(s.body, "commonLabels"), "mention"));
	assert_true(header(&s, "webhook-signature").n > 0);
	sent_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_signature_is_that_of_the_specification),
		cmocka_unit_test(headers_are_those_of_standard_webhooks),
		cmocka_unit_test(a_bad_secret_is_refused_by_name),
		cmocka_unit_test(one_mention),
		cmocka_unit_test(the_body_of_alertmanager),
		cmocka_unit_test(spans_count_code_points),
		cmocka_unit_test(bodies_stay_below_20_kb),
		cmocka_unit_test(a_late_match_is_cut_from_the_excerpt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
