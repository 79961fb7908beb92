#include "link.h"

#include "vigie/buf.h"

static const struct span nothing = {"", 0};

/* RFC 3986 section 2: unreserved and reserved characters and the percent sign, without those
 * that close a link in HTML, mrkdwn or Markdown. Brackets are let through in the host only
 * (IPv6). */
static bool may_stand(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~:/?#@!$&+,;=%", c));
}

static size_t scheme_bytes(struct span url)
{
	static const struct span schemes[] = {{"http://", 7}, {"https://", 8}};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (span_eq_ci(span_slice(url, 0, schemes[i].n), schemes[i]))
			return schemes[i].n;
	return 0;
}

static size_t host_end(struct span url, size_t from)
{
	while (from < url.n && !strchr("/?#\\", url.p[from]))
		from++;
	return from;
}

struct span link_safe(struct arena *arena, struct span text)
{
	const struct span url = span_trim(text);
	const size_t scheme = scheme_bytes(url);
	const size_t end = host_end(url, scheme);
	struct buf out = {.limit_bytes = LINK_BYTES_MAX};
	struct span ret;

	if (!scheme || end == scheme)
		return nothing;
	for (size_t i = 0; i < url.n; i++) {
		const char c = url.p[i];

		if (i < scheme)
			buf_add_char(&out, ascii_lower(c));
		else if (may_stand(c) || (i < end && (c == '[' || c == ']')))
			buf_add_char(&out, c);
		else
			buf_addf(&out, "%%%02X", (unsigned)(unsigned char)c);
	}
	ret = out.failed ? nothing : arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return ret;
}

struct span link_site(struct span link)
{
	const size_t scheme = scheme_bytes(link);
	struct span host = span_slice(link, scheme, host_end(link, scheme));
	size_t at;

	if (!scheme)
		return nothing;
	while ((at = span_find(host, '@')) < host.n)
		host = span_slice(host, at + 1, host.n);
	if (host.n && host.p[0] == '[')
		host = span_slice(host, 0, span_find(host, ']') + 1);
	else
		host = span_slice(host, 0, span_find(host, ':'));
	if (span_starts(host, SPAN("www.")))
		host = span_slice(host, 4, host.n);
	return host;
}
