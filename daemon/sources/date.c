#include "sources/date.h"

#include <string.h>

#include "sources/date_names.h"
#include "vigie/utf8.h"

/* No date anyone writes is longer. */
enum { MAX_DATE_BYTES = 160 };

/* What was found so far; -1: nothing. */
struct parts {
	int year, month, day;
	int hour, minute, second, ms;
	int offset;                   /* minutes east of UTC; NO_OFFSET */
	const struct date_zone *zone; /* whose offset depends on the date */
	int weekday;                  /* 0 Monday */
	bool pm, am;
};

enum { NO_OFFSET = 100000 };

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && leap(year));
}

/* RFC 5322, section 4.3: 00 to 49 are of this century. */
static int full_year(int two)
{
	return two < 50 ? 2000 + two : 1900 + two;
}

/* 0 Monday. 1970-01-01 was a Thursday. */
static int weekday_of(int year, int month, int day)
{
	const int64_t d = days_from_civil(year, month, day) + 3;

	return (int)((d % 7 + 7) % 7);
}

/* The nth (1 to 4, 5: last) weekday w of a month, as a day number. */
static int nth_weekday(int year, int month, int w, int nth)
{
	const int first = weekday_of(year, month, 1);
	int day = 1 + (w - first + 7) % 7 + (nth - 1) * 7;

	while (day > days_in_month(year, month))
		day -= 7;
	return day;
}

/* Is summer time in force, going by the local day? On the days of change, by the hour of
 * change. */
static bool summer(enum date_summer rule, const struct parts *p)
{
	static const struct {
		int from_month, from_nth, to_month, to_nth, hour;
		bool southern;
	} rules[] = {
		[DATE_SUMMER_EU] = {3, 5, 10, 5, 2, false},
		[DATE_SUMMER_US] = {3, 2, 11, 1, 2, false},
		[DATE_SUMMER_AU] = {4, 1, 10, 1, 3, true},
		[DATE_SUMMER_NZ] = {4, 1, 9, 5, 3, true},
	};
	const int from = nth_weekday(p->year, rules[rule].from_month, 6, rules[rule].from_nth);
	const int to = nth_weekday(p->year, rules[rule].to_month, 6, rules[rule].to_nth);
	const int now = (p->month * 100 + p->day) * 100 + p->hour;
	const int begin = (rules[rule].from_month * 100 + from) * 100 + rules[rule].hour;
	const int end = (rules[rule].to_month * 100 + to) * 100 + rules[rule].hour;
	const bool between = now >= begin && now < end;

	return rules[rule].southern ? !between : between;
}

static struct wall finish(struct parts *p)
{
	struct wall t;

	if (p->year < 0 || p->year > 9999)
		return WALL_NONE;
	if (p->month < 0)
		p->month = 1;
	if (p->day < 0)
		p->day = 1;
	/* "31 June" is the 1st of July, as mktime() has it: near, and better than nothing */
	if (p->month < 1 || p->month > 12 || p->day < 1 || p->day > 31)
		return WALL_NONE;
	if (p->hour < 0)
		p->hour = p->minute = p->second = p->ms = 0;
	if (p->pm && p->hour < 12)
		p->hour += 12;
	else if (p->am && p->hour == 12)
		p->hour = 0;
	if (p->hour > 24 || p->minute > 59 || p->second > 60 ||
		(p->hour == 24 && (p->minute || p->second)))
		return WALL_NONE;
	if (p->zone) {
		p->offset = p->zone->minutes;
		if (p->zone->summer && summer(p->zone->summer, p))
			p->offset += 60;
	}
	if (p->offset == NO_OFFSET)
		p->offset = 0;
	t = wall_from_civil(p->year, p->month, p->day, p->hour, p->minute, p->second);
	t.ms += p->ms - (int64_t)p->offset * 60000;
	return t;
}

/* A cursor over the text. */
struct scan {
	struct span s;
	size_t i;
};

static char peek(const struct scan *c)
{
	return c->i < c->s.n ? c->s.p[c->i] : '\0';
}

static bool take(struct scan *c, char what)
{
	if (peek(c) != what || c->i >= c->s.n)
		return false;
	c->i++;
	return true;
}

static int digits_ahead(const struct scan *c)
{
	int n = 0;

	while (c->i + (size_t)n < c->s.n && digit(c->s.p[c->i + (size_t)n]))
		n++;
	return n;
}

