/*
 * The manual of codec_hit.h: what is written is read, to the last member; what is odd is passed
 * over; what is not ours is refused.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "line/codec_hit.h"
#include "line/codec_hit_fields.h"
#include "same_hit.h"

/* SPAN() for static tables. */
#define S(literal)                                                                             \
	{                                                                                      \
		literal, sizeof(literal) - 1                                                   \
	}

static const struct span tags[] = {S("acme"), S("grève")};
static const struct span media[] = {S("https://news.example/1.jpg")};
static const struct match_span spans[] = {
	{FIELD_TITLE, 13, 17},
	{FIELD_TEXT, 19, 23},
	{FIELD_AUTHOR, 0, 3},
};
static const struct match matches[] = {
	{S("acme"), S("0a1b"), S("brand"), S("Acme"), tags, 2, 1.5, spans, 3},
	{S("strike"), S("77"), S("topic"), {NULL, 0}, NULL, 0, 0.1, NULL, 0},
};

static struct hit full_hit(void)
{
	struct hit h = {
		.content_hash = UINT64_MAX - 1,
		.update = true,
		.silent = true,
		.fetched = {1767225600123},
		.source = SPAN("gazette"),
		.source_kind = SPAN("feed"),
		.source_tags = tags,
		.n_source_tags = 1,
		.item =
			{
				.id = SPAN("urn:1"),
				.id_is_own = true,
				.url = SPAN("https://news.example/1?a=b&c=\"d\""),
				.title = SPAN("Grève chez \\ Acme\x01"),
				.text = SPAN("Une \"grève\"\n\tchez Acme \xF0\x9F\x9A\x80"),
				.author = {SPAN("Ann"), SPAN("ann"),
					SPAN("https://news.example/ann"), 12.5},
				.published = {-62135596800000},
				.updated = {1767225500123},
				.lang = SPAN("fr-CA"),
				.tags = tags,
				.n_tags = 2,
				.kind = ITEM_REVIEW,
				.parent = SPAN("urn:0"),
				.numbers = {0, 2, 3, 1e15, 4.1, 0.1, -7, 1e300},
				.media = media,
				.n_media = 1,
				.place = {SPAN("Paris"), SPAN("FR"), 48.8566, -2.3522},
				.feed = {SPAN("Gazette"), SPAN("https://news.example/"),
					SPAN("fr")},
			},
		.matches = matches,
		.n_matches = 2,
		.score = 1.6,
	};

	for (unsigned i = 0; i < ITEM_KEY_BYTES; i++)
		h.key.b[i] = (unsigned char)(i * 17);
	return h;
}

/* Reads from memory that is gone afterwards: nothing may point into it. */
static void round_trip(const struct hit *hit)
{
	struct arena arena = {0};
	struct buf out = {0};
	struct hit back;

	hit_encode(&out, hit);
	assert_int_equal(buf_result(&out), 0);
	assert_int_equal(hit_decode(&back, &arena, buf_span(&out)), 0);
	buf_deinit(&out);
	assert_hit(hit, &back);
	assert_int_equal(hit->update, back.update);
	arena_release(&arena);
}

static void what_is_written_is_read(void **state)
{
	const struct hit full = full_hit();
	const struct hit empty = {.fetched = WALL_NONE, .item = item_empty()};

	(void)state;
	round_trip(&full);
	round_trip(&empty);
}

/* A member forgotten in the table would vanish on its way: the table covers all of a hit. */
static void the_table_covers_a_hit(void **state)
{
	static const size_t sizes[] = {
		[HIT_TEXT] = sizeof(struct span),
		[HIT_LIST] = sizeof(struct span *) + sizeof(size_t),
		[HIT_TIME] = sizeof(struct wall),
		[HIT_NUMBER] = sizeof(double),
		[HIT_FLAG] = sizeof(bool),
		[HIT_KIND] = sizeof(enum item_kind),
		[HIT_HASH] = sizeof(uint64_t),
	};
	const struct hit h = {0};
	const size_t apart = sizeof(h.key) + sizeof(h.matches) + sizeof(h.n_matches) +
			     sizeof(h.story); /* the archive's: it does not travel */
	size_t covered = 0;

	(void)state;
	for (size_t i = 0; i < hit_fields_n; i++)
		covered += sizes[hit_fields[i].type];
	/* What is left is padding: less than one word for each of the few small members. */
	assert_true(covered + apart <= sizeof(struct hit));
	assert_true(sizeof(struct hit) - covered - apart < 4 * sizeof(void *));
}

