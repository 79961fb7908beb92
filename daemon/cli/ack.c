/*
 * ack: ends the repeats of a group, or the updates of a story.
 */
#include "cli/commands.h"
#include "cli/deed.h"

int command_ack(int argc, char **argv)
{
	enum { RECEIVER, AUTHOR, OPTIONS };
	struct deed_option own[OPTIONS] = {{.name = "--receiver"}, {.name = "--author"}};
	struct ask_options options;
	int words = argc, status = deed_read(&options, own, OPTIONS, &words, argv);

	if (status != EXIT_DONE)
		return status;
	if (words != 2)
		return command_usage("ack");
	return deed_do(
		&options, json_pack("{s:s,s:s,s:s,s:s}", "do", "ack", "what", argv[1],
				  "receiver", own[RECEIVER].value ? own[RECEIVER].value : "",
				  "author", deed_author(own[AUTHOR].value)));
}
