/*
 * config/times: when: zones, parts of the calendar, times of day, digests.
 */

#include "config/keys.h"
#include "io/zone_file.h"
#include "vigie/nearest.h"

enum { MINUTES = 1440, SPANS_MAX = 64 };

static const char *const weekday_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
static const char *const month_names[] = {
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
enum { WEEKDAYS = 7, MONTHS = 12 };

/* --- Zones ----------------------------------------------------------------------------------
 */

bool zone_value(struct reader *r, const struct yaml *y, const struct value *value,
	const struct zone **ret, struct span *ret_name)
{
	struct zone *zone;
	int result;

	if (!value->text.value.n)
		return false;
	result = zone_file_read(&zone, r->arena, value->text.value);
	if (result == -ENOMEM)
		reader_fail(r, result);
	else if (result < 0)
		mistake(r, y, value->node, "tz \"%.*s\": %s", SPAN_ARG(value->text.written),
			zone_file_why(result));
	if (result < 0)
		return false;
	*ret = zone;
	*ret_name = arena_dup(r->arena, value->text.value);
	return true;
}

/* --- Parts of a day, a week, a month, a year
 * --------------------------------------------------
 */

/* Digits only, from 0 to most. */
static bool small_number(unsigned *ret, struct span s, unsigned most)
{
	*ret = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || *ret > most)
			return false;
		*ret = *ret * 10 + (unsigned)(s.p[i] - '0');
	}
	return s.n > 0 && *ret <= most;
}

bool minute_parse(uint16_t *ret, struct span s)
{
	const size_t colon = span_find(s, ':');
	unsigned hour, minute;

	if (colon == s.n || s.n - colon != 3 ||
		!small_number(&hour, span_slice(s, 0, colon), 24) ||
		!small_number(&minute, span_slice(s, colon + 1, s.n), 59) ||
		hour * 60 + minute > MINUTES)
		return false;
	*ret = (uint16_t)(hour * 60 + minute);
	return true;
}

static bool day_range_parse(uint16_t *from, uint16_t *to, struct span s)
{
	const size_t dash = span_find(s, '-');

	return dash < s.n && minute_parse(from, span_slice(s, 0, dash)) &&
	       minute_parse(to, span_slice(s, dash + 1, s.n));
}

/* "mon" or "Monday" by its first three letters; -1: none. */
static int name_index(struct span s, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (s.n >= 3 && span_eq_ci(span_slice(s, 0, 3), span_str(names[i])))
			return i;
	return -1;
}

int weekday_parse(struct span s)
{
	return name_index(s, weekday_names, WEEKDAYS);
}

/* "mon", "mon-fri", "nov-feb": bits of those it names. */
static bool mask_parse(uint16_t *mask, struct span s, const char *const *names, int n)
{
	const size_t dash = span_find(s, '-');
	const int from = name_index(span_slice(s, 0, dash), names, n);
	const int to = dash < s.n ? name_index(span_slice(s, dash + 1, s.n), names, n) : from;

	if (from < 0 || to < 0)
		return false;
	for (int i = from;; i = (i + 1) % n) {
		*mask |= (uint16_t)(1U << i);
		if (i == to)
			return true;
	}
}

/* "1", "1-5", "last" (of the month: -1). */
static bool days_parse(int8_t *first, int8_t *last, struct span s)
{
	const size_t dash = span_find(s, '-');
	const struct span begin = span_slice(s, 0, dash);
	const struct span end = dash < s.n ? span_slice(s, dash + 1, s.n) : begin;
	unsigned number;

	if (span_eq_str(begin, "last"))
		*first = -1;
	else if (small_number(&number, begin, 31) && number)
		*first = (int8_t)number;
	else
		return false;
	if (span_eq_str(end, "last"))
		*last = -1;
	else if (small_number(&number, end, 31) && number)
		*last = (int8_t)number;
	else
		return false;
	return *last < 0 || *first < 0 ? *last < 0 : *first <= *last;
}

static bool years_parse(int16_t *first, int16_t *last, struct span s)
{
	const size_t dash = span_find(s, '-');
	unsigned from, to;

	if (!small_number(&from, span_slice(s, 0, dash), 9999) || !from)
		return false;
	to = from;
	if (dash < s.n && !small_number(&to, span_slice(s, dash + 1, s.n), 9999))
		return false;
	*first = (int16_t)from;
	*last = (int16_t)to;
	return from <= to;
}

/* --- Intervals
 * --------------------------------------------------------------------------------
 */

static const struct yaml_node *node_of(const struct value *value, size_t i)
{
	return value->node->type == YAML_SEQUENCE ? value->node->items[i] : value->node;
}

static void none(struct reader *r, const struct yaml *y, const struct value *value, size_t i,
	const char *key, const char *remedy)
{
	mistake(r, y, node_of(value, i), "%s: \"%.*s\" is none: write %s", key,
		SPAN_ARG(value->list[i].written), remedy);
}

