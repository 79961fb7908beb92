#include "sources/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sources/capture.h"
#include "sources/date.h"
#include "sources/feed_names.h"
#include "sources/html.h"
#include "sources/url.h"
#include "sources/xml.h"
#include "vigie/cleanup.h"
#include "vigie/utf8.h"

enum {
	MAX_DEPTH = 256,    /* deeper elements are read as if they were not nested */
	MAX_BINDINGS = 128, /* of namespace prefixes in force */
	MAX_PREFIX_BYTES = 24,
	MAX_BASES = 16,
	MAX_STRAY_ELEMENTS = 64, /* before the feed's root: warnings of a script, a page */
};

enum role {
	ROLE_SKIP,  /* nothing inside is read */
	ROLE_FIELD, /* captured */
	ROLE_ROOT,
	ROLE_CHANNEL,
	ROLE_ITEM,
	ROLE_AUTHOR,
	ROLE_SOURCE,
	ROLE_MEDIA, /* its children say something of the item */
	ROLE_LIST,
};

struct open_element {
	uint32_t hash; /* of the qualified name */
	enum role role;
};

struct binding {
	char prefix[MAX_PREFIX_BYTES];
	size_t n;
	enum feed_ns ns;
	uint32_t uri;
	size_t level;
};

/* xml:base and xml:lang in force. */
struct scoped {
	struct span value;
	size_t level;
};

struct feed {
	struct arena *arena;
	struct read_options options;
	struct item_list *out;
	size_t first; /* index of our first item in out */
	size_t arena_start;

	struct xml xml;
	struct open_element stack[MAX_DEPTH];
	size_t depth;
	struct binding bindings[MAX_BINDINGS];
	size_t n_bindings;
	uint32_t core_uri;
	struct scoped bases[MAX_BASES], langs[MAX_BASES];
	size_t n_bases, n_langs;
	size_t n_stray;
	bool ended; /* the root's end tag was seen */
	bool not_a_feed;

	struct capture capture;
	const struct feed_name *field; /* captured; NULL: none */
	size_t field_level;
	/* of the field's start tag */
	struct span href, type, rel, count;
	bool permalink;
	struct buf attribute;

	size_t item_level; /* 0: not inside an item */
	struct draft item, channel;
	struct draft source; /* atom:source of the item */
	struct draft_person person;
	struct draft *person_of;
	struct read_hints hints;
	enum read_format format;
	struct buf line;
	bool enough, failed;
};

DEFINE_CLEANUP(struct feed *, feed_free)

int feed_new(struct feed **ret, struct item_list *out, struct arena *arena,
        const struct read_options *options)
{
	CLEANUP(feed_freep) struct feed *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->arena = arena;
	f->options = *options;
	if (!f->options.max_items)
		f->options.max_items = READ_MAX_ITEMS;
	if (!f->options.max_text_bytes)
		f->options.max_text_bytes = READ_MAX_TEXT_BYTES;
	f->out = out;
	f->first = out->n;
	f->arena_start = arena->total_bytes;
	draft_reset(&f->item, arena);
	draft_reset(&f->channel, arena);
	draft_reset(&f->source, arena);
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

/* FNV-1a, letters in lower case. */
static uint32_t hash_name(struct span s)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)ascii_lower(s.p[i])) * 16777619u;
	return h;
}

static enum role role_of_top(const struct feed *f)
{
	return f->depth ? f->stack[f->depth - 1].role : ROLE_ROOT;
}

/* The draft that fields at this place speak of. */
static struct draft *subject(struct feed *f)
{
	return f->item_level ? &f->item : &f->channel;
}

/* ---- attributes ---- */

/* Decoded and trimmed, in the arena. */
static struct span keep_attribute(struct feed *f, struct span raw)
{
	buf_clear(&f->attribute);
	xml_decode(&f->xml, &f->attribute, utf8_prefix(raw, READ_MAX_VALUE_BYTES));
	return arena_dup(f->arena, span_trim(buf_span(&f->attribute)));
}

static struct span find_attribute(const struct xml_token *t, const char *local)
{
	for (size_t i = 0; i < t->n_attributes; i++)
		if (span_eq_ci(t->attributes[i].name, span_str(local)))
			return t->attributes[i].value;
	for (size_t i = 0; i < t->n_attributes; i++)
		if (span_eq_ci(xml_local(t->attributes[i].name), span_str(local)))
			return t->attributes[i].value;
	return SPAN_NONE;
}

