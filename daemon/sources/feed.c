#include "sources/feed.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sources/date.h"
#include "sources/feed_state.h"
#include "sources/html.h"
#include "sources/url.h"
#include "vigie/cleanup.h"

DEFINE_CLEANUP(struct feed *, feed_free)

int feed_new(struct feed **ret, struct item_list *out, struct arena *arena,
	const struct read_options *options)
{
	CLEANUP(feed_freep) struct feed *f = malloc(sizeof(*f));

	if (!f)
		return -ENOMEM;
	memset(f, 0, offsetof(struct feed, xml));
	xml_init(&f->xml);
	f->arena = arena;
	f->options = *options;
	f->out = out;
	f->first = out->n;
	f->arena_start = arena->total_bytes;
	draft_init(&f->item, arena);
	draft_init(&f->channel, arena);
	draft_init(&f->source, arena);
	*ret = TAKE(f);
	return 0;
}

struct feed *feed_free(struct feed *f)
{
	if (!f)
		return NULL;
	xml_deinit(&f->xml);
	capture_deinit(&f->capture);
	draft_deinit(&f->item);
	draft_deinit(&f->channel);
	draft_deinit(&f->source);
	buf_deinit(&f->attribute);
	buf_deinit(&f->line);
	free(f);
	return NULL;
}

static enum feed_role role_of_top(const struct feed *f)
{
	return f->depth ? f->stack[f->depth - 1].role : ROLE_ROOT;
}

static bool too_much_kept(const struct feed *f)
{
	return f->arena->total_bytes - f->arena_start >= READ_MAX_TOTAL_BYTES;
}

static void end_item(struct feed *f)
{
	struct item item;

	f->item_level = 0;
	if (!f->item.n_authors)
		for (size_t i = 0; i < f->source.n_authors; i++)
			draft_author(&f->item, &f->source.authors[i]);
	if (draft_empty(&f->item))
		return;
	if (draft_finish(&f->item, &item) < 0 || item_list_add(f->out, f->arena, &item) < 0)
		f->failed = true;
}

static void start_item(struct feed *f, const struct xml_token *t)
{
	struct span href;

	if (f->out->n - f->first >= f->options.max_items || too_much_kept(f)) {
		f->enough = true;
		return;
	}
	draft_reset(&f->item, f->arena);
	draft_reset(&f->source, f->arena);
	f->item_level = f->depth;
	feed_scope_note_lang(f, &f->item, 3);
	if (!t->n_attributes)
		return;
	href = feed_scope_find(t, "about");
	if (href.p && f->format == READ_FORMAT_RDF)
		draft_id(&f->item, feed_scope_keep(f, href));
	/* CDF */
	draft_url(&f->item, feed_scope_resolve(f, feed_scope_get(f, t, "href")), 1);
	draft_updated(&f->item, date_parse(feed_scope_get(f, t, "lastmod")), 2);
}

/* Is this name read where we stand? */
static bool belongs(const struct feed *f, enum feed_role parent, enum feed_field field)
{
	switch (parent) {
	case ROLE_AUTHOR:
		return field == FEED_NAME || field == FEED_EMAIL || field == FEED_URI;
	case ROLE_SOURCE:
		return field == FEED_AUTHOR;
	case ROLE_LIST:
		return field == FEED_HOUR || field == FEED_DAY;
	case ROLE_MEDIA:
		return field == FEED_TITLE || field == FEED_TEXT || field == FEED_CATEGORY ||
		       field == FEED_KEYWORDS || field == FEED_MEDIA_CONTENT ||
		       field == FEED_MEDIA_GROUP || field == FEED_STATISTICS;
	case ROLE_ROOT:
	case ROLE_CHANNEL:
	case ROLE_ITEM:
		return field != FEED_NAME && field != FEED_EMAIL && field != FEED_URI &&
		       field != FEED_HOUR && field != FEED_DAY && field != FEED_ROOT &&
		       !(f->item_level && field == FEED_CHANNEL);
	default:
		return false;
	}
}

/* Opens a known element; its stack entry has ROLE_SKIP so far. */
static void open_known(struct feed *f, enum feed_role parent, const struct feed_name *name,
	enum feed_ns ns, const struct xml_token *t)
{
	enum feed_role *role = &f->stack[f->depth - 1].role;

