#include "cli/explain_rules.h"

#include <errno.h>

#include "line/codec.h"
#include "vigie/buf.h"

/* Of the alternatives that failed; a pack has hundreds. */
enum { ALTERNATIVES = 5 };

static bool is(const struct explained *t, const char *label)
{
	return t->n_children && span_eq_str(t->label, label);
}

static void add_leaves(struct buf *out, const struct explained *t, size_t *left)
{
	if (!t->n_children) {
		if (*left)
			buf_addf(out, "%s%.*s", *left == ALTERNATIVES ? "" : ", ",
				SPAN_ARG(t->label));
		else
			buf_add_str(out, span_ends(buf_span(out), SPAN("…")) ? "" : " …");
		*left -= *left > 0;
		return;
	}
	for (size_t i = 0; i < t->n_children; i++)
		add_leaves(out, &t->children[i], left);
}

/* What stands against it: "lacks plant", "none of zork, zink", "excluded by garden". */
static void add_why(struct buf *out, const struct explained *t)
{
	size_t left = ALTERNATIVES;
	bool all = true;

	if (is(t, "AND")) {
		for (size_t i = 0; i < t->n_children; i++) {
			if (t->children[i].holds)
				continue;
			buf_add_str(out, all ? "" : "; ");
			add_why(out, &t->children[i]);
			all = false;
		}
	} else if (is(t, "NOT")) {
		buf_add_str(out, "excluded by ");
		add_leaves(out, t, &left);
	} else if (is(t, "OR")) {
		buf_add_str(out, "none of ");
		add_leaves(out, t, &left);
	} else if (t->n_children) {
		for (size_t i = 0; i < t->n_children; i++)
			all = all && t->children[i].holds;
		buf_add_str(out, all ? "not so near: " : "lacks ");
		add_leaves(out, t, &left);
		buf_addf(out, " (%.*s)", SPAN_ARG(t->label));
	} else {
		buf_addf(out, "lacks %.*s", SPAN_ARG(t->label));
	}
}

int explain_rules(json_t *list, const struct ruleset *rules, const json_t *document)
{
	struct match_context context = {.author_given = false};
	struct ruleset_scratch *scratch = NULL;
	struct arena arena = {0};
	struct item item;
	int r = item_from_json(&item, &context, document, &arena);

	if (r == 0)
		r = ruleset_scratch_new(&scratch, rules);
	context.source = span_str(json_string_value(json_object_get(document, "source")));
	for (size_t i = 0; i < ruleset_count(rules) && r == 0; i++) {
		const struct span id = ruleset_info(rules, i)->rule;
		struct explained tree;
		struct buf why = {0};

		r = ruleset_explain(rules, scratch, i, &item, &context, &arena, &tree);
		if (r < 0)
			break;
		if (!tree.holds)
			add_why(&why, &tree);
		(void)json_array_append_new(
			list, json_pack("{s:s%,s:b,s:s%}", "rule", id.p, id.n, "holds",
				      tree.holds, "why", why.p ? why.p : "", why.n));
		buf_deinit(&why);
	}
	ruleset_scratch_free(scratch);
	arena_release(&arena);
	return r;
}
