#ifndef VIGIE_REPORT_WORDS_H
#define VIGIE_REPORT_WORDS_H

/*
 * words: what a report says, in its languages.
 */

#include "vigie/span.h"

enum report_word {
	W_TITLE,
	W_PERIOD,
	W_BEFORE,
	W_ZONE,
	W_NA,
	W_VOLUME,
	W_VOLUME_IS,
	W_MENTIONS,
	W_MENTIONS_BEFORE,
	W_CHANGE,
	W_DAYS,
	W_DAYS_IS,
	W_DAY,
	W_VOICE,
	W_VOICE_IS,
	W_NAME,
	W_ROLE,
	W_BRAND,
	W_COMPETITOR,
	W_SHARE,
	W_SHARE_BEFORE,
	W_STORIES,
	W_STORIES_IS,
	W_STORY,
	W_SOURCES_HEARD,
	W_SOURCES,
	W_SOURCES_IS,
	W_SOURCE,
	W_AUTHORS,
	W_AUTHORS_IS,
	W_AUTHOR,
	W_FOLLOWERS,
	W_ALERTS,
	W_ALERTS_IS,
	W_RECEIVER,
	W_TOLD,
	W_MESSAGES,
	W_COVERAGE,
	W_COVERAGE_IS,
	W_FIGURE,
	W_VALUE,
	W_COVER_HEALTHY,
	W_COVER_HOURS,
	W_COVER_HEARD,
	W_COVER_SILENT,
	W_COVER_DAYS,
	W_COVER_SINCE,
	W_COVER_LOSSES,
	W_PARTIAL,
	W_NOTHING,
	W_TOP,
	W_UNTITLED,
	W_BRIEF_VOLUME, /* what the brief form says; filled in in order */
	W_BRIEF_STORY,
	W_BRIEF_COVERAGE,
	REPORT_WORDS
};

/* `lang` "fr", else English. */
const char *report_word(struct span lang, enum report_word word);

#endif
