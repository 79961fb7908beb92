#include "config/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *config_path_default(void)
{
	static char own[4096];
	const char *const places[] = {"vigie.yaml", own, "/etc/vigie/vigie.yaml"};
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n = 0;

	if (xdg && xdg[0] == '/')
		n = snprintf(own, sizeof(own), "%s/vigie/vigie.yaml", xdg);
	else if (home && home[0] == '/')
		n = snprintf(own, sizeof(own), "%s/.config/vigie/vigie.yaml", home);
	if (n <= 0 || n >= (int)sizeof(own))
		own[0] = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (places[i][0] && access(places[i], F_OK) == 0)
			return places[i];
	return NULL;
}
