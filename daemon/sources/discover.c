#include "sources/discover.h"

#include <errno.h>
#include <string.h>

#include "sources/encoding.h"
#include "sources/forum.h"
#include "sources/html.h"
#include "sources/reader.h"
#include "sources/text.h"
#include "sources/url.h"
#include "sources/xml.h"
#include "vigie/buf.h"
#include "vigie/cleanup.h"

enum {
	MAX_FOUND = 64,
	MAX_VALUE_BYTES = 8 * 1024,
	MAX_ANCHOR_BYTES = 256,
	/* Links to feeds stand in <head>; pages that forget it have them early all the same. */
	MAX_PAGE_BYTES = 4 * 1024 * 1024,
};

static bool is_feed_type(struct span type)
{
	static const char *const types[] = {"application/rss+xml", "application/atom+xml",
		"application/rdf+xml", "application/feed+json", "application/x-rss+xml",
		"application/x-atom+xml", "application/rss", "application/atom", "text/rss",
		"text/rss+xml", "text/atom", "text/atom+xml", "text/rdf",
		"application/x.atom+xml", "application/x-cdf"};
	/* Seen for feeds, and for much else: taken with rel=feed, or a title or address that
	 * says so. */
	type = span_trim(span_slice(type, 0, span_find(type, ';')));
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (span_eq_ci(type, span_str(types[i])))
			return true;
	return false;
}

static bool is_vague_type(struct span type)
{
	static const char *const types[] = {
		"", "application/xml", "text/xml", "application/json"};

	type = span_trim(span_slice(type, 0, span_find(type, ';')));
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (span_eq_ci(type, span_str(types[i])))
			return true;
	return false;
}

static bool contains(struct span s, struct span part)
{
	for (size_t i = 0; i + part.n <= s.n; i++)
		if (span_eq_ci(span_slice(s, i, i + part.n), part))
			return true;
	return false;
}

/* A word of a list separated by white space, case ignored. */
static bool has_word(struct span list, struct span word)
{
	for (size_t i = 0; i < list.n;) {
		size_t end = i;

		while (end < list.n && !ascii_space(list.p[end]))
			end++;
		if (span_eq_ci(span_slice(list, i, end), word))
			return true;
		i = end + 1;
	}
	return false;
}

/* Is a link with these values one to a feed? */
static bool names_feed(struct span rel, struct span type, struct span href, struct span title)
{
	if (has_word(rel, SPAN("feed")))
		return is_feed_type(type) || is_vague_type(type);
	if (!has_word(rel, SPAN("alternate")) || has_word(rel, SPAN("stylesheet")))
		return false;
	if (is_feed_type(type))
		return true;
	type = span_trim(type);
	if (span_eq_ci(type, SPAN("application/json")))
		return contains(href, SPAN("feed")) && !contains(href, SPAN("/wp-json/"));
	if (span_eq_ci(type, SPAN("application/xml")) || span_eq_ci(type, SPAN("text/xml")))
		return contains(href, SPAN("feed")) || contains(href, SPAN("rss")) ||
		       contains(href, SPAN("atom")) || contains(title, SPAN("rss")) ||
		       contains(title, SPAN("atom"));
	return false;
}

struct finder {
	struct arena *arena;
	struct discovered_list *list;
	struct span base;
	bool base_set; /* by <base> */
	bool failed;
	struct buf value;
	/* Links in the text of the page that look like one to a feed. */
	struct span anchors[MAX_FOUND];
	size_t n_anchors;
	struct span href; /* of the one that is open */
	struct buf text;
};

static void add(
	struct finder *f, struct span href, struct span title, struct span type, bool guess)
{
	struct discovered *d;
	const struct span url = url_resolve(f->arena, f->base, href);

	if (!url.n || !url_is_web(url) || f->list->n == MAX_FOUND)
		return;
	for (size_t i = 0; i < f->list->n; i++)
		if (span_eq(f->list->items[i].url, url))
			return;
	if (!f->list->items)
		f->list->items = arena_calloc(f->arena, MAX_FOUND + 1, sizeof(*d));
	if (!f->list->items) {
		f->failed = true;
		return;
	}
	d = &f->list->items[f->list->n++];
	d->url = url;
	d->title = title;
	d->type = span_trim(type);
	d->guess = guess;
}

/* Decoded, on one line, in the arena. */
static struct span attribute(struct finder *f, const struct xml_token *t, struct span name)
{
	struct buf line = {0};
	struct span value = SPAN_NONE;