static struct span get_attribute(struct feed *f, const struct xml_token *t, const char *local)
{
	const struct span raw = find_attribute(t, local);

	return raw.p ? keep_attribute(f, raw) : SPAN_NONE;
}

/* ---- namespaces, bases, languages ---- */

static enum feed_ns ns_of_prefix(const struct feed *f, struct span prefix)
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
	*b = (struct binding){.n = prefix.n, .level = f->depth, .uri = hash_name(uri)};
	if (prefix.n)
		memcpy(b->prefix, prefix.p, prefix.n);
	b->ns = feed_ns_of_uri(uri);
	if (b->ns == NS_OTHER && b->uri == f->core_uri)
		b->ns = NS_CORE;
	f->n_bindings++;
}

/* Elements in the namespace of the root are the feed's own, whatever its address is. */
static void adopt_root_namespace(struct feed *f, struct span prefix)
{
	for (size_t i = f->n_bindings; i-- > 0;) {
		struct binding *b = &f->bindings[i];

		if (b->n != prefix.n ||
		        memcmp(b->prefix, prefix.p ? prefix.p : "", prefix.n) != 0)
			continue;
		if (b->ns == NS_OTHER) {
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

/* What holds from this element's attributes on. f->depth is its level already. */
static void read_scope(struct feed *f, const struct xml_token *t)
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
			        f->langs, &f->n_langs, keep_attribute(f, a->value), f->depth);
		else if (span_eq(a->name, SPAN("xml:base"))) {
			const struct span url =
			        url_resolve(f->arena, base(f), keep_attribute(f, a->value));

			if (url.n)
				push_scoped(f->bases, &f->n_bases, url, f->depth);
		}
	}
}

/* xml:lang from inside an item beats what the item or feed says in an element. */
static void note_lang(struct feed *f, struct draft *d, int rank)
{
	const size_t outer = f->item_level ? f->item_level : 1;

	if (f->n_langs && f->langs[f->n_langs - 1].level >= outer)
		draft_lang(d, f->langs[f->n_langs - 1].value, rank);
}

/* ---- addresses ---- */

/* Absolute; relative as it is when there is no base yet (see feed_complete_items). */
static struct span resolve_with(struct feed *f, struct span with, struct span reference)
{
	struct span url;

	reference = span_trim(reference);
	if (!reference.n)
		return SPAN_NONE;
	url = url_resolve(f->arena, with, reference);
	return url.n ? url : reference;
}

static struct span resolve(struct feed *f, struct span reference)
{
	return resolve_with(f, base(f), reference);
}

/* ---- items ---- */

static bool bounds_reached(const struct feed *f)
{
	return f->out->n - f->first >= f->options.max_items ||
	       f->arena->total_bytes - f->arena_start >= READ_MAX_TOTAL_BYTES;
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

	if (bounds_reached(f)) {
		f->enough = true;
		return;
	}
	draft_reset(&f->item, f->arena);
	draft_reset(&f->source, f->arena);
	f->item_level = f->depth;
	note_lang(f, &f->item, 3);
	if (!t->n_attributes)
		return;
	href = find_attribute(t, "about");
	if (href.p && f->format == READ_FORMAT_RDF)
		draft_id(&f->item, keep_attribute(f, href));
	/* CDF */
	draft_url(&f->item, resolve(f, get_attribute(f, t, "href")), 1);
	draft_updated(&f->item, date_parse(get_attribute(f, t, "lastmod")), 2);
}

/* ---- fields ---- */

/* Atom's elements, and those of an Atom document that are in no namespace. */
static bool speaks_atom(const struct feed *f, enum feed_ns ns)
{
	return ns == NS_ATOM || (ns == NS_CORE && f->format == READ_FORMAT_ATOM);
}

static void start_capture(struct feed *f, const struct feed_name *name, enum capture_mode mode,
        bool base64, size_t limit_bytes)
{
	capture_start(&f->capture, mode, base64, limit_bytes);
	f->field = name;
	f->field_level = f->depth;
	f->stack[f->depth - 1].role = ROLE_FIELD;
}

