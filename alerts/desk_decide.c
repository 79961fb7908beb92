/*
 * desk_decide: what becomes of one candidate: kept from the receiver, folded into its story, or
 * put where it waits. To decide changes nothing, so that it can be asked, too.
 */

#include "desk_inner.h"

#include <errno.h>
#include <math.h>

#include "vigie/utf8.h"
#include "window.h"

static int32_t hundredths(double severity)
{
	const double most = 1e9;

	return isnan(severity) ? 0 : (int32_t)round(fmax(-most, fmin(most, severity * 100)));
}

int desk_asked_make(const struct desk *desk, struct desk_asked *ret,
	const struct desk_candidate *candidate, struct wall now, struct arena *arena)
{
	const struct severity_policy *p =
		desk->policy->severity ? desk->policy->severity : &severity_default;
	struct desk_asked a = {.candidate = candidate, .now = now};

	if (candidate->kind == DESK_FINDING) {
		a.subject.finding = true;
		a.subject.hit = route_hit_of(candidate->notice, arena);
		if (!a.subject.hit)
			return -ENOMEM;
		a.severity.total = hundredths(candidate->notice->severity) / 100.0;
		a.severity.level = severity_level_of(p, a.severity.total);
		a.severity.critical = a.severity.total >= p->critical;
	} else {
		a.subject.hit = candidate->hit;
		a.subject.place = candidate->place;
		if (severity_of(&a.severity, desk->policy, candidate->hit, candidate->place,
			    arena) < 0)
			return -ENOMEM;
	}
	a.subject.severity = a.severity.total;
	a.subject.level = a.severity.level;
	a.key = a.subject.hit->key;
	a.story = a.subject.place ? a.subject.place->head : a.key;
	*ret = a;
	return 0;
}

bool desk_is_heard(const struct desk_candidate *candidate, struct span receiver)
{
	for (size_t i = 0; i < candidate->n_heard; i++)
		if (span_eq(candidate->heard[i], receiver))
			return true;
	return false;
}

/* --- Deciding ------------------------------------------------------------------------------
 */

/* The step that a story has passed since, or 0. */
static uint32_t step_passed(
	const struct route_terms *terms, const struct desk_story *story, uint32_t mentions)
{
	for (size_t i = 0; i < terms->n_story_steps; i++)
		if (terms->story_steps[i] > story->reached && terms->story_steps[i] <= mentions)
			return terms->story_steps[i];
	return 0;
}

static uint32_t mentions_of(const struct desk_asked *asked)
{
	return asked->subject.place ? asked->subject.place->mentions : 1;
}

/* A copy of a story this receiver knows. */
static void decide_copy(const struct desk_asked *asked, const struct route_terms *terms,
	const struct desk_story *story, struct arena *arena, struct desk_decision *d)
{
	const uint32_t step = step_passed(terms, story, mentions_of(asked));
	const bool told = story->state == STORY_TOLD;
	const bool rises = asked->severity.critical && !story->critical &&
			   (told ? terms->story_critical : story->state == STORY_IN_DIGEST);
	char head[ITEM_KEY_TEXT + 1];

	d->outcome = DESK_WAITING;
	if (story->state == STORY_IN_DIGEST && !story->by_budget && !terms->digest) {
		d->why = SPAN("its story was only in a digest");
		return;
	}
	if (story->state != STORY_WAITING && !story->acked && !terms->digest &&
		(step || rises)) {
		d->update = true;
		d->why = rises ? SPAN("the first critical copy of its story")
			       : arena_printf(arena, "its story has passed %u mentions", step);
		return;
	}
	d->outcome = DESK_FOLDED;
	d->fold = true;
	d->why = arena_printf(arena, "copy of story %s at similarity %.2f, which %s",
		item_key_text(head, &story->key.head),
		asked->subject.place ? asked->subject.place->similarity : 1.0,
		story->acked                    ? "was acknowledged"
		: told                          ? "was told"
		: story->state == STORY_WAITING ? "is about to be told"
						: "is in a digest");
}

int desk_kept_out(const struct desk *desk, const struct desk_asked *asked, struct span receiver,
	struct arena *arena, struct desk_decision *ret)
{
	struct desk_decision d = {.outcome = DESK_WAITING};
	const struct silence *silence;
	const struct mute *mute;
	int r = 0;

