#include "cli/discover.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/input.h"
#include "line/codec_item.h"

/* As much of a page as is looked at. */
enum { MAX_PAGE_BYTES = 16 * 1024 * 1024 };

static void print_one(struct buf *line, const struct discovered *d)
{
	buf_add(line, SPAN("{\"url\":"));
	json_write_string(line, d->url);
	buf_add(line, SPAN(",\"title\":"));
	if (d->title.n)
		json_write_string(line, d->title);
	else
		buf_add(line, SPAN("null"));
	buf_add(line, SPAN(",\"type\":"));
	if (d->type.n)
		json_write_string(line, d->type);
	else
		buf_add(line, SPAN("null"));
	buf_add_str(line, d->guess ? ",\"guess\":true}\n" : "}\n");
}

int discover_print(const struct discover_options *options, struct span body)
{
	struct discovered_list list = {0};
	struct arena arena = {0};
	struct buf lines = {0};
	int status = EXIT_DONE;

	if (discover_feeds(&list, &arena, options, body) < 0)
		lines.failed = true;
	for (size_t i = 0; i < list.n; i++) {
		const struct discovered *d = &list.items[i];

		print_one(&lines, d);
		if (span_starts(d->type, SPAN("connector/")))
			(void)fprintf(stderr,
				"vigie: to read it, under sources: "
				"- {connector: %.*s, base: '%.*s'}\n",
				SPAN_ARG(span_slice(d->type, 10, d->type.n)), SPAN_ARG(d->url));
	}
	if (lines.failed) {
		(void)fputs("vigie: out of memory\n", stderr);
		status = EXIT_FAILED;
	} else if (fwrite(buf_span(&lines).p, 1, lines.n, stdout) != lines.n ||
		   fflush(stdout) != 0) {
		perror("vigie: standard output");
		status = EXIT_FAILED;
	}
	buf_deinit(&lines);
	arena_release(&arena);
	return status;
}

static int take_piece(void *arg, struct span piece)
{
	struct buf *body = arg;

	buf_add(body, piece);
	return body->failed ? 1 : 0;
}

static int take_document(void *arg, const struct document *document)
{
	struct discover_options options = *(const struct discover_options *)arg;

	if (span_empty(options.base))
		options.base = document->url;
	if (span_empty(options.content_type))
		options.content_type = document->content_type;
	options.headers = document->headers;
	options.n_headers = document->n_headers;
	return discover_print(&options, document->body);
}

int command_discover(int argc, char **argv)
{
	static const struct option longs[] = {{"base", required_argument, NULL, 'b'},
		{"content-type", required_argument, NULL, 't'},
		{"guess", no_argument, NULL, 'g'}, {"allow", required_argument, NULL, 'a'},
		{NULL, 0, NULL, 0}};
	struct discover_options options = {0};
	struct buf body = {.limit_bytes = MAX_PAGE_BYTES};
	const char *allow = NULL;
	int c, status = EXIT_FAILED;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'b')
			options.base = span_str(optarg);
		else if (c == 't')
			options.content_type = span_str(optarg);
		else if (c == 'g')
			options.guesses = true;
		else if (c == 'a')
			allow = optarg;
		else
			return command_usage(argv[0]);
	}
	if (optind + 1 != argc)
		return command_usage(argv[0]);
	if (fetch_is_url(argv[optind])) {
		const int fetched = fetch(argv[optind], allow, take_document, &options);

		return fetched < 0 ? EXIT_FAILED : fetched;
	}
	if (input_read(argv[optind], take_piece, &body) >= 0)
		status = discover_print(&options, buf_span(&body));
	buf_deinit(&body);
	return status;
}
