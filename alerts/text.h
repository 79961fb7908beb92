#ifndef VIGIE_ALERTS_TEXT_H
#define VIGIE_ALERTS_TEXT_H

/*
 * text: strangers' words on their way into a channel's own syntax. Cleaned once (what cannot be
 * seen or would turn the line round is taken out), then written through the escape of the
 * channel within a limit that is counted after escaping. A cut never falls inside an escape, a
 * code point, a mark or an emoji put together of several code points, and at a word's end where
 * one is near.
 *
 * Limits the platforms state in "characters" are counted here in UTF-16 units: some count
 * those, others code points, and there are never fewer units than points.
 */

#include <stdint.h>

#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/span.h"

/* Half-open, in bytes of the text. Marks are ascending and do not touch. */
struct mark {
	size_t start;
	size_t end;
};

struct marked {
	struct span text;
	const struct mark *marks;
	size_t n_marks;
};

enum text_clean {
	/* One line; nothing that is invisible: Unicode's Default_Ignorable_Code_Point but the
	 * variation selectors that make an emoji one. */
	TEXT_HEADING,
	/* One line; no bidi controls, but the joiners some scripts are written with. */
	TEXT_LINE,
};

/* Runs of white space and control characters become one space, none at the ends. 0 or -ENOMEM.
 */
int text_clean(struct marked *ret, struct arena *arena, const struct marked *text,
	enum text_clean how);

/* The same without marks; .p is NULL only when memory is out. */
struct span text_heading(struct arena *arena, struct span text);

enum { TEXT_ESCAPE_MAX = 12 };

/* A code point and its neighbours in the text; 0 at the ends. */
struct text_point {
	uint32_t before;
	uint32_t c;
	uint32_t after;
};

/* Writes a code point as a channel writes it; returns the number of bytes. */
typedef size_t (*text_escape)(char out[TEXT_ESCAPE_MAX], const struct text_point *point);

size_t text_escape_none(char out[TEXT_ESCAPE_MAX], const struct text_point *point);
size_t text_escape_html(
	char out[TEXT_ESCAPE_MAX], const struct text_point *point); /* & < > " ' */
size_t text_put(char *out, const char *with);                       /* copies; for escapes */

enum text_unit { TEXT_UTF16, TEXT_BYTES };

struct text_style {
	text_escape escape;
	const char *open; /* before and behind marked words; NULL: marks are not shown */
	const char *close;
	/* The markup only works at a word's edge: where a mark ends inside a word, U+200B is
	 * put outside of it. */
	bool word_edges;
	enum text_unit unit;
};

/* Appends the text, at most `limit` units with marks and ellipsis; returns the units used. What
 * does not fit ends in "…". */
size_t text_write(struct buf *out, const struct marked *text, const struct text_style *style,
	size_t limit);

/* The same for plain text. */
size_t text_write_span(
	struct buf *out, struct span text, const struct text_style *style, size_t limit);

size_t text_units(struct span text, enum text_unit unit);

/* Pictures, letters and the rest of them: may a cut fall between these two? */
bool text_may_cut(uint32_t before, uint32_t after);

/* Unicode's White_Space but the no-break spaces; and control characters. */
bool text_is_space(uint32_t c);

/* Letters, digits and marks, roughly: what stands inside a word. */
bool text_is_word(uint32_t c);

/* Writes `pattern` with each "{}" replaced by the next of `parts`. */
void text_fill(struct buf *out, const char *pattern, const struct span *parts, size_t n_parts);

#endif