	mute = desk_muted(desk, asked, receiver, arena, &r);
	silence = mute ? NULL : desk_silenced(desk, asked, receiver, arena, &r);
	if (r < 0)
		return r;
	if (mute) {
		d.outcome = DESK_MUTED;
		d.why = arena_printf(arena, "%s %.*s is muted", route_key_names[mute->key],
			SPAN_ARG(mute->value));
	} else if (silence) {
		d.outcome = DESK_SILENCED;
		d.why = arena_printf(arena, "silence %.*s by %.*s: %.*s", SPAN_ARG(silence->id),
			SPAN_ARG(silence->author), SPAN_ARG(silence->comment));
	}
	*ret = d;
	return d.outcome == DESK_WAITING || d.why.p ? 0 : -ENOMEM;
}

int desk_decide(const struct desk *desk, const struct desk_asked *asked,
	const struct route_found *found, struct arena *arena, struct desk_decision *ret)
{
	const struct receiver *receiver = &desk->policy->receivers[found->receiver];
	const struct desk_receiver_state *state = desk_receiver_find(desk, receiver->id);
	const struct desk_story *story =
		state && !found->each ? story_told_find(desk, state, &asked->story) : NULL;
	struct desk_decision d;

	if (desk_kept_out(desk, asked, receiver->id, arena, &d) < 0)
		return -ENOMEM;
	if (d.outcome == DESK_WAITING && story) {
		decide_copy(asked, found->terms, story, arena, &d);
	}
	if (d.outcome == DESK_WAITING && found->terms->digest) {
		struct buf text = {0};

		d.outcome = DESK_IN_DIGEST;
		digest_text(&text, found->terms->digest);
		d.why = arena_printf(arena, "%.*s: digest %.*s", SPAN_ARG(found->path),
			SPAN_ARG(buf_span(&text)));
		buf_deinit(&text);
	} else if (d.outcome == DESK_WAITING) {
		d.why = arena_printf(arena, "%.*s, severity %.2f (%.*s)%s%.*s",
			SPAN_ARG(found->path), asked->severity.total,
			SPAN_ARG(asked->severity.level), d.why.n ? ": " : "", SPAN_ARG(d.why));
	}
	if (!d.why.p)
		return -ENOMEM;
	*ret = d;
	return 0;
}

/* --- Doing ---------------------------------------------------------------------------------
 */

static struct pile_item item_of(struct desk *desk, const struct desk_asked *asked)
{
	struct pile_item item = {.key = asked->key,
		.story = asked->story,
		.taken_ms = asked->now.ms,
		.severity = hundredths(asked->severity.total)};
	struct buf labels = {0};

	if (labels_pack(&labels, asked->subject.hit, &desk->arena) < 0)
		desk->failed = true;
	item.n_labels = (uint32_t)labels.n;
	item.labels = desk->failed ? NULL : buf_take(&labels);
	buf_deinit(&labels);
	if (asked->subject.finding) {
		const struct span text =
			utf8_prefix(asked->candidate->notice->text, DESK_NOTICE_TEXT);

		item.notice = calloc(1, text.n + 1);
		if (!item.notice)
			desk->failed = true;
		else if (text.n)
			memcpy(item.notice, text.p, text.n);
	}
	return item;
}

/* The group, or the update, that waits; made when there is none. */
static struct pile *pile_of_group(struct desk *desk, struct desk_receiver_state *receiver,
	const struct desk_asked *asked, const struct route_found *found, enum pile_kind kind)
{
	char head[ITEM_KEY_TEXT + 1];
	struct desk_id id;
	struct pile *pile;

	if (!pile_id(&id, kind, receiver->id,
		    kind == PILE_UPDATE ? span_str(item_key_text(head, &asked->story))
					: found->group)) {
		desk->failed = true;
		return NULL;
	}
	pile = pile_find(desk, &id);
	if (!pile) {
		pile = pile_new(desk, &id);
		if (!pile)
			return NULL;
		pile->kind = kind;
		pile->receiver = receiver;
		pile->opened_ms = asked->now.ms;
		pile->text = strndup(found->group.p, found->group.n);
		if (!pile->text)
			desk->failed = true;
	}
	pile->route = desk_terms_by_route(desk, found->route)->id;
	pile->alone = kind == PILE_UPDATE || found->alone;
	return pile;
}

int64_t desk_due(const struct pile *pile, uint32_t n, const struct desk_asked *asked,
	const struct route_found *found)
{
	const int64_t soon = asked->now.ms + found->wait_ms;
	const int64_t interval = found->terms->group_interval_ms;
	int64_t ms = soon;

	if (pile && n > 1)
		ms = pile->due.ms;
	else if (pile && pile->told_ms != INT64_MIN && !found->alone && interval > 0 &&
		 pile->told_ms + interval > soon)
		ms = pile->told_ms + interval;
	return asked->severity.critical && ms > soon ? soon : ms;
}

