#ifndef VIGIE_TESTS_STAND_H
#define VIGIE_TESTS_STAND_H

/*
 * stand: a desk on a test bench. Keeps its records as the line would, checks the law after
 * every step, and beside each step makes the same one on a second desk, which is restored from
 * the records before every step: both must say the same bytes.
 */

#include "vigie/buf.h"
#include "vigie/desk.h"

struct stand_record;

struct stand {
	struct desk *desk;
	struct desk *twin; /* restored anew before each step; NULL: none is kept */
	struct desk_options options;
	const struct policy *policy;
	struct stand_record *records;
	struct wall now;
	struct buf said; /* what went wrong; empty: nothing */
	size_t steps, most_record;
};

enum stand_op {
	STAND_POLICY,
	STAND_TAKE,
	STAND_TICK,
	STAND_SETTLE,
	STAND_SILENCE,
	STAND_UNSILENCE,
	STAND_MUTE,
	STAND_UNMUTE,
	STAND_ACK,
};

/* What a step takes; what it does not need is not looked at. */
struct stand_args {
	const struct policy *policy;
	const struct desk_candidate *candidate;
	struct span text, receiver; /* id of a delivery or silence; group or story */
	enum desk_end end;
	const struct silence *silence;
	const struct mute *mute;
};

int stand_init(struct stand *stand, const struct desk_options *options, bool with_twin);
void stand_deinit(struct stand *stand);

/* As the desk's own function; writes into `said` what is not as it should be. */
int stand_step(struct stand *stand, enum stand_op op, const struct stand_args *args,
	struct desk_step *ret);

/* All records, in order, as text. */
void stand_records(const struct stand *stand, struct buf *out);

/* A zone file (RFC 8536) of one rule, "CET-1CEST,M3.5.0,M10.5.0/3". */
void stand_zone_file(struct buf *out, const char *rule, int64_t offset_s);

#endif
