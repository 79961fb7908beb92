#ifndef VIGIE_SOURCES_ENCODING_H
#define VIGIE_SOURCES_ENCODING_H

/*
 * encoding: from the bytes of a document to UTF-8. Which encoding a document is in is told by
 * its byte order mark, the HTTP header, the declaration inside and the bytes themselves; these
 * contradict each other, and encoding_detect() says who wins. Labels are read as the web reads
 * them (WHATWG Encoding, section 4.2): "latin1" is windows-1252.
 */

#include <stdbool.h>
#include <stdint.h>

#include "vigie/buf.h"
#include "vigie/span.h"

enum { ENCODING_SNIFF_BYTES = 1024, ENCODING_NAME_BYTES = 32 };

struct encoding {
	char name[ENCODING_NAME_BYTES]; /* for iconv; "utf-8" needs no conversion */
	size_t skip;                    /* bytes of the byte order mark */
	bool certain; /* false: bytes that aren't valid UTF-8 may still be windows-1252 */
};

/* From the first bytes (ENCODING_SNIFF_BYTES are enough) and the HTTP content type. */
struct encoding encoding_detect(struct span head, struct span content_type);

/* The charset parameter of a content type, a slice of it; may be empty. */
struct span encoding_of_content_type(struct span content_type);

/* Converts in pieces. */
struct encoding_reader;

/* -ENOMEM. Unknown names are read as UTF-8. */
int encoding_reader_new(struct encoding_reader **ret, const struct encoding *encoding);
struct encoding_reader *encoding_reader_free(struct encoding_reader *r);

/* Appends UTF-8 to out; what can't be read, and U+0000, becomes U+FFFD. A sequence cut at the
 * end of the piece waits for the next one, or with `final` becomes U+FFFD. 0 or -ENOMEM. */
int encoding_read(struct encoding_reader *r, struct buf *out, struct span piece, bool final);

/* True when encoding_read() would give the piece back as it is, but for the last
 * *ret_incomplete bytes, which start a sequence: then it counts as read, and the caller saves
 * the copy. Those last bytes are to be given again, before what follows. */
bool encoding_is_identity(struct encoding_reader *r, struct span piece, size_t *ret_incomplete);

/* A whole document at once, up to max_bytes of it. 0 or -ENOMEM. */
int encoding_read_all(
	struct buf *out, struct span body, struct span content_type, size_t max_bytes);

/* Is s valid UTF-8? Adds the number of sequences beyond ASCII to *n_wide. */
bool encoding_valid(struct span s, size_t *n_wide);

/* Number of bytes before the first one beyond ASCII. */
size_t encoding_ascii_prefix(struct span s);

/* U+0080 to U+009F as windows-1252 reads these bytes: nobody means the control characters. */
extern const uint16_t encoding_c1[32];

#endif