static void masks_read(
	struct reader *r, const struct yaml *y, const struct value *v, struct time_span *all)
{
	uint16_t weekdays = 0, months = 0;

	for (size_t i = 0; i < v[INTERVAL_WEEKDAYS].n; i++)
		if (!mask_parse(&weekdays, v[INTERVAL_WEEKDAYS].list[i].value, weekday_names,
			    WEEKDAYS))
			none(r, y, &v[INTERVAL_WEEKDAYS], i, "weekdays", "mon-fri, or sat");
	for (size_t i = 0; i < v[INTERVAL_MONTHS].n; i++)
		if (!mask_parse(&months, v[INTERVAL_MONTHS].list[i].value, month_names, MONTHS))
			none(r, y, &v[INTERVAL_MONTHS], i, "months", "jul-aug, or dec");
	all->weekdays = (uint8_t)weekdays;
	all->months = months;
}

/* Each of times with each of days with each of years: as many spans. A list that is not given
 * says nothing and counts as one. */
static void spans_read(struct reader *r, const struct yaml *y, const struct value *v,
	const struct yaml_node *node, struct time_interval *ret)
{
	const struct value *times = &v[INTERVAL_TIMES], *days = &v[INTERVAL_DAYS],
			   *years = &v[INTERVAL_YEARS];
	const size_t n_times = times->n ? times->n : 1, n_days = days->n ? days->n : 1,
		     n_years = years->n ? years->n : 1;
	struct time_span all = {0}, *spans;
	size_t n = 0;

	masks_read(r, y, v, &all);
	if (n_times * n_days * n_years > SPANS_MAX) {
		mistake(r, y, node,
			"more than %d parts of the calendar: write several intervals",
			SPANS_MAX);
		return;
	}
	spans = arena_calloc(r->arena, n_times * n_days * n_years, sizeof(*spans));
	if (!spans) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t t = 0; t < n_times; t++)
		for (size_t d = 0; d < n_days; d++)
			for (size_t k = 0; k < n_years; k++) {
				struct time_span *s = &spans[n++];

				*s = all;
				if (times->n &&
					!day_range_parse(&s->from_minute, &s->to_minute,
						times->list[t].value) &&
					d + k == 0)
					none(r, y, times, t, "times", "22:00-07:00");
				if (days->n &&
					!days_parse(&s->first_day, &s->last_day,
						days->list[d].value) &&
					t + k == 0)
					none(r, y, days, d, "days", "1-5, last, or 25-last");
				if (years->n &&
					!years_parse(&s->first_year, &s->last_year,
						years->list[k].value) &&
					t + d == 0)
					none(r, y, years, k, "years", "2026, or 2026-2028");
			}
	ret->spans = spans;
	ret->n_spans = n;
}

/* `zone` is the one of whoever asks; its own `tz` goes before. */
static bool interval_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct time_interval *ret, struct value *v)
{
	if (!section_read(r, y, node, &section_interval, v, NULL, NULL, NULL, 0))
		return false;
	if (v[INTERVAL_TZ].node)
		(void)zone_value(r, y, &v[INTERVAL_TZ], &ret->zone, &ret->zone_name);
	spans_read(r, y, v, node, ret);
	return true;
}

void intervals_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	if (node->type != YAML_SEQUENCE) {
		mistake(r, y, node,
			"time_intervals: %s where a list is expected: write \"- {name: night, "
			"times: '22:00-07:00'}\"",
			yaml_type_name(node));
		return;
	}
	r->intervals = arena_calloc(r->arena, node->n + 1, sizeof(*r->intervals));
	r->interval_values = arena_calloc(r->arena, node->n + 1, sizeof(*r->interval_values));
	if (!r->intervals || !r->interval_values) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		struct time_interval *new = &r->intervals[r->n_intervals];
		struct value *v = arena_calloc(r->arena, SECTION_KEYS_MAX, sizeof(*v));

		if (!v) {
			reader_fail(r, -ENOMEM);
			return;
		}
		r->interval_values[r->n_intervals] = v;
		new->zone = r->zone;
		new->zone_name = r->zone_name;
		if (!interval_read(r, y, node->items[i], new, v))
			continue;
		new->name = arena_dup(r->arena, v[INTERVAL_NAME].text.value);
		if (!new->name.n)
			mistake(r, y, node->items[i],
				"an interval without a name: write name: …");
		for (size_t k = 0; k < r->n_intervals; k++)
			if (new->name.n && span_eq(r->intervals[k].name, new->name))
				mistake(r, y, v[INTERVAL_NAME].node,
					"the name %.*s stands above already: choose another",
					SPAN_ARG(new->name));
		r->n_intervals++;
	}
}

