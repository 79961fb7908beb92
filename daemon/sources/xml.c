#include "sources/xml.h"

#include <endian.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sources/entity.h"
#include "vigie/utf8.h"

enum { STATE_TEXT, STATE_CDATA, STATE_COMMENT, STATE_SKIP_TO_ANGLE };

/* An entity can't be cut where it matters: longer ones than this are text. */
enum { MAX_REFERENCE_BYTES = 40, MAX_ENTITY_DEPTH = 4 };

void xml_init(struct xml *x)
{
	memset(x, 0, offsetof(struct xml, attributes));
}

void xml_deinit(struct xml *x)
{
	for (size_t i = 0; i < x->n_entities; i++) {
		free(x->entities[i].name);
		free(x->entities[i].value);
	}
	xml_init(x);
}

void xml_feed(struct xml *x, struct span in, bool last)
{
	x->in = in;
	x->last = last;
	x->no_quote[0] = x->no_quote[1] = x->no_angle = in.p;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
	       ((unsigned char)c & 0x80);
}

/* What a byte ends: the name of an end tag (1), of a start tag (2), of an attribute (4). */
enum { ENDS_CLOSE = 1, ENDS_OPEN = 2, ENDS_ATTRIBUTE = 4, ENDS_ALL = 7 };

static const uint8_t name_ends[256] = {
	[' '] = ENDS_ALL,
	['\n'] = ENDS_ALL,
	['\t'] = ENDS_ALL,
	['\r'] = ENDS_ALL,
	['>'] = ENDS_CLOSE | ENDS_OPEN,
	['<'] = ENDS_CLOSE | ENDS_OPEN,
	['/'] = ENDS_OPEN | ENDS_ATTRIBUTE,
	['='] = ENDS_ATTRIBUTE,
};

static const char *skip_name(const char *p, const char *end, unsigned ends)
{
	const uint64_t ones = 0x0101010101010101u;

	/* All of them are below 0x40, and little else of a name is: eight bytes at a time. */
	while (end - p >= 8) {
		uint64_t w;

		memcpy(&w, p, sizeof(w));
		w = le64toh(w);
		w = (w - 0x40 * ones) & ~w & 0x80 * ones;
		if (!w) {
			p += 8;
			continue;
		}
		p += __builtin_ctzll(w) / 8;
		if (name_ends[(unsigned char)*p] & ends)
			return p;
		p++;
	}
	while (p < end && !(name_ends[(unsigned char)*p] & ends))
		p++;
	return p;
}

struct span xml_local(struct span name)
{
	const size_t colon = span_find(name, ':');

	return colon < name.n ? span_slice(name, colon + 1, name.n) : name;
}

struct span xml_prefix(struct span name)
{
	const size_t colon = span_find(name, ':');

	return colon < name.n ? span_slice(name, 0, colon) : SPAN_NONE;
}

static void consume(struct xml *x, const char *to)
{
	x->in.n -= (size_t)(to - x->in.p);
	x->in.p = to;
}

/* The first c in [from, end), or NULL. *known remembers up to where there is none, so that a
 * document of unclosed tags isn't searched again and again. */
static const char *find_known(const char *from, const char *end, char c, const char **known)
{
	const char *start = from > *known ? from : *known;
	const char *hit = start < end ? memchr(start, c, (size_t)(end - start)) : NULL;

	if (!hit)
		*known = end;
	else if (start == *known)
		*known = hit;
	return hit;
}

/* Handed-out text ends before a reference that the end of the input may have cut. */
static size_t uncut_text(const struct xml *x, size_t n)
{
	const char *amp;
	size_t from = n > MAX_REFERENCE_BYTES ? n - MAX_REFERENCE_BYTES : 0;

	if (x->last)
		return n;
	amp = memrchr(x->in.p + from, '&', n - from);
	if (!amp || memchr(amp, ';', (size_t)(x->in.p + n - amp)))
		return n;
	return (size_t)(amp - x->in.p);
}

static enum xml_event take_text(struct xml *x, struct xml_token *ret, size_t n)
{
	ret->text = span_of(x->in.p, n);
	consume(x, x->in.p + n);
	return XML_TEXT;
}

