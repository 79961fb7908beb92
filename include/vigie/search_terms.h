#ifndef VIGIE_SEARCH_TERMS_H
#define VIGIE_SEARCH_TERMS_H

/*
 * search_terms: what a query looks for, in words that the search box of a network takes.
 * Whoever asks a network for all of them gets everything the query can want, and more: the
 * query still decides. Implemented in rules/search_terms.c; reads no file and knows no network.
 */

#include "vigie/arena.h"
#include "vigie/span.h"

/* Words, phrases (with blanks), #tags and @names, as written, without quotes and wildcards. One
 * of them stands in every document the query wants. */
struct search_terms {
	const struct span *any;
	size_t n;
};

enum { SEARCH_TERMS_NONE = 1 };
/* A network is asked for so many things at most on behalf of one query. */
enum { SEARCH_TERMS_MAX = 16 };

/* In the arena. 0; SEARCH_TERMS_NONE: no such words are known (a regex, a test of numbers, a
 * named fragment, more than SEARCH_TERMS_MAX); -EINVAL: not a query; -ENOMEM. */
int search_terms(struct search_terms *ret, struct arena *arena, struct span query);

#endif
