#ifndef VIGIE_LINE_PACKED_H
#define VIGIE_LINE_PACKED_H

/*
 * packed: a source's state in one piece of memory: a hundred thousand of them wait in the
 * crawler.
 */

#include "vigie/batch.h"

struct packed;

/* On the heap; free() it. NULL when memory is out. */
struct packed *packed_new(const struct source_state *state);
/* A copy in the arena; NULL when memory is out. */
struct packed *packed_dup(struct arena *arena, const struct packed *packed);
/* Spans point into `packed`. */
void packed_read(struct source_state *ret, const struct packed *packed);

/* A state of a source never met. */
struct source_state source_state_new(void);

#endif
