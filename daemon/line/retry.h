#ifndef VIGIE_LINE_RETRY_H
#define VIGIE_LINE_RETRY_H

/*
 * retry: when a message that could not be delivered is tried again. Pure.
 */

#include "vigie/channel.h"

/* As many tries as the schedule has, over about 76 hours; then it goes to the dead letters. */
enum { RETRY_TRIES = 10 };
/* Who asks for a longer silence is taken at his word in another way: he is sent nothing more
 * until somebody looks. 30 days. */
#define RETRY_AFTER_MOST_MS (INT64_C(30) * 86400000)

/* How long to wait after `tries` of them (from 1), by the example schedule of Standard Webhooks
 * (spec/standard-webhooks.md, "Deliverability and reliability"), with a jitter of a tenth at
 * most that depends on `seed` alone. */
int64_t retry_delay_ms(int64_t tries, uint64_t seed);

/* What the receiver asks for (RFC 9110 section 10.2.3, seconds or a date), from now; -1 when it
 * asks for nothing. Never less than what was asked; of several the longest. */
int64_t retry_after_ms(const struct answer *answer, struct wall now);

#endif
