/* Findings of vigie's own, a spike and a report: each channel says them, in both languages. */

#include "fixture.h"

#include "message.h"
#include "route.h"

static const struct receiver_field fields[] = {
	{{"url", 3}, {"https://in.example/hook?key=k", 29}},
	{{"token", 5}, {"s3cr3t", 6}},
	{{"chat", 4}, {"-1001234567890", 14}},
	{{"room", 4}, {"!abc:example.org", 16}},
	{{"topic", 5}, {"news", 4}},
	{{"routing_key", 11}, {"0123456789abcdef0123456789abcdef", 32}},
	{{"channel", 7}, {"#news", 5}},
	{{"to", 2}, {"cm@example.org", 14}},
	{{"from", 4}, {"vigie@example.org", 17}},
	{{"smtp", 4}, {"smtp://localhost:25", 19}},
};

static const uint64_t carried[] = {57, 1};

static const double points[] = {4, 1.99, 1.08, 0, 0};

static struct alert_spike acme(void)
{
	return (struct alert_spike){.brand = SPAN("Acme"),
		.n = 142,
		.usual = 9,
		.spread = 3.5,
		.begins = 30,
		.samples = 8,
		.began = CREATED,
		.ended = WALL_NONE,
		.severity = 7.07,
		.points = points,
		.carried = carried,
		.n_carried = 2};
}

/* The bytes one channel sends. */
static struct span rendered(struct arena *arena, const struct channel *channel,
	const struct alert *alert, const char *lang)
{
	const struct receiver receiver = {.id = SPAN("desk"),
		.lang = span_str(lang),
		.channel = channel,
		.fields = fields,
		.n_fields = sizeof(fields) / sizeof(*fields)};
	const struct render_context context = {.now = CREATED,
		.public_url = SPAN("https://vigie.example.org"),
		.host = SPAN("host.example.org"),
		.version = SPAN("1")};
	struct payload payload;
	struct span why;

	if (channel->render(&payload, &receiver, alert, &context, arena, &why) != 0)
		fail_msg("%s: %.*s", channel->name, SPAN_ARG(why));
	return payload.request.body;
}

/* Without line ends of quoted-printable, and with JSON's escapes and the mail's read. */
static bool says(struct span body, const char *words)
{
	struct buf plain = {0};
	bool found = false;
	size_t n = strlen(words);

	for (size_t i = 0; i < body.n; i++) {
		unsigned byte;

		if (body.p[i] == '=' && i + 2 < body.n && body.p[i + 1] == '\r') {
			i += 2;
		} else if (body.p[i] == '=' && i + 2 < body.n &&
			   sscanf(body.p + i + 1, "%2X", &byte) == 1 && byte >= 0x80) {
			buf_add_char(&plain, (char)byte);
			i += 2;
		} else if (body.p[i] == '\r' || body.p[i] == '\n') {
			buf_add_char(&plain, ' ');
			i += body.p[i] == '\r' && i + 1 < body.n && body.p[i + 1] == '\n';
		} else {
			buf_add_char(&plain, body.p[i]);
		}
	}
	for (size_t i = 0; i + n <= plain.n && !found; i++)
		found = memcmp(plain.p + i, words, n) == 0;
	buf_deinit(&plain);
	return found;
}

static void a_spike_is_said_by_every_channel(void **state)
{
	static const struct {
		const char *lang, *said;
	} table[] = {
		{"en", "142 mentions in the last hour, usually 9"},
		{"fr", "142 mentions dans la dernière heure, d’habitude 9"},
	};
	const struct hit first = fixture_hit(), second = fixture_hit();
	const struct hit *const hits[] = {&first, &second};
	const struct alert_spike spike = acme();
	const struct alert alert = {.id = SPAN("4k2p9x7a1b3c5d7e9f1g3h5j7k"),
		.group = SPAN("spike=Acme"),
		.route = SPAN("routes"),
		.created = CREATED,
		.hits = hits,
		.n_hits = 2,
		.spike = &spike};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (const struct channel *const *c = channels; *c; c++) {
			struct arena arena = {0};
			const struct span body = rendered(&arena, *c, &alert, table[i].lang);

			/* A program reads numbers. */
			if (strcmp((*c)->name, "webhook") == 0)
				assert_true(says(body,
					"\"spike\":{\"brand\":\"Acme\",\"kind\":\"brand\","
					"\"n\":142,\"usual\":9,\"spread\":3.5,\"begins_at\":30,"
					"\"samples\":8,\"learning\":false"));
			else if (!says(body, table[i].said))
				fail_msg("%s does not say \"%s\": %.*s", (*c)->name,
					table[i].said, SPAN_ARG(body));
			arena_release(&arena);
		}
	}
}

