#ifndef VIGIE_ALERTS_WHY_H
#define VIGIE_ALERTS_WHY_H

/*
 * why: the reasons of a hit in one line for people: rules and versions, the words found and
 * where (code points, half-open), the sum of the score, the route taken. The webhook's JSON
 * gives the same for machines.
 */

#include "text.h"
#include "vigie/alert.h"
#include "vigie/arena.h"
#include "vigie/buf.h"
#include "words.h"

/* .p is NULL only when memory is out. */
struct span why_make(struct arena *arena, const struct hit *hit, struct span route,
	const struct words *words);

/* "12.5", "3": the fewest digits that say the number exactly, at most 15. */
void why_number(struct buf *out, double number, const struct words *words);

#endif
