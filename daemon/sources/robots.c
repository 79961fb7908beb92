/*
 * robots: one pass over the lines, one over the rules.
 */

#include "sources/robots.h"

#include <errno.h>

enum { MAX_RULES = 65536, MAX_SITEMAPS = 1000, MAX_DELAY_S = 3600 };

enum robots_fetch robots_status(int status)
{
	if (status >= 200 && status < 300)
		return ROBOTS_READ;
	/* "Unavailable" is 4xx, and redirects that lead nowhere after five hops; 429 asks for
	 * time, as 5xx does. */
	if (status >= 300 && status < 500 && status != 429)
		return ROBOTS_ALL;
	return ROBOTS_NOTHING;
}

/* --- One spelling for one path ----------------------------------------------------------- */

static int hex(char c)
{
	const char l = ascii_lower(c);

	return c >= '0' && c <= '9' ? c - '0' : l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/* RFC 3986 section 2.3. */
static bool is_unreserved(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

/* Section 2.2.2: escapes of unreserved characters are undone, all others stay, in capitals;
 * bytes that may not stand in an address are escaped. What is left of `*` means "anything": the
 * star of a path is escaped, and so stays one that a pattern wrote as an escape. So is `$`,
 * which means the end at the end of a pattern only, where it was taken off. */
static struct span normal(struct arena *arena, struct span s, bool is_pattern)
{
	static const char digits[] = "0123456789ABCDEF";
	char *p = arena_alloc(arena, 3 * s.n + 1);
	size_t n = 0;

	if (!p)
		return SPAN_NONE;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		const bool escaped =
			c == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0;
		bool keep = c > ' ' && c < 0x7F && c != '$' && (is_pattern || c != '*');

		if (escaped) {
			c = (unsigned char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2]));
			keep = is_unreserved(c);
			i += 2;
		}
		if (keep) {
			p[n++] = (char)c;
			continue;
		}
		p[n++] = '%';
		p[n++] = digits[c >> 4];
		p[n++] = digits[c & 15];
	}
	return span_of(p, n);
}

/* --- Lines ------------------------------------------------------------------------------- */

struct lines {
	struct span rest;
	unsigned number; /* of those before it */
};

struct line {
	struct span key, value;
	unsigned number; /* from 1 */
};

/* The next line that says something; false at the end. */
static bool next_line(struct line *ret, struct lines *lines)
{
	struct span *rest = &lines->rest;

	while (rest->n) {
		size_t end = 0, colon;
		struct span line;

		while (end < rest->n && rest->p[end] != '\n' && rest->p[end] != '\r')
			end++;
		line = span_slice(*rest, 0, end);
		if (span_starts(span_slice(*rest, end, end + 2), SPAN("\r\n")))
			end++;
		*rest = span_slice(*rest, end + 1, rest->n);
		lines->number++;
		line = span_slice(line, 0, span_find(line, '#'));
		colon = span_find(line, ':');
		if (colon == line.n)
			continue;
		ret->key = span_trim(span_slice(line, 0, colon));
		ret->value = span_trim(span_slice(line, colon + 1, line.n));
		ret->number = lines->number;
		return true;
	}
	return false;
}

static bool key_is(const struct line *l, const char *key)
{
	return span_eq_ci(l->key, span_str(key));
}

/* The product token a line names: "Name/1.0 (…)" is "Name". */
static struct span token(struct span value)
{
	size_t n = 0;

	while (n < value.n &&
		((ascii_lower(value.p[n]) >= 'a' && ascii_lower(value.p[n]) <= 'z') ||
			value.p[n] == '-' || value.p[n] == '_'))
		n++;
	return span_slice(value, 0, n);
}

/* --- Groups ------------------------------------------------------------------------------ */

struct reading {
	struct robots *out;
	struct arena *arena;
	size_t capacity;
	bool for_us;    /* the group at hand is one we obey */
	bool in_agents; /* its user-agent lines aren't over */
};

/* true when the product has a group of its own. */
static bool is_named(struct span body, struct span product)
{
	struct lines lines = {.rest = body};
	struct line l;

	while (next_line(&l, &lines))
		if (key_is(&l, "user-agent") && span_eq_ci(token(l.value), product))
			return true;
	return false;
}

