/* ruleset: rule files, fragments, packs, versions, tests beside rules, explanations, doubts. */

#include "desk.h"

#include <string.h>

#include "vigie/rulelint.h"
#include "vigie/ruletest.h"

/* However the query is written: the place is that of the NEAR. */
static void mistakes_point_into_the_query(void **state)
{
	static const struct {
		const char *query;
		const char *place;
	} rows[] = {
		{"query: été NEAR x", "3:14"},
		{"query: 'l''été c''est NEAR x'", "3:25"},
		{"query: \"\\u00e9t\\u00e9 \\\"x\\\" NEAR b\"", "3:31"},
		{"query: \"\\ud83d\\ude00 \\x41\\tNEAR b\"", "3:30"},
		{"query: \"a OR\\\n    \\  b\n\n   NEAR c\"", "6:4"},
		{"query: a OR\n    b  NEAR c", "4:8"},
		{"query: 'a OR\n    b''c\n   d NEAR c'", "5:6"},
		{"query: |\n    été OR\n\n     b NEAR c\n", "6:8"},
		{"query: |-2 # note\n    a OR\n    b NEAR c\n", "5:7"},
		{"query: >\n    a OR\n    b\n\n    c NEAR d\n", "7:7"},
		{"query: &q a NEAR c", "3:15"},
		{"query: !!str a NEAR c", "3:18"},
		{"\"query\": \"\\\"a\\\" NEAR c\"", "3:19"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf yaml = {0}, want = {0};
		char *messages, *text, *wanted;

		buf_addf(&yaml, "rules:\n- id: a\n  %s\n- {id: b, query: x}\n", rows[i].query);
		buf_addf(&want, "%s: E_NEAR: distance missing: write NEAR/5 (rule a)\n",
			rows[i].place);
		text = buf_take(&yaml);
		wanted = buf_take(&want);
		assert_null(desk_file(text, &messages));
		assert_string_equal(messages, wanted);
		free(messages);
		free(wanted);
		free(text);
	}
}

static void mistakes_of_a_file_are_all_reported(void **state)
{
	static const struct {
		const char *yaml;
		const char *messages;
	} rows[] = {
		{"rules:\n- id: acme\n  query: 'a NEAR b'\n- id: b\n  query: \"c d\" \n- id: "
		 "c\n  query: é (\n",
			"3:13: E_NEAR: distance missing: write NEAR/5 (rule acme)\n"
			"7:13: E_SYNTAX: the query ends where a term should stand: "
			"write one (rule c)\n"},
		{"rules:\n- id: a\n  query: >-\n    first AND\n    b*\n",
			"5:5: E_WILDCARD: \"b*\" needs two characters besides * and "
			"?: write more "
			"of the word, or =\"…\" where no wildcard is meant (rule a)\n"},
		{"rules:\n- {id: a, query: 'b ('}\n- {id: a, query: c}\n- {id: b}\n- {id: b, "
		 "query: d}\n",
			"2:22: E_SYNTAX: the query ends where a term should stand: "
			"write one (rule a)\n"
			"3:18: E_RULE: a rule of this id stands before: give it "
			"another id (rule a)\n"
			"4:3: E_RULE: query missing: write query: or regex: (rule b)\n"
			"5:18: E_RULE: a rule of this id stands before: give it "
			"another id (rule b)\n"},
		{"rules:\n- {id: a, query: b}\n- {id: a, query: c}\n- {query: d}\n- {id: e}\n- "
		 "text\n",
			"3:18: E_RULE: a rule of this id stands before: give it "
			"another id (rule a)\n"
			"4:3: E_RULE: it has no id: give it one (rule number 3)\n"
			"5:3: E_RULE: query missing: write query: or regex: (rule e)\n"
			"6:3: E_RULE: it is a text: write {id: …, query: …} (rule number 5)\n"},
		{"rules:\n- {id: a, query: b, regex: c}\n- {id: b, regex: '(x'}\n- {id: c, "
		 "query: [x]}\n",
			"2:18: E_RULE: query and regex stand together: keep one (rule a)\n"
			"3:21: E_REGEX: missing closing parenthesis: see "
			"pcre2pattern(3) (rule b)\n"
			"4:18: E_RULE: query is a list: write a text (rule c)\n"},
		{"rules:\n- {id: a, query: b, weight: heavy}\n- {id: c, query: d, enabled: "
		 "maybe}\n"
		 "- {id: e, query: f, tags: {g: h}}\n",
			"2:29: E_RULE: weight is no number above 0: write 1 or 2.5 (rule a)\n"
			"3:30: E_RULE: enabled is true or false (rule c)\n"
			"4:27: E_RULE: tags is a mapping: write a list (rule e)\n"},
		{"rules: {a: b}\n",
			"1:8: E_RULE: no list of rules: write rules: and a list of {id, query} "
			"under it\n"},
		{"define: {a: 'x use:b', b: 'use:c', c: 'y OR use:a', ok: z}\nrules:\n"
		 "- {id: r, query: 'use:a'}\n",
			"1:45: E_FIELD: fragment \"a\" leads back to itself: break "
			"the circle (fragment c)\n"},
		{"define: {a: 'x (', b: [c]}\nrules:\n- {id: r, query: 'use:nowhere'}\n",
			"1:17: E_SYNTAX: the query ends where a term should stand: "
			"write one (fragment a)\n"
			"1:23: E_RULE: it is a list: write a query (fragment b)\n"
			"3:19: E_FIELD: no fragment \"nowhere\": write it under "
			"define:, or take one "
			"of a pack (rule r)\n"},
		{"define: {a: 'x ('}\nrules: [{id: r, query: 'y use:a'}]",
			"1:17: E_SYNTAX: the query ends where a term should stand: "
			"write one (fragment a)\n"},
		{"rules:\n- {id: r, query: 'a use:nowhere'}\n",
			"2:21: E_FIELD: no fragment \"nowhere\": write it under "
			"define:, or take one "
			"of a pack (rule r)\n"},
		{"define: {n: 'a AND b', f: 'title:a', no: '-a'}\nrules:\n- {id: r, query: 'x "
		 "NEAR/2 use:n'}\n"
		 "- {id: s, query: 'title:use:f'}\n- {id: t, query: 'use:no'}\n- {id: u, "
		 "query: 'x use:no'}\n",
			"3:28: E_NEAR: NEAR joins terms and alternatives (a OR b) "
			"only: take AND, NOT, "
			"fields and regexes out of it (rule r)\n"
			"4:19: E_FIELD: fragment \"f\" holds a field itself: it can't "
			"stand in a "
			"field (rule s)\n"
			"5:19: E_NEGATIVE: the query says only what must be absent: "
			"add what must be "
			"there (rule t)\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *messages = NULL;

		assert_null(desk_file(rows[i].yaml, &messages));
		assert_string_equal(messages, rows[i].messages);
		free(messages);
	}
}

static const char *ask_file(const char *yaml, const char *text, struct arena *arena)
{
	char *messages = NULL;
	struct ruleset *set = desk_file(yaml, &messages);
	struct item item = item_empty();
	const char *found;

	if (!set)
		fail_msg("%s", messages);
	item.text = span_str(text);
	found = desk_match(set, &item, NULL, arena);
	(void)ruleset_unref(set);
	free(messages);
	return found;
}

static void fragments_stand_for_their_query(void **state)
{
	static const struct {
		const char *yaml, *text, *found;
	} rows[] = {
		{"define: {bad: 'scandal* OR fraud'}\nrules: [{id: r, query: 'acme use:bad'}]",
			"a fraud at acme", "fraud|acme"},
		{"rules: [{id: r, query: 'acme NEAR/2 use:bad'}]\ndefine: {bad: 'use:worse OR "
		 "fraud', worse: "
		 "'scandal*'}",
			"scandals at acme", "scandals|acme"},
		{"define: {bad: 'fraud'}\nrules: [{id: r, query: 'acme NOT use:bad'}]",
			"acme fraud", NULL},
		{"define: {bad: 'a OR b'}\nrules: [{id: r, query: 'title:(x OR use:bad) OR "
		 "text:use'}]",
			"a", NULL},
		{"rules: [{id: r, query: 'acme use:crisis-en'}]", "acme data breach",
			"acme|data breach"},
		{"define: {crisis-en: nothing}\nrules: [{id: r, query: 'acme use:crisis-en'}]",
			"acme data breach", NULL},
		{"rules: [{id: r, query: 'acme NOT use:noise-fr'}]", "acme recrute", NULL},
		{"rules: [{id: r, query: 'acme NOT use:noise-fr'}]", "acme recule", "acme"},
		{"{\"rules\": [{\"id\": 7, \"query\": \"acme\", \"unknown\": {\"key\": []}}]}",
			"ACME", "ACME"},
		{"rules: [{id: r, regex: 'AF-\\d+'}]", "AF-12 af-13", "AF-12"},
		{"rules: [{id: r, query: acme, enabled: false}]", "acme", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena arena = {0};
		const char *found = ask_file(rows[i].yaml, rows[i].text, &arena);

		if (!found != !rows[i].found || (found && strcmp(found, rows[i].found) != 0))
			fail_msg("%s on %s: got %s", rows[i].yaml, rows[i].text,
				found ? found : "nothing");
		arena_release(&arena);
	}
}

/* Ten fragments of ten uses each of the one before. */
static void fragments_do_not_explode(void **state)
{
	struct buf yaml = {0};
	char *messages = NULL;

	(void)state;
	buf_add_str(&yaml, "define:\n  f0: word\n");
	for (int i = 1; i <= 10; i++) {
		buf_addf(&yaml, "  f%d: '", i);
		for (int k = 0; k < 10; k++)
			buf_addf(&yaml, "%suse:f%d", k ? " OR " : "", i - 1);
		buf_add_str(&yaml, "'\n");
	}
	buf_add_str(&yaml, "rules: [{id: r, query: 'use:f10'}]\n");
	assert_null(desk_file(yaml.p, &messages));
	assert_non_null(strstr(messages, "E_SYNTAX: too large with its fragments"));
	free(messages);
	buf_deinit(&yaml);
}

static void a_rule_says_what_it_is(void **state)
{
	struct ruleset *set =
		desk_file("rules:\n- {id: a, query: x, kind: brand, brand: Acme, tags: [p, q], "
			  "weight: 2.5}\n- {id: b, query: y, tags: r}\n",
			NULL);
	const struct match *a = ruleset_info(set, 0), *b = ruleset_info(set, 1);

	(void)state;
	assert_int_equal(ruleset_count(set), 2);
	assert_true(span_eq_str(a->rule, "a") && span_eq_str(a->kind, "brand"));
	assert_true(span_eq_str(a->brand, "Acme") && a->n_tags == 2 &&
		    span_eq_str(a->tags[1], "q"));
	assert_true(a->weight > 2.4 && a->version.n == 16);
	assert_true(span_eq_str(b->kind, "topic") && b->n_tags == 1 && b->weight < 1.1);
	assert_int_equal(ruleset_find(set, SPAN("b")), 1);
	assert_true(ruleset_find(set, SPAN("c")) == SIZE_MAX);
	(void)ruleset_unref(set);
}

static void the_version_is_the_meaning(void **state)
{
	static const char *const same[] = {"Coca-Cola (a OR b)",
		"\"coca cola\"   AND (A OR «B»)", "COCA-COLA AND (á OR b)",
		"(b OR a) Coca-Cola", "Coca-Cola ((a OR b))"};
	static const char *const others[] = {"Coca-Cola (b OR c)", "Coca-Cola OR a OR b",
		"=Coca-Cola (a OR b)", "title:Coca-Cola (a OR b)", "Coca-Cola 2 OF (a, b)",
		"\"coca cola\"~1 (a OR b)", "Coca-Cola (a OR #b)", "Coca-Cola lang:fr",
		"Coca-Cola lang:en", "Coca-Cola likes:>1", "Coca-Cola likes:>=1",
		"Coca-Cola NEAR/1 a", "Coca-Cola NEAR/2 a", "Coca-Cola ONEAR/2 a",
		"a ONEAR/2 Coca-Cola", "Coca-Cola /a/", "Coca-Cola /a/i"};
	struct span versions[32];
	struct ruleset *sets[32];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		sets[n] = desk_set(same[i]), versions[n] = ruleset_info(sets[n], 0)->version,
		n++;
	for (size_t i = 1; i < n; i++)
		assert_true(span_eq(versions[0], versions[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		sets[n] = desk_set(others[i]), versions[n] = ruleset_info(sets[n], 0)->version,
		n++;
		for (size_t k = 0; k + 1 < n; k++)
			if (span_eq(versions[k], versions[n - 1]))
				fail_msg("%s has the version of another", others[i]);
	}
	while (n)
		(void)ruleset_unref(sets[--n]);
}

static void languages_limit_a_rule(void **state)
{
	struct ruleset *set =
		desk_file("rules: [{id: r, query: acme, languages: [fr, EN_gb]}]", NULL);
	static const struct {
		const char *lang;
		bool passes;
	} rows[] = {{"fr", true}, {"fr-CA", true}, {"de", false}, {"en", false},
		{"en-GB", true}, {"", true}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena arena = {0};
		struct item item = item_empty();

		item.text = SPAN("acme");
		item.lang = span_str(rows[i].lang);
		assert_int_equal(desk_match(set, &item, NULL, &arena) != NULL, rows[i].passes);
		arena_release(&arena);
	}
	(void)ruleset_unref(set);
}

static void add_line(struct buf *out, const struct explained *e, int depth)
{
	buf_addf(out, "%*s%s %.*s %zu\n", depth, "", e->holds ? "+" : "-", SPAN_ARG(e->label),
		e->n_spans);
	for (size_t i = 0; i < e->n_children; i++)
		add_line(out, &e->children[i], depth + 1);
}

static void a_tree_is_explained_as_it_is_written(void **state)
{
	struct ruleset *set =
		desk_set("(/ab+/i OR =\"A b\" OR #xy*) (c NEAR/2 (d OR e)) lang:fr "
			 "likes:1..5 NOT 2 OF (f, \"g h\"~3)");
	struct ruleset_scratch *scratch = NULL;
	struct arena arena = {0};
	struct item item = item_empty();
	struct explained tree;
	struct buf out = {0};

	(void)state;
	item.text = SPAN("abb c x e f");
	item.lang = SPAN("fr");
	assert_int_equal(ruleset_scratch_new(&scratch, set), 0);
	assert_int_equal(ruleset_explain(set, scratch, 0, &item, NULL, &arena, &tree), 0);
	add_line(&out, &tree, 0);
	assert_string_equal(out.p, "- AND 0\n"
				   " + OR 0\n"
				   "  + /ab+/i 1\n"
				   "  - =\"A b\" 0\n"
				   "  - #xy* 0\n"
				   " + NEAR/2 2\n"
				   "  + c 1\n"
				   "  + OR 0\n"
				   "   - d 0\n"
				   "   + e 1\n"
				   " + lang:fr 0\n"
				   " - likes:1..5 0\n"
				   " + NOT 0\n"
				   "  - 2 OF 0\n"
				   "   + f 1\n"
				   "   - \"g h\"~3 0\n");
	buf_deinit(&out);
	(void)ruleset_scratch_free(scratch);
	(void)ruleset_unref(set);
	arena_release(&arena);
}

static void tests_beside_rules(void **state)
{
	static const char yaml[] =
		"rules:\n"
		"- id: a\n"
		"  query: acme lang:fr\n"
		"  tests:\n"
		"    match:\n"
		"    - {text: chez acme, lang: fr, spans: [acme]}\n"
		"    - {text: chez ACME, lang: fr, spans: [acme]}\n"
		"    - acme\n"
		"    no_match:\n"
		"    - rien\n"
		"    - {title: acme, lang: fr}\n"
		"tests:\n"
		"- rule: a\n"
		"  match: {title: acme, lang: fr, likes: 3, tags: [x], author: y}\n"
		"- {rule: nowhere, match: x}\n";
	static const char *const outcomes[] = {"", "matches, but finds other spans",
		"does not match, and should", "", "matches, and should not", ""};
	struct ruleset *set = desk_file(yaml, NULL);
	struct ruleset_scratch *scratch = NULL;
	struct rule_tests tests = {0};
	struct err_list errors = {0};
	struct arena arena = {0};

	(void)state;
	assert_int_equal(ruleset_scratch_new(&scratch, set), 0);
	assert_int_equal(ruletest_read(&tests, span_str(yaml), "rules.yaml", &errors), 0);
	assert_int_equal(tests.n, 7);
	assert_int_equal(tests.items[0].line, 6);
	for (size_t i = 0; i < 6; i++) {
		struct rule_outcome o;

		assert_int_equal(ruletest_run(&o, set, scratch, &tests.items[i], &arena), 0);
		assert_int_equal(o.passed, outcomes[i][0] == '\0');
		assert_true(span_eq_str(o.why, outcomes[i]));
	}
	assert_int_equal(
		ruletest_run(&(struct rule_outcome){0}, set, scratch, &tests.items[6], &arena),
		-ENOENT);
	rule_tests_release(&tests);
	assert_int_equal(
		ruletest_read(&tests,
			SPAN("rules:\n- id: a\n  tests: {matches: x, match: {txt: x}}\n"
			     "tests: [{match: x}]"),
			"f", &errors),
		-EINVAL);
	assert_int_equal(errors.n, 3);
	assert_string_equal(
		errors.items[1].text, "unknown key \"txt\": did you mean \"text\"?");
	err_list_deinit(&errors);
	rule_tests_release(&tests);
	(void)ruleset_scratch_free(scratch);
	(void)ruleset_unref(set);
	arena_release(&arena);
}

static void doubts_are_said(void **state)
{
	static const struct {
		const char *rules, *wanted; /* part of the only message; "": none */
	} rows[] = {
		{"- {id: a, query: '\"Air France\" OR airfrance'}", ""},
		{"- {id: a, query: 'acme lang:french'}", "lang:french never holds"},
		{"- {id: a, query: 'acme site:\"x.org:80\"'}", "site:x.org:80 never holds"},
		{"- {id: a, query: 'acme likes:9..1'}", "this range is empty"},
		{"- {id: a, query: 'acme rating:>5'}", "ratings go from 1 to 5"},
		{"- {id: a, query: 'acme shares:<-1'}", "shares is never below 0"},
		{"- {id: a, query: 'acme OR @acme'}", "@acme adds nothing beside acme"},
		{"- {id: a, query: 'rembours* OR remboursement'}",
			"remboursement adds nothing beside rembours*"},
		{"- {id: a, query: 'acme OR ACME'}", "ACME adds nothing beside acme"},
		{"- {id: a, query: 'acme OR zelda NOT fan'}",
			"belongs to the last alternative alone"},
		{"- {id: a, query: '(acme OR zelda) NOT fan'}", ""},
		{"- {id: a, query: 'acme OR (zelda NOT fan)'}", ""},
		{"- {id: a, query: 'acme zelda -acme'}", "asked for and excluded"},
		{"- {id: a, query: 'acme NOT (zelda OR acme)'}", "asked for and excluded"},
		{"- {id: a, query: 'acme NEAR/3 zelda NOT zelda'}", "asked for and excluded"},
		{"- {id: a, query: 'acme (zelda OR b)'}\n- {id: b, query: '(b OR zelda) acme'}",
			"rule b: it means what rule a means"},
		{"- {id: a, query: 'acme lang:fr lang:en'}", "a text has one language"},
		{"- {id: a, query: 'acme lang:fr lang:fr-ca'}", ""},
		{"- {id: a, query: 'acme» OR zelda'}", "its partner is missing"},
		{"- {id: a, query: '\"acme”\" OR zelda'}", "its partner is missing"},
		{"- {id: a, query: '“acme” «zelda» „nord“'}", ""},
		{"- {id: a, regex: 'acmecorp(a+)+b'}", "can take very long"},
		{"- {id: a, regex: '\\d+ €'}", "nothing in it can be looked up"},
		{"- {id: a, query: 'likes:>5'}", "nothing in it can be looked up"},
		{"- {id: a, query: '\"acme corp\" OR *xy*'}", "nothing in it can be looked up"},
		{"- {id: a, query: 'Orange OR zelda'}", "Orange is an everyday word"},
		{"- {id: a, query: 'Orange (forfait* OR fibre)'}", ""},
		{"- {id: a, query: '=Orange'}", ""},
		{"- {id: a, query: acme, tag: x}",
			"nobody reads the key \"tag\": did you mean \"tags\"?"},
		{"- {id: a, query: 'acme zelda'}\n- {id: b, query: 'Acme AND Zelda'}",
			"rule b: it means what rule a means"},
		{"- {id: a, query: 'acme'}\n- {id: b, query: 'zelda OR acme'}",
			"rule a: rule b matches whenever it does"},
		{"- {id: a, query: 'acme', languages: [fr]}\n- {id: b, query: 'zelda OR acme'}",
			""},
		{"- {id: a, query: 'acme'}\ndefine: {f: zelda}",
			"fragment f: no query uses it"},
		{"- {id: a, query: 'acme use:f'}\ndefine: {f: zelda}", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rule_linter *linter = NULL;
		struct err_list found = {0};
		struct buf yaml = {0};

		buf_addf(&yaml, "rules:\n%s\n", rows[i].rules);
		assert_int_equal(rulelint_new(&linter), 0);
		assert_int_equal(rulelint_file(linter, buf_span(&yaml), "f", &found), 0);
		assert_int_equal(rulelint_finish(linter, &found), 0);
		if (found.n != (rows[i].wanted[0] != '\0') ||
			(found.n && !strstr(found.items[0].text, rows[i].wanted)))
			fail_msg("%s: %zu doubts, \"%s\" …, \"%s\"", rows[i].rules, found.n,
				found.n ? found.items[0].text : "",
				found.n > 1 ? found.items[1].text : "");
		err_list_deinit(&found);
		buf_deinit(&yaml);
		(void)rulelint_free(linter);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_point_into_the_query),
		cmocka_unit_test(mistakes_of_a_file_are_all_reported),
		cmocka_unit_test(fragments_stand_for_their_query),
		cmocka_unit_test(fragments_do_not_explode),
		cmocka_unit_test(a_rule_says_what_it_is),
		cmocka_unit_test(the_version_is_the_meaning),
		cmocka_unit_test(languages_limit_a_rule),
		cmocka_unit_test(a_tree_is_explained_as_it_is_written),
		cmocka_unit_test(tests_beside_rules),
		cmocka_unit_test(doubts_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
