#ifndef VIGIE_ALERTS_DESK_INNER_H
#define VIGIE_ALERTS_DESK_INNER_H

/*
 * desk_inner: what the desk's files share. desk.c has the doors and the policy, desk_decide.c a
 * candidate's fate, desk_pile.c what waits, desk_flush.c what is let go, desk_operator.c
 * silences, mutes and acknowledgements, desk_labels.c what these can ask of what waits,
 * desk_record.c the records.
 *
 * What waits is a pile: a group, an update of a story, or a digest, of one receiver. When
 * memory runs out in a step, `failed` is set and the step fails as a whole; functions in
 * between go on with what they have.
 */

#define HASH_NONFATAL_OOM 1
#define HASH_FUNCTION(keyptr, keylen, hashv) ((hashv) = (unsigned)XXH3_64bits(keyptr, keylen))
#include <uthash.h>
#include <xxhash.h>

#include "desk_budget.h"
#include "due.h"
#include "route.h"
#include "vigie/buf.h"
#include "vigie/desk.h"

struct desk_id {
	unsigned char b[16];
};

struct desk_receiver_state {
	struct span id;                /* one block with it */
	uint32_t number;               /* in this desk's memory only */
	const struct receiver *policy; /* NULL: removed */
	struct desk_counts counts;
	struct desk_budget budget;
	bool counts_changed, budget_changed, counted; /* counted: there is a record */
	UT_hash_handle hh;
};

struct pile_item {
	struct item_key key;
	struct item_key story;
	int64_t taken_ms;
	int32_t severity; /* in hundredths */
	bool changed;     /* its record is to be written */
	bool stored;      /* it has one */
	char *notice;     /* NUL-terminated, owned; NULL: a mention */
	char *labels;     /* owned; see desk_labels.c; NULL: none are known */
	uint32_t n_labels;
};

enum pile_kind { PILE_GROUP, PILE_UPDATE, PILE_DIGEST, PILE_KINDS };

struct pile {
	struct desk_id id;
	enum pile_kind kind;
	struct desk_receiver_state *receiver; /* NULL: restored items whose pile has not come */
	char *text;                           /* group, or "daily 08:00 Europe/Paris" */
	uint64_t route;                       /* see struct desk_terms; 0 of a digest */
	struct due due;
	int64_t opened_ms;
	bool alone; /* a group of one item by its nature: no interval */
	bool held;
	/* What was told last: */
	int64_t told_ms; /* INT64_MIN: nothing */
	char told_id[DESK_ID_TEXT + 1];
	struct pile_item told; /* its most severe one; its key, story, severity and notice */
	uint32_t n_told, repeats;
	bool acked;

	struct pile_item *items;
	uint32_t n, capacity;
	bool changed, stored;
	uint32_t fresh; /* items from here on may have changed; n: none */
	struct pile *next_changed;
	UT_hash_handle hh;
};

enum story_state { STORY_WAITING, STORY_TOLD, STORY_IN_DIGEST, STORY_STATES };

struct story_key {
	struct item_key head;
	uint32_t receiver; /* number */
};

/* A story as one receiver knows it. */
struct desk_story {
	struct story_key key;
	struct desk_receiver_state *receiver;
	struct due due; /* when it is forgotten */
	enum story_state state;
	bool by_budget; /* in the digest, for that reason */
	bool acked;
	bool critical; /* something critical was told of it, or waits to be */
	uint32_t mentions, sites;
	uint32_t reached;               /* its size when it was told, or came to be */
	struct desk_id pile;            /* where it waits, or was told */
	char told_id[DESK_ID_TEXT + 1]; /* "": not told */
	bool changed, stored;
	struct desk_story *next_changed;
	UT_hash_handle hh;
};

struct desk_seen {
	struct item_key key;
	struct due due; /* ms: its number, growing with each */
	UT_hash_handle hh;
};

struct desk_on_way {
	char id[DESK_ID_TEXT + 1];
	struct desk_receiver_state *receiver;
	uint32_t n;
	bool digest, dead;
	UT_hash_handle hh;
};

/* Made at run time; one block with what it points to. */
struct desk_silence {
	struct arena arena;
	struct silence silence;
};
struct desk_mute {
	struct arena arena;
	struct mute mute;
};

/* A route of the policy, with what it inherits. Its id is made of the matchers from the root to
 * it, so it is found again after a reload that moved it. */
struct desk_terms {
	uint64_t id;
	const struct route *route;
	struct route_terms terms;
	struct span path;
};

/* A digest of a receiver, as the policy has it. */
struct desk_digest {
	struct desk_id id; /* of its pile */
	uint32_t receiver; /* in the policy */
	struct digest digest;
	struct span text;
};