static int add_rule(struct reading *r, const struct line *l, bool allow)
{
	const struct span value = l->value;
	struct robots *out = r->out;
	struct robots_rule *rule;

	if (span_empty(value) || out->n_rules >= MAX_RULES)
		return 0; /* an empty rule rules nothing */
	if (out->n_rules == r->capacity) {
		struct robots_rule *bigger;

		r->capacity = r->capacity ? 2 * r->capacity : 16;
		bigger = arena_calloc(r->arena, r->capacity, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		if (out->n_rules)
			memcpy(bigger, out->rules, out->n_rules * sizeof(*bigger));
		out->rules = bigger;
	}
	rule = &out->rules[out->n_rules];
	rule->line = l->number;
	rule->allow = allow;
	rule->to_the_end = value.p[value.n - 1] == '$';
	rule->pattern =
		normal(r->arena, span_slice(value, 0, value.n - rule->to_the_end), true);
	if (!rule->pattern.p)
		return -ENOMEM;
	out->n_rules++;
	return 0;
}

/* Seconds, perhaps with a fraction. */
static int64_t delay_of(struct span value)
{
	int64_t ms = 0, unit = 1000;
	size_t i = 0;

	for (; i < value.n && value.p[i] >= '0' && value.p[i] <= '9'; i++)
		if (ms <= (int64_t)MAX_DELAY_S * 1000)
			ms = ms * 10 + (value.p[i] - '0') * 1000;
	if (!i)
		return -1;
	if (i < value.n && value.p[i] == '.')
		for (i++; i < value.n && value.p[i] >= '0' && value.p[i] <= '9' && unit > 1;
			i++)
			ms += (value.p[i] - '0') * (unit /= 10);
	return ms < (int64_t)MAX_DELAY_S * 1000 ? ms : (int64_t)MAX_DELAY_S * 1000;
}

static int take(struct reading *r, const struct line *l, struct span product)
{
	if (key_is(l, "user-agent")) {
		const bool us = span_eq(product, SPAN("*"))
					? span_eq_str(l->value, "*")
					: span_eq_ci(token(l->value), product);

		r->for_us = us || (r->in_agents && r->for_us);
		r->in_agents = true;
		return 0;
	}
	if (key_is(l, "allow") || key_is(l, "disallow")) {
		r->in_agents = false;
		return r->for_us ? add_rule(r, l, key_is(l, "allow")) : 0;
	}
	if (key_is(l, "crawl-delay") && r->for_us)
		r->out->delay_ms = delay_of(l->value);
	return 0;
}

/* Sitemaps belong to no group. */
static int take_sitemaps(struct robots *out, struct arena *arena, struct span body)
{
	struct lines lines = {.rest = body};
	struct span *sitemaps;
	struct line l;
	size_t n = 0;

	while (n < MAX_SITEMAPS && next_line(&l, &lines))
		n += key_is(&l, "sitemap") && !span_empty(l.value);
	sitemaps = arena_calloc(arena, n, sizeof(*sitemaps));
	if (!sitemaps)
		return -ENOMEM;
	lines = (struct lines){.rest = body};
	while (out->n_sitemaps < n && next_line(&l, &lines))
		if (key_is(&l, "sitemap") && !span_empty(l.value))
			sitemaps[out->n_sitemaps++] = arena_dup(arena, l.value);
	out->sitemaps = sitemaps;
	return 0;
}

int robots_read(struct robots *ret, struct arena *arena, struct span body, struct span product)
{
	struct robots robots = {.delay_ms = -1};
	struct reading r = {.out = &robots, .arena = arena};
	struct lines lines;
	struct line l;
	int e;

	if (body.n > ROBOTS_MAX_BYTES) { /* half a rule is another rule */
		body.n = ROBOTS_MAX_BYTES;
		while (body.n && body.p[body.n - 1] != '\n' && body.p[body.n - 1] != '\r')
			body.n--;
	}
	if (span_starts(body, SPAN("\xEF\xBB\xBF")))
		body = span_slice(body, 3, body.n);
	if (!is_named(body, product))
		product = SPAN("*");
	e = take_sitemaps(&robots, arena, body);
	lines = (struct lines){.rest = body};
	while (e == 0 && next_line(&l, &lines))
		e = take(&r, &l, product);
	if (e == 0)
		*ret = robots;
	return e;
}

/* --- Matching ---------------------------------------------------------------------------- */

/* Leftmost is right for all pieces between stars but the last of an anchored pattern, which
 * must stand at the end. */
static bool fits(const struct robots_rule *rule, struct span path)
{
	struct span pattern = rule->pattern;
	bool first = true;

	for (;;) {
		const size_t star = span_find(pattern, '*');
		const struct span piece = span_slice(pattern, 0, star);
		const bool last = star == pattern.n;

		if (first) {
			if (!span_starts(path, piece))
				return false;
			path = span_slice(path, piece.n, path.n);
		} else if (last && rule->to_the_end) {
			return span_ends(path, piece);
		} else if (piece.n) {
			const char *at =
				path.n ? memmem(path.p, path.n, piece.p, piece.n) : NULL;

			if (!at)
				return false;
			path = span_slice(path, (size_t)(at - path.p) + piece.n, path.n);
		}
		if (last)
			return !rule->to_the_end || path.n == 0;
		pattern = span_slice(pattern, star + 1, pattern.n);
		first = false;
	}
}

bool robots_allows(
	unsigned *ret_line, const struct robots *robots, struct arena *arena, struct span path)
{
	const struct robots_rule *by = NULL;
	size_t longest = 0;

	*ret_line = 0;
	path = span_slice(path, 0, span_find(path, '#'));
	if (span_eq_str(path, "/robots.txt"))
		return true;
	path = normal(arena, span_empty(path) ? SPAN("/") : path, false);
	if (!path.p)
		return false;
	for (size_t i = 0; i < robots->n_rules; i++) {
		const struct robots_rule *rule = &robots->rules[i];
		const size_t length = rule->pattern.n + rule->to_the_end;

		if (length < longest || (length == longest && (!by || by->allow)))
			continue;
		if (fits(rule, path)) {
			longest = length;
			by = rule;
		}
	}
	if (by)
		*ret_line = by->line;
	return !by || by->allow;
}
