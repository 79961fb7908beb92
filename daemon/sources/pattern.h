#ifndef VIGIE_SOURCES_PATTERN_H
#define VIGIE_SOURCES_PATTERN_H

/*
 * pattern: the regular expressions of connector files, and what needs the tables of Unicode
 * with them: lower case, hashtags. The second doorkeeper of PCRE2, beside rules/regex.c: the
 * two pure rooms never meet, and want different things of it (spans of whole texts there,
 * groups and replacements here). Patterns are written by whoever writes connector files, texts
 * by anyone: a search that takes too long finds nothing.
 */

#include <stdbool.h>

#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/span.h"

struct pattern;

enum { PATTERN_WHY_SIZE = 160, PATTERN_GROUPS = 10 };

/* Perl's syntax; `.` is any character, a line break too. 0; -ENOMEM; -EINVAL with what is wrong
 * and the byte it is at. */
int pattern_new(
	struct pattern **ret, struct span text, char why[PATTERN_WHY_SIZE], size_t *ret_at);
struct pattern *pattern_free(struct pattern *p);

/* Memory for searching; one a thread, for any number of patterns. */
struct pattern_scratch;
int pattern_scratch_new(struct pattern_scratch **ret);
struct pattern_scratch *pattern_scratch_free(struct pattern_scratch *s);

/* The first match at or behind `from` in valid UTF-8. Groups that took no part are empty. */
bool pattern_find(const struct pattern *p, struct pattern_scratch *s, struct span subject,
	size_t from, struct span ret_groups[PATTERN_GROUPS]);

/* Appends subject with every match replaced; \0 to \9 in `by` are groups. */
void pattern_replace(struct buf *out, const struct pattern *p, struct pattern_scratch *s,
	struct span subject, struct span by);

/* Appends s in lower case, as Unicode has it for single characters. */
void pattern_lower(struct buf *out, struct pattern_scratch *s, struct span text);

/* The next hashtag at or behind *at: letters, digits and "_" behind a "#", without it. Moves
 * *at behind it. False: there is none. */
bool pattern_hashtag(struct span *ret, struct pattern_scratch *s, struct span text, size_t *at);

#endif
