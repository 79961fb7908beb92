#ifndef VIGIE_LINE_CODEC_HIT_H
#define VIGIE_LINE_CODEC_HIT_H

/*
 * codec_hit: a hit as bytes, for the stream, the spool and the archive: compact JSON with a
 * version, `{"v":1,"key":"…",…}`, members as in codec_hit_fields.h, absent ones left out,
 * offsets of spans in bytes. Members that are unknown are passed over, so a reader copes with
 * additions; the version only grows when an old reader would misread.
 */

#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/hit.h"

enum { HIT_CODEC_VERSION = 1 };

void hit_encode(struct buf *out, const struct hit *hit); /* buf_result() tells */

/* Everything of *ret is in the arena (no pointer into `bytes`). Spans that do not fit their
 * text are left out. 0, -EINVAL when it is none or of a newer version, -ENOMEM. */
int hit_decode(struct hit *ret, struct arena *arena, struct span bytes);

/* The spans of a match alone, `[[field,start,end],…]` with the field's number. */
void hit_spans_encode(struct buf *out, const struct match_span *spans, size_t n);
/* As far as they fit `item`; bytes that are no such list give none. 0 or -ENOMEM. */
int hit_spans_decode(const struct match_span **ret, size_t *ret_n, struct arena *arena,
	struct span bytes, const struct item *item);

/* A list of strings alone; what is no such list gives none. 0 or -ENOMEM. */
int hit_strings_decode(
	const struct span **ret, size_t *ret_n, struct arena *arena, struct span bytes);

#endif
