/*
 * desk_flush: what is due: told, held, put into the digest, or forgotten. Of several piles of
 * one receiver the most severe comes first, so that budget and rate are spent on it.
 */

#include "desk_inner.h"

#include <stdlib.h>

#include "sign.h"
#include "window.h"

enum { MS = 1000, CHANGES_A_PILE = 3 /* that are not seen yet: itself, a delivery, a story */ };
#define DAY_MS (INT64_C(24) * 3600 * 1000)

bool desk_is_critical(const struct desk *desk, int32_t severity)
{
	const struct severity_policy *p =
		desk->policy->severity ? desk->policy->severity : &severity_default;

	return severity / 100.0 >= p->critical;
}

/* --- When ----------------------------------------------------------------------------------
 */

/* Moves *at out of an interval that stops it. True when it did. */
static bool leave(struct wall *at, const struct time_interval *interval, const char *what,
	struct buf *why)
{
	struct wall end;

	if (!window_inside(interval, *at))
		return false;
	end = window_next(interval, *at, false);
	if (why && !why->n)
		buf_addf(why, "%s %.*s", what, SPAN_ARG(interval->name));
	/* One that never ends is asked again, for the policy may. */
	at->ms = wall_known(end) ? end.ms : at->ms + DAY_MS * WINDOW_DAYS_MOST;
	return true;
}

/* Moves *at into one of the intervals. True when it did. */
static bool enter(struct wall *at, const struct time_interval *const *intervals, size_t n,
	struct buf *why)
{
	struct wall best = WALL_NONE;

	for (size_t i = 0; i < n; i++) {
		const struct wall begin = window_next(intervals[i], *at, true);

		if (wall_known(begin) && begin.ms <= at->ms)
			return false;
		if (wall_known(begin) && (!wall_known(best) || begin.ms < best.ms))
			best = begin;
	}
	if (!n)
		return false;
	if (why && !why->n)
		buf_add_str(why, "outside of active_times");
	at->ms = wall_known(best) ? best.ms : at->ms + DAY_MS * WINDOW_DAYS_MOST;
	return true;
}

struct wall desk_free_at(const struct receiver *receiver, const struct route_terms *terms,
	bool critical, struct wall now, struct buf *why)
{
	struct wall at = now;
	bool moved = true;

	while (moved && at.ms < now.ms + DAY_MS * WINDOW_DAYS_MOST) {
		moved = false;
		for (size_t i = 0; i < receiver->n_quiet; i++)
			if (!critical || receiver->quiet_is_strict)
				moved |= leave(&at, &receiver->quiet[i], "quiet hours", why);
		for (size_t i = 0; terms && i < terms->n_mute_times; i++)
			moved |= leave(&at, terms->mute_times[i], "mute_times", why);
		if (terms)
			moved |= enter(&at, terms->active_times, terms->n_active_times, why);
	}
	/* So far ahead that it had better be asked again, at a time that a restart keeps. */
	if (at.ms >= now.ms + DAY_MS * WINDOW_DAYS_MOST)
		at.ms = (now.ms / DAY_MS + 1) * DAY_MS;
	return at;
}

/* As above, and the rate. */
static struct wall free_at(const struct desk_receiver_state *receiver,
	const struct route_terms *terms, bool critical, struct wall now, struct buf *why)
{
	struct wall at = desk_free_at(receiver->policy, terms, critical, now, why);

	if (at.ms > now.ms)
		return at;
	at = desk_rate_free(&receiver->budget, receiver->policy, now);
	if (at.ms > now.ms && why)
		buf_addf(why, "max_rate %u in %lld s", receiver->policy->rate_most,
			(long long)(receiver->policy->rate_ms / MS));
	return at;
}

/* --- Telling -------------------------------------------------------------------------------
 */

