/*
 * near: pairs of matches that lie close together. An operand is a list of ranges of tokens,
 * sorted by its first token; what lies near a range is then a stretch of the other list. NEAR
 * within NEAR has the ranges of its pairs, each once; which terms made a range is found again
 * from above, when spans are wanted.
 */
#include "scratch.h"

#include <stdlib.h>

enum {
	PAIRS_KEPT_MAX = 1000 * 1000,      /* of one rule in one document; 8 bytes each */
	PAIRS_SEEN_MAX = 100 * 1000 * 1000 /* a tenth of a second or so */
};

/* What one question about a NEAR may still cost. */
struct allowance {
	size_t kept, seen;
};

static const struct op *second(const struct op *op)
{
	return op + 1 + op[1].next;
}

static int by_place(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (x->last > y->last) - (x->last < y->last);
}

/* Sorts from `base` on, each range once. */
static void settle(struct range_list *l, size_t base)
{
	size_t n = base;

	for (size_t i = base + 1; i < l->n; i++)
		if (by_place(&l->items[i - 1], &l->items[i]) > 0) {
			qsort(l->items + base, l->n - base, sizeof(*l->items), by_place);
			break;
		}
	for (size_t i = base; i < l->n; i++)
		if (n == base || by_place(&l->items[n - 1], &l->items[i]) != 0)
			l->items[n++] = l->items[i];
	l->n = n;
}