static void its_words_are_put_together_from_its_figures(void **state)
{
	static const struct {
		const char *lang;
		bool learning, competitor;
		const char *headline, *why, *carries;
	} table[] = {
		{"en", false, false, "Acme — 142 mentions in the last hour, usually 9",
			"a burst begins at 30: 9 usual at this hour of the week, spread 3.5, "
			"from 8 weeks; severity 7.07 = spike 4 + times the usual 1.99 + "
			"mentions 1.08",
			"57 of these"},
		{"en", true, true,
			"Acme (competitor) — 142 mentions in the last hour, usually 9 (still "
			"learning)",
			"a burst begins at 30: 9 usual at this hour, spread 3.5, from 8 days "
			"so far; severity 7.07 = spike 4 + times the usual 1.99 + mentions "
			"1.08",
			"57 of these"},
		{"fr", false, true,
			"Acme (concurrent) — 142 mentions dans la dernière heure, d’habitude 9",
			"un pic commence à 30\u00A0: 9 d’habitude à cette heure de la semaine, "
			"écart 3,5, "
			"sur 8 semaines; gravité 7,07 = pic 4 + fois l’habituel 1,99 + "
			"mentions 1,08",
			"57 d’entre elles"},
	};
	const struct hit first = fixture_hit(), second = fixture_hit();
	const struct hit *const hits[] = {&first, &second};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct receiver receiver = {.lang = span_str(table[i].lang)};
		struct alert_spike spike = acme();
		const struct alert alert = {.id = SPAN("4k2p9x7a1b3c"),
			.created = CREATED,
			.hits = hits,
			.n_hits = 2,
			.spike = &spike};
		struct arena arena = {0};
		struct message m;

		spike.learning = table[i].learning;
		spike.competitor = table[i].competitor;
		assert_int_equal(message_make(&m, &arena, &alert, &receiver), 0);
		assert_string_equal(m.headline.p, table[i].headline);
		assert_string_equal(m.entries[0].why.p, table[i].why);
		assert_string_equal(m.entries[0].copies.p, table[i].carries);
		assert_true(span_starts(m.summary, m.headline));
		arena_release(&arena);
	}
}

static void its_end_says_how_long_and_how_high(void **state)
{
	static const struct {
		const char *lang;
		int64_t minutes;
		const char *headline;
	} table[] = {
		{"en", 200,
			"Acme — over after 3 h 20 min: 312 mentions in an hour at most, "
			"usually 9"},
		{"en", 45,
			"Acme — over after 45 min: 312 mentions in an hour at most, usually 9"},
		{"fr", 120,
			"Acme — terminé après 2 h\u00A0: 312 mentions en une heure au plus, "
			"d’habitude 9"},
	};
	const struct hit hit = fixture_hit();
	const struct hit *const hits[] = {&hit};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct alert_spike spike = acme();
		const struct alert alert = {.id = SPAN("4k2p9x7a1b3c5d7e9f1g3h5j7k"),
			.group = SPAN("spike=Acme"),
			.created = CREATED,
			.hits = hits,
			.n_hits = 1,
			.spike = &spike};

		spike.ended.ms = spike.began.ms + table[i].minutes * 60000;
		spike.peak = 312;
		for (const struct channel *const *c = channels; *c; c++) {
			struct arena arena = {0};
			const struct span body = rendered(&arena, *c, &alert, table[i].lang);

			if (strcmp((*c)->name, "webhook") == 0)
				assert_true(says(body, "\"spike.ended\"") &&
					    says(body, "\"peak\":312"));
			else if (!says(body, table[i].headline + strlen("Acme — ")))
				fail_msg("%s: %.*s", (*c)->name, SPAN_ARG(body));
			/* The incident that began is resolved. */
			if (strcmp((*c)->name, "pagerduty") == 0)
				assert_true(says(body, "\"event_action\":\"resolve\""));
			arena_release(&arena);
		}
	}
}

