/*
 * report: the competitor-watch report of a period, from the archive, on standard output; or
 * sent to receivers through the running daemon.
 */

#include "cli/commands.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/ask.h"
#include "cli/state_folder.h"
#include "line/archive.h"
#include "reporting.h"
#include "vigie/cleanup.h"

struct options {
	const char *period, *format, *lang, *tz, *state, *config, *send;
};

static int wrong(const char *option, const char *value, const char *remedy)
{
	(void)fprintf(stderr, "vigie report: %s %s: %s\n", option, value, remedy);
	return EXIT_USAGE;
}

static int read_options(struct options *g, int argc, char **argv)
{
	static const struct option longs[] = {{"period", required_argument, NULL, 'p'},
		{"format", required_argument, NULL, 'f'},
		{"lang", required_argument, NULL, 'l'}, {"tz", required_argument, NULL, 't'},
		{"state", required_argument, NULL, 's'}, {"send", required_argument, NULL, 'S'},
		{NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
		const char **const to = c == 'p'   ? &g->period
					: c == 'f' ? &g->format
					: c == 'l' ? &g->lang
					: c == 't' ? &g->tz
					: c == 's' ? &g->state
					: c == 'c' ? &g->config
					: c == 'S' ? &g->send
						   : NULL;

		if (!to)
			return command_usage(argv[0]);
		*to = optarg;
	}
	if (optind < argc)
		return command_usage(argv[0]);
	if (strcmp(g->lang, "fr") != 0 && strcmp(g->lang, "en") != 0)
		return wrong("--lang", g->lang, "write fr or en");
	return EXIT_DONE;
}

/* The daemon puts it in the outbox, and says to whom. */
static int send(const struct options *g, const struct reporting_out *out)
{
	const struct ask_options where = {.state = g->state, .config = g->config};
	json_t *body = json_pack("{s:s,s:s%,s:s%,s:s%,s:s%}", "receiver", g->send, "title",
		out->title.p, out->title.n, "text", out->brief->p, out->brief->n, "markdown",
		out->markdown->p, out->markdown->n, "html", out->html->p, out->html->n);
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	struct buf answer = {0};
	int status = EXIT_FAILED;

	if (text)
		status = ask_daemon(&answer, &where, "POST", "/reports", span_str(text));
	if (status == EXIT_DONE)
		(void)printf("%.*s: on its way to %s (vigie deliveries)\n",
			SPAN_ARG(out->title), g->send);
	buf_deinit(&answer);
	free(text);
	json_decref(body);
	return status;
}

static int print(const struct buf *out)
{
	if (fwrite(out->p, 1, out->n, stdout) == out->n && fflush(stdout) == 0)
		return EXIT_DONE;
	perror("vigie: standard output");
	return EXIT_FAILED;
}

static int make(const struct options *g, const char *folder, int format, struct arena *arena)
{
	struct buf markdown = {0}, html = {0}, json = {0}, brief = {0};
	struct buf *const forms[] = {&markdown, &html, &json};
	struct reporting_out out = {.markdown = g->send || format == 0 ? &markdown : NULL,
		.html = g->send || format == 1 ? &html : NULL,
		.json = !g->send && format == 2 ? &json : NULL,
		.brief = g->send ? &brief : NULL};
	struct reporting_ask ask = {
		.period = g->period, .tz = g->tz, .lang = g->lang, .arena = arena};
	struct timespec now;
	struct span path = arena_printf(arena, "%s/%s", folder, ARCHIVE_FILE), why;
	int status, r;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	ask.now = (struct wall){(int64_t)now.tv_sec * 1000};
	ask.archive = path.p ? path.p : "";
	r = reporting_make(&out, &ask, &why);
	if (r == 0)
		status = g->send ? send(g, &out) : print(forms[format]);
	else
		status = r == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	if (r < 0)
		(void)fprintf(stderr, "vigie%s: %.*s\n", r == -EINVAL ? " report" : "",
			SPAN_ARG(why));
	buf_deinit(&markdown);
	buf_deinit(&html);
	buf_deinit(&json);
	buf_deinit(&brief);
	return status;
}

int command_report(int argc, char **argv)
{
	static const char *const formats[] = {"md", "html", "json"};
	struct options g = {.period = "week", .format = "md", .lang = "en", .tz = "UTC"};
	struct arena arena = {0};
	const char *folder;
	int format = 0;
	int status = read_options(&g, argc, argv);

	while (format < 3 && strcmp(g.format, formats[format]) != 0)
		format++;
	if (status == EXIT_DONE && format == 3)
		status = wrong("--format", g.format, "write md, html or json");
	if (status == EXIT_DONE) {
		folder = state_folder(&arena, g.state, g.config);
		status = folder ? make(&g, folder, format, &arena) : EXIT_FAILED;
	}
	arena_release(&arena);
	return status;
}
