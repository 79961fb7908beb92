#ifndef VIGIE_LINE_CODEC_ITEM_H
#define VIGIE_LINE_CODEC_ITEM_H

/*
 * codec_item: an item as JSON: one shape for `vigie parse`, the queue and the archive's
 * exports. All members are always there; what is unknown is null, an empty list or "". Whole
 * numbers have no fraction. `author` and `place` are null when nothing is known of them.
 */

#include "vigie/buf.h"
#include "vigie/item.h"

/* Appends one line without line end:
 * {"id","url","title","text","author":{"name","handle","url","followers"},"published","updated",
 *  "lang","tags":[],"kind","parent","engagement":{"likes","shares","replies","views","rating"},
 *  "media":[],"place":{"name","lat","lon","country"},"feed":{"title","url","lang"}} */
void item_write_json(struct buf *out, const struct item *item);

/* Appends s quoted and escaped; valid UTF-8 gives valid JSON, safe inside a script element too.
 */
void json_write_string(struct buf *out, struct span s);

#endif
