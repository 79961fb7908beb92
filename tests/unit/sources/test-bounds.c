/*
 * bounds: no document costs more than two seconds of processor time or 64 MB, whatever its
 * bytes are. Each row is a pattern repeated to 16 MiB, the longest body the crawler takes.
 * (Sanitizers make everything some ten times slower: there the bodies are shorter.)
 */

#include "fixture.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "sources/discover.h"
#include "sources/tree.h"

#if defined(__SANITIZE_ADDRESS__) /* gcc */
#define SANITIZED
#elif defined(__has_feature) /* clang */
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

#ifdef SANITIZED
enum { BODY_BYTES = 2 * 1024 * 1024, LIMIT_MS = 2000 };
#else
enum { BODY_BYTES = 16 * 1024 * 1024, LIMIT_MS = 2000 };
#endif

enum { LIMIT_BYTES = 64 * 1024 * 1024, HTML_BYTES = BODY_BYTES / 4 };

static const struct {
	const char *start, *repeat;
} rows[] = {
	{"", "<"},
	{"", "<a"},
	{"", "<a "},
	{"", "&"},
	{"", "&amp;"},
	{"", "</"},
	{"", "<!"},
	{"", "<!--"},
	{"", "<![CDATA["},
	{"", "["},
	{"{", "\"a\":["},
	{"{\"version\":\"jsonfeed\",\"items\":[", "{},"},
	{"{\"version\":\"jsonfeed\",\"items\":[", "{\"id\":1},"},
	{"{\"version\":\"jsonfeed\",\"items\":[{\"tags\":[", "\"aaaaaaaa\","},
	{"{\"version\":\"jsonfeed\",\"items\":[{\"content_text\":\"", "\\ud83d\\\""},
	{"<rss><channel>", "<item>"},
	{"<rss><channel>", "<item><guid>1</guid></item>"},
	{"<rss><channel>", "<item><title>t"},
	{"<rss><channel><item><title>", "x"},
	{"<rss><channel><item><description>", "<b>"},
	{"<rss><channel><item><description>", "<b></i>"},
	{"<rss><channel><item><description>", "</b>"},
	{"<rss><channel><item><description>", "&lt;a "},
	{"<rss><channel><item><description><![CDATA[", "<a b=\""},
	{"<rss><channel><item><description><![CDATA[", "<a b='"},
	{"<rss><channel><item><description><![CDATA[", "<script>"},
	{"<rss><channel><item><description><![CDATA[", "</script><script>"},
	{"<rss><channel><item><description><![CDATA[", "<!"},
	{"<rss><channel><item><description><![CDATA[", "&#"},
	{"<rss><channel><item>", "<link href='http://example.org/'/>"},
	{"<rss><channel><item>", "<category>aaaaaaaaaaaa</category>"},
	{"<rss><channel><item>", "<author>a</author>"},
	{"<rss><channel><item>", "<enclosure url='../../../../../../a'/>"},
	{"<rss><channel><item>", "<x xml:base='a/' xml:lang='fr' xmlns='b'>"},
	{"<rss><channel><item>", "<x xmlns:aa='b'/>"},
	{"<rss><channel><item><x ", "a='b' "},
	{"<rss><channel><item><x ", "a "},
	{"<rss><channel><item><x a='", "<x a=\""},
	{"<rss><channel><item>", "<a =\">\""},
	{"<rss><channel><item>", "</x "},
	{"<!DOCTYPE rss [", "<!ENTITY a '&a;&a;&a;'>"},
	{"<!DOCTYPE rss [<!ENTITY a '&b;&b;&b;&b;&b;&b;&b;'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]>"
	 "<rss><channel><item><description>",
		"&a;"},
	{"<?xml version='1.0' encoding='shift_jis'?><rss><channel><item><title>", "\x83"},
	{"<?xml version='1.0' encoding='windows-1251'?><rss><channel><item><title>", "\xFF"},
	{"<rss><channel><item><title>", "\xFF"},
	{"<rss><channel><item><title>", "\xC2\x80"},
	{"<rss><channel><item><pubDate>", "1 "},
	{"<feed><entry><content type='image/png'>", "AAAA"},
	{"<feed><entry><content type='xhtml'>", "<div>&lt;"},
	{"", "<?a?>"},
	{"", "<!-- -->"},
	{"<urlset>", "<url><loc>/a</loc></url>"},
	{"<urlset>", "<url><loc>/"},
	{"<urlset><url><loc>", "&amp;"},
	{"<urlset><url><loc>/a</loc><news>", "<title><![CDATA[&amp;]]></title>"},
	{"<urlset><url><loc>/a</loc><image>", "<loc>/a</loc>"},
	{"<urlset><url><loc>/a</loc><news><keywords>", "a,"},
	{"<sitemapindex>", "<sitemap><loc>/a</loc></sitemap>"},
};

static int64_t cpu_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct span repeated(char *body, const char *start, const char *repeat)
{
	const size_t n = strlen(repeat);
	size_t at = strlen(start);

	memcpy(body, start, at);
	for (; at + n <= BODY_BYTES; at += n)
		memcpy(body + at, repeat, n);
	return span_of(body, at);
}