static void a_spike_is_as_bad_as_it_is_large(void **state)
{
	static const struct {
		double n, usual;
		bool learning;
		double total;
		const char *level;
	} table[] = {
		{10, 0, false, 6.18, "warning"},
		{27, 9, false, 5.51, "warning"},
		{27, 9, true, 4.51, "warning"},
		{142, 9, false, 7.07, "critical"},
		{1200, 400, false, 6.33, "warning"},
		{20, 5, true, 4.66, "warning"},
	};
	const struct policy policy = {.severity = NULL};
	const struct desk_notice notice = {.brand = SPAN("Acme")};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		double of[SEVERITY_SPIKE_TERMS], sum = 0;
		const double total = severity_of_spike(
			of, &policy, &notice, table[i].n, table[i].usual, table[i].learning);

		for (int k = 0; k < SEVERITY_SPIKE_TERMS; k++)
			sum += of[k];
		assert_float_equal(total, table[i].total, 0.001);
		assert_float_equal(total, sum, 0.001);
		assert_true(span_eq_str(
			severity_level_of(&severity_default, total), table[i].level));
	}
}

static void extras_hold_for_spikes(void **state)
{
	static const struct span acme_name = {"Acme", 4}, competitor = {"competitor", 10};
	static const struct route_match brand = {ROUTE_BRAND, &acme_name, 1, NULL},
					kind = {ROUTE_KIND, &competitor, 1, NULL};
	static const struct severity_extra extras[] = {
		{{"ours", 4}, &brand, 1, 2}, {{"theirs", 6}, &kind, 1, -3}};
	struct severity_policy severity = severity_default;
	const struct policy policy = {.severity = &severity};
	const struct desk_notice ours = {.brand = acme_name, .brand_kind = SPAN("brand")};
	const struct desk_notice theirs = {.brand = SPAN("Rival"), .brand_kind = competitor};
	double of[SEVERITY_SPIKE_TERMS];

	(void)state;
	severity.extras = extras;
	severity.n_extras = 2;
	assert_float_equal(severity_of_spike(of, &policy, &ours, 27, 9, false), 7.51, 0.001);
	assert_float_equal(of[4], 2, 0.001);
	assert_float_equal(severity_of_spike(of, &policy, &theirs, 27, 9, false), 2.51, 0.001);
}

static void a_report_is_a_page_in_a_mail_and_a_few_lines_elsewhere(void **state)
{
	struct hit hit = fixture_hit();
	const struct hit *const hits[] = {&hit};
	const struct alert_report report = {.html = SPAN("<!DOCTYPE html><p>whole page</p>"),
		.markdown = SPAN("# Whole text\n"),
		.why = SPAN("as the configuration asks")};
	const struct alert alert = {.id = SPAN("4k2p9x7a1b3c5d7e9f1g3h5j7k"),
		.group = SPAN("report=week"),
		.created = CREATED,
		.hits = hits,
		.n_hits = 1,
		.report = &report};

	(void)state;
	hit.item.title = SPAN("Competitor watch 2026-11-16 to 2026-11-22");
	hit.item.text = SPAN("Acme 142 mentions, 43.1 % of all");
	hit.n_matches = 0;
	for (const struct channel *const *c = channels; *c; c++) {
		struct arena arena = {0};
		const struct span body = rendered(&arena, *c, &alert, "en");
		const bool mail = strcmp((*c)->name, "email") == 0;

		if (!says(body, "Competitor watch 2026-11-16 to 2026-11-22"))
			fail_msg("%s: %.*s", (*c)->name, SPAN_ARG(body));
		assert_true(says(body, mail ? "<p>whole page</p>" : "142 mentions"));
		assert_true(!mail || says(body, "# Whole text"));
		assert_false(says(body, "new mention"));
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spike_is_said_by_every_channel),
		cmocka_unit_test(its_words_are_put_together_from_its_figures),
		cmocka_unit_test(its_end_says_how_long_and_how_high),
		cmocka_unit_test(a_spike_is_as_bad_as_it_is_large),
		cmocka_unit_test(extras_hold_for_spikes),
		cmocka_unit_test(a_report_is_a_page_in_a_mail_and_a_few_lines_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
