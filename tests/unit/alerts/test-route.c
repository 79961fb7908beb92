/* route: who hears of what, by the tree. */

#include "fixture.h"

static const struct receiver receivers[] = {
	{.id = {"cm", 2}}, {.id = {"mail", 4}}, {.id = {"boss", 4}}};
static const uint32_t cm[] = {0}, mail[] = {1}, boss_and_cm[] = {2, 0};

/* "cm:rule=acme@10;mail:…", in order. */
static const char *routed(struct arena *arena, const struct route *root, const struct hit *hit)
{
	const struct policy policy = {receivers, 3, *root};
	struct assignment *found;
	struct buf out = {0};
	struct span text;
	size_t n;

	assert_int_equal(route_hit(&policy, hit, arena, &found, &n), 0);
	for (size_t i = 0; i < n; i++)
		buf_addf(&out, "%s%.*s %.*s %lld %.*s", i ? " | " : "",
			SPAN_ARG(receivers[found[i].receiver].id), SPAN_ARG(found[i].group),
			(long long)found[i].wait_ms, SPAN_ARG(found[i].route));
	text = arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return text.p;
}

#define KEY "abcdef00000000000000000000000000"

static void a_flat_tree(void **state)
{
	const struct route root = {.receivers = cm, .n_receivers = 1, .group_wait_ms = 10000};
	struct route by_rule = root, by_mention = root, by_two = root;
	struct hit h = fixture_hit();
	struct arena arena = {0};

	(void)state;
	by_rule.group_by[0] = ROUTE_RULE;
	by_mention.group_by[0] = ROUTE_MENTION;
	by_two.group_by[0] = ROUTE_BRAND;
	by_two.group_by[1] = ROUTE_LANG;
	by_rule.n_group_by = by_mention.n_group_by = 1;
	by_two.n_group_by = 2;
	/* Without group_by each mention is told alone, and waits for nobody. */
	assert_string_equal(routed(&arena, &root, &h), "cm story=" KEY " 0 routes");
	assert_string_equal(routed(&arena, &by_mention, &h), "cm mention=" KEY " 0 routes");
	/* A copy goes with the first of its story. */
	h.story = (struct story_place){.head = {{0x12}}, .mentions = 2};
	assert_string_equal(routed(&arena, &root, &h),
		"cm story=12000000000000000000000000000000 0 routes");
	assert_string_equal(routed(&arena, &by_mention, &h), "cm mention=" KEY " 0 routes");
	assert_string_equal(routed(&arena, &by_rule, &h), "cm rule=acme 10000 routes");
	assert_string_equal(routed(&arena, &by_two, &h), "cm brand=Acme;lang=en 10000 routes");
	h.silent = true;
	assert_string_equal(routed(&arena, &by_rule, &h), "");
	h.silent = false;
	h.update = true;
	assert_string_equal(routed(&arena, &by_rule, &h), "");
	arena_release(&arena);
}

static void children_win_in_order(void **state)
{
	static const struct span brand_kind[] = {{"Brand", 5}}, rival[] = {{"competitor", 10}};
	const struct route_match is_brand = {ROUTE_KIND, brand_kind, 1};
	const struct route_match is_rival = {ROUTE_KIND, rival, 1};
	struct route children[] = {
		{.matches = &is_rival,
			.n_matches = 1,
			.receivers = mail,
			.n_receivers = 1,
			.group_wait_ms = -1},
		{.matches = &is_brand,
			.n_matches = 1,
			.receivers = mail,
			.n_receivers = 1,
			.group_wait_ms = -1},
		{.matches = &is_brand,
			.n_matches = 1,
			.receivers = boss_and_cm,
			.n_receivers = 2,
			.group_wait_ms = 5},
	};
	const struct route root = {.receivers = cm,
		.n_receivers = 1,
		.group_by = {ROUTE_RULE},
		.n_group_by = 1,
		.group_wait_ms = 10,
		.children = children,
		.n_children = 3};
	struct hit h = fixture_hit();
	struct arena arena = {0};

	(void)state;
	/* The first child that matches; what it does not say it inherits. */
	assert_string_equal(routed(&arena, &root, &h), "mail rule=acme 10 routes.routes[1]");
	children[1].proceed = true;
	assert_string_equal(routed(&arena, &root, &h),
		"mail rule=acme 10 routes.routes[1] | boss rule=acme 5 routes.routes[2] | "
		"cm rule=acme 5 routes.routes[2]");
	/* Each receiver once, by the first route that named it. */
	children[2].receivers = mail;
	children[2].n_receivers = 1;
	assert_string_equal(routed(&arena, &root, &h), "mail rule=acme 10 routes.routes[1]");
	/* None of the children: the route answers itself. */
	h.n_matches = 0;
	assert_string_equal(routed(&arena, &root, &h), "cm rule= 10 routes");
	arena_release(&arena);
}

