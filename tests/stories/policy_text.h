#ifndef VIGIE_TESTS_POLICY_TEXT_H
#define VIGIE_TESTS_POLICY_TEXT_H

/*
 * policy_text: a policy in a few short lines, for stories. See tests/stories/README.
 */

#include "vigie/arena.h"
#include "vigie/policy.h"

enum { WORDS_MOST = 64, ZONES_MOST = 8 };

struct words {
	struct span w[WORDS_MOST];
	size_t n;
};

/* Blanks separate; what is in "…" stands together. */
struct words words_of(struct span line);
/* "name=value": the value; false when the word is not of this name. */
bool word_is(struct span word, const char *name, struct span *value);
struct words words_split(struct span text, char at);

struct zones {
	struct arena arena;
	struct {
		struct span name;
		struct zone *zone;
	} all[ZONES_MOST];
	size_t n;
};
void zones_add(struct zones *zones, struct span name, struct span rule);

int64_t duration_ms(struct span text); /* "90s", "5m", "4h", "7d"; -1: none */

/* "kind=competitor", "followers>=1000": false when it is no matcher. */
bool match_of(struct arena *arena, struct route_match *ret, struct span word,
	const struct severity_policy *severity);

/* Of lines that are indented by two blanks and more. NULL: *wrong says why. */
struct policy *policy_read(
	struct arena *arena, const struct zones *zones, struct span lines, const char **wrong);

#endif
