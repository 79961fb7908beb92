#include "line/budget.h"

enum { DAY_MS = 24 * 3600 * 1000, STEPS = 32 };

static bool is_daily(const struct quota_budget *b)
{
	return b->quota.resets_s >= 0;
}

static int64_t length(const struct quota_budget *b)
{
	const int64_t part = b->quota.per_ms / BUDGET_PARTS;

	return is_daily(b) ? DAY_MS : part > 0 ? part : 1;
}

static int64_t slot_begin(const struct quota_budget *b, int64_t now_ms)
{
	const int64_t shift = is_daily(b) ? b->quota.resets_s * 1000 : 0;
	const int64_t n = length(b), past = (now_ms - shift) % n;

	return now_ms - (past < 0 ? past + n : past);
}

/* When what was spent in it counts no more. A beginning in the future is a clock that went
 * back: it counts. */
static int64_t slot_end(const struct quota_budget *b, const struct budget_slot *s)
{
	return s->at_ms + length(b) + (is_daily(b) ? 0 : b->quota.per_ms);
}

static bool counts(const struct quota_budget *b, const struct budget_slot *s, int64_t now_ms)
{
	return s->reserved > 0 && now_ms < slot_end(b, s);
}

int64_t budget_spent(const struct quota_budget *budget, struct wall now)
{
	int64_t spent = 0;

	for (int i = 0; i < BUDGET_SLOTS; i++)
		if (counts(budget, &budget->slots[i], now.ms))
			spent += budget->slots[i].spent;
	return spent;
}

int64_t budget_wait(const struct quota_budget *budget, int64_t cost, struct wall now)
{
	const int64_t most = budget->quota.most > cost ? budget->quota.most : cost;
	struct wall at = now;

	while (budget_spent(budget, at) + cost > most) {
		int64_t next = INT64_MAX;

		for (int i = 0; i < BUDGET_SLOTS; i++) {
			const struct budget_slot *s = &budget->slots[i];

			if (counts(budget, s, at.ms) && slot_end(budget, s) < next)
				next = slot_end(budget, s);
		}
		at.ms = next;
	}
	return at.ms - now.ms;
}

/* The one that begins there; else one that counts no more, or the oldest. */
static struct budget_slot *slot_at(struct quota_budget *b, int64_t at_ms, int64_t now_ms)
{
	struct budget_slot *best = &b->slots[0];

	for (int i = 0; i < BUDGET_SLOTS; i++) {
		struct budget_slot *s = &b->slots[i];

		if (s->reserved && s->at_ms == at_ms)
			return s;
		if (!counts(b, s, now_ms))
			*s = (struct budget_slot){0};
		if (best->reserved && (!s->reserved || s->at_ms < best->at_ms))
			best = s;
	}
	*best = (struct budget_slot){.at_ms = at_ms};
	return best;
}

bool budget_spend(struct quota_budget *budget, int64_t cost, struct wall now)
{
	struct budget_slot *s = slot_at(budget, slot_begin(budget, now.ms), now.ms);
	const int64_t step = budget->quota.most / STEPS;

	s->spent += cost;
	if (s->spent <= s->reserved)
		return false;
	s->reserved = s->spent - cost + (cost > step ? cost : step);
	return true;
}

void budget_restore(
	struct quota_budget *budget, int64_t at_ms, int64_t reserved, struct wall now)
{
	const struct budget_slot slot = {at_ms, reserved, reserved};

	if (reserved > 0 && counts(budget, &slot, now.ms))
		*slot_at(budget, at_ms, now.ms) = slot;
}
