/* match: the engine says what the slow evaluator says, for many rules at once, and keeps its
 * bounds under hostile patterns and texts. */

#include "desk.h"

#include <pthread.h>
#include <string.h>

#include "query.h"
#include "scratch.h"
#include "slow.h"

enum { QUERIES = 60, ITEMS = 25 };

struct random_rules {
	struct arena arena;
	struct ruleset *set;
	struct node *trees[QUERIES];
	struct span queries[QUERIES];
	size_t n;
};

static void make_rules(struct random_rules *r, int queries, uint64_t *seed)
{
	struct ruleset_builder *b = NULL;
	struct err_list errors = {0};

	*r = (struct random_rules){0};
	assert_int_equal(ruleset_builder_new(&b), 0);
	for (int i = 0; i < queries; i++) {
		struct query_errors refused = {.arena = &r->arena};
		const struct rule rule = {.id = arena_printf(&r->arena, "r%d", i),
			.query = slow_random_query(seed, &r->arena)};

		if (ruleset_builder_add(b, &rule, &errors) < 0)
			continue;
		r->queries[r->n] = rule.query;
		assert_int_equal(
			query_parse(&r->trees[r->n++], &r->arena, rule.query, &refused), 0);
	}
	assert_int_equal(ruleset_build(&r->set, b, &(struct err_list){0}), 0);
	assert_int_equal(ruleset_count(r->set), r->n);
	err_list_deinit(&errors);
	(void)ruleset_builder_free(b);
}

/* The probe of this processor finds what the plain one does. */
static void check_probe(const struct ruleset_scratch *s)
{
	const size_t room = (s->folded.n_tokens + 1) * sizeof(struct dictionary_hit);
	struct dictionary_hit *plain = calloc(1, room), *fast = calloc(1, room);
	size_t n, n_fast;

	assert_true(plain && fast);
	n = dictionary_probe_scalar(&s->set->dictionary, &s->folded, plain);
	n_fast = dictionary_fastest()(&s->set->dictionary, &s->folded, fast);
	assert_int_equal(n, n_fast);
	for (size_t i = 0; i < n; i++)
		assert_true(plain[i].hash == fast[i].hash && plain[i].token == fast[i].token);
	free(plain);
	free(fast);
}

static void check_item(struct random_rules *r, struct ruleset_scratch *scratch, uint64_t *seed)
{
	struct arena arena = {0};
	struct match_context context;
	const struct item item = slow_random_item(seed, &arena, &context);
	struct match *matches = NULL;
	size_t n = 0, at = 0;

	assert_int_equal(
		ruleset_match(r->set, scratch, &item, &context, &arena, &matches, &n), 0);
	check_probe(scratch);
	for (size_t i = 0; i < r->n; i++) {
		const struct slow_answer want =
			slow_match(r->trees[i], &item, &context, &arena);
		const struct match *m = at < n ? &matches[at] : NULL;
		const bool got = m && span_eq(m->rule, ruleset_info(r->set, i)->rule);
		bool same = got == want.wanted && (!got || m->n_spans == want.n);

		for (size_t k = 0; same && got && k < want.n; k++)
			same = m->spans[k].field == want.spans[k].field &&
			       m->spans[k].start == want.spans[k].start &&
			       m->spans[k].end == want.spans[k].end;
		if (!same)
			fail_msg("%.*s\non title \"%.*s\" text \"%.*s\": %s with %zu spans, "
				 "wanted %s with %zu",
				SPAN_ARG(r->queries[i]), SPAN_ARG(item.title),
				SPAN_ARG(item.text), got ? "match" : "no match",
				got ? m->n_spans : 0, want.wanted ? "match" : "no match",
				want.n);
		at += got;
	}
	assert_int_equal(at, n);
	arena_release(&arena);
}

