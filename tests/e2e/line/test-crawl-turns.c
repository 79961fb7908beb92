/*
 * crawl: whose turn it is: hosts' gates, the bounds of the line, rhythms.
 */

#include "crawl-world.h"

#include <time.h>

/* --- Politeness --------------------------------------------------------------------------- */

static void a_host_is_asked_with_distance_and_few_at_a_time(void **state)
{
	enum { SOURCES = 8, SPACING = 60 };
	struct world *w = begin(
		"{\"/a\": {\"delay_ms\": 250, \"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){.concurrency_per_host = 2, .spacing_ms = SPACING}, 0);
	double least = 1e9, last = 0;
	int most = 0;
	json_t *log, *r;
	size_t i;

	(void)state;
	for (int k = 0; k < SOURCES; k++) {
		char id[8];

		(void)snprintf(id, sizeof(id), "s%d", k);
		source(w, id, "127.0.0.1", "/a", 60000);
	}
	configure(w, 0);
	wait_for(w, NULL, SOURCES);
	log = requests(w);
	json_array_foreach (log, i, r) {
		const double at = json_real_value(json_object_get(r, "at"));
		int under_way = 0;
		json_t *other;
		size_t k;

		json_array_foreach (log, k, other) {
			under_way += json_real_value(json_object_get(other, "at")) <= at &&
				     json_real_value(json_object_get(other, "ended")) > at;
		}
		most = under_way > most ? under_way : most;
		least = i && at - last < least ? at - last : least;
		last = at;
	}
	print_message("least distance %.0f ms, at most %d at a time\n", least * 1000, most);
	assert_int_equal(i, SOURCES);
	assert_int_equal(most, 2);
	assert_true(least * 1000 >= SPACING - 20); /* the way there takes a varying time */
	json_decref(log);
	end(w);
}

/* Those who are due together, as all are at a start, are not asked by the alphabet. */
static void the_order_is_shuffled(void **state)
{
	enum { SOURCES = 12 };
	struct world *w =
		begin("{\"/\": {}}", (struct crawl_options){.concurrency_per_host = 1}, 0);
	char order[SOURCES + 1] = "";
	json_t *log, *r;
	size_t i;

	(void)state;
	for (int k = 0; k < SOURCES; k++) {
		char id[2] = {(char)('a' + k), '\0'}, path[3] = {'/', id[0], '\0'};

		source(w, id, "127.0.0.1", path, 60000);
	}
	configure(w, 0);
	wait_for(w, NULL, SOURCES);
	log = requests(w);
	json_array_foreach (log, i, r) {
		if (i < SOURCES)
			order[i] = json_string_value(json_object_get(r, "path"))[1];
	}
	print_message("%s\n", order);
	assert_int_equal(strlen(order), SOURCES);
	assert_string_not_equal(order, "abcdefghijkl");
	assert_string_not_equal(order, "lkjihgfedcba");
	json_decref(log);
	end(w);
}

static void a_hanging_host_starves_nobody(void **state)
{
	struct world *w = begin("{\"/hang\": {\"delay_ms\": 60000}, \"/a\": {\"body\": \"" RSS(
					ITEM("1")) "\"}}",
		(struct crawl_options){.max_in_flight = 4}, 0);
	json_t *log;

	(void)state;
	for (int i = 0; i < 10; i++) {
		char id[8];

		(void)snprintf(id, sizeof(id), "h%d", i);
		source(w, id, "127.0.0.1", "/hang", 20);
	}
	source(w, "a", "localhost", "/a", 20);
	configure(w, 0);
	wait_for(w, "a", 20);
	log = requests(w);
	assert_int_equal(times(log, "/hang"), 2);
	assert_int_equal(crawl_stats(w->crawl)->in_flight, 2);
	json_decref(log);
	end(w);
}

/* --- The line ----------------------------------------------------------------------------- */

static void batches_in_flight_are_bounded(void **state)
{
	struct world *w = begin("{\"/a\": {\"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){.max_in_flight = 3, .concurrency_per_host = 9}, 0);
	json_t *log;

	(void)state;
	for (int i = 0; i < 8; i++) {
		char id[8];

		(void)snprintf(id, sizeof(id), "s%d", i);
		source(w, id, "127.0.0.1", "/a", 60000);
	}
	w->hold = true;
	configure(w, 0);
	wait_for(w, NULL, 3);
	run_for(w, 100);
	log = requests(w);
	assert_int_equal(times(log, "/a"), 3);
	json_decref(log);
	w->hold = false;
	while (w->n_held)
		crawl_committed(w->crawl, w->held[--w->n_held]);
	wait_for(w, NULL, 8);
	/* And none at all while the queue has no room. */
	crawl_pause(w->crawl, true);
	for (int i = 0; i < 8; i++)
		assert_int_equal(crawl_now(w->crawl, w->sources[i].id), 0);
	run_for(w, 100);
	assert_int_equal(w->n_commits, 8);
	crawl_pause(w->crawl, false);
	wait_for(w, NULL, 16);
	end(w);
}

static void after_a_reset_the_queue_has_the_last_word(void **state)
{
	struct world *w = begin("{\"/a\": {\"etag\": \"a\", \"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){0}, 0);
	struct arena arena = {0};
	unsigned partition;
	json_t *log;
	size_t n;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 50);
	configure(w, 0);
	wait_for(w, "a", 3);
	partition = identity_partition(identity_namespace(&arena, &w->sources[0]));
	arena_release(&arena);
	/* Redis has lost its tail: it knows nothing of this source. What is on its way to it
	 * then was asked with validators nobody vouches for. */
	w->hold = true;
	wait_for(w, "a", 4);
	free(w->stored[0]);
	w->stored[0] = NULL;
	crawl_reset(w->crawl, partition ^ 1); /* not ours */
	crawl_reset(w->crawl, partition);
	w->hold = false;
	crawl_committed(w->crawl, w->held[--w->n_held]);
	n = w->n_commits;
	wait_for(w, "a", n + 1);
	log = requests(w);
	assert_null(asked(log, "/a", n, "if-none-match"));
	assert_int_equal(commit(w, "a", n)->outcome, BATCH_READ);
	assert_int_equal(commit(w, "a", n)->n_hits, 1);
	json_decref(log);
	end(w);
}

static void a_new_set_keeps_who_stays(void **state)
{
	struct world *w = begin("{\"/hang\": {\"delay_ms\": 60000}, "
				"\"/a\": {\"etag\": \"a\", \"body\": \"" RSS(ITEM(
					"1")) "\"}, "
					      "\"/b\": {\"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "hang", "127.0.0.1", "/hang", 50);
	source(w, "a", "127.0.0.1", "/a", 50);
	configure(w, 0);
	wait_for(w, "a", 2);
	source(w, "b", "127.0.0.1", "/b", 50);
	configure(w, 1); /* hang is out, b is in */
	assert_int_equal(crawl_stats(w->crawl)->sources, 2);
	wait_for(w, "b", 1);
	wait_for(w, "a", 5);
	log = requests(w);
	assert_int_equal(times(log, "/hang"), 1);
	for (size_t i = 1; i < 5; i++)
		assert_string_equal(asked(log, "/a", i, "if-none-match"), "a");
	assert_int_equal(crawl_now(w->crawl, SPAN("hang")), -ENOENT);
	json_decref(log);
	/* The same id at another address is another matter: its validators don't count. */
	source(w, "a", "127.0.0.1", "/b", 50);
	w->stored[3] = w->stored[1];
	w->stored[1] = NULL;
	forget(w);
	configure(w, 3);
	wait_for(w, "a", 1);
	log = requests(w);
	assert_null(asked(log, "/b", times(log, "/b") - 1, "if-none-match"));
	json_decref(log);
	end(w);
}

/* --- Rhythm ------------------------------------------------------------------------------- */

/* "Redis" knows this of source i. */
static void store(struct world *w, size_t i, const struct rhythm *rhythm, struct wall full)
{
	struct source_state s = source_state_new();
	struct memo memo = {.full = full};
	struct arena arena = {0};

	s.ns = identity_namespace(&arena, &w->sources[i]);
	s.etag = SPAN("a");
	s.first_contact = s.last_read = full;
	if (rhythm)
		memo.rhythm = rhythm_encode(&arena, rhythm);
	s.memo = memo_encode(&arena, &memo);
	w->stored[i] = packed_new(&s);
	arena_release(&arena);
}

static void validators_are_not_believed_for_ever(void **state)
{
	struct world *w = begin("{\"/a\": {\"etag\": \"a\", \"body\": \"" RSS(
					ITEM("1")) "\"}, "
						   "\"/b\": {\"etag\": \"a\", \"body\": \"" RSS(
							   ITEM("1")) "\"}}",
		(struct crawl_options){0}, 0);
	const int64_t now = loop_wall(w->loop).ms;
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 30);
	source(w, "b", "127.0.0.1", "/b", 30);
	store(w, 0, NULL, (struct wall){now - 23 * 3600000LL});
	store(w, 1, NULL, (struct wall){now - 31 * 3600000LL});
	configure(w, 0);
	wait_for(w, "a", 2);
	wait_for(w, "b", 2);
	log = requests(w);
	assert_string_equal(asked(log, "/a", 0, "if-none-match"), "a");
	assert_null(asked(log, "/b", 0, "if-none-match"));
	assert_string_equal(asked(log, "/b", 1, "if-none-match"), "a");
	json_decref(log);
	end(w);
}

static void who_speaks_often_is_asked_often(void **state)
{
#define DATED(id, ago)                                                                         \
	"<item><guid isPermaLink='false'>" id "</guid><title>" id                              \
	"</title><pubDate>{date-" ago "}</pubDate></item>"
	struct world *w = begin(
		"{\"/busy\": {\"etag\": \"a\", \"body\": \"" RSS(DATED("1", "60") DATED(
			"2", "120") DATED("3", "200") DATED("4", "300") DATED("5",
			"390") DATED("6", "600") DATED("7", "900") DATED("8",
			"1200")) "\"}, "
				 "\"/calm\": {\"etag\": \"a\", \"body\": \"" RSS(
					 DATED("1", "600000") DATED("2", "2000000")) "\"}}",
		(struct crawl_options){.every_default_ms = 200}, 0);
	json_t *log;
	size_t busy, calm;

	(void)state;
	source(w, "busy", "127.0.0.1", "/busy", 0);
	source(w, "calm", "localhost", "/calm", 0);
	configure(w, 0);
	wait_for(w, "calm", 3);
	log = requests(w);
	busy = times(log, "/busy");
	calm = times(log, "/calm");
	print_message("busy %zu, calm %zu\n", busy, calm);
	assert_true(busy >= 3 * calm);
	json_decref(log);
	end(w);
}

static void a_silence_against_habit_is_shown_until_it_ends(void **state)
{
	struct world *w = begin("{\"/a\": [{\"status\": 304}, {\"status\": 304}, "
				"{\"body\": \"" RSS(ITEM("1")) "\"}]}",
		(struct crawl_options){0}, 0);
	const int64_t now = loop_wall(w->loop).ms, hour = 3600000;
	struct rhythm r = rhythm_new();

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 50);
	/* An item an hour for four weeks; none for three days. */
	for (int64_t t = now - 31 * 24 * hour; t < now - 3 * 24 * hour; t += hour) {
		const struct wall said = {t + hour / 2};

		rhythm_observe(&r, (struct wall){t + hour}, &said, 1, 0, (uint64_t)t);
	}
	store(w, 0, &r, (struct wall){now - hour});
	configure(w, 0);
	wait_for(w, "a", 3);
	assert_string_equal(commit(w, "a", 0)->mark, "silent");
	assert_non_null(strstr(commit(w, "a", 0)->error, "silent since 20"));
	assert_string_equal(commit(w, "a", 1)->error, commit(w, "a", 0)->error);
	assert_int_equal(commit(w, "a", 2)->n_new, 1);
	assert_string_equal(commit(w, "a", 2)->mark, "");
	end(w);
}

static int64_t due_in[16];

static void see_due(void *arg, const struct crawl_view *view)
{
	const struct world *w = arg;

	for (size_t i = 0; i < w->n_sources && i < sizeof(due_in) / sizeof(*due_in); i++)
		if (span_eq(view->source->id, w->sources[i].id))
			due_in[i] = view->due_in_ms;
}

/* Whatever `auto` would have it (200 ms here), what an answer asks for comes first. */
static void an_answer_says_when_to_come_back(void **state)
{
	enum { MINUTE = 60000 };
	static const struct {
		const char *step;
		int64_t least_ms;
	} rows[] = {
		{"{\"headers\": {\"Cache-Control\": \"max-age=600\"}, \"body\": \"" RSS(
			 ITEM("1")) "\"}",
			10 * MINUTE},
		{"{\"headers\": {\"Expires\": \"{date+600}\", \"Date\": \"{date-0}\"}, "
		 "\"body\": "
		 "\"" RSS(ITEM("1")) "\"}",
			10 * MINUTE - 2000},
		{"{\"body\": \"" RSS("<ttl>10</ttl>" ITEM("1")) "\"}", 10 * MINUTE},
		{"{\"body\": \"" RSS("<skipHours>%s</skipHours>" ITEM("1")) "\"}", 60 * MINUTE},
		{"{\"body\": \"" RSS(
			 "<skipDays><day>Monday</day><day>Tuesday</day><day>Wednesday"
			 "</day><day>Thursday</day><day>Friday</day><day>Saturday</"
			 "day><day>Sunday</day></skipDays><ttl>10</ttl>" ITEM("1")) "\"}",
			10 * MINUTE}, /* all of the week is none of it */
		{"{\"body\": \"" RSS("<skipDays>%s</skipDays>" ITEM("1")) "\"}",
			24 * 60 * MINUTE},
		{"{\"status\": 403}", 60 * MINUTE}, /* no hammering */
		{"{\"status\": 403, \"headers\": {\"cf-mitigated\": \"challenge\"}}",
			60 * MINUTE},
		{"{\"status\": 503, \"headers\": {\"Retry-After\": \"700\"}}", 700000 - 1000},
	};
	enum { ROWS = sizeof(rows) / sizeof(*rows) };
	static const char *const names[] = {
		"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
	struct buf script = {0}, hours = {0}, days = {0};
	struct tm now;
	const time_t t = time(NULL);
	struct world *w;

	(void)state;
	(void)gmtime_r(&t, &now);
	for (int h = 0; h < 24; h++) /* all but one, two hours from now */
		if (h != (now.tm_hour + 2) % 24)
			buf_addf(&hours, "<hour>%d</hour>", h);
	for (int d = 0; d < 7; d++) /* all but one, two days from now */
		if (d != (now.tm_wday + 2) % 7)
			buf_addf(&days, "<day>%s</day>", names[d]);
	buf_add_str(&script, "{\"/\": {}");
	for (size_t i = 0; i < ROWS; i++) {
		const char *mark = strstr(rows[i].step, "%s");

		buf_addf(&script, ", \"/%zu\": ", i);
		if (!mark) {
			buf_add_str(&script, rows[i].step);
			continue;
		}
		buf_add(&script, span_of(rows[i].step, (size_t)(mark - rows[i].step)));
		buf_add(&script, buf_span(strstr(rows[i].step, "skipDays") ? &days : &hours));
		buf_add_str(&script, mark + 2);
	}
	buf_add_char(&script, '}');
	buf_add_char(&script, '\0');
	w = begin(script.p, (struct crawl_options){.every_default_ms = 200}, 0);
	for (size_t i = 0; i < ROWS; i++) {
		char id[8], path[8];

		(void)snprintf(id, sizeof(id), "s%zu", i);
		(void)snprintf(path, sizeof(path), "/%zu", i);
		source(w, id, i == ROWS - 1 ? "localhost" : "127.0.0.1", path, 0);
	}
	configure(w, 0);
	for (size_t i = 0; i < ROWS; i++)
		wait_for(w, w->ids[i], 1);
	crawl_each(w->crawl, see_due, w);
	for (size_t i = 0; i < ROWS; i++) {
		print_message("%zu: in %ld s\n", i, (long)(due_in[i] / 1000));
		assert_true(due_in[i] >= rows[i].least_ms - 3000);
	}
	end(w);
	buf_deinit(&script);
	buf_deinit(&hours);
	buf_deinit(&days);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_is_asked_with_distance_and_few_at_a_time),
		cmocka_unit_test(the_order_is_shuffled),
		cmocka_unit_test(a_hanging_host_starves_nobody),
		cmocka_unit_test(batches_in_flight_are_bounded),
		cmocka_unit_test(after_a_reset_the_queue_has_the_last_word),
		cmocka_unit_test(a_new_set_keeps_who_stays),
		cmocka_unit_test(validators_are_not_believed_for_ever),
		cmocka_unit_test(an_answer_says_when_to_come_back),
		cmocka_unit_test(who_speaks_often_is_asked_often),
		cmocka_unit_test(a_silence_against_habit_is_shown_until_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
