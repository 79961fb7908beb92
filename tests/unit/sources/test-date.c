/* date: what the world writes, and what it means. */

#include "fixture.h"

#include "sources/date.h"

struct row {
	const char *written, *meant; /* NULL: can't be read */
};

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char text[RFC3339_SIZE];

		(void)wall_rfc3339(text, date_parse(span_str(rows[i].written)));
		if (strcmp(text, rows[i].meant ? rows[i].meant : "") != 0)
			fail_msg("\"%s\": \"%s\" instead of \"%s\"", rows[i].written, text,
				rows[i].meant ? rows[i].meant : "");
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(*rows))

static void as_mail_has_it(void **state)
{
	static const struct row rows[] = {
		{"Wed, 20 Nov 2019 14:05:09 GMT", "2019-11-20T14:05:09Z"},
		{"Wed, 20 Nov 2019 14:05:09 +0130", "2019-11-20T12:35:09Z"},
		{"Wed, 20 Nov 2019 14:05:09 -05:00", "2019-11-20T19:05:09Z"},
		{"20 Nov 2019 14:05 EST", "2019-11-20T19:05:00Z"},
		{"Wed,20 Nov 2019 14:05:09 -0000", "2019-11-20T14:05:09Z"},
		{"WED, 20 NOV 19 14:05:09 gmt", "2019-11-20T14:05:09Z"},
		{"Wed, 20 Nov 61 14:05:09 GMT", "1961-11-20T14:05:09Z"},
		{"Wednesday, 20-Nov-19 14:05:09 GMT", "2019-11-20T14:05:09Z"},
		{"Wed Nov 20 14:05:09 2019", "2019-11-20T14:05:09Z"},
		{"Wed Nov 20 14:05:09 +0000 2019", "2019-11-20T14:05:09Z"},
		{"Wed, 20 Nov 2019 14:05:09 GMT+0100 (CET)", "2019-11-20T13:05:09Z"},
		{"Wed, 20 Nov 2019 14:05:09 Q", "2019-11-20T14:05:09Z"},
		{"Mon, 20 Nov 2019 14:05:09 GMT", "2019-11-20T14:05:09Z"}, /* a Wednesday */
		{"Wed(nesday), 20 (the 20th of) Nov 2019 14:05:09 GMT", "2019-11-20T14:05:09Z"},
		{"  \n Wed, 20 Nov 2019\n", "2019-11-20T00:00:00Z"},
		{"Wed, 20 Nov, 2019 14:05:09 UTC", "2019-11-20T14:05:09Z"},
		{"Fri, 31 Nov 2019 14:05:09 GMT", "2019-12-01T14:05:09Z"},
		{"Fri, 29 Feb 2019", "2019-03-01T00:00:00Z"},
		{"31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00Z"}, /* a leap second */
	};

	(void)state;
	CHECK(rows);
}

static void as_iso_8601_has_it(void **state)
{
	static const struct row rows[] = {
		{"2019-11-20T14:05:09Z", "2019-11-20T14:05:09Z"},
		{"2019-11-20t14:05:09.999z", "2019-11-20T14:05:09Z"},
		{"2019-11-20T14:05:09,5+02:00", "2019-11-20T12:05:09Z"},
		{"2019-11-20T14:05-0330", "2019-11-20T17:35:00Z"},
		{"2019-11-20T14+01", "2019-11-20T13:00:00Z"},
		{"2019-11-20 14:05:09", "2019-11-20T14:05:09Z"},
		{"2019-11-20 14:05:09 +01:00", "2019-11-20T13:05:09Z"},
		{"2019-11-20T24:00:00Z", "2019-11-21T00:00:00Z"},
		{"2019-11-20T14:05:09+01:00Z", "2019-11-20T13:05:09Z"},
		{"20191120T140509Z", "2019-11-20T14:05:09Z"},
		{"20191120140509", "2019-11-20T14:05:09Z"},
		{"2019-11-20", "2019-11-20T00:00:00Z"},
		{"20191120", "2019-11-20T00:00:00Z"},
		{"2019-11", "2019-11-01T00:00:00Z"},
		{"2019", "2019-01-01T00:00:00Z"},
		{"191120", "2019-11-20T00:00:00Z"},
		{"19-11-20", "2019-11-20T00:00:00Z"},
		{"-1911", "2019-11-01T00:00:00Z"},
		{"-19-11", "2019-11-01T00:00:00Z"},
		{"2019-324", "2019-11-20T00:00:00Z"},
		{"2019324", "2019-11-20T00:00:00Z"},
		{"19324", "2019-11-20T00:00:00Z"},
		{"2020-366", "2020-12-31T00:00:00Z"},
		{"2019-W47-3", "2019-11-20T00:00:00Z"},
		{"2019W473", "2019-11-20T00:00:00Z"},
		{"2019-W01", "2018-12-31T00:00:00Z"},
		{"2019-011-20T14:05:09Z", "2019-11-20T14:05:09Z"},
	};

	(void)state;
	CHECK(rows);
}