static struct desk_delivery *delivery_new(struct desk *desk)
{
	if (desk->n_deliveries == desk->deliveries_capacity) {
		const size_t capacity = desk->deliveries_capacity * 2 + 8;
		struct desk_delivery *grown =
			realloc(desk->deliveries, capacity * sizeof(*grown));

		if (!grown) {
			desk->failed = true;
			return NULL;
		}
		desk->deliveries = grown;
		desk->deliveries_capacity = capacity;
	}
	desk->deliveries[desk->n_deliveries] = (struct desk_delivery){0};
	return &desk->deliveries[desk->n_deliveries++];
}

/* Made of what makes it this delivery and no other; of another number when one of this id is on
 * its way still (an item that was forgotten as taken, and came again). */
static struct span id_of(struct desk *desk, const struct desk_delivery *d, int64_t number)
{
	char hash[SIGN_HASH_HEX + 1] = "", key[ITEM_KEY_TEXT + 1] = "";

	if (d->n_items)
		item_key_text(key, &d->items[0].key);
	do {
		const struct span name = desk_text(desk, "%s\n%.*s\n%.*s\n%s\n%lld",
			desk_kind_names[d->kind], SPAN_ARG(d->receiver), SPAN_ARG(d->group),
			key, (long long)number++);

		if (!name.p || sign_hash(hash, name) < 0)
			desk->failed = true;
	} while (!desk->failed && desk_on_way_find(desk, span_of(hash, DESK_ID_TEXT)));
	return desk_text(desk, "%.*s", DESK_ID_TEXT, hash);
}

static struct desk_story *story_of(
	const struct desk *desk, const struct pile *pile, const struct pile_item *item)
{
	return story_told_find(desk, pile->receiver, &item->story);
}

static void add_items(struct desk *desk, struct desk_delivery *d, const struct pile *pile,
	const struct pile_item *items, uint32_t n)
{
	struct desk_item *out = arena_calloc(&desk->arena, n + 1, sizeof(*out));
	int32_t most = INT32_MIN;

	if (!out) {
		desk->failed = true;
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct desk_story *story = story_of(desk, pile, &items[i]);

		out[i] = (struct desk_item){.key = items[i].key,
			.taken = {items[i].taken_ms},
			.severity = items[i].severity / 100.0,
			.story = items[i].story,
			.mentions = story ? story->mentions : 1,
			.sites = story ? story->sites : 1};
		if (items[i].notice)
			out[i].notice = desk_text(desk, "%s", items[i].notice);
		if (items[i].severity > most)
			most = items[i].severity;
	}
	d->items = out;
	d->n_items = n;
	d->severity = n ? most / 100.0 : 0;
	d->level = severity_level_of(
		desk->policy->severity ? desk->policy->severity : &severity_default,
		d->severity);
}

static void set_out(struct desk *desk, struct pile *pile, const struct desk_delivery *d)
{
	struct desk_on_way *way = desk_on_way_new(desk, d->id, pile->receiver);

	pile->receiver->counts.on_way += d->n_items;
	pile->receiver->counts_changed = true;
	if (!way) {
		desk->failed = true;
		return;
	}
	way->n = (uint32_t)d->n_items;
	way->digest = d->kind == DESK_DIGEST;
	desk_record_on_way(desk, way, false);
}

static void say_sending(struct desk *desk, const struct pile *pile,
	const struct desk_delivery *d, struct span why)
{
	for (size_t i = 0; i < d->n_items; i++)
		desk_say(desk, &d->items[i].key, pile->receiver, DESK_SENDING, INT64_MIN, NULL,
			why.n ? why
			      : desk_text(desk, "%.*s%sseverity %.2f", SPAN_ARG(d->route),
					d->route.n ? ", " : "", d->items[i].severity));
}

