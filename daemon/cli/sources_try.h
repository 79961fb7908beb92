#ifndef VIGIE_CLI_SOURCES_TRY_H
#define VIGIE_CLI_SOURCES_TRY_H

/*
 * sources_try: one live request to a network, and what it gives, without daemon, archive or
 * rules. argv[0] is the network, or the path of a connector file:
 *     NAME [--query X] [--base URL] [--ask WAY] [--var NAME=VALUE]… [--allow RANGE]
 * Values may hold ${VARIABLE}, so that no key stands on the command line. Returns the exit
 * status.
 */
int sources_try(int argc, char **argv);

#endif
