#include "compile.h"

#include <errno.h>
#include <stdlib.h>

#include "compile_anchor.h"
#include "compile_leaf.h"
#include "meaning.h"

static void *table_settle(struct compiler *c, struct table *t, size_t size)
{
	void *p = arena_alloc(c->arena, t->n ? t->n * size : 1);

	if (!p)
		c->no_memory = true;
	else if (t->n)
		memcpy(p, t->items, t->n * size);
	return p;
}

/* --- programs --- */

/* What asking costs, by kind of node: the cheap children of a node are asked first. */
static int price(const struct node *n)
{
	static const int prices[] = {[NODE_VALUE] = 0,
		[NODE_NUMBER] = 0,
		[NODE_TERM] = 1,
		[NODE_NOT] = 2,
		[NODE_OR] = 2,
		[NODE_AND] = 2,
		[NODE_OF] = 2,
		[NODE_NEAR] = 3,
		[NODE_REGEX] = 4};
	int p = prices[n->kind];

	for (const struct node *c = n->first; c; c = c->next)
		p = c->kind == NODE_REGEX ? 4 : p;
	return p;
}

static void emit(struct compiler *c, struct node *n, size_t place)
{
	const size_t at = c->code.n;
	struct op *op = compiler_add(c, &c->code, sizeof(*op));
	struct op filled = {.kind = (uint8_t)n->kind, .place = (uint32_t)place};

	if (!op)
		return;
	n->leaf = UINT32_MAX;
	switch (n->kind) {
	case NODE_TERM:
	case NODE_REGEX:
		filled.arg = n->leaf = compile_leaf(c, n);
		filled.plain = !c->no_memory &&
			       compile_met_is_found((struct leaf *)c->leaves.items + n->leaf);
		break;
	case NODE_VALUE: {
		struct value_test *v = compiler_add(c, &c->values, sizeof(*v));

		if (v)
			*v = (struct value_test){
				n->u.value.field, compiler_keep(c, n->u.value.value)};
		filled.arg = (uint32_t)c->values.n - 1;
		break;
	}
	case NODE_NUMBER: {
		struct number_test *t = compiler_add(c, &c->numbers, sizeof(*t));

		if (t)
			*t = n->u.number;
		filled.arg = (uint32_t)c->numbers.n - 1;
		break;
	}
	case NODE_OF:
		filled.arg = (uint32_t)n->u.least;
		break;
	case NODE_NEAR:
		filled.distance = (uint16_t)n->u.near.distance;
		filled.ordered = n->u.near.ordered;
		break;
	default:
		break;
	}
	for (int p = 0; p <= 4; p++) {
		size_t at_child = 0;

		for (struct node *child = n->first; child; child = child->next, at_child++)
			if (n->kind == NODE_NEAR ? p == 0 : price(child) == p)
				emit(c, child, at_child);
	}
	filled.next = (uint32_t)(c->code.n - at);
	if (!c->no_memory)
		((struct op *)c->code.items)[at] = filled;
}

static struct span hexadecimal(char out[16], uint64_t v)
{
	for (int i = 15; i >= 0; i--, v >>= 4)
		out[i] = "0123456789abcdef"[v & 15];
	return span_of(out, 16);
}

static void compile_one(
	struct compiler *c, const struct compile_rule *from, struct set_rule *to)
{
	const size_t start = c->code.n;
	uint64_t meaning = 0;
	char text[16];

	to->info = from->info;
	to->enabled = from->enabled && from->tree;
	to->languages = from->languages;
	to->n_languages = (uint32_t)from->n_languages;
	if (to->enabled) {
		emit(c, from->tree, 0);
		to->code = (uint32_t)start;
		to->n_code = (uint32_t)(c->code.n - start);
	}
	if (from->tree)
		meaning = meaning_of(from->tree);
	for (size_t i = 0; i < from->n_languages; i++)
		meaning = meaning_mix(meaning, from->languages[i]);
	meaning = meaning_mix_double(meaning, from->info.weight);
	to->info.version = compiler_keep(c, hexadecimal(text, meaning));
}

static void count_uses(struct compiler *c)
{
	const struct op *code = c->code.items;

	c->uses = calloc(c->leaves.n + 1, sizeof(*c->uses));
	if (!c->uses) {
		c->no_memory = true;
		return;
	}
	for (size_t i = 0; i < c->code.n; i++)
		if (code[i].kind == NODE_TERM || code[i].kind == NODE_REGEX)
			c->uses[code[i].arg]++;
}

static void release_leaf(const struct leaf *l)
{
	if (l->regex)
		(void)regex_unref(l->regex->regex);
}

int compile(struct ruleset *set, const struct compile_rule *rules, size_t n)
{
	struct compiler c = {.set = set, .arena = &set->arena};
	int r = 0;

	set->rules = arena_calloc(c.arena, n + 1, sizeof(*set->rules));
	c.no_memory = !set->rules;
	set->n_rules = n;
	for (c.rule = 0; c.rule < n && !c.no_memory; c.rule++)
		compile_one(&c, &rules[c.rule], &set->rules[c.rule]);
	if (!c.no_memory)
		count_uses(&c);
	for (c.rule = 0; c.rule < n && !c.no_memory; c.rule++)
		if (set->rules[c.rule].enabled)
			compile_announce(&c, rules[c.rule].tree);
	set->leaves = table_settle(&c, &c.leaves, sizeof(struct leaf));
	set->n_leaves = set->leaves ? c.leaves.n : 0;
	set->code = table_settle(&c, &c.code, sizeof(struct op));
	set->n_code = c.code.n;
	set->values = table_settle(&c, &c.values, sizeof(struct value_test));
	set->n_values = c.values.n;
	set->numbers = table_settle(&c, &c.numbers, sizeof(struct number_test));
	set->n_numbers = c.numbers.n;
	set->always = table_settle(&c, &c.always, sizeof(uint32_t));
	set->n_always = c.always.n;
	if (!set->leaves) /* the regexes have no other owner */
		for (size_t i = 0; i < c.leaves.n; i++)
			release_leaf((struct leaf *)c.leaves.items + i);
	if (!c.no_memory)
		compile_settle_anchors(&c);
	if (!c.no_memory)
		compile_entries(&c);
	if (!c.no_memory)
		r = dictionary_build(&set->dictionary, c.arena, c.entries.items, c.entries.n);
	free(c.code.items);
	free(c.leaves.items);
	free(c.values.items);
	free(c.numbers.items);
	free(c.postings.items);
	free(c.entries.items);
	free(c.always.items);
	free(c.uses);
	free(c.buckets);
	free(c.leaf_hashes);
	return c.no_memory ? -ENOMEM : r;
}
