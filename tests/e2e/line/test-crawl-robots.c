/*
 * crawl: robots.txt before what wants it. What the file may say is tested in
 * tests/unit/sources/test-robots.c.
 */

#include "crawl-world.h"

#define PAGE "{\"body\": \"" RSS(ITEM("1")) "\"}"

/* Of a kind that obeys. */
static void page(
	struct world *w, const char *id, const char *host, const char *url, int64_t every_ms)
{
	source(w, id, host, url, every_ms);
	w->sources[w->n_sources - 1].kind = SPAN("sitemap");
}

static void one_file_for_all_who_wait(void **state)
{
	struct world *w = begin("{\"/robots.txt\": {\"delay_ms\": 100, \"body\": "
				"\"User-agent: x\\nDisallow: /\\n\\nUser-agent: "
				"vigie\\nDisallow: /secret\\n\"}, \"/a\": " PAGE
				", \"/secret/a\": " PAGE "}",
		(struct crawl_options){.concurrency_per_host = 4}, 0);
	json_t *log;
	char id[8];

	(void)state;
	for (int i = 0; i < 20; i++) {
		(void)snprintf(id, sizeof(id), "p%d", i);
		page(w, id, "127.0.0.1", "/a", 60000);
	}
	page(w, "secret", "127.0.0.1", "/secret/a", 50);
	source(w, "feed", "127.0.0.1", "/secret/a", 60000);
	configure(w, 0);
	wait_for(w, NULL, 22);
	run_for(w, 300); /* the one that is refused doesn't insist */
	log = requests(w);
	assert_int_equal(times(log, "/robots.txt"), 1);
	assert_int_equal(times(log, "/a"), 20);
	assert_int_equal(times(log, "/secret/a"), 1); /* the feed */
	assert_null(asked(log, "/robots.txt", 0, "authorization"));
	assert_int_equal(count(w, "secret"), 1);
	assert_int_equal(commit(w, "secret", 0)->outcome, BATCH_FAILED);
	assert_string_equal(commit(w, "secret", 0)->mark, "disallowed");
	assert_string_equal(commit(w, "secret", 0)->error,
		"disallowed by robots.txt, line 5: ask the site's owner to allow \"vigie\", or "
		"write crawl: {robots: false}");
	assert_int_equal(commit(w, "feed", 0)->outcome, BATCH_READ);
	json_decref(log);
	end(w);
}

static void the_file_is_kept_as_its_answer_says(void **state)
{
	struct world *w = begin(
		"{\"/robots.txt\": [{\"headers\": {\"Cache-Control\": \"max-age=1\"}, "
		"\"body\": "
		"\"User-agent: *\\nDisallow: /a\"}, {\"headers\": {\"Cache-Control\": "
		"\"max-age=100\"}, \"body\": \"User-agent: *\\nDisallow: /b\"}], \"/a\": " PAGE
		"}",
		(struct crawl_options){.robots_least_ms = 100}, 0);
	json_t *log;

	(void)state;
	page(w, "a", "127.0.0.1", "/a", 50);
	configure(w, 0);
	wait_for(w, "a", 5);
	log = requests(w);
	assert_string_equal(commit(w, "a", 0)->mark, "disallowed");
	assert_int_equal(commit(w, "a", 1)->outcome, BATCH_READ);
	assert_string_equal(commit(w, "a", 1)->mark, "");
	assert_string_equal(commit(w, "a", 1)->error, "");
	assert_int_equal(times(log, "/robots.txt"), 2);
	assert_true(pause_after(log, "/robots.txt", 0) >= 0.95);
	assert_true(pause_after(log, "/robots.txt", 0) < 1.6);
	json_decref(log);
	end(w);
}

