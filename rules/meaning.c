#include "meaning.h"

#include <string.h>
#include <xxhash.h>

static uint64_t mix(uint64_t h, uint64_t v)
{
	return XXH3_64bits_withSeed(&v, sizeof(v), h);
}

uint64_t meaning_mix(uint64_t h, struct span s)
{
	return XXH3_64bits_withSeed(s.p ? s.p : "", s.n, h ^ s.n << 32);
}

uint64_t meaning_mix_double(uint64_t h, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return mix(h, bits);
}

uint64_t meaning_of_leaf(const struct node *n)
{
	const struct term *t = &n->u.term;
	uint64_t h = mix(n->kind, n->fields);

	if (n->kind == NODE_REGEX)
		return meaning_mix(mix(h, n->u.regex.flags), n->u.regex.pattern);
	h = mix(h, (uint64_t)t->slop << 1 | t->exact);
	for (size_t i = 0; i < t->n_tokens; i++) {
		const struct term_token *k = &t->tokens[i];

		h = mix(h, (uint64_t)k->kind << 8 | (unsigned char)k->sigil);
		h = meaning_mix(h, t->exact ? k->own : k->text);
	}
	return h;
}

/* Of the children in any order; groups of the same kind are taken apart. */
static uint64_t sum_of(const struct node *n)
{
	const bool flat = n->kind == NODE_AND || n->kind == NODE_OR;
	uint64_t sum = 0;

	for (const struct node *c = n->first; c; c = c->next)
		sum += flat && c->kind == n->kind ? sum_of(c) : mix(n->kind, meaning_of(c));
	return sum;
}

uint64_t meaning_of(const struct node *n)
{
	uint64_t h =
		mix(n->kind, n->kind == NODE_AND || n->kind == NODE_OR ? 0 : n->n_children);

	switch (n->kind) {
	case NODE_TERM:
	case NODE_REGEX:
		return n->meaning ? n->meaning : meaning_of_leaf(n);
	case NODE_VALUE:
		return meaning_mix(mix(h, n->u.value.field), n->u.value.value);
	case NODE_NUMBER:
		h = mix(h, (uint64_t)n->u.number.field << 2 |
				   (uint64_t)n->u.number.low_in << 1 | n->u.number.high_in);
		return meaning_mix_double(
			meaning_mix_double(h, n->u.number.low), n->u.number.high);
	case NODE_USE:
		return meaning_mix(mix(h, n->fields), n->u.name);
	case NODE_OF:
		return mix(mix(h, n->u.least), sum_of(n));
	case NODE_NEAR:
		h = mix(h, (uint64_t)n->u.near.distance << 1 | n->u.near.ordered);
		if (!n->u.near.ordered)
			return mix(h, sum_of(n));
		return mix(mix(h, meaning_of(n->first)), meaning_of(n->first->next));
	case NODE_AND:
	case NODE_OR:
	case NODE_NOT:
		break;
	}
	return mix(h, sum_of(n));
}