static void start_text(struct feed *f, const struct feed_name *name, enum feed_ns ns,
        const struct xml_token *t)
{
	const size_t limit = name->field == FEED_TEXT ? (size_t)READ_MAX_MARKUP_BYTES
	                                              : (size_t)READ_MAX_TITLE_BYTES * 4;
	enum capture_mode mode = CAPTURE_HTML;
	bool base64 = false;

	if (speaks_atom(f, ns))
		capture_atom_mode(get_attribute(f, t, "type"), get_attribute(f, t, "mode"),
		        &mode, &base64);
	else if (ns == NS_XHTML)
		mode = CAPTURE_XHTML;
	else if (ns == NS_MEDIA && span_eq_ci(find_attribute(t, "type"), SPAN("plain")))
		mode = CAPTURE_HTML; /* says plain, is escaped all the same */
	start_capture(f, name, mode, base64, limit);
}

static void start_value(struct feed *f, const struct feed_name *name, const struct xml_token *t)
{
	f->href = f->type = f->rel = f->count = SPAN_NONE;
	f->permalink = true;
	if (t->n_attributes) {
		switch (name->field) {
		case FEED_LINK:
			f->href = get_attribute(f, t, "href");
			f->rel = get_attribute(f, t, "rel");
			f->type = get_attribute(f, t, "type");
			f->count = get_attribute(f, t, "count");
			if (!f->href.n) /* <link rdf:resource="…"/> */
				f->href = get_attribute(f, t, "resource");
			break;
		case FEED_CATEGORY:
			f->href = get_attribute(f, t, "label");
			if (!f->href.n)
				f->href = get_attribute(f, t, "term");
			if (!f->href.n && name->ns == NS_ITUNES)
				f->href = get_attribute(f, t, "text");
			break;
		case FEED_ID:
			f->permalink = !span_eq_ci(
			        span_trim(find_attribute(t, "isPermaLink")), SPAN("false"));
			break;
		default:
			break;
		}
	}
	start_capture(f, name, CAPTURE_PLAIN, false, READ_MAX_VALUE_BYTES);
}

static void add_media(struct feed *f, struct span url)
{
	/* files are the site's rather than the feed's, whose address may be a proxy's: without
	 * xml:base they wait for the site's link */
	const struct span with = f->n_bases ? f->bases[f->n_bases - 1].value : SPAN_NONE;

	if (f->item_level && url.n)
		draft_media(&f->item, resolve_with(f, with, url));
}

static struct span relation(struct span rel)
{
	static const struct span iana = {"http://www.iana.org/assignments/relation/", 41};

	rel = span_trim(rel);
	return span_starts(rel, iana) ? span_slice(rel, iana.n, rel.n) : rel;
}

static bool is_page_type(struct span type)
{
	type = span_trim(span_slice(type, 0, span_find(type, ';')));
	return !type.n || span_eq_ci(type, SPAN("text/html")) ||
	       span_eq_ci(type, SPAN("application/xhtml+xml"));
}

static void end_link(struct feed *f, struct span text)
{
	const struct span rel = relation(f->rel);
	const struct span href = f->href.n ? f->href : text;
	struct draft *d = subject(f);
	int rank;

	if (!span_trim(href).n)
		return;
	if (span_eq_ci(rel, SPAN("enclosure"))) {
		add_media(f, f->href);
	} else if (span_eq_ci(rel, SPAN("replies"))) {
		draft_replies(d, f->count, 3);
	} else if (!rel.n || span_eq_ci(rel, SPAN("alternate"))) {
		rank = is_page_type(f->type) ? 1 : 3;
		/* in RSS its own link element, which has text, comes first */
		if (f->format != READ_FORMAT_ATOM && f->href.n)
			rank++;
		draft_url(d, resolve(f, href), rank);
	} else if (!f->item_level && span_eq_ci(rel, SPAN("hub"))) {
		if (!f->hints.hub.n)
			f->hints.hub = resolve(f, href);
	} else if (!f->item_level && span_eq_ci(rel, SPAN("self"))) {
		if (!f->hints.self.n)
			f->hints.self = resolve(f, href);
	}
}

static void end_id(struct feed *f, struct span text)
{
	text = span_trim(text);
	draft_id(subject(f), text);
	if (f->item_level && f->field->name[0] == 'g' && f->permalink && url_is_web(text))
		f->item.guid_link = url_resolve(f->arena, SPAN_NONE, text);
}

