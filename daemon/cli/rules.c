/*
 * rules: rules as code: their tests, the explanation of one, and what is doubtful in them.
 */
#include "cli/commands.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/rules_load.h"
#include "cli/rules_print.h"
#include "line/codec.h"
#include "vigie/cleanup.h"
#include "vigie/rulelint.h"
#include "vigie/ruletest.h"

enum { FILES_MAX = 256 };

enum report { REPORT_TEXT, REPORT_TAP, REPORT_JUNIT };

struct options {
	const char *rules[FILES_MAX]; /* --rules, and for test and lint the arguments */
	size_t n_rules;
	const char *tests[FILES_MAX];
	size_t n_tests;
	enum report report;
	const char **arguments;
	int n_arguments;
};

static int read_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {{"rules", required_argument, NULL, 'r'},
		{"tests", required_argument, NULL, 't'}, {"tap", no_argument, NULL, 'T'},
		{"junit", no_argument, NULL, 'J'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'r' && o->n_rules < FILES_MAX)
			o->rules[o->n_rules++] = optarg;
		else if (c == 't' && o->n_tests < FILES_MAX)
			o->tests[o->n_tests++] = optarg;
		else if (c == 'T' || c == 'J')
			o->report = c == 'T' ? REPORT_TAP : REPORT_JUNIT;
		else
			return EXIT_USAGE;
	}
	o->arguments = (const char **)argv + optind;
	o->n_arguments = argc - optind;
	return EXIT_DONE;
}

/* Arguments are rule files too. */
static bool take_files(struct options *o)
{
	for (int i = 0; i < o->n_arguments && o->n_rules < FILES_MAX; i++)
		o->rules[o->n_rules++] = o->arguments[i];
	return o->n_rules > 0;
}

static int read_tests(
	struct rule_tests *tests, const char *const *paths, size_t n, struct err_list *errors)
{
	int result = 0;

	for (size_t i = 0; i < n; i++) {
		struct buf yaml = {0};
		int r = rules_load_file(&yaml, paths[i]);

		if (r >= 0)
			r = ruletest_read(tests, buf_span(&yaml), paths[i], errors);
		result = r < 0 ? r : result;
		buf_deinit(&yaml);
	}
	return result;
}

static int run_tests(
	const struct options *o, const struct ruleset *set, const struct rule_tests *tests)
{
	struct ruleset_scratch *scratch = NULL;
	struct rules_report report = {.to = stdout, .n = tests->n};
	int r = ruleset_scratch_new(&scratch, set);

	report.kind = o->report == REPORT_TAP     ? RULES_TAP
		      : o->report == REPORT_JUNIT ? RULES_JUNIT
						  : RULES_TEXT;
	rules_report_begin(&report);
	for (size_t i = 0; i < tests->n && r >= 0; i++) {
		struct arena arena = {0};
		struct rule_outcome outcome = {0};

		r = ruletest_run(&outcome, set, scratch, &tests->items[i], &arena);
		if (r == -ENOENT) {
			outcome.why = SPAN("there is no rule of this id");
			r = 0;
		}
		if (r >= 0)
			rules_report_add(&report, &tests->items[i], &outcome);
		arena_release(&arena);
	}
	rules_report_end(&report);
	(void)ruleset_scratch_free(scratch);
	if (r < 0) {
		(void)fputs("vigie: out of memory\n", stderr);
		return EXIT_FAILED;
	}
	if (fflush(stdout) != 0) {
		perror("vigie: standard output");
		return EXIT_FAILED;
	}
	return report.failed ? EXIT_FAILED : EXIT_DONE;
}

static int rules_test(struct options *o)
{
	struct rule_tests tests = {0};
	struct err_list errors = {0};
	struct ruleset *set = NULL;
	int status = EXIT_USAGE, r;

	if (!take_files(o))
		return command_usage("rules");
	r = rules_load(&set, o->rules, o->n_rules);
	if (r >= 0)
		r = read_tests(&tests, o->rules, o->n_rules, &errors);
	if (r >= 0)
		r = read_tests(&tests, o->tests, o->n_tests, &errors);
	err_list_print(&errors, stderr);
	err_list_deinit(&errors);
	if (r >= 0)
		status = run_tests(o, set, &tests);
	rule_tests_release(&tests);
	(void)ruleset_unref(set);
	return status;
}

