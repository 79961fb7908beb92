#ifndef VIGIE_LINE_OUTBOX_APPLY_H
#define VIGIE_LINE_OUTBOX_APPLY_H

/*
 * outbox_apply: a step of the desk as what outbox_apply.lua reads, and what the desk said of a
 * delivery beside its items, as JSON:
 *
 *  {"severity","level","of","nth","more","when","from":ms,"until":ms,"part","parts",
 *   "notices":{KEY: text}}
 *
 * and what it decided of items, for the ledger, some at a time:
 *
 *  {"at":ms,"of":[[KEY,receiver,outcome,until ms or null,delivery,why], …]}
 */

#include "line/archive.h"
#include "vigie/arena.h"
#include "vigie/desk.h"

/* The script's arguments, in the arena or in the step. 0 or -ENOMEM. */
int outbox_step_args(struct arena *arena, uint64_t number, const struct desk_step *step,
	struct wall now, struct span **ret, size_t *ret_n);

/* In the arena. 0, -EINVAL or -ENOMEM. */
int outbox_verdicts_read(
	struct arena *arena, struct span json, struct archive_outcome **ret, size_t *ret_n);

struct outbox_said {
	uint32_t nth, part, parts;
	uint64_t more;
	struct wall from, until; /* WALL_NONE: not of a digest */
	struct span when;
};
/* What can't be read is left out. In the arena. 0 or -ENOMEM. */
int outbox_said_read(struct outbox_said *ret, struct arena *arena, struct span json);
/* The notice of each of n items, or empty. */
int outbox_said_notices(struct span *ret, const struct item_key *keys, size_t n,
	struct arena *arena, struct span json);

#endif
