#ifndef VIGIE_ALERTS_SIGN_H
#define VIGIE_ALERTS_SIGN_H

/*
 * sign: the signature of a web hook, Standard Webhooks 1.0.0, and short hashes for names made
 * of long texts. The room's one user of libcrypto.
 */

#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/span.h"

enum { SIGN_KEY_MIN = 24, SIGN_KEY_MAX = 64, SIGN_HASH_HEX = 32 };

/* Appends "v1,<base64>": HMAC-SHA256 over id "." timestamp "." body. A secret that begins with
 * "whsec_" is base64 of 24 to 64 bytes; any other is the key itself. 0; -EINVAL when the secret
 * is not what it says; -ENOMEM. */
int sign_add(struct buf *out, struct span secret, struct span id, struct span timestamp,
	struct span body);

/* 32 hexadecimal digits of SHA-256, and a NUL. 0 or -ENOMEM. */
int sign_hash(char out[SIGN_HASH_HEX + 1], struct span text);

void sign_base64(struct buf *out, struct span bytes);

#endif
