/*
 * transfer_tls: certificate authorities of the operator's own, beside the system's (the only
 * file that includes OpenSSL's TLS half). CURLOPT_CAINFO would replace the system's.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "io/transfer_impl.h"
#include "vigie/cleanup.h"

struct trust {
	STACK_OF(X509) * authorities;
};

DEFINE_CLEANUP(struct trust *, trust_free)

static int read_authorities(struct trust *trust, FILE *f)
{
	X509 *one;

	while ((one = PEM_read_X509(f, NULL, NULL, NULL)))
		if (!sk_X509_push(trust->authorities, one)) {
			X509_free(one);
			return -ENOMEM;
		}
	ERR_clear_error(); /* the end of the file is one */
	return sk_X509_num(trust->authorities) ? 0 : -EINVAL;
}

int trust_new(struct trust **ret, const char *ca_file)
{
	CLEANUP(trust_freep) struct trust *trust = calloc(1, sizeof(*trust));
	const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;
	FILE *f;
	int r;

	if (!trust)
		return -ENOMEM;
	if (!library || !span_starts(span_str(library), SPAN("OpenSSL")))
		return -ENOTSUP;
	trust->authorities = sk_X509_new_null();
	if (!trust->authorities)
		return -ENOMEM;
	if (ca_file) {
		f = fopen(ca_file, "re");
		if (!f)
			return -errno;
		r = read_authorities(trust, f);
		(void)fclose(f);
		if (r < 0)
			return r;
	}
	*ret = TAKE(trust);
	return 0;
}

struct trust *trust_free(struct trust *trust)
{
	if (!trust)
		return NULL;
	if (trust->authorities)
		sk_X509_pop_free(trust->authorities, X509_free);
	free(trust);
	return NULL;
}

/* libcurl's, for each new TLS connection. The store may be one that libcurl shares between
 * them: a certificate already in it is no error. */
static CURLcode on_context(CURL *easy, void *context, void *arg)
{
	const struct trust *trust = arg;
	X509_STORE *store = SSL_CTX_get_cert_store(context);

	(void)easy;
	if (!store)
		return CURLE_SSL_CERTPROBLEM;
	for (int i = 0; i < sk_X509_num(trust->authorities); i++)
		if (!X509_STORE_add_cert(store, sk_X509_value(trust->authorities, i)))
			return CURLE_OUT_OF_MEMORY;
	return CURLE_OK;
}

/* By the result of the chain's verification (openssl-verification-options(1ssl)). */
static const struct {
	long result;
	const char *remedy;
} remedies[] = {
	{X509_V_ERR_CERT_HAS_EXPIRED, ": it must be renewed there"},
	{X509_V_ERR_CERT_NOT_YET_VALID, ": is the clock of this machine right?"},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, ": name its authority in crawl.ca_file"},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, ": name its authority in crawl.ca_file"},
	{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, ": name its authority in crawl.ca_file"},
	{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, ": name it in crawl.ca_file"},
	{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, ": name its authority in crawl.ca_file"},
};

const char *trust_remedy(CURL *easy, CURLcode code)
{
	long result = X509_V_OK;

	if (code != CURLE_PEER_FAILED_VERIFICATION)
		return "";
	(void)curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result);
	for (size_t i = 0; i < sizeof(remedies) / sizeof(*remedies); i++)
		if (remedies[i].result == result)
			return remedies[i].remedy;
	/* libcurl looks at the name itself, before it asks how the chain did (7.88,
	 * servercert()): nothing is known of that then. */
	return result == X509_V_OK || result == X509_V_ERR_UNSPECIFIED
		       ? ": use the name that it is for"
		       : "";
}

int trust_set(const struct trust *trust, CURL *easy)
{
	if (!sk_X509_num(trust->authorities))
		return 0;
	if (curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context) != CURLE_OK ||
		curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, trust) != CURLE_OK)
		return -ENOMEM;
	return 0;
}