static int take_number(struct scan *c, int n)
{
	int v = 0;

	for (int k = 0; k < n; k++)
		v = v * 10 + (c->s.p[c->i++] - '0');
	return v;
}

static void skip_blanks(struct scan *c)
{
	while (c->i < c->s.n && ascii_space(c->s.p[c->i]))
		c->i++;
}

/* "+0100", "+01:00", "+1", "-05", "+0530"; the sign is at the cursor. False for anything else,
 * also "+00:zz". */
static bool read_offset(struct scan *c, struct parts *p)
{
	const bool minus = peek(c) == '-';
	int n, hours, minutes = 0;

	c->i++;
	skip_blanks(c);
	n = digits_ahead(c);
	if (n < 1 || n > 6)
		return false;
	hours = take_number(c, n < 3 ? n : n - (n >= 5 ? 4 : 2));
	if (n >= 3)
		minutes = take_number(c, 2);
	if (n >= 5)
		(void)take_number(c, 2);
	if (n < 3 && take(c, ':')) {
		if (digits_ahead(c) != 2)
			return false;
		minutes = take_number(c, 2);
		if (peek(c) == ':' && c->i + 2 < c->s.n && digit(c->s.p[c->i + 1])) {
			c->i++;
			(void)take_number(c, digits_ahead(c));
		}
	}
	if (hours > 26 || minutes > 59)
		return false;
	p->offset = (hours * 60 + minutes) * (minus ? -1 : 1);
	p->zone = NULL;
	return true;
}

/* ".123", ",5" */
static void read_fraction(struct scan *c, struct parts *p)
{
	int n;

	if ((peek(c) != '.' && peek(c) != ',') || c->i + 1 >= c->s.n ||
		!digit(c->s.p[c->i + 1]))
		return;
	c->i++;
	n = digits_ahead(c);
	p->ms = 0;
	for (int k = 0, unit = 100; k < n; k++, unit /= 10)
		p->ms += take_number(c, 1) * unit;
}

/* "10:14", "10:14:55.1234"; the hour is at the cursor. */
static bool read_clock(struct scan *c, struct parts *p)
{
	int n = digits_ahead(c);

	if (n < 1 || n > 2)
		return false;
	p->hour = take_number(c, n);
	p->minute = p->second = p->ms = 0;
	if (!take(c, ':'))
		return false;
	n = digits_ahead(c);
	if (n < 1 || n > 2)
		return false;
	p->minute = take_number(c, n);
	if (peek(c) == ':') {
		c->i++;
		n = digits_ahead(c);
		if (n < 1 || n > 2)
			return false;
		p->second = take_number(c, n);
		read_fraction(c, p);
	}
	return true;
}

/* ISO 8601's time, extended or basic, with or without zone, to the end of the text. */
static bool read_iso_time(struct scan *c, struct parts *p)
{
	int n;

	skip_blanks(c);
	if (c->i == c->s.n)
		return true;
	if (take(c, 'T') || take(c, 't'))
		skip_blanks(c);
	n = digits_ahead(c);
	if (n == 4 || n == 6) {
		p->hour = take_number(c, 2);
		p->minute = take_number(c, 2);
		p->second = n == 6 ? take_number(c, 2) : 0;
		p->ms = 0;
		read_fraction(c, p);
	} else if (n == 2 && !(c->i + 2 < c->s.n && c->s.p[c->i + 2] == ':')) {
		p->hour = take_number(c, 2);
		p->minute = p->second = p->ms = 0;
	} else if (n && !read_clock(c, p)) {
		return false;
	}
	skip_blanks(c);
	if (peek(c) == '+' || (peek(c) == '-' && p->hour >= 0)) {
		if (!read_offset(c, p))
			return false;
		(void)(take(c, 'Z') || take(c, 'z')); /* "-05:00Z" */
	} else if (take(c, 'Z') || take(c, 'z')) {
		p->offset = 0;
	}
	skip_blanks(c);
	return c->i == c->s.n;
}

static void set_ordinal(struct parts *p, int ordinal)
{
	p->month = 1;
	while (p->month < 12 && ordinal > days_in_month(p->year, p->month))
		ordinal -= days_in_month(p->year, p->month++);
	p->day = ordinal;
}

