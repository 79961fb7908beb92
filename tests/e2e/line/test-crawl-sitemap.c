/* crawl: sitemaps, alone and as parts of an index. */

#include "crawl-world.h"

#define URL(path) "<url><loc>{http}/" path "</loc></url>"
#define DATED(path, date)                                                                      \
	"<url><loc>{http}/" path                                                               \
	"</loc><news:news><news:title>acme</news:title><news:publication_date>" date           \
	"</news:publication_date></news:news></url>"
#define MAP(urls) "{\"body\": \"<urlset>" urls "</urlset>\"}"
#define PACKED(urls)                                                                           \
	"{\"encoding\": \"gzip\", \"claim\": \"\", \"body\": \"<urlset>" urls "</urlset>\"}"
#define PART(path, date)                                                                       \
	"<sitemap><loc>{http}/" path "</loc><lastmod>" date "</lastmod></sitemap>"
#define INDEX(parts) "{\"body\": \"<sitemapindex>" parts "</sitemapindex>\"}"

static void sitemap(struct world *w, const char *id, const char *url, int64_t every_ms)
{
	source(w, id, "127.0.0.1", url, every_ms);
	w->sources[w->n_sources - 1].kind = SPAN("sitemap");
}

/* The rule of this world wants "acme", which is in an item's title. */
static void what_has_no_date_is_old_at_first_contact(void **state)
{
	struct world *w =
		begin("{\"/s.xml\": [" MAP(DATED("1", "") DATED("2", "{date-60}") DATED("3",
			      "{date-999999}")) ", " MAP(DATED("1", "") DATED("4", "")) "]}",
			(struct crawl_options){0}, 0);

	(void)state;
	sitemap(w, "s", "/s.xml", 100);
	configure(w, 0);
	wait_for(w, "s", 2);
	assert_int_equal(commit(w, "s", 0)->n_hits, 3);
	assert_int_equal(commit(w, "s", 0)->n_silent, 2); /* undated, and a week ago */
	assert_int_equal(commit(w, "s", 1)->n_hits, 2);
	assert_int_equal(commit(w, "s", 1)->n_new, 1);
	assert_int_equal(commit(w, "s", 1)->n_silent, 1); /* the first one still */
	end(w);
}

static void an_index_is_read_part_by_part(void **state)
{
	struct world *w = begin(
		"{\"/i.xml\": [" INDEX(PART("a.xml.gz", "2026-01-01") PART(
			"b.xml", "2026-01-02") PART("missing.xml",
			"2026-01-03") "<sitemap><loc>http://elsewhere.invalid/x.xml</loc></"
				      "sitemap>") ", " INDEX(PART("a.xml.gz",
			"2026-01-01") PART("b.xml",
			"2026-01-04")) "], "
				       "\"/a.xml.gz\": " PACKED(DATED("1",
					       "{date-60}")) ", "
							     "\"/b.xml\": [" MAP(DATED("2",
								     "{date-90}")) ", " MAP(DATED("3",
								     "{date-0}") DATED("2",
								     "{date-90}")) "]}",
		(struct crawl_options){.spacing_ms = 50}, 0);
	json_t *log;

	(void)state;
	sitemap(w, "s", "/i.xml", 900);
	configure(w, 0);
	wait_for(w, "s", 6);
	log = requests(w);
	assert_int_equal(commit(w, "s", 0)->n_items, 0);
	assert_int_equal(commit(w, "s", 1)->outcome, BATCH_FAILED); /* newest first */
	assert_int_equal(commit(w, "s", 2)->n_hits, 1);
	assert_int_equal(commit(w, "s", 3)->n_hits, 1);
	assert_string_equal(commit(w, "s", 3)->error, "");
	/* The next round: only what has changed. */
	assert_int_equal(commit(w, "s", 4)->n_items, 0);
	assert_int_equal(commit(w, "s", 5)->n_hits, 2);
	assert_int_equal(commit(w, "s", 5)->n_new, 1);
	assert_int_equal(times(log, "/a.xml.gz"), 1);
	assert_int_equal(times(log, "/missing.xml"), 1);
	assert_int_equal(times(log, "/b.xml"), 2);
	assert_int_equal(times(log, "/robots.txt"), 1);
	assert_true(json_real_value(json_object_get(request(log, "/b.xml", 0), "at")) -
			    json_real_value(
				    json_object_get(request(log, "/missing.xml", 0), "at")) >=
		    0.04);
	json_decref(log);
	end(w);
}

static void a_restart_goes_on_with_the_round(void **state)
{
	struct world *w =
		begin("{\"/i.xml\": " INDEX(PART("a.xml", "2026-01-02") PART(
			      "b.xml", "2026-01-01")) ", \"/a.xml\": " MAP(DATED("1",
			      "{date-60}")) ", \"/b.xml\": " MAP(DATED("2", "{date-60}")) "}",
			(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	sitemap(w, "s", "/i.xml", 60000);
	configure(w, 0);
	wait_for(w, "s", 2);
	configure(w, 1); /* out, and in again: the state comes from "Redis" */
	configure(w, 0);
	wait_for(w, "s", 3);
	log = requests(w);
	assert_int_equal(times(log, "/i.xml"), 1);
	assert_int_equal(times(log, "/a.xml"), 1);
	assert_int_equal(times(log, "/b.xml"), 1);
	json_decref(log);
	end(w);
}

static void an_index_is_bounded(void **state)
{
	struct world *w;
	struct buf script = {0};
	json_t *log;

	(void)state;
	buf_add_str(&script, "{\"/p\": " MAP("") ", \"/i.xml\": {\"body\": \"<sitemapindex>");
	for (int i = 0; i < 200; i++)
		buf_addf(&script, "<sitemap><loc>{http}/p?%d</loc></sitemap>", i);
	buf_add_str(&script,
		"</sitemapindex>\"}, \"/n.xml\": " INDEX(PART("i.xml", "2026-01-01")) "}");
	w = begin(script.p, (struct crawl_options){0}, 0);
	sitemap(w, "s", "/i.xml", 60000);
	sitemap(w, "n", "/n.xml", 60000);
	configure(w, 0);
	wait_for(w, "s", 33);
	wait_for(w, "n", 2);
	run_for(w, 300);
	log = requests(w);
	assert_int_equal(count(w, "s"), 33);
	assert_string_equal(commit(w, "s", 0)->mark, "overlong");
	assert_non_null(strstr(commit(w, "n", 1)->error, "an index of sitemaps inside of one"));
	assert_int_equal(count(w, "n"), 2);
	json_decref(log);
	end(w);
	buf_deinit(&script);
}

static void a_sitemap_is_no_feed(void **state)
{
	struct world *w = begin("{\"/s.xml\": " MAP(URL("1")) ", \"/f.xml\": {\"body\": \"" RSS(
					ITEM("1")) "\"}}",
		(struct crawl_options){0}, 0);

	(void)state;
	source(w, "f", "127.0.0.1", "/s.xml", 60000);
	sitemap(w, "s", "/f.xml", 60000);
	configure(w, 0);
	wait_for(w, "f", 1);
	wait_for(w, "s", 1);
	assert_string_equal(
		commit(w, "f", 0)->error, "a sitemap, not a feed: write kind: sitemap");
	assert_int_equal(commit(w, "s", 0)->n_hits, 1); /* some sites give a feed for one */
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_no_date_is_old_at_first_contact),
		cmocka_unit_test(an_index_is_read_part_by_part),
		cmocka_unit_test(a_restart_goes_on_with_the_round),
		cmocka_unit_test(an_index_is_bounded),
		cmocka_unit_test(a_sitemap_is_no_feed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
