#include "compile_leaf.h"

#include <stdlib.h>

#include "entry.h"
#include "meaning.h"

static bool same_leaf(const struct leaf *l, const struct node *n)
{
	const struct term *t = &n->u.term;

	if (l->kind != n->kind || l->fields != n->fields)
		return false;
	if (l->kind == NODE_REGEX)
		return l->regex && l->regex->flags == n->u.regex.flags &&
		       span_eq(l->regex->pattern, n->u.regex.pattern);
	if (l->slop != t->slop || l->exact != t->exact || l->n_tokens != t->n_tokens)
		return false;
	for (size_t i = 0; i < t->n_tokens; i++) {
		const struct leaf_token *a = &l->tokens[i];
		const struct term_token *b = &t->tokens[i];

		if (a->kind != b->kind || a->sigil != b->sigil || !span_eq(a->text, b->text) ||
			(t->exact && !span_eq(a->own, b->own)))
			return false;
	}
	return true;
}

static void fill_token(struct compiler *c, struct leaf_token *to, const struct term_token *from)
{
	char head[8] = {0}, mask[8] = {0};

	to->kind = from->kind;
	to->sigil = from->sigil;
	to->loose = from->loose;
	to->irregular = from->irregular;
	to->text = compiler_keep(c, from->text);
	to->own = compiler_keep(c, from->own);
	to->head_n = (uint32_t)from->text.n;
	if (from->kind == TOKEN_WORD)
		to->hash = dictionary_short(dictionary_hash_of(from->text));
	if (from->kind == TOKEN_PATTERN) {
		const size_t star = span_find(from->text, '*'),
			     one = span_find(from->text, '?');

		to->head_n = (uint32_t)(star < one ? star : one);
		if (!to->head_n)
			to->inner = entry_inner(to->text);
	}
	for (size_t i = 0; i < 4 && i < to->head_n; i++) {
		head[i] = from->text.p[i];
		mask[i] = (char)0xFF;
	}
	memcpy(&to->head, head, sizeof(to->head));
	memcpy(&to->head_mask, mask, sizeof(to->head_mask));
}

static void fill_term(struct compiler *c, struct leaf *l, const struct term *t)
{
	struct leaf_token *tokens = arena_calloc(c->arena, t->n_tokens, sizeof(*tokens));
	double best = INFINITY;

	if (!tokens) {
		c->no_memory = true;
		return;
	}
	l->slop = t->slop;
	l->exact = t->exact;
	l->n_tokens = (uint32_t)t->n_tokens;
	l->tokens = tokens;
	for (uint32_t i = 0; i < l->n_tokens; i++) {
		struct entry entry;
		double share;

		fill_token(c, &tokens[i], &t->tokens[i]);
		l->loose |= tokens[i].loose;
		l->irregular |= tokens[i].irregular;
		if (entry_of_token(&tokens[i], &entry, &share) && share < best) {
			best = share;
			l->rarest = i;
			l->inside = entry.kind == ENTRY_INSIDE;
		}
	}
	l->indexed = best < INFINITY && !l->irregular;
	/* A phrase is looked at as a whole where its rarest token stands; a handle or tag is
	 * rarer than the same word anywhere. */
	if (l->n_tokens > 1 && !l->slop)
		best /= 8;
	if (tokens[l->rarest].sigil)
		best /= 8;
	l->share = l->indexed ? best : INFINITY;
}

static void fill_regex(struct compiler *c, struct leaf *l, const struct node *n)
{
	struct leaf_regex *re = arena_calloc(c->arena, 1, sizeof(*re));
	struct regex_literals literals;
	struct span *items;
	struct entry entry;
	double share;

	if (!re || regex_literals(&literals, c->arena, n->u.regex.pattern) < 0 ||
		!(items = arena_alloc(c->arena, literals.n * sizeof(*items) + 1))) {
		c->no_memory = true;
		return;
	}
	memcpy(items, literals.items, literals.n * sizeof(*items));
	re->regex = regex_ref(n->u.regex.compiled);
	re->pattern = compiler_keep(c, n->u.regex.pattern);
	re->flags = n->u.regex.flags;
	re->literals = items;
	re->n_literals = (uint32_t)literals.n;
	l->regex = re;
	l->indexed = literals.n > 0;
	for (size_t i = 0; i < literals.n; i++) {
		l->indexed &= entry_of_literal(items[i], &entry, &share);
		l->share += share;
	}
	if (!l->indexed)
		l->share = INFINITY;
}

static bool grow_buckets(struct compiler *c)
{
	const size_t n = c->n_buckets ? c->n_buckets * 2 : 1024;
	uint32_t *buckets = calloc(n, sizeof(*buckets));

	if (!buckets) {
		c->no_memory = true;
		return false;
	}
	for (size_t i = 0; i < c->leaves.n; i++) {
		size_t b = c->leaf_hashes[i] & (n - 1);

		while (buckets[b])
			b = (b + 1) & (n - 1);
		buckets[b] = (uint32_t)i + 1;
	}
	free(c->buckets);
	c->buckets = buckets;
	c->n_buckets = n;
	return true;
}