/* ISO 8601's weeks: week 1 has the year's first Thursday. */
static void set_week(struct parts *p, int week, int weekday)
{
	const int first = weekday_of(p->year, 1, 4);
	const int64_t day =
		days_from_civil(p->year, 1, 4) - first + (week - 1) * 7 + weekday - 1;
	int64_t year;

	civil_from_days(day, &year, &p->month, &p->day);
	p->year = (int)year;
}

/* What follows a year of four digits: "-12-31", "1231", "-335", "-W52-3", "-012-31" (seen). */
static bool read_iso_rest(struct scan *c, struct parts *p)
{
	const bool dash = take(c, '-');
	int n = digits_ahead(c);

	if (take(c, 'W') || take(c, 'w')) {
		int week;

		if (digits_ahead(c) < 2)
			return false;
		week = take_number(c, 2);
		(void)take(c, '-');
		set_week(p, week, digits_ahead(c) == 1 ? take_number(c, 1) : 1);
		return true;
	}
	if (n == 3 && c->i + 3 < c->s.n && c->s.p[c->i + 3] == '-' && peek(c) == '0') {
		c->i++;
		n = 2;
	}
	if (n == 3) {
		set_ordinal(p, take_number(c, 3));
		return p->day <= 31;
	}
	if (n == 4 || n == 8 || n == 10) { /* the longer ones: with the time */
		p->month = take_number(c, 2);
		p->day = take_number(c, 2);
		return true;
	}
	if (n < 1 || n > 2)
		return !dash && n == 0;
	p->month = take_number(c, n);
	if (take(c, '-')) {
		n = digits_ahead(c);
		if (n < 1 || n > 2)
			return false;
		p->day = take_number(c, n);
	}
	return p->month >= 1 && p->month <= 12;
}

/* Forms with a year of two digits: "031231", "03-12-31", "03335", "03-335", "-0312", "-03-12".
 */
static bool read_iso_short(struct scan *c, struct parts *p)
{
	const bool century_left_out = take(c, '-');
	const int n = digits_ahead(c);

	if (n < 2)
		return false;
	p->year = 2000 + take_number(c, 2);
	if (century_left_out) {
		(void)take(c, '-');
		if (digits_ahead(c) == 2)
			p->month = take_number(c, 2);
		else if (digits_ahead(c) != 0)
			return false;
		return true;
	}
	if (n == 2 && !take(c, '-'))
		return false;
	if (digits_ahead(c) == 3) {
		set_ordinal(p, take_number(c, 3));
		return p->day <= 31;
	}
	if (n == 2) {
		if (digits_ahead(c) != 2)
			return false;
		p->month = take_number(c, 2);
		if (!take(c, '-') || digits_ahead(c) != 2)
			return false;
	} else {
		if (n != 6)
			return false;
		p->month = take_number(c, 2);
	}
	p->day = take_number(c, 2);
	return true;
}

static struct parts nothing(void)
{
	return (struct parts){.year = -1,
		.month = -1,
		.day = -1,
		.hour = -1,
		.minute = 0,
		.offset = NO_OFFSET,
		.weekday = -1};
}

static struct wall parse_iso(struct span s)
{
	struct scan c = {s, 0};
	struct parts p = nothing();
	const int n = digits_ahead(&c);

	if (n == 4 || n >= 7) {
		p.year = take_number(&c, 4);
		if (!read_iso_rest(&c, &p))
			return WALL_NONE;
	} else if (!read_iso_short(&c, &p)) {
		return WALL_NONE;
	}
	if (!read_iso_time(&c, &p))
		return WALL_NONE;
	return finish(&p);
}

/* Seconds, milliseconds or microseconds since 1970: between the years 2001 and 2286. */
static struct wall parse_epoch(struct span s)
{
	int64_t v = 0;
	size_t n = 0;

	while (n < s.n && digit(s.p[n]))
		n++;
	if ((n != 10 && n != 13 && n != 16) || (n < s.n && s.p[n] != '.'))
		return WALL_NONE;
	for (size_t i = n + 1; i < s.n; i++)
		if (!digit(s.p[i]))
			return WALL_NONE;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (s.p[i] - '0');
	return (struct wall){n == 10 ? v * 1000 : n == 13 ? v : v / 1000};
}

