#include "sources/html.h"

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "sources/encoding.h"
#include "sources/entity.h"
#include "vigie/utf8.h"

enum {
	INLINE = 0,
	BLOCK = 1, /* begins and ends a line */
	CELL = 2,  /* apart from its neighbour, on one line */
	VOID = 4,  /* has no end tag */
	RAW = 8,   /* its content is no markup, and not to be read */
	HEAD = 16, /* content is left out by HTML_DROP_HEAD */
};

struct element {
	const char *name;
	unsigned flags;
};

/* Sorted. HTML, what it used to have, and the parts of SVG and MathML seen in feeds. */
static const struct element elements[] = {
	{"a", INLINE},
	{"abbr", INLINE},
	{"acronym", INLINE},
	{"address", BLOCK},
	{"applet", INLINE},
	{"area", VOID},
	{"article", BLOCK},
	{"aside", BLOCK},
	{"audio", INLINE},
	{"b", INLINE},
	{"base", VOID},
	{"basefont", VOID},
	{"bdi", INLINE},
	{"bdo", INLINE},
	{"bgsound", VOID},
	{"big", INLINE},
	{"blink", INLINE},
	{"blockquote", BLOCK},
	{"body", BLOCK},
	{"br", BLOCK | VOID},
	{"button", CELL},
	{"canvas", INLINE},
	{"caption", BLOCK},
	{"center", BLOCK},
	{"cite", INLINE},
	{"code", INLINE},
	{"col", VOID},
	{"colgroup", INLINE},
	{"data", INLINE},
	{"datalist", BLOCK},
	{"dd", BLOCK},
	{"del", INLINE},
	{"details", BLOCK},
	{"dfn", INLINE},
	{"dialog", BLOCK},
	{"dir", BLOCK},
	{"div", BLOCK},
	{"dl", BLOCK},
	{"dt", BLOCK},
	{"em", INLINE},
	{"embed", VOID},
	{"fieldset", BLOCK},
	{"figcaption", BLOCK},
	{"figure", BLOCK},
	{"font", INLINE},
	{"footer", BLOCK},
	{"form", BLOCK},
	{"frame", BLOCK | VOID},
	{"frameset", BLOCK},
	{"g", INLINE},
	{"h1", BLOCK},
	{"h2", BLOCK},
	{"h3", BLOCK},
	{"h4", BLOCK},
	{"h5", BLOCK},
	{"h6", BLOCK},
	{"head", BLOCK | HEAD},
	{"header", BLOCK},
	{"hgroup", BLOCK},
	{"hr", BLOCK | VOID},
	{"html", BLOCK},
	{"i", INLINE},
	{"iframe", INLINE},
	{"image", VOID},
	{"img", VOID},
	{"input", VOID},
	{"ins", INLINE},
	{"isindex", VOID},
	{"kbd", INLINE},
	{"keygen", VOID},
	{"label", INLINE},
	{"legend", BLOCK},
	{"li", BLOCK},
	{"link", VOID},
	{"listing", BLOCK},
	{"main", BLOCK},
	{"map", INLINE},
	{"mark", INLINE},
	{"marquee", BLOCK},
	{"math", INLINE},
	{"menu", BLOCK},
	{"menuitem", BLOCK},
	{"meta", VOID},
	{"meter", INLINE},
	{"nav", BLOCK},
	{"nobr", INLINE},
	{"noembed", INLINE},
	{"noframes", INLINE},
	{"noscript", INLINE},
	{"object", INLINE},
	{"ol", BLOCK},
	{"optgroup", BLOCK},
	{"option", BLOCK},
	{"output", INLINE},
	{"p", BLOCK},
	{"param", VOID},
	{"path", VOID},
	{"picture", INLINE},
	{"plaintext", BLOCK},
	{"pre", BLOCK},
	{"progress", INLINE},
	{"q", INLINE},
	{"rb", INLINE},
	{"rp", INLINE},
	{"rt", INLINE},
	{"rtc", INLINE},
	{"ruby", INLINE},
	{"s", INLINE},
	{"samp", INLINE},
	{"script", RAW},
	{"section", BLOCK},
	{"select", BLOCK},
	{"slot", INLINE},
	{"small", INLINE},
	{"source", VOID},
	{"spacer", VOID},
	{"span", INLINE},
	{"strike", INLINE},
	{"strong", INLINE},
	{"style", RAW},
	{"sub", INLINE},
	{"summary", BLOCK},
	{"sup", INLINE},
	{"svg", INLINE},
	{"table", BLOCK},
	{"tbody", BLOCK},
	{"td", CELL},
	{"template", RAW},
	{"textarea", BLOCK},
	{"tfoot", BLOCK},
	{"th", CELL},
	{"thead", BLOCK},
	{"time", INLINE},
	{"title", BLOCK | HEAD},
	{"tr", BLOCK},
	{"track", VOID},
	{"tt", INLINE},
	{"u", INLINE},
	{"ul", BLOCK},
	{"var", INLINE},
	{"video", INLINE},
	{"wbr", VOID},
	{"xmp", BLOCK},
};

