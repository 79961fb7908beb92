#include "sources/opml.h"

#include <errno.h>
#include <string.h>

#include "sources/encoding.h"
#include "sources/html.h"
#include "sources/text.h"
#include "sources/xml.h"
#include "vigie/buf.h"
#include "vigie/utf8.h"

enum {
	MAX_FOLDERS = 32,
	MAX_DEPTH = 256,
	MAX_VALUE_BYTES = 8 * 1024,
	/* A line of a list of subscriptions is some 200 bytes: half a million of them. */
	MAX_ENTRIES = 500000,
	MAX_LIST_BYTES = 256 * 1024 * 1024,
};

struct list {
	struct arena *arena;
	struct opml_list *out;
	struct xml xml;
	/* The open outlines; those that are folders have a name. */
	struct span folders[MAX_DEPTH];
	size_t depth, too_deep;
	bool seen, in_title, failed;
	struct buf value, line;
};

static struct span keep_line(struct list *l, struct span raw)
{
	struct span kept;

	buf_clear(&l->value);
	buf_clear(&l->line);
	xml_decode(&l->xml, &l->value, utf8_prefix(raw, MAX_VALUE_BYTES));
	text_mend(&l->value);
	text_line(&l->line, buf_span(&l->value));
	kept = arena_dup(l->arena, buf_span(&l->line));
	l->failed |= !kept.p || l->line.failed || l->value.failed;
	return kept;
}

static struct span attribute(struct list *l, const struct xml_token *t, const char *name)
{
	for (size_t i = 0; i < t->n_attributes; i++)
		if (span_eq_ci(t->attributes[i].name, span_str(name)))
			return keep_line(l, t->attributes[i].value);
	return SPAN_NONE;
}

/* Titles written as escaped HTML are read as such. */
static struct span plain(struct list *l, struct span s)
{
	if (!memchr(s.p ? s.p : "", '<', s.n) && !memchr(s.p ? s.p : "", '&', s.n))
		return s;
	buf_clear(&l->line);
	html_text(&l->line, s, HTML_ONE_LINE | HTML_UNKNOWN_IS_TEXT, MAX_VALUE_BYTES);
	return arena_dup(l->arena, buf_span(&l->line));
}

static bool grow(struct list *l)
{
	struct opml_list *o = l->out;
	const size_t capacity = o->capacity ? o->capacity * 2 : 64;
	struct opml_entry *entries;

	if (o->n < o->capacity)
		return true;
	entries = arena_calloc(l->arena, capacity, sizeof(*entries));
	if (!entries) {
		l->failed = true;
		return false;
	}
	if (o->n)
		memcpy(entries, o->entries, o->n * sizeof(*entries));
	o->entries = entries;
	o->capacity = capacity;
	return true;
}

static void set_category(struct list *l, struct opml_entry *e)
{
	struct span path[MAX_FOLDERS];
	size_t n = 0;
	struct span *kept;

	for (size_t i = 0; i < l->depth && n < MAX_FOLDERS; i++)
		if (l->folders[i].n)
			path[n++] = l->folders[i];
	kept = n ? arena_calloc(l->arena, n, sizeof(*kept)) : NULL;
	if (!n)
		return;
	if (!kept) {
		l->failed = true;
		return;
	}
	memcpy(kept, path, n * sizeof(*kept));
	e->category = kept;
	e->n_category = n;
}

static void open_outline(struct list *l, const struct xml_token *t)
{
	struct span title = attribute(l, t, "title");
	struct span url = attribute(l, t, "xmlUrl");
	struct span folder = SPAN_NONE;

	if (!title.n)
		title = attribute(l, t, "text");
	title = plain(l, title);
	if (!url.n) /* seen in old exports of feeds */
		url = attribute(l, t, "feedUrl");
	if (!url.n) {
		folder = title;
	} else if (l->out->n < MAX_ENTRIES && grow(l)) {
		struct opml_entry *e = &l->out->entries[l->out->n];

		*e = (struct opml_entry){.title = title, .xml_url = url};
		e->html_url = attribute(l, t, "htmlUrl");
		e->type = attribute(l, t, "type");
		e->language = attribute(l, t, "language");
		set_category(l, e);
		l->out->n++;
	}
	if (t->empty)
		return;
	if (l->depth < MAX_DEPTH)
		l->folders[l->depth++] = folder;
	else
		l->too_deep++;
}

static void take(struct list *l, const struct xml_token *t)
{
	const struct span name = xml_local(t->name);
	const bool outline = span_eq_ci(name, SPAN("outline"));

	switch (t->event) {
	case XML_OPEN:
		if (span_eq_ci(name, SPAN("opml")))
			l->seen = true;
		else if (outline && l->seen)
			open_outline(l, t);
		l->in_title = l->seen && !t->empty && span_eq_ci(name, SPAN("title"));
		break;
	case XML_CLOSE:
		l->in_title = false;
		if (outline && l->too_deep)
			l->too_deep--;
		else if (outline)
			l->depth -= l->depth > 0;
		break;
	case XML_TEXT:
		if (l->in_title && !l->out->title.n)
			l->out->title = keep_line(l, t->text);
		break;
	default:
		break;
	}
}

int opml_read(struct opml_list *ret, struct arena *arena, struct span body)
{
	struct opml_list out = {0};
	struct list l = {.arena = arena, .out = &out};
	struct buf text = {0};
	struct xml_token t;
	int result = encoding_read_all(&text, body, SPAN_NONE, MAX_LIST_BYTES);

	if (result == 0) {
		xml_feed(&l.xml, buf_span(&text), true);
		while (!l.failed && xml_next(&l.xml, &t) != XML_END)
			take(&l, &t);
	}
	xml_deinit(&l.xml);
	buf_deinit(&text);
	buf_deinit(&l.value);
	buf_deinit(&l.line);
	if (result < 0 || l.failed)
		return -ENOMEM;
	if (!l.seen)
		return OPML_NOT_OPML;
	*ret = out;
	return 0;
}