static bool word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ((unsigned char)c & 0x80);
}

/* Everything in loose order: weekday, month and zone names, clock, numbers. */
struct loose {
	struct scan c;
	struct parts p;
	int numbers[3], widths[3]; /* of the date, in the order written */
	char marks[2];             /* between them */
	int n_numbers;
	bool weak_month; /* its name may have been a weekday's */
	bool korean;
};

static bool add_number(struct loose *l, int value, int width)
{
	if (l->n_numbers == 3)
		return false;
	l->numbers[l->n_numbers] = value;
	l->widths[l->n_numbers++] = width;
	return true;
}

/* A comment in parentheses, "Nov(ember)", "(CET)": passed over, unless it may be the zone. */
static void read_comment(struct loose *l)
{
	int depth = 0;

	for (; l->c.i < l->c.s.n; l->c.i++) {
		if (l->c.s.p[l->c.i] == '(')
			depth++;
		else if (l->c.s.p[l->c.i] == ')' && --depth == 0) {
			l->c.i++;
			return;
		}
	}
}

static bool read_loose_number(struct loose *l)
{
	const size_t at = l->c.i;
	const int n = digits_ahead(&l->c);
	int value;

	if (n > 4)
		return false;
	if (n <= 2 && at + (size_t)n < l->c.s.n && l->c.s.p[at + (size_t)n] == ':')
		return l->p.hour < 0 && read_clock(&l->c, &l->p);
	value = take_number(&l->c, n);
	/* "3pm", "15h30" */
	if (n <= 2 && l->p.hour < 0) {
		struct scan ahead = l->c;
		const char next = ascii_lower(peek(&ahead));

		if (next == 'h') {
			ahead.i++;
			if (digits_ahead(&ahead) == 2 || !word_byte(peek(&ahead))) {
				l->p.hour = value;
				l->p.minute =
					digits_ahead(&ahead) == 2 ? take_number(&ahead, 2) : 0;
				l->p.second = l->p.ms = 0;
				l->c = ahead;
				return true;
			}
		}
		if (next == ' ')
			skip_blanks(&ahead);
		if (l->n_numbers > 0 && ahead.i + 1 < ahead.s.n &&
			ascii_lower(ahead.s.p[ahead.i + 1]) == 'm' &&
			(ascii_lower(peek(&ahead)) == 'a' ||
				ascii_lower(peek(&ahead)) == 'p') &&
			!(ahead.i + 2 < ahead.s.n && word_byte(ahead.s.p[ahead.i + 2]))) {
			l->p.hour = value;
			l->p.minute = l->p.second = l->p.ms = 0;
			return true;
		}
	}
	if (l->n_numbers > 0 && l->n_numbers < 3) {
		const char before = at ? l->c.s.p[at - 1] : ' ';

		l->marks[l->n_numbers - 1] = before;
	}
	return add_number(l, value, n);
}

static struct span take_word(struct loose *l)
{
	const size_t from = l->c.i;

	while (l->c.i < l->c.s.n &&
		(word_byte(l->c.s.p[l->c.i]) ||
			(l->c.s.p[l->c.i] == '/' && l->c.i > from && l->c.i + 1 < l->c.s.n &&
				word_byte(l->c.s.p[l->c.i + 1])) ||
			(l->c.s.p[l->c.i] == '_' && l->c.i > from)))
		l->c.i++;
	return span_slice(l->c.s, from, l->c.i);
}

static bool read_word(struct loose *l)
{
	const struct span word = take_word(l);
	struct date_word known;

	if (!date_word(&known, word))
		return true; /* "de", "at", "st", a weekday in a language we lack */
	switch (known.kind) {
	case DATE_MONTH:
		if (l->p.month < 0 || l->weak_month) {
			l->p.month = known.value;
			l->weak_month = known.weak;
		}
		break;
	case DATE_WEEKDAY:
		l->p.weekday = known.value;
		break;
	case DATE_AM:
		l->p.am = true;
		break;
	case DATE_PM:
		l->p.pm = true;
		break;
	case DATE_ZONE:
		/* before the clock it is another word: "5 March at 10:00" */
		if (l->p.offset != NO_OFFSET || l->p.hour < 0)
			break;
		l->p.zone = known.zone;
		if (!known.zone->summer) {
			l->p.offset = known.zone->minutes;
			l->p.zone = NULL;
		}
		/* "GMT-07:00", "UTC+1": the number says it all */
		if (l->c.i + 1 < l->c.s.n && (peek(&l->c) == '+' || peek(&l->c) == '-') &&
			digit(l->c.s.p[l->c.i + 1]))
			return read_offset(&l->c, &l->p);
		break;
	}
	return true;
}

