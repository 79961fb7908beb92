/*
 * The manual vigie.yaml(5) against the tables it describes: every key and default of the tables
 * stands in it, no other key does, and its examples are configurations. Arguments: the manual,
 * then files that are examples too.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/keys.h"

static char *manual; /* without scdoc's escapes, but in examples */
static const char *manual_path;
static char **examples;
static int n_examples;
static char folder[] = "/tmp/vigie-manual-XXXXXX";

static char *read_all(const char *path)
{
	size_t n = 0;
	char *p = NULL;
	struct buf out = {0};

	assert_int_equal(config_file_read(&p, &n, path, 1 << 20), 0);
	buf_add(&out, span_of(p, n));
	free(p);
	return buf_take(&out);
}

/* From the section's heading to the next one. */
static struct span section_text(const char *name)
{
	char heading[64];
	const char *start, *end;

	(void)snprintf(heading, sizeof(heading), "\n## %s\n", name);
	start = strstr(manual, heading);
	if (!start)
		fail_msg("no section \"%s\"", name);
	start += strlen(heading);
	end = strstr(start, "\n#");
	return span_of(start, end ? (size_t)(end - start) : strlen(start));
}

static bool holds(struct span text, const char *what)
{
	for (size_t i = 0; i + strlen(what) <= text.n; i++)
		if (memcmp(text.p + i, what, strlen(what)) == 0)
			return true;
	return false;
}

static void has_every_key(void **state)
{
	(void)state;
	for (size_t s = 0; sections[s]; s++) {
		const struct span text = section_text(sections[s]->name);

		for (const struct key *k = sections[s]->keys; k->name; k++) {
			char line[128];

			if (k->type == KEY_LATER)
				(void)snprintf(line, sizeof(line), "*%s*", k->name);
			else if (k->fallback)
				(void)snprintf(line, sizeof(line), "\n*%s* (default: %s)\n",
					k->name, k->fallback);
			else
				(void)snprintf(line, sizeof(line), "\n*%s*\n", k->name);
			if (!holds(text, line))
				fail_msg("section \"%s\" does not say: %s", sections[s]->name,
					line);
		}
	}
}

static void has_no_other_key(void **state)
{
	(void)state;
	for (size_t s = 0; sections[s]; s++) {
		const struct span text = section_text(sections[s]->name);

		for (size_t i = 1; i < text.n; i++) {
			const struct span rest = span_slice(text, i, text.n);
			const struct span line = span_slice(rest, 0, span_find(rest, '\n'));
			const struct span name = span_slice(
				line, 1, 1 + span_find(span_slice(line, 1, line.n), '*'));
			bool known = false;

			if (text.p[i - 1] != '\n' || line.n == 0 || line.p[0] != '*' ||
				holds(line, ": *"))
				continue;
			for (const struct key *k = sections[s]->keys; k->name; k++)
				known = known || span_eq_str(name, k->name);
			if (!known)
				fail_msg("section \"%s\" has no key \"%.*s\"",
					sections[s]->name, SPAN_ARG(name));
		}
	}
}

static void loads(const char *what, struct span yaml)
{
	struct err_list errors = {0};
	struct config *config = NULL;
	const int r = config_read(&config, yaml, what, folder, NULL, &errors);

	err_list_print(&errors, stderr);
	assert_int_equal(r, 0);
	config_unref(config);
}

static void examples_load(void **state)
{
	const char *at = manual;
	int n = 0;

	(void)state;
	while ((at = strstr(at, "\n```\n"))) {
		const char *end = strstr(at + 5, "\n```\n");

		assert_non_null(end);
		loads("manual", span_of(at + 5, (size_t)(end + 1 - (at + 5))));
		at = end + 4;
		n++;
	}
	assert_int_equal(n, 4);
	for (int i = 0; i < n_examples; i++) {
		char *text = read_all(examples[i]);

		loads(examples[i], span_str(text));
		free(text);
	}
}

static const char *const files[][2] = {
	{"sources.d/press.yaml", "- http://a.example/\n"},
	{"feeds.opml", "<opml version='2.0'><body><outline text='x' "
		       "xmlUrl='http://b.example/'/></body></opml>"},
	{"hook.secret", "secret-of-more-than-24-bytes-length\n"},
	{"mail.secret", "secret\n"},
	{"rules.d/x.yaml", "rules: [{id: x, query: y}]\n"},
};

static int prepare(void **state)
{
	char path[256];
	size_t n = 0;

	(void)state;
	manual = read_all(manual_path);
	for (const char *p = manual; *p; p++) /* \_ and \* */
		if (*p != '\\' || !strchr("_*", p[1]))
			manual[n++] = *p;
	manual[n] = '\0';
	if (!mkdtemp(folder) ||
		setenv("SLACK_WEBHOOK", "https://hooks.slack.com/services/T/B/x", 1) ||
		setenv("FEED_TOKEN", "t", 1) || setenv("XDG_STATE_HOME", "/s", 1))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/sources.d", folder);
	if (mkdir(path, 0700))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/rules.d", folder);
	if (mkdir(path, 0700))
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		FILE *f;

		(void)snprintf(path, sizeof(path), "%s/%s", folder, files[i][0]);
		f = fopen(path, "w");
		if (!f || fputs(files[i][1], f) < 0 || fclose(f))
			return -1;
	}
	return 0;
}

static int clean(void **state)
{
	char path[256];

	(void)state;
	free(manual);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, files[i][0]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/sources.d", folder);
	(void)rmdir(path);
	(void)snprintf(path, sizeof(path), "%s/rules.d", folder);
	(void)rmdir(path);
	return rmdir(folder);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_every_key),
		cmocka_unit_test(has_no_other_key),
		cmocka_unit_test(examples_load),
	};

	if (argc < 2)
		return 2;
	examples = argv + 2;
	n_examples = argc - 2;
	manual_path = argv[1];
	return cmocka_run_group_tests(tests, prepare, clean);
}
