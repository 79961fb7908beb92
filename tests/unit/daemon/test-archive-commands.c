/*
 * The manual of `vigie search` and `vigie export`: run as a person or a script would run them.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <sys/wait.h>

#include "../line/archive_lab.h"

static const struct match_span spans[] = {{FIELD_TITLE, 8, 12}};
static const struct match matches[] = {
	{.rule = {"acme", 4},
		.version = {"v1", 2},
		.kind = {"brand", 5},
		.brand = {"Acme", 4},
		.weight = 1.5,
		.spans = spans,
		.n_spans = 1},
	{.rule = {"plants", 6}, .kind = {"topic", 5}, .brand = {"Acme", 4}, .weight = 1},
};

static int set_up(void **state)
{
	struct lab *lab = lab_new();
	struct hit hits[] = {
		lab_hit(1,
			"Chez l\xC3\xA9"
			"Acme",
			"Un \"bon\" mot,\r\ndeux lignes"),
		lab_hit(2, "=HYPERLINK(\"http://evil.example\")",
			"\x1B[31m red \xE2\x80\xAE"
			"acme"),
		lab_hit(3, "Nothing of them", "at all"),
	};

	hits[0].matches = matches;
	hits[0].n_matches = 2;
	hits[0].score = 2.5;
	hits[0].item.published = (struct wall){1767225600000};
	hits[0].item.author.handle = SPAN("@ann");
	hits[0].item.numbers.likes = -3;
	hits[0].item.lang = SPAN("fr");
	hits[1].item.published = (struct wall){1767312000000};
	hits[2].item.published = (struct wall){1767398400000};
	lab_put(lab, hits, 3);
	lab_close(lab);
	*state = lab;
	return 0;
}

static int tear_down(void **state)
{
	lab_free(*state);
	return 0;
}

/* Runs `vigie WORDS --state …` through the shell; what it prints. */
static char *run(struct lab *lab, const char *command, const char *words, int expected_status)
{
	struct buf line = {0}, out = {0};
	char piece[4096];
	size_t n;
	FILE *f;
	int status;

	buf_addf(&line, "%s %s --state %s/state %s", getenv("VIGIE"), command, lab->folder,
		words);
	f = popen(line.p, "r");
	assert_non_null(f);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(&out, span_of(piece, n));
	status = pclose(f);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) != expected_status)
		fail_msg("%s: status %d, not %d", line.p, WEXITSTATUS(status), expected_status);
	buf_deinit(&line);
	return buf_take(&out);
}

static void search_prints_for_people(void **state)
{
	char *out = run(*state, "search", "acme", 0);

	/* The newest first, the word asked for marked, nothing that moves the cursor. */
	assert_null(strchr(out, '\x1B'));
	assert_null(strstr(out, "\xE2\x80\xAE"));
	assert_non_null(strstr(out, "[acme]"));
	assert_null(strstr(out, "Nothing"));
	free(out);

	/* Without words, what the rules matched. */
	out = run(*state, "search", "--rule acme", 0);
	assert_non_null(strstr(out, "l\xC3\xA9[Acme]"));
	assert_non_null(strstr(out, "plants"));
	free(out);
}

static void search_prints_json_lines(void **state)
{
	char *out = run(*state, "search", "--json --lang fr", 0);
	json_t *root = json_loads(out, JSON_DISABLE_EOF_CHECK, NULL);
	const json_t *match = json_array_get(json_object_get(root, "matches"), 0);
	const json_t *span = json_array_get(json_object_get(match, "spans"), 0);

	assert_string_equal(json_string_value(json_object_get(root, "title")), "Chez l\xC3\xA9"
									       "Acme");
	assert_string_equal(json_string_value(json_object_get(match, "rule")), "acme");
	assert_int_equal(json_integer_value(json_object_get(span, "start")), 7);
	assert_int_equal(json_integer_value(json_object_get(span, "end")), 11);
	assert_string_equal(json_string_value(json_object_get(span, "text")), "Acme");
	json_decref(root);
	free(out);
}

