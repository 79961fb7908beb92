#ifndef RULES_REGEX_H
#define RULES_REGEX_H

/*
 * regex: PCRE2, bounded. The only place that knows that library. A pattern is compiled when it
 * is read, translated to machine code when it has been searched for a few times, and run by the
 * interpreter where the system grants no memory for code (W^X). A search that takes too many
 * steps, too deep a stack or too much memory ends as REGEX_EXCEEDED; a pattern can't raise
 * that.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vigie/arena.h"
#include "vigie/span.h"

struct regex;
struct regex_scratch;

enum { REGEX_NONE = 0, REGEX_FOUND = 1, REGEX_EXCEEDED = 2 };

/* One reference, the caller's. flags: REGEX_I and its like of query.h. 0; -ENOMEM; -EINVAL with
 * what is wrong in why (a static size) and its byte offset. jit: whether to translate at all.
 */
enum { REGEX_WHY_SIZE = 200 };
int regex_new(struct regex **ret, struct span pattern, unsigned flags, bool jit,
	char why[REGEX_WHY_SIZE], size_t *ret_at);
struct regex *regex_ref(struct regex *re);
struct regex *regex_unref(struct regex *re); /* NULL is nothing; returns NULL */

/* Bytes it takes now. */
size_t regex_size(const struct regex *re);

/* Whether machine code was made of it. */
bool regex_translated(const struct regex *re);

/* Memory of one thread, for any number of patterns. */
int regex_scratch_new(struct regex_scratch **ret);
struct regex_scratch *regex_scratch_free(struct regex_scratch *scratch);

/* Finds the first non-empty match at or behind `from` in valid UTF-8. A REGEX_ value.
 * Thread-safe over one pattern with one scratch a thread. */
int regex_find(struct regex *re, struct regex_scratch *scratch, struct span subject,
	size_t from, size_t *ret_start, size_t *ret_end);

/* Strings of which at least one, in token form, stands in the token form of every text the
 * pattern matches. None are known when n is 0. */
enum { REGEX_LITERALS_MAX = 16 };
struct regex_literals {
	struct span items[REGEX_LITERALS_MAX];
	size_t n;
};

/* 0 or -ENOMEM. */
int regex_literals(struct regex_literals *ret, struct arena *arena, struct span pattern);

#endif
