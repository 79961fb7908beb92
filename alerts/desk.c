#include "desk_inner.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "vigie/cleanup.h"

const char *const desk_kind_names[] = {"alert", "update", "repeat", "digest", "notice"};
const char *const desk_outcome_names[] = {"waiting", "held", "sending", "digest", "folded",
	"silenced", "muted", "given up", "heard"};

/* --- Life ----------------------------------------------------------------------------------
 */

DEFINE_CLEANUP(struct desk *, desk_free)

int desk_new(struct desk **ret, const struct desk_options *options)
{
	CLEANUP(desk_freep) struct desk *desk = calloc(1, sizeof(*desk));

	if (!desk)
		return -ENOMEM;
	desk->options = *options;
	if (!desk->options.seen_most)
		desk->options.seen_most = DESK_SEEN_MOST;
	if (!desk->options.items_most)
		desk->options.items_most = DESK_ITEMS_MOST;
	if (!desk->options.step_records)
		desk->options.step_records = DESK_STEP_RECORDS;
	if (!desk->options.story_ms)
		desk->options.story_ms = STORY_OPEN_MS + INT64_C(24) * 3600 * 1000;
	*ret = TAKE(desk);
	return 0;
}

static void tables_free(struct desk *desk)
{
	struct desk_receiver_state *receiver, *next_receiver;
	struct desk_story *story, *next_story;
	struct desk_on_way *way, *next_way;
	struct desk_seen *seen, *next_seen;
	struct pile *pile, *next_pile;

	HASH_ITER(hh, desk->piles, pile, next_pile)
	{
		HASH_DEL(desk->piles, pile);
		pile_free(pile);
	}
	HASH_ITER(hh, desk->stories, story, next_story)
	{
		HASH_DEL(desk->stories, story);
		free(story);
	}
	HASH_ITER(hh, desk->seen, seen, next_seen)
	{
		HASH_DEL(desk->seen, seen);
		free(seen);
	}
	HASH_ITER(hh, desk->on_way, way, next_way)
	{
		HASH_DEL(desk->on_way, way);
		free(way);
	}
	HASH_ITER(hh, desk->receivers, receiver, next_receiver)
	{
		HASH_DEL(desk->receivers, receiver);
		free(receiver);
	}
}

struct desk *desk_free(struct desk *desk)
{
	if (!desk)
		return NULL;
	tables_free(desk);
	desk_operators_free(desk);
	due_deinit(&desk->piles_due);
	due_deinit(&desk->stories_due);
	due_deinit(&desk->seen_due);
	arena_release(&desk->policy_arena);
	arena_release(&desk->arena);
	buf_deinit(&desk->scratch);
	free(desk->changes);
	free(desk->deliveries);
	free(desk->verdicts);
	free(desk);
	return NULL;
}

/* --- A step --------------------------------------------------------------------------------
 */

void desk_step_begin(struct desk *desk)
{
	arena_release(&desk->arena);
	desk->n_changes = desk->n_deliveries = desk->n_verdicts = 0;
	desk->failed = false;
}

static struct wall next_wake(const struct desk *desk)
{
	const struct due *pile = due_first(&desk->piles_due);
	const struct due *story = due_first(&desk->stories_due);
	struct wall wake = pile ? (struct wall){pile->ms} : WALL_NONE;

	if (story && (!pile || story->ms < pile->ms))
		wake.ms = story->ms;
	return wake;
}

static void give_step(const struct desk *desk, struct desk_step *ret)
{
	*ret = (struct desk_step){desk->changes, desk->n_changes, desk->deliveries,
		desk->n_deliveries, desk->verdicts, desk->n_verdicts, next_wake(desk)};
}

int desk_step_end(struct desk *desk, struct wall now, struct desk_step *ret)
{
	desk_operators_end(desk, now);
	if (desk->policy)
		desk_flush(desk, now);
	return desk_step_finish(desk, ret);
}

int desk_step_finish(struct desk *desk, struct desk_step *ret)
{
	desk_records_finish(desk);
	if (desk->failed)
		return -ENOMEM;
	give_step(desk, ret);
	return 0;
}

struct span desk_text(struct desk *desk, const char *format, ...)
{
	char *p = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n >= 0)
		p = arena_alloc(&desk->arena, (size_t)n + 1);
	if (!p) {
		desk->failed = true;
		return SPAN_NONE;
	}
	va_start(ap, format);
	(void)vsnprintf(p, (size_t)n + 1, format, ap);
	va_end(ap);
	return span_of(p, (size_t)n);
}