	switch (name->field) {
	case FEED_CHANNEL:
		*role = ROLE_CHANNEL;
		draft_url(&f->channel, feed_scope_resolve(f, feed_scope_get(f, t, "href")), 1);
		break;
	case FEED_ITEM:
		*role = ROLE_ITEM;
		start_item(f, t);
		break;
	case FEED_SOURCE: /* RSS has one too, of text */
		*role = f->item_level && feed_field_is_atom(f, ns) ? ROLE_SOURCE : ROLE_SKIP;
		break;
	case FEED_SKIP_LIST:
		*role = ROLE_LIST;
		break;
	case FEED_MEDIA_CONTENT:
		feed_field_attributes(f, name, t);
		*role = f->item_level ? ROLE_MEDIA : ROLE_SKIP;
		break;
	case FEED_MEDIA_GROUP:
		*role = f->item_level ? ROLE_MEDIA : ROLE_SKIP;
		break;
	case FEED_ENCLOSURE:
	case FEED_STATISTICS:
	case FEED_PARENT:
		feed_field_attributes(f, name, t);
		break;
	default:
		feed_field_start(f, parent, name, ns, t);
		break;
	}
}

static enum read_format format_of_root(struct span local)
{
	static const struct {
		const char *name;
		enum read_format format;
	} roots[] = {{"rss", READ_FORMAT_RSS}, {"rdf", READ_FORMAT_RDF},
		{"feed", READ_FORMAT_ATOM}, {"entry", READ_FORMAT_ATOM},
		{"channel", READ_FORMAT_CDF}};

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++)
		if (span_eq_ci(local, span_str(roots[i].name)))
			return roots[i].format;
	return READ_FORMAT_NONE;
}

/* Before the root: whatever a server printed in front of the feed, or something else entirely.
 */
static void open_outside(struct feed *f, const struct xml_token *t)
{
	const struct span local = xml_local(t->name);
	const enum read_format format = format_of_root(local);

	if (format == READ_FORMAT_NONE) {
		if (span_eq_ci(local, SPAN("html")) || span_eq_ci(local, SPAN("head")) ||
			span_eq_ci(local, SPAN("body")) || span_eq_ci(local, SPAN("opml")) ||
			++f->n_stray > MAX_STRAY_ELEMENTS)
			f->not_a_feed = true;
		return;
	}
	f->format = format;
	f->depth = 1;
	f->stack[0] = (struct open_element){feed_scope_hash(t->name), ROLE_ROOT};
	feed_scope_read(f, t);
	feed_scope_adopt_root(f, xml_prefix(t->name));
	if (span_eq_ci(local, SPAN("entry"))) {
		f->stack[0].role = ROLE_ITEM;
		start_item(f, t);
	} else {
		feed_scope_note_lang(f, &f->channel, 2);
	}
	if (format == READ_FORMAT_CDF)
		draft_url(&f->channel, feed_scope_resolve(f, feed_scope_get(f, t, "href")), 1);
}

static void close_level(struct feed *f)
{
	const size_t level = f->depth;
	const enum feed_role role = f->stack[level - 1].role;

	if (f->field && f->field_level == level)
		feed_field_end(f);
	else if (role == ROLE_AUTHOR)
		draft_author(f->person_of, &f->person);
	if (f->item_level == level)
		end_item(f);
	feed_scope_leave(f, level);
	f->depth--;
	if (f->depth == 0)
		f->ended = true;
}

/* What a name means here: feed_name_find() with its namespace, faster. `hash` is its own. A
 * name has four places; the first that is free, or the last, is taken for a new one. */
static const struct known_name *find_name(struct feed *f, struct span qualified, uint32_t hash)
{
	const uint32_t scope = feed_scope_current(f);
	struct known_name *k;
	enum feed_ns ns;

	for (uint32_t i = 0; i < 4; i++) {
		k = &f->known[(hash + i) & (KNOWN_NAMES - 1)];
		if (k->hash == hash && k->n == (uint32_t)qualified.n && k->scope == scope)
			return k;
		if (!k->n)
			break;
	}
	ns = feed_scope_ns(f, xml_prefix(qualified));
	*k = (struct known_name){hash, (uint32_t)qualified.n, scope, ns,
		feed_name_find(ns, xml_local(qualified))};
	return k;
}

static bool is_person_part(struct feed *f, const struct xml_token *t, uint32_t hash)
{
	const struct feed_name *name = find_name(f, t->name, hash)->name;

	return name && belongs(f, ROLE_AUTHOR, name->field);
}

