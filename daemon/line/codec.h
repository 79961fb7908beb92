#ifndef VIGIE_LINE_CODEC_H
#define VIGIE_LINE_CODEC_H

/*
 * codec: items from JSON. Two shapes are read, and any mixture of them: the one sources give
 * (author and engagement are objects), and the flat one of documents for `vigie match` (author
 * is a text, numbers stand at the top). A value of another type than expected counts as absent.
 */

#include <jansson.h>

#include "vigie/arena.h"
#include "vigie/item.h"
#include "vigie/ruleset.h"

/* Reads a document. What the rules see beside the item (its `source`, a flat `author`) goes to
 * *ret_context. Texts point into `document`, which must outlive the item; lists are in the
 * arena. A number given as id is no text: id is empty then. 0, -EINVAL when it is no object,
 * -ENOMEM. */
int item_from_json(struct item *ret, struct match_context *ret_context, const json_t *document,
	struct arena *arena);

#endif