/* "a.m.", "p. m.", as the two words they were cut into. */
static bool read_dotted_half(struct loose *l)
{
	const struct span rest = span_slice(l->c.s, l->c.i, l->c.s.n);
	const char half = rest.n ? ascii_lower(rest.p[0]) : '\0';
	size_t i = 1;

	if ((half != 'a' && half != 'p') || l->p.hour < 0)
		return false;
	if (i >= rest.n || rest.p[i] != '.')
		return false;
	i++;
	while (i < rest.n && rest.p[i] == ' ')
		i++;
	if (i >= rest.n || ascii_lower(rest.p[i]) != 'm' ||
		(i + 1 < rest.n && word_byte(rest.p[i + 1])))
		return false;
	l->p.am = half == 'a';
	l->p.pm = half == 'p';
	l->c.i += i + 1;
	return true;
}

/* A sign behind the clock, or behind nothing but blanks and with four digits, is an offset. */
static bool offset_ahead(const struct loose *l)
{
	struct scan c = l->c;

	if (l->p.hour < 0 || l->p.offset != NO_OFFSET)
		return false;
	if (peek(&c) == '+')
		return true;
	if (peek(&c) != '-' || (l->n_numbers < 2 && l->p.month < 0))
		return false;
	c.i++;
	return digits_ahead(&c) == 4 ||
	       (digits_ahead(&c) == 2 && c.i + 2 < c.s.n && c.s.p[c.i + 2] == ':') ||
	       (digits_ahead(&c) > 0 && c.i + (size_t)digits_ahead(&c) == c.s.n);
}

static bool read_loose(struct loose *l)
{
	while (l->c.i < l->c.s.n) {
		const char ch = peek(&l->c);

		if (ch == '(')
			read_comment(l);
		else if (digit(ch)) {
			if (!read_loose_number(l))
				return false;
		} else if ((ch == '+' || ch == '-') && offset_ahead(l)) {
			if (!read_offset(&l->c, &l->p))
				return false;
			if (l->c.i < l->c.s.n && word_byte(peek(&l->c)) && peek(&l->c) != 'Z')
				return false;
		} else if (word_byte(ch)) {
			if (!read_dotted_half(l) && !read_word(l))
				return false;
		} else
			l->c.i++;
	}
	return true;
}

static bool plausible(int year, int month, int day)
{
	return month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month);
}

static int year_of(int value, int width)
{
	return width > 2 ? value : full_year(value);
}

/* Three numbers without a month's name. Which is which: a long one is the year; dots mean day
 * first, slashes month first where both could be, unless the weekday says otherwise. */
static bool settle_numeric(struct loose *l)
{
	const int *v = l->numbers;
	const int year = year_of(v[2], l->widths[2]);
	bool day_first;

	if (l->n_numbers != 3)
		return false;
	if (l->widths[0] > 2) {
		l->p.year = year_of(v[0], l->widths[0]);
		l->p.month = v[1];
		l->p.day = v[2];
		return true;
	}
	day_first = l->marks[0] != '/';
	if (!plausible(year, v[day_first ? 1 : 0], v[day_first ? 0 : 1]))
		day_first = !day_first;
	else if (l->p.weekday >= 0 &&
		 plausible(year, v[day_first ? 0 : 1], v[day_first ? 1 : 0]) &&
		 weekday_of(year, v[day_first ? 1 : 0], v[day_first ? 0 : 1]) != l->p.weekday &&
		 weekday_of(year, v[day_first ? 0 : 1], v[day_first ? 1 : 0]) == l->p.weekday)
		day_first = !day_first;
	l->p.year = year;
	l->p.month = v[day_first ? 1 : 0];
	l->p.day = v[day_first ? 0 : 1];
	return true;
}

