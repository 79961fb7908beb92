#include "sources/tree.h"

#include "sources/xml.h"

/* The prefix by which maps know a namespace. */
static const struct {
	const char *uri, *prefix;
} namespaces[] = {
	{"http://www.w3.org/2005/Atom", "atom"},
	{"http://purl.org/atom/ns#", "atom"},
	{"http://purl.org/rss/1.0/", ""},
	{"http://backend.userland.com/rss2", ""},
	{"http://blogs.law.harvard.edu/tech/rss", ""},
	{"http://www.sitemaps.org/schemas/sitemap/0.9", "sm"},
	{"http://www.google.com/schemas/sitemap/0.84", "sm"},
	{"http://www.google.com/schemas/sitemap-news/0.9", "news"},
	{"http://www.google.com/schemas/sitemap-image/1.1", "img"},
	{"http://www.google.com/schemas/sitemap-video/1.1", "video"},
	{"http://purl.org/rss/1.0/modules/content/", "content"},
	{"http://purl.org/rss/1.0/modules/slash/", "slash"},
	{"http://purl.org/rss/1.0/modules/syndication/", "sy"},
	{"http://purl.org/dc/elements/1.1/", "dc"},
	{"http://purl.org/dc/terms/", "dcterms"},
	{"http://search.yahoo.com/mrss/", "media"},
	{"http://search.yahoo.com/mrss", "media"},
	{"http://www.youtube.com/xml/schemas/2015", "yt"},
	{"http://wellformedweb.org/CommentAPI/", "wfw"},
	{"http://purl.org/syndication/thread/1.0", "thr"},
	{"http://www.itunes.com/dtds/podcast-1.0.dtd", "itunes"},
	{"http://itunes.apple.com/rss", "im"},
	{"http://a9.com/-/spec/opensearch/1.1/", "opensearch"},
	{"http://www.georss.org/georss", "georss"},
	{"http://www.w3.org/2003/01/geo/wgs84_pos#", "geo"},
	{"http://schemas.google.com/g/2005", "gd"},
	{"http://purl.org/atompub/tombstones/1.0", "at"},
	{"http://www.w3.org/1999/xhtml", ""},
};

const char *tree_prefix_of(struct span uri)
{
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(*namespaces); i++)
		if (span_eq(uri, span_str(namespaces[i].uri)))
			return namespaces[i].prefix;
	return NULL;
}

struct binding {
	struct span prefix; /* in the body */
	const char *known;  /* NULL: a namespace of its own */
	size_t level;
};

struct xml_builder {
	struct tree_builder b;
	struct xml xml;
	struct binding bindings[TREE_MAX_BINDINGS];
	size_t n_bindings;
	struct span names[TREE_MAX_DEPTH]; /* of open elements, as written */
	struct buf text;                   /* being gathered */
	bool in_text;
};

/* Decoded, in the body where nothing had to be, else in the arena. */
static struct span decoded(struct xml_builder *x, struct span raw)
{
	struct buf out = {0};
	struct span s;

	if (span_find(raw, '&') == raw.n)
		return raw;
	xml_decode(&x->xml, &out, raw);
	s = out.failed ? SPAN_NONE : arena_dup(x->b.arena, buf_span(&out));
	buf_deinit(&out);
	return s;
}

static struct span known_name(struct xml_builder *x, struct span written)
{
	const struct span prefix = xml_prefix(written);

	for (size_t i = x->n_bindings; i-- > 0;) {
		const struct binding *known = &x->bindings[i];

		if (!span_eq(known->prefix, prefix))
			continue;
		if (!known->known || (prefix.n && span_eq_str(prefix, known->known)))
			return written;
		if (!*known->known)
			return xml_local(written);
		return arena_printf(
			x->b.arena, "%s:%.*s", known->known, SPAN_ARG(xml_local(written)));
	}
	return written;
}

static void flush_text(struct xml_builder *x)
{
	struct span s = buf_span(&x->text);

	if (x->in_text && x->b.depth && span_trim(s).n)
		tree_build_text(&x->b, TREE_STRING, SPAN_NONE, arena_dup(x->b.arena, s));
	buf_clear(&x->text);
	x->in_text = false;
}

static void bind_all(struct xml_builder *x, const struct xml_token *t)
{
	for (size_t i = 0; i < t->n_attributes && x->n_bindings < TREE_MAX_BINDINGS; i++) {
		const struct xml_attribute *a = &t->attributes[i];
		struct binding *n = &x->bindings[x->n_bindings];

		if (span_eq(a->name, SPAN("xmlns")))
			*n = (struct binding){.prefix = SPAN_NONE};
		else if (span_starts(a->name, SPAN("xmlns:")))
			*n = (struct binding){.prefix = span_slice(a->name, 6, a->name.n)};
		else
			continue;
		n->known = tree_prefix_of(span_trim(decoded(x, a->value)));
		n->level = x->b.depth;
		x->n_bindings++;
	}
}

static void on_close(struct xml_builder *x)
{
	tree_build_close(&x->b, false);
	while (x->n_bindings && x->bindings[x->n_bindings - 1].level >= x->b.depth)
		x->n_bindings--;
}

/* One without a prefix is in no namespace. */
static struct span attribute_name(struct xml_builder *x, struct span written)
{
	if (xml_prefix(written).n)
		written = known_name(x, written);
	return arena_printf(x->b.arena, "@%.*s", SPAN_ARG(written));
}

static void on_open(struct xml_builder *x, const struct xml_token *t)
{
	flush_text(x);
	bind_all(x, t);
	tree_build_open(&x->b, TREE_ELEMENT, known_name(x, t->name));
	if (x->b.full)
		return;
	x->names[x->b.depth - 1] = t->name;
	for (size_t i = 0; i < t->n_attributes; i++)
		if (!span_starts(t->attributes[i].name, SPAN("xmlns")))
			tree_build_text(&x->b, TREE_STRING,
				attribute_name(x, t->attributes[i].name),
				decoded(x, t->attributes[i].value));
	if (t->empty)
		on_close(x);
}

/* Ends the innermost element of that name and all within; an end tag without a start is none.
 */
static void on_end_tag(struct xml_builder *x, struct span name)
{
	size_t depth = x->b.depth;

	flush_text(x);
	while (depth && !span_eq(x->names[depth - 1], name))
		depth--;
	while (depth && x->b.depth >= depth)
		on_close(x);
}

int tree_xml(struct tree *ret, struct arena *arena, struct span body)
{
	struct xml_builder *x = calloc(1, sizeof(*x));
	struct xml_token t;
	bool cut;
	int r;

	if (!x)
		return -ENOMEM;
	x->b.arena = arena;
	xml_feed(&x->xml, body, true);
	while (!x->b.full && xml_next(&x->xml, &t) != XML_END) {
		if (t.event == XML_OPEN)
			on_open(x, &t);
		else if (t.event == XML_CLOSE)
			on_end_tag(x, t.name);
		else if (t.event == XML_TEXT)
			xml_decode(&x->xml, &x->text, t.text);
		else if (t.event == XML_CDATA)
			buf_add(&x->text, t.text);
		x->in_text = x->in_text || t.event == XML_TEXT || t.event == XML_CDATA;
		if (!x->b.depth && x->b.n)
			break;
	}
	cut = x->b.depth > 0;
	r = tree_build_end(&x->b, ret, cut);
	buf_deinit(&x->text);
	xml_deinit(&x->xml);
	free(x);
	return r;
}
