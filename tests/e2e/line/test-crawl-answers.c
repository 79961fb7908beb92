/*
 * crawl: what is asked, and what an answer means: validators, refusals, failures, moves.
 */

#include "crawl-world.h"

/* --- Conditional requests ----------------------------------------------------------------- */

static void both_validators_are_kept_and_sent(void **state)
{
	struct world *w = begin(
		"{\"/a\": [{\"etag\": \"\\\"v1\\\"\", \"modified\": \"{date-60}\", "
		"\"body\": \"" RSS(
			ITEM("1")) "\"},"
				   "{\"status\": 304}, {\"status\": 304}, {\"status\": 500}]}",
		(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 50);
	configure(w, 0);
	wait_for(w, "a", 3);
	log = requests(w);
	assert_int_equal(commit(w, "a", 0)->outcome, BATCH_READ);
	assert_int_equal(commit(w, "a", 0)->n_hits, 1);
	assert_int_equal(commit(w, "a", 1)->outcome, BATCH_UNCHANGED);
	assert_int_equal(commit(w, "a", 2)->outcome, BATCH_UNCHANGED);
	assert_null(asked(log, "/a", 0, "if-none-match"));
	assert_string_equal(asked(log, "/a", 2, "if-none-match"), "\"v1\"");
	assert_non_null(asked(log, "/a", 2, "if-modified-since"));
	json_decref(log);
	end(w);
}

/* What was sent with the last document, and nothing of the one before. */
static void each_document_has_its_own_validators(void **state)
{
	struct world *w = begin(
		"{\"/a\": ["
		"{\"etag\": \"1\", \"modified\": \"{date-60}\", \"body\": "
		"\"" RSS(ITEM("1")) "\"}, {\"etag\": \"2\", \"body\": \"" RSS(
			ITEM("2")) "\"},"
				   "{\"modified\": \"{date-50}\", \"body\": "
				   "\"" RSS(ITEM("3")) "\"},"
						       "{\"body\": \"" RSS(ITEM("4")) "\"}]}",
		(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 50);
	configure(w, 0);
	wait_for(w, "a", 5);
	log = requests(w);
	assert_string_equal(asked(log, "/a", 1, "if-none-match"), "1");
	assert_non_null(asked(log, "/a", 1, "if-modified-since"));
	assert_string_equal(asked(log, "/a", 2, "if-none-match"), "2");
	assert_null(asked(log, "/a", 2, "if-modified-since"));
	assert_null(asked(log, "/a", 3, "if-none-match"));
	assert_non_null(asked(log, "/a", 3, "if-modified-since"));
	assert_null(asked(log, "/a", 4, "if-none-match"));
	assert_null(asked(log, "/a", 4, "if-modified-since"));
	json_decref(log);
	end(w);
}

static void a_date_in_the_future_is_no_validator(void **state)
{
	struct world *w = begin("{\"/a\": {\"headers\": {\"Last-Modified\": \"{date+900}\", "
				"\"Date\": \"{date-0}\"}, \"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 50);
	configure(w, 0);
	wait_for(w, "a", 2);
	log = requests(w);
	assert_null(asked(log, "/a", 1, "if-modified-since"));
	/* Without validators, the same bytes are no news either. */
	assert_int_equal(commit(w, "a", 1)->outcome, BATCH_UNCHANGED);
	json_decref(log);
	end(w);
}

static void a_304_nobody_asked_for_is_asked_past(void **state)
{
	struct world *w =
		begin("{\"/a\": [{\"status\": 304}, {\"body\": \"" RSS(ITEM("1")) "\"}]}",
			(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 50);
	configure(w, 0);
	wait_for(w, "a", 3);
	log = requests(w);
	assert_int_equal(commit(w, "a", 0)->outcome, BATCH_FAILED);
	assert_non_null(strstr(commit(w, "a", 0)->error, "not modified"));
	assert_int_equal(commit(w, "a", 1)->outcome, BATCH_READ);
	assert_string_equal(commit(w, "a", 1)->error, "");
	assert_null(asked(log, "/a", 0, "cache-control"));
	assert_string_equal(asked(log, "/a", 1, "cache-control"), "no-cache");
	assert_null(asked(log, "/a", 2, "cache-control"));
	json_decref(log);
	end(w);
}

static void half_a_document_moves_no_validator(void **state)
{
	struct world *w = begin(
		"{\"/a\": [{\"etag\": \"a\", \"body\": \"" RSS(
			ITEM("1")) "\"},"
				   "{\"etag\": \"b\", \"cut\": 150, \"body\": \"" RSS(ITEM(
					   "2") ITEM("1")) "\"},"
							   "{\"etag\": \"b\", \"body\": \"" RSS(
								   ITEM("2") ITEM("1")) "\"}]}",
		(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 50);
	configure(w, 0);
	wait_for(w, "a", 4);
	log = requests(w);
	assert_string_equal(commit(w, "a", 1)->mark, "truncated");
	assert_int_equal(commit(w, "a", 1)->outcome, BATCH_READ);
	assert_int_equal(commit(w, "a", 1)->n_hits, 1); /* what came whole is read */
	assert_string_equal(commit(w, "a", 1)->etag, "a");
	assert_string_equal(asked(log, "/a", 2, "if-none-match"), "a");
	assert_string_equal(commit(w, "a", 2)->mark, "");
	assert_string_equal(commit(w, "a", 2)->etag, "b");
	assert_int_equal(commit(w, "a", 3)->outcome, BATCH_UNCHANGED);
	json_decref(log);
	end(w);
}

/* --- Refusals and failures ---------------------------------------------------------------- */

/* Either status, in either form; the source lives through all of them. */
static void retry_after_is_obeyed_in_both_forms(void **state)
{
#define LATER(status, form)                                                                    \
	"{\"status\": " status ", \"headers\": {\"Retry-After\": \"" form                      \
	"\", \"Date\": \"{date-0}\"}}, {\"body\": \"" RSS(ITEM("1")) "\"}, "
	static const struct {
		const char *said;
		double s;
	} rows[] = {{"429, 1", 1}, {"429, a date 2 s away", 2}, {"503, 1", 1},
		{"503, a date 2 s away", 2}};
	struct world *w = begin("{\"/a\": [" LATER("429", "1") LATER("429", "{date+2}")
					LATER("503", "1") LATER("503", "{date+2}") "{}]}",
		(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 50);
	configure(w, 0);
	wait_for(w, "a", 8);
	log = requests(w);
	for (size_t i = 0; i < 4; i++) {
		const double pause = pause_after(log, "/a", 2 * i);
		const struct commit *c = commit(w, "a", 2 * i);

		print_message("%s: %.3f\n", rows[i].said, pause);
		assert_true(pause >= rows[i].s - 0.05 && pause < rows[i].s + 0.5);
		assert_string_equal(c->mark, "");
		assert_non_null(strstr(c->error, i < 2 ? "429" : "503"));
		assert_int_equal(
			commit(w, "a", 2 * i + 1)->outcome, i ? BATCH_UNCHANGED : BATCH_READ);
		assert_string_equal(commit(w, "a", 2 * i + 1)->error, "");
	}
	json_decref(log);
	end(w);
}

static void one_429_quiets_the_host(void **state)
{
	struct world *w = begin(
		"{\"/s\": [{\"status\": 429, \"headers\": {\"Retry-After\": \"1\"}}, "
		"{\"body\": \"" RSS(ITEM("1")) "\"}],"
					       "\"/t\": {\"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){.concurrency_per_host = 1}, 0);
	json_t *log;

	(void)state;
	source(w, "s", "127.0.0.1", "/s", 100);
	source(w, "t", "127.0.0.1", "/t", 100);
	source(w, "u", "localhost", "/t", 100);
	configure(w, 0);
	wait_for(w, "s", 2);
	wait_for(w, "u", 8);
	log = requests(w);
	{
		const double from =
			json_real_value(json_object_get(request(log, "/s", 0), "ended"));
		const double to = json_real_value(json_object_get(request(log, "/s", 1), "at"));
		size_t i, others = 0;
		json_t *r;

		json_array_foreach (log, i, r) {
			const double at = json_real_value(json_object_get(r, "at"));
			const char *host = json_string_value(
				json_object_get(json_object_get(r, "headers"), "host"));

			if (at > from + 0.05 && at < to - 0.05) {
				assert_null(strstr(host, "127.0.0.1"));
				others++;
			}
		}
		assert_true(others > 3); /* other hosts go on */
	}
	json_decref(log);
	end(w);
}

static struct crawl_view seen_view;
static char seen_mark[32], seen_error[256];

static void see(void *arg, const struct crawl_view *view)
{
	if (!span_eq_str(view->source->id, arg))
		return;
	seen_view = *view;
	(void)snprintf(seen_mark, sizeof(seen_mark), "%.*s", SPAN_ARG(view->state->mark));
	(void)snprintf(seen_error, sizeof(seen_error), "%.*s", SPAN_ARG(view->state->error));
}

static void look(struct world *w, const char *id)
{
	crawl_each(w->crawl, see, (void *)id);
}

static void a_source_that_is_gone_is_left_and_shown(void **state)
{
	struct world *w = begin("{\"/a\": [{\"status\": 410}, {\"body\": \"" RSS(ITEM(
					"1")) "\"}], "
					      "\"/b\": {\"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 20);
	source(w, "b", "127.0.0.1", "/b", 20);
	configure(w, 0);
	wait_for(w, "b", 10);
	log = requests(w);
	assert_int_equal(times(log, "/a"), 1);
	look(w, "a");
	assert_string_equal(seen_mark, "gone");
	assert_non_null(strstr(seen_error, "410"));
	assert_true(seen_view.due_in_ms < 0);
	assert_int_equal(crawl_stats(w->crawl)->failing, 1);
	/* A person may insist. */
	assert_int_equal(crawl_now(w->crawl, SPAN("a")), 0);
	assert_int_equal(crawl_now(w->crawl, SPAN("z")), -ENOENT);
	wait_for(w, "a", 2);
	look(w, "a");
	assert_string_equal(seen_mark, "");
	assert_int_equal(crawl_stats(w->crawl)->failing, 0);
	json_decref(log);
	end(w);
}

static void what_cant_be_read_says_so(void **state)
{
	static const struct {
		const char *id, *path, *mark, *error;
	} rows[] = {
		{"forbidden", "/forbidden", "blocked", "403: the site refuses us"},
		{"challenge", "/challenge", "blocked", "a gatekeeper wants proof of a human"},
		{"missing", "/missing", "", "404: nothing at this address"},
		{"page", "/page", "", "a web page, not a feed"},
		{"loop", "/loop", "", "redirect"},
		{"hang", "/hang", "", ""},
	};
	struct world *w = begin(
		"{\"/forbidden\": {\"status\": 403}, \"/loop\": {\"redirect\": \"/loop\"}, "
		"\"/challenge\": {\"status\": 403, \"headers\": {\"cf-mitigated\": "
		"\"challenge\"}}, "
		"\"/page\": {\"body\": \"<!doctype html><title>x</title>\"}, "
		"\"/hang\": {\"delay_ms\": 60000}}",
		(struct crawl_options){.concurrency_per_host = 9}, 700);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		source(w, rows[i].id, "127.0.0.1", rows[i].path, 60000);
	configure(w, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct commit *c;

		wait_for(w, rows[i].id, 1);
		c = commit(w, rows[i].id, 0);
		print_message("%s: %s\n", rows[i].id, c->error);
		assert_int_equal(c->outcome, BATCH_FAILED);
		assert_string_equal(c->mark, rows[i].mark);
		assert_non_null(strstr(c->error, rows[i].error));
		assert_true(*c->error);
	}
	end(w);
}

/* --- Moves -------------------------------------------------------------------------------- */

static void a_move_is_believed_when_it_was_said_often(void **state)
{
	struct world *w = begin("{\"/old\": {\"status\": 301, \"redirect\": \"{http}/new\"}, "
				"\"/new\": {\"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/old", 30);
	configure(w, 0);
	wait_for(w, "a", 8);
	log = requests(w);
	assert_int_equal(times(log, "/old"), 5);
	assert_true(times(log, "/new") >= 8);
	assert_string_equal(commit(w, "a", 3)->url_moved, "");
	assert_non_null(strstr(commit(w, "a", 4)->url_moved, "/new"));
	/* The items are the same ones: the namespace of their keys didn't move. */
	{
		struct source_state s;
		struct arena arena = {0};

		packed_read(&s, w->stored[0]);
		assert_true(span_eq(s.ns, identity_namespace(&arena, &w->sources[0])));
		arena_release(&arena);
	}
	json_decref(log);
	end(w);
}

static void a_move_that_leads_nowhere_is_taken_back(void **state)
{
	struct world *w = begin(
		"{\"/old\": [{\"status\": 308, \"redirect\": \"/new\"}, "
		"{\"status\": 308, \"redirect\": \"/new\"}, {\"status\": 308, \"redirect\": "
		"\"/new\"}, "
		"{\"status\": 308, \"redirect\": \"/new\"}, {\"status\": 308, \"redirect\": "
		"\"/new\"}, "
		"{\"body\": \"" RSS(ITEM(
			"1")) "\"}], \"/new\": ["
			      "{\"body\": \"" RSS(ITEM("1")) "\"}, {\"body\": \"" RSS(ITEM(
				      "1")) "\"}, "
					    "{\"body\": \"" RSS(ITEM(
						    "1")) "\"}, {\"body\": "
							  "\"" RSS(ITEM(
								  "1")) "\"}, "
									"{\"bo"
									"dy\":"
									" "
									"\"" RSS(ITEM(
										"1")) "\"}, "
										      "{\"statu"
										      "s\": "
										      "410}]}",
		(struct crawl_options){0}, 0);

	(void)state;
	source(w, "a", "127.0.0.1", "/old", 30);
	configure(w, 0);
	wait_for(w, "a", 7);
	assert_non_null(strstr(commit(w, "a", 4)->url_moved, "/new"));
	assert_int_equal(commit(w, "a", 5)->outcome, BATCH_FAILED);
	assert_string_equal(commit(w, "a", 5)->url_moved, "");
	assert_string_equal(commit(w, "a", 5)->mark, "");
	assert_string_equal(commit(w, "a", 6)->error, "");
	end(w);
}

static void a_passing_redirect_is_followed_and_not_believed(void **state)
{
	struct world *w = begin("{\"/old\": {\"status\": 302, \"redirect\": \"/new\"}, "
				"\"/new\": {\"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){0}, 0);

	(void)state;
	source(w, "a", "127.0.0.1", "/old", 20);
	configure(w, 0);
	wait_for(w, "a", 8);
	assert_string_equal(commit(w, "a", 7)->url_moved, "");
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_validators_are_kept_and_sent),
		cmocka_unit_test(each_document_has_its_own_validators),
		cmocka_unit_test(a_date_in_the_future_is_no_validator),
		cmocka_unit_test(a_304_nobody_asked_for_is_asked_past),
		cmocka_unit_test(half_a_document_moves_no_validator),
		cmocka_unit_test(retry_after_is_obeyed_in_both_forms),
		cmocka_unit_test(one_429_quiets_the_host),
		cmocka_unit_test(a_source_that_is_gone_is_left_and_shown),
		cmocka_unit_test(what_cant_be_read_says_so),
		cmocka_unit_test(a_move_is_believed_when_it_was_said_often),
		cmocka_unit_test(a_move_that_leads_nowhere_is_taken_back),
		cmocka_unit_test(a_passing_redirect_is_followed_and_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
