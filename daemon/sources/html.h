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

enum html_flags {
	/* All on one line: what separates is a space. */
	HTML_ONE_LINE = 1,
	/* Tags of elements nobody knows are text: "Nice <gorilla>". For titles, where markup is
	 * rare and angle brackets are not. */
	HTML_UNKNOWN_IS_TEXT = 2,
	/* Leave out <head> and <title>: for whole pages. */
	HTML_DROP_HEAD = 4,
};

/* Plain text of markup, appended to out; valid UTF-8 when the input is. Runs of white space
 * become one space, block elements and <br> a line break; nothing at the ends. Stops at
 * max_bytes of text (0: none), between code points. */
void html_text(struct buf *out, struct span markup, unsigned flags, size_t max_bytes);

/* The same with no flags. */
void html_to_text(struct buf *out, struct span markup, size_t max_bytes);

/* With HTML_ONE_LINE, in the arena. */
struct span html_to_line(struct arena *arena, struct span markup, size_t max_bytes);

/* Character references decoded (numeric ones as HTML reads them: windows-1252 for 0x80 to
 * 0x9F), nothing else changed. */
void html_unescape(struct buf *out, struct span s);

/* Is this the name of an element that HTML has or had? ASCII case ignored, here and below. */
bool html_is_element(struct span name);

/* Elements that never have an end tag (br, img, meta …). */
bool html_is_void(struct span name);

#endif
