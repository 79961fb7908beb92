#ifndef VIGIE_ALERTS_MESSAGE_H
#define VIGIE_ALERTS_MESSAGE_H

/*
 * message: what an alert says, before any channel dresses it: clean text with marks, in the
 * receiver's language. Channels escape and limit it; they decide nothing about its content.
 */

#include "text.h"
#include "vigie/channel.h"
#include "words.h"

/* One mention of the alert. */
struct message_entry {
	const struct hit *hit;
	struct span key;     /* of the item, hexadecimal */
	struct marked title; /* never empty; a post without one gives its first words */
	bool title_is_own;   /* the item has a title */
	struct span
		link; /* http or https, only characters a URL may hold; empty: none to show */
	struct span home;      /* the source's own page, as safe as the link; may be empty */
	struct span site;      /* host of the link */
	struct span source;    /* the feed's own title or the source's id */
	struct span author;    /* "Jeanne Martin (@jeanne)"; may be empty */
	struct span audience;  /* "12,345 followers"; may be empty */
	struct span copies;    /* "+11 copies on 9 sites"; empty for a story of one; of a spike,
				  "57 of these" */
	struct span when;      /* "published 2026-11-20 20:20 UTC" */
	struct marked excerpt; /* around the matched words; may be empty */
	struct span why;       /* rules, spans, score, route; of a spike its arithmetic */
	struct span finding;   /* the message's */
};

struct message {
	const struct words *words;
	struct span subject;  /* who it is about: brands, else rules; "KLM (competitor)"; of a
				 digest  its time */
	struct span headline; /* "Acme — 3 mentions" */
	struct span summary;  /* one line that says it all: "Acme: Acme opens in Lyon" */
	struct span finding;  /* "142 mentions in the last hour, usually 9"; empty: mentions */
	struct span short_id; /* of the delivery, visible in chats */
	const struct message_entry *entries;
	size_t n_entries;
	size_t n_more; /* mentions of the alert beyond the entries */
};

enum {
	MESSAGE_ENTRIES = 10,  /* more are counted, not shown */
	MESSAGE_EXCERPT = 320, /* code points */
};

/* 0; -EINVAL for an alert without a hit; -ENOMEM. */
int message_make(struct message *ret, struct arena *arena, const struct alert *alert,
	const struct receiver *receiver);

#endif
