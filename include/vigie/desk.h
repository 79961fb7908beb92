#ifndef VIGIE_DESK_H
#define VIGIE_DESK_H

/*
 * desk: tells a person little, the right things, once, and can always say why or why not.
 * Candidates (mentions with the place in their story, notices) and `now` come in; deliveries,
 * verdicts and the next wake-up go out. Pure: the same calls give the same bytes. It sends
 * nothing and writes no text (channels do), and finds no stories (vigie/story.h does).
 * vigie-desk(7) says what a person may rely on.
 *
 * THE LAW. A candidate is one (item, receiver) the routes name, once. Per receiver, after every
 * step: candidates = sent + digested + muted + silenced + folded + dead + pending.
 *   sent      told in a message (alert, update, notice) that was delivered
 *   digested  told in a digest that was delivered
 *   muted, silenced  kept from the receiver by a mute or a silence
 *   folded    a copy of a story the receiver hears of anyhow
 *   dead      given up: its delivery is a dead letter, or the receiver was removed
 *   pending   waits: in a group, in a digest, or in a delivery whose outcome is not known yet
 *
 * STATE. The desk holds all of it in memory and is never asked to be the one that keeps it:
 *each step says what changed, as records (key → bytes, or deletion), and what is to be sent.
 *The caller applies both in one atomic write, then acknowledges what it took, then makes the
 *next step. At start it hands all records back, in any order. A desk made so from the applied
 * changes behaves, byte for byte, like the one that was not stopped.
 *
 *	desk_new → desk_restore for each record → desk_set_policy → desk_take, desk_tick, …
 *
 * A step that returns a negative number may be half done in memory: nothing of it is to be
 * applied; free the desk and restore it. When a write fails, write the same step again (it
 * lives until the next call of a function that makes steps), or restore.
 *
 * TIME. Each step takes `now`. It need not grow; if it goes back, what waits waits longer.
 */

#include "vigie/arena.h"
#include "vigie/hit.h"
#include "vigie/policy.h"
#include "vigie/story.h"

struct desk;

enum {
	DESK_ITEMS_MOST = 1000,    /* of a delivery: a larger group waits no longer, a larger
				      digest is told in parts */
	DESK_REPEATS_MOST = 10,    /* of one alert */
	DESK_SEEN_MOST = 100000,   /* items remembered as taken; older ones the ledger knows */
	DESK_NOTICE_TEXT = 1000,   /* bytes of a notice's text; longer is cut at a character */
	DESK_STEP_RECORDS = 4000,  /* a step that came to so many changes lets go nothing
				     more: `wake` is now, and the next one goes on */
	DESK_ID_TEXT = 26,         /* of a delivery: [0-9a-f] */
	DESK_OPERATOR_TEXT = 2000, /* bytes of one silence, all in all */
	DESK_OPERATOR_MOST = 1000, /* silences and mutes each, made at run time */
};

struct desk_options {
	uint32_t seen_most;    /* 0: DESK_SEEN_MOST */
	uint32_t items_most;   /* 0: DESK_ITEMS_MOST */
	uint32_t step_records; /* 0: DESK_STEP_RECORDS */
	int64_t story_ms; /* how long a story told is remembered; 0: STORY_OPEN_MS and a day */
};

/* 0 or -ENOMEM. */
int desk_new(struct desk **ret, const struct desk_options *options);
struct desk *desk_free(struct desk *desk);

/* --- What goes out -------------------------------------------------------------------------
 */

/* Set, or removed when `deleted`. Keys are ASCII without blanks, at most DESK_RECORD_KEY bytes;
 * bytes are binary, a few dozen to a few hundred. All records fit one Redis hash. Their form is
 * told in alerts/desk_record.h. */
enum { DESK_RECORD_KEY = 200 };
struct desk_change {
	struct span key, bytes;
	bool deleted;
};

