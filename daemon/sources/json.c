#include "sources/json.h"

#include <string.h>

#include "vigie/utf8.h"

void json_feed(struct json *j, struct span in, bool last)
{
	j->in = in;
	j->last = last;
}

static void consume(struct json *j, size_t n)
{
	j->in = span_slice(j->in, n, j->in.n);
}

static enum json_event out_of_bytes(const struct json *j)
{
	return j->last ? JSON_END : JSON_MORE;
}

/* Index of the closing quote, s.n when it isn't there. */
static size_t string_end(struct span s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		const char *quote = memchr(p, '"', (size_t)(end - p));
		const char *back = quote;

		if (!quote)
			return s.n;
		while (back > s.p && back[-1] == '\\')
			back--;
		if ((quote - back) % 2 == 0)
			return (size_t)(quote - s.p);
		p = quote + 1;
	}
	return s.n;
}

/* The rest of a string too long to hand out. */
static bool pass_string(struct json *j)
{
	size_t i = 0;

	while (i < j->in.n && j->in.p[i] != '"')
		i += j->in.p[i] == '\\' ? 2 : 1;
	if (i < j->in.n) {
		consume(j, i + 1);
		j->in_string = false;
		return true;
	}
	/* an escape cut in two waits for its other half */
	consume(j, i > j->in.n && !j->last ? j->in.n - 1 : j->in.n);
	return false;
}

static bool in_object(const struct json *j)
{
	return j->depth && j->depth <= JSON_MAX_DEPTH && j->is_object[j->depth - 1];
}

static enum json_event take_string(struct json *j, struct json_token *ret)
{
	const struct span inside = span_slice(j->in, 1, j->in.n);
	size_t end = string_end(inside);

	if (end == inside.n || end > JSON_MAX_STRING_BYTES) {
		if (end == inside.n && !j->last && inside.n <= JSON_MAX_STRING_BYTES)
			return JSON_MORE;
		if (end == inside.n && j->last && inside.n <= JSON_MAX_STRING_BYTES) {
			consume(j, j->in.n); /* cut in the middle: no string */
			return JSON_END;
		}
		end = utf8_prefix(inside, JSON_MAX_STRING_BYTES).n;
		while (end && inside.p[end - 1] == '\\')
			end--;
		j->in_string = true;
		ret->text = span_slice(inside, 0, end);
		consume(j, end + 1);
	} else {
		ret->text = span_slice(inside, 0, end);
		consume(j, end + 2);
	}
	if (in_object(j) && !j->value_next)
		return JSON_KEY;
	j->value_next = false;
	return JSON_STRING;
}

static bool ends_word(char c)
{
	return (unsigned char)c <= ' ' || strchr(",:[]{}\"", c);
}

/* Longer ones are cut: no number or word worth reading is. */
enum { MAX_WORD_BYTES = 1024 };

static enum json_event take_word(struct json *j, struct json_token *ret)
{
	const char first = j->in.p[0];
	size_t n = 0;

	while (n < j->in.n && n < MAX_WORD_BYTES && !ends_word(j->in.p[n]))
		n++;
	if (n == j->in.n && !j->last)
		return JSON_MORE;
	ret->text = span_slice(j->in, 0, n);
	consume(j, n);
	j->value_next = false;
	return first == '-' || (first >= '0' && first <= '9') ? JSON_NUMBER : JSON_WORD;
}

static enum json_event open_level(struct json *j, bool object)
{
	if (j->depth < JSON_MAX_DEPTH)
		j->is_object[j->depth] = object;
	j->depth++;
	j->value_next = false;
	consume(j, 1);
	return object ? JSON_OBJECT : JSON_ARRAY;
}

enum json_event json_next(struct json *j, struct json_token *ret)
{
	ret->text = SPAN_NONE;
	if (j->in_string && !pass_string(j))
		return ret->event = out_of_bytes(j);
	for (;;) {
		size_t i = 0;

		while (i < j->in.n && ((unsigned char)j->in.p[i] <= ' ' || j->in.p[i] == ','))
			i++;
		consume(j, i);
		if (!j->in.n)
			return ret->event = out_of_bytes(j);
		if (j->in.p[0] != ':')
			break;
		consume(j, 1);
		j->value_next = true;
	}
	switch (j->in.p[0]) {
	case '"':
		return ret->event = take_string(j, ret);
	case '{':
		return ret->event = open_level(j, true);
	case '[':
		return ret->event = open_level(j, false);
	case '}':
	case ']':
		consume(j, 1);
		j->depth -= j->depth > 0;
		j->value_next = false;
		return ret->event = JSON_CLOSE;
	default:
		return ret->event = take_word(j, ret);
	}
}

/* Four hexadecimal digits, or -1. */
static int32_t unit(struct span s, size_t at)
{
	int32_t v = 0;

	if (at + 4 > s.n)
		return -1;
	for (size_t i = at; i < at + 4; i++) {
		const char c = ascii_lower(s.p[i]);
		const int d = c >= '0' && c <= '9'   ? c - '0'
			      : c >= 'a' && c <= 'f' ? c - 'a' + 10
						     : -1;

		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

/* The escape at s.p[i] == '\\'; returns its length. */
static size_t unescape_one(struct buf *out, struct span s, size_t i)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char c = i + 1 < s.n ? s.p[i + 1] : '\\';
	const char *at = strchr(from, c);
	int32_t high, low;

	if (c && at) {
		buf_add_char(out, to[at - from]);
		return 2;
	}
	if (c != 'u' || (high = unit(s, i + 2)) < 0)
		return 1; /* the character itself comes next, or is a backslash */
	if (high >= 0xD800 && high < 0xDC00 && i + 7 < s.n && s.p[i + 6] == '\\' &&
		s.p[i + 7] == 'u') {
		low = unit(s, i + 8);
		if (low >= 0xDC00 && low < 0xE000) {
			buf_add_utf8(out, 0x10000u + ((uint32_t)(high - 0xD800) << 10) +
						  (uint32_t)(low - 0xDC00));
			return 12;
		}
	}
	buf_add_utf8(out, high ? (uint32_t)high : 0xFFFD);
	return 6;
}

void json_unescape(struct buf *out, struct span raw)
{
	for (size_t i = 0; i < raw.n;) {
		const struct span rest = span_slice(raw, i, raw.n);
		const size_t plain = span_find(rest, '\\');

		buf_add(out, span_slice(rest, 0, plain));
		i += plain;
		if (i >= raw.n)
			return;
		if (i + 1 < raw.n && strchr("\"\\/", raw.p[i + 1]) && raw.p[i + 1]) {
			buf_add_char(out, raw.p[i + 1]);
			i += 2;
		} else {
			i += unescape_one(out, raw, i);
		}
	}
}
