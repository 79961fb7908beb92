#ifndef VIGIE_CLI_ASK_H
#define VIGIE_CLI_ASK_H

/*
 * ask: how a command speaks to the running daemon: one HTTP request over its control socket.
 */

#include <stdbool.h>

#include <jansson.h>

#include "vigie/buf.h"

struct ask_options {
	const char *config; /* -c FILE; NULL: the default place */
	const char *state;  /* --state DIR; NULL: as the configuration says */
	bool json;          /* --json */
	int first;          /* index of the first argument that is no option */
};

/* Reads -c, --state and --json wherever they stand. EXIT_DONE, or EXIT_USAGE after saying why. */
int ask_options_read(struct ask_options *ret, int argc, char **argv);

/* EXIT_DONE with the body; else says on standard error what is wrong (no daemon, or the daemon's own
 * words) and returns EXIT_FAILED, or EXIT_USAGE when the daemon refused what was asked (HTTP 4xx). */
int ask_daemon(struct buf *answer, const struct ask_options *options, const char *method,
	const char *path, struct span body);

/* A text of the answer, read as JSON; "" where there is none. The answer's memory. */
const char *answer_text(const json_t *object, const char *key);

/* Does one answer there? Says nothing. */
bool ask_is_there(const struct ask_options *options);

#endif