static void the_engine_says_what_the_slow_evaluator_says(void **state)
{
	uint64_t seed = 42;

	(void)state;
	for (int round = 0; round < 120; round++) {
		struct random_rules r;
		struct ruleset_scratch *scratch = NULL;

		/* Small sets too: in large ones are entries of every kind. */
		make_rules(&r, round % 3 == 0 ? QUERIES : 1 + round % 4, &seed);
		assert_int_equal(ruleset_scratch_new(&scratch, r.set), 0);
		for (int i = 0; i < ITEMS; i++)
			check_item(&r, scratch, &seed);
		(void)ruleset_scratch_free(scratch);
		(void)ruleset_unref(r.set);
		arena_release(&r.arena);
	}
}

struct work {
	struct random_rules *rules;
	uint64_t seed;
};

static void *work(void *arg)
{
	struct work *w = arg;
	struct ruleset_scratch *scratch = NULL;

	if (ruleset_scratch_new(&scratch, w->rules->set) == 0)
		for (int i = 0; i < 40; i++)
			check_item(w->rules, scratch, &w->seed);
	(void)ruleset_scratch_free(scratch);
	return NULL;
}

static void threads_share_one_set(void **state)
{
	struct random_rules r;
	pthread_t threads[3];
	struct work works[3];
	uint64_t seed = 99;

	(void)state;
	make_rules(&r, QUERIES, &seed);
	for (int i = 0; i < 3; i++) {
		works[i] = (struct work){&r, 1000 + (uint64_t)i};
		assert_int_equal(pthread_create(&threads[i], NULL, work, &works[i]), 0);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	(void)ruleset_unref(r.set);
	arena_release(&r.arena);
}

static char *repeated(const char *piece, size_t times)
{
	struct buf b = {0};

	while (times--)
		buf_add_str(&b, piece);
	return buf_take(&b);
}

/* Each of these takes a quadratic program minutes. */
static void large_documents_are_bounded(void **state)
{
	static const char *const queries[] = {"a", "a NEAR/99 b",
		"a NEAR/99 b NEAR/99 a NEAR/99 b", "\"a b a b a\"~1000000",
		"\"a nowhere b\"~1000000", "a NEAR/99 nowhere", "\"a b a b\"", "*nowhere*",
		"2 OF (a, b, nowhere)", "title:a OR b -nowhere", "/a b (a b)+ c/",
		"a NEAR/0 (b OR a OR (b NEAR/50 a))"};
	char *text = repeated("a b ", 50 * 1000);

	(void)state;
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++) {
		struct arena arena = {0};

		(void)desk_ask(queries[i], "a", text, &arena);
		arena_release(&arena);
	}
	free(text);
}

static void one_endless_token_is_bounded(void **state)
{
	struct arena arena = {0};
	char *text = repeated("a", 1000 * 1000);

	(void)state;
	assert_null(desk_ask("a*a*a*a*ab", NULL, text, &arena));
	assert_null(desk_ask("*aaab OR a?*b", NULL, text, &arena));
	assert_non_null(desk_ask("aa*", NULL, text, &arena));
	arena_release(&arena);
	free(text);
}

static void a_search_that_takes_too_long_counts_as_no_match(void **state)
{
	struct arena arena = {0};
	struct ruleset *set = desk_set("/(a+)+\\d$/ OR found");
	struct ruleset_scratch *scratch = NULL;
	struct match *matches = NULL;
	struct item item = item_empty();
	char *text = repeated("a", 5000);
	size_t n = 0;

	(void)state;
	item.text = span_str(text);
	assert_int_equal(ruleset_scratch_new(&scratch, set), 0);
	for (int i = 0; i < 20; i++) { /* by the interpreter first, then as machine code */
		item.title = i % 2 ? SPAN("found") : SPAN_NONE;
		assert_int_equal(
			ruleset_match(set, scratch, &item, NULL, &arena, &matches, &n), 0);
		assert_int_equal(n, i % 2);
	}
	assert_true(ruleset_scratch_rule_counts(scratch, 0)->exceeded >= 10);
	(void)ruleset_scratch_free(scratch);
	(void)ruleset_unref(set);
	arena_release(&arena);
	free(text);
}

