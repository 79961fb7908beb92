/* forum: a page, a header or a cookie, and the connector that reads such a site. */

#include "fixture.h"

#include "sources/discover.h"

#define S(text)                                                                                \
	{                                                                                      \
		"" text, sizeof(text) - 1                                                      \
	}

static const struct {
	const char *url, *page;
	struct header header;
	const char *want; /* "network base", or "" */
} rows[] = {
	{"https://d.example/t/tea/7", "<meta name=\"generator\" content=\"Discourse 3.3 - x\">",
		{{0}, {0}}, "discourse https://d.example"},
	{"https://d.example/", "<p>x", {S("X-Discourse-Route"), S("list/latest")},
		"discourse https://d.example"},
	{"https://d.example/", "<p>x", {S("Set-Cookie"), S("_forum_session=1; path=/")},
		"discourse https://d.example"},
	{"https://b.example/board/viewforum.php?f=2", "<body id=\"phpbb\" class=\"nojs\">",
		{{0}, {0}}, "phpbb https://b.example/board"},
	{"https://b.example/board/app.php/help/faq", "<body id=phpbb>", {{0}, {0}},
		"phpbb https://b.example/board"},
	{"https://b.example/", "x", {S("set-cookie"), S("phpbb3_x_sid=1")},
		"phpbb https://b.example"},
	{"https://v.example/forum/showthread.php?t=1",
		"<meta name='generator' content='vBulletin 4.2.5'>", {{0}, {0}},
		"vbulletin https://v.example/forum"},
	{"https://x.example:8443/threads/tea.5/", "<html id=\"XF\" lang=\"fr\">", {{0}, {0}},
		"xenforo https://x.example:8443"},
	{"https://i.example/topic/5-tea/", "<body class='ipsApp ipsApp_front'>", {{0}, {0}},
		"invision https://i.example"},
	{"https://s.example/forum/index.php?topic=1.0",
		"<script>var smf_scripturl = \"https://s.example/forum/index.php\";</script>",
		{{0}, {0}}, "smf https://s.example/forum"},
	{"https://m.example/mybb/index.php", "<script>\nvar my_post_key = \"1\";</script>",
		{{0}, {0}}, "mybb https://m.example/mybb"},
	{"https://f.example/d/7-tea", "<div id=\"flarum-loading\">", {{0}, {0}},
		"flarum https://f.example"},
	{"https://n.example/topic/7/tea", "x", {S("X-Powered-By"), S("NodeBB")},
		"nodebb https://n.example"},
	{"https://l.example/post/7", "<div class=\"lemmy-site\">", {{0}, {0}},
		"lemmy https://l.example"},
	{"https://m.example/@zoe", "<div class='app-holder' id='mastodon'>", {{0}, {0}},
		"mastodon https://m.example"},
	/* Words in a text prove nothing. */
	{"https://blog.example/", "<p>phpBB, id=\"XF\", smf_scripturl, Discourse 3</p>",
		{{0}, {0}}, ""},
	{"https://blog.example/", "<meta name=generator content=\"WordPress 6\">", {{0}, {0}},
		""},
	{"https://blog.example/", "<p id=\"XFiles\">", {S("server"), S("nginx")}, ""},
	{"", "<html id=\"XF\">", {{0}, {0}}, ""},
};

static void software_shows_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct discover_options options = {.base = span_str(rows[i].url),
			.headers = &rows[i].header,
			.n_headers = rows[i].header.name.n > 0};
		struct discovered_list list;
		struct arena arena = {0};
		struct buf got = {0};

		assert_int_equal(
			discover_feeds(&list, &arena, &options, span_str(rows[i].page)), 0);
		for (size_t k = 0; k < list.n; k++)
			buf_addf(&got, "%.*s %.*s",
				SPAN_ARG(span_slice(list.items[k].type, 10, 99)),
				SPAN_ARG(list.items[k].url));
		assert_string_equal(buf_span(&got).p, rows[i].want);
		buf_deinit(&got);
		arena_release(&arena);
	}
}

static void feeds_come_first(void **state)
{
	const struct discover_options options = {.base = SPAN("https://x.example/")};
	struct discovered_list list;
	struct arena arena = {0};

	(void)state;
	assert_int_equal(discover_feeds(&list, &arena, &options,
				 SPAN("<html id=XF><link rel=alternate href=/index.rss "
				      "type=application/rss+xml>")),
		0);
	assert_int_equal(list.n, 2);
	assert_span(list.items[0].url, "https://x.example/index.rss");
	assert_span(list.items[1].type, "connector/xenforo");
	assert_span(list.items[1].title, "XenForo");
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(software_shows_itself),
		cmocka_unit_test(feeds_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
