#include "line/codec_item.h"

#include <math.h>

void json_write_string(struct buf *out, struct span s)
{
	static const bool special[256] = {
		['"'] = true, ['\\'] = true, ['<'] = true, [0x7F] = true};
	size_t from = 0;

	buf_add_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x20 && !special[c])
			continue;
		buf_add(out, span_slice(s, from, i));
		from = i + 1;
		if (c == '"' || c == '\\') {
			buf_add_char(out, '\\');
			buf_add_char(out, (char)c);
		} else if (c == '\n') {
			buf_add(out, SPAN("\\n"));
		} else {
			buf_addf(out, "\\u%04x", c);
		}
	}
	buf_add(out, span_slice(s, from, s.n));
	buf_add_char(out, '"');
}

/* ,"name": (the comma but for the first member) */
static void add_name(struct buf *out, const char *name)
{
	const char before = out->n ? out->p[out->n - 1] : '\0';

	if (before != '{')
		buf_add_char(out, ',');
	buf_add_char(out, '"');
	buf_add_str(out, name);
	buf_add(out, SPAN("\":"));
}

static void add_string(struct buf *out, const char *name, struct span s)
{
	add_name(out, name);
	if (s.n)
		json_write_string(out, s);
	else
		buf_add(out, SPAN("null"));
}

static void add_time(struct buf *out, const char *name, struct wall t)
{
	char text[RFC3339_SIZE];

	add_string(out, name, span_str(wall_rfc3339(text, t)));
}

static void add_number(struct buf *out, const char *name, double v)
{
	add_name(out, name);
	if (!isfinite(v))
		buf_add(out, SPAN("null"));
	else if (v == floor(v) && fabs(v) < 9007199254740992.0) /* 2^53: exact */
		buf_addf(out, "%.0f", v);
	else
		buf_addf(out, "%.12g", v);
}

static void add_list(struct buf *out, const char *name, const struct span *items, size_t n)
{
	add_name(out, name);
	buf_add_char(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add_char(out, ',');
		json_write_string(out, items[i]);
	}
	buf_add_char(out, ']');
}

static void add_author(struct buf *out, const struct item_author *a)
{
	add_name(out, "author");
	if (!a->name.n && !a->handle.n && !a->url.n && isnan(a->followers)) {
		buf_add(out, SPAN("null"));
		return;
	}
	buf_add_char(out, '{');
	add_string(out, "name", a->name);
	add_string(out, "handle", a->handle);
	add_string(out, "url", a->url);
	add_number(out, "followers", a->followers);
	buf_add_char(out, '}');
}

static void add_place(struct buf *out, const struct item_place *p)
{
	add_name(out, "place");
	if (!p->name.n && !p->country.n && isnan(p->lat) && isnan(p->lon)) {
		buf_add(out, SPAN("null"));
		return;
	}
	buf_add_char(out, '{');
	add_string(out, "name", p->name);
	add_number(out, "lat", p->lat);
	add_number(out, "lon", p->lon);
	add_string(out, "country", p->country);
	buf_add_char(out, '}');
}

static void add_engagement(struct buf *out, const struct item_numbers *n)
{
	add_name(out, "engagement");
	buf_add_char(out, '{');
	add_number(out, "likes", n->likes);
	add_number(out, "shares", n->shares);
	add_number(out, "replies", n->replies);
	add_number(out, "views", n->views);
	add_number(out, "rating", n->rating);
	buf_add_char(out, '}');
}

void item_write_json(struct buf *out, const struct item *item)
{
	buf_add_char(out, '{');
	add_name(out, "id");
	json_write_string(out, item->id);
	add_string(out, "url", item->url);
	add_string(out, "title", item->title);
	add_name(out, "text");
	json_write_string(out, item->text);
	add_author(out, &item->author);
	add_time(out, "published", item->published);
	add_time(out, "updated", item->updated);
	add_string(out, "lang", item->lang);
	add_list(out, "tags", item->tags, item->n_tags);
	add_string(out, "kind", span_str(item_kind_names[item->kind]));
	add_string(out, "parent", item->parent);
	add_engagement(out, &item->numbers);
	add_list(out, "media", item->media, item->n_media);
	add_place(out, &item->place);
	add_name(out, "feed");
	buf_add_char(out, '{');
	add_string(out, "title", item->feed.title);
	add_string(out, "url", item->feed.url);
	add_string(out, "lang", item->feed.lang);
	buf_add(out, SPAN("}}"));
}
