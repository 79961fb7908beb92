#include "sources/url.h"

#include <idn2.h>
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#include "vigie/buf.h"
#include "vigie/cleanup.h"
#include "vigie/utf8.h"

/* What a request line can carry; the longest address servers commonly take. */
enum { MAX_URL_BYTES = 16 * 1024, MAX_SEGMENTS = 1024 };

static bool is_alpha(char c)
{
	c = ascii_lower(c);
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Where the host begins: behind the last "@". */
static size_t host_start(struct span authority)
{
	for (size_t i = authority.n; i > 0; i--)
		if (authority.p[i - 1] == '@')
			return i;
	return 0;
}

static int hex(char c)
{
	if (is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool unreserved(char c)
{
	return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static struct span scheme_of(struct span s)
{
	size_t i = 0;

	if (!s.n || !is_alpha(s.p[0]))
		return SPAN_NONE;
	while (i < s.n && (is_alpha(s.p[i]) || is_digit(s.p[i]) || s.p[i] == '+' ||
				  s.p[i] == '-' || s.p[i] == '.'))
		i++;
	return i < s.n && s.p[i] == ':' ? span_slice(s, 0, i) : SPAN_NONE;
}

struct url_parts url_split(struct span s)
{
	struct url_parts u = {.scheme = scheme_of(s)};
	size_t i;

	if (u.scheme.p)
		s = span_slice(s, u.scheme.n + 1, s.n);
	i = span_find(s, '#');
	if (i < s.n) {
		u.fragment = span_slice(s, i + 1, s.n);
		s = span_slice(s, 0, i);
	}
	i = span_find(s, '?');
	if (i < s.n) {
		u.query = span_slice(s, i + 1, s.n);
		s = span_slice(s, 0, i);
	}
	if (s.n >= 2 && s.p[0] == '/' && s.p[1] == '/') {
		s = span_slice(s, 2, s.n);
		i = span_find(s, '/');
		u.authority = span_slice(s, 0, i);
		s = span_slice(s, i, s.n);
	}
	u.path = s;
	return u;
}

bool url_is_absolute(struct span url)
{
	return scheme_of(url).p != NULL;
}

static bool is_web_scheme(struct span scheme)
{
	return span_eq_ci(scheme, SPAN("http")) || span_eq_ci(scheme, SPAN("https"));
}

bool url_is_web(struct span url)
{
	const struct url_parts u = url_split(url);

	return is_web_scheme(u.scheme) && u.authority.n > 0;
}

/* RFC 3986, section 5.2.4, over whole segments. */
static void add_without_dots(struct buf *out, struct span path)
{
	struct span segments[MAX_SEGMENTS];
	const bool rooted = path.n && path.p[0] == '/';
	size_t n = 0;
	bool folder = false; /* ends in "/", "." or ".." */

	if (rooted)
		path = span_slice(path, 1, path.n);
	for (bool more = true; more;) {
		const size_t at = span_find(path, '/');
		const struct span segment = span_slice(path, 0, at);

		more = at < path.n;
		path = span_slice(path, at + 1, path.n);
		folder = false;
		if (span_eq(segment, SPAN("."))) {
			folder = true;
		} else if (span_eq(segment, SPAN(".."))) {
			n -= n > 0;
			folder = true;
		} else if (n < MAX_SEGMENTS) {
			segments[n++] = segment;
		}
	}
	if (rooted)
		buf_add_char(out, '/');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add_char(out, '/');
		buf_add(out, segments[i]);
	}
	if (folder && n)
		buf_add_char(out, '/');
}

static void add_lower(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_add_char(out, ascii_lower(s.p[i]));
}

/* White space has no place in an address: ends are cut, line breaks and tabs go (they come from
 * wrapped text), blanks are escaped. */
static void add_clean(struct buf *out, struct span s)
{
	s = span_trim(s);
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c == ' ')
			buf_add(out, SPAN("%20"));
		else if (c > ' ' && c != 0x7F)
			buf_add_char(out, s.p[i]);
	}
}

/* Userinfo keeps its case, the host does not. */
static void add_authority(struct buf *out, struct span authority)
{
	const size_t host = host_start(authority);

	buf_add(out, span_slice(authority, 0, host));
	add_lower(out, span_slice(authority, host, authority.n));
}

static void add_parts(struct buf *out, const struct url_parts *u, bool dots)
{
	add_lower(out, u->scheme);
	buf_add_char(out, ':');
	if (u->authority.p) {
		buf_add(out, SPAN("//"));
		add_authority(out, u->authority);
	}
	if (dots)
		add_without_dots(out, u->path);
	else
		buf_add(out, u->path);
	if (u->query.p) {
		buf_add_char(out, '?');
		buf_add(out, u->query);
	}
	if (u->fragment.p) {
		buf_add_char(out, '#');
		buf_add(out, u->fragment);
	}
}

static struct span keep(struct arena *arena, struct buf *b)
{
	const struct span s = b->failed ? SPAN_NONE : arena_dup(arena, buf_span(b));

	buf_deinit(b);
	return s;
}

/* RFC 3986, section 5.2.2. `merged` is memory for a path made of both. */
static void transform(struct url_parts *t, const struct url_parts *b, const struct url_parts *r,
	struct buf *merged)
{
	size_t folder;

	*t = *b;
	t->fragment = r->fragment;
	if (r->authority.p) {
		t->authority = r->authority;
		t->path = r->path;
		t->query = r->query;
		return;
	}
	if (r->path.n == 0) {
		if (r->query.p)
			t->query = r->query;
		return;
	}
	t->query = r->query;
	if (r->path.p[0] == '/') {
		t->path = r->path;
		return;
	}
	folder = b->path.n;
	while (folder && b->path.p[folder - 1] != '/')
		folder--;
	if (b->authority.p && b->path.n == 0)
		buf_add_char(merged, '/');
	buf_add(merged, span_slice(b->path, 0, folder));
	buf_add(merged, r->path);
	t->path = buf_span(merged);
}

static struct span resolve(struct arena *arena, struct span base, struct span reference)
{
	struct buf clean = {0}, merged = {0}, out = {.limit_bytes = MAX_URL_BYTES};
	struct url_parts r, b, t;

	add_clean(&clean, reference);
	r = url_split(buf_span(&clean));
	if (clean.failed || clean.n == 0) {
		out.failed = true;
	} else if (r.scheme.p) {
		/* "urn:x", "mailto:x": as they are */
		add_parts(&out, &r, r.authority.p != NULL);
	} else {
		b = url_split(span_trim(base));
		if (b.scheme.p && (b.authority.p || (b.path.n && b.path.p[0] == '/'))) {
			transform(&t, &b, &r, &merged);
			add_parts(&out, &t, true);
			out.failed |= merged.failed;
		} else {
			out.failed = true;
		}
	}
	buf_deinit(&clean);
	buf_deinit(&merged);
	return keep(arena, &out);
}

/* An address that resolving leaves as it is: most are. */
static bool is_plain(struct span s)
{
	size_t i = span_starts(s, SPAN("http://"))    ? 7
		   : span_starts(s, SPAN("https://")) ? 8
						      : 0;

	if (!i)
		return false;
	for (; i < s.n && s.p[i] != '/'; i++)
		if (s.p[i] <= ' ' || (s.p[i] >= 'A' && s.p[i] <= 'Z') || s.p[i] == '@' ||
			s.p[i] == 0x7F)
			return false;
	for (; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7F ||
			(s.p[i] == '.' && s.p[i - 1] == '/'))
			return false;
	return s.n <= MAX_URL_BYTES;
}

struct span url_resolve(struct arena *arena, struct span base, struct span reference)
{
	if (is_plain(reference))
		return arena_dup(arena, reference);
	return resolve(arena, base, reference);
}

/* The authority's host without userinfo, brackets and port; *ret_port as written. */
static struct span split_host(struct span authority, struct span *ret_port)
{
	size_t end;

	authority = span_slice(authority, host_start(authority), authority.n);
	if (authority.n && authority.p[0] == '[') {
		end = span_find(authority, ']');
		*ret_port = span_slice(authority, end + 2, authority.n);
		return span_slice(authority, 1, end);
	}
	end = span_find(authority, ':');
	*ret_port = span_slice(authority, end + 1, authority.n);
	return span_slice(authority, 0, end);
}

static bool is_ascii(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] & 0x80)
			return false;
	return true;
}

