/*
 * The manual of alerts/story.h: which mentions are one story, and that the book keeps its word
 * on memory, order and restarts. The golden set is read from the file given as argument.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden.h"
#include "vigie/story.h"
#include "vigie/story_url.h"

static const char *golden_path;

static struct story_book *book_new(uint32_t open_max)
{
	struct story_book *book = NULL;

	assert_int_equal(story_book_new(&book, &(struct story_options){.fold = text_tokens,
						       .open_max = open_max}),
		0);
	return book;
}

static void test_addresses(void **state)
{
	static const struct {
		const char *url, *same;
	} cases[] = {
		{"https://www.example.org/a/?utm_source=x&id=3&fbclid=1", "example.org/a?id=3"},
		{"http://EXAMPLE.org:80/a?b=2&a=1", "example.org/a?a=1&b=2"},
		{"https://m.example.org/a#xtor=RSS-1", "example.org/a"},
		{"https://example.org/a#comment-5", "example.org/a#comment-5"},
		{"https://example.org/a#:~:text=word", "example.org/a"},
		{"https://amp.example.org/a/amp", "example.org/a"},
		{"https://user@example.org/A", "example.org/A"},
		{"https://m.fr/a", "m.fr/a"},
		{"https://example.org/", ""},
		{"https://example.org/?utm_source=x", ""},
		{"https://example.org/?p=12", "example.org?p=12"},
		{"mailto:a@example.org", ""},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out = {0};

		story_url_canonical(&out, span_str(cases[i].url));
		assert_string_equal(out.p ? out.p : "", cases[i].same);
		buf_deinit(&out);
	}
}

/* Of all pairs: how many of those joined belong together, how many that do are joined. */
static void test_golden(void **state)
{
	static struct golden g;
	struct story_book *book = book_new(0);
	struct item_key heads[GOLDEN_MAX];
	size_t together = 0, joined = 0, right = 0;

	(void)state;
	assert_true(golden_read(&g, golden_path));
	for (size_t i = 0; i < g.n; i++) {
		struct story_place place, foreseen;

		/* To look says what to add does, as long as nothing closes. */
		assert_int_equal(story_look(book, &g.hits[i], &foreseen), 0);
		assert_int_equal(story_add(book, &g.hits[i], g.hits[i].fetched, &place), 0);
		assert_memory_equal(&place.head, &foreseen.head, sizeof(place.head));
		assert_int_equal(place.why, foreseen.why);
		assert_int_equal(place.mentions, foreseen.mentions);
		assert_int_equal(place.sites, foreseen.sites);
		heads[i] = place.head;
		print_message("%-20.*s %-8s %.2f\n", SPAN_ARG(g.names[i]),
			story_why_names[place.why], place.similarity);
	}
	for (size_t i = 0; i < g.n; i++) {
		for (size_t k = 0; k < i; k++) {
			const bool is = memcmp(&heads[i], &heads[k], sizeof(heads[i])) == 0;
			const bool should =
				span_eq(golden_story(g.names[i]), golden_story(g.names[k]));

			together += should;
			joined += is;
			right += is && should;
			if (is != should)
				print_message("%s: %.*s and %.*s\n",
					is ? "wrongly joined" : "missed", SPAN_ARG(g.names[k]),
					SPAN_ARG(g.names[i]));
		}
	}
	print_message("%zu mentions, %zu pairs that belong together, %zu joined: "
		      "precision %.3f, recall %.3f\n",
		g.n, together, joined, (double)right / (double)joined,
		(double)right / (double)together);
	assert_true(together >= 50);
	assert_true((double)right >= 0.98 * (double)joined);
	assert_true((double)right >= 0.90 * (double)together);
	story_book_free(book);
	arena_release(&g.arena);
}

static struct hit article(unsigned n, const char *site, const char *title)
{
	static char urls[64][64];
	struct hit h = {.key = {{(unsigned char)n, (unsigned char)(n >> 8), 1}},
		.fetched = {1000000},
		.source = span_str(site),
		.item = item_empty()};

	(void)snprintf(urls[n % 64], sizeof(urls[0]), "https://%s/%u", site, n);
	h.item.url = span_str(urls[n % 64]);
	h.item.kind = ITEM_ARTICLE;
	h.item.title = span_str(title);
	return h;
}

static const char *const headline =
	"A headline of more than eight different words about one thing";