static int64_t to_number(struct span s)
{
	int64_t v = 0;

	s = span_trim(s);
	if (!s.n || s.n > 9)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		v = v * 10 + (s.p[i] - '0');
	}
	return v;
}

static double to_degrees(struct span s, double limit)
{
	char text[32], *end;
	double v;

	s = span_trim(s);
	if (!s.n || s.n >= sizeof(text))
		return NAN;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	v = strtod(text, &end);
	return *end == '\0' && v >= -limit && v <= limit ? v : NAN;
}

static void read_point(struct draft *d, struct span s)
{
	size_t cut = 0;

	s = span_trim(s);
	while (cut < s.n && !ascii_space(s.p[cut]) && s.p[cut] != ',')
		cut++;
	d->lat = to_degrees(span_slice(s, 0, cut), 90);
	d->lon = to_degrees(span_slice(s, cut + 1, s.n), 180);
	if (isnan(d->lat) || isnan(d->lon))
		d->lat = d->lon = NAN;
}

static void read_hint(struct feed *f, enum feed_field field, struct span s)
{
	static const char *const days[] = {
	        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
	static const struct {
		const char *name;
		int64_t minutes;
	} periods[] = {{"hourly", 60}, {"daily", 1440}, {"weekly", 10080}, {"monthly", 43200},
	        {"yearly", 525600}};
	const int64_t n = to_number(s);

	s = span_trim(s);
	switch (field) {
	case FEED_TTL:
		f->hints.ttl_minutes = n > 0 ? n : f->hints.ttl_minutes;
		break;
	case FEED_HOUR: /* 0 to 23; some write 24 for midnight */
		if (n >= 0 && n <= 24)
			f->hints.skip_hours |= 1u << (n % 24);
		break;
	case FEED_DAY:
		for (size_t i = 0; i < 7; i++)
			if (span_eq_ci(s, span_str(days[i])))
				f->hints.skip_days |= (uint8_t)(1u << i);
		break;
	case FEED_PERIOD:
		for (size_t i = 0; i < sizeof(periods) / sizeof(*periods); i++)
			if (span_eq_ci(s, span_str(periods[i].name)))
				f->hints.period_minutes = periods[i].minutes;
		break;
	default:
		break;
	}
}

static void end_person_field(struct feed *f, struct span s)
{
	const struct span value = span_trim(s);

	if (f->field->field == FEED_NAME)
		f->person.name = arena_dup(f->arena, value);
	else if (f->field->field == FEED_EMAIL)
		f->person.email = arena_dup(f->arena, value);
	else
		f->person.url = resolve(f, arena_dup(f->arena, value));
}

static void end_title(struct feed *f)
{
	struct draft *d = subject(f);

	if (!draft_wants_title(d, f->field->rank))
		return;
	buf_clear(&f->line);
	capture_plain(&f->capture, &f->line, HTML_ONE_LINE | HTML_UNKNOWN_IS_TEXT,
	        READ_MAX_TITLE_BYTES);
	draft_title(d, buf_span(&f->line), f->field->rank);
	note_lang(f, d, 2);
}

static void end_text(struct feed *f)
{
	struct draft *d = subject(f);
	const size_t before = d->text.n;

	if (!draft_wants_text(d, f->field->rank))
		return;
	capture_plain(&f->capture, &d->text, 0, f->options.max_text_bytes);
	if (d->text.n == before)
		return;
	memmove(d->text.p, d->text.p + before, d->text.n - before + 1);
	d->text.n -= before;
	d->text_rank = f->field->rank;
	d->lang_rank = d->lang_rank == 1 ? 2 : d->lang_rank;
	note_lang(f, d, 1);
}

static void end_category(struct feed *f, struct span text)
{
	if (!f->item_level)
		return;
	draft_tag(&f->item, f->href.n ? f->href : text);
}

static void end_field(struct feed *f)
{
	struct draft *d = subject(f);
	const struct feed_name *name = f->field;
	const enum feed_field field = name->field;
	struct span value;

	if (field == FEED_TITLE || field == FEED_TEXT) {
		if (field == FEED_TITLE)
			end_title(f);
		else
			end_text(f);
		f->field = NULL;
		return;
	}
	value = capture_value(&f->capture);
	switch (field) {
	case FEED_LINK:
		end_link(f, value);
		break;
	case FEED_ID:
		end_id(f, value);
		break;
	case FEED_AUTHOR: /* text without elements */
		draft_author_text(f->person_of, value, name->rank);
		break;
	case FEED_NAME:
	case FEED_EMAIL:
	case FEED_URI:
		end_person_field(f, value);
		break;
	case FEED_CATEGORY:
		end_category(f, value);
		break;
	case FEED_KEYWORDS:
		if (f->item_level)
			draft_tags_listed(d, value);
		break;
	case FEED_PUBLISHED:
		draft_published(d, date_parse(value), name->rank);
		break;
	case FEED_UPDATED:
		draft_updated(d, date_parse(value), name->rank);
		break;
	case FEED_LANGUAGE:
		if (span_trim(value).n)
			draft_lang(d, value, f->item_level ? 4 : 1);
		break;
	case FEED_REPLIES:
		draft_replies(d, value, name->rank);
		break;
	case FEED_POINT:
		read_point(d, value);
		break;
	case FEED_LATITUDE:
		d->lat = to_degrees(value, 90);
		break;
	case FEED_LONGITUDE:
		d->lon = to_degrees(value, 180);
		break;
	case FEED_FREQUENCY:
		if (to_number(value) > 0 && f->hints.period_minutes >= to_number(value))
			f->hints.period_minutes /= to_number(value);
		break;
	default:
		read_hint(f, field, value);
		break;
	}
	f->field = NULL;
}

/* ---- elements ---- */

static void end_author(struct feed *f)
{
	draft_author(f->person_of, &f->person);
}

static enum role start_media(
        struct feed *f, const struct feed_name *name, const struct xml_token *t)
{
	if (!f->item_level)
		return ROLE_SKIP;
	if (name->field == FEED_MEDIA_CONTENT)
		add_media(f, get_attribute(f, t, "url"));
	return ROLE_MEDIA;
}

/* Fields whose value is in attributes. */
static void read_attributes_field(
        struct feed *f, const struct feed_name *name, const struct xml_token *t)
{
	if (name->field == FEED_ENCLOSURE) {
		struct span url = get_attribute(f, t, "url");

		add_media(f, url.n ? url : get_attribute(f, t, "resource"));
	} else if (f->item_level) {
		const int64_t views = to_number(get_attribute(f, t, "views"));

		if (views >= 0)
			f->item.views = (double)views;
	}
}

/* Is this name read where we stand? */
static bool belongs(const struct feed *f, enum role parent, enum feed_field field)
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
static void open_known(struct feed *f, enum role parent, const struct feed_name *name,
        enum feed_ns ns, const struct xml_token *t)
{
	enum role *role = &f->stack[f->depth - 1].role;

	switch (name->field) {
	case FEED_CHANNEL:
		*role = ROLE_CHANNEL;
		draft_url(&f->channel, resolve(f, get_attribute(f, t, "href")), 1);
		break;
	case FEED_ITEM:
		*role = ROLE_ITEM;
		start_item(f, t);
		break;
	case FEED_SOURCE: /* RSS has one too, of text */
		*role = f->item_level && speaks_atom(f, ns) ? ROLE_SOURCE : ROLE_SKIP;
		break;
	case FEED_SKIP_LIST:
		*role = ROLE_LIST;
		break;
	case FEED_MEDIA_GROUP:
	case FEED_MEDIA_CONTENT:
		*role = start_media(f, name, t);
		break;
	case FEED_ENCLOSURE:
	case FEED_STATISTICS:
		read_attributes_field(f, name, t);
		break;
	case FEED_AUTHOR:
		/* it holds text, or name, email and uri: which, its first child tells */
		f->person_of = parent == ROLE_SOURCE ? &f->source : subject(f);
		f->person = (struct draft_person){.rank = name->rank};
		start_capture(f, name, CAPTURE_PLAIN, false, READ_MAX_VALUE_BYTES);
		break;
	case FEED_TITLE:
		if (draft_wants_title(subject(f), name->rank))
			start_text(f, name, ns, t);
		break;
	case FEED_TEXT:
		if (draft_wants_text(subject(f), name->rank))
			start_text(f, name, ns, t);
		break;
	default:
		start_value(f, name, t);
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
	f->stack[0] = (struct open_element){hash_name(t->name), ROLE_ROOT};
	read_scope(f, t);
	adopt_root_namespace(f, xml_prefix(t->name));
	if (span_eq_ci(local, SPAN("entry"))) {
		f->stack[0].role = ROLE_ITEM;
		start_item(f, t);
	} else {
		note_lang(f, &f->channel, 2);
	}
	if (format == READ_FORMAT_CDF)
		draft_url(&f->channel, resolve(f, get_attribute(f, t, "href")), 1);
}

static void close_level(struct feed *f)
{
	const size_t level = f->depth;
	const enum role role = f->stack[level - 1].role;

	if (f->field && f->field_level == level)
		end_field(f);
	else if (role == ROLE_AUTHOR)
		end_author(f);
	if (f->item_level == level)
		end_item(f);
	while (f->n_bindings && f->bindings[f->n_bindings - 1].level >= level)
		f->n_bindings--;
	while (f->n_bases && f->bases[f->n_bases - 1].level >= level)
		f->n_bases--;
	while (f->n_langs && f->langs[f->n_langs - 1].level >= level)
		f->n_langs--;
	f->depth--;
	if (f->depth == 0)
		f->ended = true;
}

/* An item that begins inside a field or another item: end tags are missing. */
static bool is_item_start(const struct feed *f, const struct xml_token *t)
{
	const struct feed_name *name;
	const struct span local = xml_local(t->name);

	if (local.n < 4 || local.n > 5)
		return false;
	name = feed_name_find(ns_of_prefix(f, xml_prefix(t->name)), local);
	return name && name->field == FEED_ITEM;
}

static void open_element(struct feed *f, const struct xml_token *t)
{
	enum role parent;
	const struct feed_name *name;
	enum feed_ns ns;

	if (f->depth == 0) {
		open_outside(f, t);
		return;
	}
	if (f->item_level && is_item_start(f, t) &&
	        !(f->field && f->capture.mode == CAPTURE_XHTML))
		while (f->depth && f->item_level)
			close_level(f);
	if (f->field && f->field->field == FEED_AUTHOR && f->depth == f->field_level) {
		f->field = NULL;
		f->stack[f->depth - 1].role = ROLE_AUTHOR;
	}
	if (f->field) {
		capture_open(&f->capture, t->name, t->empty);
		if (t->empty || f->depth == MAX_DEPTH || html_is_void(t->name))
			return;
		f->stack[f->depth++] = (struct open_element){hash_name(t->name), ROLE_FIELD};
		return;
	}
	if (f->depth == MAX_DEPTH || f->depth == 0)
		return;
	parent = role_of_top(f);
	f->stack[f->depth++] = (struct open_element){hash_name(t->name), ROLE_SKIP};
	if (t->n_attributes)
		read_scope(f, t);
	if (parent != ROLE_SKIP) {
		ns = ns_of_prefix(f, xml_prefix(t->name));
		name = feed_name_find(ns, xml_local(t->name));
		if (name && belongs(f, parent, name->field))
			open_known(f, parent, name, ns, t);
	}
	if (t->empty)
		close_level(f);
}

static void close_element(struct feed *f, const struct xml_token *t)
{
	const uint32_t hash = hash_name(t->name);
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
	feed_complete_items(f->out->items + f->first, f->out->n - f->first, f->arena,
	        &f->options, &ret->feed, ret->hints.self, f->format == READ_FORMAT_ATOM ? &author : NULL);
	return 0;
}

static struct span complete_url(struct arena *arena, struct span with, struct span url)
{
	struct span absolute;

	if (!url.n || url_is_absolute(url))
		return url;
	absolute = url_resolve(arena, with, url);
	return absolute.n ? absolute : url;
}

void feed_complete_items(struct item *items, size_t n, struct arena *arena,
        const struct read_options *options, const struct item_feed *feed, struct span self,
	const struct item_author *author)
{
	const struct span site = feed->url.n ? feed->url : self;
	const struct span page = options->base.n ? options->base : site;
	const struct span files = site.n ? site : options->base;

	for (size_t i = 0; i < n; i++) {
		struct item *item = &items[i];

		item->feed = *feed;
		if (!item->lang.p)
			item->lang = feed->lang;
		if (author && !item->author.name.n && !item->author.handle.n)
			item->author = *author;
		item->url = complete_url(arena, page, item->url);
		for (size_t k = 0; k < item->n_media; k++)
			((struct span *)item->media)[k] =
			        complete_url(arena, files, item->media[k]);
		if (!item->id_is_own && item->url.n)
			item->id = item->url;
	}
}
