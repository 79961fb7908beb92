#include "sources/feed_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sources/date.h"
#include "sources/html.h"
#include "sources/url.h"
#include "vigie/utf8.h"

bool feed_field_is_atom(const struct feed *f, enum feed_ns ns)
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

	if (feed_field_is_atom(f, ns))
		capture_atom_mode(feed_scope_get(f, t, "type"), feed_scope_get(f, t, "mode"),
			&mode, &base64);
	else if (ns == NS_XHTML)
		mode = CAPTURE_XHTML;
	else if (ns == NS_MEDIA && span_eq_ci(feed_scope_find(t, "type"), SPAN("plain")))
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
			f->href = feed_scope_get(f, t, "href");
			f->rel = feed_scope_get(f, t, "rel");
			f->type = feed_scope_get(f, t, "type");
			f->count = feed_scope_get(f, t, "count");
			if (!f->href.n) /* <link rdf:resource="…"/> */
				f->href = feed_scope_get(f, t, "resource");
			break;
		case FEED_CATEGORY:
			f->href = feed_scope_get(f, t, "label");
			if (!f->href.n)
				f->href = feed_scope_get(f, t, "term");
			if (!f->href.n && name->ns == NS_ITUNES)
				f->href = feed_scope_get(f, t, "text");
			break;
		case FEED_ID:
			f->permalink = !span_eq_ci(
				span_trim(feed_scope_find(t, "isPermaLink")), SPAN("false"));
			break;
		default:
			break;
		}
	}
	start_capture(f, name, CAPTURE_PLAIN, false, READ_MAX_VALUE_BYTES);
}

void feed_field_start(struct feed *f, enum feed_role parent, const struct feed_name *name,
	enum feed_ns ns, const struct xml_token *t)
{
	switch (name->field) {
	case FEED_AUTHOR:
		/* it holds text, or name, email and uri: which, its first child tells */
		f->person_of = parent == ROLE_SOURCE ? &f->source : feed_subject(f);
		f->person = (struct draft_person){.rank = name->rank};
		start_capture(f, name, CAPTURE_PLAIN, false, READ_MAX_VALUE_BYTES);
		break;
	case FEED_TITLE:
		if (draft_wants_title(feed_subject(f), name->rank))
			start_text(f, name, ns, t);
		break;
	case FEED_TEXT:
		if (draft_wants_text(feed_subject(f), name->rank))
			start_text(f, name, ns, t);
		break;
	default:
		start_value(f, name, t);
		break;
	}
}

/* Files are the site's rather than the feed's, whose address may be a proxy's: without xml:base
 * they wait for the site's link. */
static void add_media(struct feed *f, struct span url)
{
	if (f->item_level && url.n)
		draft_media(&f->item, feed_scope_resolve_inner(f, url));
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
	struct draft *d = feed_subject(f);
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
		draft_url(d, feed_scope_resolve(f, href), rank);
	} else if (!f->item_level && span_eq_ci(rel, SPAN("hub"))) {
		if (!f->hints.hub.n)
			f->hints.hub = feed_scope_resolve(f, href);
	} else if (!f->item_level && span_eq_ci(rel, SPAN("self"))) {
		if (!f->hints.self.n)
			f->hints.self = feed_scope_resolve(f, href);
	}
}

static void end_id(struct feed *f, struct span text)
{
	text = span_trim(text);
	draft_id(feed_subject(f), text);
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
		f->person.url = feed_scope_resolve(f, arena_dup(f->arena, value));
}

static void end_title(struct feed *f)
{
	struct draft *d = feed_subject(f);

	if (!draft_wants_title(d, f->field->rank))
		return;
	buf_clear(&f->line);
	capture_plain(&f->capture, &f->line, HTML_ONE_LINE | HTML_UNKNOWN_IS_TEXT,
		READ_MAX_TITLE_BYTES);
	draft_title(d, buf_span(&f->line), f->field->rank);
	feed_scope_note_lang(f, d, 2);
}

static void end_text(struct feed *f)
{
	struct draft *d = feed_subject(f);
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
	feed_scope_note_lang(f, d, 1);
}

/* Names in RSS are escaped twice as often as not, and some have markup in them. */
static struct span plain_line(struct feed *f, struct span s)
{
	if (span_find(s, '<') == s.n && span_find(s, '&') == s.n)
		return s;
	buf_clear(&f->line);
	html_text(&f->line, s, HTML_ONE_LINE | HTML_UNKNOWN_IS_TEXT, READ_MAX_VALUE_BYTES);
	return buf_span(&f->line);
}

static void end_category(struct feed *f, struct span text)
{
	if (f->item_level)
		draft_tag(&f->item, f->href.n ? f->href : plain_line(f, text));
}

void feed_field_end(struct feed *f)
{
	struct draft *d = feed_subject(f);
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
		draft_author_text(f->person_of, plain_line(f, value), name->rank);
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

void feed_field_attributes(
	struct feed *f, const struct feed_name *name, const struct xml_token *t)
{
	if (name->field == FEED_ENCLOSURE) {
		struct span url = feed_scope_get(f, t, "url");

		add_media(f, url.n ? url : feed_scope_get(f, t, "resource"));
	} else if (name->field == FEED_MEDIA_CONTENT) {
		add_media(f, feed_scope_get(f, t, "url"));
	} else if (name->field == FEED_PARENT) {
		if (f->item_level && !f->item.parent.n)
			f->item.parent = feed_scope_get(f, t, "ref");
	} else if (f->item_level) {
		const int64_t views = to_number(feed_scope_get(f, t, "views"));

		if (views >= 0)
			f->item.views = (double)views;
	}
}
