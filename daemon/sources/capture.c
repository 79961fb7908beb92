#include "sources/capture.h"

#include <string.h>

#include "sources/encoding.h"
#include "sources/html.h"
#include "sources/text.h"
#include "vigie/utf8.h"

void capture_start(struct capture *c, enum capture_mode mode, bool base64, size_t limit_bytes)
{
	c->mode = mode;
	c->base64 = base64;
	c->limit_bytes = limit_bytes;
	c->direct = SPAN_NONE;
	buf_clear(&c->source);
}

void capture_deinit(struct capture *c)
{
	buf_deinit(&c->source);
	buf_deinit(&c->scratch);
}

void capture_hold(struct capture *c)
{
	if (!c->direct.n)
		return;
	buf_add(&c->source, c->direct);
	c->direct = SPAN_NONE;
}

/* As much of s as there is room for. */
static struct span fit(const struct capture *c, struct span s)
{
	const size_t used = c->source.n + c->direct.n;

	return used >= c->limit_bytes ? SPAN_NONE : utf8_prefix(s, c->limit_bytes - used);
}

static void add_direct(struct capture *c, struct span s)
{
	s = fit(c, s);
	if (!s.n)
		return;
	if (!c->source.n && !c->direct.n) {
		c->direct = s;
		return;
	}
	capture_hold(c);
	buf_add(&c->source, s);
}

/* Literal text inside markup. */
static void add_escaped(struct capture *c, struct span s)
{
	s = fit(c, s);
	capture_hold(c);
	for (size_t i = 0; i < s.n;) {
		size_t end = i;

		while (end < s.n && s.p[end] != '<' && s.p[end] != '&')
			end++;
		buf_add(&c->source, span_slice(s, i, end));
		if (end < s.n)
			buf_add_str(&c->source, s.p[end] == '<' ? "&lt;" : "&amp;");
		i = end + 1;
	}
}

void capture_text(struct capture *c, struct xml *x, struct span raw)
{
	raw = fit(c, raw);
	if (!raw.n)
		return;
	if (!memchr(raw.p, '&', raw.n)) {
		if (c->mode == CAPTURE_XHTML && memchr(raw.p, '<', raw.n))
			add_escaped(c, raw);
		else
			add_direct(c, raw);
		return;
	}
	capture_hold(c);
	if (c->mode != CAPTURE_XHTML) {
		xml_decode(x, &c->source, raw);
		return;
	}
	buf_clear(&c->scratch);
	xml_decode(x, &c->scratch, raw);
	add_escaped(c, buf_span(&c->scratch));
}

void capture_cdata(struct capture *c, struct span text)
{
	if (c->mode == CAPTURE_XHTML)
		add_escaped(c, text);
	else
		add_direct(c, text);
}

static void add_tag(struct capture *c, const char *open, struct span name)
{
	const struct span local = utf8_prefix(xml_local(name), 32);

	/* others say nothing to a reader of HTML, and one of titles would take them for text */
	if (c->mode == CAPTURE_PLAIN || !fit(c, local).n || !html_is_element(local))
		return;
	capture_hold(c);
	buf_add_str(&c->source, open);
	buf_add(&c->source, local);
	buf_add_char(&c->source, '>');
}

void capture_open(struct capture *c, struct span name, bool empty)
{
	add_tag(c, "<", name);
	if (empty && !html_is_void(xml_local(name)))
		add_tag(c, "</", name);
}

void capture_close(struct capture *c, struct span name)
{
	add_tag(c, "</", name);
}

/* RFC 4648, section 4; anything else in between is passed over. */
static void decode_base64(struct buf *out, struct span s)
{
	unsigned bits = 0;
	int n = 0;

	for (size_t i = 0; i < s.n && s.p[i] != '='; i++) {
		static const char digits[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
		const char *at = s.p[i] ? strchr(digits, s.p[i]) : NULL;

		if (!at)
			continue;
		bits = bits << 6 | (unsigned)(at - digits);
		n += 6;
		if (n >= 8) {
			n -= 8;
			buf_add_char(out, (char)(bits >> n & 0xFF));
		}
	}
}

struct span capture_value(struct capture *c)
{
	struct span s;
	size_t n_wide = 0;

	if (c->base64) {
		capture_hold(c);
		buf_clear(&c->scratch);
		decode_base64(&c->scratch, buf_span(&c->source));
		buf_clear(&c->source);
		/* a picture, or a text in an encoding nobody named */
		if (encoding_valid(buf_span(&c->scratch), &n_wide))
			utf8_repair(&c->source, buf_span(&c->scratch));
		c->base64 = false;
	}
	s = c->source.n ? buf_span(&c->source) : c->direct;
	if (!s.n)
		return SPAN("");
	if (text_needs_mending(s)) {
		capture_hold(c);
		text_mend(&c->source);
		s = buf_span(&c->source);
	}
	return s;
}

void capture_plain(struct capture *c, struct buf *out, unsigned html_flags, size_t max_bytes)
{
	const struct span s = capture_value(c);

	if (c->mode != CAPTURE_PLAIN)
		html_text(out, s, html_flags, max_bytes);
	else if (html_flags & HTML_ONE_LINE)
		text_line(out, utf8_prefix(s, max_bytes));
	else
		text_lines(out, utf8_prefix(s, max_bytes));
}

static bool is(struct span s, const char *word)
{
	return span_eq_ci(s, span_str(word));
}

static bool ends_ci(struct span s, const char *end)
{
	const size_t n = strlen(end);

	return s.n >= n && is(span_slice(s, s.n - n, s.n), end);
}

void capture_atom_mode(
	struct span type, struct span mode, enum capture_mode *ret_mode, bool *ret_base64)
{
	const bool escaped = is(mode, "escaped"), inlined = is(mode, "xml");

	*ret_base64 = is(mode, "base64");
	type = span_trim(span_slice(type, 0, span_find(type, ';')));
	if (is(type, "html") || is(type, "text/html"))
		*ret_mode = inlined ? CAPTURE_XHTML : CAPTURE_HTML;
	else if (is(type, "xhtml") || ends_ci(type, "+xml") || ends_ci(type, "/xml"))
		*ret_mode = escaped || *ret_base64 ? CAPTURE_HTML : CAPTURE_XHTML;
	else {
		*ret_mode = CAPTURE_PLAIN;
		if (memchr(type.p ? type.p : "", '/', type.n) &&
			!is(span_slice(type, 0, 5), "text/") && !escaped && !inlined)
			*ret_base64 = true;
	}
}
