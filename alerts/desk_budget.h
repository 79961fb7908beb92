#ifndef VIGIE_ALERTS_DESK_BUDGET_H
#define VIGIE_ALERTS_DESK_BUDGET_H

/*
 * desk_budget: what a receiver can bear. Decides at once, when a message is due, whether it
 * goes out or into the digest; nothing is ever delayed to see whether something better comes.
 *
 * The rule is the budget-ratio policy (A. Arlotto, I. Gurvich, "Uniformly Bounded Regret in the
 * Multisecretary Problem", Stochastic Systems 9(3), 2019): with b messages left and m still
 * expected in the window, one goes out when it is among the best b/m of its kind. "Its kind"
 * are the last DESK_SCORES messages that were due; equals are let through in order of coming.
 * m is the greater of what windows of the past held (a moving mean, a quarter the newest), over
 * the time left; and what this one has held so far, at its own pace (over an eighth of the
 * window at least, so that one burst at the beginning is not taken for the day). Until
 * DESK_SCORES_LEAST messages were seen there is nothing to compare with, and all go out.
 */

#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/policy.h"

enum { DESK_SCORES = 64, DESK_SCORES_LEAST = 16 };

struct desk_budget {
	struct {
		int64_t window; /* number */
		uint32_t used;  /* messages that went out */
		uint32_t due;   /* that were due */
		int64_t mean;   /* of `due` in windows before, in hundredths; -1: not known */
	} per[BUDGETS_MAX];     /* by enum budget_per */
	int32_t scores[DESK_SCORES]; /* in hundredths; the last ones, a ring */
	uint32_t n_scores, at;       /* at: where the next goes */
	int64_t rate_from_ms;
	uint32_t rate_used;
};

#define DESK_BUDGET_NEW                                                                        \
	((struct desk_budget){                                                                 \
		.per = {{INT64_MIN, 0, 0, -1}, {INT64_MIN, 0, 0, -1}, {INT64_MIN, 0, 0, -1}},  \
		.rate_from_ms = INT64_MIN})

/* Is there room for a message of this score? If not, says why (may be NULL). */
bool desk_budget_has(const struct desk_budget *b, const struct receiver *receiver,
	int32_t score, struct wall now, struct buf *why);

/* A message was due, and went out or did not. */
void desk_budget_count(struct desk_budget *b, const struct receiver *receiver, int32_t score,
	bool out, struct wall now);

/* Messages of the present window. */
uint32_t desk_budget_used(const struct desk_budget *b, const struct receiver *receiver,
	enum budget_per per, struct wall now);

/* When the rate allows a message: `now`, or later. */
struct wall desk_rate_free(
	const struct desk_budget *b, const struct receiver *receiver, struct wall now);
void desk_rate_count(struct desk_budget *b, const struct receiver *receiver, struct wall now);

#endif
