/*
 * config/values: the small grammars of the configuration: durations, sizes, addresses, ids.
 */

#include <xxhash.h>

#include "config/reader.h"
#include "sources/url.h"
#include "vigie/utf8.h"

/* A number and its unit; several of them add up ("1h30m"). */
struct unit {
	const char *name;
	int64_t factor;
};

enum { FACTOR_DAY_MS = 86400000 };
#define VALUE_MAX (INT64_MAX / 4)

static bool amounts_parse(int64_t *ret, struct span text, const struct unit *units)
{
	int64_t total = 0;
	size_t i = 0;

	if (text.n == 0)
		return false;
	while (i < text.n) {
		const struct unit *u = units;
		const size_t start = i;
		int64_t number = 0;
		size_t letters;

		while (i < text.n && text.p[i] >= '0' && text.p[i] <= '9') {
			if (number > VALUE_MAX / 10)
				return false;
			number = number * 10 + (text.p[i++] - '0');
		}
		letters = i;
		while (i < text.n && (text.p[i] < '0' || text.p[i] > '9'))
			i++;
		while (u->name && !span_eq_str(span_slice(text, letters, i), u->name))
			u++;
		if (letters == start || !u->name || number > (VALUE_MAX - total) / u->factor)
			return false;
		total += number * u->factor;
	}
	*ret = total;
	return true;
}

bool duration_parse(int64_t *ret_ms, struct span text)
{
	static const struct unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000},
		{"h", 3600000}, {"d", FACTOR_DAY_MS}, {"w", 7LL * FACTOR_DAY_MS}, {NULL, 0}};

	return amounts_parse(ret_ms, text, units);
}

void duration_print(struct buf *out, int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *name;
	} units[] = {{604800000, "w"}, {86400000, "d"}, {3600000, "h"}, {60000, "m"},
		{1000, "s"}, {1, "ms"}};
	size_t i = 0;

	if (ms == 0)
		i = 4;
	while (ms % units[i].ms)
		i++;
	buf_addf(out, "%lld%s", (long long)(ms / units[i].ms), units[i].name);
}

bool size_parse(int64_t *ret_bytes, struct span text)
{
	static const struct unit units[] = {{"B", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024},
		{"GiB", 1024LL * 1024 * 1024}, {NULL, 0}};

	return amounts_parse(ret_bytes, text, units);
}

static bool has_blank_or_control(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7F)
			return true;
	return false;
}

static bool port_ok(struct span s)
{
	long port = 0;

	if (s.n == 0 || s.n > 5)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		port = port * 10 + (s.p[i] - '0');
	}
	return port <= 65535;
}

/* host, host:port, [IPv6] or [IPv6]:port. */
static bool authority_ok(struct span s, bool port_needed)
{
	const size_t bracket = s.n && s.p[0] == '[' ? span_find(s, ']') + 1 : 0;
	const size_t colon = bracket + span_find(span_slice(s, bracket, s.n), ':');
	const struct span host = span_slice(s, 0, colon);

	if (bracket > s.n || host.n == 0 || (bracket && colon != bracket))
		return false;
	if (!bracket)
		for (size_t i = 0; i < host.n; i++)
			if (strchr("/?#@[]\\<>\"^`{|}", host.p[i]))
				return false;
	return colon == s.n ? !port_needed : port_ok(span_slice(s, colon + 1, s.n));
}

static bool url_ok(struct span url, const char *plain, const char *tls)
{
	const struct url_parts parts = url_split(url);
	const size_t at = parts.authority.p ? span_find(parts.authority, '@') : 0;
	struct span host = parts.authority;

	if (has_blank_or_control(url) || !parts.authority.p)
		return false;
	if (!span_eq_ci(parts.scheme, span_str(plain)) &&
		!span_eq_ci(parts.scheme, span_str(tls)))
		return false;
	if (at < host.n)
		host = span_slice(host, at + 1, host.n);
	return authority_ok(host, false);
}

bool web_url_ok(struct span url)
{
	return url_ok(url, "http", "https");
}

bool smtp_url_ok(struct span url)
{
	return url_ok(url, "smtp", "smtps");
}

bool listen_ok(struct span text)
{
	if (span_starts(text, SPAN("unix:")))
		return text.n > 6 && text.p[5] == '/' && text.n - 5 < 108;
	return !has_blank_or_control(text) && authority_ok(text, true);
}

