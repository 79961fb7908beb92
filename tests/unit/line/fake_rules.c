/* Rules that are one word, found as it stands in title or text: enough for what sift does with
 * rules. */

#include <errno.h>
#include <stdlib.h>

#include "vigie/ruleset.h"

enum { MAX = 8 };

struct ruleset {
	int refs;
	size_t n;
	struct match rules[MAX];
	struct span words[MAX];
};

struct ruleset_builder {
	struct ruleset *set;
};

struct ruleset_scratch {
	const struct ruleset *set;
};

int ruleset_builder_new(struct ruleset_builder **ret)
{
	*ret = calloc(1, sizeof(**ret));
	(*ret)->set = calloc(1, sizeof(struct ruleset));
	(*ret)->set->refs = 1;
	return 0;
}

struct ruleset_builder *ruleset_builder_free(struct ruleset_builder *b)
{
	(void)ruleset_unref(b->set);
	free(b);
	return NULL;
}

int ruleset_builder_add(
	struct ruleset_builder *b, const struct rule *rule, struct err_list *errors)
{
	struct ruleset *s = b->set;

	(void)errors;
	s->words[s->n] = rule->query;
	s->rules[s->n++] = (struct match){.rule = rule->id, .weight = rule->weight};
	return 0;
}

int ruleset_build(struct ruleset **ret, struct ruleset_builder *b, struct err_list *errors)
{
	(void)errors;
	*ret = ruleset_ref(b->set);
	return 0;
}

struct ruleset *ruleset_ref(struct ruleset *set)
{
	__atomic_add_fetch(&set->refs, 1, __ATOMIC_RELAXED);
	return set;
}

struct ruleset *ruleset_unref(struct ruleset *set)
{
	if (set && __atomic_sub_fetch(&set->refs, 1, __ATOMIC_ACQ_REL) == 0)
		free(set);
	return NULL;
}

int ruleset_scratch_new(struct ruleset_scratch **ret, const struct ruleset *set)
{
	*ret = calloc(1, sizeof(**ret));
	(*ret)->set = set;
	return 0;
}

struct ruleset_scratch *ruleset_scratch_free(struct ruleset_scratch *scratch)
{
	free(scratch);
	return NULL;
}

int ruleset_match(const struct ruleset *set, struct ruleset_scratch *scratch,
	const struct item *item, const struct match_context *context, struct arena *arena,
	struct match **ret_matches, size_t *ret_n)
{
	(void)context;
	if (scratch->set != set)
		abort();
	*ret_n = 0;
	*ret_matches = arena_calloc(arena, MAX, sizeof(**ret_matches));
	for (size_t i = 0; i < set->n; i++) {
		const struct span w = set->words[i];

		if ((item->title.n && memmem(item->title.p, item->title.n, w.p, w.n)) ||
			(item->text.n && memmem(item->text.p, item->text.n, w.p, w.n)))
			(*ret_matches)[(*ret_n)++] = set->rules[i];
	}
	return 0;
}
