/*
 * transfer_why: what went wrong, as a class and as one sentence for people. Names the host and
 * nothing else of an address: paths, queries and userinfo may be secrets.
 */

#include <errno.h>
#include <string.h>

#include "io/transfer_impl.h"
#include "vigie/utf8.h"

struct span why_text(struct transfer_handle *h, const char *format, ...)
{
	struct buf text = {0};
	struct span kept;
	va_list ap;
	char line[512];

	va_start(ap, format);
	(void)vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	utf8_repair(&text, span_str(line));
	kept = arena_dup(&h->arena, buf_span(&text));
	buf_deinit(&text);
	return kept;
}

static const struct {
	CURLcode code;
	enum transfer_error error;
	const char *text; /* %s: the host */
} rows[] = {
	{CURLE_COULDNT_RESOLVE_HOST, TRANSFER_RESOLVE, "the name %s is not known to the DNS"},
	{CURLE_OPERATION_TIMEDOUT, TRANSFER_TIMEOUT, "%s took too long to answer"},
	{CURLE_URL_MALFORMAT, TRANSFER_PROTOCOL, "the address on %s is malformed"},
	{CURLE_UNSUPPORTED_PROTOCOL, TRANSFER_PROTOCOL, "%s does not answer in HTTP"},
	{CURLE_WEIRD_SERVER_REPLY, TRANSFER_PROTOCOL, "%s does not answer as it should"},
	{CURLE_HTTP2, TRANSFER_PROTOCOL, "%s does not speak HTTP/2 as it should"},
	{CURLE_HTTP2_STREAM, TRANSFER_PROTOCOL, "%s broke off the HTTP/2 stream"},
	{CURLE_BAD_CONTENT_ENCODING, TRANSFER_PROTOCOL, "%s sent what cannot be decoded"},
	{CURLE_GOT_NOTHING, TRANSFER_CONNECT, "%s closed the connection without an answer"},
	{CURLE_RECV_ERROR, TRANSFER_CONNECT, "%s closed the connection before it answered"},
	{CURLE_SEND_ERROR, TRANSFER_CONNECT, "%s closed the connection before it was asked"},
	{CURLE_PARTIAL_FILE, TRANSFER_CONNECT, "%s closed the connection before it answered"},
	{CURLE_OUT_OF_MEMORY, TRANSFER_MEMORY, "out of memory for %s"},
	{CURLE_USE_SSL_FAILED, TRANSFER_TLS,
		"%s offers no TLS (STARTTLS), and without it nothing is sent"},
};

/* Codes for which libcurl's own words say more than the class: about certificates mostly. */
static const CURLcode tls_codes[] = {CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION,
	CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
	CURLE_SSL_ISSUER_ERROR, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_INVALIDCERTSTATUS,
	CURLE_SSL_SHUTDOWN_FAILED};

static enum transfer_error why_refused(struct transfer_handle *h, struct span *ret_why)
{
	const char *host = h->place.host.p;

	if (h->private_only) {
		*ret_why = why_text(h,
			"%s is another machine, and a password is only sent there over TLS",
			host);
		return TRANSFER_TLS;
	}
	*ret_why = why_text(h,
		"%s leads to %s, which is not a public address: crawl.allow_addresses can "
		"allow it",
		host, h->refused_address);
	return TRANSFER_REFUSED;
}

enum transfer_error why_ended(struct transfer_handle *h, CURLcode code, struct span *ret_why)
{
	const char *host = h->place.host.p;
	long os_errno = 0;

	if (h->refused && !h->passed)
		return why_refused(h, ret_why);
	/* The request itself was refused: a connection that was reused. */
	if (h->refused && code == CURLE_ABORTED_BY_CALLBACK)
		return why_refused(h, ret_why);
	if (h->unresolved) {
		*ret_why = why_text(h, "the DNS has no answer for %s: %s", host, h->unresolved);
		return TRANSFER_DNS;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == code) {
			/* The row's text has exactly one %s. */
			const char *mark = strstr(rows[i].text, "%s");

			*ret_why = why_text(h, "%.*s%s%s", (int)(mark - rows[i].text),
				rows[i].text, host, mark + 2);
			return rows[i].error;
		}
	for (size_t i = 0; i < sizeof(tls_codes) / sizeof(tls_codes[0]); i++)
		if (tls_codes[i] == code) {
			*ret_why = why_text(h, "no trusted TLS connection to %s: %s%s", host,
				h->message[0] ? h->message : curl_easy_strerror(code),
				trust_remedy(h->easy, code));
			return TRANSFER_TLS;
		}
	if (code == CURLE_COULDNT_CONNECT) {
		(void)curl_easy_getinfo(h->easy, CURLINFO_OS_ERRNO, &os_errno);
		*ret_why = why_text(h, "no connection to %s port %s%s%s", host, h->place.port.p,
			os_errno ? ": " : "", os_errno ? strerror((int)os_errno) : "");
		return TRANSFER_CONNECT;
	}
	*ret_why = why_text(h, "%s: %s", host, curl_easy_strerror(code));
	return TRANSFER_PROTOCOL;
}