const struct time_interval *interval_by_name(
	struct reader *r, const struct yaml *y, const struct yaml_node *node, struct span name)
{
	const char **names;
	const char *guess;

	for (size_t i = 0; i < r->n_intervals; i++)
		if (span_eq(r->intervals[i].name, name))
			return &r->intervals[i];
	names = arena_calloc(r->arena, r->n_intervals + 1, sizeof(*names));
	for (size_t i = 0; names && i < r->n_intervals; i++)
		names[i] = r->intervals[i].name.p ? r->intervals[i].name.p : "";
	guess = names ? nearest(name, names, r->n_intervals) : NULL;
	if (guess)
		mistake(r, y, node, "unknown time interval \"%.*s\": did you mean \"%s\"?",
			SPAN_ARG(name), guess);
	else
		mistake(r, y, node,
			"unknown time interval \"%.*s\": write it under time_intervals:",
			SPAN_ARG(name));
	return NULL;
}

/* One of `quiet:`: "22:00-07:00", the name of an interval, or an interval. */
static bool quiet_one(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct time_interval *ret)
{
	const struct time_interval *named;
	struct value v[SECTION_KEYS_MAX];
	struct time_span *span;
	struct text text;

	if (node->type == YAML_MAPPING)
		return interval_read(r, y, node, ret, v);
	if (!text_read(r, y, node, TEXT_PLAIN, &text))
		return false;
	span = arena_calloc(r->arena, 1, sizeof(*span));
	if (!span) {
		reader_fail(r, -ENOMEM);
		return false;
	}
	if (day_range_parse(&span->from_minute, &span->to_minute, text.value)) {
		ret->spans = span;
		ret->n_spans = 1;
		return true;
	}
	named = interval_by_name(r, y, node, text.value);
	if (named)
		*ret = *named;
	return named;
}

void quiet_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	struct receiver *receiver)
{
	const size_t n = node->type == YAML_SEQUENCE ? node->n : 1;
	struct time_interval *all = arena_calloc(r->arena, n + 1, sizeof(*all));

	if (!all) {
		reader_fail(r, -ENOMEM);
		return;
	}
	receiver->quiet = all;
	for (size_t i = 0; i < n; i++) {
		struct time_interval *one = &all[receiver->n_quiet];

		one->zone = receiver->zone;
		one->zone_name = receiver->zone_name;
		receiver->n_quiet += quiet_one(
			r, y, node->type == YAML_SEQUENCE ? node->items[i] : node, one);
	}
}

/* --- Digests
 * ----------------------------------------------------------------------------------
 */

static void digest_time(
	struct reader *r, const struct yaml *y, const struct value *v, struct digest *ret)
{
	const struct span weekly = v[DIGEST_WEEKLY].text.value;
	const size_t blank = span_find(weekly, ' ');
	unsigned minute;
	int weekday;

	if (v[DIGEST_HOURLY].node) {
		const struct span text = v[DIGEST_HOURLY].text.value;

		ret->every = DIGEST_EVERY_HOUR;
		if (!small_number(&minute,
			    text.n && text.p[0] == ':' ? span_slice(text, 1, text.n) : text,
			    59))
			mistake(r, y, v[DIGEST_HOURLY].node,
				"hourly: \"%.*s\" is none: write the minute, as in hourly: 15",
				SPAN_ARG(v[DIGEST_HOURLY].text.written));
		ret->minute = (uint16_t)minute;
	} else if (v[DIGEST_DAILY].node) {
		ret->every = DIGEST_EVERY_DAY;
		if (!minute_parse(&ret->minute, v[DIGEST_DAILY].text.value) ||
			ret->minute == MINUTES)
			mistake(r, y, v[DIGEST_DAILY].node,
				"daily: \"%.*s\" is none: write the time of day, as in daily: "
				"'08:00'",
				SPAN_ARG(v[DIGEST_DAILY].text.written));
	} else {
		ret->every = DIGEST_EVERY_WEEK;
		weekday = weekday_parse(span_slice(weekly, 0, blank));
		if (weekday < 0 || blank == weekly.n ||
			!minute_parse(&ret->minute, span_slice(weekly, blank + 1, weekly.n)) ||
			ret->minute == MINUTES)
			mistake(r, y, v[DIGEST_WEEKLY].node,
				"weekly: \"%.*s\" is none: write day and time, as in weekly: "
				"'mon 08:00'",
				SPAN_ARG(v[DIGEST_WEEKLY].text.written));
		else
			ret->weekday = (uint8_t)weekday;
	}
}