	for (size_t i = 0; i < t->n_attributes; i++) {
		if (!span_eq_ci(t->attributes[i].name, name))
			continue;
		buf_clear(&f->value);
		html_unescape(
			&f->value, span_slice(t->attributes[i].value, 0, MAX_VALUE_BYTES));
		text_mend(&f->value);
		text_line(&line, buf_span(&f->value));
		value = arena_dup(f->arena, buf_span(&line));
		f->failed |= !value.p;
		buf_deinit(&line);
		return value;
	}
	return value;
}

static void take_link(struct finder *f, const struct xml_token *t)
{
	const struct span rel = attribute(f, t, SPAN("rel"));
	const struct span type = attribute(f, t, SPAN("type"));
	const struct span href = attribute(f, t, SPAN("href"));
	const struct span title = attribute(f, t, SPAN("title"));

	if (href.n && names_feed(rel, type, href, title))
		add(f, href, title, type, false);
}

/* Does a link in the text of a page look like one to a feed? By its last segment, or its words.
 */
static bool looks_like_feed(struct span href, struct span text)
{
	static const char *const words[] = {"rss", "atom", "feed", "rss feed", "atom feed",
		"rss 2.0", "flux rss", "fil rss", "xml feed"};
	static const char *const names[] = {"feed", "rss", "atom", "feed.xml", "rss.xml",
		"atom.xml", "rss2.xml", "index.rdf", "feed.json"};
	static const char *const ends[] = {".rss", ".atom", ".rdf"};
	struct span path = url_split(href).path, last;
	size_t i;

	while (path.n && path.p[path.n - 1] == '/')
		path.n--;
	for (i = path.n; i > 0 && path.p[i - 1] != '/'; i--)
		;
	last = span_slice(path, i, path.n);
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_eq_ci(text, span_str(words[i])))
			return true;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_eq_ci(last, span_str(names[i])))
			return true;
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (last.n > strlen(ends[i]) &&
			span_eq_ci(span_slice(last, last.n - strlen(ends[i]), last.n),
				span_str(ends[i])))
			return true;
	return false;
}

/* A link ended whose text is in f->text. */
static void end_anchor(struct finder *f)
{
	struct buf line = {0};

	text_line(&line, buf_span(&f->text));
	if (f->n_anchors < MAX_FOUND && looks_like_feed(f->href, buf_span(&line)))
		f->anchors[f->n_anchors++] = f->href;
	buf_deinit(&line);
	f->href = SPAN_NONE;
}

static void read_page(struct finder *f, struct span page)
{
	struct xml x = {0};
	struct xml_token t;
	bool script = false;

	xml_feed(&x, span_slice(page, 0, MAX_PAGE_BYTES), true);
	while (!f->failed && xml_next(&x, &t) != XML_END) {
		if (t.event == XML_CLOSE && span_eq_ci(t.name, SPAN("script")))
			script = false;
		if (f->href.n && t.event == XML_TEXT && f->text.n < MAX_ANCHOR_BYTES)
			html_unescape(&f->text, span_slice(t.text, 0, MAX_ANCHOR_BYTES));
		if (f->href.n && (t.event == XML_CLOSE || t.event == XML_OPEN) &&
			span_eq_ci(t.name, SPAN("a")))
			end_anchor(f);
		if (t.event != XML_OPEN || script)
			continue;
		if (span_eq_ci(t.name, SPAN("script"))) {
			script = !t.empty;
		} else if (span_eq_ci(t.name, SPAN("link"))) {
			take_link(f, &t);
		} else if (span_eq_ci(t.name, SPAN("a"))) {
			f->href = attribute(f, &t, SPAN("href"));
			buf_clear(&f->text);
		} else if (span_eq_ci(t.name, SPAN("base")) && !f->base_set) {
			const struct span href = attribute(f, &t, SPAN("href"));
			const struct span url = url_resolve(f->arena, f->base, href);

			if (url.n) {
				f->base = url;
				f->base_set = true;
			}
		}
	}
	xml_deinit(&x);
}

/* ;name=value of a Link header (RFC 8288, section 3), quotes off. */
static struct span parameter(struct span s, struct span name)
{
	while (s.n) {
		size_t at = span_find(s, ';'), end = 0;
		struct span value;

		s = span_trim(span_slice(s, at + 1, s.n));
		at = span_find(s, '=');
		value = span_trim(span_slice(s, at + 1, s.n));
		if (value.n && value.p[0] == '"') {
			value = span_slice(value, 1, value.n);
			end = span_find(value, '"');
		} else {
			end = span_find(value, ';');
		}
		if (at < s.n && span_eq_ci(span_trim(span_slice(s, 0, at)), name))
			return span_trim(span_slice(value, 0, end));
	}
	return SPAN_NONE;
}

