/*
 * The manual of vigie/zone.h: a small file made by hand, whose footer is the rule of Paris;
 * what is no zone file is refused.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "vigie/buf.h"
#include "vigie/zone.h"

/* Version 2: no transition, one type, and a footer. */
static struct span file_of(struct buf *out, const char *footer, int64_t offset_s)
{
	static const char header[44] = {'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 4};
	const char type[10] = {(char)(offset_s >> 24), (char)(offset_s >> 16),
		(char)(offset_s >> 8), (char)offset_s, 0, 0, 'L', 'M', 'T', 0};

	for (int i = 0; i < 2; i++) {
		buf_add(out, span_of(header, sizeof(header)));
		buf_add(out, span_of(type, sizeof(type)));
	}
	buf_addf(out, "\n%s\n", footer);
	return buf_span(out);
}

static void offsets(void **state)
{
	static const struct {
		const char *footer, *at;
		int64_t offset_s;
	} cases[] = {
		{"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", 3600},
		{"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 7200},
		{"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T00:59:59Z", 7200},
		{"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", 3600},
		{"CET-1CEST,M3.5.0,M10.5.0/3", "2199-07-01T00:00:00Z", 7200},
		/* South of the equator the year begins in summer. */
		{"NZST-12NZDT,M9.5.0,M4.1.0/3", "2026-01-01T00:00:00Z", 46800},
		{"NZST-12NZDT,M9.5.0,M4.1.0/3", "2026-07-01T00:00:00Z", 43200},
		{"<+0530>-5:30", "2026-07-01T00:00:00Z", 19800},
		{"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-07-01T00:00:00Z", -7200},
		{"EST5EDT,J60,J300", "2028-02-29T12:00:00Z", -18000},
		{"EST5EDT,J60,J300", "2028-03-01T12:00:00Z", -14400},
		{"EST5EDT,59,300", "2028-02-29T12:00:00Z", -14400},
		{"", "2026-07-01T00:00:00Z", 561},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena arena = {0};
		struct buf bytes = {0};
		struct zone *zone;

		assert_int_equal(
			zone_read(&zone, &arena, file_of(&bytes, cases[i].footer, 561)), 0);
		if (zone_offset_s(zone, wall_parse_rfc3339(span_str(cases[i].at))) !=
			cases[i].offset_s)
			fail_msg("%s at %s", cases[i].footer, cases[i].at);
		buf_deinit(&bytes);
		arena_release(&arena);
	}
}

static void days(void **state)
{
	static const struct {
		const char *footer;
		int month, day;
		const char *begins;
	} cases[] = {
		{"CET-1CEST,M3.5.0,M10.5.0/3", 3, 29, "2026-03-28T23:00:00Z"},
		{"CET-1CEST,M3.5.0,M10.5.0/3", 3, 30, "2026-03-29T22:00:00Z"},
		{"CET-1CEST,M3.5.0,M10.5.0/3", 15, 1, "2027-02-28T23:00:00Z"},
		/* The clock jumps over midnight: the day begins at one. */
		{"<-03>3<-02>,M3.5.0/0,M10.5.0/0", 3, 29, "2026-03-29T03:00:00Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[RFC3339_SIZE];
		struct arena arena = {0};
		struct buf bytes = {0};
		struct zone *zone;

		assert_int_equal(
			zone_read(&zone, &arena, file_of(&bytes, cases[i].footer, 0)), 0);
		assert_string_equal(
			wall_rfc3339(text, zone_day(zone, 2026, cases[i].month, cases[i].day)),
			cases[i].begins);
		buf_deinit(&bytes);
		arena_release(&arena);
	}
}

static void damage(void **state)
{
	struct arena arena = {0};
	struct buf bytes = {0};
	struct zone *zone;
	const struct span whole = file_of(&bytes, "CET-1CEST,M3.5.0,M10.5.0/3", 0);

	(void)state;
	for (size_t n = 0; n + 1 < whole.n; n++) {
		/* Without its line end the footer is still whole. */
		const int r = zone_read(&zone, &arena, span_slice(whole, 0, n));

		assert_true(r == -EBADMSG || n > 2 * 54);
	}
	bytes.p[0] = 'X';
	assert_int_equal(zone_read(&zone, &arena, whole), -EBADMSG);
	buf_deinit(&bytes);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets),
		cmocka_unit_test(days),
		cmocka_unit_test(damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