static void test_a_copy_is_counted_once(void **state)
{
	struct story_book *book = book_new(0);
	const struct hit first = article(1, "a.example", headline);
	const struct hit copy = article(2, "b.example", headline);
	struct story_place place;

	(void)state;
	assert_int_equal(story_add(book, &first, first.fetched, &place), 0);
	assert_int_equal(place.why, STORY_HEAD);
	assert_int_equal(story_add(book, &copy, copy.fetched, &place), 0);
	assert_int_equal(place.why, STORY_TITLE);
	assert_memory_equal(&place.head, &first.key, sizeof(place.head));
	assert_int_equal(place.mentions, 2);
	assert_int_equal(place.sites, 2);
	assert_int_equal(story_add(book, &copy, copy.fetched, &place), 0);
	assert_int_equal(place.why, STORY_KNOWN);
	assert_int_equal(place.mentions, 2);
	assert_true(story_find(book, &first.key, &place));
	assert_int_equal(place.mentions, 2);
	story_book_free(book);
}

static void test_a_story_closes(void **state)
{
	struct story_book *book = book_new(0);
	struct hit h = article(1, "a.example", headline);
	struct story_place place;

	(void)state;
	assert_int_equal(story_add(book, &h, (struct wall){0}, &place), 0);
	h = article(2, "b.example", headline);
	assert_int_equal(story_add(book, &h, (struct wall){STORY_OPEN_MS - 1}, &place), 0);
	assert_int_equal(place.why, STORY_TITLE);
	h = article(3, "c.example", headline);
	assert_int_equal(story_add(book, &h, (struct wall){STORY_OPEN_MS}, &place), 0);
	assert_int_equal(place.why, STORY_HEAD);
	assert_int_equal(story_stats(book).open, 1);
	assert_int_equal(story_stats(book).closed, 1);
	story_book_free(book);
}

static void test_the_oldest_make_room(void **state)
{
	struct story_book *book = book_new(10);
	struct story_place place;
	char title[64];

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		struct hit h;

		(void)snprintf(
			title, sizeof(title), "word%u of a title%u that none has%u", i, i, i);
		h = article(i, "a.example", title);
		assert_int_equal(story_add(book, &h, h.fetched, &place), 0);
		assert_int_equal(place.why, STORY_HEAD);
	}
	assert_int_equal(story_stats(book).open, 10);
	assert_false(story_find(book, &(struct item_key){{0, 0, 1}}, &place));
	assert_true(story_find(book, &(struct item_key){{999 & 255, 999 >> 8, 1}}, &place));
	story_book_free(book);
}

/* Saved and restored after each mention, the book says the same, and its state is the same. */
static void test_restart(void **state)
{
	static struct golden g;
	struct story_book *whole = book_new(20), *broken = book_new(20);
	struct buf a = {0}, b = {0};

	(void)state;
	assert_true(golden_read(&g, golden_path));
	for (size_t i = 0; i < g.n; i++) {
		struct story_place x, y;

		assert_int_equal(story_add(whole, &g.hits[i], g.hits[i].fetched, &x), 0);
		assert_int_equal(story_add(broken, &g.hits[i], g.hits[i].fetched, &y), 0);
		assert_memory_equal(&x.head, &y.head, sizeof(x.head));
		assert_int_equal(x.why, y.why);
		assert_int_equal(x.mentions, y.mentions);
		assert_int_equal(x.sites, y.sites);
		buf_clear(&a);
		buf_clear(&b);
		assert_int_equal(story_save(whole, &a), 0);
		assert_int_equal(story_save(broken, &b), 0);
		assert_int_equal(a.n, b.n);
		assert_memory_equal(a.p, b.p, a.n);
		story_book_free(broken);
		broken = book_new(20);
		assert_int_equal(story_restore(broken, buf_span(&b)), 0);
	}
	story_book_free(broken);
	/* Another book, other parameters; damage. */
	broken = book_new(21);
	assert_int_equal(story_restore(broken, buf_span(&a)), STORY_STATE_OTHER);
	story_book_free(broken);
	broken = book_new(20);
	a.p[a.n / 2] ^= 1;
	assert_int_equal(story_restore(broken, buf_span(&a)), -EBADMSG);
	assert_int_equal(story_restore(broken, span_slice(buf_span(&b), 0, b.n / 2)), -EBADMSG);
	assert_int_equal(story_stats(broken).open, 0);
	story_book_free(broken);
	story_book_free(whole);
	buf_deinit(&a);
	buf_deinit(&b);
	arena_release(&g.arena);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_a_copy_is_counted_once),
		cmocka_unit_test(test_a_story_closes),
		cmocka_unit_test(test_the_oldest_make_room),
		cmocka_unit_test(test_restart),
	};

	assert_true(argc > 1);
	golden_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
