#ifndef TESTS_RULES_DESK_H
#define TESTS_RULES_DESK_H

/*
 * desk: one query or rule file against one item, in a line of a table.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "vigie/buf.h"
#include "vigie/ruleset.h"

/* A set of one query; fails the test when it is refused. */
static inline struct ruleset *desk_set(const char *query)
{
	struct ruleset_builder *b = NULL;
	struct err_list errors = {0};
	struct ruleset *set = NULL;
	const struct rule rule = {.id = SPAN("r"), .query = span_str(query)};

	assert_int_equal(ruleset_builder_new(&b), 0);
	if (ruleset_builder_add(b, &rule, &errors) < 0 || ruleset_build(&set, b, &errors) < 0) {
		err_list_print(&errors, stderr);
		fail_msg("refused: %s", query);
	}
	err_list_deinit(&errors);
	(void)ruleset_builder_free(b);
	return set;
}

/* What a match found, as "text|text", in the arena; NULL when rule 0 does not match. */
static inline const char *desk_match(const struct ruleset *set, const struct item *item,
	const struct match_context *context, struct arena *arena)
{
	struct ruleset_scratch *scratch = NULL;
	struct match *matches = NULL;
	struct buf out = {0};
	size_t n = 0;
	const char *text = NULL;

	assert_int_equal(ruleset_scratch_new(&scratch, set), 0);
	assert_int_equal(ruleset_match(set, scratch, item, context, arena, &matches, &n), 0);
	for (size_t i = 0; n && i < matches[0].n_spans; i++) {
		const struct match_span *s = &matches[0].spans[i];
		const struct span fields[] = {item->title, item->text,
			context && context->author_given ? context->author : item->author.name};

		buf_add_str(&out, i ? "|" : "");
		buf_add(&out, span_slice(fields[s->field], s->start, s->end));
	}
	if (n)
		text = arena_dup(arena, buf_span(&out)).p;
	buf_deinit(&out);
	(void)ruleset_scratch_free(scratch);
	return text;
}

/* The same for a query and two texts. */
static inline const char *desk_ask(
	const char *query, const char *title, const char *text, struct arena *arena)
{
	struct ruleset *set = desk_set(query);
	struct item item = item_empty();
	const char *found;

	item.title = span_str(title);
	item.text = span_str(text);
	found = desk_match(set, &item, NULL, arena);
	(void)ruleset_unref(set);
	return found;
}

/* Reads a rule file and builds it. NULL, and the messages as lines in *ret_messages (heap),
 * when it is refused. */
static inline struct ruleset *desk_file(const char *yaml, char **ret_messages)
{
	struct ruleset_builder *b = NULL;
	struct err_list errors = {0};
	struct ruleset *set = NULL;
	struct buf out = {0};
	int r, x;

	assert_int_equal(ruleset_builder_new(&b), 0);
	r = rulefile_read(b, span_str(yaml), "rules.yaml", &errors);
	x = ruleset_build(&set, b, &errors);
	if (r < 0)
		set = ruleset_unref(set);
	r = r < 0 ? r : x;
	assert_int_not_equal(r, -ENOMEM);
	assert_true(r == 0 ? errors.n == 0 : errors.n > 0);
	for (size_t i = 0; i < errors.n; i++)
		buf_addf(&out, "%d:%d: %s\n", errors.items[i].line, errors.items[i].column,
			errors.items[i].text);
	if (ret_messages)
		*ret_messages = buf_take(&out);
	buf_deinit(&out);
	err_list_deinit(&errors);
	(void)ruleset_builder_free(b);
	return set;
}

#endif