/* A pile got another item. */
static void join(struct desk *desk, struct pile *pile, const struct desk_asked *asked,
	const struct route_found *found)
{
	int64_t ms = desk_due(pile, pile->n, asked, found);

	/* What is asked sooner than it was held for is asked as if new. */
	if (pile->n == 1 || ms < pile->due.ms)
		pile->held = false;
	if (pile->n >= desk->options.items_most && !pile->held)
		ms = asked->now.ms;
	pile_due(desk, pile, ms);
}

static void story_grows(
	struct desk *desk, struct desk_story *story, const struct desk_asked *asked)
{
	const struct story_place *place = asked->subject.place;

	if (!place)
		return;
	if (place->mentions > story->mentions || place->sites > story->sites) {
		story->mentions = place->mentions;
		story->sites = place->sites;
		story_told_changed(desk, story);
	}
}

static void fold(struct desk *desk, struct desk_story *story, const struct desk_asked *asked)
{
	struct pile *pile;

	if (story->state != STORY_WAITING)
		return;
	pile = pile_find(desk, &story->pile);
	if (!pile)
		return;
	pile_raise(desk, pile, &asked->story, hundredths(asked->severity.total));
	if (asked->severity.critical && !story->critical) {
		story->critical = true;
		story_told_changed(desk, story);
		pile_due(desk, pile,
			asked->now.ms < pile->due.ms ? asked->now.ms : pile->due.ms);
	}
}

static void put(struct desk *desk, struct desk_receiver_state *receiver,
	const struct desk_asked *asked, const struct route_found *found,
	const struct desk_decision *d)
{
	const bool digest = d->outcome == DESK_IN_DIGEST;
	struct desk_story *story =
		found->each ? NULL : story_told_find(desk, receiver, &asked->story);
	struct pile *pile =
		digest ? pile_of_digest(desk, receiver, found->terms->digest, asked->now)
		       : pile_of_group(desk, receiver, asked, found,
				 d->update ? PILE_UPDATE : PILE_GROUP);

	if (!pile)
		return;
	pile_add(desk, pile, item_of(desk, asked));
	if (digest)
		receiver->counts.in_digest++;
	else
		receiver->counts.waiting++;
	if (!digest)
		join(desk, pile, asked, found);
	if (digest || pile->due.ms > asked->now.ms)
		desk_say(desk, &asked->key, receiver, d->outcome, pile->due.ms, NULL, d->why);
	if (found->each)
		return;
	if (!story)
		story = story_told_new(
			desk, receiver, &asked->story, asked->now.ms + desk->options.story_ms);
	if (!story)
		return;
	story_grows(desk, story, asked);
	story->state = digest ? STORY_IN_DIGEST : STORY_WAITING;
	story->by_budget = false;
	story->critical = story->critical || asked->severity.critical;
	story->reached = story->mentions;
	story->pile = pile->id;
	story_told_changed(desk, story);
}

void desk_take_one(
	struct desk *desk, const struct desk_asked *asked, const struct route_found *found)
{
	struct desk_receiver_state *receiver =
		desk_receiver_state(desk, desk->policy->receivers[found->receiver].id);
	struct desk_decision d;
	struct desk_story *story;

	if (!receiver || desk_decide(desk, asked, found, &desk->arena, &d) < 0) {
		desk->failed = true;
		return;
	}
	receiver->counts.candidates++;
	receiver->counts_changed = true;
	switch (d.outcome) {
	case DESK_MUTED:
		receiver->counts.muted++;
		desk_say(desk, &asked->key, receiver, d.outcome, INT64_MIN, NULL, d.why);
		break;
	case DESK_SILENCED:
		receiver->counts.silenced++;
		desk_say(desk, &asked->key, receiver, d.outcome, INT64_MIN, NULL, d.why);
		break;
	case DESK_FOLDED:
		receiver->counts.folded++;
		story = story_told_find(desk, receiver, &asked->story);
		story_grows(desk, story, asked);
		fold(desk, story, asked);
		desk_say(desk, &asked->key, receiver, d.outcome, INT64_MIN, &asked->story,
			d.why);
		break;
	default:
		put(desk, receiver, asked, found, &d);
		break;
	}
}
