#ifndef VIGIE_CLI_MENTIONS_H
#define VIGIE_CLI_MENTIONS_H

/*
 * mentions: what the commands that read the archive share: which mentions are asked for, and
 * going through them.
 */

#include <stdbool.h>

#include "line/archive.h"

/* For usage lines. */
#define MENTIONS_USAGE                                                                         \
	"[--since 7d] [--until TIME] [--rule R] [--brand B] [--source S] [--lang L] [--limit " \
	"N] "                                                                                  \
	"[--state DIR | -c FILE] [QUERY]"

struct mentions_ask {
	struct archive_filter filter;
	/* Set: the words are a query of the rule language (vigie-rules(5)), and what it finds in a
	 * mention is given to see(); not set: words. */
	bool takes_query;
	const char *config; /* -c */
	const char *state;  /* --state */
	/* The command's own option, if it has one: --NAME, with a value or not. */
	const char *own_name;
	bool own_has_value;
	bool own_given;
	const char *own_value;
	struct arena arena;
};

/* Reads options and words wherever they stand; *ask is prepared with defaults. EXIT_DONE, or
 * EXIT_USAGE after saying why. arena_release() it in any case. */
int mentions_read(struct mentions_ask *ask, int argc, char **argv);

/* Opens the archive and calls see() for each mention. EXIT_DONE, or EXIT_FAILED after saying
 * why. `found`: where the query matched; NULL without one. */
int mentions_each(struct mentions_ask *ask,
	bool (*see)(void *arg, const struct hit *hit, const struct match *found), void *arg);

/* Writes to standard output; on a terminal without what moves its cursor or turns text around
 * (but line ends and tabs). False when it cannot be written. */
bool mentions_write(struct span text);
/* Flushes: EXIT_DONE, or EXIT_FAILED after saying why. */
int mentions_finish(int status);

#endif
