#ifndef VIGIE_LINE_OUTBOX_H
#define VIGIE_LINE_OUTBOX_H

/*
 * outbox: the durable record, in Redis, of what is to be told: the desk's state, deliveries and
 * their attempts, what was given up, what the ledger is to be told. One Lua script a step, so
 * that a crash between two steps finds either the one or the other. It sends nothing and
 * decides nothing: dispatch files, post takes and says what came of it.
 */

/* clang-format off */
/*
 * Keys, all behind the prefix and with one hash tag. This is layout 2; outbox_desk.lua says what
 * layout 1 was, and brings it here.
 *
 *   {act}:layout               number of the layout
 *   {act}:desk                 hash of the desk's records (vigie/desk.h) …
 *   {act}:desk:step            … as the step of this number left them
 *   {act}:desk:whole           is there once the desk knows all that waits by the ledger: gone
 *                              with the rest when Redis is emptied
 *   {act}:verdicts             stream of what the steps decided, until the ledger has it:
 *                              field v, as line/outbox_apply.h has it
 *   {act}:delivery:ID          hash: receiver group route kind desk state created attempts base
 *                              seq next why …; a:N is attempt N as JSON
 *   {act}:delivery:ID:keys     list of item keys, in the order of filing
 *   {act}:queue:RECEIVER       sorted set of ids by order of creation
 *   {act}:parked:RECEIVER      sorted set of ids by next try: out of the order, holding up nobody
 *   {act}:receiver:RECEIVER    hash, while it fails: failures next why; stopped: state=gone why
 *                              at mark
 *   {act}:receivers            set of those with something in their queue
 *   {act}:dead  {act}:sent     sorted sets of ids by time
 *   {act}:ledger               the same of those whose end the archive is not told yet
 *   {act}:item:KEY:RECEIVER    the report is filed for the receiver; gone once the ledger knows
 *   {act}:incidents            hash of what goes on, told to people as a notice: name → since
 *
 * States of a delivery: waiting, sending, parked, sent, dead, dropped.
 */
/* clang-format on */

/*
 * Every callback comes exactly once, on the loop, not from inside the call, unless the outbox
 * is freed before. r is 0, or negative when nobody knows whether it was done: to be said again.
 */

#include <stdbool.h>

#include "io/loop.h"
#include "io/redis.h"
#include "vigie/hit.h"

struct outbox;

enum {
	OUTBOX_ID_TEXT = 26,
};

struct outbox_options {
	struct span redis_url;
	struct span prefix;
	size_t keep_sent;     /* delivered ones kept for people; 0: 1000 */
	int64_t keep_sent_ms; /* 0: 7 days */
	size_t keep_dead;     /* 0: 10000 */
};

int outbox_new(struct outbox **ret, struct loop *loop, const struct outbox_options *options);
/* No callback comes any more. */
struct outbox *outbox_free(struct outbox *outbox);
bool outbox_is_up(const struct outbox *outbox);
/* Calls up() each time it becomes usable; at most OUTBOX_LISTENERS of them, for good. */
enum { OUTBOX_LISTENERS = 4 };
void outbox_listen(struct outbox *outbox, void (*up)(void *arg), void *arg);

/* What the callbacks of most steps get; lives only during the call. */
struct outbox_woken {
	const struct span *receivers; /* that have something to send now */
	size_t n_receivers;
	/* Deliveries driven; of outbox_told: dead ones forgotten for want of room, and
	 * `receivers` are the ids of all that were. */
	int64_t n;
};
typedef void (*outbox_done)(void *arg, int r, const struct outbox_woken *woken);

struct outbox_entry {
	struct span receiver, group, route;
};

/* All negative returns: the callback never comes. */

/* Applies a step of the desk: all of it, or nothing. `number` is one more than that of the step
 * before, from 1; r is -ESTALE when that one is not there (it failed, or Redis was emptied).
 */
struct desk_step;
int outbox_apply(struct outbox *outbox, uint64_t number, const struct desk_step *step,
	struct wall now, outbox_done done, void *arg);
/* The number of the last step, and the desk's records: keys and bytes in turn. Not whole: Redis
 * may have lost what waited. */
typedef void (*outbox_found)(void *arg, int r, uint64_t number, bool whole,
	const struct redis_value *records, size_t n);
/* What an older layout left is carried over before. Of a newer one nothing is touched, and the
 * outbox does not come up again on this connection. */
int outbox_desk(struct outbox *outbox, struct wall now, outbox_found found, void *arg);
/* It is whole, as of this step; r is -ESTALE when it was lost meanwhile. */
int outbox_whole(struct outbox *outbox, uint64_t number, outbox_done done, void *arg);

/* What steps decided and the ledger was not told, oldest first: ids and bytes
 * (line/outbox_apply.h) in turn. Those up to `known` (an id; may be empty) are forgotten. */