static int by_age(const void *a, const void *b)
{
	const struct pile_item *x = a, *y = b;

	if (x->taken_ms != y->taken_ms)
		return x->taken_ms < y->taken_ms ? -1 : 1;
	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static int by_severity(const void *a, const void *b)
{
	const struct pile_item *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	return by_age(a, b);
}

/* Says it once, not each time it is held again. */
static void hold(struct desk *desk, struct pile *pile, struct wall until, const struct buf *why)
{
	const struct span text = desk_text(desk, "%.*s", SPAN_ARG(buf_span(why)));

	if (!pile->held && pile->n) {
		qsort(pile->items, pile->n, sizeof(*pile->items), by_age);
		pile->fresh = 0;
	}
	for (uint32_t i = 0; i < pile->n && !pile->held; i++)
		desk_say(desk, &pile->items[i].key, pile->receiver, DESK_HELD, until.ms, NULL,
			text);
	pile->held = true;
	pile_due(desk, pile, until.ms);
	pile_changed(desk, pile);
}

/* --- Keeping out ---------------------------------------------------------------------------
 * Silences and mutes hold when something is sent, too: what waits may be older than they are.
 */

/* As it stands now. Negative: no memory. */
static int is_kept_out(const struct desk *desk, const struct pile *pile,
	const struct pile_item *item, struct wall now, struct arena *arena,
	struct desk_decision *ret)
{
	const struct desk_story *story = story_of(desk, pile, item);
	const struct story_place place = {.head = item->story,
		.mentions = story ? story->mentions : 1,
		.sites = story ? story->sites : 1};
	struct desk_asked asked = {.key = item->key, .story = item->story, .now = now};

	if (labels_unpack(&asked.subject.hit, span_of(item->labels, item->n_labels), arena) ==
		-ENOMEM)
		return -ENOMEM;
	asked.subject.finding = item->notice;
	asked.subject.place = &place;
	asked.subject.severity = item->severity / 100.0;
	return desk_kept_out(desk, &asked, pile->receiver->id, arena, ret);
}

/* Its story is as unknown as that of what was kept out at once, but where it was told before.
 */
static void story_is_kept_out(
	struct desk *desk, const struct pile *pile, const struct pile_item *item)
{
	struct desk_story *story = story_of(desk, pile, item);

	if (!story || memcmp(&story->pile, &pile->id, sizeof(pile->id)) != 0)
		return;
	if (!*story->told_id) {
		story_told_remove(desk, story);
		return;
	}
	story->state = STORY_TOLD;
	if (pile->kind == PILE_UPDATE && desk_is_critical(desk, item->severity))
		story->critical = false;
	story_told_changed(desk, story);
}

static void keep_out(struct desk *desk, const struct pile *pile, const struct pile_item *item,
	const struct desk_decision *d)
{
	struct desk_counts *counts = &pile->receiver->counts;

	if (pile->kind == PILE_DIGEST)
		counts->in_digest--;
	else
		counts->waiting--;
	if (d->outcome == DESK_MUTED)
		counts->muted++;
	else
		counts->silenced++;
	pile->receiver->counts_changed = true;
	desk_say(desk, &item->key, pile->receiver, d->outcome, INT64_MIN, NULL,
		desk_text(desk, "%.*s", SPAN_ARG(d->why)));
	story_is_kept_out(desk, pile, item);
}

/* True when something of the pile was. */
static bool sift(struct desk *desk, struct pile *pile, struct wall now)
{
	struct arena arena = {0};
	bool *gone, any = false;

	if (!pile->n || !desk_has_operators(desk))
		return false;
	qsort(pile->items, pile->n, sizeof(*pile->items), by_age);
	pile->fresh = 0;
	gone = arena_calloc(&desk->arena, pile->n, sizeof(*gone));
	for (uint32_t i = 0; gone && i < pile->n && !desk->failed; i++) {
		struct desk_decision d;

		if (is_kept_out(desk, pile, &pile->items[i], now, &arena, &d) < 0) {
			desk->failed = true;
		} else if (d.outcome != DESK_WAITING) {
			gone[i] = any = true;
			keep_out(desk, pile, &pile->items[i], &d);
		}
		arena_release(&arena);
	}
	arena_release(&arena);
	if (!gone)
		desk->failed = true;
	if (any && !desk->failed)
		pile_take_out(desk, pile, gone);
	return any && !desk->failed;
}

/* What was told, and would be told again. */
static bool told_is_kept_out(struct desk *desk, const struct pile *pile, struct wall now)
{
	struct desk_decision d = {.outcome = DESK_WAITING};
	struct arena arena = {0};

	if (desk_has_operators(desk) &&
		is_kept_out(desk, pile, &pile->told, now, &arena, &d) < 0)
		desk->failed = true;
	arena_release(&arena);
	return d.outcome != DESK_WAITING;
}

/* --- Groups and updates --------------------------------------------------------------------
 */

/* When a pile with nothing in it is looked at again; forgets it when never. */
static void rest(
	struct desk *desk, struct pile *pile, const struct route_terms *terms, struct wall now)
{
	const bool repeats = terms->repeat_interval_ms > 0 && !pile->acked &&
			     pile->repeats < DESK_REPEATS_MOST && pile->kind == PILE_GROUP;
	const bool told = pile->told_ms != INT64_MIN;
	int64_t at = INT64_MIN;

	if (told && !pile->alone && terms->group_interval_ms > 0)
		at = pile->told_ms + terms->group_interval_ms;
	if (told && repeats)
		at = pile->told_ms + terms->repeat_interval_ms;
	if (at <= now.ms)
		pile_remove(desk, pile);
	else
		pile_due(desk, pile, at);
}

static void story_is_told(struct desk *desk, const struct pile *pile,
	const struct pile_item *item, struct span id)
{
	struct desk_story *story = story_of(desk, pile, item);

	if (!story || memcmp(&story->pile, &pile->id, sizeof(pile->id)) != 0)
		return;
	story->state = STORY_TOLD;
	story->reached = story->mentions;
	if (pile->kind == PILE_GROUP && id.n == DESK_ID_TEXT)
		memcpy(story->told_id, id.p, id.n);
	story_told_changed(desk, story);
}

/* Remembers the most severe of what is being told, for repeats. */
static void remember(struct desk *desk, struct pile *pile, struct span id, struct wall now)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < pile->n; i++)
		if (by_severity(&pile->items[i], &pile->items[best]) < 0)
			best = i;
	pile_item_free(&pile->told);
	if (pile_item_copy(&pile->told, &pile->items[best]) < 0)
		desk->failed = true;
	pile->n_told = pile->n;
	pile->told_ms = now.ms;
	pile->repeats = 0;
	pile->acked = pile->held = false;
	if (id.n == DESK_ID_TEXT)
		memcpy(pile->told_id, id.p, id.n);
	pile_changed(desk, pile);
}

