#ifndef VIGIE_STORY_H
#define VIGIE_STORY_H

/*
 * story: near-duplicate mentions under one head: syndicated copies, reposts, variants of a
 * title, addresses with other tracking parameters. Joins them as they arrive; tells nobody (the
 * desk does), and is about copies, not about topics: two articles in their own words are two
 * stories.
 *
 * What is compared is told in alerts/story_traits.h. Who may be alike is found in one index of hashes:
 * the address, the title, the beginning of the text, and its bands; then the head is compared,
 * and the most alike wins, the older of two. A mention joins by its likeness to the head,
 * never to another copy (but by its address to any), so stories do not drift. Words alike are not enough where
 *  - the numbers differ (quotes of shares, flights, prices: templates);
 *  - the same publisher said both: nobody syndicates to himself, his texts are alike by form;
 *  - the text is short: thanks are said in the same words by people who have nothing in common.
 *
 * A story is open for open_ms after its head came, and while it is one of the open_max
 * youngest. The same mentions in the same order give the same stories, also across save and
 * restore.
 */

#include "vigie/hit.h"
#include "vigie/tokens.h"

struct story_book;

enum {
	STORY_OPEN_MAX = 100000, /* default; about 1 KB each */
};
#define STORY_OPEN_MS (INT64_C(7) * 24 * 3600 * 1000) /* default */

struct story_options {
	tokens_fold *fold; /* text_tokens() */
	uint32_t open_max; /* 0: STORY_OPEN_MAX */
	int64_t open_ms;   /* 0: STORY_OPEN_MS */
};

extern const char *const story_why_names[]; /* "head", "known", "address", …: enum story_why, in hit.h */

/* 0 or -ENOMEM. */
int story_book_new(struct story_book **ret, const struct story_options *options);
struct story_book *story_book_free(struct story_book *book);

/* Finds the story of a mention, or opens one. `now` closes the old ones and must not go back
 * (if it does, nothing is closed). An item that comes again is STORY_KNOWN, whatever it says
 * now. 0, or -ENOMEM with nothing changed but what was closed. */
int story_add(struct story_book *book, const struct hit *hit, struct wall now,
	struct story_place *ret);

/* Where a mention already is: true and *ret (why: STORY_KNOWN), or false. */
bool story_find(
	const struct story_book *book, const struct item_key *key, struct story_place *ret);

/* Where a mention would be, without adding it: with itself counted. why: STORY_HEAD: like none
 * that is open. What is over, but was not closed yet, is still open here. 0 or -ENOMEM. */
int story_look(const struct story_book *book, const struct hit *hit, struct story_place *ret);

struct story_stats {
	uint32_t open;
	uint64_t closed; /* since the book is there: the number of the oldest that is open */
	size_t bytes;    /* of memory */
};
struct story_stats story_stats(const struct story_book *book);

enum { STORY_STATE_OTHER = 1 };

/* Appends the state: a version, the parameters, the stories; a checksum at the end. */
int story_save(const struct story_book *book, struct buf *out);
/* Into a book that is empty. 0; STORY_STATE_OTHER when another version or other parameters
 * wrote it (the book stays empty: stories begin anew); -EBADMSG when it is damaged (so too);
 * -ENOMEM. */
int story_restore(struct story_book *book, struct span state);

/* The same, a story at a time, for a store that keeps each story's state beside its mentions:
 * after story_add() that of one story, place.number, has changed, and those below
 * story_stats().closed are of no use any more. */

/* Of all that a story's state depends on beside what was said: another one can't be read. */
uint64_t story_parameters(const struct story_book *book);
/* Of an open story. 0 or -ENOMEM. */
int story_save_one(const struct story_book *book, uint64_t number, struct buf *out);
/* Into an empty book: the number the next story gets. */
void story_restart(struct story_book *book, uint64_t number);
/* Oldest first; numbers that are left out are stories nothing is like. 0, -EBADMSG
 * (damaged: to be left out), -ENOMEM. */
int story_restore_one(struct story_book *book, uint64_t number, struct span state);
/* All below that number are read. -EBADMSG: more than a book holds. */
int story_restore_up_to(struct story_book *book, uint64_t number);

#endif
