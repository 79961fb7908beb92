#ifndef RULES_EXACT_H
#define RULES_EXACT_H

/*
 * exact: the comparison of exact terms. Two tokens are the same when their composed forms (NFC)
 * are, invisible code points apart; that is so when their decomposed forms (NFD) are, which is
 * what is compared here (UAX #15).
 *
 * Exact terms are found by their fold first. Folding looks at one code point at a time, so a
 * text and its canonical equivalent can fold differently; but only around "loose" code points,
 * which compose or change places and are not simply dropped, or give several tokens (which
 * share their original then). A document with one of those (folded.loose) is searched token by
 * token for the exact terms that contain one (loose), and a term that is itself written with
 * one (irregular) always is.
 */

#include <stdbool.h>

#include "vigie/buf.h"
#include "vigie/span.h"

/* Appends the form that is compared. */
void exact_normal(struct buf *out, struct span token);

/* `normal` was made by exact_normal(); `work` is for the callee's use. */
bool exact_equal(struct span token, struct span normal, struct buf *work);

/* Whether a loose code point stands in s, as it is. */
bool exact_is_loose(struct span s);

#endif
