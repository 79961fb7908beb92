#include "window.h"

#include "vigie/buf.h"
#include "vigie/desk.h"
#include "vigie/zone.h"

enum { MINUTE_MS = 60000, HOUR_MS = 3600000, DAY_MINUTES = 1440 };

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static struct wall day_begin(const struct zone *zone, int64_t day)
{
	return zone_day(zone, 1970, 1, day + 1);
}

/* The first instant in (from, to] with another offset than at `from`; `to` has another. */
static int64_t changes_s(const struct zone *zone, int64_t from, int64_t to)
{
	const int64_t offset = zone_offset_s(zone, (struct wall){from * 1000});

	while (from + 1 < to) {
		const int64_t mid = from + (to - from) / 2;

		if (zone_offset_s(zone, (struct wall){mid * 1000}) == offset)
			from = mid;
		else
			to = mid;
	}
	return to;
}

struct wall window_at(const struct zone *zone, int64_t day, int minute)
{
	const int64_t begin = day_begin(zone, day).ms / 1000;
	const int64_t local = day * 86400 + minute * 60;
	const int64_t before = zone_offset_s(zone, (struct wall){begin * 1000});
	int64_t at = local - before, after, change;

	if (minute >= DAY_MINUTES)
		return day_begin(zone, day + 1);
	if (at <= begin)
		return (struct wall){begin * 1000};
	after = zone_offset_s(zone, (struct wall){at * 1000});
	if (after != before) {
		change = changes_s(zone, begin, at);
		at = local - after > change ? local - after : change;
	}
	return (struct wall){at * 1000};
}

/* --- Intervals -----------------------------------------------------------------------------
 */

static int weekday_of(int64_t day)
{
	return (int)(((day + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

static bool in_days(const struct time_span *s, int64_t day)
{
	int64_t year;
	int month, of_month, last;

	civil_from_days(day, &year, &month, &of_month);
	if (s->weekdays && !(s->weekdays >> weekday_of(day) & 1))
		return false;
	if (s->months && !(s->months >> (month - 1) & 1))
		return false;
	if ((s->first_year && year < s->first_year) || (s->last_year && year > s->last_year))
		return false;
	last = (int)((month == 12 ? days_from_civil(year + 1, 1, 1)
				  : days_from_civil(year, month + 1, 1)) -
		     days_from_civil(year, month, 1));
	if (s->first_day &&
		of_month < (s->first_day < 0 ? last + 1 + s->first_day : s->first_day))
		return false;
	return !s->last_day ||
	       of_month <= (s->last_day < 0 ? last + 1 + s->last_day : s->last_day);
}

static bool in_span(const struct time_span *s, int64_t day, int minute)
{
	if (s->from_minute == s->to_minute)
		return in_days(s, day);
	if (s->from_minute < s->to_minute)
		return minute >= s->from_minute && minute < s->to_minute && in_days(s, day);
	return (minute >= s->from_minute && in_days(s, day)) ||
	       (minute < s->to_minute && in_days(s, day - 1));
}

static int minute_of(const struct zone *zone, struct wall at)
{
	const int64_t minutes = floor_div(at.ms + zone_offset_s(zone, at) * 1000, MINUTE_MS);

	return (int)(minutes - floor_div(minutes, DAY_MINUTES) * DAY_MINUTES);
}

bool window_inside(const struct time_interval *interval, struct wall at)
{
	const int64_t day = zone_day_number(interval->zone, at);
	const int minute = minute_of(interval->zone, at);

	for (size_t i = 0; i < interval->n_spans; i++)
		if (in_span(&interval->spans[i], day, minute))
			return true;
	return false;
}

static void earlier(struct wall *best, struct wall t, struct wall after)
{
	if (t.ms > after.ms && (!wall_known(*best) || t.ms < best->ms))
		*best = t;
}

/* When one minute of the day comes next: today, tomorrow, or a second time because the clock
 * was put back. */
static void minute_next(
	struct wall *best, const struct zone *zone, int64_t day, int minute, struct wall t)
{
	const int away = (minute - minute_of(zone, t) + DAY_MINUTES) % DAY_MINUTES;
	const struct wall again = {(floor_div(t.ms, MINUTE_MS) + away) * MINUTE_MS};

	earlier(best, window_at(zone, day, minute), t);
	earlier(best, window_at(zone, day + 1, minute), t);
	if (zone_offset_s(zone, again) == zone_offset_s(zone, t))
		earlier(best, again, t);
}

struct wall window_next(const struct time_interval *interval, struct wall at, bool inside)
{
	const struct zone *zone = interval->zone;
	const int64_t first = zone_day_number(zone, at);
	int64_t day = first;

	while (window_inside(interval, at) != inside) {
		struct wall best = WALL_NONE;

		minute_next(&best, zone, day, 0, at);
		for (size_t i = 0; i < interval->n_spans; i++) {
			minute_next(&best, zone, day, interval->spans[i].from_minute, at);
			minute_next(&best, zone, day, interval->spans[i].to_minute, at);
		}
		at = best;
		day = zone_day_number(zone, at);
		if (day > first + WINDOW_DAYS_MOST)
			return WALL_NONE;
	}
	return at;
}

/* --- Digests and budgets -------------------------------------------------------------------
 */

struct wall digest_next(const struct digest *d, struct wall after)
{
	const int64_t today = zone_day_number(d->zone, after);
	const int64_t local = after.ms + zone_offset_s(d->zone, after) * 1000;
	struct wall best = WALL_NONE;

	if (d->every == DIGEST_EVERY_HOUR) {
		const int64_t hour = floor_div(local, HOUR_MS);
		const struct wall now = {
			after.ms - (local - hour * HOUR_MS) + (int64_t)d->minute * MINUTE_MS};

		earlier(&best, now, after);
		earlier(&best, (struct wall){now.ms + HOUR_MS}, after);
		return best;
	}
	for (int64_t day = today; day <= today + 7 && !wall_known(best); day++)
		if (d->every != DIGEST_EVERY_WEEK || weekday_of(day) == d->weekday)
			earlier(&best, window_at(d->zone, day, d->minute), after);
	return best;
}

void digest_text(struct buf *out, const struct digest *d)
{
	static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	if (d->every == DIGEST_EVERY_HOUR)
		buf_addf(out, "hourly :%02u", d->minute % 60U);
	else if (d->every == DIGEST_EVERY_DAY)
		buf_addf(out, "daily %02u:%02u", d->minute / 60U, d->minute % 60U);
	else
		buf_addf(out, "weekly %s %02u:%02u", days[d->weekday % 7], d->minute / 60U,
			d->minute % 60U);
	buf_addf(out, " %.*s", SPAN_ARG(d->zone_name.n ? d->zone_name : SPAN("UTC")));
}

struct window window_of(enum budget_per per, const struct zone *zone, struct wall at)
{
	const int64_t day = zone_day_number(zone, at);
	const int64_t local = at.ms + zone_offset_s(zone, at) * 1000;
	struct window w = {.number = day};

	switch (per) {
	case BUDGET_HOUR:
		w.number = floor_div(local, HOUR_MS);
		w.from.ms = at.ms - (local - w.number * HOUR_MS);
		w.until.ms = w.from.ms + HOUR_MS;
		break;
	case BUDGET_DAY:
		w.from = day_begin(zone, day);
		w.until = day_begin(zone, day + 1);
		break;
	case BUDGET_WEEK:
		w.number = floor_div(day + 3, 7);
		w.from = day_begin(zone, w.number * 7 - 3);
		w.until = day_begin(zone, w.number * 7 + 4);
		break;
	}
	return w;
}
