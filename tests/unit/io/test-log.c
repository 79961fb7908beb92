/* log: what a line looks like, whatever a value holds. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/log.h"

static FILE *capture;
static int own_stderr;

static void begin(void)
{
	capture = tmpfile();
	assert_non_null(capture);
	own_stderr = dup(STDERR_FILENO);
	assert_int_equal(dup2(fileno(capture), STDERR_FILENO), STDERR_FILENO);
}

static const char *end(void)
{
	static char text[16384];
	size_t n;

	assert_int_equal(dup2(own_stderr, STDERR_FILENO), STDERR_FILENO);
	(void)close(own_stderr);
	rewind(capture);
	n = fread(text, 1, sizeof(text) - 1, capture);
	text[n] = '\0';
	(void)fclose(capture);
	return text;
}

static void a_value_stays_on_its_line(void **state)
{
	static const struct {
		struct span value;
		const char *line;
	} rows[] = {
		{{"lemonde", 7}, "info test.said v=lemonde\n"},
		{{"", 0}, "info test.said v=\"\"\n"},
		{{"two words", 9}, "info test.said v=\"two words\"\n"},
		{{"a=b", 3}, "info test.said v=\"a=b\"\n"},
		{{"say \"hi\" \\", 10}, "info test.said v=\"say \\\"hi\\\" \\\\\"\n"},
		{{"x\nerror forged.line", 19}, "info test.said v=\"x\\nerror forged.line\"\n"},
		{{"\t\r\0\x1b[31m", 8}, "info test.said v=\"\\t\\r\\x00\\x1b[31m\"\n"},
		{{"caf\xc3\xa9", 5}, "info test.said v=caf\xc3\xa9\n"},
		{{"\xff\xc3", 2}, "info test.said v=\"\\xff\\xc3\"\n"},
		/* C1 control, line separator, right-to-left override */
		{{"\xc2\x9b\xe2\x80\xa8\xe2\x80\xae", 8},
			"info test.said v=\"\\u009b\\u2028\\u202e\"\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		log_info("test.said", TEXT("v", rows[i].value));
		assert_string_equal(end(), rows[i].line);
	}
}

static void a_url_loses_what_may_be_secret(void **state)
{
	static const struct {
		const char *url, *told;
	} rows[] = {
		{"https://example.org/feed.xml", "https://example.org/feed.xml"},
		{"https://example.org:8443/a", "https://example.org:8443/a"},
		{"https://[::1]:80/a", "https://[::1]:80/a"},
		{"https://[::1]/a", "https://[::1]/a"},
		{"https://ann:secret@example.org/a?token=1#f", "https://example.org/a"},
		{"https://ann:se@cret@example.org/", "https://example.org/"},
		{"https://ann:sec/ret@example.org/", "https://"},
		{"https://example.org?key=1", "https://example.org"},
		{"https://social.example/@ann", "https://social.example/@ann"},
		{"ann:secret@example.org/a?b", "example.org/a"},
		{"", "\"\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[200];

		begin();
		log_warning("test.said", LOG_URL("url", span_str(rows[i].url)));
		(void)snprintf(line, sizeof(line), "warning test.said url=%s\n", rows[i].told);
		assert_string_equal(end(), line);
	}
}

static void levels_and_numbers(void **state)
{
	(void)state;
	begin();
	log_debug("test.hidden");
	log_error("test.alone");
	log_set_level(LOG_DEBUG_LEVEL);
	log_debug("test.numbers", INT("a", -1), INT("b", INT64_MAX), STR("none", NULL));
	log_set_level(LOG_WARNING_LEVEL);
	log_info("test.hidden");
	log_set_level(LOG_INFO_LEVEL);
	assert_string_equal(end(), "error test.alone\n"
				   "debug test.numbers a=-1 b=9223372036854775807 none=\"\"\n");
}

static void a_long_value_is_cut(void **state)
{
	char *big = malloc(100000);
	const char *line;

	(void)state;
	assert_non_null(big);
	memset(big, 'x', 100000);
	begin();
	log_info("test.said", TEXT("v", span_of(big, 100000)));
	line = end();
	assert_true(strlen(line) < 2100);
	assert_string_equal(line + strlen(line) - 5, "x\xe2\x80\xa6\n");
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_stays_on_its_line),
		cmocka_unit_test(a_url_loses_what_may_be_secret),
		cmocka_unit_test(levels_and_numbers),
		cmocka_unit_test(a_long_value_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
