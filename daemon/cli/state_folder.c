#include "cli/state_folder.h"

#include <stdio.h>

#include "config/config.h"

const char *state_folder(struct arena *arena, const char *state, const char *config)
{
	struct err_list errors = {0};
	struct span folder = SPAN_NONE;
	int r;

	if (state)
		return state;
	r = config_state(&folder, arena, config, &errors);
	err_list_print(&errors, stderr);
	err_list_deinit(&errors);
	if (r == -ENOENT)
		(void)fputs(
			"vigie: no state folder and no home to look in: name it with --state\n",
			stderr);
	else if (r == -ENOMEM)
		(void)fputs("vigie: out of memory\n", stderr);
	return r < 0 ? NULL : folder.p;
}
