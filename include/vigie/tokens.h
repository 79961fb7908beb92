#ifndef VIGIE_TOKENS_H
#define VIGIE_TOKENS_H

/*
 * tokens: a text as the rule language sees it (vigie-rules(5), folding and tokens), for rooms
 * that compare texts and must not have a second opinion on what a word is. Done by rules/;
 * rooms that may not know rules/ are handed the function.
 */

#include "vigie/buf.h"

/* Appends the folded tokens of valid UTF-8, each followed by a space, which is in no token;
 * stops after max tokens. Any thread. 0 or -ENOMEM. */
typedef int tokens_fold(struct buf *out, struct span text, size_t max);

tokens_fold text_tokens;

#endif
