/* builtin: every connector file that is built in can be read, and says what it must. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "connectors/builtin.h"
#include "sources/connector_query.h"

/* What a request always has, and what stands for itself in a date. */
static const char *const always[] = {"now", "since", "until", "page", "offset", "query",
	"words", "phrase", "tag", "slug", "term", "host", "redirect_uri", "state", "code",
	"code_verifier"};

static bool in_parts(const struct connector_part *parts, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++)
		if (span_eq(parts[i].name, name))
			return true;
	return false;
}

static bool of_login(const struct connector *c, struct span name)
{
	for (size_t i = 0; i < c->n_logins; i++) {
		for (size_t k = 0; k < c->logins[i].n_needs; k++)
			if (span_eq(c->logins[i].needs[k], name))
				return true;
		if (in_parts(c->logins[i].answer, c->logins[i].n_answer, name))
			return true;
	}
	return false;
}

/* A mark, a parameter of the next page, or what a nested request is given. */
static bool of_walk(const struct connector *c, struct span name)
{
	for (size_t i = 0; i < c->n_asks; i++) {
		const struct connector_ask *ask = &c->asks[i];

		if (in_parts(ask->newest, ask->n_newest, name) ||
			in_parts(ask->forward, ask->n_forward, name) ||
			in_parts(ask->nexts, ask->n_nexts, name))
			return true;
		for (size_t k = 0; k < ask->n_nested; k++)
			if (in_parts(ask->nested[k].give, ask->nested[k].n_give, name))
				return true;
	}
	for (size_t i = 0; i < c->n_maps; i++)
		if (in_parts(c->maps[i].nexts, c->maps[i].n_nexts, name))
			return true;
	return false;
}

static bool known(const struct connector *c, struct span name)
{
	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (span_eq_str(name, always[i]))
			return true;
	for (size_t i = 0; i < c->n_params; i++)
		if (span_eq(c->params[i].name, name))
			return true;
	return of_login(c, name) || of_walk(c, name);
}

/* Every %variable of the file is explained in it, or is one that every request has. */
static void check_variables(const struct connector *c, struct span file)
{
	for (size_t i = 0; i < file.n; i++) {
		size_t end = i + 1;
		struct span name;

		if (file.p[i] != '%')
			continue;
		while (end < file.n &&
			((file.p[end] >= 'a' && file.p[end] <= 'z') || file.p[end] == '_'))
			end++;
		name = span_slice(file, i + 1, end);
		/* %d and the like are parts of a date, %{ of a pattern. */
		if (name.n > 1 && !known(c, name))
			fail_msg("%s: %%%.*s is explained nowhere: add it to params",
				c->network.p, SPAN_ARG(name));
		/* %host% within a template ends with a second sign. */
		i = end < file.n && file.p[end] == '%' && name.n > 1 ? end : end - 1;
	}
}

static void check_facts(const struct connector *c)
{
	const struct span facts[] = {
		c->auth, c->cost, c->limits, c->terms, c->facts_date, c->title};

	for (size_t i = c->tier ? 0 : 3; i < sizeof(facts) / sizeof(*facts); i++)
		if (!facts[i].n)
			fail_msg("%s lacks a fact", c->network.p);
	if (c->tier && (!c->n_asks || !c->every_ms))
		fail_msg("%s doesn't say how it is asked, or how often", c->network.p);
	if (!c->tier && (c->n_asks || !c->detour.n))
		fail_msg("%s: a network without a way in has a detour, and no way",
			c->network.p);
	/* Whoever says that a key is needed says which. */
	if (c->needs_login && !c->n_logins)
		fail_msg("%s needs a key, and has no login", c->network.p);
	if (c->tier > 1 && !c->n_logins)
		fail_msg("%s has a tier with keys, and no login", c->network.p);
}

static void check_asks(const struct connector *c)
{
	for (size_t i = 0; i < c->n_asks; i++) {
		const struct connector_ask *ask = &c->asks[i];

		if (!ask->about.n || ask->max_pages < 1 || ask->max_pages > 50)
			fail_msg("%s/%s: says nothing about itself, or has no bound",
				c->network.p, ask->name.p);
		if (connector_ask_searches(ask) && !c->query.syntax.n)
			fail_msg("%s/%s searches, and no syntax is said", c->network.p,
				ask->name.p);
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
		assert_true(span_eq_str(c->network, b->network));
		check_facts(c);
		check_asks(c);
		check_variables(c, b->body);
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
