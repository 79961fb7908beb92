/*
 * A step of the desk as the outbox keeps it for the ledger: what each verdict becomes, and that
 * it is read back whole, however many there are.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "line/outbox_apply.h"

enum { NUMBER = 1, SET = 2, DELETED = 3, NEWS = 4, FIXED = 5 };
static const struct wall now = {1000};

static struct item_key key_of(unsigned n)
{
	struct item_key key = {{0}};

	memcpy(key.b, &n, sizeof(n));
	return key;
}

static struct desk_verdict verdict(unsigned n, enum desk_outcome outcome, const char *why)
{
	return (struct desk_verdict){.key = key_of(n),
		.receiver = SPAN("hook"),
		.outcome = outcome,
		.at = {5000},
		.why = span_str(why)};
}

/* All that the pieces of a step say, one behind the other. */
static struct archive_outcome *read_back(
	struct arena *arena, const struct desk_step *step, size_t *ret_n, size_t *ret_pieces)
{
	struct archive_outcome *all = arena_calloc(arena, 1000, sizeof(*all)), *some;
	struct span *args;
	size_t n_args, n, pieces;

	assert_int_equal(outbox_step_args(arena, 7, step, now, &args, &n_args), 0);
	assert_true(span_eq_str(args[NUMBER], "7"));
	assert_true(span_eq_str(args[SET], "0") && span_eq_str(args[DELETED], "0"));
	pieces = (size_t)atoi(args[NEWS].p);
	*ret_n = 0;
	for (size_t i = 0; i < pieces; i++) {
		assert_int_equal(outbox_verdicts_read(arena, args[FIXED + i], &some, &n), 0);
		assert_true(*ret_n + n <= 1000);
		memcpy(all + *ret_n, some, n * sizeof(*all));
		*ret_n += n;
	}
	*ret_pieces = pieces;
	return all;
}

static void each_verdict_has_a_word(void **state)
{
	static const struct {
		enum desk_outcome outcome;
		bool over_budget;
		const char *word; /* NULL: the ledger is not told */
		int64_t until;
	} rows[] = {
		{DESK_WAITING, false, "waiting", 5000},
		{DESK_HELD, false, "held", 5000},
		{DESK_IN_DIGEST, false, "digest", 5000},
		{DESK_IN_DIGEST, true, "budget", 5000},
		{DESK_SENDING, false, "sending", INT64_MIN},
		{DESK_FOLDED, false, "folded", INT64_MIN},
		{DESK_SILENCED, false, "silenced", INT64_MIN},
		{DESK_MUTED, false, "muted", INT64_MIN},
		{DESK_GIVEN_UP, false, "dead", INT64_MIN},
		{DESK_HEARD, false, NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct desk_verdict v = verdict(1, rows[i].outcome, "quiet hours \"n\tight\"");
		const struct desk_step step = {.verdicts = &v, .n_verdicts = 1};
		struct arena arena = {0};
		struct archive_outcome *found;
		size_t n, pieces;

		v.over_budget = rows[i].over_budget;
		found = read_back(&arena, &step, &n, &pieces);
		assert_int_equal(n, rows[i].word != NULL);
		assert_int_equal(pieces, n);
		if (n) {
			assert_true(span_eq_str(found->outcome, rows[i].word));
			assert_true(span_eq_str(found->receiver, "hook"));
			assert_true(span_eq(found->why, v.why));
			assert_memory_equal(&found->key, &v.key, sizeof(v.key));
			assert_int_equal(found->at.ms, now.ms);
			assert_int_equal(found->until.ms, rows[i].until);
			assert_int_equal(archive_outcome_waits(found->outcome),
				v.outcome <= DESK_IN_DIGEST);
		}
		arena_release(&arena);
	}
}

/* Between the messages may stand a repeat, whose item nobody is a candidate for. */
static void what_is_sent_names_its_message(void **state)
{
	const struct desk_item items[] = {
		{.key = key_of(1)}, {.key = key_of(2)}, {.key = key_of(3)}};
	const struct desk_delivery deliveries[] = {
		{.id = SPAN("first"), .kind = DESK_ALERT, .items = items, .n_items = 2},
		{.id = SPAN("repeat"), .kind = DESK_REPEAT, .items = items, .n_items = 1},
		{.id = SPAN("empty"), .kind = DESK_DIGEST},
		{.id = SPAN("second"), .kind = DESK_UPDATE, .items = items + 2, .n_items = 1},
	};
	const struct desk_verdict verdicts[] = {
		verdict(9, DESK_FOLDED, ""),
		verdict(1, DESK_SENDING, "routes"),
		verdict(2, DESK_SENDING, "routes"),
		verdict(9, DESK_HELD, ""),
		verdict(3, DESK_SENDING, "routes"),
	};
	static const char *const expected[] = {"", "first", "first", "", "second"};
	const struct desk_step step = {.verdicts = verdicts,
		.n_verdicts = 5,
		.deliveries = deliveries,
		.n_deliveries = 4};
	struct arena arena = {0};
	struct archive_outcome *found;
	size_t n, pieces;

	(void)state;
	found = read_back(&arena, &step, &n, &pieces);
	assert_int_equal(n, 5);
	for (size_t i = 0; i < n; i++)
		assert_true(span_eq_str(found[i].delivery, expected[i]));
	arena_release(&arena);
}

static void many_go_in_pieces(void **state)
{
	static const size_t rows[][2] = {
		{0, 0}, {1, 1}, {99, 1}, {100, 1}, {101, 2}, {200, 2}, {999, 10}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct desk_verdict *verdicts = calloc(rows[i][0] + 1, sizeof(*verdicts));
		const struct desk_step step = {.verdicts = verdicts, .n_verdicts = rows[i][0]};
		struct arena arena = {0};
		struct archive_outcome *found;
		size_t n, pieces;

		assert_non_null(verdicts);
		for (unsigned k = 0; k < rows[i][0]; k++)
			verdicts[k] = verdict(k, DESK_MUTED, "");
		found = read_back(&arena, &step, &n, &pieces);
		assert_int_equal(n, rows[i][0]);
		assert_int_equal(pieces, rows[i][1]);
		for (size_t k = 0; k < n; k++)
			assert_memory_equal(
				&found[k].key, &verdicts[k].key, sizeof(found[k].key));
		arena_release(&arena);
		free(verdicts);
	}
}

static void what_is_none_is_refused(void **state)
{
	static const char *const rows[] = {"", "x", "[]", "{}", "{\"of\":1}", "{\"of\":[1]}",
		"{\"of\":[[\"zz\",\"r\",\"sent\",null,\"\",\"\"]]}"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena arena = {0};
		struct archive_outcome *found;
		size_t n;

		assert_int_equal(
			outbox_verdicts_read(&arena, span_str(rows[i]), &found, &n), -EINVAL);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_verdict_has_a_word),
		cmocka_unit_test(what_is_sent_names_its_message),
		cmocka_unit_test(many_go_in_pieces),
		cmocka_unit_test(what_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