/* Without a file the first argument is a query. */
static int set_of_query(struct ruleset **ret, const char *query)
{
	struct ruleset_builder *b = NULL;
	struct err_list errors = {0};
	const struct rule rule = {.id = SPAN("query"),
		.query = span_str(query),
		.place = {.file = "query", .line = 1, .column = 1, .exact = true}};
	int r = ruleset_builder_new(&b);

	if (r >= 0)
		r = ruleset_builder_add(b, &rule, &errors);
	if (r >= 0)
		r = ruleset_build(ret, b, &errors);
	err_list_print(&errors, stderr);
	err_list_deinit(&errors);
	(void)ruleset_builder_free(b);
	return r;
}

static int explain_item(const struct ruleset *set, size_t rule, const char *text)
{
	struct ruleset_scratch *scratch = NULL;
	struct arena arena = {0};
	struct match_context context = {.author_given = true};
	struct item item = item_empty();
	struct explained tree;
	json_t *document = text[0] == '{' ? json_loads(text, 0, NULL) : NULL;
	int r = ruleset_scratch_new(&scratch, set);

	item.text = span_str(text);
	if (r >= 0 && document)
		r = item_from_json(&item, &context, document, &arena);
	if (r >= 0)
		r = ruleset_explain(set, scratch, rule, &item, &context, &arena, &tree);
	if (r >= 0)
		rules_print_tree(stdout, &tree, false, &item, &context, 0);
	json_decref(document);
	arena_release(&arena);
	(void)ruleset_scratch_free(scratch);
	if (r < 0)
		return EXIT_FAILED;
	return tree.holds ? EXIT_DONE : EXIT_FAILED;
}

static int rules_explain(struct options *o)
{
	struct ruleset *set = NULL;
	size_t rule = 0;
	int status;

	if (o->n_arguments != 2)
		return command_usage("rules");
	if ((o->n_rules ? rules_load(&set, o->rules, o->n_rules)
			: set_of_query(&set, o->arguments[0])) < 0)
		return EXIT_USAGE;
	if (o->n_rules)
		rule = ruleset_find(set, span_str(o->arguments[0]));
	if (rule == SIZE_MAX) {
		(void)fprintf(
			stderr, "vigie: no rule \"%s\" in these files\n", o->arguments[0]);
		status = EXIT_USAGE;
	} else {
		status = explain_item(set, rule, o->arguments[1]);
	}
	(void)ruleset_unref(set);
	return status;
}

static int rules_lint(struct options *o)
{
	struct ruleset *set = NULL;
	struct err_list found = {0};
	struct rule_linter *linter = NULL;
	int r = 0;

	if (!take_files(o))
		return command_usage("rules");
	if (rules_load(&set, o->rules, o->n_rules) < 0)
		return EXIT_USAGE;
	(void)ruleset_unref(set);
	r = rulelint_new(&linter);
	for (size_t i = 0; i < o->n_rules && r >= 0; i++) {
		struct buf yaml = {0};

		r = rules_load_file(&yaml, o->rules[i]);
		if (r >= 0)
			r = rulelint_file(linter, buf_span(&yaml), o->rules[i], &found);
		buf_deinit(&yaml);
	}
	if (r >= 0)
		r = rulelint_finish(linter, &found);
	(void)rulelint_free(linter);
	err_list_print(&found, stdout);
	r = r < 0 ? EXIT_FAILED : found.n ? EXIT_FAILED : EXIT_DONE;
	err_list_deinit(&found);
	return r;
}

int command_rules(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct options *o);
	} commands_of_rules[] = {
		{"test", rules_test},
		{"explain", rules_explain},
		{"lint", rules_lint},
	};
	struct options o = {0};

	for (size_t i = 0;
		argc > 1 && i < sizeof(commands_of_rules) / sizeof(*commands_of_rules); i++) {
		if (strcmp(argv[1], commands_of_rules[i].name) != 0)
			continue;
		if (read_options(&o, argc - 1, argv + 1) != EXIT_DONE)
			return command_usage(argv[0]);
		return commands_of_rules[i].run(&o);
	}
	return command_usage(argv[0]);
}
