/*
 * transfer_tls: certificate authorities of the operator's own, beside the system's
 * (CURLOPT_CAINFO would replace those), and TLS sessions for when we come back. The only file
 * that includes OpenSSL's TLS half.
 *
 * libcurl 7.88 keeps a handful of sessions an easy handle (max_ssl_sessions, which no option
 * changes; eight in a CURLSH): a crawl of more hosts never meets one again. So its cache is
 * off, and OpenSSL tells us: a new session comes with SSL_CTX_sess_set_new_cb(), and goes into
 * the next connection from the info callback at the start of its handshake, before the first
 * message is written.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "io/transfer_impl.h"
#include "io/transfer_session.h"
#include "vigie/cleanup.h"

struct trust {
	struct loop *loop;
	STACK_OF(X509) * authorities;
	struct sessions *sessions;
	struct transfer_tls_stats stats;
};

/* Whom a connection leads to; of its SSL_CTX, which libcurl makes for each. */
struct door {
	struct trust *trust;
	struct mono born; /* of the session that was shown */
	size_t n;
	char key[]; /* "host:port" */
};

static int door_index = -1; /* of struct door in an SSL_CTX */

DEFINE_CLEANUP(struct trust *, trust_free)

/* OpenSSL's, when an SSL_CTX goes. */
static void door_free(
	void *parent, void *door, CRYPTO_EX_DATA *all, int index, long argl, void *argp)
{
	(void)parent;
	(void)all;
	(void)index;
	(void)argl;
	(void)argp;
	free(door);
}

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

int trust_new(struct trust **ret, struct loop *loop, const char *ca_file)
{
	CLEANUP(trust_freep) struct trust *trust = calloc(1, sizeof(*trust));
	const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;
	FILE *f;
	int r;

	if (!trust)
		return -ENOMEM;
	if (!library || !span_starts(span_str(library), SPAN("OpenSSL")))
		return -ENOTSUP;
	trust->loop = loop;
	trust->authorities = sk_X509_new_null();
	if (!trust->authorities)
		return -ENOMEM;
	if (door_index < 0)
		door_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, door_free);
	if (door_index < 0)
		return -ENOMEM;
	r = sessions_new(&trust->sessions, 0, 0);
	if (r < 0)
		return r;
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
	trust->sessions = sessions_free(trust->sessions);
	free(trust);
	return NULL;
}

/* OpenSSL's: what we are to be known by next time. It can be taken along after the handshake.
 */
static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
	struct door *door = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), door_index);
	unsigned char *bytes = NULL;
	const int n = SSL_SESSION_is_resumable(session) ? i2d_SSL_SESSION(session, &bytes) : 0;

	if (door && n > 0)
		sessions_put(door->trust->sessions, span_of(door->key, door->n),
			span_of((const char *)bytes, (size_t)n),
			SSL_session_reused(ssl) ? door->born : loop_now(door->trust->loop));
	OPENSSL_free(bytes);
	return 0; /* no reference was kept */
}

static void show_session(SSL *ssl, struct door *door)
{
	struct trust *trust = door->trust;
	struct buf bytes = {0};
	SSL_SESSION *session = NULL;
	const unsigned char *p;

	if (sessions_take(&bytes, &door->born, trust->sessions, span_of(door->key, door->n),
		    loop_now(trust->loop))) {
		p = (const unsigned char *)bytes.p;
		session = d2i_SSL_SESSION(NULL, &p, (long)bytes.n);
	}
	if (session)
		trust->stats.shown += SSL_set_session(ssl, session) == 1;
	SSL_SESSION_free(session);
	buf_deinit(&bytes);
}

/* OpenSSL's. A handshake that begins anew on a connection in use (TLS 1.2) is not meant. */
static void on_info(const SSL *ssl, int where, int ret)
{
	SSL *own = (SSL *)(uintptr_t)ssl; /* it is ours to change before it has begun */
	struct door *door = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), door_index);

	(void)ret;
	if (!door)
		return;
	if ((where & SSL_CB_HANDSHAKE_START) && SSL_in_before(ssl)) {
		door->trust->stats.handshakes++;
		show_session(own, door);
	} else if ((where & SSL_CB_HANDSHAKE_DONE) && SSL_session_reused(own)) {
		door->trust->stats.resumed++;
		/* Before TLS 1.3 the same session serves again, and is not told of anew. */
		if (SSL_version(ssl) < TLS1_3_VERSION)
			(void)on_new_session(own, SSL_get_session(ssl));
	}
}

static bool open_door(struct transfer_handle *h, SSL_CTX *context)
{
	const struct place *p = &h->place;
	const size_t n = p->name.n + 1 + p->port.n;
	struct door *door = calloc(1, sizeof(*door) + n + 1);

	if (!door)
		return false;
	door->trust = h->transfer->trust;
	door->n = n;
	(void)snprintf(door->key, n + 1, "%.*s:%.*s", SPAN_ARG(p->name), SPAN_ARG(p->port));
	if (SSL_CTX_set_ex_data(context, door_index, door) != 1) {
		free(door);
		return false;
	}
	(void)SSL_CTX_set_session_cache_mode(
		context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context, on_new_session);
	SSL_CTX_set_info_callback(context, on_info);
	return true;
}

/* libcurl's, for each new TLS connection. The store may be one that libcurl shares between
 * them: a certificate already in it is no error. */
static CURLcode on_context(CURL *easy, void *context, void *arg)
{
	struct transfer_handle *h = arg;
	const struct trust *trust = h->transfer->trust;
	X509_STORE *store = SSL_CTX_get_cert_store(context);

	(void)easy;
	if (!store)
		return CURLE_SSL_CERTPROBLEM;
	for (int i = 0; i < sk_X509_num(trust->authorities); i++)
		if (!X509_STORE_add_cert(store, sk_X509_value(trust->authorities, i)))
			return CURLE_OUT_OF_MEMORY;
	/* Mail goes from threads, and keeps its connections. */
	if (!h->lane && !open_door(h, context))
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

int trust_set(struct transfer_handle *h)
{
	CURL *easy = h->easy;

	if (h->lane && !sk_X509_num(h->transfer->trust->authorities))
		return 0;
	if (curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context) != CURLE_OK ||
		curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, h) != CURLE_OK ||
		curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, (long)(h->lane != NULL)) !=
			CURLE_OK)
		return -ENOMEM;
	return 0;
}

struct transfer_tls_stats transfer_tls_stats(const struct transfer *transfer)
{
	const struct trust *trust = transfer->trust;
	const struct sessions_stats *kept = sessions_stats(trust->sessions);
	struct transfer_tls_stats stats = trust->stats;

	stats.sessions = kept->n;
	stats.session_bytes = kept->bytes;
	return stats;
}
