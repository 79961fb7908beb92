#include "lint.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "meaning.h"
#include "query.h"
#include "vigie/nearest.h"
#include "vigie/rulelint.h"
#include "vigie/yaml.h"

/* A rule as far as others are compared with it. */
struct lint_rule {
	struct span id;
	const char *file;
	int line, column;
	uint64_t meaning;
	uint64_t *leaves; /* of a plain alternative of terms: their meanings, sorted */
	size_t n_leaves;
};

struct lint_name {
	struct span name;
	const char *file;
	int line, column;
	bool used;
};

struct rule_linter {
	struct arena arena;
	struct lint_rule *rules;
	size_t n, capacity;
	struct lint_name *fragments;
	size_t n_fragments, fragments_capacity;
	struct span *uses;
	size_t n_uses, uses_capacity;
	bool no_memory;
};

static const char *const known_keys[] = {"id", "query", "regex", "tags", "kind", "brand",
	"weight", "languages", "enabled", "note", "tests"};
enum { KNOWN_KEYS = sizeof(known_keys) / sizeof(*known_keys) };

int rulelint_new(struct rule_linter **ret)
{
	struct rule_linter *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	*ret = l;
	return 0;
}

struct rule_linter *rulelint_free(struct rule_linter *l)
{
	if (!l)
		return NULL;
	arena_release(&l->arena);
	free(l->rules);
	free(l->fragments);
	free(l->uses);
	free(l);
	return NULL;
}

static void *grow(struct rule_linter *l, void *items, size_t *n, size_t *capacity, size_t size)
{
	void **const place = items;

	if (*n == *capacity) {
		const size_t want = *capacity ? *capacity * 2 : 64;
		void *p = realloc(*place, want * size);

		if (!p) {
			l->no_memory = true;
			return NULL;
		}
		*place = p;
		*capacity = want;
	}
	return memset((char *)*place + (*n)++ * size, 0, size);
}

static void note_uses(struct rule_linter *l, const struct node *n)
{
	if (n->kind == NODE_USE) {
		struct span *use =
			grow(l, &l->uses, &l->n_uses, &l->uses_capacity, sizeof(*use));

		if (use)
			*use = n->u.name;
	}
	for (const struct node *c = n->first; c; c = c->next)
		note_uses(l, c);
}

