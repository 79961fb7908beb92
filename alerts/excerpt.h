#ifndef VIGIE_ALERTS_EXCERPT_H
#define VIGIE_ALERTS_EXCERPT_H

/*
 * excerpt: from the spans of a hit to the part of a text worth showing.
 */

#include "text.h"
#include "vigie/hit.h"

/* What the rules' fields are. The author's is name and handle with a space between, in the
 * arena. .p is NULL only when memory is out. */
struct span excerpt_field(struct arena *arena, const struct item *item, enum item_field field);

/* The spans of all rules in one field, united: ascending, apart, within `text` and widened to
 * whole code points. 0 or -ENOMEM. */
int excerpt_marks(struct marked *ret, struct arena *arena, const struct hit *hit,
	enum item_field field, struct span text);

/* The part of a marked text, at most `points` code points, that shows the most marks; of equals
 * the first. Cut at words' edges where there are some near. Half-open, in bytes. */
void excerpt_window(
	size_t *ret_start, size_t *ret_end, const struct marked *text, size_t points);

/* The same as one clean line with its marks and with "…" where the text goes on. 0 or -ENOMEM.
 */
int excerpt_make(
	struct marked *ret, struct arena *arena, const struct marked *text, size_t points);

#endif
