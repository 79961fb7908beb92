#include "vigie/mask.h"

#include <errno.h>
#include <stdlib.h>

#include "vigie/buf.h"

/* Each value in three spellings; a URL has a login, a path and a query. */
enum { SPELLINGS = 3, PARTS = 3 };
/* Shorter beginnings of a secret stand in any text, and tell little. */
enum { CUT_LEAST = 4 };

static int longer_first(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return (x->n < y->n) - (x->n > y->n);
}

/* As a JSON string has it, without its quotes (RFC 8259 section 7). */
static void write_json(struct buf *out, struct span text)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";

	for (size_t i = 0; i < text.n; i++) {
		const unsigned char c = (unsigned char)text.p[i];
		const char *at = c ? strchr(plain, c) : NULL;

		if (at)
			buf_addf(out, "\\%c", letters[at - plain]);
		else if (c < ' ')
			buf_addf(out, "\\u%04X", c);
		else
			buf_add_char(out, (char)c);
	}
}

/* RFC 3986 section 2.1; what is unreserved (section 2.3) stays. */
static void write_percent(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		const char c = text.p[i], lower = ascii_lower(c);

		if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
			c == '.' || c == '_' || c == '~')
			buf_add_char(out, c);
		else
			buf_addf(out, "%%%02X", (unsigned char)c);
	}
}

static int add(struct mask *m, struct arena *arena, struct span secret)
{
	struct buf out = {0};

	if (span_empty(secret))
		return 0;
	m->secrets[m->n] = arena_dup(arena, secret);
	write_json(&out, secret);
	m->secrets[m->n + 1] = arena_dup(arena, buf_span(&out));
	buf_clear(&out);
	write_percent(&out, secret);
	m->secrets[m->n + 2] = arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	for (size_t i = 0; i < SPELLINGS; i++)
		if (!m->secrets[m->n + i].p)
			return -ENOMEM;
	m->n += SPELLINGS;
	return 0;
}

/* Login, path and query by themselves: a channel may put something between them. */
static int add_url(struct mask *m, struct arena *arena, struct span url)
{
	const size_t colon = span_find(url, ':');
	struct span rest = span_slice(url, colon + 3, url.n), path;
	const size_t authority = strcspn(rest.p ? rest.p : "", "/?#");
	const size_t at = span_find(span_slice(rest, 0, authority), '@');
	size_t question;
	int r = 0;

	if (at < authority)
		r = add(m, arena, span_slice(rest, 0, at));
	path = span_slice(rest, authority, rest.n);
	path = span_slice(path, 0, span_find(path, '#'));
	question = span_find(path, '?');
	if (r == 0)
		r = add(m, arena, span_slice(path, question + 1, path.n));
	path = span_slice(path, 0, question);
	if (span_ends(path, SPAN("/")))
		path.n--;
	return r < 0 ? r : add(m, arena, path);
}

static enum field_type type_of(const struct receiver *receiver, struct span name)
{
	for (const struct channel_field *f = receiver->channel->fields; f->name; f++)
		if (span_eq_str(name, f->name))
			return f->type;
	return FIELD_TYPE_STRING;
}

int mask_make(struct mask *ret, struct arena *arena, const struct receiver *receiver)
{
	struct mask m = {0};
	int r = 0;

	m.secrets = arena_calloc(
		arena, (receiver->n_fields + 1) * SPELLINGS * PARTS, sizeof(*m.secrets));
	if (!m.secrets)
		return -ENOMEM;
	for (size_t i = 0; i < receiver->n_fields && r == 0; i++) {
		const struct span value = arena_dup(arena, receiver->fields[i].value);

		switch (type_of(receiver, receiver->fields[i].name)) {
		case FIELD_TYPE_SECRET:
			r = add(&m, arena, value);
			break;
		case FIELD_TYPE_HTTP_URL:
		case FIELD_TYPE_SMTP_URL:
			r = value.p ? add_url(&m, arena, value) : -ENOMEM;
			break;
		default:
			break;
		}
	}
	if (m.n)
		qsort(m.secrets, m.n, sizeof(*m.secrets), longer_first);
	if (r == 0)
		*ret = m;
	return r;
}

/* The secret that stands at the beginning of `text`, or whose beginning all of it is: what an
 * answer says is cut somewhere. NULL: none. */
static const struct span *secret_at(const struct mask *m, struct span text)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct span s = m->secrets[i];

		if (span_starts(text, s) || (text.n >= CUT_LEAST && span_starts(s, text)))
			return &m->secrets[i];
	}
	return NULL;
}

struct span mask_text(const struct mask *m, struct arena *arena, struct span text)
{
	struct buf out = {0};
	struct span ret;

	while (text.n) {
		const struct span *secret = secret_at(m, text);

		if (!secret)
			buf_add_char(&out, text.p[0]);
		else
			buf_add_str(&out, secret->p[0] == '/' ? "/****" : "****");
		text = span_slice(text, secret ? secret->n : 1, text.n);
	}
	ret = out.failed ? SPAN_NONE : arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return ret;
}
