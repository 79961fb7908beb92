#ifndef VIGIE_LINE_JSON_TEXT_H
#define VIGIE_LINE_JSON_TEXT_H

/*
 * json_text: writing JSON (RFC 8259) by hand, where a tree of values would cost more than it
 * helps: straight into a buffer, with no blanks. Strings: json_write_string() of codec_item.h.
 */

#include "vigie/buf.h"
#include "vigie/instant.h"
#include "vigie/span.h"

/* The shortest digits that read back as the same value; `null` for NAN and infinities. */
void json_add_number(struct buf *out, double value);
/* An RFC 3339 string, or `null`. */
void json_add_time(struct buf *out, struct wall t);
/* A list of strings. */
void json_add_strings(struct buf *out, const struct span *texts, size_t n);

#endif