enum desk_kind {
	DESK_ALERT,  /* mentions of one group */
	DESK_UPDATE, /* one story has grown past a step: items[0] is the copy that did it */
	DESK_REPEAT, /* told before, not acknowledged: holds no candidates */
	DESK_DIGEST, /* may have no items: "nothing" */
	DESK_NOTICE, /* a finding of vigie's own */
};
extern const char
	*const desk_kind_names[]; /* "alert", "update", "repeat", "digest", "notice" */

struct desk_item {
	struct item_key key;
	struct wall taken;
	double severity;          /* as decided on; two decimals */
	struct item_key story;    /* its head; a notice: its own key */
	uint32_t mentions, sites; /* of the story, now, as far as this receiver's copies told */
	struct span notice;       /* text; empty: a mention */
};

struct desk_delivery {
	struct span
		id; /* DESK_ID_TEXT; the same candidates told the same way make the same id */
	enum desk_kind kind;
	struct span receiver, group;
	struct span route; /* path, "routes.routes[1]"; empty for digests and when it is gone */
	struct wall created;
	const struct desk_item *items; /* oldest first; of a digest the most severe first */
	size_t n_items;
	size_t n_more;   /* repeat: told with items[0] the first time */
	double severity; /* the highest; 0 without items */
	struct span level;
	struct span
		of;   /* update, repeat: id of the delivery that told it first; may be empty */
	uint32_t nth; /* repeat: 1, 2 … */
	/* Digest: */
	struct span when;        /* "daily 08:00 Europe/Paris" */
	struct wall from, until; /* what it covers, half-open */
	uint32_t part, parts;    /* from 1 */
};

enum desk_outcome {
	DESK_WAITING,   /* in its group, until `at` */
	DESK_HELD,      /* due, but quiet hours, an interval or the rate hold it until `at` */
	DESK_SENDING,   /* in the delivery `id` */
	DESK_IN_DIGEST, /* until `at` */
	DESK_FOLDED,    /* `story` is told, or will be */
	DESK_SILENCED,
	DESK_MUTED,
	DESK_GIVEN_UP, /* dead: the receiver was removed */
	DESK_HEARD,    /* the ledger has an outcome for it: not a candidate again */
};
extern const char *const desk_outcome_names[]; /* "waiting", "held", "sending", "digest", … */

/* What became of an item for a receiver. Several of one pair may follow each other; the last
 * holds. */
struct desk_verdict {
	struct item_key key;
	struct span receiver;
	enum desk_outcome outcome;
	struct wall at;        /* WAITING, HELD, IN_DIGEST */
	struct item_key story; /* FOLDED */
	struct span why; /* one line for people: "budget 8/day: 2.50 is below 3.75, the pace" */
	bool over_budget; /* IN_DIGEST: else it would be a message */
};

/* All of it lives until the next call of a function that makes steps, or desk_free(). */
struct desk_step {
	const struct desk_change *changes; /* ascending by key, each key once */
	size_t n_changes;
	const struct desk_delivery *deliveries; /* in the order to be sent */
	size_t n_deliveries;
	const struct desk_verdict *verdicts;
	size_t n_verdicts;
	/* When desk_tick() is to be called; WALL_NONE: never. Not after `now`: at once. */
	struct wall wake;
};

/* --- Steps ---------------------------------------------------------------------------------
 * Each also lets go what is due, but desk_set_policy(). *ret is written on success only.
 */

enum { DESK_RECORD_OTHER = 1 };
/* One record, before the first step. 0; DESK_RECORD_OTHER when another version wrote it (it is
 * passed over, and stays where it is kept); -EBADMSG when it is damaged (passed over); -ENOMEM.
 */
int desk_restore(struct desk *desk, struct span key, struct span bytes);

/* The policy from now on; lives as long as the desk uses it. What waits keeps waiting: groups
 * go by the route with the same matchers from now on, or by the first route when there is none;
 * what was held is due at once (tick!). The policy it had before changes nothing. What waits
 * for receivers that are no more is given up; a digest with another time is told at its old
 * time once more. */
