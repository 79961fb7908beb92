#ifndef VIGIE_SOURCES_CONNECTOR_PLACE_H
#define VIGIE_SOURCES_CONNECTOR_PLACE_H

/*
 * connector_place: where a source stands between two requests, and its text form, which is what
 * connector_walk.h calls its state. Nobody else's business.
 */

#include "sources/connector_walk.h"

enum {
	PLACE_MAX_MARKS = 8,
	PLACE_MAX_NEXT = 8,
	PLACE_MAX_GIVE = 4,
	PLACE_MAX_ID_BYTES = 512,
};

/* Names and values; few. */
struct place_pairs {
	struct expr_var items[PLACE_MAX_MARKS];
	size_t n;
};

/* A nested request that waits. */
struct place_todo {
	struct span ask;
	struct expr_var give[PLACE_MAX_GIVE];
	size_t n_give;
};

/* Where a source stands. Everything points into the arena it was read or made in. */
struct place {
	bool open; /* a round is under way */
	struct wall began;
	struct wall since;  /* of the rounds so far: the newest that was seen */
	struct wall newest; /* in this round */
	struct wall from, until; /* of a window; unknown: all that the round is to read */
	int64_t pages;
	bool bounded;
	struct expr_var next[PLACE_MAX_NEXT];
	size_t n_next;
	struct place_pairs marks;               /* known for good */
	struct place_pairs coming;              /* known when the round is done */
	struct span known[CONNECTOR_MAX_KNOWN]; /* the last round began with these */
	size_t n_known;
	struct span first[CONNECTOR_MAX_KNOWN]; /* this one */
	size_t n_first;
	bool nested; /* at todo[0], else at the pages of the ask itself */
	int64_t nested_pages;
	struct expr_var nested_next[PLACE_MAX_NEXT];
	size_t n_nested_next;
	struct place_todo *todo;
	size_t n_todo;
	size_t dropped;
};

/* The text, in the arena. What waits gives way (place.dropped) where it would be longer than
 * CONNECTOR_MAX_STATE_BYTES. 0 or -ENOMEM. */
int connector_place_encode(struct span *ret, struct arena *arena, struct place *p);

/* A text that can't be read is the place of a source that was never asked. 0 or -ENOMEM. */
int connector_place_decode(struct place *p, struct arena *arena, struct span state);

/* Sets a value, or adds it as far as there is room. */
void connector_place_pair(
	struct expr_var *vars, size_t *n, size_t most, struct span name, struct span value);

#endif
