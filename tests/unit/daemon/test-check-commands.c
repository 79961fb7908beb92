/*
 * vigie check and vigie import, as typed: what they print, where, and how they end. VIGIE names
 * the binary.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "vigie/buf.h"

static char folder[] = "/tmp/vigie-check-XXXXXX";

static void put_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* What `vigie ARGUMENTS` prints; the exit status must be `status`. */
static char *run(const char *arguments, int status)
{
	struct buf command = {0}, out = {0};
	char piece[4096];
	size_t n;
	FILE *f;
	int r;

	buf_addf(&command, "\"$VIGIE\" %s", arguments);
	f = popen(command.p, "r");
	assert_non_null(f);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(&out, span_of(piece, n));
	r = pclose(f);
	if (!WIFEXITED(r) || WEXITSTATUS(r) != status)
		fail_msg(
			"%s: ended with %d: %s", arguments, WEXITSTATUS(r), out.p ? out.p : "");
	buf_deinit(&command);
	return buf_take(&out);
}

static void prints(const char *arguments, int status, const char *wanted)
{
	char *got = run(arguments, status);

	assert_string_equal(got, wanted);
	free(got);
}

static void check_sums_up(void **state)
{
	(void)state;
	put_file("vigie.yaml",
		"state: /s\n"
		"rules: [{id: a, query: x}, {id: b, kind: brand, brand: Acme, query: acme}]\n"
		"sources: ['http://a.example/f', {connector: medium, search: brand}]\n"
		"notify: {slack: 'https://hooks.slack.com/services/T/B/x'}\n");
	prints("check 2>&1", 0,
		"vigie.yaml: good\n"
		"  2 rules: Acme\n"
		"  2 sources, 1 of them searches\n"
		"  1 receiver: slack, 1 route\n"
		"  state in /s\n");
	prints("check --json -c vigie.yaml 2>&1", 0,
		"{\"file\":\"vigie.yaml\",\"good\":true,\"errors\":[],\"warnings\":[],"
		"\"rules\":2,"
		"\"sources\":2,\"receivers\":1,\"routes\":1,\"state\":\"/s\"}\n");
}

static void check_names_mistakes(void **state)
{
	(void)state;
	put_file("bad.yaml",
		"rules:\n  - {id: a, query: 'x AND (y'}\n  - {id: b, querry: x}\nsorces: []\n");
	prints("check -c bad.yaml 2>/dev/null", 2, "");
	prints("check -c bad.yaml 2>&1 | cut -d: -f1-3; exit $?", 0,
		"bad.yaml:2:27\nbad.yaml:3:13\nbad.yaml:4:1\n");
	prints("check -c none.yaml 2>&1", 2, "none.yaml: no such file\n");
	prints("check --nonsense 2>&1", 2,
		"usage: vigie check [-c FILE] [--expand] [--json]\n");
}

static void check_warns(void **state)
{
	(void)state;
	put_file("warn.yaml", "state: /s\nrules: [{id: a, query: x}]\n");
	prints("check -c warn.yaml 2>&1 >/dev/null", 0,
		"warn.yaml:1:1: warning: no source: nothing is read; write sources:\n");
}

/* The long form goes in where the short one went in, and comes out the same. */
static void check_expands(void **state)
{
	char *first, *second;

	(void)state;
	put_file("short.yaml", "state: /s\nbrands: [Acme]\n");
	first = run("check -c short.yaml --expand 2>&1", 0);
	put_file("long.yaml", first);
	second = run("check -c long.yaml --expand 2>&1", 0);
	assert_string_equal(first, second);
	assert_non_null(strstr(first, "id: googlenews/acme"));
	free(first);
	free(second);
}

static void import_reads_subscriptions(void **state)
{
	(void)state;
	put_file("subs.opml", "<opml version='2.0'><body><outline text='Press, daily'>"
			      "<outline text='A: \"paper\"' xmlUrl='http://a.example/rss' "
			      "language='fr'/></outline>"
			      "<outline text='x' xmlUrl='javascript:x'/></body></opml>");
	prints("import opml subs.opml 2>/dev/null", 0,
		"- {url: http://a.example/rss, title: \"A: \\\"paper\\\"\", lang: fr, tags: "
		"[\"Press, "
		"daily\"]}\n");
	prints("import opml subs.opml -o sources.yaml 2>&1", 0,
		"vigie: subs.opml: passed over, no address on the web: javascript:x\n"
		"1 sources, 1 passed over\n");
	put_file("with.yaml",
		"state: /s\nrules: [{id: a, query: x}]\nsources: [sources.yaml]\n");
	prints("check -c with.yaml 2>&1 | sed -n 3p", 0, "  1 source\n");
	prints("import opml subs.opml -o sources.yaml 2>&1 >/dev/null | grep exists", 0,
		"vigie: sources.yaml: it exists already: name another file\n");
	prints("import opml vigie.yaml 2>&1", 2,
		"vigie: vigie.yaml: not OPML: export the list again\n");
}

static int enter(void **state)
{
	(void)state;
	return getenv("VIGIE") && mkdtemp(folder) ? chdir(folder) : -1;
}

static int leave(void **state)
{
	static const char *const names[] = {"vigie.yaml", "bad.yaml", "warn.yaml", "short.yaml",
		"long.yaml", "subs.opml", "sources.yaml", "with.yaml"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		(void)unlink(names[i]);
	return chdir("/") || rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_sums_up),
		cmocka_unit_test(check_names_mistakes),
		cmocka_unit_test(check_warns),
		cmocka_unit_test(check_expands),
		cmocka_unit_test(import_reads_subscriptions),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
