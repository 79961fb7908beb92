#ifndef VIGIE_SOURCES_ENTITY_H
#define VIGIE_SOURCES_ENTITY_H

/*
 * entity: the names and numbers of characters in HTML (HTML Standard, 13.5 and 13.2.5.80). The
 * table is made at build time from the copy that comes with Python (entity_table.py).
 */

#include <stdint.h>

#include "vigie/span.h"

/* The one or two characters of a name without "&" and ";". Returns their number, or 0. */
size_t entity_named(struct span name, uint32_t ret[2]);

/* The longest name at the start of s that may stand without ";" ("copy", "eacute"). Returns the
 * name's length, or 0. */
size_t entity_bare(struct span s, uint32_t *ret);

/* The reference "&#…;" or "&#x…;" at the start of s; the ";" may be missing. Values that are no
 * characters give U+FFFD. Returns the length of the reference, or 0. */
size_t entity_number(struct span s, uint32_t *ret);

#endif
