/*
 * The manual of archive_search(): what is asked, what is found, in which order, and where it
 * stands.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "archive_lab.h"

enum { HOUR = 3600000 };

static const struct match acme = {
	.rule = {"acme", 4}, .kind = {"brand", 5}, .brand = {"Acme Air", 8}, .weight = 1};
static const struct match both[] = {
	{.rule = {"acme", 4}, .kind = {"brand", 5}, .brand = {"Acme Air", 8}, .weight = 1},
	{.rule = {"rival", 5}, .kind = {"competitor", 10}, .brand = {"Rival", 5}, .weight = 1},
};

/* In the order of their time; the last one has none but its fetch. */
static const struct {
	const char *name; /* the author's: what the tables below call it */
	const char *title, *text, *lang, *source;
	const struct match *matches;
	size_t n_matches;
} world[] = {
	{"a", "Grève chez Acme", "Les pilotes d’Acme Air sont en grève", "fr", "gazette", both,
		2},
	{"b", "Acme opens a plant", "The coca-cola of planes", "en-GB", "Harbour", &acme, 1},
	{"c", "東京の航空会社", "アクメは東京に来る 100%", "ja", "gazette", &acme, 1},
	{"d", NULL, "C++ and \"quotes\" OR nothing: AND acmeplex 🚀", "en_US", "forum", both + 1,
		1},
	{"e", "Strike", "straße café I_O", NULL, "forum", NULL, 0},
};
enum { WORLD = sizeof(world) / sizeof(*world) };

static int set_up(void **state)
{
	struct lab *lab = lab_new();

	for (unsigned i = 0; i < WORLD; i++) {
		struct hit hit = lab_hit(i, world[i].title, world[i].text);

		hit.item.author.name = span_str(world[i].name);
		hit.item.lang = span_str(world[i].lang);
		hit.source = span_str(world[i].source);
		hit.matches = world[i].matches;
		hit.n_matches = world[i].n_matches;
		if (i < WORLD - 1)
			hit.item.published = (struct wall){(int64_t)i * HOUR};
		else
			hit.fetched = (struct wall){(int64_t)i * HOUR};
		lab_put(lab, &hit, 1);
	}
	*state = lab;
	return 0;
}

static int tear_down(void **state)
{
	lab_free(*state);
	return 0;
}

struct found {
	char names[WORLD + 1];
	size_t n;
	size_t stop_after; /* 0: never */
};

static bool on_found(void *arg, const struct hit *hit)
{
	struct found *found = arg;

	assert_int_equal(hit->item.author.name.n, 1);
	found->names[found->n++] = hit->item.author.name.p[0];
	return found->n != found->stop_after;
}

static void assert_found(
	struct lab *lab, const struct archive_filter *filter, const char *expected)
{
	struct archive_reader *reader;
	struct found found = {.n = 0};
	struct span why;

	assert_int_equal(archive_reader_new(&reader, lab->path, &lab->arena, &why), 0);
	assert_int_equal(
		archive_search(reader, filter, on_found, &found, &lab->arena, &why), 0);
	if (strcmp(found.names, expected) != 0)
		fail_msg("\"%.*s\": found \"%s\", not \"%s\"", SPAN_ARG(filter->words),
			found.names, expected);
	archive_reader_free(reader);
}

static struct archive_filter everything(void)
{
	return (struct archive_filter){.since = WALL_NONE, .until = WALL_NONE};
}

static void every_word_must_occur(void **state)
{
	static const struct {
		const char *words;
		const char *found;
	} table[] = {
		{"", "abcde"},
		{"  ", "abcde"},
		{"acme", "ab"},
		{"ACME", "ab"},
		{"greve", "a"},
		{"GRÈVE", "a"},
		{"gre\xCC\x80ve", "a"}, /* e and a combining grave */
		{"acme greve", "a"},
		{"acme strike", ""},
		{"acme*", "abd"},
		{"ac*", "abd"},
		{"acmeple", ""},
		{"\"acme air\"", "a"},
		{"\"air acme\"", ""},
		{"\"acme air", "a"}, /* never closed */
		{"\"\" acme", "ab"},
		{"d'acme", "a"}, /* whatever the apostrophe */
		{"coca-cola", "b"},
		{"cola-coca", ""},
		{"cafe", "e"},
		{"b", "b"}, /* the author */
		/* Nothing is an operator. */
		{"OR", "d"},
		{"acme OR strike", ""},
		{"AND", "d"},
		{"NOT", ""},
		{"title:acme", ""},
		{"nothing: acmeplex", "d"},
		{"^acme", "ab"},
		{"(acme", "ab"},
		{"NEAR(acme air)", ""},
		/* Scripts without spaces, signs, and what LIKE would take for a pattern. */
		{"東京", "c"},
		{"航空", "c"},
		{"アクメ 東京", "c"},
		{"東京 acme", ""},
		{"🚀", "d"},
		{"🚀 acmeplex", "d"},
		{"++", "d"},
		{"%", "c"},
		{"_", "e"},
		{"\\", ""},
		{"*", ""},
		{"'", ""},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct archive_filter filter = everything();

		filter.words = span_str(table[i].words);
		assert_found(*state, &filter, table[i].found);
	}
}

#define T(hours) ((struct wall){(int64_t)(hours)*HOUR})

