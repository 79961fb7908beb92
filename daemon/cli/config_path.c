#include "cli/config_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PLACES = 3 };

static void places_list(struct arena *arena, struct span places[PLACES])
{
	const char *xdg = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	places[0] = SPAN("vigie.yaml");
	places[1] = xdg && *xdg	    ? arena_printf(arena, "%s/vigie/vigie.yaml", xdg)
		    : home && *home ? arena_printf(arena, "%s/.config/vigie/vigie.yaml", home)
				    : SPAN_NONE;
	places[2] = SPAN("/etc/vigie/vigie.yaml");
}

const char *config_path_find(struct arena *arena)
{
	struct span places[PLACES];

	places_list(arena, places);
	for (size_t i = 0; i < PLACES; i++)
		if (places[i].p && access(places[i].p, F_OK) == 0)
			return places[i].p;
	return NULL;
}

const char *config_path(struct arena *arena, const char *given)
{
	const char *path = given ? given : config_path_find(arena);
	struct span places[PLACES];

	if (path)
		return path;
	places_list(arena, places);
	(void)fputs("vigie: no configuration: write one (README, \"A first alert\") or name it with -c; "
		    "looked for\n",
		stderr);
	for (size_t i = 0; i < PLACES; i++)
		if (places[i].p)
			(void)fprintf(stderr, "  %s\n", places[i].p);
	return NULL;
}
