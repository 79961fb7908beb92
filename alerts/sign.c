#include "sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

void sign_base64(struct buf *out, struct span bytes)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes.n; i += 3) {
		const size_t left = bytes.n - i;
		const unsigned a = (unsigned char)bytes.p[i];
		const unsigned b = left > 1 ? (unsigned char)bytes.p[i + 1] : 0;
		const unsigned c = left > 2 ? (unsigned char)bytes.p[i + 2] : 0;

		buf_add_char(out, digits[a >> 2]);
		buf_add_char(out, digits[(a & 3) << 4 | b >> 4]);
		buf_add_char(out, left > 1 ? digits[(b & 15) << 2 | c >> 6] : '=');
		buf_add_char(out, left > 2 ? digits[c & 63] : '=');
	}
}

/* Bytes of a base64 text (RFC 4648 section 4), or -1. */
static int base64_key(unsigned char out[SIGN_KEY_MAX + 3], struct span text)
{
	int padding = 0, n;

	if (text.n == 0 || text.n % 4 || text.n > 4 * ((SIGN_KEY_MAX + 2) / 3))
		return -1;
	while (padding < 2 && text.p[text.n - 1 - (size_t)padding] == '=')
		padding++;
	n = EVP_DecodeBlock(out, (const unsigned char *)text.p, (int)text.n);
	return n < 0 ? -1 : n - padding;
}

int sign_add(struct buf *out, struct span secret, struct span id, struct span timestamp,
	struct span body)
{
	static const struct span prefix = {"whsec_", 6};
	unsigned char key[SIGN_KEY_MAX + 3], mac[EVP_MAX_MD_SIZE];
	const void *key_bytes = secret.p;
	struct buf text = {0};
	unsigned int mac_n = 0;
	int key_n = (int)secret.n, r = 0;

	if (span_starts(secret, prefix)) {
		key_n = base64_key(key, span_slice(secret, prefix.n, secret.n));
		key_bytes = key;
		if (key_n < SIGN_KEY_MIN || key_n > SIGN_KEY_MAX)
			return -EINVAL;
	}
	buf_add(&text, id);
	buf_add_char(&text, '.');
	buf_add(&text, timestamp);
	buf_add_char(&text, '.');
	buf_add(&text, body);
	if (text.failed || !HMAC(EVP_sha256(), key_bytes, key_n, (const unsigned char *)text.p,
				   text.n, mac, &mac_n))
		r = -ENOMEM;
	buf_deinit(&text);
	if (r < 0)
		return r;
	buf_add_str(out, "v1,");
	sign_base64(out, span_of((const char *)mac, mac_n));
	return buf_result(out);
}

int sign_hash(char out[SIGN_HASH_HEX + 1], struct span text)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (!EVP_Digest(text.p ? text.p : "", text.n, digest, NULL, EVP_sha256(), NULL))
		return -ENOMEM;
	for (int i = 0; i < SIGN_HASH_HEX / 2; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
	return 0;
}
