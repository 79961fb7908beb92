#ifndef VIGIE_SOURCES_DATE_H
#define VIGIE_SOURCES_DATE_H

/*
 * date: instants as they are written in the wild: RFC 822 and its descendants (with any order,
 * zone names, localised month names), RFC 3339 and ISO 8601 down to a year, week or ordinal
 * date, asctime, MS SQL, seconds or milliseconds since 1970, and the Korean, Greek, Hungarian
 * and other national forms of feeds. Reads no clock: a date without a zone is UTC (Korean
 * forms: +09:00).
 */

#include "vigie/instant.h"
#include "vigie/span.h"

/* WALL_NONE when it can't be read. Fractions are cut to milliseconds. */
struct wall date_parse(struct span s);

/* Only what HTTP allows (RFC 9110 section 5.6.7), for Date, Expires and Retry-After. */
struct wall date_parse_http(struct span s);

#endif
