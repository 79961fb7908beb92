#ifndef VIGIE_SOURCES_CONNECTOR_WALK_H
#define VIGIE_SOURCES_CONNECTOR_WALK_H

/*
 * connector_walk: how a source of a network is brought up to date, request by request: pages,
 * then what is nested in them, then from the newest on. Where it stands is a short text: it is
 * stored with the commit of what was read, and whoever starts with it goes on at that very
 * request.
 *
 *     connector_enter(&pass, …)               may we ask? (connector_login.h)
 *     connector_walk_next(&step, … state …)   state → request
 *     connector_walk_take(&taken, … state …)  state, answer → items, and the state behind them
 *
 * Same state and same time, same request. Nothing is remembered here between calls.
 */

#include "sources/connector.h"
#include "sources/connector_login.h"

enum {
	CONNECTOR_MAX_STATE_BYTES = 32 * 1024,
	CONNECTOR_MAX_NESTED = 200, /* requests waiting; more are counted as lost */
	CONNECTOR_MAX_KNOWN = 10,   /* ids a round began with, for CONNECTOR_STOP_KNOWN */
};

/* What is asked; the same over the life of a source. */
struct connector_target {
	const struct connector *connector;
	const struct connector_ask *ask;
	struct span base;            /* empty: the connector's own */
	const struct expr_var *vars; /* parameters and terms (connector_query.h) */
	size_t n_vars;
	struct wall since; /* how far the first round looks back; WALL_NONE: not bounded */
	bool flat;         /* without what is nested: comments, replies, counts */
};

struct connector_step {
	struct request request;
	const struct connector_ask *ask; /* the target's, or a nested one */
	int64_t cost;                    /* in units of the quota */
	bool first; /* of a round: validators (ETag, Last-Modified) may be sent along */
};

/* The next request, in the arena. `state` is what the last connector_walk_take() gave; empty:
 * never asked. A state that can't be read is like an empty one. 0; -EINVAL: a variable that the
 * path needs is missing, or an address leads elsewhere; -ENOMEM. */
int connector_walk_next(struct connector_step *ret, struct arena *arena,
	const struct connector_target *target, const struct connector_pass *pass,
	struct span state, struct wall now);

struct connector_taken {
	struct connector_refusal refusal; /* CONNECTOR_OK: `read` holds what was read */
	struct connector_result read;
	struct span state; /* to be stored with the items; as it was after most refusals */
	bool more;         /* the round has a further request, to be made as soon as allowed */
	int64_t pause_s;   /* before any further request, more or not; 0: as usual */
	bool lost;         /* a nested request was refused for good: only that is left out */
	bool bounded;      /* the round ended at a bound, not at what was known */
};

/* After an answer to the request that `state` stands for. Rate limits, quotas, keys and trouble
 * leave the state as it is: the same request is made again later. A nested request that is
 * forbidden, gone or wrong is given up, and the round goes on. Everything in *ret is in the
 * arena. 0 or -ENOMEM. */
int connector_walk_take(struct connector_taken *ret, struct arena *arena,
	const struct connector_target *target, struct span state,
	const struct connector_answer *answer);

/* The state after a 304: the round is over, and nothing is new. */
int connector_walk_unchanged(struct span *ret, struct arena *arena,
	const struct connector_target *target, struct span state, struct wall now);

#endif
