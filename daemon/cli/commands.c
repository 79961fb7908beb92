#include "cli/commands.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

const struct command commands[] = {
        {"match", "--rules FILE… [--stats] [FILE]",
                "ask rules about documents: JSON lines in, one JSON line a hit out",
                command_match},
        {"parse", "[--base URL] [--content-type TYPE] FILE",
                "print what the crawler would see in a document: one JSON item a line",
                command_parse},
        {"rules", "test|lint FILE… | explain [--rules FILE] RULE|QUERY TEXT",
                "run the tests beside rules, find doubtful ones, explain a match",
                command_rules},
        {"version", "", "print the version", command_version},
        {NULL, NULL, NULL, NULL},
};

int command_usage(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			(void)fprintf(stderr, "usage: vigie %s %s\n", c->name, c->usage);
	return EXIT_USAGE;
}