static enum desk_kind kind_of(const struct pile *pile)
{
	if (pile->kind == PILE_UPDATE)
		return DESK_UPDATE;
	return pile->items[0].notice ? DESK_NOTICE : DESK_ALERT;
}

static void tell(
	struct desk *desk, struct pile *pile, const struct desk_terms *terms, struct wall now)
{
	struct desk_receiver_state *receiver = pile->receiver;
	const enum desk_kind kind = kind_of(pile);
	const uint32_t most = desk->options.items_most;
	struct span first = SPAN_NONE;

	qsort(pile->items, pile->n, sizeof(*pile->items), by_age);
	for (uint32_t at = 0; at < pile->n && !desk->failed; at += most) {
		const uint32_t n = pile->n - at < most ? pile->n - at : most;
		struct desk_delivery *d = delivery_new(desk);

		if (!d)
			return;
		d->kind = kind;
		d->receiver = receiver->id;
		d->group = desk_text(desk, "%s", pile->text);
		d->route = terms->path;
		d->created = now;
		add_items(desk, d, pile, pile->items + at, n);
		if (desk->failed)
			return;
		d->id = id_of(desk, d, 0);
		if (kind == DESK_UPDATE) {
			const struct desk_story *story = story_of(desk, pile, pile->items);

			d->of = story ? desk_text(desk, "%s", story->told_id) : SPAN_NONE;
		}
		if (!first.n)
			first = d->id;
		set_out(desk, pile, d);
		say_sending(desk, pile, d, SPAN_NONE);
		for (uint32_t i = 0; i < n; i++)
			story_is_told(desk, pile, &pile->items[at + i], d->id);
	}
	receiver->counts.waiting -= pile->n;
	remember(desk, pile, first, now);
	pile_clear(desk, pile, false);
}