enum { N_ELEMENTS = sizeof(elements) / sizeof(*elements), MAX_NAME = 12 };

static int compare_name(struct span low, const char *name)
{
	for (size_t i = 0; i < low.n; i++)
		if (low.p[i] != name[i])
			return (unsigned char)low.p[i] - (unsigned char)name[i];
	return name[low.n] ? -1 : 0;
}

static const struct element *find_element(struct span name)
{
	char low[MAX_NAME];
	size_t lo = 0, hi = N_ELEMENTS;

	if (name.n == 0 || name.n > sizeof(low))
		return NULL;
	for (size_t i = 0; i < name.n; i++)
		low[i] = ascii_lower(name.p[i]);
	while (lo < hi) {
		const size_t mid = (lo + hi) / 2;
		const int c = compare_name(span_of(low, name.n), elements[mid].name);

		if (c == 0)
			return &elements[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

bool html_is_element(struct span name)
{
	return find_element(name) != NULL;
}

bool html_is_void(struct span name)
{
	const struct element *e = find_element(name);

	return e && (e->flags & VOID);
}

enum pending { PENDING_NONE, PENDING_SPACE, PENDING_LINE };

/* Where the input has its last '>' (or quote), looked for once: a tag behind it has no end, and
 * need not be searched for it. */
struct last {
	const char *at; /* NULL: nowhere */
	bool known;
};

struct walk {
	const char *p, *end;
	char *o, *o_start,
		*o_stop; /* room for at least what is left of the input, see html_text */
	enum pending pending;
	unsigned flags;
	int scripts; /* open ones; below 0: closed without having been opened */
	struct last angle, quote[2];
};

static bool is_letter(char c)
{
	c = ascii_lower(c);
	return c >= 'a' && c <= 'z';
}

static void separate(struct walk *w, enum pending by)
{
	if (by > w->pending)
		w->pending = by;
}

static inline void flush(struct walk *w)
{
	if (w->pending) {
		if (w->o > w->o_start)
			*w->o++ = w->pending == PENDING_LINE && !(w->flags & HTML_ONE_LINE)
					  ? '\n'
					  : ' ';
		w->pending = PENDING_NONE;
	}
}

static void emit(struct walk *w, struct span s)
{
	flush(w);
	memcpy(w->o, s.p, s.n);
	w->o += s.n;
}

static void emit_point(struct walk *w, uint32_t c)
{
	char bytes[4];

	if (c >= 0x80 && c < 0xA0)
		c = encoding_c1[c - 0x80];
	if (c <= ' ' || (c >= 0x7F && c <= 0xA0))
		separate(w, PENDING_SPACE);
	else
		emit(w, span_of(bytes, utf8_encode(bytes, c)));
}

/* Decodes the reference at p; returns its length, 0 for none. */
static size_t reference(struct span s, uint32_t c[2], size_t *n_c)
{
	size_t n = 1, used;

	*n_c = 1;
	if (s.n > 1 && s.p[1] == '#')
		return entity_number(s, &c[0]);
	while (n < s.n && n < 34 && (is_letter(s.p[n]) || (s.p[n] >= '0' && s.p[n] <= '9')))
		n++;
	if (n < s.n && s.p[n] == ';') {
		*n_c = entity_named(span_slice(s, 1, n), c);
		if (*n_c)
			return n + 1;
	}
	*n_c = 1;
	used = entity_bare(span_slice(s, 1, n), &c[0]);
	return used ? used + 1 : 0;
}

static void read_reference(struct walk *w)
{
	uint32_t c[2];
	size_t n_c;
	const size_t used = reference(span_of(w->p, (size_t)(w->end - w->p)), c, &n_c);

	if (used == 0) {
		emit(w, SPAN("&"));
		w->p++;
		return;
	}
	for (size_t i = 0; i < n_c; i++)
		emit_point(w, c[i]);
	w->p += used;
}

static bool any_behind(const struct walk *w, const char *p, char c, struct last *last)
{
	if (!last->known)
		*last = (struct last){memrchr(w->p, c, (size_t)(w->end - w->p)), true};
	return last->at && last->at >= p;
}

/* The ">" of the tag whose inside starts at p, or NULL. */
static const char *tag_end(struct walk *w, const char *p)
{
	bool value = false;

	if (!any_behind(w, p, '>', &w->angle))
		return NULL;
	for (; p < w->end; p++) {
		if (*p == '>')
			return p;
		if (*p == '<' && p + 1 < w->end && (is_letter(p[1]) || p[1] == '/'))
			return p - 1;
		if (value && (*p == '"' || *p == '\'')) {
			if (!any_behind(w, p + 1, *p, &w->quote[*p == '\'']))
				return memchr(p, '>', (size_t)(w->end - p));
			p = memchr(p + 1, *p, (size_t)(w->end - p - 1));
			value = false;
		} else if (*p == '=') {
			value = true;
		} else if (!ascii_space(*p)) {
			value = false;
		}
	}
	return NULL;
}

/* Moves behind the end tag of a raw element; to the end of the input when there is none. */
static void skip_raw(struct walk *w, const char *name)
{
	const size_t n = strlen(name);
	const char *p = w->p;

	while ((p = memchr(p, '<', (size_t)(w->end - p)))) {
		const size_t left = (size_t)(w->end - p);

		if (left < n + 2)
			break;
		if (p[1] == '/' && span_eq_ci(span_of(p + 2, n), span_of(name, n)) &&
			(left == n + 2 || !is_letter(p[n + 2]))) {
			p = memchr(p, '>', left);
			w->p = p ? p + 1 : w->end;
			return;
		}
		p++;
	}
	w->p = w->end;
}

/* An end tag of script without a start tag takes the next start tag back, as the reference
 * reader has it: better some source of a script in a text than a text lost. */
static void read_script(struct walk *w, bool closing, bool empty)
{
	if (closing) {
		w->scripts = -1;
		return;
	}
	if (w->scripts++ < 0)
		return;
	if (!(empty && !memmem(w->p, (size_t)(w->end - w->p), "</script", 8)))
		skip_raw(w, "script");
	w->scripts = 0;
}

static void literal(struct walk *w, size_t n)
{
	emit(w, span_of(w->p, n));
	w->p += n;
}

/* At "<" with a letter or "/" and a letter behind it. */
static void read_tag(struct walk *w)
{
	const bool closing = w->p[1] == '/';
	const char *from = w->p + (closing ? 2 : 1), *p = from, *angle;
	const struct element *e;
	bool empty;

	while (p < w->end && !ascii_space(*p) && *p != '>' && *p != '/' && *p != '<')
		p++;
	e = find_element(span_of(from, (size_t)(p - from)));
	if (!e && (w->flags & HTML_UNKNOWN_IS_TEXT) && !memchr(from, ':', (size_t)(p - from)) &&
		!memchr(from, '-', (size_t)(p - from))) {
		literal(w, 1);
		return;
	}
	angle = tag_end(w, p);
	if (!angle) {
		/* cut in the middle of a tag, or no tag at all */
		if (e && p < w->end && ascii_space(*p))
			w->p = w->end;
		else
			literal(w, 1);
		return;
	}
	empty = angle > p && angle[-1] == '/';
	w->p = angle + 1;
	if (!e)
		return;
	if (e->flags & BLOCK)
		separate(w, PENDING_LINE);
	else if (e->flags & CELL)
		separate(w, PENDING_SPACE);
	if (e->flags & RAW) {
		if (strcmp(e->name, "script") == 0)
			read_script(w, closing, empty);
		else if (!closing && !empty)
			skip_raw(w, e->name);
	} else if ((e->flags & HEAD) && (w->flags & HTML_DROP_HEAD) && !closing && !empty) {
		skip_raw(w, e->name);
	}
}

/* At "<!" or "<?". */
static void read_declaration(struct walk *w)
{
	const size_t left = (size_t)(w->end - w->p);
	const char *end;

	if (left >= 4 && memcmp(w->p, "<!--", 4) == 0) {
		if (left >= 5 && w->p[4] == '>') {
			w->p += 5;
			return;
		}
		end = memmem(w->p + 4, left - 4, "-->", 3);
		w->p = end ? end + 3 : w->end;
		return;
	}
	if (left >= 9 && memcmp(w->p, "<![CDATA[", 9) == 0) {
		literal(w, 9);
		return;
	}
	if (w->p[1] == '!' && !(left > 2 && (is_letter(w->p[2]) || w->p[2] == '['))) {
		literal(w, 2);
		return;
	}
	if (!any_behind(w, w->p, '>', &w->angle)) {
		literal(w, 2);
		return;
	}
	end = memchr(w->p, '>', left);
	w->p = end + 1;
}

static void read_angle(struct walk *w)
{
	const size_t left = (size_t)(w->end - w->p);

	if (left > 1 &&
		(is_letter(w->p[1]) || (left > 2 && w->p[1] == '/' && is_letter(w->p[2]))))
		read_tag(w);
	else if (left > 1 && (w->p[1] == '!' || w->p[1] == '?'))
		read_declaration(w);
	else
		literal(w, 1);
}

/* 1: goes through as it is. */
static const uint8_t plain[256] = {
#define P4 1, 1, 1, 1
#define P16 P4, P4, P4, P4
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, P4, P4, /* space and & */
	P4, P4, P4, 0, 1, 1, 1,                  /* < */
	P16, P16, P16, P4, P4, P4, 1, 1, 1, 0,   /* DEL */
	P16, P16, P16, P16, 1, 1, 0, 1, P4, P4, P4, P16, P16,
	P16, /* 0xC2: no-break space and C1 */
#undef P4
#undef P16
};

/* How many bytes from p on go through as they are: plain ones, and single spaces between them.
 */
static size_t plain_run(const unsigned char *p, const unsigned char *end)
{
	const unsigned char *q = p;

#ifdef __SSE2__
	/* Sixteen at a time: what stops are the bytes that aren't plain, and spaces before one
	 * of those or a space. What follows the sixteenth isn't known yet. */
	const __m128i low = _mm_set1_epi8(0x1F), space = _mm_set1_epi8(' ');
	const __m128i angle = _mm_set1_epi8('<'), amp = _mm_set1_epi8('&');
	const __m128i del = _mm_set1_epi8(0x7F), c2 = _mm_set1_epi8((char)0xC2);

	while (end - q >= 16) {
		const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)q);
		const __m128i odd = _mm_or_si128(
			_mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(v, low), v),
				_mm_cmpeq_epi8(v, del)),
			_mm_or_si128(
				_mm_or_si128(_mm_cmpeq_epi8(v, angle), _mm_cmpeq_epi8(v, amp)),
				_mm_cmpeq_epi8(v, c2)));
		const unsigned m = (unsigned)_mm_movemask_epi8(odd);
		const unsigned s = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, space));
		const unsigned stop = m | (s & (m | s) >> 1);

		if (stop)
			return (size_t)(q - p) + (size_t)__builtin_ctz(stop);
		q += s & 0x8000 ? 15 : 16;
	}