static void matchers(void **state)
{
	static const struct {
		enum route_key key;
		const char *value;
		bool wanted;
	} rows[] = {
		{ROUTE_RULE, "acme", true},
		{ROUTE_RULE, "ACME", true},
		{ROUTE_RULE, "acm", false},
		{ROUTE_KIND, "brand", true},
		{ROUTE_BRAND, "acme", true},
		{ROUTE_TAG, "press", true},
		{ROUTE_TAG, "shoes", true},
		{ROUTE_TAG, "radio", false},
		{ROUTE_LANG, "en", true},
		{ROUTE_LANG, "en-GB", true},
		{ROUTE_LANG, "e", false},
		{ROUTE_LANG, "en-US", false},
		{ROUTE_SOURCE, "gazette", true},
		{ROUTE_AUTHOR, "@Jeanne", true},
		{ROUTE_AUTHOR, "jeanne martin", true},
		{ROUTE_AUTHOR, "jeanne", false},
		{ROUTE_SITE, "gazette.example", true},
		{ROUTE_SITE, "example", true},
		{ROUTE_SITE, "zette.example", false},
	};
	static const struct span press[] = {{"press", 5}}, shoes[] = {{"shoes", 5}};
	struct match match = fixture_match;
	struct hit h = fixture_hit();
	struct arena arena = {0};

	(void)state;
	match.tags = shoes;
	match.n_tags = 1;
	h.matches = &match;
	h.source_tags = press;
	h.n_source_tags = 1;
	h.item.lang = SPAN("en-GB");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct span value = span_str(rows[i].value);
		const struct route_match m = {rows[i].key, &value, 1};
		const struct route root = {
			.matches = &m, .n_matches = 1, .receivers = cm, .n_receivers = 1};

		assert_int_equal(routed(&arena, &root, &h)[0] != '\0', rows[i].wanted);
	}
	arena_release(&arena);
}

static void group_keys_are_stable_and_short(void **state)
{
	const struct match two[] = {
		{.rule = SPAN("zulu"), .brand = SPAN("Acme")},
		{.rule = SPAN("alpha, the first"), .brand = SPAN("Acme")},
	};
	struct route root = {.receivers = cm,
		.n_receivers = 1,
		.group_by = {ROUTE_RULE, ROUTE_BRAND, ROUTE_AUTHOR},
		.n_group_by = 3};
	struct hit h = fixture_hit();
	struct arena arena = {0};

	(void)state;
	h.matches = two;
	h.n_matches = 2;
	assert_string_equal(routed(&arena, &root, &h),
		"cm rule=alpha%2C%20the%20first,zulu;brand=Acme;author=@jeanne 0 routes");
	h.item.author.handle = repeat(&arena, "\u65E5", 10000);
	assert_true(strlen(routed(&arena, &root, &h)) < 200);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flat_tree),
		cmocka_unit_test(children_win_in_order),
		cmocka_unit_test(matchers),
		cmocka_unit_test(group_keys_are_stable_and_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