/* Over budget: into the receiver's digest. */
static void put_off(
	struct desk *desk, struct pile *pile, struct wall now, const struct buf *why)
{
	struct desk_receiver_state *receiver = pile->receiver;
	const struct span text = desk_text(desk, "%.*s", SPAN_ARG(buf_span(why)));
	const struct digest digest = desk_rest_digest(receiver->policy);
	struct pile *rest_pile = pile_of_digest(desk, receiver, &digest, now);

	if (!rest_pile)
		return;
	qsort(pile->items, pile->n, sizeof(*pile->items), by_age);
	for (uint32_t i = 0; i < pile->n; i++) {
		struct pile_item *item = &pile->items[i];
		struct desk_story *story = story_of(desk, pile, item);

		desk_say(desk, &item->key, receiver, DESK_IN_DIGEST, rest_pile->due.ms, NULL,
			text);
		if (!desk->failed)
			desk->verdicts[desk->n_verdicts - 1].over_budget = true;
		pile_add(desk, rest_pile, *item);
		if (!story || memcmp(&story->pile, &pile->id, sizeof(pile->id)) != 0)
			continue;
		story->state = *story->told_id ? STORY_TOLD : STORY_IN_DIGEST;
		story->by_budget = story->state == STORY_IN_DIGEST;
		story->pile = rest_pile->id;
		story_told_changed(desk, story);
	}
	receiver->counts.waiting -= pile->n;
	receiver->counts.in_digest += pile->n;
	receiver->counts_changed = true;
	pile->held = false;
	pile_clear(desk, pile, true);
	pile_changed(desk, pile);
}

static void repeat(
	struct desk *desk, struct pile *pile, const struct desk_terms *terms, struct wall now)
{
	struct desk_delivery *d = delivery_new(desk);

	if (!d)
		return;
	d->kind = DESK_REPEAT;
	d->receiver = pile->receiver->id;
	d->group = desk_text(desk, "%s", pile->text);
	d->route = terms->path;
	d->created = now;
	add_items(desk, d, pile, &pile->told, 1);
	d->n_more = pile->n_told - 1;
	d->of = desk_text(desk, "%s", pile->told_id);
	d->nth = pile->repeats + 1;
	if (!desk->failed)
		d->id = id_of(desk, d, d->nth);
}

/* One that was left out counts, too. */
static void count_repeat(struct desk *desk, struct pile *pile, struct wall now)
{
	pile->repeats++;
	pile->told_ms = now.ms;
	pile->held = false;
	pile_changed(desk, pile);
}