int desk_set_policy(
	struct desk *desk, const struct policy *policy, struct wall now, struct desk_step *ret);

enum desk_candidate_kind { DESK_MENTION, DESK_FINDING };

/* A finding of vigie's own, such as a spike. Matches routes as a mention would that its rule
 * wants, and one of the brand's kind: `kind: spike` and `kind: competitor` both fit. */
struct desk_notice {
	struct item_key key; /* of this finding, for ever; the same finding has the same */
	struct span rule, kind, brand; /* kind: "spike"; rule and brand may be empty */
	struct span brand_kind;        /* "brand", "competitor"; may be empty */
	const struct span *tags;
	size_t n_tags;
	struct span text; /* for people, with its figures: "142 in the last hour, usually 9" */
	double severity;  /* as it is; severity_of_spike() */
	struct wall at;
};

struct desk_candidate {
	enum desk_candidate_kind kind;
	const struct hit *hit;            /* MENTION */
	const struct story_place *place;  /* MENTION; NULL: a story of its own */
	const struct desk_notice *notice; /* FINDING: a story of its own */
	/* Receivers for which the archive's ledger has an outcome: they are passed over. */
	const struct span *heard;
	size_t n_heard;
};

/* Decides on a candidate. An item taken before (of the last seen_most) changes nothing at all:
 * the step is empty. An update or a silent hit (vigie/hit.h) is nobody's candidate. Before the
 * first policy: -EINVAL. */
int desk_take(struct desk *desk, const struct desk_candidate *candidate, struct wall now,
	struct desk_step *ret);

int desk_tick(struct desk *desk, struct wall now, struct desk_step *ret);

enum desk_end {
	DESK_SENT,   /* delivered */
	DESK_DEAD,   /* a dead letter, or dropped by hand */
	DESK_DRIVEN, /* a dead one that is tried again: pending */
	DESK_BURIED, /* a dead one that nobody keeps any more: stays dead */
};
/* The outcome of a delivery; said twice it changes nothing, nor does one of an unknown id. */
int desk_settle(struct desk *desk, struct span id, enum desk_end end, struct wall now,
	struct desk_step *ret);

/* --- Operators -----------------------------------------------------------------------------
 * What they do at run time is state like any other, and survives a restart and a reload.
 */

enum { DESK_UNKNOWN = 1, DESK_FULL, DESK_INVALID };

/* Holds when a candidate is taken, and when what waits is to be sent: in a group, held, in a
 * digest, to be repeated; not for deliveries that were made. One of the same id is replaced.
 * 0; DESK_FULL: too many or too long; DESK_INVALID: the id, or `until` not after `from`. Ends
 * by itself. */
int desk_silence(struct desk *desk, const struct silence *silence, struct wall now,
	struct desk_step *ret);
int desk_unsilence(struct desk *desk, struct span id, struct wall now, struct desk_step *ret);

/* The same key, value and receiver are one mute. Returns as desk_silence(). */
int desk_mute(
	struct desk *desk, const struct mute *mute, struct wall now, struct desk_step *ret);
int desk_unmute(
	struct desk *desk, const struct mute *mute, struct wall now, struct desk_step *ret);

/* Acknowledges a group that was told (its key, as in a delivery), at one receiver or, when it
 * is empty, at all: no repeats, until it is told anew. Or a story (32 hexadecimal digits of its
 * head): no repeats of the groups it was told in, and no updates any more. What waits still
 * goes out. 0; DESK_UNKNOWN: nothing of that name was told, or it is acknowledged already. */
int desk_ack(struct desk *desk, struct span group_or_story, struct span receiver,
	struct wall now, struct desk_step *ret);

/* Those made at run time, by id (by key, value, receiver), in the arena. 0 or -ENOMEM. */
int desk_silences(const struct desk *desk, struct arena *arena, const struct silence **ret,
	size_t *ret_n);
int desk_mutes(
	const struct desk *desk, struct arena *arena, const struct mute **ret, size_t *ret_n);

