#include "compile_anchor.h"

#include <stdlib.h>

struct posting {
	uint32_t leaf;
	uint32_t rule;
};

static int by_share(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;

	return (x->share > y->share) - (x->share < y->share);
}

/* The children of OF that must be watched: of the n, all but k - 1, the rarest ones. NULL: no
 * memory; freed by the caller. */
static struct node **watched(struct node *n, size_t *ret_n)
{
	struct node **all = malloc(n->n_children * sizeof(struct node *));
	size_t i = 0;

	if (!all)
		return NULL;
	for (struct node *c = n->first; c; c = c->next)
		all[i++] = c;
	qsort(all, i, sizeof(*all), by_share);
	*ret_n = i - (size_t)n->u.least + 1;
	return all;
}

/* How often the node's anchors would be met; INFINITY when it can't be anchored. */
static void weigh(struct compiler *c, struct node *n)
{
	double least = INFINITY, sum = 0;

	for (struct node *child = n->first; child; child = child->next) {
		weigh(c, child);
		least = child->share < least ? child->share : least;
		sum += child->share;
	}
	switch (n->kind) {
	case NODE_TERM:
	case NODE_REGEX:
		/* A name that many rules hold is one that many people write. */
		n->share = ((const struct leaf *)c->leaves.items + n->leaf)->share *
			   c->uses[n->leaf];
		break;
	case NODE_AND:
	case NODE_NEAR:
		n->share = least;
		break;
	case NODE_OR:
		n->share = sum;
		break;
	case NODE_OF: {
		size_t n_watched = 0;
		struct node **all = watched(n, &n_watched);

		c->no_memory |= !all;
		n->share = 0;
		for (size_t i = 0; i < n_watched; i++)
			n->share += all[i]->share;
		free(all);
		break;
	}
	default:
		n->share = INFINITY;
	}
}

static void anchor(struct compiler *c, struct node *n)
{
	if (n->kind == NODE_TERM || n->kind == NODE_REGEX) {
		struct posting *p = compiler_add(c, &c->postings, sizeof(*p));

		if (p)
			*p = (struct posting){n->leaf, (uint32_t)c->rule};
	} else if (n->kind == NODE_AND || n->kind == NODE_NEAR) {
		struct node *best = n->first;

		for (struct node *child = n->first; child; child = child->next)
			best = child->share < best->share ? child : best;
		anchor(c, best);
	} else if (n->kind == NODE_OF) {
		size_t n_watched = 0;
		struct node **all = watched(n, &n_watched);

		c->no_memory |= !all;
		for (size_t i = 0; i < n_watched; i++)
			anchor(c, all[i]);
		free(all);
	} else {
		for (struct node *child = n->first; child; child = child->next)
			anchor(c, child);
	}
}

static int by_leaf(const void *a, const void *b)
{
	const struct posting *x = a, *y = b;

	if (x->leaf != y->leaf)
		return x->leaf < y->leaf ? -1 : 1;
	return (x->rule > y->rule) - (x->rule < y->rule);
}

void compile_settle_anchors(struct compiler *c)
{
	struct posting *p = c->postings.items;
	uint32_t *rules = arena_alloc(c->arena, (c->postings.n + 1) * sizeof(*rules));
	uint32_t *loose = arena_alloc(c->arena, (c->leaves.n + 1) * sizeof(*loose));

	if (!rules || !loose) {
		c->no_memory = true;
		return;
	}
	c->set->loose = loose;
	if (c->postings.n)
		qsort(p, c->postings.n, sizeof(*p), by_leaf);
	for (size_t i = 0; i < c->postings.n;) {
		const uint32_t number = p[i].leaf;
		struct leaf *l = &c->set->leaves[number];

		l->rules = rules;
		for (; i < c->postings.n && p[i].leaf == number; i++)
			if (!l->n_rules || l->rules[l->n_rules - 1] != p[i].rule) {
				*rules++ = p[i].rule;
				l->n_rules++;
			}
		if (l->loose)
			loose[c->set->n_loose++] = number;
	}
}

void compile_announce(struct compiler *c, struct node *tree)
{
	weigh(c, tree);
	if (tree->share < INFINITY) {
		anchor(c, tree);
	} else {
		uint32_t *place = compiler_add(c, &c->always, sizeof(*place));

		if (place)
			*place = (uint32_t)c->rule;
	}
}
