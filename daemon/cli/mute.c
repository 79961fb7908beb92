/*
 * mute: an author or a site nobody (or one receiver) is to hear of.
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/deed.h"
#include "printer.h"

static int list_mutes(const struct ask_options *options)
{
	int status;
	json_t *list = deed_list(options, "mutes", &status), *one;
	size_t i;

	if (list && !options->json)
		json_array_foreach (list, i, one) {
			(void)printf("%-6s ", answer_text(one, "key"));
			printer_text(stdout, span_str(answer_text(one, "value")));
			(void)printf("  receiver %s  until %s\n",
				*answer_text(one, "receiver") ? answer_text(one, "receiver")
							      : "all",
				*answer_text(one, "until") ? answer_text(one, "until")
							   : "taken back");
		}
	json_decref(list);
	return status;
}

int command_mute(int argc, char **argv)
{
	enum { RECEIVER, AUTHOR, FOR, REMOVE, OPTIONS };
	struct deed_option own[OPTIONS] = {{.name = "--receiver"}, {.name = "--author"},
		{.name = "--for"}, {.name = "--remove", .flag = true}};
	struct ask_options options;
	json_t *until = json_null();
	int words = argc, status = deed_read(&options, own, OPTIONS, &words, argv);

	if (status != EXIT_DONE)
		return status;
	if (words == 1 || (words == 2 && strcmp(argv[1], "list") == 0))
		return list_mutes(&options);
	if (words != 3 || (strcmp(argv[1], "author") != 0 && strcmp(argv[1], "site") != 0))
		return command_usage("mute");
	if (own[FOR].value)
		until = deed_until(own[FOR].value, NULL);
	if (!until)
		return EXIT_USAGE;
	return deed_do(&options, json_pack("{s:s,s:s,s:s,s:o,s:s,s:s}", "do",
					 own[REMOVE].value ? "unmute" : "mute", "key", argv[1],
					 "value", argv[2], "until", until, "receiver",
					 own[RECEIVER].value ? own[RECEIVER].value : "",
					 "author", deed_author(own[AUTHOR].value)));
}
