/* sitemap: what a site says it has. */

#include "fixture.h"

#include "sources/sitemap.h"

static struct read_result read_sitemap(
	struct item_list *items, struct arena *arena, const char *body)
{
	const struct read_options options = {.base = SPAN("https://paper.example/news.xml")};
	struct read_result result = {0};

	*items = (struct item_list){0};
	assert_int_equal(document_read(items, &result, arena, &options, span_str(body)), 0);
	return result;
}

#define OPEN                                                                                   \
	"<?xml version='1.0'?>\n<!-- <rss> --><urlset "                                        \
	"xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' "                                 \
	"xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>"

static void news_have_titles_and_times(void **state)
{
	static const char body[] = OPEN
		"<url><loc> /a?x=1&amp;y=2 </loc><lastmod>2026-11-21T10:00:00+01:00</lastmod>"
		"<changefreq>daily</changefreq><news:news><news:publication><news:name>The "
		"Paper</news:name><news:language>fr</news:language></news:publication>"
		"<news:publication_date>2026-11-20</news:publication_date>"
		"<news:title><![CDATA[Acme &amp; Cie <b>ouvre</b>]]></news:title>"
		"<news:keywords>acme, ouverture</news:keywords></news:news>"
		"<image:image><image:loc>/i.jpg</image:loc><image:title>not this</image:title>"
		"</image:image></url>"
		"<url><loc>https://paper.example/v</loc><video:video><video:title>Acme, "
		"filmed</video:title><video:description>A &lt;i>film&lt;/i></video:description>"
		"<video:publication_date>2026-11-19T08:00:00Z</video:publication_date>"
		"</video:video></url></urlset>";
	struct arena arena = {0};
	struct item_list items;
	const struct read_result result = read_sitemap(&items, &arena, body);
	const struct item *i = items.items;

	(void)state;
	assert_string_equal(read_format_name(result.format), "sitemap");
	assert_false(result.cut);
	assert_int_equal(items.n, 2);
	assert_span(i->url, "https://paper.example/a?x=1&y=2");
	assert_span(i->id, "https://paper.example/a?x=1&y=2");
	assert_false(i->id_is_own);
	assert_span(i->title, "Acme & Cie ouvre");
	assert_span(i->lang, "fr");
	assert_span(i->feed.title, "The Paper");
	assert_int_equal(i->published.ms, 1795132800000);
	assert_int_equal(i->updated.ms, 1795251600000);
	assert_int_equal(i->n_tags, 2);
	assert_span(i->tags[1], "ouverture");
	assert_span(i->media[0], "https://paper.example/i.jpg");
	assert_span(i[1].title, "Acme, filmed");
	assert_span(i[1].text, "A film");
	assert_int_equal(i[1].published.ms, 1795075200000);
	arena_release(&arena);
}

static void an_index_has_parts(void **state)
{
	static const char body[] =
		"<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
		"<sitemap><loc>/1.xml.gz</loc><lastmod>2026-11-20</lastmod></sitemap>"
		"<sitemap><lastmod>2026-11-20</lastmod></sitemap>"
		"<url><loc>/no</loc></url>"
		"<sitemap><loc>https://paper.example/2.xml</loc></sitemap></sitemapindex>";
	struct arena arena = {0};
	struct item_list items;
	const struct read_result result = read_sitemap(&items, &arena, body);

	(void)state;
	assert_string_equal(read_format_name(result.format), "sitemap index");
	assert_int_equal(items.n, 0);
	assert_int_equal(result.n_parts, 2);
	assert_span(result.parts[0].url, "https://paper.example/1.xml.gz");
	assert_int_equal(result.parts[0].updated.ms, 1795132800000);
	assert_span(result.parts[1].url, "https://paper.example/2.xml");
	assert_false(wall_known(result.parts[1].updated));
	arena_release(&arena);
}

static void what_is_broken_is_read_as_far_as_it_goes(void **state)
{
	static const struct {
		const char *body;
		size_t n;
		bool cut;
	} rows[] = {
		{OPEN "</urlset>", 0, false},
		{OPEN "<url/><url></url><url><loc></loc></url></urlset>", 0, false},
		{OPEN "<url><loc>/a<url><loc>/b</loc></url></urlset>", 2, false},
		{OPEN "<url><loc>/a</loc></url><url><loc>/b</loc>", 1, true},
		{OPEN "<url><loc>/a & b</loc></url></urlset><url><loc>/c</loc></url>", 1,
			false},
		{"<urlset><url><loc>/a</loc></url></urlset>", 1, false},
		{"<s:urlset xmlns:s='x'><s:url><s:loc>/a</s:loc></s:url></s:urlset>", 1, false},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct item_list items;
		const struct read_result result = read_sitemap(&items, &arena, rows[i].body);

		print_message("%s\n", rows[i].body);
		assert_int_equal(items.n, rows[i].n);
		assert_int_equal(result.cut, rows[i].cut);
	}
	arena_release(&arena);
}

static void a_beginning_tells(void **state)
{
	static const struct {
		const char *text;
		enum sitemap_guess guess;
	} rows[] = {
		{"<urlset>", SITEMAP_YES},
		{"<urlset", SITEMAP_PERHAPS},
		{"<?xml version='1.0'?><!DOCTYPE x><!-- a > b --><sitemapindex xmlns='x'>",
			SITEMAP_YES},
		{"<?xml version='1.0'?", SITEMAP_PERHAPS},
		{"<!-- <urlset> ", SITEMAP_PERHAPS},
		{"<!", SITEMAP_PERHAPS},
		{"", SITEMAP_PERHAPS},
		{"<rss>", SITEMAP_NO},
		{"<!-- --><html>", SITEMAP_NO},
		{"text <urlset>", SITEMAP_NO},
		{"<urlsets>", SITEMAP_NO},
	};
	struct buf long_one = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(sitemap_begins(span_str(rows[i].text)), rows[i].guess);
	buf_add_str(&long_one, "<!--");
	while (long_one.n < SITEMAP_SNIFF_BYTES)
		buf_add_char(&long_one, '-');
	buf_add_str(&long_one, "--><urlset>");
	assert_int_equal(sitemap_begins(buf_span(&long_one)), SITEMAP_NO);
	buf_deinit(&long_one);
}

static void an_endless_one_is_bounded(void **state)
{
	struct arena arena = {0};
	struct buf body = {0};
	struct item_list items;

	(void)state;
	buf_add_str(&body, OPEN);
	for (int i = 0; i < READ_MAX_ITEMS + 5; i++)
		buf_addf(&body, "<url><loc>/%d</loc></url>", i);
	buf_add_char(&body, '\0');
	assert_true(read_sitemap(&items, &arena, body.p).more);
	assert_int_equal(items.n, READ_MAX_ITEMS);
	arena_release(&arena);
	buf_deinit(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(news_have_titles_and_times),
		cmocka_unit_test(an_index_has_parts),
		cmocka_unit_test(what_is_broken_is_read_as_far_as_it_goes),
		cmocka_unit_test(a_beginning_tells),
		cmocka_unit_test(an_endless_one_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
