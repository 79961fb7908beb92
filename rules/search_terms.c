/*
 * search_terms: walks a query's tree from the leaves up. A leaf gives one term, OR the union of
 * its parts, AND the narrowest of its parts; what can't be searched for gives nothing, which an
 * AND may pass over and an OR may not.
 */

#include "vigie/search_terms.h"

#include <errno.h>

#include "query.h"

struct walk {
	struct arena *arena;
	bool no_memory;
};

/* n 0: nothing is known. */
struct set {
	struct span terms[SEARCH_TERMS_MAX];
	size_t n;
};

/* What stands between the quotes, or behind the field. */
static struct span inside(struct span source)
{
	const size_t quote = span_find(source, '"');
	size_t end = source.n;

	if (quote == source.n)
		return span_slice(source, (span_find(source, ':') + 1) % (source.n + 1), end);
	while (end > quote + 1 && source.p[end - 1] != '"')
		end--;
	return span_slice(source, quote + 1, end - 1);
}

/* Runs of blanks, and what only this query language understands, become one blank; a sigil
 * stays where it begins a single word. */
static struct span plain(struct walk *w, struct span source)
{
	struct span text = inside(source);
	const bool phrase = span_find(source, '"') < source.n;
	char *p = arena_alloc(w->arena, text.n + 1);
	size_t n = 0;

	if (!p) {
		w->no_memory = true;
		return SPAN_NONE;
	}
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (strchr(phrase ? "#@$*\\\"" : "=*\\\"", c) || ascii_space(c))
			c = ' ';
		if (c != ' ' || (n && p[n - 1] != ' '))
			p[n++] = c;
	}
	while (n && p[n - 1] == ' ')
		n--;
	return span_of(p, n);
}

static void of_term(struct walk *w, struct set *out, const struct node *node)
{
	for (size_t i = 0; i < node->u.term.n_tokens; i++)
		if (node->u.term.tokens[i].kind == TOKEN_PATTERN)
			return;
	/* Names of authors are not what a search for words finds. */
	if (node->fields == 1 << FIELD_AUTHOR)
		return;
	out->terms[0] = plain(w, node->source);
	out->n = out->terms[0].n > 0;
}

/* false: too many. */
static bool unite(struct set *to, const struct set *more)
{
	for (size_t i = 0; i < more->n; i++) {
		size_t k = 0;

		while (k < to->n && !span_eq_ci(to->terms[k], more->terms[i]))
			k++;
		if (k < to->n)
			continue;
		if (to->n == SEARCH_TERMS_MAX)
			return false;
		to->terms[to->n++] = more->terms[i];
	}
	return true;
}

/* Of its shortest term: long ones are rare. */
static size_t least_letters(const struct set *s)
{
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < s->n; i++)
		if (s->terms[i].n < least)
			least = s->terms[i].n;
	return least;
}

static void of_node(struct walk *w, struct set *out, const struct node *node);

static void of_and(struct walk *w, struct set *out, const struct node *node)
{
	for (const struct node *c = node->first; c && !w->no_memory; c = c->next) {
		struct set part = {.n = 0};

		of_node(w, &part, c);
		if (part.n && (!out->n || part.n < out->n ||
				      (part.n == out->n &&
					      least_letters(&part) > least_letters(out))))
			*out = part;
	}
}

/* `least` of the parts must hold: as many of them but one may be unknown. */
static void of_any(struct walk *w, struct set *out, const struct node *node, uint64_t least)
{
	uint64_t blind = 0;

	for (const struct node *c = node->first; c && !w->no_memory; c = c->next) {
		struct set part = {.n = 0};

		of_node(w, &part, c);
		blind += !part.n;
		if (blind >= least || !unite(out, &part)) {
			out->n = 0;
			return;
		}
	}
}

static void of_node(struct walk *w, struct set *out, const struct node *node)
{
	switch (node->kind) {
	case NODE_TERM:
		of_term(w, out, node);
		break;
	case NODE_AND:
	case NODE_NEAR:
		of_and(w, out, node);
		break;
	case NODE_OR:
		of_any(w, out, node, 1);
		break;
	case NODE_OF:
		of_any(w, out, node, node->u.least);
		break;
	default:
		break;
	}
}

int search_terms(struct search_terms *ret, struct arena *arena, struct span query)
{
	struct query_errors errors = {.arena = arena};
	struct walk w = {.arena = arena};
	struct set found = {.n = 0};
	struct span *any;
	struct node *tree;
	int r = query_parse(&tree, arena, query, &errors);

	if (r < 0)
		return r;
	of_node(&w, &found, tree);
	if (w.no_memory)
		return -ENOMEM;
	if (!found.n)
		return SEARCH_TERMS_NONE;
	any = arena_calloc(arena, found.n, sizeof(*any));
	if (!any)
		return -ENOMEM;
	memcpy(any, found.terms, found.n * sizeof(*any));
	*ret = (struct search_terms){any, found.n};
	return 0;
}