/* Each way of having no file, and what it means (RFC 9309 section 2.3.1). */
static void what_no_file_means(void **state)
{
	static const struct {
		const char *script;
		bool allowed;
		const char *error;
	} rows[] = {
		{"{\"status\": 404}", true, ""},
		{"{\"status\": 403, \"body\": \"User-agent: *\\nDisallow: /\"}", true, ""},
		{"{\"status\": 503}", false, "robots.txt is out of reach (it answers 503)"},
		{"{\"status\": 429}", false, "it answers 429"},
		{"{\"body\": \"User-agent: *\\nDisallow: /x\", \"cut\": 10}", false,
			"it ends early"},
		{"{\"raw\": \"nonsense\"}", false, "robots.txt is out of reach ("},
		{"{\"delay_ms\": 60000}", false, "robots.txt is out of reach ("},
		{"{\"redirect\": \"/robots.txt\"}", true, ""},
		{"{\"redirect\": \"http://127.0.0.9:1/robots.txt\"}", false,
			"robots.txt is out of reach ("},
		{"{\"redirect\": \"/r1\"}", false, "line 2"}, /* five hops */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf script = {0};
		struct world *w;
		json_t *log;

		buf_addf(&script,
			"{\"/robots.txt\": %s, \"/a\": " PAGE
			", \"/r1\": {\"redirect\": \"/r2\"}, \"/r2\": {\"redirect\": \"/r3\"}, "
			"\"/r3\": {\"redirect\": \"/r4\"}, \"/r4\": {\"redirect\": \"/r5\"}, "
			"\"/r5\": {\"body\": \"User-agent: *\\nDisallow: /\"}}",
			rows[i].script);
		w = begin(script.p, (struct crawl_options){0}, 500);
		page(w, "a", "127.0.0.1", "/a", 60000);
		configure(w, 0);
		wait_for(w, "a", 1);
		log = requests(w);
		if (!strstr(commit(w, "a", 0)->error, rows[i].error))
			print_error("%s: %s\n", rows[i].script, commit(w, "a", 0)->error);
		assert_int_equal(commit(w, "a", 0)->outcome,
			rows[i].allowed ? BATCH_READ : BATCH_FAILED);
		assert_non_null(strstr(commit(w, "a", 0)->error, rows[i].error));
		assert_int_equal(times(log, "/a"), rows[i].allowed);
		json_decref(log);
		end(w);
		buf_deinit(&script);
	}
}

static void trouble_passes_and_old_rules_hold_meanwhile(void **state)
{
	struct world *w = begin("{\"/robots.txt\": [{\"status\": 500}, {\"headers\": "
				"{\"Cache-Control\": \"no-cache\"}, \"body\": "
				"\"User-agent: *\\nDisallow: /b\"}, {\"status\": 500}], "
				"\"/a\": " PAGE ", \"/b\": " PAGE "}",
		(struct crawl_options){.robots_least_ms = 200}, 0);
	json_t *log;

	(void)state;
	page(w, "a", "127.0.0.1", "/a", 50);
	page(w, "b", "127.0.0.1", "/b", 50);
	configure(w, 0);
	wait_for(w, "a", 12);
	wait_for(w, "b", 3);
	log = requests(w);
	assert_int_equal(commit(w, "a", 0)->outcome, BATCH_FAILED);
	assert_string_equal(commit(w, "a", 0)->mark, "");
	assert_int_equal(commit(w, "a", 1)->outcome, BATCH_READ);
	assert_int_equal(commit(w, "a", 11)->outcome, BATCH_UNCHANGED);
	assert_true(times(log, "/robots.txt") >= 3); /* out of reach again, by now */
	assert_int_equal(times(log, "/b"), 0);
	assert_string_equal(commit(w, "b", 2)->mark, "disallowed");
	json_decref(log);
	end(w);
}

