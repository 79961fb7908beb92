#include "compile.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "entry.h"

/* Tables that grow while compiling, and are copied into the set's arena at the end. */
struct table {
	void *items;
	size_t n;
	size_t capacity;
};

struct posting {
	uint32_t leaf;
	uint32_t rule;
};

struct compiler {
	struct ruleset *set;
	struct arena *arena;
	struct table code, leaves, values, numbers, postings, entries, always;
	uint32_t *uses;    /* of each leaf, by rules */
	uint32_t *buckets; /* of leaves by hash; index + 1 */
	uint64_t *leaf_hashes;
	size_t n_buckets;
	size_t hashes_capacity;
	bool no_memory;
	size_t rule; /* at hand */
};

static void *table_add(struct compiler *c, struct table *t, size_t size)
{
	if (t->n == t->capacity) {
		const size_t capacity = t->capacity ? t->capacity * 2 : 256;
		void *p = realloc(t->items, capacity * size);

		if (!p) {
			c->no_memory = true;
			return NULL;
		}
		t->items = p;
		t->capacity = capacity;
	}
	return memset((char *)t->items + t->n++ * size, 0, size);
}

static struct span keep(struct compiler *c, struct span s)
{
	const struct span copy = arena_dup(c->arena, s);

	c->no_memory |= !copy.p;
	return copy;
}

static void *table_settle(struct compiler *c, struct table *t, size_t size)
{
	void *p = arena_alloc(c->arena, t->n ? t->n * size : 1);

	if (!p)
		c->no_memory = true;
	else if (t->n)
		memcpy(p, t->items, t->n * size);
	return p;
}

/* --- what a tree means --- */

static uint64_t mix(uint64_t h, uint64_t v)
{
	return XXH3_64bits_withSeed(&v, sizeof(v), h);
}

static uint64_t mix_span(uint64_t h, struct span s)
{
	return XXH3_64bits_withSeed(s.p ? s.p : "", s.n, h ^ s.n << 32);
}

static uint64_t mix_double(uint64_t h, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return mix(h, bits);
}

static uint64_t leaf_meaning(const struct node *n)
{
	const struct term *t = &n->u.term;
	uint64_t h = mix(n->kind, n->fields);

	if (n->kind == NODE_REGEX)
		return mix_span(mix(h, n->u.regex.flags), n->u.regex.pattern);
	h = mix(h, (uint64_t)t->slop << 1 | t->exact);
	for (size_t i = 0; i < t->n_tokens; i++) {
		const struct term_token *k = &t->tokens[i];

		h = mix(h, (uint64_t)k->kind << 8 | (unsigned char)k->sigil);
		h = mix_span(h, t->exact ? k->own : k->text);
	}
	return h;
}

uint64_t compile_meaning(const struct node *n)
{
	uint64_t h;

	if (n->kind == NODE_TERM || n->kind == NODE_REGEX)
		return n->meaning ? n->meaning : leaf_meaning(n);
	h = mix(n->kind, n->n_children);
	switch (n->kind) {
	case NODE_VALUE:
		return mix_span(mix(h, n->u.value.field), n->u.value.value);
	case NODE_NUMBER:
		h = mix(h, (uint64_t)n->u.number.field << 2 |
				   (uint64_t)n->u.number.low_in << 1 | n->u.number.high_in);
		return mix_double(mix_double(h, n->u.number.low), n->u.number.high);
	case NODE_USE:
		return mix_span(mix(h, n->fields), n->u.name);
	case NODE_OF:
		h = mix(h, n->u.least);
		break;
	case NODE_NEAR:
		h = mix(h, (uint64_t)n->u.near.distance << 1 | n->u.near.ordered);
		break;
	default:
		break;
	}
	for (const struct node *c = n->first; c; c = c->next)
		h = mix(h, compile_meaning(c));
	return h;
}

/* --- leaves --- */

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
	to->text = keep(c, from->text);
	to->own = keep(c, from->own);
	to->head_n = (uint32_t)from->text.n;
	if (from->kind == TOKEN_WORD)
		to->hash = dictionary_short(dictionary_hash_of(from->text));
	if (from->kind == TOKEN_PATTERN) {
		const size_t star = span_find(from->text, '*'),
			     one = span_find(from->text, '?');

		to->head_n = (uint32_t)(star < one ? star : one);
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
	re->pattern = keep(c, n->u.regex.pattern);
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

static uint32_t leaf_of(struct compiler *c, struct node *n)
{
	const uint64_t hash = n->meaning = leaf_meaning(n);
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
	l = table_add(c, &c->leaves, sizeof(*l));
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

/* --- programs --- */

/* Whether meeting the leaf's tokens says all, in any document. */
static bool met_is_found(const struct leaf *l)
{
	return l->kind == NODE_TERM && l->indexed && !l->slop && !l->inside && !l->loose;
}

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
	struct op *op = table_add(c, &c->code, sizeof(*op));
	struct op filled = {.kind = (uint8_t)n->kind, .place = (uint32_t)place};

	if (!op)
		return;
	n->leaf = UINT32_MAX;
	switch (n->kind) {
	case NODE_TERM:
	case NODE_REGEX:
		filled.arg = n->leaf = leaf_of(c, n);
		filled.plain =
			!c->no_memory && met_is_found((struct leaf *)c->leaves.items + n->leaf);
		break;
	case NODE_VALUE: {
		struct value_test *v = table_add(c, &c->values, sizeof(*v));

		if (v)
			*v = (struct value_test){n->u.value.field, keep(c, n->u.value.value)};
		filled.arg = (uint32_t)c->values.n - 1;
		break;
	}
	case NODE_NUMBER: {
		struct number_test *t = table_add(c, &c->numbers, sizeof(*t));

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

/* --- anchors --- */

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
		struct posting *p = table_add(c, &c->postings, sizeof(*p));

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

/* --- the dictionary --- */

static void add_entry(struct compiler *c, struct entry e, uint32_t leaf, uint32_t token)
{
	struct entry *place = table_add(c, &c->entries, sizeof(*place));
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

/* The entries of all leaves. */
static void add_entries(struct compiler *c)
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

static int by_leaf(const void *a, const void *b)
{
	const struct posting *x = a, *y = b;

	if (x->leaf != y->leaf)
		return x->leaf < y->leaf ? -1 : 1;
	return (x->rule > y->rule) - (x->rule < y->rule);
}

/* Gives each anchor its rules. */
static void settle_anchors(struct compiler *c)
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
		meaning = compile_meaning(from->tree);
	for (size_t i = 0; i < from->n_languages; i++)
		meaning = mix_span(meaning, from->languages[i]);
	meaning = mix_double(meaning, from->info.weight);
	to->info.version = keep(c, hexadecimal(text, meaning));
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

/* Chooses what announces the rule at hand. */
static void announce(struct compiler *c, struct node *tree)
{
	weigh(c, tree);
	if (tree->share < INFINITY) {
		anchor(c, tree);
	} else {
		uint32_t *place = table_add(c, &c->always, sizeof(*place));

		if (place)
			*place = (uint32_t)c->rule;
	}
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
			announce(&c, rules[c.rule].tree);
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
		settle_anchors(&c);
	if (!c.no_memory)
		add_entries(&c);
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
