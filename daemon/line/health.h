#ifndef VIGIE_LINE_HEALTH_H
#define VIGIE_LINE_HEALTH_H

/*
 * health: what came of an attempt, judged for its source: error and mark for people,
 * validators, and when to come back. Pure: time and randomness come in. It doesn't know of
 * other sources; how often a source is worth asking comes in as auto_ms.
 *
 * When to come back:
 *   - an explicit `every` counts from the start of the attempt, and nothing stretches it but a
 *     Retry-After and the back-off of failures;
 *   - `every: auto` waits at least as long as ttl (RSS 2.0), max-age (RFC 9111 section 5.2.2.1)
 * or Expires allow, at most HEALTH_LONGEST_MS; skips skipHours and skipDays; and has a tenth of
 *     jitter, so that sources met together drift apart. sy:updatePeriod is not heard: most
 * blogs carry WordPress's "hourly" without meaning it;
 *   - Retry-After (RFC 9110 section 10.2.3) is obeyed to the second in both its forms, with any
 *     failing status, up to HEALTH_RETRY_MS; a date is read against the answer's own Date;
 *   - failures: a minute (or `every`, when that is less), doubled each time, half as much again
 * as jitter, up to HEALTH_LONGEST_MS. One that refuses us (401, 403, 451, a challenge page) is
 *     asked again after an hour at the soonest: to insist is what makes a block permanent.
 *   - what robots.txt disallows is looked at again when that is fetched anew;
 *   - a network's refusals mean what its connector says (sources/connector.h): limits are waited
 *     for as long as it says, a token that ended is renewed at once, and what is forbidden, gone
 *     or wrong is asked again after an hour at the soonest;
 *   - a pause that a good answer asks for is kept.
 *   - 410 (RFC 9110 section 15.5.11): never again by itself.
 */

#include "line/memo.h"
#include "vigie/batch.h"

/* A source that heals is heard again within a day. */
enum { HEALTH_LONGEST_MS = 24 * 3600 * 1000 };
/* Further than that no server means it; and it must not silence a source for good. */
enum { HEALTH_RETRY_MS = 7 * 24 * 3600 * 1000 };
/* 304 answers are believed for about this long, then the whole document is asked for:
 * validators get stuck in caches and on servers. */
enum { HEALTH_FULL_MS = 24 * 3600 * 1000 };

struct health_ask {
	int64_t every_ms; /* explicit; 0: auto */
	int64_t auto_ms;
	struct wall now;
	int64_t elapsed_ms; /* since the attempt began */
	uint64_t random[2]; /* any bits */
	bool conditional;   /* validators were sent */
	bool again;         /* there is more to read at once (files of a folder) */
	bool token;         /* it was asked with a token that can be had anew */
	bool passed;        /* a failure that won't be met again: its error stands */
	int64_t refused_ms; /* robots.txt kept us from asking, for so long; 0: it didn't */
	const char *refused_mark; /* then */
};

enum { HEALTH_DUE_NEVER = -1 };

struct health {
	int64_t due_in_ms; /* from now; HEALTH_DUE_NEVER */
	int64_t host_ms;   /* the whole host shall be left alone for so long; 0: no */
	bool changed;      /* error or mark differ from before: worth a line in the log */
};

/* Writes error, mark, failures, last_try, last_read, reads, next_due and, after a complete
 * document, validators of batch->state; the batch's outcome, lesson, document and error say
 * what happened. Strings are in the batch's arena. */
void health_settle(struct health *ret, struct batch *batch, struct memo *memo,
	const struct health_ask *ask);

/* Parts of it, for their tests. */

/* Milliseconds; -1: nothing there, or nothing that can be read. */
int64_t health_retry_after(const struct document *document, struct wall now);
/* How long the answer says it stays fresh, in milliseconds; 0: not at all; -1: says nothing. */
int64_t health_fresh(const struct document *document, struct wall now);
/* The first time from `at` that is in no skipped hour or day. */
struct wall health_skip(struct wall at, uint32_t skip_hours, uint8_t skip_days);

#endif
