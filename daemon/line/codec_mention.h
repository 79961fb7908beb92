#ifndef VIGIE_LINE_CODEC_MENTION_H
#define VIGIE_LINE_CODEC_MENTION_H

/*
 * codec_mention: a mention as JSON for the world: the shape of an item (codec_item.h), and why
 * it is one: {…,"key":"…","source":"…","source_kind":"…","fetched":"…","silent":false,
 *  "matches":[{"rule","version","kind","brand","tags":[],"weight",
 *              "spans":[{"field","start","end","text"}]}],"score":1,
 *  "story":{"id":"…","why":"text","similarity":0.93,"mentions":12,"sites":9}}
 * "story" is null for what is in no story (vigie/story.h); its id is the key of its first mention,
 * the similarity is to that one, its size is as of now.
 * Offsets count code points, end exclusive: field[start:end] == text. The field "author" is
 * name and handle with a space between, as rules see it.
 */

#include "vigie/buf.h"
#include "vigie/hit.h"

/* Appends one line without line end. Safe on a terminal too: control characters and what
 * changes the direction of text stand as \u escapes. */
void mention_write_json(struct buf *out, const struct hit *hit);

/* C0 and C1 controls, DEL, line separators, and what reorders or hides text where it is shown.
 */
bool text_unsafe(uint32_t c);

#endif
