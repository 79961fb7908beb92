/*
 * config/reports: the schedule of reports.
 *
 *	reports:
 *	  - {period: week, at: 'mon 08:00', tz: Europe/Paris, to: [cm], lang: fr}
 */

#include <stdlib.h>

#include "config/keys.h"
#include "config/reader.h"
#include "io/zone_file.h"

static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
static const char *const periods[] = {[REPORT_EVERY_DAY] = "day",
	[REPORT_EVERY_WEEK] = "week",
	[REPORT_EVERY_MONTH] = "month"};

static bool two_digits(int *ret, const char *s)
{
	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return false;
	*ret = (s[0] - '0') * 10 + s[1] - '0';
	return true;
}

/* "08:00" */
static bool minute_read(int *ret, struct span s)
{
	int hour, minute;

	if (s.n != 5 || s.p[2] != ':')
		return false;
	if (!two_digits(&hour, s.p) || !two_digits(&minute, s.p + 3) || hour > 23 ||
		minute > 59)
		return false;
	*ret = hour * 60 + minute;
	return true;
}

/* "mon" of a week, "1" to "28" of a month, nothing of a day. */
static bool day_read(struct report_plan *plan, struct span s)
{
	if (plan->every == REPORT_EVERY_DAY)
		return span_empty(s);
	if (plan->every == REPORT_EVERY_WEEK) {
		for (int i = 0; i < 7; i++) {
			if (span_eq_ci(s, span_str(weekdays[i]))) {
				plan->weekday = i;
				return true;
			}
		}
		return false;
	}
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || i > 1)
			return false;
		plan->day = plan->day * 10 + s.p[i] - '0';
	}
	return plan->day >= 1 && plan->day <= 28;
}

static bool at_read(struct report_plan *plan, struct span at)
{
	const size_t space = span_find(at, ' ');
	const bool two = space < at.n;

	return day_read(plan, two ? span_slice(at, 0, space) : SPAN_NONE) &&
	       minute_read(&plan->minute, two ? span_slice(at, space + 1, at.n) : at);
}

static bool receivers_known(struct reader *r, const struct yaml *y, const struct value *to)
{
	bool known = true;

	for (size_t i = 0; i < to->n; i++) {
		bool found = false;

		for (size_t k = 0; k < r->config->policy.n_receivers && !found; k++)
			found = span_eq(r->config->policy.receivers[k].id, to->list[i].value);
		if (!found)
			mistake(r, y, to->node,
				"to: there is no receiver \"%.*s\": name one of receivers:",
				SPAN_ARG(to->list[i].value));
		known = known && found;
	}
	return known;
}

/* Stands for the schedule in the archive: another text is another schedule. */
static struct span name_of(struct reader *r, const struct report_plan *plan, struct span at)
{
	struct buf out = {0};
	struct span ret;

	buf_addf(&out, "%s %.*s %.*s %.*s", periods[plan->every], SPAN_ARG(at),
		SPAN_ARG(plan->tz), SPAN_ARG(plan->lang));
	for (size_t i = 0; i < plan->n_to; i++)
		buf_addf(&out, " %.*s", SPAN_ARG(plan->to[i]));
	ret = out.failed ? SPAN_NONE : arena_dup(r->arena, buf_span(&out));
	buf_deinit(&out);
	return ret;
}

/* Where a value stands, or where it is missing. */
static const struct yaml_node *at_node(
	const struct value *v, int key, const struct yaml_node *whole)
{
	return v[key].node ? v[key].node : whole;
}

static void plan_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct report_plan *plan)
{
	struct value v[SECTION_KEYS_MAX];
	struct span *to;
	struct zone *zone = NULL;
	int zone_result;

	if (!section_read(r, y, node, &section_report, v, NULL, NULL, NULL, 0))
		return;
	*plan = (struct report_plan){.every = REPORT_EVERY_DAY,
		.tz = v[REPORT_TZ].text.value,
		.lang = v[REPORT_LANG].text.value};
	while (plan->every <= REPORT_EVERY_MONTH &&
		!span_eq_str(v[REPORT_PERIOD].text.value, periods[plan->every]))
		plan->every++;
	if (plan->every > REPORT_EVERY_MONTH) {
		mistake(r, y, at_node(v, REPORT_PERIOD, node),
			"period: write day, week or month");
		return;
	}
	if (!at_read(plan, v[REPORT_AT].text.value))
		mistake(r, y, at_node(v, REPORT_AT, node),
			"at: write '08:00' for a day, 'mon 08:00' for a week, '1 08:00' for a "
			"month");
	zone_result = zone_file_read(&zone, r->arena, plan->tz);
	if (zone_result < 0)
		mistake(r, y, at_node(v, REPORT_TZ, node), "tz: %s",
			zone_file_why(zone_result));
	plan->zone = zone;
	if (!span_eq_str(plan->lang, "en") && !span_eq_str(plan->lang, "fr"))
		mistake(r, y, at_node(v, REPORT_LANG, node), "lang: write en or fr");
	if (!v[REPORT_TO].n)
		mistake(r, y, node, "to: is missing: name the receivers");
	if (!receivers_known(r, y, &v[REPORT_TO]))
		return;
	to = arena_calloc(r->arena, v[REPORT_TO].n + 1, sizeof(*to));
	for (size_t i = 0; to && i < v[REPORT_TO].n; i++)
		to[i] = v[REPORT_TO].list[i].value;
	plan->to = to;
	plan->n_to = to ? v[REPORT_TO].n : 0;
	plan->name = name_of(r, plan, v[REPORT_AT].text.value);
	if (!to || !plan->name.p)
		reader_fail(r, -ENOMEM);
}

void reports_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	struct report_plan *plans;

	if (!node)
		return;
	if (node->type != YAML_SEQUENCE) {
		mistake(r, y, node, "reports: %s where a list is expected",
			yaml_type_name(node));
		return;
	}
	plans = arena_calloc(r->arena, node->n + 1, sizeof(*plans));
	if (!plans) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < node->n; i++)
		plan_read(r, y, node->items[i], &plans[i]);
	r->config->reports = plans;
	r->config->n_reports = node->n;
}