/* Splits what stands between a tag's name and its end into attributes. */
static void split_attributes(
	struct xml *x, struct xml_token *ret, const char *p, const char *end)
{
	ret->attributes = x->attributes;
	ret->n_attributes = 0;
	while (p < end && ret->n_attributes < XML_MAX_ATTRIBUTES) {
		struct xml_attribute *a = &x->attributes[ret->n_attributes];
		const char *from;

		while (p < end && (is_space(*p) || *p == '/' || *p == '"' || *p == '\''))
			p++;
		from = p;
		p = skip_name(p, end, ENDS_ATTRIBUTE);
		a->name = span_of(from, (size_t)(p - from));
		while (p < end && is_space(*p))
			p++;
		a->value = SPAN("");
		if (p < end && *p == '=') {
			p++;
			while (p < end && is_space(*p))
				p++;
			if (p < end && (*p == '"' || *p == '\'')) {
				const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));

				from = p + 1;
				p = close ? close : end;
				a->value = span_of(from, (size_t)(p - from));
				p += close != NULL;
			} else {
				from = p;
				while (p < end && !is_space(*p))
					p++;
				a->value = span_of(from, (size_t)(p - from));
			}
		}
		if (a->name.n)
			ret->n_attributes++;
	}
}

/* Where the tag whose inside starts at p ends: at its ">" (not one inside quotes; a quote that
 * is never closed is no quote), or at the "<" of the next one. NULL when neither is there. */
static const char *tag_end(struct xml *x, const char *p, const char *end)
{
	bool value = false; /* behind "=" */

	for (; p < end; p++) {
		const char c = *p;

		if (c == '>')
			return p;
		if (c == '<' && p + 1 < end && (is_name_start(p[1]) || p[1] == '/'))
			return p; /* "<a href=x <b>": the ">" was forgotten */
		if (value && (c == '"' || c == '\'')) {
			const char *close = find_known(p + 1, end, c, &x->no_quote[c == '\'']);

			if (!close) {
				if (!x->last)
					return NULL;
				return find_known(p, end, '>', &x->no_angle);
			}
			p = close;
			value = false;
		} else if (c == '=') {
			value = true;
		} else if (!is_space(c)) {
			value = false;
		}
	}
	return NULL;
}

static enum xml_event read_close(struct xml *x, struct xml_token *ret)
{
	const char *p = x->in.p + 2, *end = x->in.p + x->in.n, *from = p;
	const char *angle;

	p = skip_name(p, end, ENDS_CLOSE);
	ret->name = span_of(from, (size_t)(p - from));
	if (p < end && *p == '>') { /* "</a>", as nearly all are */
		consume(x, p + 1);
		return XML_CLOSE;
	}
	angle = find_known(p, end, '>', &x->no_angle);
	if (!angle && (!x->last && x->in.n < XML_MAX_TAG_BYTES))
		return XML_MORE;
	while (p < end && is_space(*p))
		p++;
	if (p < end && *p == '<') { /* "</a<b>" */
		consume(x, p);
		return XML_CLOSE;
	}
	consume(x, angle ? angle + 1 : end);
	return XML_CLOSE;
}

static enum xml_event read_open(struct xml *x, struct xml_token *ret)
{
	const char *p = x->in.p + 1, *end = x->in.p + x->in.n, *from = p, *angle;
	const char *bound = x->in.n > XML_MAX_TAG_BYTES ? x->in.p + XML_MAX_TAG_BYTES : end;

	p = skip_name(p, bound, ENDS_OPEN);
	ret->name = span_of(from, (size_t)(p - from));
	if (p < bound && *p == '>') { /* "<a>" */
		consume(x, p + 1);
		return XML_OPEN;
	}
	angle = tag_end(x, p, bound);
	if (!angle) {
		if (!x->last && bound == end)
			return XML_MORE;
		return take_text(x, ret, 1);
	}
	ret->empty = *angle == '>' && angle > p && angle[-1] == '/';
	split_attributes(x, ret, p, angle - (ret->empty ? 1 : 0));
	consume(x, *angle == '>' ? angle + 1 : angle);
	return XML_OPEN;
}

static void declare_entity(struct xml *x, struct span name, struct span value)
{
	struct xml_entity *e = &x->entities[x->n_entities];

	if (x->n_entities == XML_MAX_ENTITIES || value.n > XML_MAX_ENTITY_BYTES ||
		name.n > MAX_REFERENCE_BYTES || name.n == 0)
		return;
	e->name = strndup(name.p, name.n);
	e->value = strndup(value.p ? value.p : "", value.n);
	if (e->name && e->value) {
		x->n_entities++;
		return;
	}
	free(e->name);
	free(e->value);
}

