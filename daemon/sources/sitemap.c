#include "sources/sitemap.h"

#include <errno.h>
#include <stdlib.h>

#include "sources/date.h"
#include "sources/html.h"
#include "sources/url.h"
#include "sources/xml.h"
#include "vigie/cleanup.h"

enum field {
	FIELD_NONE,
	FIELD_LOC,
	FIELD_UPDATED,
	FIELD_TITLE,
	FIELD_TEXT,
	FIELD_PUBLISHED,
	FIELD_LANGUAGE,
	FIELD_KEYWORDS,
	FIELD_PUBLICATION,
	FIELD_MEDIA,
};

/* An element of an entry, inside of a group of an extension or ("") of none. The lowest rank of
 * a field wins. */
static const struct name {
	const char *group, *local;
	enum field field;
	int rank;
} names[] = {
	{"", "loc", FIELD_LOC, 0},
	{"", "lastmod", FIELD_UPDATED, 0},
	{"news", "title", FIELD_TITLE, 0},
	{"news", "publication_date", FIELD_PUBLISHED, 0},
	{"news", "language", FIELD_LANGUAGE, 0},
	{"news", "keywords", FIELD_KEYWORDS, 0},
	{"news", "name", FIELD_PUBLICATION, 0},
	{"video", "title", FIELD_TITLE, 1},
	{"video", "description", FIELD_TEXT, 0},
	{"video", "publication_date", FIELD_PUBLISHED, 1},
	{"video", "thumbnail_loc", FIELD_MEDIA, 0},
	{"image", "loc", FIELD_MEDIA, 0},
};

static const char *const groups[] = {"news", "video", "image"};

struct sitemap {
	struct arena *arena;
	struct read_options options;
	struct item_list *out;
	size_t first, arena_start;
	struct xml xml;
	struct draft item;
	bool in_entry;
	bool is_index;
	const char *group;       /* "": none */
	const struct name *name; /* whose text is gathered; NULL: none */
	struct buf text, line;
	struct span loc; /* of an index: the part's */
	struct wall updated;
	struct span publication;
	struct read_part *parts;
	size_t n_parts, parts_capacity;
	bool begun, ended, enough, failed;
};

DEFINE_CLEANUP(struct sitemap *, sitemap_free)

/* --- The root ----------------------------------------------------------------------------- */

/* What follows the first `end`; .p is NULL when there is none. */
static struct span behind(struct span s, size_t at, const char *end)
{
	const char *p = s.n > at ? memmem(s.p + at, s.n - at, end, strlen(end)) : NULL;

	return p ? span_slice(s, (size_t)(p - s.p) + strlen(end), s.n) : SPAN_NONE;
}

static bool is_root(struct span local)
{
	return span_eq_ci(local, SPAN("urlset")) || span_eq_ci(local, SPAN("sitemapindex"));
}

static enum sitemap_guess guess_root(struct span text)
{
	size_t n = 1;

	while (n < text.n && !ascii_space(text.p[n]) && text.p[n] != '>' && text.p[n] != '/')
		n++;
	if (text.n && text.p[0] != '<')
		return SITEMAP_NO;
	if (n >= text.n)
		return SITEMAP_PERHAPS;
	return is_root(xml_local(span_slice(text, 1, n))) ? SITEMAP_YES : SITEMAP_NO;
}

enum sitemap_guess sitemap_begins(struct span text)
{
	static const struct {
		struct span start;
		const char *end;
	} before[] = {{{"<?", 2}, "?>"}, {{"<!--", 4}, "-->"}, {{"<!", 2}, ">"}};
	enum { KINDS = sizeof(before) / sizeof(*before) };
	const bool all = text.n >= SITEMAP_SNIFF_BYTES;
	enum sitemap_guess guess;
	size_t i;

