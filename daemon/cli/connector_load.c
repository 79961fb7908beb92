#include "cli/connector_load.h"

#include <errno.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/input.h"
#include "connectors/builtin.h"

static int take_piece(void *arg, struct span piece)
{
	struct buf *body = arg;

	buf_add(body, piece);
	return body->failed ? 1 : 0;
}

static int read_bytes(struct connector **ret, struct span bytes, const char *file)
{
	struct err_list errors = {0};
	const int r = connector_new(ret, bytes, file, &errors);

	err_list_print(&errors, stderr);
	err_list_deinit(&errors);
	if (r == -ENOMEM)
		(void)fputs("vigie: out of memory\n", stderr);
	return r == 0 ? EXIT_DONE : r == -ENOMEM ? EXIT_FAILED : EXIT_USAGE;
}

int connector_load(struct connector **ret, struct span name)
{
	const struct builtin *b = builtin_find(name);
	struct buf path = {0}, body = {.limit_bytes = CONNECTOR_MAX_BYTES + 1};
	const char *guess;
	int status = EXIT_USAGE;

	if (b)
		return read_bytes(ret, b->body, b->file);
	if (!span_ends(name, SPAN(".yaml"))) {
		guess = builtin_nearest(name);
		(void)fprintf(stderr, "vigie: unknown connector \"%.*s\": %s%s%s\n",
			SPAN_ARG(name), guess ? "did you mean \"" : "see vigie sources list",
			guess ? guess : "", guess ? "\"?" : "");
		return EXIT_USAGE;
	}
	buf_add(&path, name);
	if (!path.failed && input_read(path.p, take_piece, &body) >= 0)
		status = read_bytes(ret, buf_span(&body), path.p);
	buf_deinit(&path);
	buf_deinit(&body);
	return status;
}
