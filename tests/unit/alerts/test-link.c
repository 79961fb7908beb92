/* link: which URLs of strangers become links, and how. */

#include "fixture.h"

#include "link.h"

static void only_web_addresses_become_links(void **state)
{
	static const struct {
		const char *in, *out, *site;
	} rows[] = {
		{"https://a.example/x?y=1&z=2#f", "https://a.example/x?y=1&z=2#f", "a.example"},
		{"HTTP://www.a.example", "http://www.a.example", "a.example"},
		{" https://a.example/ ", "https://a.example/", "a.example"},
		{"https://a.example:8443/x", "https://a.example:8443/x", "a.example"},
		{"https://good.example@evil.example/", "https://good.example@evil.example/",
			"evil.example"},
		{"https://[2001:db8::1]:80/", "https://[2001:db8::1]:80/", "[2001:db8::1]"},
		{"javascript:alert(1)", "", ""},
		{"JavaScript://a.example/%0aalert(1)", "", ""},
		{"data:text/html,x", "", ""},
		{"file:///etc/passwd", "", ""},
		{"//a.example/", "", ""},
		{"https:", "", ""},
		{"https:///x", "", ""},
		{"", "", ""},
		{"https://a.example/<!channel>|x", "https://a.example/%3C!channel%3E%7Cx",
			"a.example"},
		{"https://a.example/a\r\nb\"c'd)e]f*g`h\\",
			"https://a.example/a%0D%0Ab%22c%27d%29e%5Df%2Ag%60h%5C", "a.example"},
		{"https://a.example/\u00E9\u202E", "https://a.example/%C3%A9%E2%80%AE",
			"a.example"},
		{"https://a.example/%41%zz", "https://a.example/%41%zz", "a.example"},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct span link = link_safe(&arena, span_str(rows[i].in));

		assert_string_equal(link.p, rows[i].out);
		assert_true(span_eq_str(link_site(link), rows[i].site));
	}
	arena_release(&arena);
}

static void a_link_is_whole_or_absent(void **state)
{
	struct arena arena = {0};
	struct span url = arena_printf(&arena, "https://a.example/%.*s",
		SPAN_ARG(repeat(&arena, "x", LINK_BYTES_MAX - 18)));

	(void)state;
	assert_int_equal(link_safe(&arena, url).n, LINK_BYTES_MAX);
	url = arena_printf(&arena, "%.*sy", SPAN_ARG(url));
	assert_int_equal(link_safe(&arena, url).n, 0);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_web_addresses_become_links),
		cmocka_unit_test(a_link_is_whole_or_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