struct desk {
	struct desk_options options;
	const struct policy *policy;
	struct arena policy_arena; /* terms, digests */
	struct desk_terms *terms;  /* by id */
	size_t n_terms;
	struct desk_terms **by_route; /* by address */
	struct desk_digest *digests;  /* by id */
	size_t n_digests;

	struct desk_receiver_state *receivers;
	uint32_t n_receivers;
	struct pile *piles;
	struct desk_story *stories;
	struct desk_seen *seen;
	struct desk_on_way *on_way;
	struct desk_silence **silences; /* by id */
	size_t n_silences;
	struct desk_mute **mutes; /* by key, value, receiver */
	size_t n_mutes;
	struct due_heap piles_due, stories_due, seen_due;
	int64_t last_seen; /* number */
	uint64_t mark;     /* of the policy that piles go by; 0: none yet */
	size_t lost;
	bool ready; /* what was restored has been counted */

	/* The step in hand. */
	bool failed;
	struct arena arena;
	struct buf scratch;
	struct pile *changed_piles;
	struct desk_story *changed_stories;
	struct desk_change *changes;
	size_t n_changes, changes_capacity;
	struct desk_delivery *deliveries;
	size_t n_deliveries, deliveries_capacity;
	struct desk_verdict *verdicts;
	size_t n_verdicts, verdicts_capacity;
};

/* --- desk.c */
void desk_step_begin(struct desk *desk);
int desk_step_end(struct desk *desk, struct wall now, struct desk_step *ret);
/* Without letting go what is due. */
int desk_step_finish(struct desk *desk, struct desk_step *ret);
struct desk_seen *desk_seen_find(const struct desk *desk, const struct item_key *key);
bool desk_seen_put(struct desk *desk, const struct item_key *key, int64_t number);
struct desk_on_way *desk_on_way_find(const struct desk *desk, struct span id);
/* NULL: failed, or there is one of this id. */
struct desk_on_way *desk_on_way_new(
	struct desk *desk, struct span id, struct desk_receiver_state *receiver);
/* The first route's when it is gone; its path is empty then. */
struct desk_terms desk_terms_by_id(const struct desk *desk, uint64_t id);
const struct desk_terms *desk_terms_by_route(
	const struct desk *desk, const struct route *route);
const struct desk_digest *desk_digest_by_id(const struct desk *desk, const struct desk_id *id);
/* Made when there is none; NULL: failed. */
struct desk_receiver_state *desk_receiver_state(struct desk *desk, struct span id);
struct desk_receiver_state *desk_receiver_find(const struct desk *desk, struct span id);
void desk_say(struct desk *desk, const struct item_key *key,
	const struct desk_receiver_state *receiver, enum desk_outcome outcome, int64_t at_ms,
	const struct item_key *story, struct span why);
/* In the step's arena. */
__attribute__((format(printf, 2, 3))) struct span desk_text(
	struct desk *desk, const char *format, ...);

/* --- desk_mark.c */
/* Of all that decides when something is told; not of what keeps candidates from a receiver. */
uint64_t desk_mark(struct desk *desk, const struct policy *policy);

/* --- desk_labels.c */
enum { DESK_LABELS_MOST = 2000 };
/* 0 or -ENOMEM. */
int labels_pack(struct buf *out, const struct hit *hit, struct arena *arena);
/* As matchers see it; it points into the labels and the arena, in any case but -ENOMEM.
 * -EBADMSG: with what could be read. */
int labels_unpack(const struct hit **ret, struct span labels, struct arena *arena);

/* --- desk_pile.c */
/* What it owns. */
void pile_item_free(struct pile_item *item);
/* Copies what it owns. 0; -ENOMEM: it owns nothing then. */
int pile_item_copy(struct pile_item *ret, const struct pile_item *item);
/* Takes those out whose bit is set, in order; they are freed. Counts nothing. */
void pile_take_out(struct desk *desk, struct pile *pile, const bool *gone);
/* False: no memory. */
bool pile_id(struct desk_id *ret, enum pile_kind kind, struct span receiver, struct span text);
struct pile *pile_find(const struct desk *desk, const struct desk_id *id);
/* An empty one, due at no time. NULL: failed. */
struct pile *pile_new(struct desk *desk, const struct desk_id *id);
/* Must be empty, or of a receiver that is told elsewhere what became of its items. */
void pile_remove(struct desk *desk, struct pile *pile);
void pile_free(struct pile *pile);
void pile_changed(struct desk *desk, struct pile *pile);
void pile_due(struct desk *desk, struct pile *pile, int64_t ms);
/* Takes over what the item owns. Counts nothing. */
void pile_add(struct desk *desk, struct pile *pile, struct pile_item item);
/* One that has a record already. 0 or -ENOMEM; takes over what it owns in any case. */
int pile_restore(struct pile *pile, struct pile_item item);
/* Makes it empty; what those given away (keep) own is not freed. Counts nothing. */
void pile_clear(struct desk *desk, struct pile *pile, bool keep);
int32_t pile_severity(const struct pile *pile); /* the highest; INT32_MIN of an empty one */
/* The most severe copy of a story counts for all. */
void pile_raise(
	struct desk *desk, struct pile *pile, const struct item_key *story, int32_t severity);
