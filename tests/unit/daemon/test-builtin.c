/* builtin: every connector file that is built in can be read, and says what it must. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "connectors/builtin.h"
#include "sources/url.h"

static void check_asks(const struct connector *c)
{
	/* Whatever a path may want. */
	static const struct expr_var vars[] = {{{"tag", 3}, {"tea", 3}},
		{{"slug", 4}, {"tea", 3}}, {{"words", 5}, {"tea", 3}},
		{{"phrase", 6}, {"\"tea\"", 5}}, {{"appid", 5}, {"1", 1}},
		{{"country", 7}, {"FR", 2}}, {{"lang", 4}, {"fr", 2}},
		{{"channel", 7}, {"c", 1}}, {{"outbox", 6}, {"/o", 2}},
		{{"site", 4}, {"s", 1}}};
	const struct span base = c->base.n ? c->base : SPAN("https://site.example");

	for (size_t i = 0; i < c->n_asks; i++) {
		const struct connector_cursor start = {0};
		struct arena arena = {0};
		struct request request;

		if (connector_request(&request, &arena, &c->asks[i], base, vars,
			    sizeof(vars) / sizeof(*vars), &start) < 0 ||
			!url_is_web(request.url) || !url_normalize(&arena, request.url).n)
			fail_msg("%s: %s can't be asked", c->network.p, c->asks[i].name.p);
		arena_release(&arena);
	}
}

static void every_file_is_whole(void **state)
{
	(void)state;
	for (const struct builtin *b = builtins; b->network; b++) {
		struct err_list errors = {0};
		struct connector *c = NULL;

		if (connector_new(&c, b->body, b->file, &errors) < 0)
			fail_msg("%s:%d:%d: %s", b->file, errors.items[0].line,
				errors.items[0].column, errors.items[0].text);
		if (!span_eq_str(c->network, b->network) || !c->facts_date.n || !c->terms.n ||
			(c->tier && (!c->auth.n || !c->cost.n || !c->limits.n)))
			fail_msg("%s lacks a fact", b->file);
		check_asks(c);
		connector_free(c);
	}
}

static void names_are_found(void **state)
{
	(void)state;
	assert_non_null(builtin_find(SPAN("hackernews")));
	assert_null(builtin_find(SPAN("hackernew")));
	assert_string_equal(builtin_nearest(SPAN("hackernew")), "hackernews");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_is_whole),
		cmocka_unit_test(names_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