/* <!ENTITY name "value"> inside a document type; parameter and external entities are passed. */
static void declare_entities(struct xml *x, struct span subset)
{
	while (subset.n) {
		const char *at = memmem(subset.p, subset.n, "<!ENTITY", 8);
		struct span name, s;
		size_t i = 0;

		if (!at)
			return;
		s = span_trim(span_slice(subset, (size_t)(at - subset.p) + 8, subset.n));
		subset = s;
		while (i < s.n && !is_space(s.p[i]))
			i++;
		name = span_slice(s, 0, i);
		s = span_trim(span_slice(s, i, s.n));
		if (s.n == 0 || (s.p[0] != '"' && s.p[0] != '\''))
			continue;
		i = span_find(span_slice(s, 1, s.n), s.p[0]);
		declare_entity(x, name, span_slice(s, 1, i + 1));
	}
}

/* At "<!DOCTYPE". */
static enum xml_event read_doctype(struct xml *x, struct xml_token *ret)
{
	const char *p = x->in.p + 9, *end = x->in.p + x->in.n, *subset = NULL, *from;
	const char *bound = x->in.n > XML_MAX_TAG_BYTES ? x->in.p + XML_MAX_TAG_BYTES : end;
	struct span declared = SPAN_NONE;
	char quote = '\0';

	while (p < bound && is_space(*p))
		p++;
	from = p;
	while (p < bound && !is_space(*p) && *p != '>' && *p != '[')
		p++;
	ret->name = span_of(from, (size_t)(p - from));
	for (; p < bound; p++) {
		if (quote) {
			if (*p == quote)
				quote = '\0';
		} else if (*p == '"' || *p == '\'') {
			quote = *p;
		} else if (*p == '[' && !subset) {
			subset = p;
		} else if (*p == ']' && subset && !declared.p) {
			declared = span_of(subset, (size_t)(p - subset));
			subset = NULL;
		} else if (*p == '>' && !subset) {
			declare_entities(x, declared);
			consume(x, p + 1);
			return XML_DOCTYPE;
		}
	}
	if (!x->last && bound == end)
		return XML_MORE;
	x->state = STATE_SKIP_TO_ANGLE;
	consume(x, from);
	return XML_DOCTYPE;
}

static bool starts(const struct xml *x, const char *with, size_t n)
{
	return x->in.n >= n && memcmp(x->in.p, with, n) == 0;
}

/* At "<!" or "<?". -1: nothing to hand out, go on. */
static int read_declaration(struct xml *x, struct xml_token *ret)
{
	static const struct span doctype = {"<!DOCTYPE", 9};

	if (starts(x, "<!--", 4)) {
		consume(x, x->in.p + 4);
		x->state = STATE_COMMENT;
		return -1;
	}
	if (starts(x, "<![CDATA[", 9)) {
		consume(x, x->in.p + 9);
		x->state = STATE_CDATA;
		return -1;
	}
	if (x->in.n < 9 && !x->last)
		return XML_MORE;
	if (x->in.n >= 9 && span_eq_ci(span_slice(x->in, 0, 9), doctype))
		return (int)read_doctype(x, ret);
	x->state = STATE_SKIP_TO_ANGLE;
	return -1;
}

/* Inside a section that ends with `mark` of n bytes (one byte twice and ">"). What comes before
 * is in *ret_inside; true when the end was reached. */
static bool read_section(struct xml *x, const char *mark, struct span *ret_inside)
{
	const char *end = x->in.n ? memmem(x->in.p, x->in.n, mark, 3) : NULL;
	size_t keep;

	if (end) {
		*ret_inside = span_of(x->in.p, (size_t)(end - x->in.p));
		consume(x, end + 3);
		return true;
	}
	keep = x->last ? 0 : x->in.n < 2 ? x->in.n : 2;
	*ret_inside = span_of(x->in.p, x->in.n - keep);
	consume(x, x->in.p + x->in.n - keep);
	return false;
}

static enum xml_event ended(const struct xml *x)
{
	return x->last ? XML_END : XML_MORE;
}

/* -1: not at text, go on. */
static int read_text(struct xml *x, struct xml_token *ret)
{
	const char *p = x->in.p, *end = p + x->in.n;

	if (*p == '<' && p + 1 < end && (is_name_start(p[1]) || p[1] == '/'))
		return -1; /* at a tag, as after most of them */
	while ((p = memchr(p, '<', (size_t)(end - p)))) {
		if (p + 1 == end)
			break;
		if (is_name_start(p[1]) || p[1] == '/' || p[1] == '!' || p[1] == '?')
			break;
		p++; /* "a < b", "<3" */
		if (p == end) {
			p = NULL;
			break;
		}
	}
	if (p == x->in.p)
		return -1;
	if (p)
		return (int)take_text(x, ret, (size_t)(p - x->in.p));
	if (uncut_text(x, x->in.n) == 0)
		return XML_MORE;
	return (int)take_text(x, ret, uncut_text(x, x->in.n));
}

