#include "cli/commands.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "printer.h"

enum { ID_SHOWN = 8, WHY_SHOWN = 80 };

static long long number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static void print_counts(const json_t *counts)
{
	const json_t *count;
	const char *name;
	bool first = true;

	json_object_foreach ((json_t *)counts, name, count) {
		(void)printf("%s%s %lld", first ? "" : ", ", name,
			(long long)json_integer_value(count));
		first = false;
	}
	(void)fputc('\n', stdout);
}

/* "2026-11-20 20:26:10" of "2026-11-20T20:26:10.344Z" */
static void print_time(const char *rfc3339)
{
	(void)printf("%.10s %.8s", rfc3339, strlen(rfc3339) > 19 ? rfc3339 + 11 : "");
}

static void print_list(const json_t *root)
{
	const json_t *list = json_object_get(root, "deliveries"), *one;
	size_t i;

	print_counts(json_object_get(root, "counts"));
	if (!json_array_size(list))
		return;
	(void)printf("\n%-8s  %-8s %-16s %8s %5s  %-19s  %s\n", "state", "id", "receiver",
		"mentions", "tries", "since (UTC)", "why");
	json_array_foreach (list, i, one) {
		const char *why = answer_text(one, "why");

		(void)printf("%-8s  %.*s %-16s %8lld %5lld  ", answer_text(one, "state"),
			ID_SHOWN, answer_text(one, "id"), answer_text(one, "receiver"),
			number(one, "mentions"), number(one, "attempts"));
		print_time(answer_text(one, "created"));
		(void)fputs("  ", stdout);
		printer_text(stdout, span_slice(span_str(why), 0, WHY_SHOWN));
		(void)fputs(strlen(why) > WHY_SHOWN ? "…\n" : "\n", stdout);
	}
}

static void print_row(const char *name, const char *value)
{
	if (!*value)
		return;
	(void)printf("%-10s ", name);
	printer_text(stdout, span_str(value));
	(void)fputc('\n', stdout);
}

static void print_one(const json_t *one)
{
	static const char *const rows[] = {"id", "kind", "state", "receiver", "group", "route",
		"created", "next", "settled", "only", "why"};
	const json_t *tries = json_object_get(one, "tries"),
		     *keys = json_object_get(one, "keys");
	const json_t *try, *key;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		print_row(rows[i], answer_text(one, rows[i]));
	(void)printf("%-10s %lld\n", "mentions", number(one, "mentions"));
	json_array_foreach (keys, i, key)
		(void)printf("           %s\n", json_string_value(key));
	(void)printf("%-10s %lld\n", "tries", number(one, "attempts"));
	json_array_foreach (tries, i, try) {
		(void)printf("  %3lld  ", number(try, "attempt"));
		print_time(answer_text(try, "at"));
		(void)printf(
			"  %-10s %6lld ms  ", answer_text(try, "verdict"), number(try, "took"));
		printer_text(stdout, span_str(answer_text(try, "why")));
		(void)fputc('\n', stdout);
	}
}

static void print_done(const json_t *root)
{
	const json_t *count;
	const char *what;

	json_object_foreach ((json_t *)root, what, count)
		(void)printf("%lld %s\n", (long long)json_integer_value(count), what);
}

/* One row a verb. */
static const struct verb {
	const char *name;
	const char *method;
	const char *path; /* %s: the id */
	bool one;         /* about one id */
	void (*print)(const json_t *root);
} verbs[] = {
	{"list", "GET", "/deliveries", false, print_list},
	{"show", "GET", "/deliveries/%s", true, print_one},
	{"redrive", "POST", "/deliveries/redrive", false, print_done},
	{"redrive", "POST", "/deliveries/%s/redrive", true, print_done},
	{"drop", "POST", "/deliveries/%s/drop", true, print_done},
};

static const struct verb *verb_of(const char *name, const char *id)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verbs[i].name, name) == 0 && verbs[i].one == (id != NULL))
			return &verbs[i];
	return NULL;
}

/* The words that are no options, at most two; false when there are more. "--all" is the same as
 * no id. */
static bool read_words(const char *words[2], int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "--state") == 0)
			i++;
		else if (argv[i][0] == '-')
			continue;
		else if (n == 2)
			return false;
		else
			words[n++] = argv[i];
	}
	return true;
}

static bool is_id(const char *id)
{
	return !id || (*id && strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz") == strlen(id));
}

int command_deliveries(int argc, char **argv)
{
	const char *words[2] = {"list", NULL};
	struct ask_options options;
	struct buf answer = {0}, path = {0};
	const struct verb *verb;
	int kept = 0, status;

	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--all") != 0)
			argv[kept++] = argv[i];
	status = ask_options_read(&options, kept, argv);
	if (status != EXIT_DONE)
		return status;
	verb = read_words(words, kept, argv) && is_id(words[1]) ? verb_of(words[0], words[1])
								: NULL;
	if (!verb || (kept < argc && strcmp(verb->name, "redrive") != 0))
		return command_usage(argv[0]);
	for (const char *p = verb->path; *p; p++) {
		if (*p == '%') {
			buf_add_str(&path, words[1]);
			p++;
		} else {
			buf_add_char(&path, *p);
		}
	}
	status = path.failed ? EXIT_FAILED
			     : ask_daemon(&answer, &options, verb->method, path.p, SPAN_NONE);
	if (status == EXIT_DONE && options.json) {
		(void)printf("%s\n", answer.p);
	} else if (status == EXIT_DONE) {
		json_t *root = json_loadb(answer.p, answer.n, 0, NULL);

		verb->print(root);
		json_decref(root);
	}
	buf_deinit(&answer);
	buf_deinit(&path);
	return status;
}
