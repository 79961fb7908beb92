#include "desk_budget.h"

#include <stdlib.h>
#include <string.h>

#include "window.h"

static const char *const per_names[] = {"hour", "day", "week"};

/* What a window's numbers are at an instant: those kept, or of a new window. */
struct present {
	uint32_t used, due;
	int64_t mean;
	struct window window;
};

static struct present present_of(const struct desk_budget *b, const struct receiver *receiver,
	enum budget_per per, struct wall now)
{
	enum { FORGOTTEN = 40 }; /* windows without a message: a mean of 1000 is below 1 */
	struct present p = {b->per[per].used, b->per[per].due, b->per[per].mean,
		window_of(per, receiver->zone, now)};
	const int64_t kept = b->per[per].window;
	int64_t gone;

	/* A clock that went back does not begin a window anew. */
	if (p.window.number <= kept)
		return p;
	gone = kept == INT64_MIN ? 0 : p.window.number - kept;
	for (int64_t i = 0; i < gone && i < FORGOTTEN; i++) {
		const int64_t held = i == 0 ? (int64_t)p.due * 100 : 0;

		p.mean = p.mean < 0 ? held : p.mean + (held - p.mean) / 4;
	}
	p.used = p.due = 0;
	return p;
}

static int descending(const void *a, const void *b)
{
	const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x < y) - (x > y);
}

/* How many messages are still to come in the window, in hundredths. */
static int64_t expected(const struct present *p, struct wall now)
{
	const int64_t length = p->window.until.ms - p->window.from.ms;
	int64_t gone = now.ms - p->window.from.ms, left, by_past, by_pace;

	gone = gone < 0 ? 0 : gone > length ? length : gone;
	left = length - gone;
	if (gone < length / 8)
		gone = length / 8;
	by_past = p->mean < 0 ? 0 : p->mean * (left / 1000) / (length / 1000);
	by_pace = (int64_t)p->due * 100 * (left / 1000) / (gone / 1000);
	return by_past > by_pace ? by_past : by_pace;
}

/* The least score that goes out now. */
static int32_t least_score(
	const struct desk_budget *b, const struct present *p, uint32_t most, struct wall now)
{
	const int64_t to_come = expected(p, now);
	const int64_t room = (int64_t)(most - p->used) * 100 * b->n_scores;
	int32_t scores[DESK_SCORES];
	int64_t better; /* so many may be better */

	if (b->n_scores < DESK_SCORES_LEAST || to_come == 0)
		return INT32_MIN;
	better = (room + to_come - 1) / to_come - 1;
	if (better >= b->n_scores)
		return INT32_MIN;
	memcpy(scores, b->scores, b->n_scores * sizeof(*scores));
	qsort(scores, b->n_scores, sizeof(*scores), descending);
	return scores[better];
}

bool desk_budget_has(const struct desk_budget *b, const struct receiver *receiver,
	int32_t score, struct wall now, struct buf *why)
{
	for (size_t i = 0; i < receiver->n_budgets; i++) {
		const struct budget *budget = &receiver->budgets[i];
		const struct present p = present_of(b, receiver, budget->per, now);
		int32_t least;

		if (p.used >= budget->most) {
			if (why)
				buf_addf(why, "budget %u/%s is spent", budget->most,
					per_names[budget->per]);
			return false;
		}
		least = least_score(b, &p, budget->most, now);
		if (score < least) {
			if (why)
				buf_addf(why,
					"budget %u/%s, %u used: severity %.2f is below %.2f, "
					"the pace",
					budget->most, per_names[budget->per], p.used,
					score / 100.0, least / 100.0);
			return false;
		}
	}
	return true;
}

void desk_budget_count(struct desk_budget *b, const struct receiver *receiver, int32_t score,
	bool out, struct wall now)
{
	for (size_t i = 0; i < receiver->n_budgets; i++) {
		const enum budget_per per = receiver->budgets[i].per;
		const struct present p = present_of(b, receiver, per, now);

		if (p.window.number > b->per[per].window)
			b->per[per].window = p.window.number;
		b->per[per].mean = p.mean;
		b->per[per].due = p.due + 1;
		b->per[per].used = p.used + out;
	}
	if (!receiver->n_budgets)
		return;
	b->scores[b->at] = score;
	b->at = (b->at + 1) % DESK_SCORES;
	if (b->n_scores < DESK_SCORES)
		b->n_scores++;
}

uint32_t desk_budget_used(const struct desk_budget *b, const struct receiver *receiver,
	enum budget_per per, struct wall now)
{
	return present_of(b, receiver, per, now).used;
}

static bool rate_is_over(
	const struct desk_budget *b, const struct receiver *receiver, struct wall now)
{
	return b->rate_from_ms == INT64_MIN || now.ms < b->rate_from_ms ||
	       now.ms - b->rate_from_ms >= receiver->rate_ms;
}

struct wall desk_rate_free(
	const struct desk_budget *b, const struct receiver *receiver, struct wall now)
{
	if (!receiver->rate_most || rate_is_over(b, receiver, now) ||
		b->rate_used < receiver->rate_most)
		return now;
	return (struct wall){b->rate_from_ms + receiver->rate_ms};
}

void desk_rate_count(struct desk_budget *b, const struct receiver *receiver, struct wall now)
{
	if (!receiver->rate_most)
		return;
	if (rate_is_over(b, receiver, now)) {
		b->rate_from_ms = now.ms;
		b->rate_used = 0;
	}
	b->rate_used++;
}
