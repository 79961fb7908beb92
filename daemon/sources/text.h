#ifndef VIGIE_SOURCES_TEXT_H
#define VIGIE_SOURCES_TEXT_H

/*
 * text: mends and tidies plain text on its way in. Input is valid UTF-8, output too.
 */

#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/span.h"

/* Does s hold a character from U+0080 to U+009F? Nobody writes these; they are windows-1252
 * bytes that were taken for something else, or UTF-8 that was encoded twice. */
bool text_needs_mending(struct span s);

/* Mends both in place: text encoded twice is decoded once, single such characters are read as
 * windows-1252. */
void text_mend(struct buf *b);

/* Appends s on one line: runs of white space (no-break space too) and control characters become
 * one space, none at the ends. */
void text_line(struct buf *out, struct span s);
/* Would text_line() leave it as it is? A "no" may be wrong (where 0xC2 begins a character). */
bool text_is_line(struct span s);

/* Appends s with its lines kept: trimmed at both ends, CR LF and CR are LF, other control
 * characters go. */
void text_lines(struct buf *out, struct span s);

#endif
