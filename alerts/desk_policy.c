/*
 * desk_policy: a new policy, under which what waits goes on waiting.
 */

#include "desk_inner.h"

#include <errno.h>
#include <stdlib.h>

#include "window.h"

/* --- Routes --------------------------------------------------------------------------------
 */

static size_t routes_below(const struct route *route)
{
	size_t n = 1;

	for (size_t i = 0; i < route->n_children; i++)
		n += routes_below(&route->children[i]);
	return n;
}

/* What a route matches, behind its parent's id: the same wherever it stands. */
static uint64_t route_id(const struct route *route, uint64_t parent, struct buf *scratch)
{
	buf_clear(scratch);
	buf_addf(scratch, "%llx", (unsigned long long)parent);
	for (size_t i = 0; i < route->n_matches; i++) {
		buf_addf(scratch, "\n%s", route_key_names[route->matches[i].key]);
		for (size_t k = 0; k < route->matches[i].n_values; k++) {
			buf_add_char(scratch, '\t');
			buf_add(scratch, route->matches[i].values[k]);
		}
	}
	return XXH3_64bits(scratch->p, scratch->n);
}

static void add_routes(struct desk *desk, const struct route *route, struct route_terms terms,
	uint64_t id, struct span path, struct buf *scratch)
{
	const size_t first = desk->n_terms;

	route_inherit(&terms, route);
	desk->terms[desk->n_terms++] = (struct desk_terms){id, route, terms, path};
	for (size_t i = 0; i < route->n_children; i++) {
		uint64_t child = route_id(&route->children[i], id, scratch);
		const struct span below = arena_printf(
			&desk->policy_arena, "%.*s.routes[%zu]", SPAN_ARG(path), i);

		if (!below.p || scratch->failed) {
			desk->failed = true;
			return;
		}
		/* A second one that matches the same, behind `continue`, is another route. */
		for (size_t k = first; k < desk->n_terms; k++)
			if (desk->terms[k].id == child)
				child++;
		add_routes(desk, &route->children[i], terms, child, below, scratch);
	}
}