/* With the month's name, the numbers left are day and year. */
static bool settle_named(struct loose *l)
{
	const int *v = l->numbers, *w = l->widths;

	if (l->n_numbers == 1) {
		if (w[0] != 4)
			return false;
		l->p.year = v[0];
		return true;
	}
	if (l->n_numbers != 2)
		return false;
	if (w[0] > 2 && w[1] <= 2) {
		l->p.year = v[0];
		l->p.day = v[1];
		return true;
	}
	l->p.day = v[0];
	l->p.year = year_of(v[1], w[1]);
	return w[0] <= 2;
}

static bool contains(struct span s, struct span word)
{
	for (size_t i = 0; i + word.n <= s.n; i++)
		if (memcmp(s.p + i, word.p, word.n) == 0)
			return true;
	return false;
}

static struct wall parse_loose(struct span s)
{
	struct loose l = {.c = {s, 0}, .p = nothing()};

	l.korean = contains(s, SPAN("년")) || contains(s, SPAN("오전")) ||
		   contains(s, SPAN("오후"));
	if (!read_loose(&l))
		return WALL_NONE;
	if (!(l.p.month >= 0 ? settle_named(&l) : settle_numeric(&l)))
		return WALL_NONE;
	if (l.korean && l.p.offset == NO_OFFSET && !l.p.zone)
		l.p.offset = 9 * 60;
	return finish(&l.p);
}

/* 1 to 12; 0: none of the names of RFC 5322, section 3.3, in its own letter case. */
static int month_named(const char *p)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (memcmp(p, names + (size_t)i * 3, 3) == 0)
			return i + 1;
	return 0;
}

/* "Tue, 05 Mar 2024 08:00:00 +0100" or "… GMT", to the letter: what most feeds write, in a
 * fraction of the time that parse_loose() takes for the same answer. */
static struct wall parse_usual(struct span s)
{
	/* The least and the most at each place, letters (which are those with 0x20 to add) in
	 * lower case: without a branch, many at a time. */
	static const char least[] = "aaa, 00 aaa 0000 00:00:00 ";
	static const char most[] = "zzz, 99 zzz 9999 99:99:99 ";
	static const char lower[] = "\x20\x20\x20\0\0\0\0\0\x20\x20\x20"
				    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	enum { DAY = 5, MONTH = 8, YEAR = 12, CLOCK = 17, ZONE = 26 };
	struct scan c = {s, DAY};
	struct parts p = nothing();
	unsigned char odd = 0;

	if (s.n != ZONE + 3 && s.n != ZONE + 5)
		return WALL_NONE;
	for (size_t i = 0; i < ZONE; i++) {
		const unsigned char b = (unsigned char)(s.p[i] | lower[i]);

		odd |= (unsigned char)((b < (unsigned char)least[i]) |
				       (b > (unsigned char)most[i]));
	}
	if (odd)
		return WALL_NONE;
	p.day = take_number(&c, 2);
	p.month = month_named(s.p + MONTH);
	c.i = YEAR;
	p.year = take_number(&c, 4);
	c.i = CLOCK;
	if (!p.month || !p.day || !read_clock(&c, &p) || c.i != ZONE - 1)
		return WALL_NONE;
	c.i = ZONE;
	if (s.n == ZONE + 3)
		return memcmp(s.p + ZONE, "GMT", 3) == 0 ? finish(&p) : WALL_NONE;
	if (peek(&c) != '+' && peek(&c) != '-')
		return WALL_NONE;
	c.i++;
	if (digits_ahead(&c) != 4)
		return WALL_NONE;
	c.i--;
	return read_offset(&c, &p) ? finish(&p) : WALL_NONE;
}

struct wall date_parse(struct span s)
{
	struct wall t;

	s = span_trim(s);
	if (s.n == 0 || s.n > MAX_DATE_BYTES)
		return WALL_NONE;
	t = parse_usual(s);
	if (!wall_known(t))
		t = parse_epoch(s);
	if (!wall_known(t))
		t = parse_iso(s);
	if (!wall_known(t))
		t = parse_loose(s);
	return t;
}

struct wall date_parse_http(struct span s)
{
	/* "Sun, 06 Nov 1994 08:49:37 GMT" and the two obsolete forms, which all begin with a
	 * weekday and name a month; bare numbers ("0", "-1") are no dates here. */
	s = span_trim(s);
	if (s.n < 19 || s.n > 40 || !word_byte(s.p[0]))
		return WALL_NONE;
	return date_parse(s);
}
