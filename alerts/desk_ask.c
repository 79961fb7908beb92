/*
 * desk_ask: who would hear of something, and why, without changing anything.
 */

#include "desk_inner.h"

#include <errno.h>

#include "window.h"

/* A text of the heap into the arena. */
static struct span keep(struct arena *arena, struct buf *text)
{
	const struct span kept = text->failed ? SPAN_NONE : arena_dup(arena, buf_span(text));

	buf_deinit(text);
	return kept;
}

/* Nothing keeps it from the receiver: when, and what may still be in the way then. */
static int foresee(const struct desk *desk, const struct desk_asked *asked,
	const struct route_found *found, const struct desk_decision *decision,
	struct arena *arena, struct desk_verdict *ret)
{
	const struct receiver *receiver = &desk->policy->receivers[found->receiver];
	const struct desk_receiver_state *state = desk_receiver_find(desk, receiver->id);
	const bool critical = asked->severity.critical;
	const int32_t severity = (int32_t)(asked->severity.total * 100);
	const struct pile *pile;
	struct desk_id id;
	struct buf why = {0};
	struct wall due, at;

	if (!pile_id(&id, PILE_GROUP, receiver->id, found->group))
		return -ENOMEM;
	pile = decision->update ? NULL : pile_find(desk, &id);
	due.ms = desk_due(pile, pile ? pile->n + 1 : 1, asked, found);
	at = desk_free_at(receiver, found->terms, critical, due, &why);
	if (at.ms <= due.ms && due.ms <= asked->now.ms && state)
		at = desk_rate_free(&state->budget, receiver, due);
	ret->at = at;
	if (at.ms > due.ms) {
		ret->outcome = DESK_HELD;
		if (!why.n)
			buf_addf(&why, "max_rate %u is used", receiver->rate_most);
	} else if (due.ms > asked->now.ms) {
		ret->outcome = DESK_WAITING;
	} else if (!critical && state &&
		   !desk_budget_has(&state->budget, receiver, severity, due, &why)) {
		const struct digest rest = desk_rest_digest(receiver);

		ret->outcome = DESK_IN_DIGEST;
		ret->at = digest_next(&rest, due);
	} else {
		ret->outcome = DESK_SENDING;
		ret->at = WALL_NONE;
	}
	ret->why = decision->why;
	if (why.n)
		ret->why = keep(arena, &why);
	buf_deinit(&why);
	return ret->why.p ? 0 : -ENOMEM;
}

static int answer(const struct desk *desk, const struct desk_asked *asked,
	const struct route_found *found, struct arena *arena, struct desk_answer *ret)
{
	const struct span receiver = desk->policy->receivers[found->receiver].id;
	struct desk_decision decision;
	int r;

	*ret = (struct desk_answer){.receiver = receiver,
		.route = found->path,
		.group = found->group,
		.verdict = {.key = asked->key, .receiver = receiver, .at = WALL_NONE}};
	if (desk_is_heard(asked->candidate, receiver)) {
		ret->verdict.outcome = DESK_HEARD;
		ret->verdict.why = SPAN("the ledger has an outcome for it");
		return 0;
	}
	r = desk_decide(desk, asked, found, arena, &decision);
	if (r < 0)
		return r;
	ret->verdict.outcome = decision.outcome;
	ret->verdict.why = decision.why;
	if (decision.outcome == DESK_FOLDED)
		ret->verdict.story = asked->story;
	if (decision.outcome == DESK_IN_DIGEST)
		ret->verdict.at = digest_next(found->terms->digest, asked->now);
	if (decision.outcome == DESK_WAITING)
		return foresee(desk, asked, found, &decision, arena, &ret->verdict);
	return 0;
}

int desk_ask(const struct desk *desk, const struct desk_candidate *candidate, struct wall now,
	struct arena *arena, const struct desk_answer **ret, size_t *ret_n)
{
	struct desk_answer *answers;
	struct route_found *found;
	struct desk_asked asked;
	size_t n;

	if (!desk->policy)
		return -EINVAL;
	if (desk_asked_make(desk, &asked, candidate, now, arena) < 0 ||
		route_walk(desk->policy, &asked.subject, arena, &found, &n) < 0)
		return -ENOMEM;
	answers = arena_calloc(arena, n + 1, sizeof(*answers));
	if (!answers)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (answer(desk, &asked, &found[i], arena, &answers[i]) < 0)
			return -ENOMEM;
	*ret = answers;
	*ret_n = n;
	return 0;
}
