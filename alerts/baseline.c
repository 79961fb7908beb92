#include "vigie/baseline.h"

#include <math.h>
#include <stdlib.h>

#include "vigie/zone.h"

#define NORMAL_MAD 1.4826

#define DAY_MS (INT64_C(24) * 3600 * 1000)

void baseline_ago(
	int64_t ret[BASELINE_WEEKS + BASELINE_DAYS], const struct zone *zone, struct wall now)
{
	const int64_t offset = zone_offset_s(zone, now);

	for (int i = 0; i < BASELINE_WEEKS + BASELINE_DAYS; i++) {
		const int64_t days =
			i < BASELINE_WEEKS ? (i + 1) * INT64_C(7) : i - BASELINE_WEEKS + 1;
		struct wall then = {now.ms - days * DAY_MS};

		/* Twice, for the first may lie on the other side of a change. */
		for (int k = 0; k < 2; k++)
			then.ms = now.ms - days * DAY_MS +
				  (offset - zone_offset_s(zone, then)) * 1000;
		ret[i] = now.ms - then.ms;
	}
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, uint32_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static uint32_t add_known(double *to, uint32_t n, const double *from, uint32_t n_from)
{
	for (uint32_t i = 0; i < n_from; i++)
		if (isfinite(from[i]))
			to[n++] = from[i];
	return n;
}

struct baseline baseline_of(const struct baseline_past *past)
{
	double values[BASELINE_WEEKS + BASELINE_DAYS];
	struct baseline b = {.samples = add_known(values, 0, past->weeks, BASELINE_WEEKS)};
	double least;

	if (b.samples < BASELINE_WEEKS_LEAST) {
		b.learning = true;
		/* The day a week ago is among the weeks already. */
		b.samples = add_known(values, b.samples, past->days, BASELINE_DAYS - 1);
	}
	if (!b.samples)
		return b;
	b.usual = median(values, b.samples);
	for (uint32_t i = 0; i < b.samples; i++)
		values[i] = fabs(values[i] - b.usual);
	b.spread = NORMAL_MAD * median(values, b.samples);
	least = sqrt(b.usual > 1 ? b.usual : 1);
	if (b.spread < least)
		b.spread = least;
	return b;
}
