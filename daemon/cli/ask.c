#include "cli/ask.h"

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/state_folder.h"
#include "io/http.h"
#include "vigie/arena.h"

int ask_options_read(struct ask_options *ret, int argc, char **argv)
{
	struct ask_options o = {.first = argc};

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
			o.config = argv[++i];
		else if (strcmp(argv[i], "--state") == 0 && i + 1 < argc)
			o.state = argv[++i];
		else if (strcmp(argv[i], "--json") == 0)
			o.json = true;
		else if (argv[i][0] == '-' && argv[i][1])
			return command_usage(argv[0]);
		else if (i < o.first)
			o.first = i;
	}
	*ret = o;
	return EXIT_DONE;
}

bool ask_is_there(const struct ask_options *options)
{
	struct arena arena = {0};
	const char *folder = state_folder(&arena, options->state, options->config);
	const struct span sock =
		folder ? arena_printf(&arena, "%s/control.sock", folder) : SPAN_NONE;
	struct buf answer = {0};
	int status = 0;
	const bool there = sock.p && http_control_ask(sock.p, "GET", "/healthz", SPAN_NONE,
					     &answer, &status) == 0;

	buf_deinit(&answer);
	arena_release(&arena);
	return there;
}

int ask_daemon(struct buf *answer, const struct ask_options *options, const char *method,
	const char *path, struct span body)
{
	struct arena arena = {0};
	const char *folder = state_folder(&arena, options->state, options->config);
	const struct span sock =
		folder ? arena_printf(&arena, "%s/control.sock", folder) : SPAN_NONE;
	int status = 0, r = -1;

	if (sock.p)
		r = http_control_ask(sock.p, method, path, body, answer, &status);
	if (r < 0)
		(void)fprintf(stderr,
			"vigie: no daemon answers at %s: is it running? Name its configuration "
			"with -c, or its "
			"folder with --state\n",
			sock.p ? sock.p : "(no state folder)");
	else if (status >= 400)
		(void)fprintf(stderr, "%.*s", SPAN_ARG(buf_span(answer)));
	arena_release(&arena);
	if (r < 0)
		return EXIT_FAILED;
	return status < 400 ? EXIT_DONE : status < 500 ? EXIT_USAGE : EXIT_FAILED;
}

const char *answer_text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}
