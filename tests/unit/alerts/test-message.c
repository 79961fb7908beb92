/* message: what an alert says, in two languages. */

#include "fixture.h"

#include "message.h"

struct made {
	struct arena arena;
	struct message message;
};

static struct made make(
	const struct hit *const *hits, size_t n, size_t n_more, const char *lang)
{
	const struct receiver receiver = {.lang = span_str(lang)};
	const struct alert alert = {.id = SPAN("4k2p9x7a1b3c"),
		.created = CREATED,
		.hits = hits,
		.n_hits = n,
		.n_more = n_more,
		.route = SPAN("routes")};
	struct made m = {0};

	assert_int_equal(message_make(&m.message, &m.arena, &alert, &receiver), 0);
	return m;
}

static void one_mention_in_english(void **state)
{
	const struct hit h = fixture_hit();
	const struct hit *const hits[] = {&h};
	struct made m = make(hits, 1, 0, "en");
	const struct message_entry *e = &m.message.entries[0];

	(void)state;
	assert_string_equal(m.message.subject.p, "Acme");
	assert_string_equal(m.message.headline.p, "Acme — new mention");
	assert_string_equal(m.message.summary.p, "Acme: Acme opens <24h & in Lyon");
	assert_true(span_eq_str(m.message.short_id, "4k2p9x7a"));
	assert_string_equal(e->source.p, "The Gazette");
	assert_string_equal(e->author.p, "Jeanne Martin (@jeanne)");
	assert_string_equal(e->audience.p, "12,345 followers");
	assert_string_equal(e->when.p, "published 2026-11-20 20:20 UTC");
	assert_true(span_eq_str(e->site, "gazette.example"));
	assert_string_equal(
		e->excerpt.text.p, "Dear readers: when Acme said so, nobody believed it.");
	assert_int_equal(e->excerpt.n_marks, 1);
	assert_int_equal(e->excerpt.marks[0].start, 19);
	assert_string_equal(e->why.p,
		"rule acme (version 9f86d081884c): title 0–4 “Acme”, text 19–23 “Acme”; "
		"score 1.5 = acme 1.5; route routes");
	arena_release(&m.arena);
}

static void the_same_in_french(void **state)
{
	const struct hit h = fixture_hit();
	const struct hit *const hits[] = {&h};
	struct made m = make(hits, 1, 0, "fr-FR");
	const struct message_entry *e = &m.message.entries[0];

	(void)state;
	assert_string_equal(m.message.headline.p, "Acme — nouvelle mention");
	assert_string_equal(e->audience.p, "12\u202F345 abonnés");
	assert_string_equal(e->when.p, "publié le 2026-11-20 20:20 UTC");
	assert_string_equal(e->why.p, "règle acme (version 9f86d081884c): titre 0–4 "
				      "«\u00A0Acme\u00A0», texte 19–23 «\u00A0Acme\u00A0»; "
				      "score 1,5 = acme 1,5; route routes");
	arena_release(&m.arena);
}