void desk_say(struct desk *desk, const struct item_key *key,
	const struct desk_receiver_state *receiver, enum desk_outcome outcome, int64_t at_ms,
	const struct item_key *story, struct span why)
{
	if (desk->n_verdicts == desk->verdicts_capacity) {
		const size_t capacity = desk->verdicts_capacity * 2 + 8;
		struct desk_verdict *grown = realloc(desk->verdicts, capacity * sizeof(*grown));

		if (!grown) {
			desk->failed = true;
			return;
		}
		desk->verdicts = grown;
		desk->verdicts_capacity = capacity;
	}
	desk->verdicts[desk->n_verdicts++] = (struct desk_verdict){.key = *key,
		.receiver = receiver->id,
		.outcome = outcome,
		.at = {at_ms},
		.story = story ? *story : (struct item_key){{0}},
		.why = why};
}

/* --- Tables --------------------------------------------------------------------------------
 */

struct desk_receiver_state *desk_receiver_find(const struct desk *desk, struct span id)
{
	struct desk_receiver_state *s;

	HASH_FIND(hh, desk->receivers, id.p, (unsigned)id.n, s);
	return s;
}

struct desk_receiver_state *desk_receiver_state(struct desk *desk, struct span id)
{
	struct desk_receiver_state *s = desk_receiver_find(desk, id);
	char *text;

	if (s)
		return s;
	s = calloc(1, sizeof(*s) + id.n + 1);
	if (!s) {
		desk->failed = true;
		return NULL;
	}
	text = (char *)(s + 1);
	memcpy(text, id.p, id.n);
	s->id = span_of(text, id.n);
	s->number = desk->n_receivers++;
	s->budget = DESK_BUDGET_NEW;
	HASH_ADD_KEYPTR(hh, desk->receivers, s->id.p, (unsigned)s->id.n, s);
	if (s->hh.tbl)
		return s;
	free(s);
	desk->failed = true;
	return NULL;
}

struct desk_seen *desk_seen_find(const struct desk *desk, const struct item_key *key)
{
	struct desk_seen *seen;

	HASH_FIND(hh, desk->seen, key, sizeof(*key), seen);
	return seen;
}

bool desk_seen_put(struct desk *desk, const struct item_key *key, int64_t number)
{
	struct desk_seen *seen = calloc(1, sizeof(*seen));

	if (seen) {
		seen->key = *key;
		HASH_ADD(hh, desk->seen, key, sizeof(seen->key), seen);
		if (seen->hh.tbl) {
			if (number > desk->last_seen)
				desk->last_seen = number;
			if (due_set(&desk->seen_due, &seen->due, number) == 0)
				return true;
			desk->failed = true;
			return false; /* it is in the table, which frees it */
		}
		free(seen);
	}
	desk->failed = true;
	return false;
}

static void see(struct desk *desk, const struct item_key *key)
{
	if (!desk_seen_put(desk, key, desk->last_seen + 1))
		return;
	desk_record_seen(desk, desk_seen_find(desk, key), false);
	while (desk->seen_due.n > desk->options.seen_most) {
		struct desk_seen *oldest =
			due_container(due_first(&desk->seen_due), struct desk_seen, due);

		desk_record_seen(desk, oldest, true);
		due_remove(&desk->seen_due, &oldest->due);
		HASH_DEL(desk->seen, oldest);
		free(oldest);
	}
}

struct desk_on_way *desk_on_way_find(const struct desk *desk, struct span id)
{
	struct desk_on_way *way;

	HASH_FIND(hh, desk->on_way, id.p, (unsigned)id.n, way);
	return way;
}

struct desk_on_way *desk_on_way_new(
	struct desk *desk, struct span id, struct desk_receiver_state *receiver)
{
	struct desk_on_way *way;

	if (id.n != DESK_ID_TEXT || !receiver || desk_on_way_find(desk, id))
		return NULL;
	way = calloc(1, sizeof(*way));
	if (way) {
		memcpy(way->id, id.p, id.n);
		way->receiver = receiver;
		HASH_ADD(hh, desk->on_way, id, DESK_ID_TEXT, way);
		if (way->hh.tbl)
			return way;
		free(way);
	}
	desk->failed = true;
	return NULL;
}

/* --- Steps ---------------------------------------------------------------------------------
 */

int desk_take(struct desk *desk, const struct desk_candidate *candidate, struct wall now,
	struct desk_step *ret)
{
	struct route_found *found;
	struct desk_asked asked;
	bool any = false;
	size_t n;

	if (!desk->policy)
		return -EINVAL;
	desk_step_begin(desk);
	if (desk_asked_make(desk, &asked, candidate, now, &desk->arena) < 0)
		return -ENOMEM;
	if (desk_seen_find(desk, &asked.key)) {
		give_step(desk, ret);
		return 0;
	}
	if (route_walk(desk->policy, &asked.subject, &desk->arena, &found, &n) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n && !desk->failed; i++) {
		const struct span id = desk->policy->receivers[found[i].receiver].id;
		struct desk_receiver_state *receiver = desk_receiver_state(desk, id);

		if (!receiver)
			break;
		if (desk_is_heard(candidate, id)) {
			desk_say(desk, &asked.key, receiver, DESK_HEARD, INT64_MIN, NULL,
				SPAN("the ledger has an outcome for it"));
			continue;
		}
		any = true;
		desk_take_one(desk, &asked, &found[i]);
	}
	if (any)
		see(desk, &asked.key);
	return desk_step_end(desk, now, ret);
}

