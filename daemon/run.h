#ifndef VIGIE_RUN_H
#define VIGIE_RUN_H

/*
 * run: the roof. Builds the line from a configuration, each station handed the next one, runs it
 * until a signal, reloads it, and takes it down in reverse.
 */

#include <stdbool.h>

#include "config/config.h"

struct run_options {
	const char *config_path; /* for reload; NULL: the configuration was made in memory */
	bool mentions;           /* print mentions on standard output as they come */
	bool quiet;              /* only warnings and errors in the log */
	double retry_scale;      /* for tests: divides the schedule of retries; 0: 1 */
	int64_t wall_shift_ms;   /* for tests: the wall clock is so much ahead */
};

/* Takes the reference. Returns the exit status of the process. */
int run(struct config *config, const struct run_options *options);

#endif