static void the_rest_of_its_story_is_counted(void **state)
{
	static const struct {
		uint32_t mentions, sites;
		const char *en, *fr;
	} table[] = {
		{0, 0, "", ""},
		{1, 1, "", ""},
		{2, 1, "+1 copy", "+1 copie"},
		{2, 2, "+1 copy on 2 sites", "+1 copie sur 2 sites"},
		{12, 9, "+11 copies on 9 sites", "+11 copies sur 9 sites"},
		{12346, 1000, "+12,345 copies on 1,000 sites",
			"+12\u202F345 copies sur 1\u202F000 sites"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct hit h = fixture_hit();
		const struct hit *const hits[] = {&h};
		struct made en, fr;

		h.story = (struct story_place){
			.mentions = table[i].mentions, .sites = table[i].sites};
		en = make(hits, 1, 0, "en");
		fr = make(hits, 1, 0, "fr");
		assert_string_equal(en.message.entries[0].copies.p, table[i].en);
		assert_string_equal(fr.message.entries[0].copies.p, table[i].fr);
		arena_release(&en.arena);
		arena_release(&fr.arena);
	}
}

static void several_mentions_are_counted(void **state)
{
	const struct match rival = {.rule = SPAN("klm"),
		.kind = SPAN("competitor"),
		.brand = SPAN("KLM"),
		.weight = 1};
	struct hit a = fixture_hit(), b = fixture_hit();
	const struct hit *const hits[] = {&a, &b};
	struct made m;

	(void)state;
	b.matches = &rival;
	m = make(hits, 2, 1998, "en");
	assert_string_equal(m.message.headline.p, "Acme, KLM (competitor) — 2,000 mentions");
	assert_int_equal(m.message.n_entries, 2);
	assert_int_equal(m.message.n_more, 1998);
	assert_string_equal(m.message.entries[1].why.p,
		"rule klm (version ): by what it lacks or counts; "
		"score 1.5 = klm 1; route routes");
	arena_release(&m.arena);
}

static void a_post_without_title_gives_its_first_words(void **state)
{
	struct hit h = fixture_hit();
	const struct hit *const hits[] = {&h};
	struct made m;

	(void)state;
	h.item.title = SPAN_NONE;
	m = make(hits, 1, 0, "en");
	assert_string_equal(m.message.entries[0].title.text.p,
		"Dear readers: when Acme said so, nobody believed it.");
	assert_false(m.message.entries[0].title_is_own);
	arena_release(&m.arena);
	h.item.text = SPAN_NONE;
	m = make(hits, 1, 0, "en");
	assert_string_equal(m.message.entries[0].title.text.p, "(untitled)");
	arena_release(&m.arena);
}

static void what_is_unknown_is_not_said(void **state)
{
	struct hit h = fixture_hit();
	const struct hit *const hits[] = {&h};
	const struct message_entry *e;
	struct made m;

	(void)state;
	h.item.author = (struct item_author){.followers = NAN};
	h.item.published = WALL_NONE;
	h.item.feed.title = SPAN_NONE;
	h.item.url = SPAN("javascript:alert(1)");
	m = make(hits, 1, 0, "en");
	e = &m.message.entries[0];
	assert_int_equal(e->author.n, 0);
	assert_int_equal(e->audience.n, 0);
	assert_int_equal(e->link.n, 0);
	assert_string_equal(e->when.p, "found 2026-11-20 20:26 UTC");
	assert_true(span_eq_str(e->source, "gazette"));
	arena_release(&m.arena);
}

static void the_headline_says_why_it_is_told(void **state)
{
	/* 2026-11-20 and 21, 08:00. */
	const struct wall from = wall_parse_rfc3339(SPAN("2026-11-20T08:00:00Z")),
			  until = wall_parse_rfc3339(SPAN("2026-11-21T08:00:00Z"));
	const struct {
		struct alert alert;
		const char *en, *fr;
	} table[] = {
		{{.kind = ALERT_UPDATE, .n_hits = 1},
			"Acme — the story grows: +11 copies on 9 sites",
			"Acme — l’histoire grandit\u00A0: +11 copies sur 9 sites"},
		{{.kind = ALERT_REPEAT, .n_hits = 1, .n_more = 2, .nth = 2},
			"Acme — 3 mentions (reminder 2)", "Acme — 3 mentions (rappel 2)"},
		{{.kind = ALERT_DIGEST,
			 .n_hits = 1,
			 .n_more = 11,
			 .from = from,
			 .until = until,
			 .part = 1,
			 .parts = 1},
			"digest 2026-11-20 08:00 – 2026-11-21 08:00 UTC — 12 mentions",
			"récapitulatif 2026-11-20 08:00 – 2026-11-21 08:00 UTC — 12 mentions"},
		{{.kind = ALERT_DIGEST,
			 .n_hits = 1,
			 .n_more = 1,
			 .from = from,
			 .until = until,
			 .part = 2,
			 .parts = 3},
			"digest 2026-11-20 08:00 – 2026-11-21 08:00 UTC — 2 mentions (part 2 "
			"of 3)",
			"récapitulatif 2026-11-20 08:00 – 2026-11-21 08:00 UTC — 2 mentions "
			"(partie 2 sur 3)"},
		{{.kind = ALERT_DIGEST,
			 .n_hits = 1,
			 .nothing = true,
			 .from = from,
			 .until = until},
			"digest 2026-11-20 08:00 – 2026-11-21 08:00 UTC — nothing found",
			"récapitulatif 2026-11-20 08:00 – 2026-11-21 08:00 UTC — rien trouvé"},
	};
	struct hit h = fixture_hit();
	const struct hit *const hits[] = {&h};

	(void)state;
	h.story.mentions = 12;
	h.story.sites = 9;
	for (size_t i = 0; i < 2 * sizeof(table) / sizeof(*table); i++) {
		const struct receiver receiver = {.lang = i % 2 ? SPAN("fr") : SPAN("en")};
		struct alert alert = table[i / 2].alert;
		struct arena arena = {0};
		struct message m;

		alert.id = SPAN("4k2p9x7a1b3c");
		alert.hits = hits;
		assert_int_equal(message_make(&m, &arena, &alert, &receiver), 0);
		assert_string_equal(m.headline.p, i % 2 ? table[i / 2].fr : table[i / 2].en);
		/* Whoever shows one line only reads it, too. */
		assert_true(span_starts(m.summary, m.headline));
		arena_release(&arena);
	}
}

static void an_alert_needs_a_mention(void **state)
{
	const struct receiver receiver = {0};
	const struct alert alert = {0};
	struct arena arena = {0};
	struct message m;

	(void)state;
	assert_int_equal(message_make(&m, &arena, &alert, &receiver), -EINVAL);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_mention_in_english),
		cmocka_unit_test(the_same_in_french),
		cmocka_unit_test(the_rest_of_its_story_is_counted),
		cmocka_unit_test(several_mentions_are_counted),
		cmocka_unit_test(a_post_without_title_gives_its_first_words),
		cmocka_unit_test(what_is_unknown_is_not_said),
		cmocka_unit_test(the_headline_says_why_it_is_told),
		cmocka_unit_test(an_alert_needs_a_mention),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