static void an_absent_value_takes_no_room(void **state)
{
	const struct hit empty = {.fetched = WALL_NONE, .item = item_empty()};
	struct buf out = {0};

	(void)state;
	hit_encode(&out, &empty);
	assert_string_equal(out.p, "{\"v\":1,\"key\":\"00000000000000000000000000000000\","
				   "\"content_hash\":\"0000000000000000\",\"kind\":\"post\","
				   "\"score\":0,\"matches\":[]}");
	buf_deinit(&out);
}

#define KEY "\"key\":\"000102030405060708090a0b0c0d0e0f\""

static void what_is_no_hit_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		int result;
	} table[] = {
		{"{\"v\":1," KEY "}", 0},
		{"{\"v\":1," KEY ",\"later\":{\"a\":[1,2]}}", 0},
		{"{\"v\":2," KEY "}", -EINVAL},
		{"{\"v\":0," KEY "}", -EINVAL},
		{"{\"v\":\"1\"," KEY "}", -EINVAL},
		{"{" KEY "}", -EINVAL},
		{"{\"v\":1,\"key\":\"00\"}", -EINVAL},
		{"{\"v\":1}", -EINVAL},
		{"{\"v\":1," KEY ",\"title\":\"\xFF\"}", -EINVAL},
		{"{\"v\":1," KEY ",\"title\":\"\\u0000\"}", -EINVAL},
		{"{\"v\":1," KEY, -EINVAL},
		{"[]", -EINVAL},
		{"null", -EINVAL},
		{"", -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct arena arena = {0};
		struct hit hit;

		assert_int_equal(
			hit_decode(&hit, &arena, span_str(table[i].bytes)), table[i].result);
		arena_release(&arena);
	}
}

static void a_span_that_does_not_fit_is_left_out(void **state)
{
	static const struct {
		const char *spans;
		size_t n;
	} table[] = {
		/* title "né", text "a" */
		{"[[0,0,3]]", 1},
		{"[[0,3,3]]", 1},
		{"[[0,0,4]]", 0},
		{"[[0,0,2]]", 0}, /* inside é */
		{"[[0,2,3]]", 0},
		{"[[1,0,1],[1,0,2]]", 1},
		{"[[0,2,1]]", 0},
		{"[[3,0,0]]", 0},
		{"[[-1,0,0]]", 0},
		{"[[0,0]]", 0},
		{"[[0,0,4294967297]]", 0},
		{"[[2,0,1]]", 1},
		{"[7]", 0},
		{"{}", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct arena arena = {0};
		struct hit hit;
		const struct span bytes = arena_printf(&arena,
			"{\"v\":1," KEY ",\"title\":\"n\xC3\xA9\",\"text\":\"a\","
			"\"matches\":[{\"rule\":\"r\",\"spans\":%s}]}",
			table[i].spans);

		assert_int_equal(hit_decode(&hit, &arena, bytes), 0);
		assert_int_equal(hit.n_matches, 1);
		assert_int_equal(hit.matches[0].n_spans, table[i].n);
		arena_release(&arena);
	}
}

static void members_of_another_type_are_absent(void **state)
{
	struct arena arena = {0};
	struct hit hit;

	(void)state;
	assert_int_equal(
		hit_decode(&hit, &arena,
			SPAN("{\"v\":1," KEY
			     ",\"title\":7,\"likes\":\"3\",\"tags\":[\"a\",1,\"b\"],"
			     "\"fetched\":\"now\",\"kind\":\"hologram\",\"matches\":{}}")),
		0);
	assert_true(span_empty(hit.item.title));
	assert_true(isnan(hit.item.numbers.likes));
	assert_int_equal(hit.item.n_tags, 2);
	assert_span(hit.item.tags[1], SPAN("b"));
	assert_false(wall_known(hit.fetched));
	assert_int_equal(hit.item.kind, ITEM_POST);
	assert_int_equal(hit.n_matches, 0);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(the_table_covers_a_hit),
		cmocka_unit_test(an_absent_value_takes_no_room),
		cmocka_unit_test(what_is_no_hit_is_refused),
		cmocka_unit_test(a_span_that_does_not_fit_is_left_out),
		cmocka_unit_test(members_of_another_type_are_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