/* What a server can be asked to deliver to; not all that RFC 5321 allows. */
bool mail_address_ok(struct span address)
{
	const size_t at = span_find(address, '@');

	if (at == 0 || at + 1 >= address.n || address.n > 254 || has_blank_or_control(address))
		return false;
	for (size_t i = 0; i < address.n; i++)
		if (strchr("<>()[],;:\\\"", address.p[i]) || (address.p[i] == '@' && i != at))
			return false;
	return address.p[at + 1] != '.' && address.p[address.n - 1] != '.';
}

bool id_ok(struct span id)
{
	for (size_t i = 0; i < id.n; i++) {
		const char c = ascii_lower(id.p[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			    (c && strchr("._:@/-", c))))
			return false;
	}
	return id.n > 0 && id.n <= 128;
}

/* Letters without their accent, U+00C0 to U+017F, one a code point; a capital stands for two or
 * none and is looked up in `pairs`. */
static char latin_base(uint32_t c)
{
	static const char bases[] = "aaaaaaAceeeeiiiidnooooo.ouuuuypS"  /* U+00C0 */
				    "aaaaaaAceeeeiiiidnooooo.ouuuuypy"  /* U+00E0 */
				    "aaaaaaccccccccddddeeeeeeeeeegggg"  /* U+0100 */
				    "gggghhhhiiiiiiiiiiJJjjkkklllllll"  /* U+0120 */
				    "lllnnnnnnnnnooooooOOrrrrrrssssss"  /* U+0140 */
				    "ssttttttuuuuuuuuuuuuwwyyyzzzzzzs"; /* U+0160 */

	return c >= 0xC0 && c <= 0x17F ? bases[c - 0xC0] : 0;
}

static const char *latin_pair(char base)
{
	static const char *const pairs[][2] = {
		{"A", "ae"}, {"S", "ss"}, {"J", "ij"}, {"O", "oe"}};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (pairs[i][0][0] == base)
			return pairs[i][1];
	return "";
}

struct span slug(struct arena *arena, struct span name)
{
	char *out = arena_alloc(arena, 2 * name.n + 32);
	size_t n = 0;

	if (!out)
		return SPAN_NONE;
	for (size_t i = 0; i < name.n;) {
		const uint32_t c = utf8_next(name, &i);
		const char base = c < 0x80 ? ascii_lower((char)c) : latin_base(c);

		if ((base >= 'a' && base <= 'z') || (base >= '0' && base <= '9')) {
			out[n++] = base;
		} else if (base >= 'A' && base <= 'Z') {
			memcpy(out + n, latin_pair(base), 2);
			n += 2;
		} else if (n && out[n - 1] != '-') {
			out[n++] = '-';
		}
	}
	while (n && out[n - 1] == '-')
		n--;
	if (n > 64)
		n = 64;
	out[n] = '\0';
	if (n == 0) /* a name in another script */
		return arena_printf(
			arena, "name-%08x", (unsigned)(XXH3_64bits(name.p, name.n)));
	return span_of(out, n);
}

/* Above ASCII, names are made of letters, but for Latin-1's signs, general and CJK punctuation.
 */
static bool is_name_letter(uint32_t c)
{
	if (c < 0x80)
		return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
	return c >= 0xC0 && c != 0xD7 && c != 0xF7 && !(c >= 0x2000 && c <= 0x206F) &&
	       !(c >= 0x3000 && c <= 0x303F);
}

struct span compact(struct arena *arena, struct span name, bool keep_case)
{
	char *out = arena_alloc(arena, name.n + 1);
	size_t n = 0;

	if (!out)
		return SPAN_NONE;
	for (size_t i = 0; i < name.n;) {
		const size_t at = i;

		if (!is_name_letter(utf8_next(name, &i)))
			continue;
		for (size_t k = at; k < i; k++)
			out[n++] = keep_case ? name.p[k] : ascii_lower(name.p[k]);
	}
	out[n] = '\0';
	return span_of(out, n);
}

bool several_words(struct span name)
{
	bool letter = false, gap = false;

	for (size_t i = 0; i < name.n;) {
		const bool is = is_name_letter(utf8_next(name, &i));

		if (is && gap)
			return true;
		gap = letter && !is;
		letter = letter || is;
	}
	return false;
}

struct span url_mask(struct arena *arena, struct span url)
{
	const struct url_parts parts = url_split(url);
	const size_t at = parts.authority.p ? span_find(parts.authority, '@') : 0;
	size_t from;

	if (!parts.authority.p || at == parts.authority.n)
		return url;
	from = (size_t)(parts.authority.p - url.p);
	return arena_printf(arena, "%.*s****%.*s", (int)from, url.p, (int)(url.n - from - at),
		url.p + from + at);
}
