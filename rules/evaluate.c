/*
 * evaluate: the program of a candidate rule over one document. A branch that can't change the
 * answer is not asked; spans are gathered only once the whole is true.
 */
#include "scratch.h"

#include <stdlib.h>

static bool at_least(struct ruleset_scratch *s, const struct op *op, size_t least)
{
	size_t left = 0, count = 0;

	for (const struct op *c = op + 1; c < op + op->next; c += c->next)
		left++;
	for (const struct op *c = op + 1; c < op + op->next; c += c->next) {
		if (count + left < least)
			return false;
		left--;
		count += evaluate(s, c);
		if (count >= least)
			return true;
	}
	return false;
}

bool evaluate(struct ruleset_scratch *s, const struct op *op)
{
	switch ((enum node_kind)op->kind) {
	case NODE_TERM:
	case NODE_REGEX:
		return op->plain ? s->met[op->arg] == s->epoch : leaf_found(s, op->arg);
	case NODE_AND:
		for (const struct op *c = op + 1; c < op + op->next; c += c->next)
			if (!evaluate(s, c))
				return false;
		return true;
	case NODE_OR:
		for (const struct op *c = op + 1; c < op + op->next; c += c->next)
			if (evaluate(s, c))
				return true;
		return false;
	case NODE_NOT:
		return !evaluate(s, op + 1);
	case NODE_OF:
		return at_least(s, op, op->arg);
	case NODE_NEAR:
		return near_found(s, op);
	case NODE_VALUE:
		return value_holds(s, &s->set->values[op->arg]);
	case NODE_NUMBER:
		return number_holds(s, &s->set->numbers[op->arg]);
	case NODE_USE:
		break;
	}
	return false;
}

void evaluate_spans(struct ruleset_scratch *s, const struct op *op)
{
	switch ((enum node_kind)op->kind) {
	case NODE_TERM:
	case NODE_REGEX:
		leaf_spans(s, op->arg);
		break;
	case NODE_NEAR:
		near_spans(s, op);
		break;
	case NODE_AND:
	case NODE_OR:
	case NODE_OF:
		for (const struct op *c = op + 1; c < op + op->next; c += c->next)
			if (op->kind == NODE_AND || evaluate(s, c))
				evaluate_spans(s, c);
		break;
	case NODE_NOT:
	case NODE_VALUE:
	case NODE_NUMBER:
	case NODE_USE:
		break;
	}
}

static int by_field_and_place(const void *a, const void *b)
{
	const struct match_span *x = a, *y = b;

	if (x->field != y->field)
		return x->field < y->field ? -1 : 1;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

void spans_settle(struct ruleset_scratch *s)
{
	size_t n = 0;

	for (size_t i = 1; i < s->n_spans; i++)
		if (by_field_and_place(&s->spans[i - 1], &s->spans[i]) > 0) {
			qsort(s->spans, s->n_spans, sizeof(*s->spans), by_field_and_place);
			break;
		}
	for (size_t i = 0; i < s->n_spans; i++)
		if (!n || by_field_and_place(&s->spans[n - 1], &s->spans[i]) != 0)
			s->spans[n++] = s->spans[i];
	s->n_spans = n;
}
