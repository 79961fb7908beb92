#ifndef VIGIE_SOURCES_DIGEST_H
#define VIGIE_SOURCES_DIGEST_H

/*
 * digest: what requests are signed with: SHA-256, HMAC-SHA-256 (RFC 2104) and base 64
 * (RFC 4648). The room's only user of libcrypto.
 */

#include <stdbool.h>
#include <stdint.h>

#include "vigie/buf.h"
#include "vigie/span.h"

enum { DIGEST_BYTES = 32 };

bool digest_sha256(uint8_t out[DIGEST_BYTES], struct span s);
bool digest_hmac(uint8_t out[DIGEST_BYTES], struct span key, struct span s);

/* Appends; `url`: "-" and "_" for "+" and "/", without padding (RFC 4648, section 5). */
void digest_base64(struct buf *out, struct span s, bool url);
void digest_hex(struct buf *out, struct span s);

#endif