static int by_number(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void note_leaves(struct rule_linter *l, struct lint_rule *rule, const struct node *tree)
{
	const struct node *only[] = {tree, NULL};
	size_t n = tree->kind == NODE_OR ? tree->n_children : 1;

	for (const struct node *c = tree->kind == NODE_OR ? tree->first : only[0]; c;
		c = c->next)
		if (c->kind != NODE_TERM && c->kind != NODE_REGEX)
			return;
	rule->leaves = arena_alloc(&l->arena, n * sizeof(*rule->leaves));
	if (!rule->leaves) {
		l->no_memory = true;
		return;
	}
	for (const struct node *c = tree->kind == NODE_OR ? tree->first : tree;
		c && rule->n_leaves < n; c = c->next)
		rule->leaves[rule->n_leaves++] = meaning_of(c);
	qsort(rule->leaves, rule->n_leaves, sizeof(*rule->leaves), by_number);
}

static void look_at_keys(
	struct yaml *y, const struct yaml_node *rule, struct span id, struct err_list *found)
{
	for (size_t i = 0; i < rule->n; i++) {
		const struct yaml_node *key = rule->pairs[i].key;
		const char *near;
		bool known = false;

		for (size_t k = 0; k < KNOWN_KEYS; k++)
			known |= span_eq_str(key->text, known_keys[k]);
		if (known)
			continue;
		near = nearest(key->text, known_keys, KNOWN_KEYS);
		(void)yaml_err(y, key, found, "rule %.*s: nobody reads the key \"%.*s\"%s%s%s",
			SPAN_ARG(id), SPAN_ARG(key->text),
			near ? ": did you mean \"" : ": take it out", near ? near : "",
			near ? "\"?" : "");
	}
}

static void look_at_rule(struct rule_linter *l, struct yaml *y, const struct yaml_node *rule,
	struct err_list *found)
{
	const struct yaml_node *id = yaml_get(rule, "id"), *query = yaml_get(rule, "query");
	const struct yaml_node *regex = yaml_get(rule, "regex");
	struct query_errors refused = {.arena = &l->arena};
	const struct yaml_node *source = query && !yaml_is_null(query) ? query : regex;
	struct lint_place place = {.found = found, .file = y->file};
	struct lint_rule *kept;
	struct node *tree = NULL;
	int r;

	if (!id || id->type != YAML_SCALAR || !source || source->type != YAML_SCALAR)
		return;
	look_at_keys(y, rule, id->text, found);
	place.id = arena_dup(&l->arena, id->text);
	place.query = arena_dup(&l->arena, source->text);
	place.line = source->line;
	place.column =
		source->exact || source->source.n ? source->content_column : source->column;
	place.exact = source->exact;
	place.source = source->source;
	place.quote = source->quote;
	if (!place.id.p || !place.query.p) {
		l->no_memory = true;
		return;
	}
	r = source == query ? query_parse(&tree, &l->arena, place.query, &refused)
			    : query_regex(&tree, &l->arena, place.query, &refused);
	if (r < 0)
		return;
	lint_query(&place, tree, &l->arena);
	note_uses(l, tree);
	kept = grow(l, &l->rules, &l->n, &l->capacity, sizeof(*kept));
	if (!kept)
		return;
	kept->id = place.id;
	kept->file = arena_dup(&l->arena, span_str(y->file)).p;
	kept->line = id->line;
	kept->column = id->column;
	kept->meaning = meaning_of(tree);
	if (yaml_get(rule, "languages"))
		kept->meaning ^= XXH3_64bits(place.id.p, place.id.n); /* like no other */
	else
		note_leaves(l, kept, tree);
	l->no_memory |= place.no_memory;
}

static void look_at_fragments(
	struct rule_linter *l, struct yaml *y, const struct yaml_node *define)
{
	for (size_t i = 0; define->type == YAML_MAPPING && i < define->n; i++) {
		struct lint_name *f = grow(
			l, &l->fragments, &l->n_fragments, &l->fragments_capacity, sizeof(*f));
		struct query_errors refused = {.arena = &l->arena};
		const struct yaml_pair *pair = &define->pairs[i];
		struct node *tree = NULL;

		if (!f)
			return;
		f->name = arena_dup(&l->arena, pair->key->text);
		f->file = arena_dup(&l->arena, span_str(y->file)).p;
		f->line = pair->key->line;
		f->column = pair->key->column;
		if (pair->value->type == YAML_SCALAR &&
			query_parse(&tree, &l->arena, arena_dup(&l->arena, pair->value->text),
				&refused) == 0)
			note_uses(l, tree);
	}
}

int rulelint_file(
	struct rule_linter *l, struct span yaml, const char *file, struct err_list *found)
{
	const struct yaml_node *rules, *define;
	struct yaml y;
	const int r = yaml_read(&y, yaml, file, found);

	if (r < 0)
		return r;
	rules = yaml_get(y.root, "rules");
	define = yaml_get(y.root, "define");
	if (define)
		look_at_fragments(l, &y, define);
	for (size_t i = 0; rules && rules->type == YAML_SEQUENCE && i < rules->n; i++)
		look_at_rule(l, &y, rules->items[i], found);
	yaml_deinit(&y);
	return l->no_memory ? -ENOMEM : 0;
}

static int by_meaning(const void *a, const void *b)
{
	const struct lint_rule *x = *(struct lint_rule *const *)a,
			       *y = *(struct lint_rule *const *)b;

	if (x->meaning != y->meaning)
		return x->meaning < y->meaning ? -1 : 1;
	return (x > y) - (x < y);
}

static bool subset(const struct lint_rule *a, const struct lint_rule *b)
{
	size_t k = 0;

	for (size_t i = 0; i < a->n_leaves; i++) {
		while (k < b->n_leaves && b->leaves[k] < a->leaves[i])
			k++;
		if (k == b->n_leaves || b->leaves[k] != a->leaves[i])
			return false;
	}
	return true;
}

struct lint_leaf {
	uint64_t leaf;
	const struct lint_rule *rule;
};

static int by_leaf(const void *a, const void *b)
{
	const struct lint_leaf *x = a, *y = b;

	if (x->leaf != y->leaf)
		return x->leaf < y->leaf ? -1 : 1;
	return (x->rule > y->rule) - (x->rule < y->rule);
}

/* Rules whose every alternative stands in another: that one matches whenever they do. */
static void find_shadowed(struct rule_linter *l, struct err_list *found)
{
	struct lint_leaf *leaves;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->rules[i].n_leaves;
	leaves = calloc(n + 1, sizeof(*leaves));
	if (!leaves) {
		l->no_memory = true;
		return;
	}
	n = 0;
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->rules[i].n_leaves; k++)
			leaves[n++] = (struct lint_leaf){l->rules[i].leaves[k], &l->rules[i]};
	qsort(leaves, n, sizeof(*leaves), by_leaf);
	for (size_t i = 0; i < l->n; i++) {
		const struct lint_rule *a = &l->rules[i];
		size_t low = 0, high = n;

		while (a->n_leaves && low < high) {
			const size_t middle = low + (high - low) / 2;

			if (leaves[middle].leaf < a->leaves[0])
				low = middle + 1;
			else
				high = middle;
		}
		for (; a->n_leaves && low < n && leaves[low].leaf == a->leaves[0]; low++) {
			const struct lint_rule *b = leaves[low].rule;

			if (b == a || b->n_leaves <= a->n_leaves || !subset(a, b))
				continue;
			(void)err_add(found, a->file, a->line, a->column,
				"rule %.*s: rule %.*s matches whenever it does: keep one, or "
				"narrow it",
				SPAN_ARG(a->id), SPAN_ARG(b->id));
			break;
		}
	}
	free(leaves);
}

static void find_equal(struct rule_linter *l, struct err_list *found)
{
	struct lint_rule **order = calloc(l->n + 1, sizeof(struct lint_rule *));

	if (!order) {
		l->no_memory = true;
		return;
	}
	for (size_t i = 0; i < l->n; i++)
		order[i] = &l->rules[i];
	qsort(order, l->n, sizeof(*order), by_meaning);
	for (size_t i = 1; i < l->n; i++)
		if (order[i]->meaning == order[i - 1]->meaning)
			(void)err_add(found, order[i]->file, order[i]->line, order[i]->column,
				"rule %.*s: it means what rule %.*s means: keep one",
				SPAN_ARG(order[i]->id), SPAN_ARG(order[i - 1]->id));
	free(order);
}

int rulelint_finish(struct rule_linter *l, struct err_list *found)
{
	find_equal(l, found);
	find_shadowed(l, found);
	for (size_t i = 0; i < l->n_fragments; i++) {
		const struct lint_name *f = &l->fragments[i];
		bool used = false;

		for (size_t k = 0; k < l->n_uses && !used; k++)
			used = span_eq(l->uses[k], f->name);
		if (!used)
			(void)err_add(found, f->file, f->line, f->column,
				"fragment %.*s: no query uses it: write use:%.*s, or take it "
				"out",
				SPAN_ARG(f->name), SPAN_ARG(f->name));
	}
	return l->no_memory ? -ENOMEM : 0;
}
