#ifndef VIGIE_SOURCES_HTML_H
#define VIGIE_SOURCES_HTML_H

/*
 * html: markup to plain text, the way a person would read it aloud: tags taken out, character
 * references decoded, script, style and comments dropped, block elements apart, inline ones
 * not. A single pass that no input can make costly; it builds no tree and knows no CSS.
 */

#include <stdbool.h>

#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/span.h"

/* Plain text of markup, appended to out; valid UTF-8 when the input is. Runs of white space
 * become one space, block elements and <br> a line break; nothing at the ends. Stops at
 * max_bytes of text (0: none), between code points. */
void html_to_text(struct buf *out, struct span markup, size_t max_bytes);

/* The same on one line, in the arena. */
struct span html_to_line(struct arena *arena, struct span markup, size_t max_bytes);

/* Character references decoded (numeric ones as HTML reads them: windows-1252 for 0x80 to
 * 0x9F), nothing else changed. */
void html_unescape(struct buf *out, struct span s);

/* Does this text hold a tag, a comment or a character reference? */
bool html_looks_like(struct span s);

#endif
