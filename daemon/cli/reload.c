#include "cli/commands.h"

#include <stdio.h>

#include "cli/ask.h"

int command_reload(int argc, char **argv)
{
	struct ask_options options;
	struct buf answer = {0};
	int status = ask_options_read(&options, argc, argv);

	if (status == EXIT_DONE)
		status = ask_daemon(&answer, &options, "POST", "/reload", SPAN_NONE);
	if (status == EXIT_DONE)
		(void)fprintf(stderr, "%s", answer.p ? answer.p : "");
	buf_deinit(&answer);
	return status;
}