static void flush_group(struct desk *desk, struct pile *pile, struct wall now)
{
	const struct desk_terms terms = desk_terms_by_id(desk, pile->route);
	struct desk_receiver_state *receiver = pile->receiver;
	const int32_t severity = pile->n ? pile_severity(pile) : pile->told.severity;
	const bool critical = desk_is_critical(desk, severity);
	struct buf why = {0};
	struct wall at;
	bool out;

	if (!pile->n &&
		(terms.terms.repeat_interval_ms <= 0 || pile->acked ||
			pile->repeats >= DESK_REPEATS_MOST || pile->told_ms == INT64_MIN ||
			pile->told_ms + terms.terms.repeat_interval_ms > now.ms)) {
		rest(desk, pile, &terms.terms, now);
		return;
	}
	at = free_at(receiver, &terms.terms, critical, now, &why);
	if (at.ms > now.ms) {
		hold(desk, pile, at, &why);
		buf_deinit(&why);
		return;
	}
	if (sift(desk, pile, now)) {
		/* What is left is another message, or none. */
		flush_group(desk, pile, now);
		return;
	}
	if (!pile->n && told_is_kept_out(desk, pile, now)) {
		count_repeat(desk, pile, now);
		rest(desk, pile, &terms.terms, now);
		return;
	}
	out = critical ||
	      desk_budget_has(&receiver->budget, receiver->policy, severity, now, &why);
	desk_budget_count(&receiver->budget, receiver->policy, severity, out, now);
	if (out)
		desk_rate_count(&receiver->budget, receiver->policy, now);
	receiver->budget_changed |= receiver->policy->n_budgets || receiver->policy->rate_most;
	if (!pile->n) {
		if (out)
			repeat(desk, pile, &terms, now);
		count_repeat(desk, pile, now);
	} else if (out) {
		tell(desk, pile, &terms, now);
	} else {
		put_off(desk, pile, now, &why);
	}
	buf_deinit(&why);
	if (!desk->failed)
		rest(desk, pile, &terms.terms, now);
}

/* --- Digests -------------------------------------------------------------------------------
 */

static void tell_digest(struct desk *desk, struct pile *pile, struct wall now)
{
	const uint32_t most = desk->options.items_most;
	const uint32_t parts = pile->n ? (pile->n + most - 1) / most : 1;
	const int64_t from = pile->told_ms == INT64_MIN ? pile->opened_ms : pile->told_ms;

	if (pile->n)
		qsort(pile->items, pile->n, sizeof(*pile->items), by_severity);
	for (uint32_t part = 0; part < parts && !desk->failed; part++) {
		const uint32_t at = part * most;
		const uint32_t n = pile->n - at < most ? pile->n - at : most;
		struct desk_delivery *d = delivery_new(desk);

		if (!d)
			return;
		d->kind = DESK_DIGEST;
		d->receiver = pile->receiver->id;
		d->when = desk_text(desk, "%s", pile->text);
		d->group = desk_text(desk, "digest=%s", pile->text);
		d->created = now;
		d->from.ms = from;
		d->until = now;
		d->part = part + 1;
		d->parts = parts;
		add_items(desk, d, pile, n ? pile->items + at : NULL, n);
		if (desk->failed)
			return;
		d->id = id_of(desk, d, now.ms + part);
		if (n)
			set_out(desk, pile, d);
		say_sending(desk, pile, d, desk_text(desk, "digest %s", pile->text));
		desk_rate_count(&pile->receiver->budget, pile->receiver->policy, now);
	}
	pile->receiver->counts.in_digest -= pile->n;
	pile->receiver->counts_changed = true;
	pile->receiver->budget_changed |= pile->receiver->policy->rate_most > 0;
	pile_clear(desk, pile, false);
}

static void flush_digest(struct desk *desk, struct pile *pile, struct wall now)
{
	const struct desk_digest *digest = desk_digest_by_id(desk, &pile->id);
	const bool stays = digest && digest->digest.empty_too;
	struct buf why = {0};
	struct wall at;

	if (pile->n || stays) {
		at = free_at(pile->receiver, NULL, false, now, &why);
		if (at.ms > now.ms) {
			hold(desk, pile, at, &why);
			buf_deinit(&why);
			return;
		}
		(void)sift(desk, pile, now);
		if (pile->n || stays)
			tell_digest(desk, pile, now);
	}
	buf_deinit(&why);
	if (!stays) {
		pile_remove(desk, pile);
		return;
	}
	pile->held = false;
	pile->told_ms = now.ms;
	pile_due(desk, pile, digest_next(&digest->digest, now).ms);
	pile_changed(desk, pile);
}