static int step(struct xml *x, struct xml_token *ret)
{
	struct span inside;
	const char *angle;
	int event;

	if (x->in.n == 0)
		return (int)ended(x);
	switch (x->state) {
	case STATE_CDATA:
		if (read_section(x, "]]>", &ret->text))
			x->state = STATE_TEXT;
		else if (ret->text.n == 0)
			return (int)ended(x);
		return XML_CDATA;
	case STATE_COMMENT:
		if (read_section(x, "-->", &inside))
			x->state = STATE_TEXT;
		return inside.n || x->state == STATE_TEXT ? -1 : (int)ended(x);
	case STATE_SKIP_TO_ANGLE:
		angle = memchr(x->in.p, '>', x->in.n);
		consume(x, angle ? angle + 1 : x->in.p + x->in.n);
		if (angle)
			x->state = STATE_TEXT;
		return -1;
	default:
		break;
	}
	event = read_text(x, ret);
	if (event >= 0)
		return event;
	if (x->in.n == 1)
		return x->last ? (int)take_text(x, ret, 1) : XML_MORE;
	if (x->in.p[1] == '/')
		return (int)read_close(x, ret);
	if (x->in.p[1] == '!' || x->in.p[1] == '?')
		return read_declaration(x, ret);
	return (int)read_open(x, ret);
}

enum xml_event xml_next(struct xml *x, struct xml_token *ret)
{
	int event;

	do {
		*ret = (struct xml_token){0};
		event = step(x, ret);
	} while (event < 0);
	ret->event = (enum xml_event)event;
	return ret->event;
}

static const struct xml_entity *find_entity(const struct xml *x, struct span name)
{
	for (size_t i = 0; i < x->n_entities; i++)
		if (span_eq_str(name, x->entities[i].name))
			return &x->entities[i];
	return NULL;
}

static void decode(struct xml *x, struct buf *out, struct span raw, int depth);

/* The reference at s.p[0] == '&'. Returns its length, 0 when it is none. */
static size_t decode_reference(struct xml *x, struct buf *out, struct span s, int depth)
{
	const size_t n = span_find(span_slice(s, 0, MAX_REFERENCE_BYTES), ';');
	const struct xml_entity *entity;
	struct span name;
	uint32_t c[2];
	size_t n_c;

	if (s.n > 1 && s.p[1] == '#') {
		size_t used = entity_number(s, &c[0]);

		if (used == 0)
			return 0;
		if (c[0] == '\t' || c[0] == '\n' || c[0] == '\r' || c[0] >= 0x20)
			buf_add_utf8(out, c[0] == 0xFFFE || c[0] == 0xFFFF ? 0xFFFD : c[0]);
		else
			buf_add_utf8(out, 0xFFFD);
		return used;
	}
	if (n >= s.n || s.p[n] != ';' || n < 2)
		return 0;
	name = span_slice(s, 1, n);
	entity = x->n_entities ? find_entity(x, name) : NULL;
	if (entity) {
		const struct span value = span_str(entity->value);

		if (depth >= MAX_ENTITY_DEPTH ||
			x->expanded_bytes + value.n > XML_MAX_EXPANSION_BYTES)
			return 0;
		x->expanded_bytes += value.n;
		decode(x, out, value, depth + 1);
		return n + 1;
	}
	n_c = entity_named(name, c);
	for (size_t i = 0; i < n_c; i++)
		buf_add_utf8(out, c[i]);
	return n_c ? n + 1 : 0;
}

static void decode(struct xml *x, struct buf *out, struct span raw, int depth)
{
	while (raw.n) {
		size_t at = span_find(raw, '&'), used;

		buf_add(out, span_slice(raw, 0, at));
		raw = span_slice(raw, at, raw.n);
		if (raw.n == 0)
			return;
		used = decode_reference(x, out, raw, depth);
		if (used == 0) {
			buf_add_char(out, '&');
			used = 1;
		}
		raw = span_slice(raw, used, raw.n);
	}
}

void xml_decode(struct xml *x, struct buf *out, struct span raw)
{
	decode(x, out, raw, 0);
}