uint32_t compile_leaf(struct compiler *c, struct node *n)
{
	const uint64_t hash = n->meaning = meaning_of_leaf(n);
	struct leaf *l;
	size_t b;

	if (c->leaves.n * 2 >= c->n_buckets && !grow_buckets(c))
		return 0;
	for (b = hash & (c->n_buckets - 1); c->buckets[b]; b = (b + 1) & (c->n_buckets - 1)) {
		const uint32_t i = c->buckets[b] - 1;

		if (c->leaf_hashes[i] == hash &&
			same_leaf((struct leaf *)c->leaves.items + i, n))
			return i;
	}
	if (c->leaves.n == c->hashes_capacity) {
		const size_t capacity = c->hashes_capacity ? c->hashes_capacity * 2 : 256;
		uint64_t *p = realloc(c->leaf_hashes, capacity * sizeof(*p));

		if (!p) {
			c->no_memory = true;
			return 0;
		}
		c->leaf_hashes = p;
		c->hashes_capacity = capacity;
	}
	l = compiler_add(c, &c->leaves, sizeof(*l));
	if (!l)
		return 0;
	c->leaf_hashes[c->leaves.n - 1] = hash;
	c->buckets[b] = (uint32_t)c->leaves.n;
	l->kind = n->kind;
	l->fields = n->fields;
	c->set->reads_author |= (n->fields & 1U << FIELD_AUTHOR) != 0;
	if (n->kind == NODE_TERM)
		fill_term(c, l, &n->u.term);
	else
		fill_regex(c, l, n);
	return (uint32_t)c->leaves.n - 1;
}

bool compile_met_is_found(const struct leaf *l)
{
	return l->kind == NODE_TERM && l->indexed && !l->slop && !l->inside && !l->loose;
}

static void add_entry(struct compiler *c, struct entry e, uint32_t leaf, uint32_t token)
{
	struct entry *place = compiler_add(c, &c->entries, sizeof(*place));
	const size_t n = e.kind == ENTRY_SUFFIX || e.kind == ENTRY_INSIDE ? 0 : e.text.n;

	e.mark.leaf = leaf;
	e.mark.token = (uint16_t)token;
	for (size_t i = 0; i < n && i < 8; i++) {
		e.mark.head |= (uint64_t)(unsigned char)e.text.p[i] << 8 * i;
		e.mark.head_mask |= (uint64_t)0xFF << 8 * i;
	}
	if (e.kind == ENTRY_WORD && n <= 8)
		e.mark.head_mask = UINT64_MAX;
	if (place)
		*place = e;
}

/* A neighbour of the rarest token, for a quick look before the whole phrase is compared. */
static void look_beside(struct entry *e, const struct leaf *l)
{
	const bool next = l->rarest + 1 < l->n_tokens;
	const struct leaf_token *t = &l->tokens[next ? l->rarest + 1 : l->rarest - 1];

	e->mark.flags |= next ? MARK_NEXT : MARK_BEFORE;
	e->mark.beside = t->head;
	e->mark.beside_mask =
		t->kind == TOKEN_WORD && t->head_n < 4 ? UINT32_MAX : t->head_mask;
}

static void add_term_entry(struct compiler *c, uint32_t number)
{
	const struct leaf *l = &c->set->leaves[number];
	const struct leaf_token *t = &l->tokens[l->rarest];
	struct entry e;

	if (!entry_of_token(t, &e, NULL))
		return;
	e.mark.sigil = t->sigil;
	if (l->slop || e.kind == ENTRY_INSIDE)
		e.mark.flags = MARK_UNDECIDED;
	else if (l->n_tokens > 1 && !l->loose)
		look_beside(&e, l);
	else if (l->n_tokens == 1 && !l->exact &&
		 ((t->kind == TOKEN_WORD && t->text.n < 8) ||
			 (t->kind == TOKEN_PREFIX && t->text.n <= 8)))
		e.mark.flags = MARK_WHOLE; /* eight first bytes tell all of it */
	add_entry(c, e, number, l->rarest);
}

void compile_entries(struct compiler *c)
{
	for (uint32_t i = 0; i < c->set->n_leaves; i++) {
		const struct leaf *l = &c->set->leaves[i];
		struct entry e;
		double share;

		if (!l->indexed)
			continue;
		if (l->kind == NODE_TERM)
			add_term_entry(c, i);
		for (size_t k = 0; l->regex && k < l->regex->n_literals; k++)
			if (entry_of_literal(l->regex->literals[k], &e, &share)) {
				e.mark.flags = MARK_UNDECIDED;
				add_entry(c, e, i, 0);
			}
	}
}
