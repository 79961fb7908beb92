#ifndef VIGIE_SOURCES_SELECTOR_H
#define VIGIE_SOURCES_SELECTOR_H

/*
 * selector: the part of CSS selectors (Selectors Level 3) that finds posts in pages: types,
 * .class, #id, [attribute] with = ^= $= *= ~=, descendants, children (>), neighbours (+),
 * :not() of one simple selector, lists with commas.
 */

#include <stdbool.h>
#include <stdint.h>

#include "sources/tree.h"
#include "vigie/arena.h"
#include "vigie/span.h"

struct selector;

/* 0; -EINVAL with the byte that isn't understood; -ENOMEM. Points into `text`. */
int selector_parse(
	struct selector **ret, struct arena *arena, struct span text, size_t *ret_at);

/* Calls found() for each match within `scope` (itself not), in document order, until it returns
 * false. Elements around the scope are not looked at. False when *steps ran out. */
bool selector_find(const struct selector *s, const struct tree *scope, uint64_t *steps,
	bool (*found)(void *arg, const struct tree *element), void *arg);

#endif
