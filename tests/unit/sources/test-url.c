/* url: references resolved, addresses in one spelling, hosts and domains. */

#include "fixture.h"

#include "sources/url.h"
#include "vigie/buf.h"

static void resolves_as_rfc_3986_does(void **state)
{
	/* The examples of section 5.4. */
	static const struct {
		const char *reference, *target;
	} rows[] = {
		{"g:h", "g:h"},
		{"g", "http://a/b/c/g"},
		{"./g", "http://a/b/c/g"},
		{"g/", "http://a/b/c/g/"},
		{"/g", "http://a/g"},
		{"//g", "http://g"},
		{"?y", "http://a/b/c/d;p?y"},
		{"g?y", "http://a/b/c/g?y"},
		{"#s", "http://a/b/c/d;p?q#s"},
		{"g#s", "http://a/b/c/g#s"},
		{"g?y#s", "http://a/b/c/g?y#s"},
		{";x", "http://a/b/c/;x"},
		{"g;x", "http://a/b/c/g;x"},
		{"g;x?y#s", "http://a/b/c/g;x?y#s"},
		{".", "http://a/b/c/"},
		{"./", "http://a/b/c/"},
		{"..", "http://a/b/"},
		{"../", "http://a/b/"},
		{"../g", "http://a/b/g"},
		{"../..", "http://a/"},
		{"../../", "http://a/"},
		{"../../g", "http://a/g"},
		{"../../../g", "http://a/g"},
		{"../../../../g", "http://a/g"},
		{"/./g", "http://a/g"},
		{"/../g", "http://a/g"},
		{"g.", "http://a/b/c/g."},
		{".g", "http://a/b/c/.g"},
		{"g..", "http://a/b/c/g.."},
		{"..g", "http://a/b/c/..g"},
		{"./../g", "http://a/b/g"},
		{"./g/.", "http://a/b/c/g/"},
		{"g/./h", "http://a/b/c/g/h"},
		{"g/../h", "http://a/b/c/h"},
		{"g;x=1/./y", "http://a/b/c/g;x=1/y"},
		{"g;x=1/../y", "http://a/b/c/y"},
		{"g?y/./x", "http://a/b/c/g?y/./x"},
		{"g#s/../x", "http://a/b/c/g#s/../x"},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_span(url_resolve(&arena, SPAN("http://a/b/c/d;p?q"),
				    span_str(rows[i].reference)),
			rows[i].target);
	arena_release(&arena);
}

static void resolves_what_people_write(void **state)
{
	static const struct {
		const char *base, *reference, *target; /* NULL: no address */
	} rows[] = {
		{"http://example.org", "a", "http://example.org/a"},
		{"http://example.org?x=1", "a", "http://example.org/a"},
		{"HTTP://Example.ORG/A/", "b", "http://example.org/A/b"},
		{"", "http://example.org", "http://example.org"},
		{"", "  https://EXAMPLE.org/A b\n", "https://example.org/A%20b"},
		{"", "http://exa\nmple.org/\tx", "http://example.org/x"},
		{"", "http://User:Pw@Example.org:8080/x", "http://User:Pw@example.org:8080/x"},
		{"", "http://example.org/é", "http://example.org/é"},
		{"", "a/b", NULL},
		{"not absolute", "a/b", NULL},
		{"mailto:x@example.org", "a", NULL},
		{"http://example.org/", "", NULL},
		{"http://example.org/", "mailto:X@Example.org", "mailto:X@Example.org"},
		{"http://example.org/", "tag:Example.org,2004:a/../b",
			"tag:Example.org,2004:a/../b"},
		{"https://example.org/x", "//cdn.example.org/y", "https://cdn.example.org/y"},
		{"file:///srv/feeds/a.xml", "b.xml", "file:///srv/feeds/b.xml"},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_span(url_resolve(&arena, span_str(rows[i].base),
				    span_str(rows[i].reference)),
			rows[i].target);
	arena_release(&arena);
}

static void one_spelling_for_one_address(void **state)
{
	static const struct {
		const char *written, *normal;
	} rows[] = {
		{"HTTP://Example.ORG", "http://example.org/"},
		{"http://example.org:80/", "http://example.org/"},
		{"https://example.org:443/a", "https://example.org/a"},
		{"https://example.org:80/a", "https://example.org:80/a"},
		{"http://example.org:/a", "http://example.org/a"},
		{"http://example.org/%7Eanna/%c3%a9", "http://example.org/~anna/%C3%A9"},
		{"http://example.org/é?q=ü|x", "http://example.org/%C3%A9?q=%C3%BC%7Cx"},
		{"http://example.org/a/../b/./c#top", "http://example.org/b/c"},
		{"http://example.org/a%2Fb", "http://example.org/a%2Fb"},
		{"http://example.org/100%", "http://example.org/100%25"},
		{"http://bücher.example/", "http://xn--bcher-kva.example/"},
		{"http://B%C3%BCcher.example/", "http://xn--bcher-kva.example/"},
		{"http://B\uff55cher.example/", "http://bucher.example/"},
		{"http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"},
		{"http://u:p@example.org/", "http://u:p@example.org/"},
		{"http:///nowhere", NULL},
		{"http://exa mple.org/", NULL},
		{"http://example.org:port/", NULL},
		{"http://example.org%3a8080/", NULL},
		{"http://example.org%2Fa/", NULL},
		{"http://example.org\uff1a8080/", NULL},
		{"http://example.org\uff0fa/", NULL},
		{"http://a%00b/", NULL},
		{"ftp://example.org/", NULL},
		{"example.org/a", NULL},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_span(url_normalize(&arena, span_str(rows[i].written)), rows[i].normal);
	arena_release(&arena);
}

static void hosts_sites_and_domains(void **state)
{
	static const struct {
		const char *url, *host, *site, *domain;
	} rows[] = {
		{"https://www.News.example.co.uk/x", "www.news.example.co.uk",
			"news.example.co.uk", "example.co.uk"},
		{"http://a@example.org:8080", "example.org", "example.org", "example.org"},
		{"http://www.münchen.de/", "www.xn--mnchen-3ya.de", "xn--mnchen-3ya.de",
			"xn--mnchen-3ya.de"},
		{"http://localhost/", "localhost", "localhost", "localhost"},
		{"http://127.0.0.1:80/", "127.0.0.1", "127.0.0.1", "127.0.0.1"},
		{"http://[::1]/", "::1", "::1", "::1"},
		{"http://anna.github.io/", "anna.github.io", "anna.github.io",
			"anna.github.io"},
		{"urn:x", NULL, NULL, NULL},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct span host = url_host(&arena, span_str(rows[i].url));

		assert_span(host, rows[i].host);
		assert_span(url_site(&arena, span_str(rows[i].url)), rows[i].site);
		if (host.n)
			assert_span(url_registrable_domain(&arena, host), rows[i].domain);
	}
	assert_span(url_registrable_domain(&arena, SPAN("www.example.org.")), "example.org");
	arena_release(&arena);
}

static void logs_see_no_secrets(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_span(
		url_redact(&arena, SPAN("https://u:p@example.org/a?q=x&api_key=1&page=2#f")),
		"https://example.org/a?q=x&api_key=…&page=2");
	assert_span(url_redact(&arena, SPAN("https://example.org/a?Token=s")),
		"https://example.org/a?Token=…");
	assert_span(url_redact(&arena, SPAN("https://example.org/a")), "https://example.org/a");
	arena_release(&arena);
}

static void escapes_both_ways(void **state)
{
	struct arena arena = {0};
	struct buf out = {0};

	(void)state;
	url_escape(&out, SPAN("a b&c/é~"));
	assert_span(buf_span(&out), "a%20b%26c%2F%C3%A9~");
	assert_span(url_unescape(&arena, buf_span(&out)), "a b&c/é~");
	assert_span(url_unescape(&arena, SPAN("100%, %4")), "100%, %4");
	buf_deinit(&out);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolves_as_rfc_3986_does),
		cmocka_unit_test(resolves_what_people_write),
		cmocka_unit_test(one_spelling_for_one_address),
		cmocka_unit_test(hosts_sites_and_domains),
		cmocka_unit_test(logs_see_no_secrets),
		cmocka_unit_test(escapes_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