enum { OUTBOX_VERDICTS_MOST = 500 };
typedef void (*outbox_verdicts_got)(void *arg, int r, const struct redis_value *news, size_t n);
int outbox_verdicts(
	struct outbox *outbox, struct span known, outbox_verdicts_got got, void *arg);

/* A finding (line/notice.h), to each at once; its key is the delivery's only one. */
int outbox_notice(struct outbox *outbox, const struct item_key *key, struct wall found,
	struct span notice, const struct outbox_entry *entries, size_t n, struct wall now,
	outbox_done done, void *arg);

enum outbox_answer { OUTBOX_EMPTY, OUTBOX_WAIT, OUTBOX_GONE, OUTBOX_TAKEN };

/* Lives only during the call. */
struct outbox_taken {
	enum outbox_answer answer;
	struct wall until; /* OUTBOX_WAIT */
	struct span why;   /* OUTBOX_GONE */
	struct span id, group, route;
	struct wall created;
	int64_t attempts; /* with this one */
	int64_t tries;    /* the same since it was last driven by hand */
	int64_t failures; /* of the receiver, in a row */
	struct span
		suspect; /* not empty: this is a trial, and passing it speaks against that id */
	struct span only; /* recipients that are left, separated by spaces; empty: all */
	/* Not empty: no hits, but a finding (line/notice.h), or what is to be said of the
	 * group's incident. */
	struct span notice;
	struct span kind;        /* of desk_kind_names */
	struct span desk;        /* what else the desk said of it (line/outbox_apply.h) */
	const struct span *keys; /* hexadecimal */
	size_t n_keys;
};
typedef void (*outbox_got)(void *arg, int r, const struct outbox_taken *taken);

/* `mark` stands for the receiver's configuration: one that was stopped goes on under another.
 */
int outbox_take(struct outbox *outbox, struct span receiver, struct span mark, struct wall now,
	outbox_got got, void *arg);

struct outbox_result {
	struct span id;
	struct span outcome; /* sent, retry, dead, gone */
	struct wall next;
	struct span why;
	struct span attempt; /* JSON */
	struct span suspect; /* as taken */
	bool suspicious;     /* the answer may be about this delivery, not about the receiver */
	bool receiver_fails; /* dead: because there were too many tries, not by an answer */
	struct span left;    /* sent: recipients that are left */
	struct span mark;    /* gone: of the receiver's configuration */
	struct wall
		pause; /* nothing goes to this receiver before; WALL_NONE: it asks for none */
	/* gone: receivers that get a delivery, of the group "stopped=RECEIVER", that says so */
	const struct span *notify;
	size_t n_notify;
};
int outbox_result(struct outbox *outbox, const struct outbox_result *result, struct wall now,
	outbox_done done, void *arg);

/* The archive's ledger knows the outcome of this one. */
int outbox_told(
	struct outbox *outbox, struct span id, struct wall now, outbox_done done, void *arg);

/* Tries again now; an empty id: everything dead, every receiver that is stopped or fails. */
int outbox_drive(struct outbox *outbox, struct span id, outbox_done done, void *arg);

/* Gives up one delivery (id) or all of a receiver, some at a time; woken->receivers are the
 * ids. */
enum { OUTBOX_BURY_MOST = 200 };
int outbox_bury(struct outbox *outbox, struct span receiver, struct span id, struct span state,
	struct span why, struct wall now, outbox_done done, void *arg);

/* What people are to hear of the house itself: a delivery of that group to each receiver, once
 * when it begins and once when it is over, however often it is said. woken->n: 1 when it was
 * news. */
struct outbox_incident {
	struct span name; /* "silent=SOURCE" */
	struct span
		group; /* "silent=SOURCE", "heard=SOURCE"; line/post_notice.c has the words */
	struct span why;
	bool over;
	const struct span *receivers;
	size_t n_receivers;
};
int outbox_incident(struct outbox *outbox, const struct outbox_incident *incident,
	struct wall now, outbox_done done, void *arg);
/* The names of those that go on, as woken->receivers. */
int outbox_incidents(struct outbox *outbox, outbox_done done, void *arg);

struct outbox_counts {
	int64_t waiting, parked, dead, sent, stopped;
};
struct outbox_view {
	const struct span *receivers; /* with something in their queue */
	size_t n_receivers;
	struct outbox_counts counts;
	const struct span
		*untold; /* ids the ledger does not know of, oldest first, at most 100 */
	size_t n_untold;
};
int outbox_look(struct outbox *outbox,
	void (*seen)(void *arg, int r, const struct outbox_view *view), void *arg);

/* Deliveries for people; of an id (or its beginning) or, when it is empty, `most` of each kind.
 */
struct outbox_record {
	struct span id;
	int64_t mentions;
	const struct redis_value *fields; /* names and values in turn */
	size_t n_fields;
};
int outbox_show(struct outbox *outbox, struct span id, size_t most,
	void (*shown)(void *arg, int r, const struct outbox_record *records, size_t n,
		const struct span *keys, size_t n_keys),
	void *arg);

#endif
