#ifndef VIGIE_ALERTS_WORDS_H
#define VIGIE_ALERTS_WORDS_H

/*
 * words: what vigie itself says in a message, in the receiver's language. "{}" is filled in by
 * text_fill(). A further language is a further column.
 */

#include "vigie/span.h"

enum word {
	WORD_ONE_MENTION,
	WORD_MANY_MENTIONS,
	WORD_COMPETITOR,
	WORD_MORE,
	WORD_UNTITLED,
	WORD_FOLLOWERS,
	WORD_THOUSANDS, /* what stands between groups of three digits */
	WORD_DECIMAL,
	WORD_ONE_COPY, /* of the same story */
	WORD_COPIES,
	WORD_ON_SITES,       /* behind the two above */
	WORD_SPIKE,          /* "142 mentions in the last hour, usually 9" */
	WORD_SPIKE_LEARNING, /* behind it */
	WORD_SPIKE_WHY,
	WORD_SPIKE_WHY_LEARNING,
	WORD_SPIKE_OVER,   /* how long, the most in an hour, the usual */
	WORD_SEVERITY,     /* total, sum */
	WORD_POINTS_SPIKE, /* the terms of a spike's severity, in their order */
	WORD_POINTS_TIMES,
	WORD_POINTS_MENTIONS,
	WORD_POINTS_LEARNING,
	WORD_POINTS_EXTRAS,
	WORD_GROWS,       /* an update: its copies */
	WORD_REMINDER,    /* around what is told again */
	WORD_DIGEST,      /* from, until */
	WORD_PART,        /* of several */
	WORD_NOTHING,     /* in a digest */
	WORD_ONE_CARRIED, /* of the hour, in one story */
	WORD_CARRIED,
	WORD_PUBLISHED,
	WORD_FOUND,
	WORD_RULE,
	WORD_SCORE,
	WORD_FIELD_TITLE,
	WORD_FIELD_TEXT,
	WORD_FIELD_AUTHOR,
	WORD_QUOTE,
	WORD_WITHOUT_WORDS,
	WORD_ROUTE,
	WORD_WHY,
	WORD_OPEN_POST,
	WORD_OPEN_VIGIE,
	WORD_DELIVERY,
	WORD_MAIL_FOOTER,
	WORDS
};

struct words {
	const char *lang;        /* for <html lang=""> */
	const char *const *text; /* by enum word */
};

/* The language of a receiver; English when it is unknown. */
const struct words *words_for(struct span lang);

static inline const char *word(const struct words *w, enum word which)
{
	return w->text[which];
}

#endif
