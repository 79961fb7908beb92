/*
 * main: finds the sub-command and runs it. Each command is a file of cli/.
 */

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

static int help(FILE *to, int status)
{
	(void)fputs("vigie watches what is said in public about a name, and tells the right "
		    "person in "
		    "time.\n\nusage: vigie COMMAND [OPTION]…\n\n",
		to);
	for (const struct command *c = commands; c->name; c++)
		(void)fprintf(to, "  %-12s %s\n", c->name, c->summary);
	(void)fputs(
		"\n'vigie COMMAND --help' says more of one; 'man vigie' is the manual.\n", to);
	return status;
}

int main(int argc, char **argv)
{
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	if (argc < 2)
		return help(stderr, EXIT_USAGE);
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
		strcmp(argv[1], "-h") == 0)
		return help(stdout, EXIT_DONE);
	if (strcmp(argv[1], "--version") == 0)
		argv[1] = argv[1] + 2;
	for (const struct command *c = commands; c->name; c++) {
		if (strcmp(c->name, argv[1]) != 0)
			continue;
		if (argc > 2 &&
			(strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0)) {
			(void)printf(
				"usage: vigie %s %s\n\n%s.\n", c->name, c->usage, c->summary);
			return EXIT_DONE;
		}
		return c->run(argc - 1, argv + 1);
	}
	(void)fprintf(stderr, "vigie: no command \"%s\": 'vigie help' lists them\n", argv[1]);
	return EXIT_USAGE;
}