/* Index of the first range that begins behind token `at`. */
static size_t behind(const struct range_list *l, uint32_t at)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (l->items[middle].first <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Takes a pair by its indexes; false: no more. */
typedef bool pair_take(void *arg, size_t left, size_t right);

/* Pairs with `a` in front; swapped: a is the right operand. */
static bool pairs_in_order(struct ruleset_scratch *s, struct allowance *may,
	const struct range_list *a, const struct range_list *b, uint32_t distance, bool swapped,
	pair_take *take, void *arg)
{
	for (size_t i = 0; i < a->n; i++) {
		const uint32_t last = a->items[i].last;
		const enum item_field field = folded_field(&s->folded, last);

		for (size_t k = behind(b, last); k < b->n; k++) {
			const uint32_t first = b->items[k].first;

			if (first - last - 1 > distance)
				break;
			if (!may->seen) {
				s->exceeded = true;
				return false;
			}
			may->seen--;
			if (folded_field(&s->folded, first) != field)
				break;
			if (!(swapped ? take(arg, k, i) : take(arg, i, k)))
				return false;
		}
	}
	return true;
}

static void pairs(struct ruleset_scratch *s, struct allowance *may, const struct op *op,
	const struct range_list *left, const struct range_list *right, pair_take *take,
	void *arg)
{
	if (pairs_in_order(s, may, left, right, op->distance, false, take, arg) && !op->ordered)
		(void)pairs_in_order(s, may, right, left, op->distance, true, take, arg);
}

static struct range cover(const struct range *a, const struct range *b)
{
	return (struct range){a->first < b->first ? a->first : b->first,
		a->last > b->last ? a->last : b->last};
}

struct keeping {
	struct ruleset_scratch *s;
	struct allowance *may;
	const struct range_list *left, *right;
	struct range_list *out;
};

static bool keep(void *arg, size_t left, size_t right)
{
	struct keeping *k = arg;
	const struct range r = cover(&k->left->items[left], &k->right->items[right]);

	if (!k->may->kept) {
		k->s->exceeded = true;
		return false;
	}
	k->may->kept--;
	return range_add(k->s, k->out, r);
}

/* Adds the ranges of an operand to `out`, in order. */
static void gather(struct ruleset_scratch *s, struct allowance *may, const struct op *op,
	struct range_list *out)
{
	const size_t base = out->n;

	if (op->kind == NODE_TERM) {
		for (uint32_t i = leaf_places(s, op->arg); i; i = s->places[i - 1].next)
			if (!range_add(s, out, s->places[i - 1].range))
				return;
		return;
	}
	if (op->kind == NODE_OR) {
		for (const struct op *c = op + 1; c < op + op->next; c += c->next)
			gather(s, may, c, out);
	} else {
		struct range_list left = {0}, right = {0};
		struct keeping k = {s, may, &left, &right, out};

		gather(s, may, op + 1, &left);
		gather(s, may, second(op), &right);
		pairs(s, may, op, &left, &right, keep, &k);
		free(left.items);
		free(right.items);
	}
	settle(out, base);
}

static bool take_first(void *arg, size_t left, size_t right)
{
	(void)left;
	(void)right;
	*(bool *)arg = true;
	return false;
}

bool near_found(struct ruleset_scratch *s, const struct op *op)
{
	struct allowance may = {PAIRS_KEPT_MAX, PAIRS_SEEN_MAX};
	struct range_list left = {0}, right = {0};
	bool found = false;

	gather(s, &may, op + 1, &left);
	if (left.n)
		gather(s, &may, second(op), &right);
	pairs(s, &may, op, &left, &right, take_first, &found);
	free(left.items);
	free(right.items);
	return found;
}

struct marking {
	const struct range_list *left, *right, *wanted;
	bool *left_marks, *right_marks;
};

static bool has(const struct range_list *l, struct range r)
{
	return l->n && bsearch(&r, l->items, l->n, sizeof(r), by_place);
}

static bool mark(void *arg, size_t left, size_t right)
{
	struct marking *m = arg;

	if (!m->wanted || has(m->wanted, cover(&m->left->items[left], &m->right->items[right])))
		m->left_marks[left] = m->right_marks[right] = true;
	return true;
}

static void spans_of_near(struct ruleset_scratch *s, struct allowance *may, const struct op *op,
	const struct range_list *wanted);

/* Spans of an operand, for those of its ranges that are in `wanted`. */
static void spans_of(struct ruleset_scratch *s, struct allowance *may, const struct op *op,
	const struct range_list *wanted)
{
	if (op->kind == NODE_NEAR) {
		spans_of_near(s, may, op, wanted);
	} else if (op->kind == NODE_OR) {
		for (const struct op *c = op + 1; c < op + op->next; c += c->next)
			spans_of(s, may, c, wanted);
	} else {
		const struct leaf *leaf = &s->set->leaves[op->arg];

		for (uint32_t i = leaf_places(s, op->arg); i; i = s->places[i - 1].next)
			if (has(wanted, s->places[i - 1].range))
				leaf_range_span(s, leaf, s->places[i - 1].range);
	}
}

static void only_marked(struct range_list *l, const bool *marks)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (marks[i])
			l->items[n++] = l->items[i];
	l->n = n;
}

/* wanted: the ranges of this NEAR that count; NULL: all. */
static void spans_of_near(struct ruleset_scratch *s, struct allowance *may, const struct op *op,
	const struct range_list *wanted)
{
	struct range_list left = {0}, right = {0};
	struct marking m = {&left, &right, wanted, NULL, NULL};

	gather(s, may, op + 1, &left);
	gather(s, may, second(op), &right);
	m.left_marks = calloc(left.n + 1, sizeof(bool));
	m.right_marks = calloc(right.n + 1, sizeof(bool));
	if (m.left_marks && m.right_marks) {
		pairs(s, may, op, &left, &right, mark, &m);
		only_marked(&left, m.left_marks);
		only_marked(&right, m.right_marks);
		spans_of(s, may, op + 1, &left);
		spans_of(s, may, second(op), &right);
	} else {
		s->no_memory = true;
	}
	free(m.left_marks);
	free(m.right_marks);
	free(left.items);
	free(right.items);
}

void near_spans(struct ruleset_scratch *s, const struct op *op)
{
	struct allowance may = {PAIRS_KEPT_MAX, PAIRS_SEEN_MAX};

	spans_of_near(s, &may, op, NULL);
}
