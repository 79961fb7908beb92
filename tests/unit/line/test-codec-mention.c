/*
 * The manual of codec_mention.h: offsets in code points cut the very words, and nothing in it
 * can move a cursor.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "line/codec_mention.h"

static struct hit small_hit(void)
{
	struct hit hit = {
		.fetched = {1767225600000}, .source = SPAN("gazette"), .item = item_empty()};

	hit.item.title = SPAN("né 🚀 Acme");
	hit.item.text = SPAN("Acme, Acmé");
	hit.item.author.name = SPAN("Zoé");
	hit.item.author.handle = SPAN("acme");
	return hit;
}

static void offsets_count_code_points(void **state)
{
	static const struct {
		struct match_span span;
		const char *expected;
	} table[] = {
		{{FIELD_TITLE, 0, 3},
			"{\"field\":\"title\",\"start\":0,\"end\":2,\"text\":\"né\"}"},
		{{FIELD_TITLE, 9, 13},
			"{\"field\":\"title\",\"start\":5,\"end\":9,\"text\":\"Acme\"}"},
		{{FIELD_TEXT, 0, 4},
			"{\"field\":\"text\",\"start\":0,\"end\":4,\"text\":\"Acme\"}"},
		{{FIELD_TEXT, 6, 11},
			"{\"field\":\"text\",\"start\":6,\"end\":10,\"text\":\"Acmé\"}"},
		{{FIELD_AUTHOR, 5, 9},
			"{\"field\":\"author\",\"start\":4,\"end\":8,\"text\":\"acme\"}"},
	};
	enum { N = sizeof(table) / sizeof(*table) };
	struct match_span spans[N + 1];
	struct match match = {
		.rule = SPAN("acme"), .weight = 1.5, .spans = spans, .n_spans = N + 1};
	struct hit hit = small_hit();
	struct buf out = {0}, expected = {0};

	(void)state;
	buf_add_str(&expected, "\"spans\":[");
	for (size_t i = 0; i < N; i++) {
		spans[i] = table[i].span;
		buf_addf(&expected, "%s%s", i ? "," : "", table[i].expected);
	}
	spans[N] = (struct match_span){FIELD_AUTHOR, 0, 99}; /* does not fit: left out */
	buf_add_str(&expected, "]}],\"score\":0,\"story\":null}");
	hit.matches = &match;
	hit.n_matches = 1;
	mention_write_json(&out, &hit);
	assert_int_equal(buf_result(&out), 0);
	assert_non_null(strstr(out.p, expected.p));
	buf_deinit(&out);
	buf_deinit(&expected);
}

static void a_mention_is_an_item_and_why(void **state)
{
	static const char *const members[] = {"id", "url", "title", "text", "author",
		"published", "updated", "lang", "tags", "kind", "parent", "engagement", "media",
		"place", "key", "source", "source_kind", "fetched", "silent", "matches",
		"score", "story"};
	const struct hit hit = small_hit();
	struct buf out = {0};
	json_t *root;

	(void)state;
	mention_write_json(&out, &hit);
	root = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		assert_non_null(json_object_get(root, members[i]));
	assert_string_equal(
		json_string_value(json_object_get(root, "fetched")), "2026-01-01T00:00:00Z");
	assert_string_equal(json_string_value(json_object_get(root, "source")), "gazette");
	json_decref(root);
	buf_deinit(&out);
}

static void its_story_is_said(void **state)
{
	struct hit hit = small_hit();
	struct buf out = {0};

	(void)state;
	hit.story = (struct story_place){.head = {{0xAB, 0xCD}},
		.why = STORY_TEXT,
		.similarity = 0.75,
		.mentions = 12,
		.sites = 9};
	mention_write_json(&out, &hit);
	assert_non_null(strstr(out.p,
		",\"story\":{\"id\":\"abcd0000000000000000000000000000\",\"why\":\"text\","
		"\"similarity\":0.75,\"mentions\":12,\"sites\":9}}"));
	buf_deinit(&out);
}

static void what_moves_a_cursor_is_escaped(void **state)
{
	static const char hostile[] =
		"\x1B[2J \xC2\x9B 2J \xE2\x80\xAE gnp.exe \xE2\x81\xA6 \x7F \x07";
	struct hit hit = small_hit();
	struct buf out = {0};
	json_t *root;

	(void)state;
	hit.item.title = span_str(hostile);
	mention_write_json(&out, &hit);
	for (size_t i = 0; i < out.n; i++) {
		assert_true((unsigned char)out.p[i] >= 0x20 && out.p[i] != 0x7F);
		assert_true((unsigned char)out.p[i] != 0xE2 && (unsigned char)out.p[i] != 0xC2);
	}
	root = json_loadb(out.p, out.n, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(root, "title")), hostile);
	json_decref(root);
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_count_code_points),
		cmocka_unit_test(a_mention_is_an_item_and_why),
		cmocka_unit_test(its_story_is_said),
		cmocka_unit_test(what_moves_a_cursor_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
