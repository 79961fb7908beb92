#ifndef VIGIE_CLI_FETCH_H
#define VIGIE_CLI_FETCH_H

/*
 * fetch: one document from the web for a command, with a loop of its own and everything the
 * crawler minds: the guard, the limits, TLS, redirects.
 */

#include <stdbool.h>

#include "vigie/document.h"

/* Does the argument name something to fetch: http: or https:? */
bool fetch_is_url(const char *argument);

/* Calls take() with the document, which lives only during the call. `allow` is a range of
 * addresses beside the public ones, or NULL. What take() returned; or -1 after saying on standard
 * error what went wrong. */
int fetch(const char *url, const char *allow, int (*take)(void *arg, const struct document *document),
	void *arg);

#endif
