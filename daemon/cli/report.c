/*
 * report: the competitor-watch report of a period, from the archive, on standard output.
 */

#include "cli/commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/state_folder.h"
#include "io/zone_file.h"
#include "line/archive.h"
#include "report/paper.h"
#include "vigie/cleanup.h"
#include "vigie/story.h"

enum { DAYS_MAX = 3660 };

struct reporting {
	const char *period, *format, *lang, *tz, *state, *config;
	struct arena arena;
	struct zone *zone;
	struct report_period when;
	struct span *day_names;
	struct figures *figures;
	struct story_book *stories;
	bool before; /* what is read now */
	int failed;
};

static int wrong(const char *option, const char *value, const char *remedy)
{
	(void)fprintf(stderr, "vigie report: %s %s: %s\n", option, value, remedy);
	return EXIT_USAGE;
}

/* --- Which time
 * -------------------------------------------------------------------------------- */

static int read_zone(struct reporting *g)
{
	const int r = zone_file_read(&g->zone, &g->arena, span_str(g->tz));

	return r < 0 ? wrong("--tz", g->tz, zone_file_why(r)) : EXIT_DONE;
}

static bool read_date(int64_t *ret, struct span s)
{
	const struct span midnight = SPAN("T00:00:00Z");
	char text[RFC3339_SIZE];
	struct wall t;

	if (s.n != 10)
		return false;
	memcpy(text, s.p, 10);
	memcpy(text + 10, midnight.p, midnight.n);
	t = wall_parse_rfc3339(span_of(text, 20));
	*ret = t.ms / 86400000;
	/* "2026-02-30" counts on into March. */
	return wall_known(t) && memcmp(wall_rfc3339(text, t), s.p, 10) == 0;
}

/* In days since 1970-01-01, local: [from, to), and where the period before begins. */
static bool read_period(int64_t days[3], const char *period, int64_t today)
{
	const char *dots = strstr(period, "..");
	int64_t year;
	int month, day;

	civil_from_days(today, &year, &month, &day);
	if (strcmp(period, "day") == 0) {
		days[2] = today;
		days[1] = today - 1;
		days[0] = today - 2;
	} else if (strcmp(period, "week") == 0) {
		days[2] = today - (today + 3) % 7; /* Monday: 1970-01-01 was a Thursday */
		days[1] = days[2] - 7;
		days[0] = days[1] - 7;
	} else if (strcmp(period, "month") == 0) {
		const int64_t months = year * 12 + month - 1;

		for (int i = 0; i < 3; i++)
			days[i] = days_from_civil(
				(months - 2 + i) / 12, (int)((months - 2 + i) % 12) + 1, 1);
	} else if (dots) {
		if (!read_date(&days[1], span_of(period, (size_t)(dots - period))) ||
			!read_date(&days[2], span_str(dots + 2)) || days[2] <= days[1])
			return false;
		days[0] = 2 * days[1] - days[2];
	} else {
		return false;
	}
	return days[2] - days[1] <= DAYS_MAX;
}

static int find_period(struct reporting *g)
{
	struct timespec now;
	struct wall *starts;
	int64_t days[3];
	size_t n;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (!read_period(days, g->period,
		    zone_day_number(g->zone, (struct wall){(int64_t)now.tv_sec * 1000})))
		return wrong("--period", g->period,
			"no period: write day, week, month (the last whole one), or "
			"2026-01-05..2026-01-12 "
			"(the last day is not in it)");
	n = (size_t)(days[2] - days[1]);
	starts = arena_calloc(&g->arena, n + 1, sizeof(*starts));
	g->day_names = arena_calloc(&g->arena, n + 1, sizeof(*g->day_names));
	if (!starts || !g->day_names)
		return EXIT_FAILED;
	for (size_t i = 0; i <= n; i++) {
		char text[RFC3339_SIZE];

		starts[i] = zone_day(g->zone, 1970, 1, 1 + days[1] + (int64_t)i);
		(void)wall_rfc3339(text, (struct wall){(days[1] + (int64_t)i) * 86400000});
		g->day_names[i] = arena_dup(&g->arena, span_of(text, strlen(text) ? 10 : 0));
	}
	g->when = (struct report_period){.before = zone_day(g->zone, 1970, 1, 1 + days[0]),
		.from = starts[0],
		.to = starts[n],
		.days = starts,
		.n_days = n,
		.zone = span_str(g->tz)};
	return EXIT_DONE;
}

/* --- Counting
 * ---------------------------------------------------------------------------------- */

