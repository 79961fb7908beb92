#include "reporting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/zone_file.h"
#include "line/archive.h"
#include "report/words.h"

enum { DAYS_MAX = 3660 };

struct reporting {
	const struct reporting_ask *ask;
	struct arena arena;
	struct zone *zone;
	struct report_period when;
	struct span *day_names;
	struct figures *figures;
	struct span *ret_why;
	bool before; /* what is read now */
	int failed;
};

static int wrong(struct reporting *g, const char *option, const char *value, const char *remedy)
{
	*g->ret_why = arena_printf(g->ask->arena, "%s %s: %s", option, value, remedy);
	return -EINVAL;
}

/* --- Which time
 * -------------------------------------------------------------------------------- */

static int read_zone(struct reporting *g)
{
	const int r = zone_file_read(&g->zone, &g->arena, span_str(g->ask->tz));

	return r == 0 ? 0 : r == -ENOMEM ? r : wrong(g, "--tz", g->ask->tz, zone_file_why(r));
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
	struct wall *starts;
	int64_t days[3];
	size_t n;

	if (!read_period(days, g->ask->period, zone_day_number(g->zone, g->ask->now)))
		return wrong(g, "--period", g->ask->period,
			"no period: write day, week, month (the last whole one), or "
			"2026-01-05..2026-01-12 "
			"(the last day is not in it)");
	n = (size_t)(days[2] - days[1]);
	starts = arena_calloc(&g->arena, n + 1, sizeof(*starts));
	g->day_names = arena_calloc(&g->arena, n + 1, sizeof(*g->day_names));
	if (!starts || !g->day_names)
		return -ENOMEM;
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
		.zone = span_str(g->ask->tz)};
	return 0;
}

/* --- Counting
 * ---------------------------------------------------------------------------------- */

static bool on_hit(void *arg, const struct hit *hit)
{
	const struct wall at =
		wall_known(hit->item.published) ? hit->item.published : hit->fetched;
	struct reporting *g = arg;
	/* What was archived before there were stories is one of its own. */
	const struct item_key *head = hit->story.mentions ? &hit->story.head : &hit->key;
	char story[ITEM_KEY_TEXT + 1];

	g->failed = figures_see(
		g->figures, hit, at, g->before, span_str(item_key_text(story, head)));
	return g->failed == 0;
}

static bool on_outcome(void *arg, const struct archive_outcome *outcome)
{
	struct reporting *g = arg;

	if (span_eq_str(outcome->outcome, "sent") || span_eq_str(outcome->outcome, "digested"))
		g->failed = figures_told(g->figures, outcome->receiver, outcome->delivery);
	return g->failed == 0;
}

static int count(struct reporting *g, struct archive_reader *reader, struct span *ret_why)
{
	const struct report_period *w = &g->when;
	struct archive_filter filter = {.since = w->before, .until = w->from};
	int r;

	g->before = true;
	r = archive_search(reader, &filter, on_hit, g, g->ask->arena, ret_why);
	filter = (struct archive_filter){.since = w->from, .until = w->to};
	g->before = false;
	if (r == 0 && g->failed == 0)
		r = archive_search(reader, &filter, on_hit, g, g->ask->arena, ret_why);
	if (r == 0 && g->failed == 0)
		r = archive_ledger(
			reader, NULL, w->from, w->to, on_outcome, g, g->ask->arena, ret_why);
	if (r == 0 && g->failed < 0) {
		*ret_why = span_str(strerror(-g->failed));
		r = g->failed;
	}
	return r;
}

/* "Competitor watch 2026-11-16 – 2026-11-22", the last day included. */
static struct span title_of(const struct reporting *g)
{
	const struct report_period *w = &g->when;
	const char *title = report_word(span_str(g->ask->lang), W_TITLE);

	if (w->n_days < 2)
		return arena_printf(g->ask->arena, "%s %.*s", title, SPAN_ARG(g->day_names[0]));
	return arena_printf(g->ask->arena, "%s %.*s – %.*s", title, SPAN_ARG(g->day_names[0]),
		SPAN_ARG(g->day_names[w->n_days - 1]));
}

static int write_out(
	struct reporting *g, const struct report *report, struct reporting_out *out)
{
	static const enum report_format formats[] = {REPORT_MARKDOWN, REPORT_HTML, REPORT_JSON};
	const struct span lang = span_str(g->ask->lang);
	struct buf *bufs[] = {out->markdown, out->html, out->json};
	int r = 0;

	for (size_t i = 0; i < 3 && r == 0; i++)
		if (bufs[i])
			r = report_write(bufs[i], report, g->day_names, formats[i], lang);
	if (r == 0 && out->brief)
		r = report_brief(out->brief, report, lang);
	out->title = title_of(g);
	out->from = g->when.from;
	out->until = g->when.to;
	return out->title.p ? r : -ENOMEM;
}

static int make(struct reporting *g, struct reporting_out *out)
{
	struct archive_reader *reader = NULL;
	struct archive_reach reach;
	struct report report;
	int r;

	r = archive_reader_new(&reader, g->ask->archive, g->ask->arena, g->ret_why);
	if (r == 0)
		r = figures_new(&g->figures, &g->when);
	if (r == 0)
		r = count(g, reader, g->ret_why);
	if (r == 0)
		r = archive_reach(
			reader, &reach, g->when.from, g->when.to, g->ask->arena, g->ret_why);
	if (r == 0)
		r = figures_end(g->figures, &report);
	if (r == 0) {
		report.archive_since = reach.since;
		report.losses = reach.losses;
		report.hours = reach.hours;
		report.healthy = reach.healthy;
		report.watched = reach.sources;
		r = write_out(g, &report, out);
	}
	archive_reader_free(reader);
	figures_free(g->figures);
	return r;
}

int reporting_make(
	struct reporting_out *out, const struct reporting_ask *ask, struct span *ret_why)
{
	struct reporting g = {.ask = ask, .ret_why = ret_why};
	int r;

	*ret_why = SPAN("out of memory");
	r = read_zone(&g);
	if (r == 0)
		r = find_period(&g);
	if (r == 0)
		r = make(&g, out);
	arena_release(&g.arena);
	return r;
}
