#ifndef VIGIE_TESTS_PEER_H
#define VIGIE_TESTS_PEER_H

/*
 * peer: a program on the other side of a test (origin.py, mailbox.py): started, asked for the
 * ports it listens on, and ended by closing its standard input.
 */

#include <stdio.h>
#include <sys/types.h>

#include <jansson.h>

struct peer {
	pid_t pid;
	int input;
	FILE *output;
	json_t *ports; /* its first line */
};

/* argv[0] is a path; ends with NULL. Fails the test when it does not start. */
void peer_start(struct peer *peer, char *const *argv);
int peer_port(const struct peer *peer, const char *name); /* 0: it has none */
const char *peer_text(const struct peer *peer, const char *name);
/* Its next line; the caller's. NULL: it has ended. */
json_t *peer_line(struct peer *peer);
void peer_stop(struct peer *peer);

#endif