static size_t lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void times_are_ago_or_dates(void **state)
{
	static const struct {
		const char *options;
		size_t found;
	} table[] = {
		{"", 3},
		{"--since 2026-01-02", 2},
		{"--until 2026-01-02", 1},
		{"--since 2026-01-02 --until 2026-01-03", 1},
		{"--since 2026-01-03T00:00:00Z", 1},
		{"--since 2026-01-03T00:00:01Z", 0},
		{"--since 100000d", 3},
		{"--until 100000d", 0},
		{"--limit 2", 2},
		{"--limit 0", 3},
		{"--limit 1 acme", 1},
		{"-- acme", 1},
		{"acme red", 1},
		{"--brand acme", 1},
		{"--source gazette", 3},
		{"--source other", 0},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char *out = run(*state, "export", table[i].options, 0);

		if (lines(out) != table[i].found)
			fail_msg("%s: %zu lines, not %zu", table[i].options, lines(out),
				table[i].found);
		free(out);
	}
}

static void csv_is_rfc_4180_without_formulas(void **state)
{
	char *out = run(*state, "export", "--format csv --limit 0", 0);

	assert_string_equal(out,
		"key,published,fetched,source,source_kind,kind,lang,url,title,text,author,"
		"author_handle,"
		"author_url,followers,likes,shares,replies,views,rating,tags,rules,brands,"
		"score,story,story_why,similarity,story_mentions,story_sites\r\n"
		"00000001000000000000000000000000,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,"
		"gazette,feed,"
		"post,fr,,Chez l\xC3\xA9"
		"Acme,\"Un \"\"bon\"\" mot,\r\ndeux lignes\",,'@ann,,,-3,,,,,,"
		"acme; plants,Acme,2.5,00000001000000000000000000000000,head,1,1,1\r\n"
		"00000002000000000000000000000000,2026-01-02T00:00:00Z,2026-01-01T00:00:00Z,"
		"gazette,feed,"
		"post,,,\"'=HYPERLINK(\"\"http://evil.example\"\")\",\x1B[31m red \xE2\x80\xAE"
		"acme,,,,,,,,,,,,,0,00000002000000000000000000000000,head,1,1,1\r\n"
		"00000003000000000000000000000000,2026-01-03T00:00:00Z,2026-01-01T00:00:00Z,"
		"gazette,feed,"
		"post,,,Nothing of them,at all,,,,,,,,,,,,,0,"
		"00000003000000000000000000000000,head,1,1,1\r\n");
	free(out);
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *command, *options;
		int status;
		const char *said;
	} table[] = {
		{"search", "--since yesteryear 2>&1", 2, "90m, 7d"},
		{"search", "--limit -1 2>&1", 2, "write 0 for all"},
		{"search", "--colour 2>&1", 2, "usage: vigie search"},
		{"search", "--rule 2>&1", 2, "usage: vigie search"},
		{"export", "--format xml 2>&1", 2, "jsonl or csv"},
		{"export", "--json 2>&1", 2, "usage: vigie export"},
		{"search", "unheard-of 2>&1", 0, "nothing found"},
		{"search", "--limit 1 2>&1", 0, "--limit 0 shows all"},
		{"search", "--state /nonexistent/folder 2>&1", 1, "no archive here yet"},
		{"export", "> /dev/full 2>/dev/null", 1, ""},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char *out = run(*state, table[i].command, table[i].options, table[i].status);

		if (!strstr(out, table[i].said))
			fail_msg("%s: said \"%s\"", table[i].options, out);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(search_prints_for_people),
		cmocka_unit_test(search_prints_json_lines),
		cmocka_unit_test(times_are_ago_or_dates),
		cmocka_unit_test(csv_is_rfc_4180_without_formulas),
		cmocka_unit_test(what_is_wrong_is_said),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
