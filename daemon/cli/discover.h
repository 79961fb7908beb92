#ifndef VIGIE_CLI_DISCOVER_H
#define VIGIE_CLI_DISCOVER_H

/*
 * discover: prints what sources/discover.h finds in a page, one JSON object a line:
 * {"url","title","type"}, and "guess": true for an address that was not named there.
 */

#include "sources/discover.h"

/* For whoever has the bytes: of a file, or of an answer with its headers. Returns the exit status. */
int discover_print(const struct discover_options *options, struct span body);

#endif
