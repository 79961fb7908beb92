#ifndef VIGIE_LINE_DISPATCH_DESK_H
#define VIGIE_LINE_DISPATCH_DESK_H

/*
 * dispatch_desk: the desk (vigie/desk.h) and the writes of its steps. Memory runs ahead of
 * Redis: steps are written one behind the other without waiting, and each says so when it is
 * durable. When one fails, those behind it are refused; then the desk is thrown away and read
 * anew from what Redis has, and whoever waited says again what they said. It decides nothing.
 */

#include "io/loop.h"
#include "line/archive.h"
#include "vigie/desk.h"

struct dispatch_desk;
struct post;

/* `ready` comes, on the loop, each time the desk can be asked (again): what was refused or
 * failed may be said again then. */
int dispatch_desk_new(struct dispatch_desk **ret, struct loop *loop, struct post *post,
	struct archive *archive, void (*ready)(void *arg), void *arg);
/* No `done` comes any more. To be called when the loop runs no more, before post_free(). */
struct dispatch_desk *dispatch_desk_free(struct dispatch_desk *desk);

/* The outbox came up: to be read, if it is not. */
void dispatch_desk_up(struct dispatch_desk *desk);
/* Lives until another one is set, and is used no longer. */
void dispatch_desk_set_policy(struct dispatch_desk *desk, const struct policy *policy);
/* Steps can be made; else they are -EAGAIN. */
bool dispatch_desk_is_ready(const struct dispatch_desk *desk);
/* The desk does not know all that the ledger says waits; and: now it does. */
bool dispatch_desk_is_whole(const struct dispatch_desk *desk);
void dispatch_desk_whole(struct dispatch_desk *desk);
/* To look at, now; NULL while it is not ready. */
const struct desk *dispatch_desk_look(const struct dispatch_desk *desk);

/* Once, on the loop, never from inside: 0 when the step is durable, and with it what the ledger
 * is to be told of it (line/dispatch_ledger.h); negative: to be said again. May be NULL. A
 * negative return: it never comes. */
typedef void (*dispatch_desk_done)(void *arg, int r);

int dispatch_desk_take(struct dispatch_desk *desk, const struct desk_candidate *candidate,
	dispatch_desk_done done, void *arg);
int dispatch_desk_settle(struct dispatch_desk *desk, struct span id, enum desk_end end,
	dispatch_desk_done done, void *arg);

/* What an operator does. Positive returns are those of the desk (vigie/desk.h): then nothing
 * was changed, and `done` never comes. */
struct dispatch_deed {
	enum { DEED_SILENCE, DEED_UNSILENCE, DEED_MUTE, DEED_UNMUTE, DEED_ACK } what;
	const struct silence *silence;
	const struct mute *mute;
	struct span name;     /* of the silence; group or story */
	struct span receiver; /* ACK; may be empty */
};
int dispatch_desk_do(struct dispatch_desk *desk, const struct dispatch_deed *deed,
	dispatch_desk_done done, void *arg);

#endif
