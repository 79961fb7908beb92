#ifndef VIGIE_LINE_BUDGET_H
#define VIGIE_LINE_BUDGET_H

/*
 * budget: how much of what a network allows in a time is spent. Pure: the time comes in. What
 * is spent is counted in slots: of a quota that begins anew at a fixed time of the day there is
 * one a day; of a sliding one each slot lasts a part of the window and counts until the whole
 * window has passed behind its end, so that no window of that length, wherever it begins, holds
 * more than the quota.
 *
 * It is kept durable by reservation: a slot's `reserved` is what a file must say before that
 * much is spent, and grows in steps, so that few writes are needed. After a crash what was
 * reserved counts as spent: at worst a step is lost, and nothing is spent twice.
 */

#include <stdbool.h>
#include <stdint.h>

#include "sources/connector.h"
#include "vigie/instant.h"

/* A sliding window is cut into so many slots; one more may stand at each end. */
enum { BUDGET_PARTS = 24, BUDGET_SLOTS = BUDGET_PARTS + 2 };

struct budget_slot {
	int64_t at_ms; /* its beginning */
	int64_t spent;
	int64_t reserved; /* 0: the slot is free */
};

struct quota_budget {
	struct connector_quota quota;
	struct budget_slot slots[BUDGET_SLOTS];
};

/* How long until `cost` may be spent; 0: now. Costs above the whole quota wait for an empty
 * one. */
int64_t budget_wait(const struct quota_budget *budget, int64_t cost, struct wall now);

/* Spends, whatever budget_wait() said. True: `reserved` has grown, and must be durable before
 * anything is done with what was spent. */
bool budget_spend(struct quota_budget *budget, int64_t cost, struct wall now);

/* What counts now. */
int64_t budget_spent(const struct quota_budget *budget, struct wall now);

/* What a file says was reserved. Of a slot that is over, nothing. */
void budget_restore(
	struct quota_budget *budget, int64_t at_ms, int64_t reserved, struct wall now);

#endif