static int by_id(const void *a, const void *b)
{
	const struct desk_terms *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int by_route(const void *a, const void *b)
{
	const struct desk_terms *x = *(struct desk_terms *const *)a;
	const struct desk_terms *y = *(struct desk_terms *const *)b;

	return (x->route > y->route) - (x->route < y->route);
}

static void make_terms(struct desk *desk)
{
	const size_t n = routes_below(&desk->policy->root);
	struct buf scratch = {0};

	desk->n_terms = 0;
	desk->terms = arena_calloc(&desk->policy_arena, n, sizeof(*desk->terms));
	desk->by_route = arena_calloc(&desk->policy_arena, n, sizeof(struct desk_terms *));
	if (!desk->terms || !desk->by_route) {
		desk->failed = true;
		return;
	}
	add_routes(desk, &desk->policy->root, route_terms_root(),
		route_id(&desk->policy->root, 0, &scratch), SPAN("routes"), &scratch);
	buf_deinit(&scratch);
	qsort(desk->terms, desk->n_terms, sizeof(*desk->terms), by_id);
	for (size_t i = 0; i < desk->n_terms; i++)
		desk->by_route[i] = &desk->terms[i];
	qsort(desk->by_route, desk->n_terms, sizeof(*desk->by_route), by_route);
}

const struct desk_terms *desk_terms_by_route(const struct desk *desk, const struct route *route)
{
	const struct desk_terms key = {.route = route}, *p = &key;
	struct desk_terms **found =
		bsearch(&p, desk->by_route, desk->n_terms, sizeof(*desk->by_route), by_route);

	return *found;
}

struct desk_terms desk_terms_by_id(const struct desk *desk, uint64_t id)
{
	const struct desk_terms key = {.id = id};
	const struct desk_terms *found =
		bsearch(&key, desk->terms, desk->n_terms, sizeof(*desk->terms), by_id);
	struct desk_terms terms;

	if (found)
		return *found;
	terms = *desk_terms_by_route(desk, &desk->policy->root);
	terms.path = SPAN("");
	return terms;
}

/* --- Digests -------------------------------------------------------------------------------
 */

static int by_digest(const void *a, const void *b)
{
	const struct desk_digest *x = a, *y = b;

	return memcmp(&x->id, &y->id, sizeof(x->id));
}

const struct desk_digest *desk_digest_by_id(const struct desk *desk, const struct desk_id *id)
{
	const struct desk_digest key = {.id = *id};

	return desk->n_digests ? bsearch(&key, desk->digests, desk->n_digests,
					 sizeof(*desk->digests), by_digest)
			       : NULL;
}

static void add_digest(struct desk *desk, uint32_t receiver, const struct digest *digest)
{
	struct desk_digest *d = &desk->digests[desk->n_digests];
	struct buf text = {0};

	if (receiver >= desk->policy->n_receivers)
		return;
	digest_text(&text, digest);
	if (text.failed || !pile_id(&d->id, PILE_DIGEST, desk->policy->receivers[receiver].id,
				   buf_span(&text)))
		desk->failed = true;
	buf_deinit(&text);
	d->receiver = receiver;
	d->digest = *digest;
	for (size_t i = 0; i < desk->n_digests; i++)
		if (by_digest(&desk->digests[i], d) == 0) {
			desk->digests[i].digest.empty_too |= digest->empty_too;
			return;
		}
	desk->n_digests++;
}

static void make_digests(struct desk *desk)
{
	const struct policy *policy = desk->policy;
	size_t most = policy->n_receivers + 1;

	for (size_t i = 0; i < desk->n_terms; i++)
		most += desk->terms[i].terms.n_receivers;
	desk->n_digests = 0;
	desk->digests = arena_calloc(&desk->policy_arena, most, sizeof(*desk->digests));
	if (!desk->digests) {
		desk->failed = true;
		return;
	}
	for (uint32_t i = 0; i < policy->n_receivers; i++)
		if (policy->receivers[i].n_budgets || policy->receivers[i].digest) {
			const struct digest rest = desk_rest_digest(&policy->receivers[i]);

			add_digest(desk, i, &rest);
		}
	for (size_t i = 0; i < desk->n_terms; i++) {
		const struct route_terms *t = &desk->terms[i].terms;

		for (size_t k = 0; t->digest && k < t->n_receivers; k++)
			add_digest(desk, t->receivers[k], t->digest);
	}
	qsort(desk->digests, desk->n_digests, sizeof(*desk->digests), by_digest);
}

/* --- What waits ----------------------------------------------------------------------------
 */

/* Once all records are there: items whose pile never came are lost; the others are counted. */
static void make_ready(struct desk *desk)
{
	struct pile *pile, *next;

	HASH_ITER(hh, desk->piles, pile, next)
	{
		if (pile->receiver) {
			struct desk_counts *c = &pile->receiver->counts;

			*(pile->kind == PILE_DIGEST ? &c->in_digest : &c->waiting) += pile->n;
			continue;
		}
		desk->lost += pile->n;
		pile_clear(desk, pile, false);
		HASH_DEL(desk->piles, pile);
		pile_free(pile);
	}
	for (struct desk_on_way *w = desk->on_way; w; w = w->hh.next)
		if (!w->dead)
			w->receiver->counts.on_way += w->n;
	desk->ready = true;
}

static int by_pile(const void *a, const void *b)
{
	const struct pile *x = *(struct pile *const *)a, *y = *(struct pile *const *)b;

	return memcmp(&x->id, &y->id, sizeof(x->id));
}

/* In an order that does not depend on what happened before. */
static void adapt_piles(struct desk *desk, struct wall now)
{
	const size_t n = HASH_COUNT(desk->piles);
	struct pile **piles = arena_alloc(&desk->arena, n * sizeof(struct pile *) + 1);
	size_t at = 0;

	if (!piles) {
		desk->failed = true;
		return;
	}
	for (struct pile *p = desk->piles; p; p = p->hh.next)
		piles[at++] = p;
	if (n)
		qsort(piles, n, sizeof(*piles), by_pile);
	for (size_t i = 0; i < n; i++) {
		struct pile *pile = piles[i];
		const struct desk_digest *digest = desk_digest_by_id(desk, &pile->id);

		if (!pile->receiver->policy)
			pile_give_up(desk, pile);
		else if (pile->kind == PILE_DIGEST && !pile->n &&
			 (!digest || !digest->digest.empty_too))
			pile_remove(desk, pile);
		else if (pile->held || (pile->kind == PILE_GROUP && !pile->n))
			pile_due(desk, pile, now.ms);
	}
}

int desk_set_policy(
	struct desk *desk, const struct policy *policy, struct wall now, struct desk_step *ret)
{
	uint64_t mark;

	desk_step_begin(desk);
	arena_release(&desk->policy_arena);
	desk->policy = policy;
	make_terms(desk);
	if (!desk->failed)
		make_digests(desk);
	for (struct desk_receiver_state *s = desk->receivers; s; s = s->hh.next)
		s->policy = NULL;
	for (size_t i = 0; i < policy->n_receivers; i++) {
		struct desk_receiver_state *s =
			desk_receiver_state(desk, policy->receivers[i].id);

		if (s)
			s->policy = &policy->receivers[i];
	}
	if (desk->failed)
		return -ENOMEM;
	if (!desk->ready)
		make_ready(desk);
	mark = desk_mark(desk, policy);
	if (mark != desk->mark) {
		desk->mark = mark;
		desk_record_mark(desk);
		adapt_piles(desk, now);
	}
	for (size_t i = 0; i < desk->n_digests && !desk->failed; i++)
		if (desk->digests[i].digest.empty_too)
			(void)pile_of_digest(desk,
				desk_receiver_find(
					desk, policy->receivers[desk->digests[i].receiver].id),
				&desk->digests[i].digest, now);
	return desk_step_finish(desk, ret);
}
