/*
 * transfer_place: addresses of the web, read by the parser that will also connect to them, so
 * that no two readings can differ.
 */

#include <errno.h>
#include <string.h>

#include "io/transfer_impl.h"

enum { URL_MAX = 8192 }; /* RFC 9110 section 4.1 asks for 8000 at least */

/* A part of u, copied; { NULL, 0 } when there is none. */
static struct span part(struct arena *arena, CURLU *u, CURLUPart what, unsigned flags)
{
	struct span copy = SPAN_NONE;
	char *text = NULL;

	if (curl_url_get(u, what, &text, flags) == CURLUE_OK)
		copy = arena_dup(arena, span_str(text));
	curl_free(text);
	return copy;
}

static bool is_listed(const char *list, struct span scheme)
{
	struct span rest = span_str(list);

	while (rest.n) {
		const size_t comma = span_find(rest, ',');

		if (span_eq(span_slice(rest, 0, comma), scheme))
			return true;
		rest = span_slice(rest, comma + 1, rest.n);
	}
	return false;
}

static bool is_ascii(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] & 0x80)
			return false;
	return true;
}

static int fill(struct place *ret, struct arena *arena, CURLU *u, const char *schemes)
{
	struct place p = {0};
	struct span url;

	p.scheme = part(arena, u, CURLUPART_SCHEME, 0);
	if (!p.scheme.p)
		return -EINVAL;
	if (!is_listed(schemes, p.scheme))
		return -EPROTONOSUPPORT;
	p.host = part(arena, u, CURLUPART_HOST, 0);
	p.name = is_ascii(p.host) ? p.host : part(arena, u, CURLUPART_HOST, CURLU_PUNYCODE);
	p.port = part(arena, u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	if (!p.host.n && !span_eq_str(p.scheme, "file"))
		return -EINVAL;
	p.user = part(arena, u, CURLUPART_USER, CURLU_URLDECODE).p;
	p.password = part(arena, u, CURLUPART_PASSWORD, CURLU_URLDECODE).p;
	(void)curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
	url = part(arena, u, CURLUPART_URL, 0);
	p.shown = url;
	if (span_find(url, '@') < url.n) { /* else there is no userinfo to leave out */
		(void)curl_url_set(u, CURLUPART_USER, NULL, 0);
		(void)curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
		p.shown = part(arena, u, CURLUPART_URL, 0);
	}
	if (!url.p || !p.shown.p)
		return -ENOMEM;
	p.url = (char *)(uintptr_t)url.p;
	*ret = p;
	return 0;
}

int place_read(struct place *ret, struct arena *arena, const struct place *base,
	struct span text, const char *schemes)
{
	/* A scheme that libcurl does not know is refused by the list, with a better reason. */
	const unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE | CURLU_ALLOW_SPACE;
	const struct span copy = arena_dup(arena, text);
	CURLU *u;
	int r = -EINVAL;

	if (!copy.p)
		return -ENOMEM;
	if (!copy.n || copy.n > URL_MAX || strlen(copy.p) != copy.n)
		return -EINVAL;
	u = curl_url();
	if (!u)
		return -ENOMEM;
	if ((!base || curl_url_set(u, CURLUPART_URL, base->url, flags) == CURLUE_OK) &&
		curl_url_set(u, CURLUPART_URL, copy.p, flags) == CURLUE_OK)
		r = fill(ret, arena, u, schemes);
	curl_url_cleanup(u);
	return r;
}

bool place_same_origin(const struct place *a, const struct place *b)
{
	return span_eq(a->scheme, b->scheme) && span_eq_ci(a->host, b->host) &&
	       span_eq(a->port, b->port);
}