/* The host in ASCII (UTS 46, non-transitional, as browsers have it). */
static bool add_punycode(struct buf *out, struct buf *host)
{
	uint8_t *ascii = NULL;
	const bool ok = idn2_lookup_u8((const uint8_t *)host->p, &ascii,
				IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK;

	if (ok)
		add_lower(out, span_str((const char *)ascii));
	idn2_free(ascii);
	return ok;
}

/* No byte of it ends a host or begins a port (WHATWG URL, forbidden host code points). */
static bool may_be_host(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7F ||
			strchr("\"#%/:<>?@[\\]^`{|}", s.p[i]))
			return false;
	return s.n > 0;
}

/* Lower case, %XX decoded, ASCII; false when it can be no host. What decoding or a
 * compatibility form brings forth (":" of "%3A", "/" of a full-width one) is looked at too. */
static bool add_host(struct buf *out, struct span host)
{
	struct buf plain = {0}, ascii = {0};
	bool ok = host.n > 0;

	for (size_t i = 0; i < host.n && ok; i++) {
		char c = host.p[i];

		if (c == '%' && i + 2 < host.n && hex(host.p[i + 1]) >= 0 &&
			hex(host.p[i + 2]) >= 0) {
			c = (char)(hex(host.p[i + 1]) * 16 + hex(host.p[i + 2]));
			i += 2;
		}
		ok = c != 0;
		buf_add_char(&plain, ascii_lower(c));
	}
	ok = ok && !plain.failed && utf8_valid(buf_span(&plain));
	if (ok && is_ascii(buf_span(&plain)))
		buf_add(&ascii, buf_span(&plain));
	else if (ok)
		ok = add_punycode(&ascii, &plain);
	ok = ok && !ascii.failed && may_be_host(buf_span(&ascii));
	buf_add(out, buf_span(&ascii));
	buf_deinit(&ascii);
	buf_deinit(&plain);
	return ok;
}

