#ifndef VIGIE_IO_DECODE_H
#define VIGIE_IO_DECODE_H

/*
 * decode: takes the content codings off a body as it arrives (RFC 9110 section 8.4: gzip,
 * deflate, br; the only file that includes zlib and brotli). libcurl could do this, but 7.88
 * reports a compressed stream that ends early as success. How much may come out is the sink's
 * decision, so a small body that unfolds into a huge one costs no more than the sink takes.
 */

#include <stdbool.h>

#include "vigie/span.h"

struct decoder;

/* Gets decoded bytes; false: enough. */
typedef bool (*decode_sink)(void *arg, struct span bytes);

enum {
	DECODE_BROKEN = 1, /* not what its coding says; what came out before stands */
	DECODE_STOPPED,    /* by the sink */
};

/* What decoder_new() understands, for Accept-Encoding. */
#define DECODE_ACCEPTED "gzip, deflate, br"

/* coding: the field's value, "gzip" or a list. 0; -ENOTSUP: a coding that is not known, or more
 * than a few; -ENOMEM. */
int decoder_new(struct decoder **ret, struct span coding);
/* 0, -ENOMEM or a positive condition, which then stays. A body that says gzip and does not
 * start like it is passed on as it is: servers do that. */
int decoder_push(struct decoder *decoder, struct span bytes, decode_sink sink, void *arg);
/* Whether the stream came to its end; asked after the last byte. */
bool decoder_complete(const struct decoder *decoder);
struct decoder *decoder_free(struct decoder *decoder);

#endif