static void filters_narrow_together(void **state)
{
	const struct {
		struct archive_filter filter;
		const char *found;
	} table[] = {
		{{.since = WALL_NONE, .until = WALL_NONE, .newest_first = true}, "edcba"},
		{{.since = WALL_NONE, .until = WALL_NONE, .limit = 2}, "de"},
		{{.since = WALL_NONE, .until = WALL_NONE, .limit = 2, .newest_first = true},
			"ed"},
		{{.since = T(1), .until = T(3)}, "bc"},
		{{.since = T(4), .until = WALL_NONE}, "e"}, /* when it was fetched */
		{{.since = WALL_NONE, .until = T(0)}, ""},
		{{.since = WALL_NONE, .until = WALL_NONE, .rule = SPAN("rival")}, "ad"},
		{{.since = WALL_NONE, .until = WALL_NONE, .rule = SPAN("Rival")}, ""},
		{{.since = WALL_NONE, .until = WALL_NONE, .brand = SPAN("acme air")}, "abc"},
		{{.since = WALL_NONE, .until = WALL_NONE, .source = SPAN("harbour")}, "b"},
		{{.since = WALL_NONE, .until = WALL_NONE, .lang = SPAN("en")}, "bd"},
		{{.since = WALL_NONE, .until = WALL_NONE, .lang = SPAN("EN-gb")}, "b"},
		{{.since = WALL_NONE, .until = WALL_NONE, .lang = SPAN("e")}, ""},
		{{.since = WALL_NONE, .until = WALL_NONE, .lang = SPAN("e%")}, ""},
		{{.since = T(0),
			 .until = T(2),
			 .words = SPAN("acme"),
			 .rule = SPAN("acme"),
			 .lang = SPAN("en")},
			"b"},
		{{.since = WALL_NONE,
			 .until = WALL_NONE,
			 .words = SPAN("acme 東京"),
			 .rule = SPAN("acme")},
			""},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_found(*state, &table[i].filter, table[i].found);
}

static void whoever_looks_may_stop(void **state)
{
	const struct archive_filter filter = everything();
	struct found found = {.stop_after = 2};
	struct archive_reader *reader;
	struct lab *lab = *state;
	struct span why;

	assert_int_equal(archive_reader_new(&reader, lab->path, &lab->arena, &why), 0);
	assert_int_equal(
		archive_search(reader, &filter, on_found, &found, &lab->arena, &why), 0);
	assert_string_equal(found.names, "ab");
	archive_reader_free(reader);
}

static void too_many_words_are_refused(void **state)
{
	struct archive_filter filter = everything();
	struct found found = {.n = 0};
	struct archive_reader *reader;
	struct buf words = {0};
	struct lab *lab = *state;
	struct span why;

	for (int i = 0; i < 500; i++)
		buf_add_str(&words, "京 ");
	filter.words = buf_span(&words);
	assert_int_equal(archive_reader_new(&reader, lab->path, &lab->arena, &why), 0);
	assert_int_equal(
		archive_search(reader, &filter, on_found, &found, &lab->arena, &why), -E2BIG);
	assert_false(span_empty(why));
	archive_reader_free(reader);
	buf_deinit(&words);
}

struct marking {
	struct archive_reader *reader;
	char marked[256];
};

/* "0:Grève" for each mark. */
static bool on_marked(void *arg, const struct hit *hit)
{
	struct marking *m = arg;
	const struct span fields[] = {hit->item.title, hit->item.text};
	const struct match_span *marks;
	struct arena arena = {0};
	size_t n;

	assert_int_equal(archive_search_marks(m->reader, &marks, &n, &arena), 0);
	for (size_t i = 0; i < n; i++) {
		const size_t used = strlen(m->marked);
		const struct span word =
			span_slice(fields[marks[i].field], marks[i].start, marks[i].end);

		(void)snprintf(m->marked + used, sizeof(m->marked) - used, "%d:%.*s ",
			marks[i].field, SPAN_ARG(word));
	}
	arena_release(&arena);
	return true;
}

static void the_words_asked_for_can_be_marked(void **state)
{
	static const struct {
		const char *words;
		const char *marked;
	} table[] = {
		{"greve", "0:Grève 1:grève "}, {"\"acme air\"", "1:Acme Air "},
		{"acmep*", "1:acmeplex "}, {"", ""},
		{"東京", ""}, /* only what the index knows */
	};
	struct lab *lab = *state;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct archive_filter filter = everything();
		struct marking m = {.marked = ""};
		struct span why;

		filter.words = span_str(table[i].words);
		assert_int_equal(
			archive_reader_new(&m.reader, lab->path, &lab->arena, &why), 0);
		assert_int_equal(
			archive_search(m.reader, &filter, on_marked, &m, &lab->arena, &why), 0);
		assert_string_equal(m.marked, table[i].marked);
		archive_reader_free(m.reader);
	}
}

/* Reading goes on beside writing, and sees only what was whole when it began. */
static void a_search_sees_one_moment(void **state)
{
	const struct archive_filter filter = everything();
	struct archive_reader *reader;
	struct lab *lab = *state;
	struct found found = {.n = 0};
	struct span why;
	struct hit late = lab_hit(77, "late", NULL);

	late.item.author.name = SPAN("z");
	assert_int_equal(archive_reader_new(&reader, lab->path, &lab->arena, &why), 0);
	lab_put(lab, &late, 1);
	assert_int_equal(
		archive_search(reader, &filter, on_found, &found, &lab->arena, &why), 0);
	assert_int_equal(found.n, WORLD + 1);
	archive_reader_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_must_occur),
		cmocka_unit_test(filters_narrow_together),
		cmocka_unit_test(whoever_looks_may_stop),
		cmocka_unit_test(too_many_words_are_refused),
		cmocka_unit_test(the_words_asked_for_can_be_marked),
		cmocka_unit_test(a_search_sees_one_moment),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