/* The digest's pile, made when there is none. NULL: failed. */
struct pile *pile_of_digest(struct desk *desk, struct desk_receiver_state *receiver,
	const struct digest *digest, struct wall now);
struct digest desk_rest_digest(const struct receiver *receiver); /* of what is over budget */

struct desk_story *story_told_find(const struct desk *desk,
	const struct desk_receiver_state *receiver, const struct item_key *head);
struct desk_story *story_told_new(struct desk *desk, struct desk_receiver_state *receiver,
	const struct item_key *head, int64_t until_ms);
void story_told_remove(struct desk *desk, struct desk_story *story);
void story_told_changed(struct desk *desk, struct desk_story *story);

/* --- desk_decide.c */
struct desk_decision {
	enum desk_outcome outcome;
	bool update; /* WAITING: as an update of its story */
	bool fold;   /* FOLDED into what waits or was told */
	struct span why;
};
struct desk_asked {
	struct route_subject subject;
	struct severity severity;
	const struct desk_candidate *candidate;
	struct item_key key, story;
	struct wall now;
};
/* 0 or -ENOMEM; all in the arena. */
int desk_asked_make(const struct desk *desk, struct desk_asked *ret,
	const struct desk_candidate *candidate, struct wall now, struct arena *arena);
bool desk_is_heard(const struct desk_candidate *candidate, struct span receiver);
int desk_decide(const struct desk *desk, const struct desk_asked *asked,
	const struct route_found *found, struct arena *arena, struct desk_decision *ret);
/* MUTED, SILENCED and why, or WAITING. 0 or -ENOMEM. asked: subject and now. */
int desk_kept_out(const struct desk *desk, const struct desk_asked *asked, struct span receiver,
	struct arena *arena, struct desk_decision *ret);
/* When it would be told, as far as its group is concerned; pile: NULL for a new one, `n` items
 * in it with this one. */
int64_t desk_due(const struct pile *pile, uint32_t n, const struct desk_asked *asked,
	const struct route_found *found);
void desk_take_one(
	struct desk *desk, const struct desk_asked *asked, const struct route_found *found);

/* --- desk_flush.c */
bool desk_is_critical(const struct desk *desk, int32_t severity);
/* When nothing but budget and rate stops it: `now`, or later, and why. */
struct wall desk_free_at(const struct receiver *receiver, const struct route_terms *terms,
	bool critical, struct wall now, struct buf *why);
void desk_flush(struct desk *desk, struct wall now);
/* What waits for a receiver that is no more. */
void pile_give_up(struct desk *desk, struct pile *pile);

/* --- desk_operator.c */
/* Does any silence or mute hold at all? */
bool desk_has_operators(const struct desk *desk);
const struct silence *desk_silenced(const struct desk *desk, const struct desk_asked *asked,
	struct span receiver, struct arena *arena, int *r);
const struct mute *desk_muted(const struct desk *desk, const struct desk_asked *asked,
	struct span receiver, struct arena *arena, int *r);
void desk_operators_end(struct desk *desk, struct wall now);
/* Kept ones of the same name are replaced. 0; -ENOMEM. */
int desk_silence_put(struct desk *desk, const struct silence *silence);
int desk_mute_put(struct desk *desk, const struct mute *mute);
void desk_operators_free(struct desk *desk);

/* --- desk_record.c */
void desk_record_pile_gone(struct desk *desk, const struct pile *pile);
void desk_record_item_gone(
	struct desk *desk, const struct pile *pile, const struct pile_item *item);
void desk_record_story_gone(struct desk *desk, const struct desk_story *story);
void desk_record_seen(struct desk *desk, const struct desk_seen *seen, bool gone);
void desk_record_on_way(struct desk *desk, const struct desk_on_way *way, bool gone);
void desk_record_silence(struct desk *desk, const struct silence *silence, bool gone);
void desk_record_mark(struct desk *desk);
void desk_record_mute(struct desk *desk, const struct mute *mute, bool gone);
/* Writes what changed, sorts, and leaves each key once. */
void desk_records_finish(struct desk *desk);

#endif
