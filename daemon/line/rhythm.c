/*
 * rhythm: a small model of one source. What to do with it is the crawler's affair.
 */

#include "line/rhythm.h"

#include <math.h>

enum { VERSION = 1, HOUR_MS = 3600 * 1000, WEEK_HOURS = RHYTHM_CELLS };

/* The prior of a source nobody knows: an item a day, believed as much as half an item seen. */
static const double prior_items = 0.5;
static const double prior_hours = 0.5 * 24;
/* Belief of an hour of the day in the mean, and of an hour of the week in the hour of the day:
 * as much as so many items seen. */
static const double day_items = 2;
static const double week_items = 8;
/* Averages fade over these. */
static const double memory_hours = 6 * WEEK_HOURS;
static const double memory_weeks = 5;

struct rhythm rhythm_new(void)
{
	return (struct rhythm){.until = WALL_NONE, .last_item = WALL_NONE};
}

/* --- Bytes ------------------------------------------------------------------------------- */

static void put(unsigned char **p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		*(*p)++ = (unsigned char)(v >> (8 * i));
}

static uint32_t get(const unsigned char **p)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v |= (uint32_t) * (*p)++ << (8 * i);
	return v;
}

/* Numbers are kept as thousandths, instants as seconds (0: none). */
static uint32_t of_number(float v)
{
	return v > 0 && v < 4e6F ? (uint32_t)(v * 1000) : 0;
}

static uint32_t of_instant(struct wall t)
{
	return wall_known(t) && t.ms > 0 ? (uint32_t)(t.ms / 1000) : 0;
}

static struct wall instant(uint32_t v)
{
	return v ? (struct wall){(int64_t)v * 1000} : WALL_NONE;
}

void rhythm_decode(struct rhythm *ret, struct span bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	*ret = rhythm_new();
	if (bytes.n != RHYTHM_BYTES || *p++ != VERSION)
		return;
	memcpy(ret->cells, p, RHYTHM_CELLS);
	p += RHYTHM_CELLS;
	ret->items = (float)get(&p) / 1000;
	ret->hours = (float)get(&p) / 1000;
	ret->hour_items = (float)get(&p) / 1000;
	ret->hour_seen = (float)get(&p) / 1000;
	ret->until = instant(get(&p));
	ret->last_item = instant(get(&p));
}

struct span rhythm_encode(struct arena *arena, const struct rhythm *rhythm)
{
	unsigned char *bytes = arena_alloc(arena, RHYTHM_BYTES), *p = bytes;

	if (!bytes)
		return SPAN_NONE;
	*p++ = VERSION;
	memcpy(p, rhythm->cells, RHYTHM_CELLS);
	p += RHYTHM_CELLS;
	put(&p, of_number(rhythm->items));
	put(&p, of_number(rhythm->hours));
	put(&p, of_number(rhythm->hour_items));
	put(&p, of_number(rhythm->hour_seen));
	put(&p, of_instant(rhythm->until));
	put(&p, of_instant(rhythm->last_item));
	return span_of((const char *)bytes, RHYTHM_BYTES);
}

/* --- Learning ---------------------------------------------------------------------------- */

static int64_t hour_of(int64_t ms)
{
	return ms / HOUR_MS - (ms % HOUR_MS < 0);
}

/* 0 is Monday 0:00 UTC; 1970-01-01 was a Thursday. */
static int cell_of(int64_t hour)
{
	return (int)(((hour + 3 * 24) % RHYTHM_CELLS + RHYTHM_CELLS) % RHYTHM_CELLS);
}

/* Square roots are what a Poisson variable is evenly precise in (Anscombe 1948). */
static double value(uint8_t code)
{
	return (double)code * code / 256;
}

/* Rounded up or down by chance, so that many small steps aren't all lost. */
static uint8_t code(double v, uint64_t *random)
{
	const double exact = 16 * sqrt(v > 0 ? v : 0);
	const double whole = floor(exact);
	double chance;

	/* Knuth's MMIX generator: no more is asked of it. */
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	chance = (double)(*random >> 40) / (1 << 24);
	/* Between two codes, values (not codes) are to be kept on average. */
	if (v > whole * whole / 256 + chance * (2 * whole + 1) / 256)
		return whole < 254 ? (uint8_t)(whole + 1) : 255;
	return whole < 255 ? (uint8_t)whole : 255;
}

