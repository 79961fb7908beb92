/* connector_walk and connector_page: places, pages by selectors; what a whole network does is
 * tried with stand-ins (tests/e2e/networks). */

#include "fixture.h"

#include "sources/connector_page.h"
#include "sources/connector_walk.h"

static const struct wall now = {1772438400000}; /* 2026-03-02T08:00:00Z */

#define S(text)                                                                                \
	{                                                                                      \
		"" text, sizeof(text) - 1                                                      \
	}

static const struct connector_select board[] = {
	{S("item"), S("div.post"), 3, 9},
	{S("id"), S(".@id"), 4, 9},
	{S("url"), S("h3 a@href"), 5, 9},
	{S("title"), S("h3 a"), 6, 9},
	{S("text"), S("div.content"), 7, 9},
	{S("author"), S("b.by | html | sub(/^by /,'')"), 8, 9},
	{S("published"), S("time@datetime"), 9, 9},
	{S("likes"), S("i.likes"), 10, 9},
	{S("tags"), S("a.tag"), 11, 9},
	{S("next"), S("a[rel~=next]@href"), 12, 9},
};

#define POST(id, minute)                                                                       \
	"<div class=post id=p" #id "><h3><a href=/t?p=" #id ">Tea &amp; " #id "</a></h3>"      \
	"<b class=by>by Zoe</b> <time datetime=2026-03-02T07:0" #minute ":00Z>x</time>"        \
	"<div class=content><p>one<p>two</div><i class=likes>1.2K</i><a "                      \
	"class=tag>Pot</a></div>"

struct round {
	const struct connector *c;
	struct span state;
	struct arena arena;
	struct connector_taken taken;
	struct connector_step step;
};

static void step(struct round *r, int status, const char *body, const char *want_url)
{
	const struct connector_target target = {.connector = r->c,
		.ask = &r->c->asks[0],
		.base = SPAN("https://b.example/list?f=1"),
		.since = WALL_NONE};
	const struct connector_answer answer = {
		.status = status, .body = span_str(body), .now = now};

	assert_int_equal(
		connector_walk_next(&r->step, &r->arena, &target, NULL, r->state, now), 0);
	assert_span(r->step.request.url, want_url);
	assert_int_equal(
		connector_walk_take(&r->taken, &r->arena, &target, r->state, &answer), 0);
	r->state = r->taken.state;
}

static struct connector *page_of(const struct connector_select *rows, size_t n)
{
	struct err_list errors = {0};
	struct connector *c = NULL;

	if (connector_page_new(&c, rows, n, "t.yaml", &errors) < 0)
		fail_msg("%s", errors.items[0].text);
	return c;
}

static void a_page_is_read_by_its_selectors(void **state)
{
	struct connector *c = page_of(board, sizeof(board) / sizeof(*board));
	struct round r = {.c = c};
	const struct item *item;

	(void)state;
	step(&r, 200, POST(2, 2) POST(1, 1) "<a rel=next href='?f=1&amp;start=2'>more</a>",
		"https://b.example/list?f=1");
	assert_int_equal(r.taken.read.items.n, 2);
	assert_true(r.step.first);
	assert_true(r.taken.more);
	item = &r.taken.read.items.items[0];
	assert_span(item->id, "p2");
	assert_span(item->url, "https://b.example/t?p=2");
	assert_span(item->title, "Tea & 2");
	assert_span(item->text, "one\ntwo");
	assert_span(item->author.name, "Zoe");
	assert_time(item->published, "2026-03-02T07:02:00Z");
	assert_true(item->numbers.likes == 1200);
	assert_span(item->tags[0], "pot");
	step(&r, 200, POST(0, 0), "https://b.example/list?f=1&start=2");
	assert_false(r.step.first);
	assert_false(r.taken.more);
	/* A new round begins at the address itself, and ends where it is known. */
	step(&r, 200, POST(3, 3) POST(2, 2) "<a rel=next href='?f=1&amp;start=2'>more</a>",
		"https://b.example/list?f=1");
	assert_false(r.taken.more);
	assert_false(r.taken.bounded);
	arena_release(&r.arena);
	connector_free(c);
}

static void trouble_leaves_the_place_as_it_is(void **state)
{
	struct connector *c = page_of(board, sizeof(board) / sizeof(*board));
	struct round r = {.c = c};

	(void)state;
	step(&r, 200, POST(2, 2) "<a rel=next href='?start=2'>", "https://b.example/list?f=1");
	step(&r, 503, "later", "https://b.example/list?start=2");
	assert_int_equal(r.taken.refusal.error, CONNECTOR_UNAVAILABLE);
	assert_true(r.taken.more);
	step(&r, 200, POST(1, 1), "https://b.example/list?start=2");
	assert_int_equal(r.taken.read.items.n, 1);
	arena_release(&r.arena);
	connector_free(c);
}

static void a_place_that_cannot_be_read_is_a_new_beginning(void **state)
{
	static const char *const places[] = {"", "x", "v=1", "v=2&began=1&pages=9",
		"v=1&began=1&pages=-5&next.url=https%3A%2F%2Felsewhere.example%2F",
		"v=1&began=zz&nested=1&todo=nothing&give.a=b", "v=1&%&&=&give.x=1"};
	struct connector *c = page_of(board, sizeof(board) / sizeof(*board));

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const struct connector_target target = {.connector = c,
			.ask = &c->asks[0],
			.base = SPAN("https://b.example/"),
			.since = WALL_NONE};
		struct connector_step s;
		struct arena arena = {0};
		const int r = connector_walk_next(
			&s, &arena, &target, NULL, span_str(places[i]), now);

		/* Another host is never asked. */
		assert_true(r == -EINVAL || span_eq_str(s.request.url, "https://b.example/"));
		arena_release(&arena);
	}
	connector_free(c);
}

static void selectors_say_what_is_wrong_with_them(void **state)
{
	static const struct {
		struct connector_select rows[2];
		const char *want;
	} rows[] = {
		{{{S("item"), S("div"), 1, 1}, {S("titel"), S("h3"), 7, 3}},
			"7:3: \"titel\" is nothing that can be selected: did you mean "
			"\"title\"?"},
		{{{S("item"), S("div"), 1, 1}, {S("title"), S("h3"), 7, 3}},
			"0:0: select: tells posts by nothing: write id: or url:"},
		{{{S("url"), S("a@href"), 1, 1}, {S("title"), S("h3"), 7, 3}},
			"0:0: select: has no item: write item: the selector of a post"},
		{{{S("item"), S(""), 1, 5}, {S("id"), S(".@id"), 7, 3}},
			"1:5: nothing stands here: write a CSS selector, as in div.post or "
			"a.link@href"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err_list errors = {0};
		struct connector *c = NULL;
		char got[256];

		assert_int_equal(
			connector_page_new(&c, rows[i].rows, 2, "t.yaml", &errors), -EINVAL);
		(void)snprintf(got, sizeof(got), "%d:%d: %s", errors.items[0].line,
			errors.items[0].column, errors.items[0].text);
		assert_string_equal(got, rows[i].want);
		err_list_deinit(&errors);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_read_by_its_selectors),
		cmocka_unit_test(trouble_leaves_the_place_as_it_is),
		cmocka_unit_test(a_place_that_cannot_be_read_is_a_new_beginning),
		cmocka_unit_test(selectors_say_what_is_wrong_with_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