const struct digest *digest_read(struct reader *r, const struct yaml *y,
	const struct yaml_node *node, const struct zone *zone, struct span zone_name)
{
	struct digest *ret = arena_calloc(r->arena, 1, sizeof(*ret));
	struct value v[SECTION_KEYS_MAX];
	int n;

	if (!ret) {
		reader_fail(r, -ENOMEM);
		return NULL;
	}
	ret->zone = zone;
	ret->zone_name = zone_name;
	if (node->type == YAML_SCALAR && span_eq_str(node->text, "off"))
		return ret;
	if (node->type == YAML_SCALAR && span_eq_str(node->text, "hourly")) {
		ret->every = DIGEST_EVERY_HOUR;
		return ret;
	}
	if (node->type != YAML_MAPPING) {
		mistake(r, y, node,
			"digest: write {daily: '08:00'}, {weekly: 'mon 08:00'}, {hourly: 0} or "
			"off");
		return NULL;
	}
	if (!section_read(r, y, node, &section_digest, v, NULL, NULL, NULL, 0))
		return NULL;
	n = !!v[DIGEST_HOURLY].node + !!v[DIGEST_DAILY].node + !!v[DIGEST_WEEKLY].node;
	if (n != 1) {
		mistake(r, y, node, "digest: exactly one of hourly, daily, weekly is expected");
		return NULL;
	}
	if (v[DIGEST_TZ].node)
		(void)zone_value(r, y, &v[DIGEST_TZ], &ret->zone, &ret->zone_name);
	digest_time(r, y, v, ret);
	ret->empty_too = v[DIGEST_EMPTY].truth;
	return ret;
}

/* --- As they are written
 * ------------------------------------------------------------------------
 */

static void put_mask(
	struct buf *out, const char *key, unsigned mask, const char *const *names, int n)
{
	const char *comma = "";

	if (!mask)
		return;
	buf_addf(out, ", %s: [", key);
	for (int i = 0; i < n; i++)
		if (mask & 1U << i) {
			buf_addf(out, "%s%s", comma, names[i]);
			comma = ", ";
		}
	buf_add_char(out, ']');
}

static void put_day(struct buf *out, int day)
{
	if (day < 0)
		buf_add_str(out, "last");
	else
		buf_addf(out, "%d", day);
}

/* What a span says beside the time of day, behind it. */
static void span_print(struct buf *out, const struct time_span *s)
{
	put_mask(out, "weekdays", s->weekdays, weekday_names, WEEKDAYS);
	put_mask(out, "months", s->months, month_names, MONTHS);
	if (s->first_day) {
		buf_add_str(out, ", days: ");
		put_day(out, s->first_day);
		buf_add_char(out, '-');
		put_day(out, s->last_day);
	}
	if (s->first_year)
		buf_addf(out, ", years: %d-%d", s->first_year, s->last_year);
}

void intervals_print(struct buf *out, const struct reader *r)
{
	if (!r->n_intervals)
		return;
	buf_add_str(out, "time_intervals:\n");
	for (size_t i = 0; i < r->n_intervals; i++) {
		buf_add_str(out, "  - {");
		section_print(out, &section_interval, r->interval_values[i]);
		buf_add_str(out, "}\n");
	}
}

void zone_print(struct buf *out, struct span zone_name)
{
	if (!zone_name.n)
		return;
	buf_add_str(out, ", tz: ");
	config_quote(out, zone_name);
}

void quiet_print(struct buf *out, const struct receiver *receiver)
{
	const char *comma = "";

	if (!receiver->n_quiet)
		return;
	buf_add_str(out, ", quiet: [");
	for (size_t i = 0; i < receiver->n_quiet; i++)
		for (size_t k = 0; k < receiver->quiet[i].n_spans; k++) {
			const struct time_span *span = &receiver->quiet[i].spans[k];

			buf_addf(out, "%s{times: '%02u:%02u-%02u:%02u'", comma,
				span->from_minute / 60U, span->from_minute % 60U,
				span->to_minute / 60U, span->to_minute % 60U);
			span_print(out, span);
			zone_print(out, receiver->quiet[i].zone_name);
			buf_add_char(out, '}');
			comma = ", ";
		}
	buf_addf(out, "], quiet_strict: %s", receiver->quiet_is_strict ? "true" : "false");
}

void digest_print(struct buf *out, const struct digest *d)
{
	if (d->every == DIGEST_NONE) {
		buf_add_str(out, "off");
		return;
	}
	buf_add_char(out, '{');
	if (d->every == DIGEST_EVERY_HOUR)
		buf_addf(out, "hourly: %u", d->minute);
	else if (d->every == DIGEST_EVERY_DAY)
		buf_addf(out, "daily: '%02u:%02u'", d->minute / 60U, d->minute % 60U);
	else
		buf_addf(out, "weekly: '%s %02u:%02u'", weekday_names[d->weekday % WEEKDAYS],
			d->minute / 60U, d->minute % 60U);
	zone_print(out, d->zone_name);
	buf_addf(out, ", empty: %s}", d->empty_too ? "true" : "false");
}