/* Escapes in one spelling: needless ones decoded, the rest in capitals; other bytes escaped. */
static void add_escaped(struct buf *out, struct span s, const char *allowed)
{
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];

		if (c == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0) {
			const char d = (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]));

			if (unreserved(d))
				buf_add_char(out, d);
			else
				buf_addf(out, "%%%02X", (unsigned char)d);
			i += 2;
		} else if (unreserved(c) || (c && strchr(allowed, c))) {
			buf_add_char(out, c);
		} else {
			buf_addf(out, "%%%02X", (unsigned char)c);
		}
	}
}

/* What may stand in brackets: an address of IPv6, without a zone. */
static bool is_v6(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (hex(s.p[i]) < 0 && s.p[i] != ':' && s.p[i] != '.')
			return false;
	return s.n >= 2 && s.n < 46;
}

static bool is_number(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return s.n < 6;
}

/* RFC 3986, section 3.3 and 3.4: what may stand unescaped. */
#define PATH_CHARS "!$&'()*+,;=:@/"
#define QUERY_CHARS PATH_CHARS "?"

struct span url_normalize(struct arena *arena, struct span url)
{
	struct buf clean = {0}, path = {0}, out = {.limit_bytes = MAX_URL_BYTES};
	struct span port, host, plain_path;
	struct url_parts u;
	bool tls, ok;

