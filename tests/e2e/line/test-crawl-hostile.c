/*
 * crawl: origins that mean harm. What each of them sends is bounded and said of its source, and
 * the others go on at their pace meanwhile.
 */

#include "crawl-world.h"

enum { TOTAL_MS = 4000, PULSE_MS = 100 };

static const struct {
	const char *id, *step; /* of the script */
	enum batch_outcome outcome;
	const char *mark, *error; /* begins with; part of */
} rows[] = {
	/* Each entity ten of the one before: a billion. */
	{"laughs",
		"{\"body\": \"<!DOCTYPE rss [<!ENTITY a 'ha'><!ENTITY b "
		"'&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c "
		"'&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d "
		"'&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'><!ENTITY e "
		"'&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'>]>" RSS(
			"<item><guid>1</guid><title>acme &e;&e;&e;&e;</title></item>") "\"}",
		BATCH_READ, "", ""},
	{"outside",
		"{\"body\": \"<!DOCTYPE rss [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" RSS(
			"<item><guid>1</guid><title>acme &a;</title></item>") "\"}",
		BATCH_READ, "", ""},
	{"attributes",
		"{\"fill\": {\"text\": \"<rss><channel><item a='b' c='d' e='f' g='h' i='j' "
		"k='l' \", "
		"\"size\": 2000000}}",
		BATCH_READ, "truncated", "ends early"},
	{"bomb",
		"{\"encoding\": \"gzip\", \"fill\": {\"text\": "
		"\"<rss><channel><item><guid>1</guid></item>\", \"size\": 67108864}}",
		BATCH_READ, "overlong", ""},
	{"half",
		"{\"encoding\": \"gzip\", \"cut\": 100, \"body\": \"" RSS(
			ITEM("1") ITEM("2") ITEM("3") ITEM("4")) "\"}",
		BATCH_READ, "truncated", "ends early"},
	{"headers", "{\"many\": 5000, \"body\": \"" RSS(ITEM("1")) "\"}", BATCH_FAILED, "",
		"more header fields"},
	{"header", "{\"wide\": 200000, \"body\": \"" RSS(ITEM("1")) "\"}", BATCH_FAILED, "",
		"more header fields"},
	{"circle", "{\"redirect\": \"/circle\"}", BATCH_FAILED, "", "more than 5 times"},
	{"inside", "{\"redirect\": \"http://10.0.0.1/\"}", BATCH_FAILED, "", "10.0.0.1"},
	{"scheme", "{\"redirect\": \"file:///etc/passwd\"}", BATCH_FAILED, "", "http or https"},
	{"drip",
		"{\"drip\": {\"size\": 1, \"every_ms\": 50}, \"fill\": {\"text\": \"<rss>\", "
		"\"size\": 100000}}",
		BATCH_FAILED, "", "too long"},
	{"silence", "{\"delay_ms\": 60000}", BATCH_FAILED, "", ""},
	{"long", "{\"length\": 100000, \"cut\": 1000, \"body\": \"" RSS(ITEM("1")) "\"}",
		BATCH_READ, "truncated", "ends early"},
	{"short", "{\"length\": 40, \"body\": \"" RSS(ITEM("1")) "\"}", BATCH_READ, "truncated",
		"ends early"},
	{"negative", "{\"length\": \"-5\", \"body\": \"" RSS(ITEM("1")) "\"}", BATCH_FAILED, "",
		""},
	{"reset", "{\"reset\": true, \"cut\": 0, \"length\": 5, \"body\": \"x\"}", BATCH_FAILED,
		"", ""},
	{"nonsense", "{\"raw\": \"\\u0000\\u0001 nonsense\\r\\n\\r\\n\"}", BATCH_FAILED, "",
		""},
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static struct world *hostile_world(void)
{
	struct buf script = {0};
	struct world *w;

	buf_add_str(&script, "{\"/good\": {\"body\": \"" RSS(ITEM("1")) "\"}");
	for (size_t i = 0; i < ROWS; i++)
		buf_addf(&script, ", \"/%s\": %s", rows[i].id, rows[i].step);
	buf_add_char(&script, '}');
	buf_add_char(&script, '\0');
	w = begin(script.p, (struct crawl_options){.concurrency_per_host = 30}, TOTAL_MS);
	buf_deinit(&script);
	return w;
}

static void each_is_bounded_and_said_and_others_go_on(void **state)
{
	struct world *w = hostile_world();
	const int64_t began = loop_now(w->loop).ms;
	size_t pulses;
	json_t *log;

	(void)state;
	source(w, "good", "localhost", "/good", PULSE_MS);
	for (size_t i = 0; i < ROWS; i++) {
		struct buf path = {0};

		buf_addf(&path, "/%s", rows[i].id);
		source(w, rows[i].id, "127.0.0.1", path.p, 3600000);
		buf_deinit(&path);
	}
	configure(w, 0);
	for (size_t i = 0; i < ROWS; i++) {
		const struct commit *c;

		wait_for(w, rows[i].id, 1);
		c = commit(w, rows[i].id, 0);
		print_message("%s: %s %s\n", rows[i].id, c->mark, c->error);
		if (c->outcome != rows[i].outcome || strcmp(c->mark, rows[i].mark) != 0 ||
			!strstr(c->error, rows[i].error))
			fail_msg("%s: outcome %d, mark \"%s\", error \"%s\"", rows[i].id,
				(int)c->outcome, c->mark, c->error);
		/* A source in trouble says so. */
		assert_true(c->outcome == BATCH_READ || *c->error);
	}
	log = requests(w);
	pulses = times(log, "/good");
	print_message("%zu pulses in %ld ms\n", pulses, (long)(loop_now(w->loop).ms - began));
	/* Half of what an idle machine would show. */
	assert_true(pulses >= (size_t)((loop_now(w->loop).ms - began) / PULSE_MS) / 2);
	assert_true(crawl_stats(w->crawl)->bytes < 64 * 1024 * 1024);
	json_decref(log);
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_bounded_and_said_and_others_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
