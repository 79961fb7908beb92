#include "cli/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/config_path.h"
#include "io/log.h"
#include "run.h"

int command_run(int argc, char **argv)
{
	struct run_options options = { .mentions = isatty(STDOUT_FILENO) };
	struct err_list errors = { 0 };
	struct config *config = NULL;
	struct arena arena = { 0 };
	const char *path = NULL;
	int r, status = EXIT_USAGE;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
			path = argv[++i];
		else if (strcmp(argv[i], "--mentions") == 0)
			options.mentions = true;
		else if (strcmp(argv[i], "--quiet") == 0)
			options.quiet = true;
		else if (strcmp(argv[i], "--verbose") == 0)
			log_set_level(LOG_DEBUG_LEVEL);
		else
			return command_usage(argv[0]);
	}
	options.config_path = config_path(&arena, path);
	if (options.config_path) {
		r = config_load(&config, options.config_path, NULL, &errors);
		err_list_print(&errors, stderr);
		err_list_deinit(&errors);
		if (r >= 0)
			status = run(config, &options);
	}
	arena_release(&arena);
	return status;
}
