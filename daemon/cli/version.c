#include "cli/commands.h"

#include <stdio.h>

#include "vigie/version.h"

int command_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	(void)printf("vigie %s\n", VIGIE_VERSION);
	return EXIT_DONE;
}
