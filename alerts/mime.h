#ifndef VIGIE_ALERTS_MIME_H
#define VIGIE_ALERTS_MIME_H

/*
 * mime: the pieces of an e-mail as bytes: header lines (RFC 5322, RFC 2047), quoted-printable
 * (RFC 2045), dates. Every line ends in CRLF and no value can begin a line of its own.
 */

#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/instant.h"
#include "vigie/span.h"

enum { MIME_LINE = 76 }; /* RFC 2045 section 6.7, RFC 2047 section 2 */

/* "Name: value" of an unstructured header; controls become spaces, what is not plain ASCII or
 * looks like an encoded-word goes into encoded-words of at most 75 characters. 0 or -ENOMEM. */
int mime_header(struct buf *out, struct arena *arena, const char *name, struct span value);

/* "Name: phrase <address>". The address must be mime_address_ok(). 0 or -ENOMEM. */
int mime_mailbox(struct buf *out, struct arena *arena, const char *name, struct span phrase,
	struct span address);

/* "Name: value", on a line of its own when it is long: for one token made here. */
void mime_raw(struct buf *out, const char *name, struct span value);

/* An ASCII address (RFC 5322 addr-spec with dot-atoms) that may stand in a header and in the
 * envelope. */
bool mime_address_ok(struct span address);

/* Behind the "@". */
struct span mime_domain(struct span address);

/* Quoted-printable of a text whose lines end in LF. */
void mime_quoted(struct buf *out, struct span text);

/* "Fri, 20 Nov 2026 20:26:10 +0000" */
void mime_date(struct buf *out, struct wall at);

/* A label for Message-ID and List-Id: letters, digits and hyphens, at most 40; what is too long
 * ends in a hash. .p is NULL only when memory is out. */
struct span mime_label(struct arena *arena, struct span text);

#endif
