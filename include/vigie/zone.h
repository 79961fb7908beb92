#ifndef VIGIE_ZONE_H
#define VIGIE_ZONE_H

/*
 * zone: local time from the bytes of a zone file (TZif, RFC 8536), with the rule in its footer
 * for times behind the last transition (POSIX TZ, RFC 8536 section 3.3). Reads no file.
 */

#include "vigie/arena.h"
#include "vigie/instant.h"

struct zone;

/* Version 2 or later. 0, -EBADMSG, -ENOMEM. The zone is in the arena and keeps no pointer into
 * the bytes. */
int zone_read(struct zone **ret, struct arena *arena, struct span bytes);

/* Local time minus UTC at an instant. NULL is UTC. */
int64_t zone_offset_s(const struct zone *zone, struct wall at);

/* When a day begins there: local midnight, or the first instant after it where the clock jumps
 * over it. Months and days beyond their range count on. */
struct wall zone_day(const struct zone *zone, int64_t year, int month, int64_t day);

/* The local day of an instant, in days since 1970-01-01 there. */
int64_t zone_day_number(const struct zone *zone, struct wall at);

#endif
