#include "vigie/zone.h"

#include <errno.h>

/* A rule for when daylight saving time begins or ends, each year. */
struct change {
	char form; /* 'M', 'J' (1 to 365, no leap day) or 'N' (0 to 365) */
	int month, week, day;
	int64_t time_s; /* local, of the day */
};

struct zone {
	size_t n; /* transitions */
	int64_t *at_s;
	int64_t *offset_s; /* from at_s on */
	int64_t first_s;   /* offset before the first */
	bool has_rule, has_dst;
	int64_t std_s, dst_s;
	struct change begins, ends;
};

enum { HEADER = 44, TRANSITIONS_MAX = 100000 };

static int64_t big_endian(const char *p, size_t n)
{
	uint64_t v = (unsigned char)p[0] & 0x80 ? UINT64_MAX : 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | (unsigned char)p[i];
	return (int64_t)v;
}

/* --- The footer ----------------------------------------------------------------------------
 */

static bool read_int(int64_t *ret, struct span *s, int64_t max)
{
	int64_t v = 0;
	size_t i = 0;

	for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9' && v <= max; i++)
		v = v * 10 + (s->p[i] - '0');
	*s = span_slice(*s, i, s->n);
	*ret = v;
	return i && v <= max;
}

static bool skip(struct span *s, char c)
{
	if (!s->n || s->p[0] != c)
		return false;
	*s = span_slice(*s, 1, s->n);
	return true;
}

/* "CET" or "<+03>". */
static bool read_name(struct span *s)
{
	size_t i = 0;

	if (skip(s, '<')) {
		i = span_find(*s, '>');
		*s = span_slice(*s, i, s->n);
		return skip(s, '>');
	}
	while (i < s->n && ascii_lower(s->p[i]) >= 'a' && ascii_lower(s->p[i]) <= 'z')
		i++;
	*s = span_slice(*s, i, s->n);
	return i > 0;
}

/* [+-]hh[:mm[:ss]], up to 167 hours (RFC 8536 section 3.3.1). */
static bool read_time(int64_t *ret, struct span *s)
{
	const bool minus = skip(s, '-');
	int64_t h, m = 0, sec = 0;

	if (!minus)
		(void)skip(s, '+');
	if (!read_int(&h, s, 167) || (skip(s, ':') && !read_int(&m, s, 59)) ||
		(skip(s, ':') && !read_int(&sec, s, 59)))
		return false;
	*ret = (minus ? -1 : 1) * (h * 3600 + m * 60 + sec);
	return true;
}

static bool read_change(struct change *ret, struct span *s)
{
	struct change c = {.time_s = 7200};
	int64_t a, b = 0, d = 0;

	if (!skip(s, ','))
		return false;
	c.form = skip(s, 'M') ? 'M' : skip(s, 'J') ? 'J' : 'N';
	if (!read_int(&a, s, c.form == 'M' ? 12 : 365))
		return false;
	if (c.form == 'M' && (!skip(s, '.') || !read_int(&b, s, 5) || !skip(s, '.') ||
				     !read_int(&d, s, 6) || a < 1 || b < 1))
		return false;
	c.month = (int)a;
	c.week = (int)b;
	c.day = c.form == 'M' ? (int)d : (int)a;
	if (skip(s, '/') && !read_time(&c.time_s, s))
		return false;
	*ret = c;
	return true;
}

static bool read_rule(struct zone *z, struct span s)
{
	int64_t west;

	if (!s.n)
		return true; /* says nothing: the last transition holds */
	if (!read_name(&s) || !read_time(&west, &s))
		return false;
	z->has_rule = true;
	z->std_s = -west;
	if (!s.n)
		return true;
	z->has_dst = true;
	z->dst_s = z->std_s + 3600;
	if (!read_name(&s))
		return false;
	if (s.n && s.p[0] != ',') {
		if (!read_time(&west, &s))
			return false;
		z->dst_s = -west;
	}
	return read_change(&z->begins, &s) && read_change(&z->ends, &s) && !s.n;
}

/* The day and second of a change in a year, local time before it. */
static int64_t change_s(const struct change *c, int64_t year)
{
	int64_t day;

	if (c->form == 'M') {
		const int64_t first = days_from_civil(year, c->month, 1);
		const int64_t next = c->month == 12 ? days_from_civil(year + 1, 1, 1)
						    : days_from_civil(year, c->month + 1, 1);
		/* 1970-01-01 was a Thursday. */
		const int64_t weekday = ((first + 4) % 7 + 7) % 7;

		day = first + (c->day - weekday + 7) % 7 + (c->week - 1) * 7;
		if (day >= next)
			day -= 7;
	} else {
		const bool leap =
			days_from_civil(year, 3, 1) - days_from_civil(year, 2, 1) == 29;

		day = days_from_civil(year, 1, 1) + c->day - (c->form == 'J');
		if (c->form == 'J' && leap && c->day >= 60)
			day++;
	}
	return day * 86400 + c->time_s;
}

