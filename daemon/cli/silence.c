/*
 * silence: what matches is told to nobody (or not to one receiver) for a time.
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/deed.h"
#include "printer.h"

static void print_match(json_t *match)
{
	const char *key;
	json_t *values, *value;
	size_t i;

	json_object_foreach (match, key, values)
		json_array_foreach (values, i, value) {
			(void)printf(" %s=", key);
			printer_text(stdout, span_str(json_string_value(value)));
		}
}

static int list_silences(const struct ask_options *options)
{
	int status;
	json_t *list = deed_list(options, "silences", &status), *one;
	size_t i;

	if (list && !options->json)
		json_array_foreach (list, i, one) {
			(void)printf("%s  until %s  receiver %s  by ", answer_text(one, "id"),
				*answer_text(one, "until") ? answer_text(one, "until")
							   : "taken back",
				*answer_text(one, "receiver") ? answer_text(one, "receiver")
							      : "all");
			printer_text(stdout, span_str(answer_text(one, "author")));
			(void)fputs(": ", stdout);
			printer_text(stdout, span_str(answer_text(one, "comment")));
			(void)fputs("\n   ", stdout);
			print_match(json_object_get(one, "match"));
			(void)fputc('\n', stdout);
		}
	json_decref(list);
	return status;
}

/* ["brand=Acme", …] as {"brand": ["Acme"], …}; NULL after saying what is wrong. */
static json_t *matches_of(const json_t *texts)
{
	json_t *o = json_object(), *text;
	size_t i;

	json_array_foreach (texts, i, text) {
		const char *all = json_string_value(text), *equals = strchr(all, '=');
		char key[32] = "";
		json_t *values;

		if (!equals || equals == all || (size_t)(equals - all) >= sizeof(key)) {
			(void)fprintf(
				stderr, "vigie: write --match KEY=VALUE, not '%s'\n", all);
			json_decref(o);
			return NULL;
		}
		memcpy(key, all, (size_t)(equals - all));
		values = json_object_get(o, key);
		if (!values) {
			values = json_array();
			(void)json_object_set_new(o, key, values);
		}
		(void)json_array_append_new(values, json_string(equals + 1));
	}
	return o;
}

static int add(const struct ask_options *options, const char *receiver, const char *author,
	const char *comment, json_t *match, json_t *until)
{
	if (!match || !until) {
		json_decref(match);
		json_decref(until);
		return EXIT_USAGE;
	}
	return deed_do(
		options, json_pack("{s:s,s:o,s:o,s:s,s:s,s:s}", "do", "silence", "match", match,
				 "until", until, "receiver", receiver ? receiver : "", "author",
				 deed_author(author), "comment", comment ? comment : ""));
}

int command_silence(int argc, char **argv)
{
	enum { RECEIVER, AUTHOR, COMMENT, FOR, UNTIL, MATCH, OPTIONS };
	json_t *texts = json_array();
	struct deed_option own[OPTIONS] = {{.name = "--receiver"}, {.name = "--author"},
		{.name = "--comment"}, {.name = "--for"}, {.name = "--until"},
		{.name = "--match", .all = texts}};
	struct ask_options options;
	int words = argc, status = deed_read(&options, own, OPTIONS, &words, argv);
	const char *verb = words > 1 ? argv[1] : "list";

	if (status != EXIT_DONE) {
		json_decref(texts);
		return status;
	}
	if (words <= 2 && strcmp(verb, "list") == 0)
		status = list_silences(&options);
	else if (words == 2 && strcmp(verb, "add") == 0 && json_array_size(texts) &&
		 (own[FOR].value || own[UNTIL].value))
		status = add(&options, own[RECEIVER].value, own[AUTHOR].value,
			own[COMMENT].value, matches_of(texts),
			deed_until(own[FOR].value, own[UNTIL].value));
	else if (words == 3 && strcmp(verb, "remove") == 0)
		status = deed_do(
			&options, json_pack("{s:s,s:s,s:s}", "do", "unsilence", "id", argv[2],
					  "author", deed_author(own[AUTHOR].value)));
	else
		status = command_usage("silence");
	json_decref(texts);
	return status;
}
