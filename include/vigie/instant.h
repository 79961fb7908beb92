#ifndef VIGIE_INSTANT_H
#define VIGIE_INSTANT_H

/*
 * Two clocks that cannot be mixed: `mono` for timers and deadlines (CLOCK_MONOTONIC), `wall` for
 * publications and records (UTC). Both count milliseconds. Nothing here reads a clock: instants
 * are read at the roof (io/loop.h) and handed down.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "vigie/span.h"

struct mono {
	int64_t ms;
};

struct wall {
	int64_t ms; /* since 1970-01-01T00:00:00Z; WALL_NONE: unknown */
};

#define WALL_NONE ((struct wall){ INT64_MIN })
enum { RFC3339_SIZE = 32 };

static inline bool wall_known(struct wall t)
{
	return t.ms != INT64_MIN;
}

/* Days since 1970-01-01 of a proleptic Gregorian date; month 1 to 12, any day number.
 * Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil. */
static inline int64_t days_from_civil(int64_t year, int month, int64_t day)
{
	const int64_t y = month <= 2 ? year - 1 : year;
	const int64_t era = (y >= 0 ? y : y - 399) / 400;
	const int64_t yoe = y - era * 400;
	const int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	const int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

/* The inverse, civil_from_days of the same source. */
static inline void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
	const int64_t z = days + 719468;
	const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	const int64_t doe = z - era * 146097;
	const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	const int64_t mp = (5 * doy + 2) / 153;

	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = yoe + era * 400 + (*month <= 2);
}

static inline struct wall wall_from_civil(int64_t year, int month, int day, int hour, int minute,
	int second)
{
	return (struct wall){ (((days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60 +
				      second) *
			      1000 };
}

/* "2026-11-20T20:26:10Z", or with milliseconds "…:10.344Z"; "" when unknown or outside the years
 * 0 to 9999. Returns out. */
static inline const char *wall_rfc3339_as(char out[RFC3339_SIZE], struct wall t, bool with_ms)
{
	int64_t seconds, days, rest, year;
	int month, day, ms;

	out[0] = '\0';
	if (!wall_known(t))
		return out;
	seconds = t.ms / 1000 - (t.ms % 1000 < 0);
	ms = (int)(t.ms - seconds * 1000);
	days = seconds / 86400 - (seconds % 86400 < 0);
	rest = seconds - days * 86400;
	civil_from_days(days, &year, &month, &day);
	if (year < 0 || year > 9999)
		return out;
	if (with_ms)
		(void)snprintf(out, RFC3339_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)year,
			month, day, (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60), ms);
	else
		(void)snprintf(out, RFC3339_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, month,
			day, (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
	return out;
}

static inline const char *wall_rfc3339(char out[RFC3339_SIZE], struct wall t)
{
	return wall_rfc3339_as(out, t, false);
}

static inline const char *wall_rfc3339_ms(char out[RFC3339_SIZE], struct wall t)
{
	return wall_rfc3339_as(out, t, true);
}

/* Reads only the two shapes written above. WALL_NONE for anything else; what the world writes
 * is read by daemon/sources/date.h. */
static inline struct wall wall_parse_rfc3339(struct span s)
{
	int year, month, day, hour, minute, second, ms = 0, used = 0;
	char text[RFC3339_SIZE];

	if (s.n < 20 || s.n > 24 || s.p[s.n - 1] != 'Z')
		return WALL_NONE;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second,
		    &used) != 6 ||
		used != 19)
		return WALL_NONE;
	if (s.n == 24 && sscanf(text + 19, ".%3dZ", &ms) != 1)
		return WALL_NONE;
	if (s.n != 20 && s.n != 24)
		return WALL_NONE;
	if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
		return WALL_NONE;
	return (struct wall){ wall_from_civil(year, month, day, hour, minute, second).ms + ms };
}

#endif
