#ifndef VIGIE_LINE_CODEC_HIT_H
#define VIGIE_LINE_CODEC_HIT_H

/*
 * codec_hit: a hit as bytes, for the stream, the spool and the archive: compact JSON with a
 * version, `{"v":1,…}`, offsets of spans in bytes. What was written by an older version is read.
 */

#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/hit.h"

void hit_encode(struct buf *out, const struct hit *hit); /* buf_result() tells */

/* Everything of *ret is in the arena (no pointer into `bytes`). 0, -EINVAL when it is none or of
 * a newer version, -ENOMEM. */
int hit_decode(struct hit *ret, struct arena *arena, struct span bytes);

#endif
