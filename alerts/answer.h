#ifndef VIGIE_ALERTS_ANSWER_H
#define VIGIE_ALERTS_ANSWER_H

/*
 * answer: what came back from a platform, judged by the rules they share; a channel adds its
 * own table where a platform says more than its status.
 */

#include "vigie/channel.h"

/* A row of a platform's own error words. status 0: any. */
struct answer_word {
	int status;
	const char *word; /* the body is it, or holds it when it is JSON or a sentence */
	enum verdict verdict;
};

/* RFC 9110 section 15: 2xx delivered; 408, 425, 429, 5xx and no answer at all may heal, so may
 * a redirect, which is never followed; 410 is for good; any other 4xx is about this message. */
enum verdict answer_judge_http(
	const struct answer *answer, struct arena *arena, struct span *ret_why);

/* The same, but the first row whose status and word fit decides. Rows end with a NULL word. */
enum verdict answer_judge_words(const struct answer *answer, const struct answer_word *rows,
	struct arena *arena, struct span *ret_why);

/* RFC 5321 section 4.2.1: 2xx delivered, 4yz may heal, 5yz not; but a refused login (RFC 4954,
 * section 6) is the receiver's trouble, not the message's, and is tried again. */
enum verdict answer_judge_smtp(
	const struct answer *answer, struct arena *arena, struct span *ret_why);

/* The number a JSON body has at a path of names, times `unit_ms`, as milliseconds; -1: it has
 * none. */
int64_t answer_pause_ms(const struct answer *answer, const char *const *path, double unit_ms);

/* Is the body a JSON object with such a member that is true? */
bool answer_is_true(const struct answer *answer, const char *name);

/* Is it one with such a member that is not null? */
bool answer_has(const struct answer *answer, const char *name);

/* A success that does not bear the mark of its platform comes from something in between (a
 * gateway, a login page, a maintenance page with a 200): it is tried again. */
enum verdict answer_confirm(enum verdict verdict, bool bears_mark, const char *platform,
	const struct answer *answer, struct arena *arena, struct span *ret_why);

/* One clean line of what the server said, without markup and addresses; may be empty. */
struct span answer_said(const struct answer *answer, struct arena *arena);

#endif
