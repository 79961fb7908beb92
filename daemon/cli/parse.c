/*
 * parse: what the crawler would see in a document, one item a line as JSON.
 */

#include "cli/commands.h"

#include <getopt.h>
#include <stdio.h>

#include "cli/input.h"
#include "cli/parse_connector.h"
#include "io/decode.h"
#include "line/codec_item.h"
#include "sources/reader.h"

/* Bytes on their way to the reader. */
struct way {
	struct reader *reader;
	struct decoder *decoder; /* of a file that is packed, as sitemaps are */
	bool begun;
	int result; /* the reader's */
};

static bool take_unpacked(void *arg, struct span bytes)
{
	struct way *w = arg;

	w->result = reader_push(w->reader, bytes);
	return w->result == 0;
}

static int take_piece(void *arg, struct span piece)
{
	struct way *w = arg;
	int r;

	if (!w->begun && piece.n && piece.p[0] == 31) {
		r = decoder_new(&w->decoder, SPAN("gzip"));
		if (r < 0)
			return r;
	}
	w->begun = w->begun || piece.n;
	if (!w->decoder)
		return reader_push(w->reader, piece);
	r = decoder_push(w->decoder, piece, take_unpacked, w);
	return r < 0 ? r : w->result;
}

static void tell_parts(const char *path, const struct read_result *result)
{
	(void)fprintf(stderr, "vigie: %s: an index of %zu sitemaps, no items of its own\n",
		path, result->n_parts);
	for (size_t i = 0; i < result->n_parts; i++)
		(void)fprintf(stderr, "  %.*s\n", SPAN_ARG(result->parts[i].url));
}

static int print_items(const struct item_list *items)
{
	struct buf line = {0};
	int status = EXIT_DONE;

	for (size_t i = 0; i < items->n && status == EXIT_DONE; i++) {
		buf_clear(&line);
		item_write_json(&line, &items->items[i]);
		buf_add_char(&line, '\n');
		if (line.failed || fwrite(line.p, 1, line.n, stdout) != line.n)
			status = EXIT_FAILED;
	}
	buf_deinit(&line);
	if (fflush(stdout) != 0 || status != EXIT_DONE) {
		perror("vigie: standard output");
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static int parse_file(const struct read_options *options, const char *path)
{
	struct arena arena = {0};
	struct item_list items = {0};
	struct read_result result = {0};
	struct way way = {0};
	int status = EXIT_FAILED, r;

	r = reader_new(&way.reader, &arena, options);
	if (r >= 0)
		r = input_read(path, take_piece, &way);
	if (r >= 0)
		r = reader_finish(way.reader, &items, &result);
	if (r == -ENOMEM)
		(void)fputs("vigie: out of memory\n", stderr);
	else if (r == READ_NOT_A_FEED)
		(void)fprintf(stderr,
			"vigie: %s: no feed in it (RSS, Atom, CDF, JSON Feed or sitemap)\n",
			path);
	if (r == 0 && result.cut)
		(void)fprintf(stderr, "vigie: %s: the end is missing; %zu items before it\n",
			path, items.n);
	if (r == 0 && result.n_parts)
		tell_parts(path, &result);
	else if (r == 0 && result.more)
		(void)fprintf(stderr, "vigie: %s: only the first %zu items were read\n", path,
			items.n);
	if (r >= 0)
		status = print_items(&items);
	if (r == READ_NOT_A_FEED)
		status = EXIT_FAILED;
	decoder_free(way.decoder);
	reader_free(way.reader);
	arena_release(&arena);
	return status;
}

enum { MAX_VARS = 64 };

int command_parse(int argc, char **argv)
{
	static const struct option longs[] = {{"base", required_argument, NULL, 'b'},
		{"content-type", required_argument, NULL, 't'},
		{"connector", required_argument, NULL, 'c'},
		{"var", required_argument, NULL, 'v'}, {"http", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}};
	const char *vars[MAX_VARS];
	struct parse_connector asked = {.vars = vars};
	struct read_options options = {0};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'b')
			options.base = span_str(optarg);
		else if (c == 't')
			asked.content_type = optarg;
		else if (c == 'c')
			asked.name = optarg;
		else if (c == 'v' && asked.n_vars < MAX_VARS)
			vars[asked.n_vars++] = optarg;
		else if (c == 'h')
			asked.http = true;
		else
			return command_usage(argv[0]);
	}
	if (optind + 1 != argc || (!asked.name && (asked.n_vars || asked.http)))
		return command_usage(argv[0]);
	asked.path = argv[optind];
	if (asked.name)
		return parse_connector(&asked);
	options.content_type = span_str(asked.content_type);
	return parse_file(&options, argv[optind]);
}