	text = span_slice(text, 0, SITEMAP_SNIFF_BYTES);
	if (span_starts(text, SPAN("\xEF\xBB\xBF")))
		text = span_slice(text, 3, text.n);
	for (;;) {
		while (text.n && (ascii_space(*text.p) || *text.p == '\0'))
			text = span_slice(text, 1, text.n);
		for (i = 0; i < KINDS && !span_starts(text, before[i].start);)
			i++;
		if (i == KINDS)
			break;
		/* "<!" may become a comment yet */
		text = text.n < 4 ? SPAN_NONE : behind(text, before[i].start.n, before[i].end);
		if (!text.p)
			return all ? SITEMAP_NO : SITEMAP_PERHAPS;
	}
	guess = guess_root(text);
	return guess == SITEMAP_PERHAPS && all ? SITEMAP_NO : guess;
}

/* --- Birth and end ------------------------------------------------------------------------ */

int sitemap_new(struct sitemap **ret, struct item_list *out, struct arena *arena,
	const struct read_options *options)
{
	CLEANUP(sitemap_freep) struct sitemap *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->arena = arena;
	s->options = *options;
	s->out = out;
	s->first = out->n;
	s->arena_start = arena->total_bytes;
	s->group = "";
	draft_reset(&s->item, arena);
	*ret = TAKE(s);
	return 0;
}

struct sitemap *sitemap_free(struct sitemap *s)
{
	if (!s)
		return NULL;
	xml_deinit(&s->xml);
	draft_deinit(&s->item);
	buf_deinit(&s->text);
	buf_deinit(&s->line);
	free(s);
	return NULL;
}

/* --- Fields ------------------------------------------------------------------------------- */

/* A title may be escaped twice, as in feeds. */
static struct span plain(struct sitemap *s, struct span value)
{
	buf_clear(&s->line);
	html_text(&s->line, value, HTML_ONE_LINE | HTML_UNKNOWN_IS_TEXT, READ_MAX_TITLE_BYTES);
	s->failed |= s->line.failed;
	return buf_span(&s->line);
}

static struct span resolved(struct sitemap *s, struct span value)
{
	const struct span url = url_resolve(s->arena, s->options.base, value);

	return url.p ? url : value; /* draft_complete_items() knows more */
}

static void take_field(struct sitemap *s, const struct name *name, struct span value)
{
	struct draft *d = &s->item;

	switch (name->field) {
	case FIELD_LOC:
		if (value.n <= READ_MAX_VALUE_BYTES)
			draft_url(d, resolved(s, value), 0);
		break;
	case FIELD_UPDATED:
		draft_updated(d, date_parse(value), 0);
		break;
	case FIELD_TITLE:
		draft_title(d, plain(s, value), name->rank);
		break;
	case FIELD_TEXT:
		if (draft_wants_text(d, 0)) {
			d->text_rank = 0;
			buf_clear(&d->text);
			html_to_text(&d->text, value, s->options.max_text_bytes);
		}
		break;
	case FIELD_PUBLISHED:
		draft_published(d, date_parse(value), name->rank);
		break;
	case FIELD_LANGUAGE:
		draft_lang(d, value, 0);
		break;
	case FIELD_KEYWORDS:
		draft_tags_listed(d, value);
		break;
	case FIELD_PUBLICATION:
		if (!s->publication.n)
			s->publication = arena_dup(s->arena, plain(s, value));
		break;
	case FIELD_MEDIA:
		draft_media(d, resolved(s, value));
		break;
	case FIELD_NONE:
		break;
	}
}

static void end_field(struct sitemap *s)
{
	const struct name *name = s->name;
	const struct span value = span_trim(buf_span(&s->text));

	s->name = NULL;
	s->failed |= s->text.failed;
	if (name && value.n && !s->failed)
		take_field(s, name, value);
	buf_clear(&s->text);
}

/* --- Entries ------------------------------------------------------------------------------ */

static void add_part(struct sitemap *s)
{
	struct read_part *bigger;

	if (!s->item.url.n)
		return;
	if (s->n_parts == s->parts_capacity) {
		s->parts_capacity = s->parts_capacity ? 2 * s->parts_capacity : 16;
		bigger = arena_calloc(s->arena, s->parts_capacity, sizeof(*bigger));
		if (!bigger) {
			s->failed = true;
			return;
		}
		if (s->n_parts)
			memcpy(bigger, s->parts, s->n_parts * sizeof(*bigger));
		s->parts = bigger;
	}
	s->parts[s->n_parts++] = (struct read_part){s->item.url, s->item.updated};
}

