#ifndef VIGIE_SOURCES_URL_H
#define VIGIE_SOURCES_URL_H

/*
 * url: addresses as text. Resolution (RFC 3986 section 5.2), one spelling for one address,
 * hosts and registrable domains. Looks nothing up and connects to nothing. All results are
 * valid UTF-8 in the arena (or, where said, slices of the input); SPAN_NONE means "no such
 * address", or that memory is out.
 */

#include <stdbool.h>

#include "vigie/arena.h"
#include "vigie/span.h"

/* The five parts of RFC 3986 appendix B, as slices. A part that is absent has p NULL; one that
 * is there and empty has p set. Any bytes have parts. */
struct url_parts {
	struct span scheme;    /* without ":" */
	struct span authority; /* without "//" */
	struct span path;
	struct span query;    /* without "?" */
	struct span fragment; /* without "#" */
};

struct url_parts url_split(struct span url);

/* An absolute address: has a scheme. */
bool url_is_absolute(struct span url);

/* http or https, with a host. */
bool url_is_web(struct span url);

/* reference as seen from base: white space around it is ignored, inside it becomes %20; dot
 * segments are taken out; scheme and host become lower case. A base that is empty or not
 * absolute leaves only absolute references. SPAN_NONE when the result would not be absolute. */
struct span url_resolve(struct arena *arena, struct span base, struct span reference);

/* One spelling for one address, for comparing and requesting (RFC 3986 section 6.2.2
 * and 6.2.3): lower-case scheme and host, host in ASCII (punycode), no default port, no dot
 * segments, "/" for an empty path, %-escapes in capitals and only where needed, everything else
 * escaped, no fragment. Userinfo stays. SPAN_NONE when it isn't a web address that can be
 * requested. */
struct span url_normalize(struct arena *arena, struct span url);

/* The host of an absolute address: lower case, no port, no brackets around IPv6, punycode. */
struct span url_host(struct arena *arena, struct span url);

/* The host without a leading "www.", as people name a site; empty when there is none. */
struct span url_site(struct arena *arena, struct span url);

/* The domain one registers under the public suffix list: "bbc.co.uk" of "news.bbc.co.uk". A
 * host that has none (an address, "localhost", a public suffix itself) is its own. Takes a host
 * as url_host() gives it. */
struct span url_registrable_domain(struct arena *arena, struct span host);

/* Without userinfo and fragment, and with the values of parameters that look like secrets
 * (key, token, secret, signature, password …) replaced by "…": for logs and pages. */
struct span url_redact(struct arena *arena, struct span url);

/* %XX decoded; invalid escapes stay. Result may hold any bytes. */
struct span url_unescape(struct arena *arena, struct span s);

/* Appends s with everything but unreserved characters escaped, as in a query's value. */
struct buf;
void url_escape(struct buf *out, struct span s);

#endif