/* How many weeks the cells are worth. */
static double weeks(const struct rhythm *r)
{
	const double seen = (double)r->hours / WEEK_HOURS;

	return seen < memory_weeks ? seen : memory_weeks;
}

/* The hour is over: its cell learns. */
static void fold(struct rhythm *r, int64_t hour, uint64_t *random)
{
	uint8_t *cell = &r->cells[cell_of(hour)];
	const double gain = 1 / (1 + weeks(r));
	const double v = value(*cell);

	if (r->hour_seen > 0)
		*cell = code(
			v + gain * ((double)r->hour_items - v * (double)r->hour_seen), random);
	r->hour_items = 0;
	r->hour_seen = 0;
}

/* `items` were published in a part of an hour that was wholly seen. */
static void see(struct rhythm *r, double part, double items)
{
	const double fade = exp(-part / memory_hours);

	r->items = (float)((double)r->items * fade + items);
	r->hours = (float)((double)r->hours * fade + part);
	r->hour_items += (float)items;
	r->hour_seen += (float)part;
}

static struct wall window_start(struct wall now, const struct wall *times, size_t n)
{
	struct wall first = now;

	for (size_t i = 0; i < n; i++)
		if (wall_known(times[i]) && times[i].ms < first.ms)
			first = times[i];
	if (first.ms < now.ms - (int64_t)RHYTHM_WINDOW_HOURS * HOUR_MS)
		first.ms = now.ms - (int64_t)RHYTHM_WINDOW_HOURS * HOUR_MS;
	return first;
}

void rhythm_observe(struct rhythm *rhythm, struct wall now, const struct wall *times, size_t n,
	size_t undated, uint64_t random)
{
	enum { SLICES = RHYTHM_WINDOW_HOURS + 2 };
	struct rhythm *r = rhythm;
	float counts[SLICES] = {0};
	const bool first = !wall_known(r->until);
	struct wall from = first ? window_start(now, times, n) : r->until;
	int64_t hour, last = hour_of(now.ms);
	double share;

	if (from.ms >= now.ms) {
		r->until = now;
		return;
	}
	/* A gap of months teaches nothing that its last weeks don't. */
	if (from.ms < now.ms - (int64_t)RHYTHM_WINDOW_HOURS * HOUR_MS)
		from.ms = now.ms - (int64_t)RHYTHM_WINDOW_HOURS * HOUR_MS;
	hour = hour_of(from.ms);
	for (size_t i = 0; i < n; i++) {
		/* The oldest one of the first document opened the window: it isn't in it. */
		if (!wall_known(times[i]) || times[i].ms <= from.ms || times[i].ms > now.ms)
			continue;
		counts[hour_of(times[i].ms) - hour]++;
		if (!wall_known(r->last_item) || r->last_item.ms < times[i].ms)
			r->last_item = times[i];
	}
	if (undated)
		r->last_item = now;
	share = (double)undated / (double)(now.ms - from.ms);
	if (wall_known(r->until) && hour_of(r->until.ms) != hour)
		fold(r, hour_of(r->until.ms), &random);
	for (int64_t at = from.ms, k = 0; hour <= last; hour++, k++) {
		const int64_t end = hour == last ? now.ms : (hour + 1) * HOUR_MS;

		see(r, (double)(end - at) / HOUR_MS,
			(double)counts[k] + share * (double)(end - at));
		if (hour < last)
			fold(r, hour, &random);
		at = end;
	}
	r->until = now;
}

/* --- What was learnt --------------------------------------------------------------------- */

double rhythm_mean(const struct rhythm *rhythm)
{
	return (prior_items + (double)rhythm->items) / (prior_hours + (double)rhythm->hours);
}

double rhythm_hope(const struct rhythm *rhythm)
{
	const double items = prior_items + (double)rhythm->items;

	return (items + sqrt(items)) / (prior_hours + (double)rhythm->hours);
}

/* The mean of a Gamma posterior: `seen` items in `hours`, where `prior` an hour were expected.
 */
static double posterior(double seen, double hours, double prior, double belief)
{
	return (belief + seen) / (belief / prior + hours);
}

