/* codec_item: one line of JSON an item, always with every member. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "line/codec_item.h"

static void an_empty_item_has_all_members(void **state)
{
	const struct item item = item_empty();
	struct buf out = {0};

	(void)state;
	item_write_json(&out, &item);
	assert_string_equal(out.p,
		"{\"id\":\"\",\"url\":null,\"title\":null,\"text\":\"\",\"author\":null,"
		"\"published\":null,\"updated\":null,\"lang\":null,\"tags\":[],\"kind\":"
		"\"post\","
		"\"parent\":null,\"engagement\":{\"likes\":null,\"shares\":null,\"replies\":"
		"null,"
		"\"views\":null,\"rating\":null},\"media\":[],\"place\":null,"
		"\"feed\":{\"title\":null,\"url\":null,\"lang\":null}}");
	buf_deinit(&out);
}

static void a_full_item_says_it_all(void **state)
{
	const struct span tags[] = {SPAN("a"), SPAN("b\"")};
	struct item item = item_empty();
	struct buf out = {0};

	(void)state;
	item.id = SPAN("1");
	item.url = SPAN("http://example.org/");
	item.text = SPAN("été\n</script>\t\\");
	item.author.handle = SPAN("anne@example.org");
	item.author.followers = 12;
	item.published = wall_from_civil(2024, 3, 5, 8, 30, 0);
	item.tags = tags;
	item.n_tags = 2;
	item.kind = ITEM_REVIEW;
	item.numbers.rating = 4.5;
	item.numbers.likes = 9007199254740991;
	item.place.lat = 48.85;
	item.place.lon = 2;
	item.feed.title = SPAN("F");
	item_write_json(&out, &item);
	assert_string_equal(out.p,
		"{\"id\":\"1\",\"url\":\"http://example.org/\",\"title\":null,"
		"\"text\":\"été\\n\\u003c/script>\\u0009\\\\\",\"author\":{\"name\":null,"
		"\"handle\":\"anne@example.org\",\"url\":null,\"followers\":12},"
		"\"published\":\"2024-03-05T08:30:00Z\",\"updated\":null,\"lang\":null,"
		"\"tags\":[\"a\",\"b\\\"\"],\"kind\":\"review\",\"parent\":null,"
		"\"engagement\":{\"likes\":9007199254740991,\"shares\":null,\"replies\":null,"
		"\"views\":null,\"rating\":4.5},\"media\":[],\"place\":{\"name\":null,\"lat\":"
		"48.85,"
		"\"lon\":2,\"country\":null},\"feed\":{\"title\":\"F\",\"url\":null,\"lang\":"
		"null}}");
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_item_has_all_members),
		cmocka_unit_test(a_full_item_says_it_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