	add_clean(&clean, url);
	u = url_split(buf_span(&clean));
	ok = !clean.failed && is_web_scheme(u.scheme) && u.authority.n;
	if (ok) {
		const bool v6 = span_find(u.authority, '[') < u.authority.n;

		tls = u.scheme.n == 5;
		host = split_host(u.authority, &port);
		buf_add_str(&out, tls ? "https://" : "http://");
		buf_add(&out, span_slice(u.authority, 0, host_start(u.authority)));
		if (v6) {
			buf_add_char(&out, '[');
			add_lower(&out, host);
			buf_add_char(&out, ']');
		}
		ok = (v6 ? is_v6(host) : add_host(&out, host)) && is_number(port);
		if (port.n && !span_eq_str(port, tls ? "443" : "80"))
			buf_addf(&out, ":%.*s", SPAN_ARG(port));
		add_escaped(&path, u.path, PATH_CHARS);
		plain_path = path.n ? buf_span(&path) : SPAN("/");
		add_without_dots(&out, plain_path);
		if (u.query.p) {
			buf_add_char(&out, '?');
			add_escaped(&out, u.query, QUERY_CHARS);
		}
	}
	out.failed |= !ok || path.failed;
	buf_deinit(&clean);
	buf_deinit(&path);
	return keep(arena, &out);
}

struct span url_host(struct arena *arena, struct span url)
{
	const struct url_parts u = url_split(span_trim(url));
	struct buf out = {.limit_bytes = MAX_URL_BYTES};
	struct span port, host;

	if (!u.scheme.p || !u.authority.n)
		return SPAN_NONE;
	host = split_host(u.authority, &port);
	if (span_find(u.authority, '[') < u.authority.n) {
		add_lower(&out, host);
		out.failed |= !is_v6(host);
	} else {
		out.failed |= !add_host(&out, host);
	}
	return keep(arena, &out);
}

struct span url_site(struct arena *arena, struct span url)
{
	const struct span host = url_host(arena, url);

	return span_starts(host, SPAN("www.")) ? span_slice(host, 4, host.n) : host;
}

struct span url_registrable_domain(struct arena *arena, struct span host)
{
	struct span name = arena_dup(arena, host);
	const char *domain;

	if (!name.p)
		return SPAN_NONE;
	/* "example.com." and "example.com" are one; an address has no domain above it */
	if (name.n && name.p[name.n - 1] == '.') {
		name.n--;
		((char *)name.p)[name.n] = '\0';
	}
	if (span_find(name, ':') < name.n || (name.n && is_digit(name.p[name.n - 1])))
		return name;
	domain = psl_registrable_domain(psl_builtin(), name.p);
	return domain ? span_slice(name, (size_t)(domain - name.p), name.n) : name;
}

static bool secret_name(struct span name)
{
	static const char *const parts[] = {"key", "token", "secret", "sig", "passw", "pwd",
		"auth", "code", "session", "credential"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		const struct span part = span_str(parts[i]);

		for (size_t at = 0; at + part.n <= name.n; at++)
			if (span_eq_ci(span_slice(name, at, at + part.n), part))
				return true;
	}
	return false;
}

struct span url_redact(struct arena *arena, struct span url)
{
	struct url_parts u = url_split(span_trim(url));
	struct buf out = {0};
	struct span query = u.query;

	if (u.authority.p)
		u.authority = span_slice(u.authority, host_start(u.authority), u.authority.n);
	u.query = u.fragment = SPAN_NONE;
	if (u.scheme.p)
		add_parts(&out, &u, false);
	else
		buf_add(&out, u.path);
	for (char mark = '?'; query.p; mark = '&') {
		const size_t end = span_find(query, '&');
		const struct span pair = span_slice(query, 0, end);
		const size_t equals = span_find(pair, '=');

		buf_add_char(&out, mark);
		if (equals < pair.n && secret_name(span_slice(pair, 0, equals)))
			buf_addf(&out, "%.*s=…", (int)equals, pair.p);
		else
			buf_add(&out, pair);
		query = end < query.n ? span_slice(query, end + 1, query.n) : SPAN_NONE;
	}
	return keep(arena, &out);
}

struct span url_unescape(struct arena *arena, struct span s)
{
	char *p = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	if (!p)
		return SPAN_NONE;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 &&
			hex(s.p[i + 2]) >= 0) {
			p[n++] = (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]));
			i += 2;
		} else {
			p[n++] = s.p[i];
		}
	}
	p[n] = '\0';
	return span_of(p, n);
}

void url_escape(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (unreserved(s.p[i]))
			buf_add_char(out, s.p[i]);
		else
			buf_addf(out, "%%%02X", (unsigned char)s.p[i]);
}