#endif
	for (;;) {
		while (q < end && plain[*q])
			q++;
		if (q + 1 < end && *q == ' ' && plain[q[1]])
			q++;
		else
			return (size_t)(q - p);
	}
}

/* At a plain byte. */
static void read_run(struct walk *w)
{
	const unsigned char *p = (const unsigned char *)w->p;
	const size_t n = plain_run(p, (const unsigned char *)w->end);

	emit(w, span_of(w->p, n));
	w->p += n;
}

void html_text(struct buf *out, struct span markup, unsigned flags, size_t max_bytes)
{
	struct walk w = {.p = markup.p, .end = markup.p + markup.n, .flags = flags};
	struct span text;

	/* The worst a byte can become: "&nLt;" is 5 bytes and gives 6, and a space before it.
	 */
	if (!markup.n || !buf_reserve(out, markup.n + markup.n / 2 + 16))
		return;
	w.o = w.o_start = out->p + out->n;
	w.o_stop = max_bytes ? w.o + max_bytes : NULL;
	while (w.p < w.end && (!w.o_stop || w.o < w.o_stop)) {
		const unsigned char c = (unsigned char)*w.p;

		if (plain[c]) {
			read_run(&w);
		} else if (c == '<') {
			read_angle(&w);
		} else if (c == '&') {
			read_reference(&w);
		} else if (c == 0xC2 && w.p + 1 < w.end) {
			emit_point(&w, (unsigned char)w.p[1]);
			w.p += 2;
		} else {
			separate(&w, PENDING_SPACE);
			w.p++;
		}
	}
	text = span_of(w.o_start, (size_t)(w.o - w.o_start));
	if (max_bytes)
		text = utf8_prefix(text, max_bytes);
	out->n += text.n;
	out->p[out->n] = '\0';
}

void html_to_text(struct buf *out, struct span markup, size_t max_bytes)
{
	html_text(out, markup, 0, max_bytes);
}

struct span html_to_line(struct arena *arena, struct span markup, size_t max_bytes)
{
	struct buf b = {0};
	struct span line;

	html_text(&b, markup, HTML_ONE_LINE, max_bytes);
	line = arena_dup(arena, buf_span(&b));
	buf_deinit(&b);
	return line;
}

void html_unescape(struct buf *out, struct span s)
{
	while (s.n) {
		const size_t at = span_find(s, '&');
		uint32_t c[2];
		size_t used, n_c;

		buf_add(out, span_slice(s, 0, at));
		s = span_slice(s, at, s.n);
		if (s.n == 0)
			return;
		used = reference(s, c, &n_c);
		if (used == 0) {
			buf_add_char(out, '&');
			used = 1;
			n_c = 0;
		}
		for (size_t i = 0; i < n_c; i++)
			buf_add_utf8(out,
				c[i] >= 0x80 && c[i] < 0xA0 ? encoding_c1[c[i] - 0x80] : c[i]);
		s = span_slice(s, used, s.n);
	}
}
