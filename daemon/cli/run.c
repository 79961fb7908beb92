#include "cli/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/path.h"
#include "io/log.h"
#include "run.h"

int command_run(int argc, char **argv)
{
	struct run_options options = {.mentions = isatty(STDOUT_FILENO)};
	struct err_list errors = {0};
	struct config *config = NULL;
	const char *path = NULL, *scale = getenv("VIGIE_TEST_RETRY_SCALE");
	const char *shift = getenv("VIGIE_TEST_WALL_SHIFT_S");
	int r;

	if (scale)
		options.retry_scale = strtod(scale, NULL);
	if (shift)
		options.wall_shift_ms = strtoll(shift, NULL, 10) * 1000;
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
	options.config_path = path ? path : config_path_default();
	if (!options.config_path) {
		(void)fputs("vigie: no configuration: write ./vigie.yaml (README, \"A first "
			    "alert\") or name "
			    "one with -c\n",
			stderr);
		return EXIT_USAGE;
	}
	r = config_load(&config, options.config_path, NULL, &errors);
	err_list_print(&errors, stderr);
	err_list_deinit(&errors);
	return r < 0 ? EXIT_USAGE : run(config, &options);
}
