#ifndef VIGIE_LINE_DISPATCH_H
#define VIGIE_LINE_DISPATCH_H

/*
 * dispatch: the consumer group "desk". Takes hits from the queue, asks the archive which story
 * each is in and who has heard of it already, and the desk (line/dispatch_desk.h) what becomes
 * of it; acknowledges a hit only when the desk's step is durable. It sends nothing (post),
 * decides nothing (the desk) and writes no text (alerts/).
 */

#include "line/archive.h"
#include "line/post.h"
#include "line/queue.h"
#include "vigie/policy.h"

struct dispatch;

struct dispatch_stats {
	uint64_t taken; /* hits */
	uint64_t filed; /* of them, decided on, and the decision durable */
	uint64_t known; /* (hit, receiver) pairs the ledger had an outcome for */
	uint64_t unreadable, lost;
	size_t in_flight; /* hits between the queue and the desk */
};

/* Nothing is taken further than the queue before a policy is set. */
int dispatch_new(struct dispatch **ret, struct loop *loop, struct queue *queue,
	struct archive *archive, struct post *post);
/* To be called before post_free(), and when the loop runs no more or the archive is freed. */
struct dispatch *dispatch_free(struct dispatch *dispatch);

/* For what comes from now on, and for what waits (vigie/desk.h). `policy` lives as long as the
 * reference to `config`. */
int dispatch_set_policy(struct dispatch *dispatch, const struct policy *policy, void *config,
	void *(*ref)(void *config), void (*unref)(void *config));

/* A finding of vigie's own: a spike, which the routes see as a mention of rule and kind "spike"
 * and of the brand and its kind, which is its tag, too; or a report, for the receivers it
 * names. The ledger knows it by its key. Borrowed. */
struct dispatch_notice {
	struct item_key key;
	struct span brand, kind; /* of the brand: brand, competitor */
	struct wall at;
	double severity;
	struct span json; /* line/notice.h */
	const struct span
		*receivers; /* whom it is for, instead of those the routes name; NULL: them */
	size_t n_receivers;
};
/* `filed` comes once, on the loop: 0 when it is durable for every receiver (or none is to hear
 * of it), negative when it is to be said again later; said twice it is told once. Negative:
 * `filed` never comes. */
int dispatch_notice(struct dispatch *dispatch, const struct dispatch_notice *notice,
	void (*filed)(void *arg, int r), void *arg);

struct dispatch_desk;
struct dispatch_desk *dispatch_desk(struct dispatch *dispatch);

const struct dispatch_stats *dispatch_stats(const struct dispatch *dispatch);

#endif