static void read_link_header(struct finder *f, struct span s)
{
	for (;;) {
		const size_t open = span_find(s, '<');
		size_t end = 0;
		bool quoted = false;
		struct span href, rest;

		if (open == s.n)
			return;
		s = span_slice(s, open + 1, s.n);
		href = span_slice(s, 0, span_find(s, '>'));
		s = span_slice(s, href.n + 1, s.n);
		while (end < s.n && (quoted || s.p[end] != ',')) {
			quoted ^= s.p[end] == '"';
			end++;
		}
		rest = span_slice(s, 0, end);
		s = span_slice(s, end, s.n);
		if (href.n && names_feed(parameter(rest, SPAN("rel")),
				      parameter(rest, SPAN("type")), href, SPAN_NONE)) {
			struct buf title = {0};

			text_line(&title, parameter(rest, SPAN("title")));
			add(f, arena_dup(f->arena, href), arena_dup(f->arena, buf_span(&title)),
				arena_dup(f->arena, parameter(rest, SPAN("type"))), false);
			buf_deinit(&title);
		}
	}
}

/* Where the programs that make most sites put their feeds. */
static void add_guesses(struct finder *f)
{
	static const char *const paths[] = {"/feed", "/feed/", "/rss", "/rss.xml", "/atom.xml",
		"/feed.xml", "/index.xml", "/feeds/posts/default", "/feed.json", "/blog/feed"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		add(f, span_str(paths[i]), SPAN_NONE, SPAN_NONE, true);
}

/* The connector that reads what the site runs on. */
static int add_forum(struct finder *f, const struct discover_options *options, struct span page)
{
	struct forum forum;
	struct discovered *d;
	int r = forum_recognise(&forum, f->arena, options, page);

	if (r <= 0)
		return r;
	if (!f->list->items)
		f->list->items = arena_calloc(f->arena, MAX_FOUND + 1, sizeof(*d));
	if (!f->list->items)
		return -ENOMEM;
	d = &f->list->items[f->list->n++];
	d->url = forum.base;
	d->title = span_str(forum.title);
	d->type = arena_printf(f->arena, "connector/%s", forum.network);
	return d->type.p ? 0 : -ENOMEM;
}

/* When the body is a feed: its own address. */
static int read_feed(struct finder *f, const struct discover_options *options, struct span body)
{
	static const char *const types[] = {"", "application/rss+xml", "application/rdf+xml",
		"application/atom+xml", "application/x-cdf", "application/feed+json"};
	const struct read_options read = {
		.base = options->base, .content_type = options->content_type, .max_items = 1};
	struct item_list items = {0};
	struct read_result result;
	int r = document_read(&items, &result, f->arena, &read, body);

	if (r == 0)
		add(f, options->base.n ? options->base : result.hints.self, result.feed.title,
			span_str(types[result.format]), false);
	return r;
}

int discover_feeds(struct discovered_list *ret, struct arena *arena,
	const struct discover_options *options, struct span body)
{
	struct discovered_list list = {0};
	struct finder f = {.arena = arena, .list = &list, .base = options->base};
	struct buf text = {0};
	bool named = false;
	int r = read_feed(&f, options, body);

	if (r == READ_NOT_A_FEED) {
		r = encoding_read_all(&text, body, options->content_type, MAX_PAGE_BYTES);
		if (r == 0) {
			for (size_t i = 0; i < options->n_headers; i++)
				if (span_eq_ci(options->headers[i].name, SPAN("link")))
					read_link_header(&f, options->headers[i].value);
			read_page(&f, buf_span(&text));
			named = list.n > 0;
			for (size_t i = 0; !named && i < f.n_anchors; i++)
				add(&f, f.anchors[i], SPAN_NONE, SPAN_NONE, true);
			if (!list.n && options->guesses)
				add_guesses(&f);
			r = add_forum(&f, options, buf_span(&text));
		}
	}
	buf_deinit(&text);
	buf_deinit(&f.value);
	buf_deinit(&f.text);
	if (r < 0 || f.failed)
		return -ENOMEM;
	*ret = list;
	return 0;
}