static bool on_hit(void *arg, const struct hit *hit)
{
	const struct wall at =
		wall_known(hit->item.published) ? hit->item.published : hit->fetched;
	struct reporting *g = arg;
	char story[ITEM_KEY_TEXT + 1];
	struct story_place place;

	g->failed = story_add(g->stories, hit, at, &place);
	if (g->failed == 0)
		g->failed = figures_see(g->figures, hit, at, g->before,
			span_str(item_key_text(story, &place.head)));
	return g->failed == 0;
}

static bool on_outcome(void *arg, const struct archive_outcome *outcome)
{
	struct reporting *g = arg;

	if (span_eq_str(outcome->outcome, "sent"))
		g->failed = figures_told(g->figures, outcome->receiver, outcome->delivery);
	return g->failed == 0;
}

static int count(struct reporting *g, struct archive_reader *reader, struct span *ret_why)
{
	const struct report_period *w = &g->when;
	struct archive_filter filter = {.since = w->before, .until = w->from};
	int r;

	g->before = true;
	r = archive_search(reader, &filter, on_hit, g, &g->arena, ret_why);
	filter = (struct archive_filter){.since = w->from, .until = w->to};
	g->before = false;
	if (r == 0 && g->failed == 0)
		r = archive_search(reader, &filter, on_hit, g, &g->arena, ret_why);
	if (r == 0 && g->failed == 0)
		r = archive_ledger(
			reader, NULL, w->from, w->to, on_outcome, g, &g->arena, ret_why);
	if (r == 0 && g->failed < 0) {
		*ret_why = span_str(strerror(-g->failed));
		r = g->failed;
	}
	return r;
}

static int make(
	struct reporting *g, struct buf *out, enum report_format format, struct span *ret_why)
{
	const char *folder = state_folder(&g->arena, g->state, g->config);
	struct archive_reader *reader = NULL;
	struct archive_reach reach;
	struct report report;
	struct span path;
	int r;

	if (!folder)
		return -ENOENT;
	*ret_why = SPAN("out of memory");
	path = arena_printf(&g->arena, "%s/%s", folder, ARCHIVE_FILE);
	r = path.p ? archive_reader_new(&reader, path.p, &g->arena, ret_why) : -ENOMEM;
	if (r == 0)
		r = figures_new(&g->figures, &g->when);
	if (r == 0)
		r = story_book_new(&g->stories, &(struct story_options){.fold = text_tokens});
	if (r == 0)
		r = count(g, reader, ret_why);
	if (r == 0)
		r = archive_reach(reader, &reach, g->when.from, g->when.to, &g->arena, ret_why);
	if (r == 0)
		r = figures_end(g->figures, &report);
	if (r == 0) {
		report.archive_since = reach.since;
		report.losses = reach.losses;
		r = report_write(out, &report, g->day_names, format, span_str(g->lang));
	}
	archive_reader_free(reader);
	figures_free(g->figures);
	story_book_free(g->stories);
	return r;
}

static int read_options(struct reporting *g, int argc, char **argv)
{
	static const struct option longs[] = {{"period", required_argument, NULL, 'p'},
		{"format", required_argument, NULL, 'f'},
		{"lang", required_argument, NULL, 'l'}, {"tz", required_argument, NULL, 't'},
		{"state", required_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
		const char **const to = c == 'p'   ? &g->period
					: c == 'f' ? &g->format
					: c == 'l' ? &g->lang
					: c == 't' ? &g->tz
					: c == 's' ? &g->state
					: c == 'c' ? &g->config
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

int command_report(int argc, char **argv)
{
	static const char *const formats[] = {
		[REPORT_MARKDOWN] = "md", [REPORT_HTML] = "html", [REPORT_JSON] = "json"};
	struct reporting g = {.period = "week", .format = "md", .lang = "en", .tz = "UTC"};
	struct span why = SPAN_NONE;
	struct buf out = {0};
	int format = 0, r = 0;
	int status = read_options(&g, argc, argv);

	while (format < 3 && strcmp(g.format, formats[format]) != 0)
		format++;
	if (status == EXIT_DONE && format == 3)
		status = wrong("--format", g.format, "write md, html or json");
	if (status == EXIT_DONE)
		status = read_zone(&g);
	if (status == EXIT_DONE)
		status = find_period(&g);
	if (status == EXIT_DONE) {
		r = make(&g, &out, (enum report_format)format, &why);
		if (r < 0 && why.n)
			(void)fprintf(stderr, "vigie: %.*s\n", SPAN_ARG(why));
		status = r < 0 ? EXIT_FAILED : EXIT_DONE;
	}
	if (status == EXIT_DONE &&
		(fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0)) {
		perror("vigie: standard output");
		status = EXIT_FAILED;
	}
	buf_deinit(&out);
	arena_release(&g.arena);
	return status;
}