static int64_t by_rule(const struct zone *z, int64_t at_s)
{
	const int64_t local = at_s + z->std_s;
	int64_t year, begins, ends;
	int month, day;

	if (!z->has_dst)
		return z->std_s;
	civil_from_days(local / 86400 - (local % 86400 < 0), &year, &month, &day);
	begins = change_s(&z->begins, year) - z->std_s;
	ends = change_s(&z->ends, year) - z->dst_s;
	if (begins < ends)
		return at_s >= begins && at_s < ends ? z->dst_s : z->std_s;
	return at_s >= ends && at_s < begins ? z->std_s : z->dst_s;
}

/* --- The file ------------------------------------------------------------------------------
 */

struct counts {
	int64_t utc, std, leap, times, types, chars;
};

static bool read_header(struct counts *ret, struct span bytes)
{
	int64_t v[6];

	if (bytes.n < HEADER || !span_starts(bytes, SPAN("TZif")))
		return false;
	for (size_t i = 0; i < 6; i++) {
		v[i] = big_endian(bytes.p + 20 + 4 * i, 4);
		if (v[i] < 0 || v[i] > TRANSITIONS_MAX)
			return false;
	}
	*ret = (struct counts){v[0], v[1], v[2], v[3], v[4], v[5]};
	return v[4] > 0;
}

static size_t block_size(const struct counts *c, size_t time)
{
	return (size_t)(c->times * (int64_t)time + c->times + c->types * 6 + c->chars +
			c->leap * (int64_t)(time + 4) + c->std + c->utc);
}

static int read_block(
	struct zone *z, struct arena *arena, const struct counts *c, const char *p)
{
	const char *types = p + c->times * 9;

	z->n = (size_t)c->times;
	z->at_s = arena_calloc(arena, z->n + 1, sizeof(*z->at_s));
	z->offset_s = arena_calloc(arena, z->n + 1, sizeof(*z->offset_s));
	if (!z->at_s || !z->offset_s)
		return -ENOMEM;
	z->first_s = big_endian(types, 4);
	for (size_t i = 0; i < z->n; i++) {
		const unsigned char type = (unsigned char)p[z->n * 8 + i];

		z->at_s[i] = big_endian(p + i * 8, 8);
		if (type >= c->types || (i && z->at_s[i] <= z->at_s[i - 1]))
			return -EBADMSG;
		z->offset_s[i] = big_endian(types + type * 6, 4);
		if (z->offset_s[i] < -172800 || z->offset_s[i] > 172800)
			return -EBADMSG;
	}
	return 0;
}

int zone_read(struct zone **ret, struct arena *arena, struct span bytes)
{
	struct zone *z = arena_calloc(arena, 1, sizeof(*z));
	struct counts c;
	size_t at;
	int r;

	if (!z)
		return -ENOMEM;
	if (!read_header(&c, bytes) || bytes.p[4] < '2')
		return -EBADMSG;
	at = HEADER + block_size(&c, 4); /* the block of version 1, for old readers */
	bytes = span_slice(bytes, at, bytes.n);
	if (!read_header(&c, bytes) || bytes.n < HEADER + block_size(&c, 8))
		return -EBADMSG;
	r = read_block(z, arena, &c, bytes.p + HEADER);
	if (r < 0)
		return r;
	bytes = span_slice(bytes, HEADER + block_size(&c, 8), bytes.n);
	if (!skip(&bytes, '\n') || !read_rule(z, span_slice(bytes, 0, span_find(bytes, '\n'))))
		return -EBADMSG;
	*ret = z;
	return 0;
}

/* --- Asking --------------------------------------------------------------------------------
 */

int64_t zone_offset_s(const struct zone *zone, struct wall at)
{
	const int64_t s = at.ms / 1000 - (at.ms % 1000 < 0);
	size_t low = 0, high = zone ? zone->n : 0;

	if (!zone)
		return 0;
	while (low < high) {
		const size_t mid = (low + high) / 2;

		if (zone->at_s[mid] <= s)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == zone->n && zone->has_rule)
		return by_rule(zone, s);
	return low ? zone->offset_s[low - 1] : zone->first_s;
}

int64_t zone_day_number(const struct zone *zone, struct wall at)
{
	const int64_t ms = at.ms + zone_offset_s(zone, at) * 1000;

	return ms / 86400000 - (ms % 86400000 < 0);
}

struct wall zone_day(const struct zone *zone, int64_t year, int month, int64_t day)
{
	const int64_t months = year * 12 + month - 1;
	const int64_t number = days_from_civil(
		months / 12 - (months % 12 < 0), (int)((months % 12 + 12) % 12) + 1, day);
	/* An instant surely before it, and one surely behind: between them the day begins once.
	 */
	int64_t low = (number - 2) * 86400, high = (number + 2) * 86400;

	while (low < high) {
		const int64_t mid = low + (high - low) / 2;

		if (zone_day_number(zone, (struct wall){mid * 1000}) >= number)
			high = mid;
		else
			low = mid + 1;
	}
	return (struct wall){low * 1000};
}