static void end_entry(struct sitemap *s)
{
	struct item item;

	end_field(s);
	s->in_entry = false;
	s->group = "";
	if (s->is_index)
		add_part(s);
	else if (!s->item.url.n)
		return;
	else if (draft_finish(&s->item, &item) < 0 ||
		 item_list_add(s->out, s->arena, &item) < 0)
		s->failed = true;
}

static bool is_full(const struct sitemap *s)
{
	return s->out->n - s->first >= s->options.max_items || s->n_parts >= READ_MAX_PARTS ||
	       s->arena->total_bytes - s->arena_start >= READ_MAX_TOTAL_BYTES;
}

static void open_element(struct sitemap *s, const struct xml_token *t)
{
	const struct span local = xml_local(t->name);

	if (is_root(local)) {
		s->is_index =
			s->is_index || (!s->begun && span_eq_ci(local, SPAN("sitemapindex")));
		s->begun = true;
		return;
	}
	if (span_eq_ci(local, s->is_index ? SPAN("sitemap") : SPAN("url"))) {
		if (s->in_entry) /* its end tag is missing */
			end_entry(s);
		if (is_full(s)) {
			s->enough = true;
			return;
		}
		draft_reset(&s->item, s->arena);
		s->in_entry = !t->empty;
		return;
	}
	if (!s->in_entry || t->empty)
		return;
	end_field(s);
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (span_eq_ci(local, span_str(groups[i])))
			s->group = groups[i];
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i].group, s->group) == 0 &&
			span_eq_ci(local, span_str(names[i].local)))
			s->name = &names[i];
}

static void close_element(struct sitemap *s, const struct xml_token *t)
{
	const struct span local = xml_local(t->name);

	if (s->name && span_eq_ci(local, span_str(s->name->local)))
		end_field(s);
	else if (*s->group && span_eq_ci(local, span_str(s->group)))
		s->group = "";
	else if (s->in_entry && span_eq_ci(local, s->is_index ? SPAN("sitemap") : SPAN("url")))
		end_entry(s);
	else if (is_root(local))
		s->ended = true;
}

static void take_token(struct sitemap *s, const struct xml_token *t)
{
	if (t->event == XML_OPEN) {
		open_element(s, t);
	} else if (t->event == XML_CLOSE) {
		close_element(s, t);
	} else if (s->name && s->text.n < READ_MAX_VALUE_BYTES) {
		if (t->event == XML_TEXT)
			xml_decode(&s->xml, &s->text, t->text);
		else if (t->event == XML_CDATA)
			buf_add(&s->text, span_slice(t->text, 0, READ_MAX_TITLE_BYTES));
	}
}

int sitemap_push(struct sitemap *s, struct span in, bool last, struct span *ret_rest)
{
	struct xml_token t;

	xml_feed(&s->xml, in, last);
	while (!s->ended && !s->enough && !s->failed) {
		const enum xml_event event = xml_next(&s->xml, &t);

		if (event == XML_MORE || event == XML_END)
			break;
		take_token(s, &t);
	}
	*ret_rest = s->xml.in;
	if (s->failed)
		return -ENOMEM;
	return s->ended || s->enough ? READ_ENOUGH : 0;
}

int sitemap_finish(struct sitemap *s, struct read_result *ret)
{
	if (!s->begun)
		return READ_NOT_A_FEED;
	ret->format = s->is_index ? READ_FORMAT_SITEMAP_INDEX : READ_FORMAT_SITEMAP;
	ret->cut = !s->ended && !s->enough;
	ret->more = s->enough;
	ret->feed.title = s->publication;
	ret->parts = s->parts;
	ret->n_parts = s->n_parts;
	if (s->failed)
		return -ENOMEM;
	draft_complete_items(
		s->out, s->first, s->arena, &s->options, &ret->feed, SPAN_NONE, false, NULL);
	return 0;
}
