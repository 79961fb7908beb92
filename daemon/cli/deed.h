#ifndef VIGIE_CLI_DEED_H
#define VIGIE_CLI_DEED_H

/*
 * deed: what the commands that speak to the desk (silence, mute, ack) share: options with
 * values of their own, and one request to the running daemon (desk_control.h).
 */

#include <jansson.h>

#include "cli/ask.h"

struct deed_option {
	const char *name;  /* "--for" */
	const char *value; /* the last; NULL: not given. A flag: its name */
	bool flag;
	json_t *all; /* not NULL: every value is appended */
};

/* Takes its options out of argv, then those of ask_options_read(). The words that are left are
 * argv[1] to argv[*argc - 1]. EXIT_DONE, or EXIT_USAGE after saying why. */
int deed_read(
	struct ask_options *ret, struct deed_option *options, size_t n, int *argc, char **argv);

/* "2h", "7d" from now, or an RFC 3339 time, as ms since 1970; NULL, after saying why, for
 * neither.
 */
json_t *deed_until(const char *for_text, const char *until_text);

/* Who does it: as given, or as the system knows them. */
const char *deed_author(const char *given);

/* Says it to the daemon, prints what was done. Takes the reference. */
int deed_do(const struct ask_options *options, json_t *deed);

/* GET /desk, and the list of that name; NULL with *ret_status. */
json_t *deed_list(const struct ask_options *options, const char *name, int *ret_status);

#endif
