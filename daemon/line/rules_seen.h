#ifndef VIGIE_LINE_RULES_SEEN_H
#define VIGIE_LINE_RULES_SEEN_H

/*
 * rules_seen: since when each rule is known, for crawl.history: a new rule may find old items, but
 * tells only those younger than its first sight less the history. The queue stores it; this keeps
 * the answers at hand. Loop thread only.
 */

#include "line/queue.h"
#include "vigie/ruleset.h"

struct rules_seen;

int rules_seen_new(struct rules_seen **ret);
/* After queue_free(), or before any question: an answer that is still to come would find nothing. */
struct rules_seen *rules_seen_free(struct rules_seen *seen);

/* Asks the queue for all rules of the set; those it does not know are first seen `now`. Keeps what
 * is known until the answer comes. Called again whenever the queue is ready. 0 or -errno. */
int rules_seen_ask(struct rules_seen *seen, struct queue *queue, const struct ruleset *rules,
	struct wall now);

/* WALL_NONE: not known (yet). */
struct wall rules_seen_at(const struct rules_seen *seen, struct span rule);

#endif