static void very_many_rules_are_taken(void **state)
{
	enum { MANY = 65000 };
	struct ruleset_builder *b = NULL;
	struct err_list errors = {0};
	struct ruleset *set = NULL;
	struct ruleset_scratch *scratch = NULL;
	struct arena arena = {0};
	struct match *matches = NULL;
	struct item item = item_empty();
	size_t n = 0;

	(void)state;
	assert_int_equal(ruleset_builder_new(&b), 0);
	for (unsigned i = 0; i < MANY; i++) {
		char id[16], query[64];
		struct rule rule = {0};

		(void)snprintf(id, sizeof(id), "r%u", i);
		(void)snprintf(query, sizeof(query), "\"name%u group\" OR handle%x OR #tag%u*",
			i, i, i);
		rule.id = span_str(id);
		rule.query = span_str(query);
		assert_int_equal(ruleset_builder_add(b, &rule, &errors), 0);
	}
	assert_int_equal(ruleset_build(&set, b, &errors), 0);
	(void)ruleset_builder_free(b);
	assert_int_equal(ruleset_scratch_new(&scratch, set), 0);
	item.text = SPAN("Name64999 Group, handle1f and #tag6499");
	assert_int_equal(ruleset_match(set, scratch, &item, NULL, &arena, &matches, &n), 0);
	/* #tag6* #tag64* #tag649* #tag6499*, handle1f (31), name64999 */
	assert_int_equal(n, 6);
	assert_true(span_eq_str(matches[0].rule, "r6"));
	assert_true(span_eq_str(matches[5].rule, "r64999"));
	(void)ruleset_scratch_free(scratch);
	(void)ruleset_unref(set);
	arena_release(&arena);
}

static void all_rules_on_one_document_are_bounded(void **state)
{
	struct buf text = {0};
	struct arena arena = {0};
	struct ruleset_builder *b = NULL;
	struct err_list errors = {0};
	struct ruleset *set = NULL;
	struct ruleset_scratch *scratch = NULL;
	struct match *matches = NULL;
	struct item item = item_empty();
	size_t n = 0;

	(void)state;
	assert_int_equal(ruleset_builder_new(&b), 0);
	for (unsigned i = 0; i < 5000; i++) {
		char id[16], query[64];
		struct rule rule = {0};

		(void)snprintf(id, sizeof(id), "r%u", i);
		(void)snprintf(query, sizeof(query), "name%u NEAR/3 (word%u* OR x%u)", i, i, i);
		rule.id = span_str(id);
		rule.query = span_str(query);
		assert_int_equal(ruleset_builder_add(b, &rule, &errors), 0);
		buf_addf(&text, "name%u and word%us, ", i, i);
	}
	for (unsigned i = 0; i < 85000; i++)
		buf_add_str(&text, "and ");
	assert_int_equal(ruleset_build(&set, b, &errors), 0);
	(void)ruleset_builder_free(b);
	assert_int_equal(ruleset_scratch_new(&scratch, set), 0);
	item.text = buf_span(&text);
	assert_int_equal(ruleset_match(set, scratch, &item, NULL, &arena, &matches, &n), 0);
	assert_int_equal(n, 5000);
	(void)ruleset_scratch_free(scratch);
	(void)ruleset_unref(set);
	arena_release(&arena);
	buf_deinit(&text);
}

static void broken_text_is_no_crash(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_string_equal(desk_ask("ab", NULL, "\xff ab \xc3", &arena), "ab");
	assert_null(desk_ask("/ab/", NULL, "\xff ab", &arena));
	assert_string_equal(desk_ask("/ab/ OR cd", "ab", "\xff cd ab", &arena), "ab|cd");
	assert_string_equal(
		desk_ask("a", NULL, "\u202ea\u202c\u200f b", &arena), "a\u202c\u200f");
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_engine_says_what_the_slow_evaluator_says),
		cmocka_unit_test(threads_share_one_set),
		cmocka_unit_test(large_documents_are_bounded),
		cmocka_unit_test(one_endless_token_is_bounded),
		cmocka_unit_test(a_search_that_takes_too_long_counts_as_no_match),
		cmocka_unit_test(very_many_rules_are_taken),
		cmocka_unit_test(all_rules_on_one_document_are_bounded),
		cmocka_unit_test(broken_text_is_no_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
