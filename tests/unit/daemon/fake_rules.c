/*
 * fake_rules: stands in for the rule language and OPML until they are built: counts rules and
 * refuses an empty query and a known id.
 */

#include <stdlib.h>

#include "sources/opml.h"
#include "vigie/ruleset.h"

struct ruleset_builder {
	struct span ids[64];
	size_t n;
	struct arena arena;
};

struct ruleset {
	size_t n;
};

int ruleset_builder_new(struct ruleset_builder **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

struct ruleset_builder *ruleset_builder_free(struct ruleset_builder *b)
{
	if (b)
		arena_release(&b->arena);
	free(b);
	return NULL;
}

int ruleset_builder_add(
	struct ruleset_builder *b, const struct rule *rule, struct err_list *errors)
{
	if (rule->query.n == 0 && rule->regex.n == 0)
		return err_add(errors, rule->place.file, rule->place.line, rule->place.column,
			"rule %.*s: E_EMPTY: nothing to look for: write a word",
			SPAN_ARG(rule->id));
	for (size_t i = 0; i < b->n; i++)
		if (span_eq(b->ids[i], rule->id))
			return err_add(errors, rule->place.file, rule->place.line,
				rule->place.column,
				"rule %.*s: E_RULE: the id is taken: choose another",
				SPAN_ARG(rule->id));
	if (b->n < 64)
		b->ids[b->n++] = arena_dup(&b->arena, rule->id);
	return 0;
}

int ruleset_builder_define(struct ruleset_builder *b, struct span name, struct span query,
	const struct rule_place *place, struct err_list *errors)
{
	(void)b;
	(void)name;
	(void)query;
	(void)place;
	(void)errors;
	return 0;
}

int rulefile_read(
	struct ruleset_builder *b, struct span yaml, const char *file, struct err_list *errors)
{
	(void)file;
	(void)errors;
	b->n += yaml.n > 0;
	return 0;
}

int ruleset_build(struct ruleset **ret, struct ruleset_builder *b, struct err_list *errors)
{
	(void)errors;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	(*ret)->n = b->n;
	return 0;
}

struct ruleset *ruleset_unref(struct ruleset *set)
{
	free(set);
	return NULL;
}

size_t ruleset_count(const struct ruleset *set)
{
	return set->n;
}

int opml_read(struct opml_list *ret, struct arena *arena, struct span body)
{
	(void)ret;
	(void)arena;
	(void)body;
	return OPML_NOT_OPML;
}