int desk_tick(struct desk *desk, struct wall now, struct desk_step *ret)
{
	desk_step_begin(desk);
	return desk_step_end(desk, now, ret);
}

int desk_settle(struct desk *desk, struct span id, enum desk_end end, struct wall now,
	struct desk_step *ret)
{
	struct desk_on_way *way = desk_on_way_find(desk, id);
	struct desk_counts *counts;

	desk_step_begin(desk);
	/* What is not known, and what would change nothing: */
	if (!way || (way->dead ? end == DESK_DEAD : end == DESK_DRIVEN || end == DESK_BURIED))
		return desk_step_end(desk, now, ret);
	counts = &way->receiver->counts;
	way->receiver->counts_changed = end != DESK_BURIED;
	if (end != DESK_BURIED && way->dead)
		counts->dead -= way->n;
	else if (end != DESK_BURIED)
		counts->on_way -= way->n;
	switch (end) {
	case DESK_SENT:
		*(way->digest ? &counts->digested : &counts->sent) += way->n;
		break;
	case DESK_DEAD:
		counts->dead += way->n;
		break;
	case DESK_DRIVEN:
		counts->on_way += way->n;
		break;
	case DESK_BURIED:
		break;
	}
	way->dead = end == DESK_DEAD;
	if (end == DESK_SENT || end == DESK_BURIED) {
		desk_record_on_way(desk, way, true);
		HASH_DEL(desk->on_way, way);
		free(way);
	} else {
		desk_record_on_way(desk, way, false);
	}
	return desk_step_end(desk, now, ret);
}

/* --- Looking -------------------------------------------------------------------------------
 */

static const struct desk_receiver_state *removed_at(const struct desk *desk, size_t i)
{
	const struct desk_receiver_state *found = NULL;

	/* The i-th by id: few, and looked at rarely. */
	for (size_t at = 0; at <= i; at++) {
		const struct desk_receiver_state *next = NULL;

		for (const struct desk_receiver_state *s = desk->receivers; s; s = s->hh.next)
			if (!s->policy && s->counts.candidates &&
				(!found || span_cmp(s->id, found->id) > 0) &&
				(!next || span_cmp(s->id, next->id) < 0))
				next = s;
		if (!next)
			return NULL;
		found = next;
	}
	return found;
}

bool desk_receiver(
	const struct desk *desk, size_t i, struct wall now, struct desk_receiver_view *ret)
{
	const size_t n = desk->policy ? desk->policy->n_receivers : 0;
	const struct desk_receiver_state *s =
		i < n ? desk_receiver_find(desk, desk->policy->receivers[i].id)
		      : removed_at(desk, i - n);

	if (!s)
		return false;
	*ret = (struct desk_receiver_view){
		.id = s->id, .removed = !s->policy, .counts = s->counts};
	for (size_t k = 0; s->policy && k < s->policy->n_budgets && k < BUDGETS_MAX; k++)
		ret->used[k] =
			desk_budget_used(&s->budget, s->policy, s->policy->budgets[k].per, now);
	return true;
}

bool desk_audit(const struct desk *desk)
{
	for (const struct desk_receiver_state *s = desk->receivers; s; s = s->hh.next) {
		struct desk_counts c = s->counts;

		c.waiting = c.in_digest = c.on_way = 0;
		for (const struct pile *p = desk->piles; p; p = p->hh.next)
			if (p->receiver == s)
				*(p->kind == PILE_DIGEST ? &c.in_digest : &c.waiting) += p->n;
		for (const struct desk_on_way *w = desk->on_way; w; w = w->hh.next)
			if (w->receiver == s && !w->dead)
				c.on_way += w->n;
		if (c.waiting != s->counts.waiting || c.in_digest != s->counts.in_digest ||
			c.on_way != s->counts.on_way || !desk_is_lawful(&c))
			return false;
	}
	return true;
}

struct desk_stats desk_stats(const struct desk *desk)
{
	return (struct desk_stats){.groups = HASH_COUNT(desk->piles),
		.stories = HASH_COUNT(desk->stories),
		.seen = HASH_COUNT(desk->seen),
		.outstanding = HASH_COUNT(desk->on_way),
		.silences = desk->n_silences,
		.mutes = desk->n_mutes,
		.lost = desk->lost};
}
