#ifndef VIGIE_PRINTER_H
#define VIGIE_PRINTER_H

/*
 * printer: a mention for a person at a terminal: when, where, what, with the matched words marked
 * and the rules that wanted it. Text from outside cannot move the cursor or change colours.
 */

#include <stdio.h>

#include "vigie/hit.h"

struct printer_style {
	bool colour; /* printer_colour() */
	int columns; /* of the terminal; 0: 80 */
	int64_t zone_s; /* local time minus UTC */
};

/* What fits this stream: colours on a terminal unless NO_COLOR (no-color.org) is set. */
struct printer_style printer_style_of(FILE *to);

void printer_hit(FILE *to, const struct printer_style *style, const struct hit *hit);

/* Text with control characters, bidi overrides and line ends taken out. */
void printer_text(FILE *to, struct span text);

#endif