/* --- Asking --------------------------------------------------------------------------------
 */

/* Who would hear of it now, and why; changes nothing. One answer a receiver, in the order of
 * routes; a receiver that no route names has none. `outcome` is what the next step would say
 * (SENDING: at once, with id empty). Also for an item that was taken: as if it had not been.
 * All is in the arena. 0; -EINVAL before the first policy; -ENOMEM. */
struct desk_answer {
	struct span receiver, route, group;
	struct desk_verdict verdict;
};
int desk_ask(const struct desk *desk, const struct desk_candidate *candidate, struct wall now,
	struct arena *arena, const struct desk_answer **ret, size_t *ret_n);

struct desk_counts {
	uint64_t candidates, sent, digested, muted, silenced, folded, dead;
	uint64_t waiting;   /* pending, in groups, held ones too */
	uint64_t in_digest; /* pending, in digests that wait */
	uint64_t on_way;    /* pending, in deliveries */
};
static inline uint64_t desk_pending(const struct desk_counts *c)
{
	return c->waiting + c->in_digest + c->on_way;
}
static inline bool desk_is_lawful(const struct desk_counts *c)
{
	return c->candidates == c->sent + c->digested + c->muted + c->silenced + c->folded +
					c->dead + desk_pending(c);
}

/* One receiver's numbers: those of the policy in its order, then removed ones that were
 * counted, by id. False when there is no i-th. */
struct desk_receiver_view {
	struct span id; /* lives until the next step */
	bool removed;
	struct desk_counts counts;
	uint32_t used[BUDGETS_MAX]; /* messages in the budgets' present windows */
};
bool desk_receiver(
	const struct desk *desk, size_t i, struct wall now, struct desk_receiver_view *ret);

/* Counts what waits anew, thing by thing: true when that is what the counters say, and the law
 * holds everywhere. False after a restore: records are missing. */
bool desk_audit(const struct desk *desk);

struct desk_stats {
	size_t groups; /* that wait or were told lately */
	size_t stories, seen, outstanding, silences, mutes;
	size_t lost; /* items restored without their group: their counts are in no sum */
};
struct desk_stats desk_stats(const struct desk *desk);

/* --- Severity ------------------------------------------------------------------------------
 */

struct severity_term {
	struct span name; /* "score", "followers", …, or the name of an extra */
	double measure;   /* what was measured; 1 of an extra */
	double points;    /* weight times measure, two decimals */
};
struct severity {
	double total; /* the sum of the points; two decimals */
	struct span level;
	bool critical;
	const struct severity_term *terms; /* those that are not 0 */
	size_t n_terms;
};

/* All in the arena or the policy. place: NULL for a story of its own. 0 or -ENOMEM. */
int severity_of(struct severity *ret, const struct policy *policy, const struct hit *hit,
	const struct story_place *place, struct arena *arena);

enum { SEVERITY_SPIKE_TERMS = 5 };
extern const char *const severity_spike_terms[SEVERITY_SPIKE_TERMS];

/* How bad a spike is: the points of each of the terms above, two decimals each; returns their
 * sum. `notice` is what extras match; without memory they give nothing. */
double severity_of_spike(double points[SEVERITY_SPIKE_TERMS], const struct policy *policy,
	const struct desk_notice *notice, double n, double usual, bool learning);

/* --- For the configuration -----------------------------------------------------------------
 */

/* Reads what a matcher says of a number: "1000", ">= 1000", "> 10k", "< 5", "10..50", and for
 * ROUTE_SEVERITY also a level: "critical" (from there to the next), ">= warning". severity may
 * be NULL (the default). False when it is none of these. */
bool route_range_read(struct route_range *ret, struct span text, enum route_key key,
	const struct severity_policy *severity);

/* "daily 08:00 Europe/Paris", "hourly :15 UTC", "weekly mon 08:00 UTC". */
struct buf;
void digest_text(struct buf *out, const struct digest *digest);

#endif
