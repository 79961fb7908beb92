#ifndef VIGIE_CLI_INPUT_H
#define VIGIE_CLI_INPUT_H

/*
 * input: reads the FILE argument of a command ("-" is standard input) in pieces.
 */

#include "vigie/span.h"

/* Calls take() for each piece until it returns non-zero or the file ends; what take() returned
 * last, or -errno when the file can't be read (said on standard error). */
int input_read(const char *path, int (*take)(void *arg, struct span piece), void *arg);

#endif