static void in_other_words(void **state)
{
	static const struct row rows[] = {
		{"mer., 20 nov. 2019 14:05:09 +0100", "2019-11-20T13:05:09Z"},
		{"mercredi 20 novembre 2019 à 14h05", "2019-11-20T14:05:00Z"},
		{"mar., 03 déc. 2019 08:00:00 +0000", "2019-12-03T08:00:00Z"}, /* mardi */
		{"15 août 2019", "2019-08-15T00:00:00Z"},
		{"Mi, 20 Mär 2019 14:05:09 +0100", "2019-03-20T13:05:09Z"},
		{"20. Dezember 2019, 14:05", "2019-12-20T14:05:00Z"},
		{"mié, 20 ene 2021 10:00:00 GMT", "2021-01-20T10:00:00Z"},
		{"20 de febrero de 2019", "2019-02-20T00:00:00Z"},
		{"mer, 20 giu 2018 10:00:00 +0200", "2018-06-20T08:00:00Z"},
		{"20 maio 2019", "2019-05-20T00:00:00Z"},
		{"20 ноября 2019 14:05", "2019-11-20T14:05:00Z"},
		{"Τετ, 20 Νοέ 2019 14:05:09 EST", "2019-11-20T19:05:09Z"},
		{"2019-november-20T14:05-05:00", "2019-11-20T19:05:00Z"},
		{"2019-július-20T9:05+01:00", "2019-07-20T08:05:00Z"},
		{"2019년 11월 20일  14:05:09", "2019-11-20T05:05:09Z"},
		{"2019-11-20 오후 02:05:09", "2019-11-20T05:05:09Z"},
		{"2019-11-20 오전 12:05:09", "2019-11-19T15:05:09Z"},
	};

	(void)state;
	CHECK(rows);
}

static void loosely(void **state)
{
	static const struct row rows[] = {
		{"November 20, 2019", "2019-11-20T00:00:00Z"},
		{"Nov. 20, 2019, 2:05 p.m.", "2019-11-20T14:05:00Z"},
		{"Wed, Nov 20 2019 02:05:09 PM", "2019-11-20T14:05:09Z"},
		{"20th November 2019 - 2:05pm", "2019-11-20T14:05:00Z"},
		{"November 2019", "2019-11-01T00:00:00Z"},
		{"Wed, 2019/11/20 14:05:09 EDT", "2019-11-20T18:05:09Z"},
		{"20/11/2019", "2019-11-20T00:00:00Z"},
		{"11/20/2019 14:05", "2019-11-20T14:05:00Z"},
		{"20.11.19", "2019-11-20T00:00:00Z"},
		{"03.04.2019", "2019-04-03T00:00:00Z"},      /* dots: day first */
		{"03/04/2019", "2019-03-04T00:00:00Z"},      /* slashes: month first */
		{"Wed, 03/04/2019", "2019-04-03T00:00:00Z"}, /* but that was a Monday */
		{"5 March 2019 at 10:00", "2019-03-05T10:00:00Z"},
		{"Wed, 20 Nov 2019 14:05:09 Europe/Paris", "2019-11-20T13:05:09Z"},
		{"Sat, 20 Jul 2019 14:05:09 Europe/Paris", "2019-07-20T12:05:09Z"},
		{"Sun, 31 Mar 2019 01:59:00 Europe/Paris", "2019-03-31T00:59:00Z"},
		{"Sun, 31 Mar 2019 03:01:00 Europe/Paris", "2019-03-31T01:01:00Z"},
		{"Sun, 20 Jan 2019 14:05:09 Australia/Sydney", "2019-01-20T03:05:09Z"},
		{"1574258709", "2019-11-20T14:05:09Z"},
		{"1574258709123", "2019-11-20T14:05:09Z"},
	};

	(void)state;
	CHECK(rows);
}

static void not_at_all(void **state)
{
	static const struct row rows[] = {
		{"", NULL},
		{"yesterday", NULL},
		{"3 hours ago", NULL},
		{"42", NULL},
		{"Wed, 20 Xyz 2019 14:05:09 GMT", NULL},
		{"Wed, 32 Nov 2019 14:05:09 GMT", NULL},
		{"Wed, 20 Nov 2019 25:05:09 GMT", NULL},
		{"Wed, 20 Nov 2019 14:65:09 GMT", NULL},
		{"Wed, 20 Nov 2019 14:05:09 +01:zz", NULL},
		{"2019-13-20", NULL},
		{"2019-11-32", NULL},
		{"2019-W60-1T99", NULL},
		{"0000-00-00 00:00:00", NULL},
		{"99999999999999999999999999", NULL},
		{"2019-11-20T14:05:09Z and then some more words that make this no date at all, "
		 "though it begins like one, and goes on and on and on and on and on and on "
		 "and on "
		 "and on",
			NULL},
	};

	(void)state;
	CHECK(rows);
}

static void http_takes_only_its_own(void **state)
{
	(void)state;
	assert_time(
		date_parse_http(SPAN("Sun, 06 Nov 1994 08:49:37 GMT")), "1994-11-06T08:49:37Z");
	assert_time(date_parse_http(SPAN("Sunday, 06-Nov-94 08:49:37 GMT")),
		"1994-11-06T08:49:37Z");
	assert_time(date_parse_http(SPAN("Sun Nov  6 08:49:37 1994")), "1994-11-06T08:49:37Z");
	assert_time(date_parse_http(SPAN("0")), NULL);
	assert_time(date_parse_http(SPAN("-1")), NULL);
	assert_time(date_parse_http(SPAN("1994-11-06T08:49:37Z")), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_mail_has_it),
		cmocka_unit_test(as_iso_8601_has_it),
		cmocka_unit_test(in_other_words),
		cmocka_unit_test(loosely),
		cmocka_unit_test(not_at_all),
		cmocka_unit_test(http_takes_only_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
