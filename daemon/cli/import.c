#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/input.h"
#include "config/config.h"
#include "sources/opml.h"
#include "sources/url.h"

/*
 * import: another reader's subscriptions as sources of the configuration: a YAML list to paste
 * under `sources:`, or a file to name there.
 */

struct import {
	const char *from;
	const char *to; /* NULL: standard output */
	size_t taken, passed_over;
};

/* What the configuration would refuse is not written. */
static bool address_ok(struct span url)
{
	for (size_t i = 0; i < url.n; i++)
		if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7F)
			return false;
	return url_is_web(url);
}

static void entry_write(struct buf *out, const struct opml_entry *e)
{
	buf_add_str(out, "- {url: ");
	config_quote(out, e->xml_url);
	if (e->title.n) {
		buf_add_str(out, ", title: ");
		config_quote(out, e->title);
	}
	if (e->language.n) {
		buf_add_str(out, ", lang: ");
		config_quote(out, e->language);
	}
	for (size_t i = 0; i < e->n_category; i++) {
		buf_add_str(out, i ? ", " : ", tags: [");
		config_quote(out, e->category[i]);
	}
	buf_add_str(out, e->n_category ? "]}\n" : "}\n");
}

static void list_write(struct buf *out, struct import *import, const struct opml_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct opml_entry *e = &list->entries[i];

		if (!address_ok(e->xml_url)) {
			(void)fprintf(stderr,
				"vigie: %s: passed over, no address on the web: %.*s\n",
				import->from, SPAN_ARG(e->xml_url));
			import->passed_over++;
		} else {
			entry_write(out, e);
			import->taken++;
		}
	}
}

/* A new file only: what a person wrote is not overwritten, and no link is followed. */
static int file_write(const char *path, struct span text)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	size_t done = 0;
	int r = 0;

	if (fd < 0)
		return -errno;
	while (r == 0 && done < text.n) {
		const ssize_t n = write(fd, text.p + done, text.n - done);

		if (n < 0 && errno != EINTR)
			r = -errno;
		else if (n > 0)
			done += (size_t)n;
	}
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		(void)unlink(path);
	return r;
}

static int result_write(const struct import *import, const struct buf *out)
{
	int r;

	if (!import->to)
		return fwrite(out->p ? out->p : "", 1, out->n, stdout) == out->n ? EXIT_DONE
										 : EXIT_FAILED;
	r = file_write(import->to, buf_span(out));
	if (r < 0) {
		(void)fprintf(stderr, "vigie: %s: %s\n", import->to,
			r == -EEXIST ? "it exists already: name another file" : strerror(-r));
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static int take(void *arg, struct span piece)
{
	struct buf *in = arg;

	buf_add(in, piece);
	return buf_result(in);
}

static int import_opml(struct import *import)
{
	struct opml_list list = {0};
	struct arena arena = {0};
	struct buf in = {0}, out = {0};
	int status = EXIT_FAILED, r;

	r = input_read(import->from, take, &in);
	if (r < 0) {
		buf_deinit(&in);
		return EXIT_FAILED;
	}
	r = opml_read(&list, &arena, buf_span(&in));
	if (r == 0) {
		list_write(&out, import, &list);
		r = buf_result(&out);
	}
	if (r == OPML_NOT_OPML) {
		(void)fprintf(
			stderr, "vigie: %s: not OPML: export the list again\n", import->from);
		status = EXIT_USAGE;
	} else if (r < 0) {
		(void)fputs("vigie: out of memory\n", stderr);
	} else {
		status = result_write(import, &out);
		(void)fprintf(stderr, "%zu sources, %zu passed over\n", import->taken,
			import->passed_over);
	}
	buf_deinit(&in);
	buf_deinit(&out);
	arena_release(&arena);
	return status;
}

int command_import(int argc, char **argv)
{
	struct import import = {0};

	if (argc < 2 || strcmp(argv[1], "opml") != 0)
		return command_usage(argv[0]);
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "-o") == 0 && i + 1 < argc)
			import.to = argv[++i];
		else if (argv[i][0] == '-' || import.from)
			return command_usage(argv[0]);
		else
			import.from = argv[i];
	}
	return import.from ? import_opml(&import) : command_usage(argv[0]);
}