/* Rates of the week, in cells from `cell` on; what was learnt of the whole source comes in. */
static double rate_of(const struct rhythm *r, int cell, double mean)
{
	const double seen = weeks(r);
	double day = 0;

	for (int d = 0; d < 7; d++)
		day += value(r->cells[cell % 24 + 24 * d]);
	day = posterior(day * seen, 7 * seen, mean, day_items);
	return posterior(value(r->cells[cell]) * seen, seen, day, week_items);
}

double rhythm_rate(const struct rhythm *rhythm, struct wall at)
{
	return rate_of(rhythm, cell_of(hour_of(at.ms)), rhythm_mean(rhythm));
}

/* At a constant rate, rhythm_wait() is the root of twice the price over the rate. */
struct rhythm_share rhythm_share(
	const struct rhythm *rhythm, double price, struct rhythm_bounds bounds)
{
	const double hope = rhythm_hope(rhythm);
	const double most = (double)HOUR_MS / (double)bounds.least_ms; /* requests an hour */
	const double least = (double)HOUR_MS / (double)bounds.most_ms;
	struct rhythm_share share = {0};

	for (int cell = 0; cell < RHYTHM_CELLS; cell++) {
		const double rate = rate_of(rhythm, cell, hope);

		if (price > 0 && rate > 2 * price * most * most)
			share.bound += most;
		else if (price > 0 && rate < 2 * price * least * least)
			share.bound += least;
		else
			share.root += sqrt(rate);
	}
	return (struct rhythm_share){share.root / RHYTHM_CELLS, share.bound / RHYTHM_CELLS};
}

/* --- When to ask ------------------------------------------------------------------------- */

double rhythm_price(struct rhythm_share sum, double requests)
{
	/* Where the bounds alone take nearly all there is, the others still get a little. */
	const double least = requests / 20;
	const double left = requests - sum.bound > least ? requests - sum.bound : least;
	const double cost = sum.root / left;

	return cost * cost / 2;
}

int64_t rhythm_wait(const struct rhythm *rhythm, struct wall from, double price,
	struct rhythm_bounds bounds)
{
	const double hope = rhythm_hope(rhythm);
	double waiting = 0, delay = 0; /* items, and items times hours */
	int64_t at = from.ms, wait = bounds.most_ms;

	while (at < from.ms + bounds.most_ms) {
		const int64_t hour = hour_of(at);
		const double part = (double)((hour + 1) * HOUR_MS - at) / HOUR_MS;
		const double rate = rate_of(rhythm, cell_of(hour), hope);
		const double more = waiting * part + rate * part * part / 2;

		if (delay + more >= price) {
			const double rest = price - delay;
			/* rate/2 h^2 + waiting h = rest */
			const double h = 2 * rest /
					 (waiting + sqrt(waiting * waiting + 2 * rate * rest));

			wait = at - from.ms + (int64_t)(h * HOUR_MS);
			break;
		}
		delay += more;
		waiting += rate * part;
		at = (hour + 1) * HOUR_MS;
	}
	return wait < bounds.least_ms  ? bounds.least_ms
	       : wait > bounds.most_ms ? bounds.most_ms
				       : wait;
}

/* The probability of no item since the last one, over the posterior of the mean: a negative
 * binomial's zero. Time counts as the rhythm has it: a night is short. */
bool rhythm_is_broken(const struct rhythm *rhythm, struct wall now)
{
	const struct rhythm *r = rhythm;
	const double mean = rhythm_mean(r);
	const int64_t week_ms = (int64_t)WEEK_HOURS * HOUR_MS;
	double expected, hours;
	int64_t at;

	if (!wall_known(r->last_item) || weeks(r) < 2)
		return false;
	at = r->last_item.ms;
	expected = 0;
	if (now.ms > at) { /* whole weeks hold what a week holds */
		expected = mean * WEEK_HOURS * (double)((now.ms - at) / week_ms);
		at += (now.ms - at) / week_ms * week_ms;
	}
	while (at < now.ms) {
		const int64_t hour = hour_of(at);
		const int64_t end =
			(hour + 1) * HOUR_MS < now.ms ? (hour + 1) * HOUR_MS : now.ms;

		expected += rate_of(r, cell_of(hour), mean) * (double)(end - at) / HOUR_MS;
		at = end;
	}
	hours = expected / mean;
	return -(prior_items + (double)r->items) *
		       log1p(hours / (prior_hours + (double)r->hours)) <
	       -log(RHYTHM_ODDS);
}
