#ifndef VIGIE_ALERTS_PIECES_H
#define VIGIE_ALERTS_PIECES_H

/*
 * pieces: one long text of several mentions, each whole or left out and counted: for channels
 * whose message is a single text.
 */

#include "dress.h"

/* How one channel writes it. Lines end in `line`. */
struct pieces_style {
	struct text_style text; /* of what is marked; its unit is the limit's */
	const char *line;       /* "\n", "<br>" */
	const char *strong_open, *strong_close;
	const char *faint_open, *faint_close; /* details and reasons */
	/* A link: open, the URL, between, the title, close; NULL: the URL stands below the
	 * title. */
	const char *link_open, *link_between, *link_close;
	size_t title, excerpt, details, why, link; /* limits of each; 0: not said */
};

/* Headline, mentions, "+ 2 more · delivery …": at most `limit` units, the first mention always.
 * Appends; 0 or -ENOMEM. */
int pieces_write(struct buf *out, const struct message *message, struct arena *arena,
	const struct pieces_style *style, bool with_headline, size_t limit);

#endif
