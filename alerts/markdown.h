#ifndef VIGIE_ALERTS_MARKDOWN_H
#define VIGIE_ALERTS_MARKDOWN_H

/*
 * markdown: strangers' text among Markdown. CommonMark (section 2.4) lets a backslash stand
 * before any ASCII punctuation, and so do Discord's and Mattermost's dialects.
 */

#include "text.h"

/* What would be markup gets a backslash; "@" is followed by U+200B, so that it mentions nobody,
 * and so is "<", which some servers translate before they read Markdown. */
size_t markdown_escape(char out[TEXT_ESCAPE_MAX], const struct text_point *point);

/* For texts that are Markdown but know no backslash: what would be markup is replaced by
 * characters that look alike. */
size_t markdown_lookalike(char out[TEXT_ESCAPE_MAX], const struct text_point *point);

#endif
