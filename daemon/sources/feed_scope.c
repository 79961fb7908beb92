#include "sources/feed_state.h"

#include <string.h>

#include "sources/url.h"
#include "vigie/utf8.h"

/* ascii_lower() of eight bytes: bit 7 of each tells whether it is one of A to Z. */
static uint64_t lower_eight(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101u, low = w & 0x7F * ones;
	const uint64_t upper = (low + (0x80 - 'A') * ones) ^ (low + (0x7F - 'Z') * ones);

	return w | (upper & ~w & 0x80 * ones) >> 2;
}

/* Up to eight bytes as a number. Those in the middle may count twice: with n known, no two
 * strings give the same. */
static uint64_t last_eight(struct span s)
{
	uint64_t w = 0;
	uint32_t head, tail;

	if (s.n == 8) {
		memcpy(&w, s.p, sizeof(w));
	} else if (s.n >= 4) {
		memcpy(&head, s.p, sizeof(head));
		memcpy(&tail, s.p + s.n - sizeof(tail), sizeof(tail));
		w = (uint64_t)head << 32 | tail;
	} else {
		for (size_t i = 0; i < s.n; i++)
			w = w << 8 | (unsigned char)s.p[i];
	}
	return w;
}

/* Eight bytes at a time, mixed by multiplication as in FNV-1a. Names are short: this is asked
 * for each tag. */
uint32_t feed_scope_hash(struct span s)
{
	uint64_t h = s.n, w;

	for (; s.n > 8; s = span_slice(s, 8, s.n)) {
		memcpy(&w, s.p, 8);
		h = (h ^ lower_eight(w)) * 0x9E3779B97F4A7C15u;
		h ^= h >> 32;
	}
	w = last_eight(s);
	h = (h ^ lower_eight(w)) * 0x9E3779B97F4A7C15u;
	return (uint32_t)(h >> 32);
}

struct span feed_scope_keep(struct feed *f, struct span raw)
{
	buf_clear(&f->attribute);
	xml_decode(&f->xml, &f->attribute, utf8_prefix(raw, READ_MAX_VALUE_BYTES));
	return arena_dup(f->arena, span_trim(buf_span(&f->attribute)));
}

struct span feed_scope_find(const struct xml_token *t, const char *local)
{
	for (size_t i = 0; i < t->n_attributes; i++)
		if (span_eq_ci(t->attributes[i].name, span_str(local)))
			return t->attributes[i].value;
	for (size_t i = 0; i < t->n_attributes; i++)
		if (span_eq_ci(xml_local(t->attributes[i].name), span_str(local)))
			return t->attributes[i].value;
	return SPAN_NONE;
}

struct span feed_scope_get(struct feed *f, const struct xml_token *t, const char *local)
{
	const struct span raw = feed_scope_find(t, local);

	return raw.p ? feed_scope_keep(f, raw) : SPAN_NONE;
}

enum feed_ns feed_scope_ns(const struct feed *f, struct span prefix)
{
	for (size_t i = f->n_bindings; i-- > 0;)
		if (f->bindings[i].n == prefix.n &&
			memcmp(f->bindings[i].prefix, prefix.p ? prefix.p : "", prefix.n) == 0)
			return f->bindings[i].ns;
	return prefix.n ? feed_ns_of_prefix(prefix) : NS_CORE;
}

static void bind(struct feed *f, struct span prefix, struct span raw_uri)
{
	struct binding *b = &f->bindings[f->n_bindings];
	struct span uri;

	if (f->n_bindings == MAX_BINDINGS || prefix.n > MAX_PREFIX_BYTES)
		return;
	buf_clear(&f->attribute);
	xml_decode(&f->xml, &f->attribute, utf8_prefix(raw_uri, READ_MAX_VALUE_BYTES));
	uri = buf_span(&f->attribute);
	*b = (struct binding){.n = prefix.n,
		.level = f->depth,
		.uri = feed_scope_hash(uri),
		.scope = ++f->last_scope};
	if (prefix.n)
		memcpy(b->prefix, prefix.p, prefix.n);
	b->ns = feed_ns_of_uri(uri);
	if (b->ns == NS_OTHER && b->uri == f->core_uri)
		b->ns = NS_CORE;
	f->n_bindings++;
}

void feed_scope_adopt_root(struct feed *f, struct span prefix)
{
	for (size_t i = f->n_bindings; i-- > 0;) {
		struct binding *b = &f->bindings[i];

		if (b->n != prefix.n ||
			memcmp(b->prefix, prefix.p ? prefix.p : "", prefix.n) != 0)
			continue;
		if (b->ns == NS_OTHER) { /* no name was looked up yet */
			b->ns = NS_CORE;
			f->core_uri = b->uri;
		}
		return;
	}
}

static void push_scoped(struct scoped *list, size_t *n, struct span value, size_t level)
{
	if (*n < MAX_BASES)
		list[(*n)++] = (struct scoped){value, level};
}

static struct span base(const struct feed *f)
{
	return f->n_bases ? f->bases[f->n_bases - 1].value : f->options.base;
}

void feed_scope_read(struct feed *f, const struct xml_token *t)
{
	for (size_t i = 0; i < t->n_attributes; i++) {
		const struct xml_attribute *a = &t->attributes[i];

		if (a->name.n < 5 || (a->name.p[0] != 'x' && a->name.p[0] != 'X'))
			continue;
		if (span_eq(a->name, SPAN("xmlns")))
			bind(f, SPAN_NONE, a->value);
		else if (span_starts(a->name, SPAN("xmlns:")))
			bind(f, span_slice(a->name, 6, a->name.n), a->value);
		else if (span_eq(a->name, SPAN("xml:lang")))
			push_scoped(
				f->langs, &f->n_langs, feed_scope_keep(f, a->value), f->depth);
		else if (span_eq(a->name, SPAN("xml:base"))) {
			const struct span url =
				url_resolve(f->arena, base(f), feed_scope_keep(f, a->value));

			if (url.n)
				push_scoped(f->bases, &f->n_bases, url, f->depth);
		}
	}
}

void feed_scope_note_lang(struct feed *f, struct draft *d, int rank)
{
	const size_t outer = f->item_level ? f->item_level : 1;

	if (f->n_langs && f->langs[f->n_langs - 1].level >= outer)
		draft_lang(d, f->langs[f->n_langs - 1].value, rank);
}

void feed_scope_leave(struct feed *f, size_t level)
{
	while (f->n_bindings && f->bindings[f->n_bindings - 1].level >= level)
		f->n_bindings--;
	while (f->n_bases && f->bases[f->n_bases - 1].level >= level)
		f->n_bases--;
	while (f->n_langs && f->langs[f->n_langs - 1].level >= level)
		f->n_langs--;
}

static struct span resolve(struct feed *f, struct span with, struct span reference)
{
	struct span url;

	reference = span_trim(reference);
	if (!reference.n)
		return SPAN_NONE;
	url = url_resolve(f->arena, with, reference);
	return url.n ? url : reference;
}

struct span feed_scope_resolve(struct feed *f, struct span reference)
{
	return resolve(f, base(f), reference);
}

struct span feed_scope_resolve_inner(struct feed *f, struct span reference)
{
	return resolve(f, f->n_bases ? f->bases[f->n_bases - 1].value : SPAN_NONE, reference);
}
