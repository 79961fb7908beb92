/* encoding: who tells what a document is written in, and what comes of it. */

#include "fixture.h"

#include "sources/encoding.h"

struct row {
	const char *content_type;
	struct span body;
	const char *name, *text;
};

static void detects_and_reads(void **state)
{
	static const struct row rows[] = {
		{"", {"caf\xC3\xA9", 5}, "utf-8", "café"},
		/* a mark beats all */
		{"text/xml; charset=latin1",
			{"\xEF\xBB\xBF"
			 "caf\xC3\xA9",
				8},
			"utf-8", "café"},
		{"", {"\xFF\xFE<\0\xE9\0", 6}, "utf-16le", "<é"},
		{"", {"\xFE\xFF\0<\0\xE9", 6}, "utf-16be", "<é"},
		{"", {"<\0\xE9\0", 4}, "utf-16le", "<é"},
		{"", {"\xFF\xFE\0\0<\0\0\0", 8}, "utf-32le", "<"},
		/* then the header, then the declaration */
		{"text/xml;charset=\"windows-1251\"", {"<?xml encoding='koi8-r'?>\xC4", 26},
			"windows-1251", "<?xml encoding='koi8-r'?>Д"},
		{"application/xml; charset=nonsense", {"<?xml encoding='koi8-r'?>\xC4", 26},
			"koi8-r", "<?xml encoding='koi8-r'?>д"},
		{"text/xml", {"<?xml version = '1.0' encoding = \"ISO-8859-1\" ?>\x80", 49},
			"windows-1252", "<?xml version = '1.0' encoding = \"ISO-8859-1\" ?>€"},
		{"text/html", {"<meta charset=shift_jis>\x83j", 26}, "cp932",
			"<meta charset=shift_jis>ニ"},
		{"text/html; charset=GB2312", {"\xC4\xEA", 2}, "gb18030", "年"},
		{"text/html; charset=EUC-KR", {"\xB3\xE2", 2}, "cp949", "년"},
		{"text/html; charset=Macintosh", {"\x8E", 1}, "macintosh", "é"},
		{"text/html; charset=mac_roman", {"\x8E", 1}, "macintosh", "é"},
		{"text/html; charset=ebcdic-cp-us", {"abc", 3}, "ebcdic-cp-us", NULL},
		/* a wide one over narrow bytes is a mistake */
		{"text/xml; charset=utf-16", {"<a>\xC3\xA9", 5}, "utf-8", "<a>é"},
		/* single-byte labels over plain UTF-8 are too */
		{"text/xml; charset=iso-8859-1", {"\xC3\xA9t\xC3\xA9", 5}, "windows-1252",
			"été"},
		{"text/xml; charset=us-ascii", {"\xC3\xA9", 2}, "windows-1252", "é"},
		{"text/xml; charset=iso-8859-1", {"\xC9t\xE9", 3}, "windows-1252", "Été"},
		/* wrong bytes in UTF-8: windows-1252 all over, or damage in something sound */
		{"", {"l\x92\xE9t\xE9", 5}, "utf-8", "l’été"},
		{"", {"\xC3\xA9 caf\xE9 \xC3\xA9", 10}, "utf-8", "é caf\uFFFD é"},
		{"", {"\xC3\xA9 cut\xE2\x80", 8}, "utf-8", "é cut\uFFFD"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct encoding e =
			encoding_detect(rows[i].body, span_str(rows[i].content_type));
		struct encoding_reader *reader = NULL;
		struct buf out = {0};

		assert_string_equal(e.name, rows[i].name);
		assert_int_equal(encoding_reader_new(&reader, &e), 0);
		assert_int_equal(
			encoding_read(reader, &out,
				span_slice(rows[i].body, e.skip, rows[i].body.n), true),
			0);
		if (rows[i].text)
			assert_span(buf_span(&out), rows[i].text);
		buf_deinit(&out);
		encoding_reader_free(reader);
	}
}

/* Cutting anywhere changes nothing. */
static void reads_in_pieces(void **state)
{
	static const struct {
		const char *name;
		struct span bytes;
		const char *text;
	} rows[] = {
		{"utf-8", {"a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z", 11}, "aé€😀z"},
		{"cp932", {"\x83j\x83\x85\x81[\x83X", 8}, "ニュース"},
		{"iso-2022-jp", {"a\x1B$BG/\x1B(Bb", 10}, "a年b"},
		{"utf-16be", {"\0a\xD8\x3D\xDE\x00\0z", 8}, "a😀z"},
		{"gb18030", {"\xC4\xEA\x81\x39\xEE\x39", 6}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t cut = 0; cut <= rows[i].bytes.n; cut++) {
			struct encoding e = {.skip = 0};
			struct encoding_reader *reader = NULL;
			struct buf out = {0}, whole = {0};

			(void)snprintf(e.name, sizeof(e.name), "%s", rows[i].name);
			assert_int_equal(encoding_reader_new(&reader, &e), 0);
			assert_int_equal(encoding_read(reader, &out,
						 span_slice(rows[i].bytes, 0, cut), false),
				0);
			assert_int_equal(
				encoding_read(reader, &out,
					span_slice(rows[i].bytes, cut, rows[i].bytes.n), true),
				0);
			encoding_reader_free(reader);
			assert_int_equal(encoding_reader_new(&reader, &e), 0);
			assert_int_equal(encoding_read(reader, &whole, rows[i].bytes, true), 0);
			encoding_reader_free(reader);
			assert_true(span_eq(buf_span(&out), buf_span(&whole)));
			if (rows[i].text)
				assert_span(buf_span(&out), rows[i].text);
			buf_deinit(&out);
			buf_deinit(&whole);
		}
}

static void finds_the_charset_of_a_content_type(void **state)
{
	static const struct {
		const char *header, *charset;
	} rows[] = {
		{"text/xml; charset=utf-8", "utf-8"},
		{"text/xml;charset=\"utf-8\"; x=y", "utf-8"},
		{"text/xml; x=y; Charset = 'utf-8'", "utf-8"},
		{"text/xml; charset=utf-8, text/html", "utf-8"},
		{"text/xml", NULL},
		{"text/xml; charset", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_span(
			encoding_of_content_type(span_str(rows[i].header)), rows[i].charset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(detects_and_reads),
		cmocka_unit_test(reads_in_pieces),
		cmocka_unit_test(finds_the_charset_of_a_content_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