static void open_element(struct feed *f, const struct xml_token *t)
{
	enum feed_role parent;
	const struct known_name *known = NULL;
	uint32_t hash;

	if (f->depth == 0) {
		open_outside(f, t);
		return;
	}
	hash = feed_scope_hash(t->name);
	/* An item that begins inside a field or another item: end tags are missing. */
	if (f->item_level && !(f->field && f->capture.mode == CAPTURE_XHTML)) {
		known = find_name(f, t->name, hash);
		if (known->name && known->name->field == FEED_ITEM)
			while (f->depth && f->item_level)
				close_level(f);
	}
	if (f->field && f->field->field == FEED_AUTHOR && f->depth == f->field_level &&
		is_person_part(f, t, hash)) {
		f->field = NULL;
		f->stack[f->depth - 1].role = ROLE_AUTHOR;
	}
	if (f->field) {
		capture_open(&f->capture, t->name, t->empty);
		if (t->empty || f->depth == MAX_DEPTH || html_is_void(t->name))
			return;
		f->stack[f->depth++] = (struct open_element){hash, ROLE_FIELD};
		return;
	}
	if (f->depth == MAX_DEPTH || f->depth == 0)
		return;
	parent = role_of_top(f);
	f->stack[f->depth++] = (struct open_element){hash, ROLE_SKIP};
	if (t->n_attributes)
		feed_scope_read(f, t);
	if (parent != ROLE_SKIP) {
		if (!known || known->scope != feed_scope_current(f))
			known = find_name(f, t->name, hash);
		if (known->name && belongs(f, parent, known->name->field))
			open_known(f, parent, known->name, known->ns, t);
	}
	if (t->empty)
		close_level(f);
}

static void close_element(struct feed *f, const struct xml_token *t)
{
	const uint32_t hash = feed_scope_hash(t->name);
	size_t level = f->depth;

	while (level && f->stack[level - 1].hash != hash)
		level--;
	if (!level)
		return;
	if (f->field && level > f->field_level)
		capture_close(&f->capture, t->name);
	while (f->depth >= level)
		close_level(f);
}

static void take_token(struct feed *f, const struct xml_token *t)
{
	switch (t->event) {
	case XML_TEXT:
		if (f->field)
			capture_text(&f->capture, &f->xml, t->text);
		break;
	case XML_CDATA:
		if (f->field)
			capture_cdata(&f->capture, t->text);
		break;
	case XML_OPEN:
		open_element(f, t);
		break;
	case XML_CLOSE:
		close_element(f, t);
		break;
	case XML_DOCTYPE:
		if (!f->depth && span_eq_ci(t->name, SPAN("html")))
			f->not_a_feed = true;
		break;
	default:
		break;
	}
}

int feed_push(struct feed *f, struct span in, bool last, struct span *ret_rest)
{
	struct xml_token t;

	xml_feed(&f->xml, in, last);
	*ret_rest = SPAN_NONE;
	while (!f->ended && !f->enough && !f->not_a_feed && !f->failed) {
		const enum xml_event event = xml_next(&f->xml, &t);

		if (event == XML_MORE || event == XML_END)
			break;
		take_token(f, &t);
		f->enough |= too_much_kept(f);
	}
	capture_hold(&f->capture);
	*ret_rest = f->xml.in;
	if (f->failed)
		return -ENOMEM;
	if (f->not_a_feed)
		return READ_NOT_A_FEED;
	return f->ended || f->enough ? READ_ENOUGH : 0;
}

/* The document stopped inside an item. What was complete of it is worth something, unless we
 * know that the rest exists and only didn't come. */
static void settle_half_item(struct feed *f)
{
	const bool named = f->item.id.n || f->item.url.n;

	f->field = NULL;
	if (f->options.end == DOCUMENT_COMPLETE && named && (f->item.title.n || f->item.text.n))
		end_item(f);
	f->item_level = 0;
}

int feed_finish(struct feed *f, struct read_result *ret)
{
	struct item_author author;

	if (f->not_a_feed || f->format == READ_FORMAT_NONE)
		return READ_NOT_A_FEED;
	if (f->item_level)
		settle_half_item(f);
	ret->format = f->format;
	ret->cut = !f->ended && !f->enough;
	ret->more = f->enough;
	ret->hints = f->hints;
	ret->updated = f->channel.updated;
	if (!wall_known(ret->updated))
		ret->updated = f->channel.published;
	ret->feed.title = f->channel.title;
	ret->feed.lang = f->channel.lang;
	ret->feed.url = f->channel.url;
	if (ret->feed.url.n && !url_is_absolute(ret->feed.url))
		ret->feed.url = SPAN_NONE;
	if (f->channel.text.n)
		ret->description = arena_dup(f->arena, buf_span(&f->channel.text));
	author = draft_join_authors(&f->channel);
	if (f->failed || f->channel.failed)
		return -ENOMEM;
	draft_complete_items(f->out, f->first, f->arena, &f->options, &ret->feed,
		ret->hints.self, f->format != READ_FORMAT_ATOM && f->format != READ_FORMAT_RDF,
		f->format == READ_FORMAT_ATOM ? &author : NULL);
	return 0;
}