static long peak_kilobytes(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void no_document_costs_much(void **state)
{
	char *body = malloc(BODY_BYTES);

	(void)state;
	assert_non_null(body);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct span bytes = repeated(body, rows[i].start, rows[i].repeat);
		const int64_t start = cpu_ms();
		struct reading r = reading_of(bytes, NULL);
		const int64_t took = cpu_ms() - start;

		assert_true(r.r >= 0);
		if (took > LIMIT_MS || r.arena.total_bytes > LIMIT_BYTES - BODY_BYTES)
			fail_msg("\"%s\" and many \"%s\": %ld ms, %zu bytes kept",
				rows[i].start, rows[i].repeat, (long)took, r.arena.total_bytes);
		reading_done(&r);
	}
	free(body);
#ifndef SANITIZED
	/* body and all, over all rows */
	assert_true(peak_kilobytes() < LIMIT_BYTES / 1024);
#else
	(void)peak_kilobytes;
#endif
}

static void no_page_costs_much(void **state)
{
	static const char *const repeats[] = {
		"<link rel=alternate type=application/rss+xml href=a>", "<link a='",
		"<base href='a/'>", "<script>", "<link rel=\"", "<a "};
	const struct discover_options options = {.base = SPAN("http://example.org/")};
	char *body = malloc(BODY_BYTES);

	(void)state;
	assert_non_null(body);
	for (size_t i = 0; i < sizeof(repeats) / sizeof(*repeats); i++) {
		const struct span bytes = repeated(body, "<html>", repeats[i]);
		const int64_t start = cpu_ms();
		struct discovered_list list = {0};
		struct arena arena = {0};

		assert_int_equal(discover_feeds(&list, &arena, &options, bytes), 0);
		assert_true(cpu_ms() - start <= LIMIT_MS);
		assert_true(arena.total_bytes <= LIMIT_BYTES - BODY_BYTES);
		arena_release(&arena);
	}
	free(body);
}

/* What connectors read: an answer as a tree. */
static void no_tree_costs_much(void **state)
{
	static const struct {
		int (*read)(struct tree *ret, struct arena *arena, struct span body);
		size_t body_bytes; /* crawl.max_body, crawl.max_html */
		const char *start, *repeat;
	} trees[] = {
		{tree_json, BODY_BYTES, "", "["},
		{tree_json, BODY_BYTES, "[", "[],"},
		{tree_json, BODY_BYTES, "[", "1,"},
		{tree_json, BODY_BYTES, "[\"", "\\ud83d"},
		{tree_json, BODY_BYTES, "{", "\"a\":{"},
		{tree_json, BODY_BYTES, "{", "\"a\":1,"},
		{tree_json, BODY_BYTES, "", "-"},
		{tree_xml, BODY_BYTES, "", "<a>"},
		{tree_xml, BODY_BYTES, "<r>", "<a/>"},
		{tree_xml, BODY_BYTES, "<r>", "<a b='c'></a>"},
		{tree_xml, BODY_BYTES, "<r ", "a='b' "},
		{tree_xml, BODY_BYTES, "<r>", "&amp;"},
		{tree_html, HTML_BYTES, "<html>", "<a>"},
		{tree_html, HTML_BYTES, "<html>", "<p>x"},
		{tree_html, HTML_BYTES, "<html>", "<b><i>"},
		{tree_html, HTML_BYTES, "<html>", "<table><tr><td>"},
		{tree_html, HTML_BYTES, "<html><a ", "a=b "},
		{tree_html, HTML_BYTES, "<html>", "&amp;"},
		{tree_html, HTML_BYTES, "<html>", "<"},
		{tree_html, HTML_BYTES, "<html><a b='", "x"},
	};
	char *body = malloc(BODY_BYTES);

	(void)state;
	assert_non_null(body);
	for (size_t i = 0; i < sizeof(trees) / sizeof(*trees); i++) {
		const struct span bytes =
			span_slice(repeated(body, trees[i].start, trees[i].repeat), 0,
				trees[i].body_bytes);
		const int64_t start = cpu_ms();
		struct arena arena = {0};
		struct tree tree;
		int64_t took;

		assert_int_equal(trees[i].read(&tree, &arena, bytes), 0);
		took = cpu_ms() - start;
		if (took > LIMIT_MS || arena.total_bytes > LIMIT_BYTES - bytes.n)
			fail_msg("\"%s\" and many \"%s\": %ld ms, %zu bytes kept",
				trees[i].start, trees[i].repeat, (long)took, arena.total_bytes);
		arena_release(&arena);
	}
	free(body);
}

/* Twice the items, the same memory, once the bound of items is reached. */
static void memory_is_flat_with_the_feed(void **state)
{
	const struct read_options options = {.max_items = 100};
	size_t bytes[2];

	(void)state;
	for (int round = 0; round < 2; round++) {
		struct item_list items = {0};
		struct read_result result;
		struct arena arena = {0};
		struct reader *reader = NULL;
		char item[600];

		assert_int_equal(reader_new(&reader, &arena, &options), 0);
		assert_true(reader_push(reader, SPAN("<rss><channel>")) >= 0);
		for (int i = 0; i < (round + 1) * 5000; i++) {
			(void)snprintf(item, sizeof(item),
				"<item><guid>%d</guid><description>%0500d</description></item>",
				i, i);
			assert_true(reader_push(reader, span_str(item)) >= 0);
		}
		assert_int_equal(reader_finish(reader, &items, &result), 0);
		assert_int_equal(items.n, 100);
		assert_true(result.more);
		bytes[round] = arena.total_bytes;
		reader_free(reader);
		arena_release(&arena);
	}
	assert_int_equal(bytes[0], bytes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_document_costs_much),
		cmocka_unit_test(no_page_costs_much),
		cmocka_unit_test(no_tree_costs_much),
		cmocka_unit_test(memory_is_flat_with_the_feed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
