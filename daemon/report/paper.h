#ifndef VIGIE_REPORT_PAPER_H
#define VIGIE_REPORT_PAPER_H

/*
 * paper: a report as something to read: Markdown, one HTML page that needs nothing else (no
 * script, no picture, nothing from outside), or JSON. Each table says what its figures are.
 * Text of others is escaped, and only http and https addresses become links.
 */

#include "report/figures.h"
#include "vigie/buf.h"

enum report_format { REPORT_MARKDOWN, REPORT_HTML, REPORT_JSON };

/* `day_names` are the dates of period.days, the end's too, as text. `lang` "fr" or "en". 0 or
 * -ENOMEM. */
int report_write(struct buf *out, const struct report *report, const struct span *day_names,
	enum report_format format, struct span lang);

/* The same in a few lines for a chat: volume, share of voice, the first story, coverage. */
int report_brief(struct buf *out, const struct report *report, struct span lang);

#endif