static void a_site_may_want_more_distance(void **state)
{
	struct world *w = begin("{\"/robots.txt\": {\"body\": \"User-agent: *\\nCrawl-delay: "
				"0.4\"}, \"/a\": " PAGE "}",
		(struct crawl_options){.concurrency_per_host = 4, .spacing_ms = 20}, 0);
	double least = 1e9;
	json_t *log;
	char id[8];

	(void)state;
	for (int i = 0; i < 5; i++) {
		(void)snprintf(id, sizeof(id), "p%d", i);
		page(w, id, "127.0.0.1", "/a", 60000);
	}
	configure(w, 0);
	wait_for(w, NULL, 5);
	log = requests(w);
	/* The first two of them may have been on their way when it was said. */
	for (size_t i = 1; i < 4; i++) {
		const double apart =
			json_real_value(json_object_get(request(log, "/a", i + 1), "at")) -
			json_real_value(json_object_get(request(log, "/a", i), "at"));

		least = apart < least ? apart : least;
	}
	print_message("least distance %.0f ms\n", least * 1000);
	assert_true(least >= 0.38);
	json_decref(log);
	end(w);
}

static void half_a_megabyte_is_read(void **state)
{
	struct world *w = begin(
		"{\"/robots.txt\": {\"fill\": {\"size\": 1000000, \"text\": \"User-agent: "
		"*\\nDisallow: /early\\n# filling and filling and filling and filling\\n\"}}, "
		"\"/early\": " PAGE ", \"/late\": " PAGE "}",
		(struct crawl_options){0}, 0);

	(void)state;
	page(w, "early", "127.0.0.1", "/early", 60000);
	page(w, "late", "127.0.0.1", "/late", 60000);
	configure(w, 0);
	wait_for(w, "early", 1);
	wait_for(w, "late", 1);
	assert_string_equal(commit(w, "early", 0)->mark, "disallowed");
	assert_int_equal(commit(w, "late", 0)->outcome, BATCH_READ);
	end(w);
}

static void who_waits_can_be_taken_out(void **state)
{
	struct world *w = begin("{\"/robots.txt\": {\"delay_ms\": 60000}, \"/a\": " PAGE "}",
		(struct crawl_options){0}, 0);

	(void)state;
	page(w, "a", "127.0.0.1", "/a", 50);
	page(w, "b", "127.0.0.1", "/a", 50);
	source(w, "f", "127.0.0.1", "/a", 50);
	configure(w, 0);
	run_for(w, 100);
	assert_int_equal(crawl_stats(w->crawl)->in_flight, 2);
	configure(w, 2);
	assert_int_equal(crawl_stats(w->crawl)->in_flight, 0);
	wait_for(w, "f", 3);
	end(w);
}

static void by_the_operators_will_nobody_asks(void **state)
{
	struct world *w =
		begin("{\"/robots.txt\": {\"body\": \"User-agent: *\\nDisallow: /\"}, "
		      "\"/a\": " PAGE "}",
			(struct crawl_options){.ignore_robots = true}, 0);
	json_t *log;

	(void)state;
	page(w, "a", "127.0.0.1", "/a", 60000);
	configure(w, 0);
	wait_for(w, "a", 1);
	log = requests(w);
	assert_int_equal(commit(w, "a", 0)->outcome, BATCH_READ);
	assert_int_equal(times(log, "/robots.txt"), 0);
	json_decref(log);
	end(w);
}

static void the_first_word_of_the_user_agent_is_our_name(void **state)
{
	struct world *w = begin("{\"/robots.txt\": {\"body\": \"User-agent: "
				"acme-watch\\nDisallow: /\"}, \"/a\": " PAGE "}",
		(struct crawl_options){
			.user_agent = SPAN("Acme-Watch/2.1 (+https://a.example)")},
		0);

	(void)state;
	page(w, "a", "127.0.0.1", "/a", 60000);
	configure(w, 0);
	wait_for(w, "a", 1);
	assert_string_equal(commit(w, "a", 0)->mark, "disallowed");
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_file_for_all_who_wait),
		cmocka_unit_test(the_file_is_kept_as_its_answer_says),
		cmocka_unit_test(what_no_file_means),
		cmocka_unit_test(trouble_passes_and_old_rules_hold_meanwhile),
		cmocka_unit_test(a_site_may_want_more_distance),
		cmocka_unit_test(half_a_megabyte_is_read),
		cmocka_unit_test(who_waits_can_be_taken_out),
		cmocka_unit_test(by_the_operators_will_nobody_asks),
		cmocka_unit_test(the_first_word_of_the_user_agent_is_our_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
