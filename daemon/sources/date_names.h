#ifndef VIGIE_SOURCES_DATE_NAMES_H
#define VIGIE_SOURCES_DATE_NAMES_H

/*
 * date_names: the words that stand in dates: months and weekdays in the languages of feeds,
 * time zones, halves of the day. Data, and one look-up.
 */

#include <stdbool.h>

#include "vigie/span.h"

/* Rules of summer time as they have stood since 2007 (US), 2008 (AU, NZ), 1996 (EU). */
enum date_summer {
	DATE_SUMMER_NONE,
	DATE_SUMMER_EU,
	DATE_SUMMER_US,
	DATE_SUMMER_AU,
	DATE_SUMMER_NZ
};

struct date_zone {
	const char *name;
	int minutes; /* east of UTC, in winter */
	enum date_summer summer;
};

enum date_word_kind { DATE_MONTH, DATE_WEEKDAY, DATE_ZONE, DATE_AM, DATE_PM };

struct date_word {
	enum date_word_kind kind;
	int value; /* month 1 to 12; weekday 0 (Monday) to 6 */
	bool weak; /* a month whose abbreviation is a weekday's elsewhere ("mar.") */
	const struct date_zone *zone;
};

/* Letter case is ignored where the word's language has one; an abbreviation of a month or
 * weekday of three letters or more is enough. False: not a word we know. */
bool date_word(struct date_word *ret, struct span word);

#endif
