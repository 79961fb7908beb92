#include "cli/config_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *config_path(struct arena *arena, const char *given)
{
	const char *xdg = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	const struct span places[] = {
		SPAN("vigie.yaml"),
		xdg && *xdg    ? arena_printf(arena, "%s/vigie/vigie.yaml", xdg)
		: home && *home ? arena_printf(arena, "%s/.config/vigie/vigie.yaml", home)
				: SPAN_NONE,
		SPAN("/etc/vigie/vigie.yaml"),
	};

	if (given)
		return given;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (places[i].p && access(places[i].p, F_OK) == 0)
			return places[i].p;
	(void)fputs("vigie: no configuration: write one (README, \"A first alert\") or name it with -c; "
		    "looked for\n",
		stderr);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (places[i].p)
			(void)fprintf(stderr, "  %s\n", places[i].p);
	return NULL;
}
