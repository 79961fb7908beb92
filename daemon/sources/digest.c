#include "sources/digest.h"

#include <limits.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

bool digest_sha256(uint8_t out[DIGEST_BYTES], struct span s)
{
	return EVP_Digest(s.p ? s.p : "", s.n, out, NULL, EVP_sha256(), NULL) == 1;
}

bool digest_hmac(uint8_t out[DIGEST_BYTES], struct span key, struct span s)
{
	return key.n <= INT_MAX && HMAC(EVP_sha256(), key.p ? key.p : "", (int)key.n,
					   (const uint8_t *)(s.p ? s.p : ""), s.n, out, NULL);
}

void digest_base64(struct buf *out, struct span s, bool url)
{
	static const char common[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	const char *last = url ? "-_" : "+/";

	for (size_t i = 0; i < s.n; i += 3) {
		const size_t have = s.n - i < 3 ? s.n - i : 3;
		uint32_t v = 0;

		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (k < have ? (uint8_t)s.p[i + k] : 0U);
		for (size_t k = 0; k < 4; k++) {
			const uint32_t six = v >> (18 - 6 * k) & 63;

			if (k <= have)
				buf_add_char(out, six < 62 ? common[six] : last[six - 62]);
			else if (!url)
				buf_add_char(out, '=');
		}
	}
}

void digest_hex(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addf(out, "%02x", (uint8_t)s.p[i]);
}
