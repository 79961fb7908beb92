/* answer: what a status means, on the web and in mail. */

#include "fixture.h"

struct row {
	int status;
	const char *body;
	enum verdict verdict;
	const char *why;
};

static void check(const char *channel, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct answer a = {
			.status = rows[i].status, .body = span_str(rows[i].body)};
		struct arena arena = {0};
		struct span why = SPAN_NONE;

		assert_int_equal(channel_by_name(span_str(channel))->judge(&a, &arena, &why),
			rows[i].verdict);
		assert_true(span_eq_str(why, rows[i].why));
		arena_release(&arena);
	}
}

static void web(void **state)
{
	static const struct row rows[] = {
		{0, "", VERDICT_RETRY, "no answer"},
		{200, "", VERDICT_DELIVERED, "HTTP 200"},
		{202, "accepted", VERDICT_DELIVERED, "HTTP 202: accepted"},
		{204, "", VERDICT_DELIVERED, "HTTP 204"},
		{299, "", VERDICT_DELIVERED, "HTTP 299"},
		{301, "", VERDICT_RETRY,
			"HTTP 301: a redirect is not followed: put the final address in the "
			"configuration"},
		{308, "", VERDICT_RETRY,
			"HTTP 308: a redirect is not followed: put the final address in the "
			"configuration"},
		{400, "bad\r\n\x1b[2Jthing", VERDICT_DEAD, "HTTP 400: bad [2Jthing"},
		{401, "<html>", VERDICT_DEAD, "HTTP 401"},
		{404, "see https://in.example/secret", VERDICT_DEAD, "HTTP 404"},
		{408, "", VERDICT_RETRY, "HTTP 408"},
		{410, "", VERDICT_GONE, "HTTP 410"},
		{422, "", VERDICT_DEAD, "HTTP 422"},
		{425, "", VERDICT_RETRY, "HTTP 425"},
		{429, "", VERDICT_RETRY, "HTTP 429"},
		{500, "", VERDICT_RETRY, "HTTP 500"},
		{502, "", VERDICT_RETRY, "HTTP 502"},
		{503, "", VERDICT_RETRY, "HTTP 503"},
		{504, "", VERDICT_RETRY, "HTTP 504"},
		{599, "", VERDICT_RETRY, "HTTP 599"},
	};

	(void)state;
	check("webhook", rows, sizeof(rows) / sizeof(*rows));
}

static void mail(void **state)
{
	static const struct row rows[] = {
		{0, "", VERDICT_RETRY, "no answer"},
		{250, "2.0.0 queued", VERDICT_DELIVERED, "SMTP 250: 2.0.0 queued"},
		{421, "", VERDICT_RETRY, "SMTP 421"},
		{450, "4.2.0 greylisted", VERDICT_RETRY, "SMTP 450: 4.2.0 greylisted"},
		{452, "", VERDICT_RETRY, "SMTP 452"},
		{530, "", VERDICT_RETRY, "SMTP 530"},
		{535, "5.7.8 bad credentials", VERDICT_RETRY,
			"SMTP 535: 5.7.8 bad credentials"},
		{550, "5.1.1 no such user", VERDICT_DEAD, "SMTP 550: 5.1.1 no such user"},
		{552, "", VERDICT_DEAD, "SMTP 552"},
		{554, "", VERDICT_DEAD, "SMTP 554"},
	};

	(void)state;
	check("email", rows, sizeof(rows) / sizeof(*rows));
}

static void every_channel_judges_the_common_cases_alike(void **state)
{
	static const int again[] = {0, 301, 302, 307, 308, 408, 425, 429, 500, 502, 503, 504};
	static const int dead[] = {400, 413, 422};

	(void)state;
	for (size_t c = 0; channels[c]; c++) {
		struct arena arena = {0};
		struct span why;

		if (channels[c] == channel_by_name(SPAN("email")))
			continue;
		for (size_t i = 0; i < sizeof(again) / sizeof(*again); i++)
			assert_int_equal(
				channels[c]->judge(
					&(struct answer){.status = again[i]}, &arena, &why),
				VERDICT_RETRY);
		for (size_t i = 0; i < sizeof(dead) / sizeof(*dead); i++)
			assert_int_equal(channels[c]->judge(&(struct answer){.status = dead[i]},
						 &arena, &why),
				VERDICT_DEAD);
		assert_int_equal(
			channels[c]->judge(&(struct answer){.status = 410}, &arena, &why),
			VERDICT_GONE);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(web),
		cmocka_unit_test(mail),
		cmocka_unit_test(every_channel_judges_the_common_cases_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