/* --- All that is due -----------------------------------------------------------------------
 */

struct due_pile {
	struct pile *pile;
	int32_t severity;
};

/* Digests are old news: they come behind. */
static int in_order(const void *a, const void *b)
{
	const struct due_pile *x = a, *y = b;
	const int receiver = span_cmp(x->pile->receiver->id, y->pile->receiver->id);

	if (receiver)
		return receiver;
	if ((x->pile->kind == PILE_DIGEST) != (y->pile->kind == PILE_DIGEST))
		return x->pile->kind == PILE_DIGEST ? 1 : -1;
	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->pile->opened_ms != y->pile->opened_ms)
		return x->pile->opened_ms < y->pile->opened_ms ? -1 : 1;
	return memcmp(&x->pile->id, &y->pile->id, sizeof(x->pile->id));
}

static void forget_stories(struct desk *desk, struct wall now)
{
	struct due *due;

	while ((due = due_first(&desk->stories_due)) && due->ms <= now.ms) {
		struct desk_story *story = due_container(due, struct desk_story, due);

		if (story->state != STORY_WAITING || !pile_find(desk, &story->pile)) {
			story_told_remove(desk, story);
			continue;
		}
		(void)due_set(&desk->stories_due, due, now.ms + DAY_MS);
		story_told_changed(desk, story);
	}
}

void desk_flush(struct desk *desk, struct wall now)
{
	struct due_pile *list = NULL;
	size_t n = 0, capacity = 0;
	struct due *due;

	forget_stories(desk, now);
	while ((due = due_first(&desk->piles_due)) && due->ms <= now.ms) {
		struct pile *pile = due_container(due, struct pile, due);

		if (n == capacity) {
			struct due_pile *grown;

			capacity = capacity * 2 + 4;
			grown = realloc(list, capacity * sizeof(*list));
			if (!grown) {
				desk->failed = true;
				break;
			}
			list = grown;
		}
		due_remove(&desk->piles_due, due);
		list[n++] = (struct due_pile){
			pile, pile->n ? pile_severity(pile) : pile->told.severity};
	}
	if (n > 1)
		qsort(list, n, sizeof(*list), in_order);
	for (size_t i = 0; i < n && !desk->failed; i++) {
		/* Enough for one write: what is left stays due. */
		if (desk->n_changes + CHANGES_A_PILE * i >= desk->options.step_records) {
			(void)due_set(
				&desk->piles_due, &list[i].pile->due, list[i].pile->due.ms);
			continue;
		}
		/* Records that were damaged may name a receiver the policy never had. */
		if (!list[i].pile->receiver->policy)
			pile_give_up(desk, list[i].pile);
		else if (list[i].pile->kind == PILE_DIGEST)
			flush_digest(desk, list[i].pile, now);
		else
			flush_group(desk, list[i].pile, now);
	}
	free(list);
}

void pile_give_up(struct desk *desk, struct pile *pile)
{
	struct desk_counts *counts = &pile->receiver->counts;

	if (pile->n)
		qsort(pile->items, pile->n, sizeof(*pile->items), by_age);
	for (uint32_t i = 0; i < pile->n; i++) {
		struct desk_story *story = story_of(desk, pile, &pile->items[i]);

		desk_say(desk, &pile->items[i].key, pile->receiver, DESK_GIVEN_UP, INT64_MIN,
			NULL, SPAN("the receiver is no more"));
		if (story && memcmp(&story->pile, &pile->id, sizeof(pile->id)) == 0)
			story_told_remove(desk, story);
	}
	if (pile->kind == PILE_DIGEST)
		counts->in_digest -= pile->n;
	else
		counts->waiting -= pile->n;
	counts->dead += pile->n;
	pile->receiver->counts_changed = true;
	pile_remove(desk, pile);
}
