#include "sources/jsonfeed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sources/date.h"
#include "sources/html.h"
#include "sources/json.h"
#include "sources/text.h"
#include "sources/url.h"
#include "vigie/cleanup.h"
#include "vigie/utf8.h"

enum place {
	PLACE_SKIP,
	PLACE_FEED,
	PLACE_ITEMS,
	PLACE_ITEM,
	PLACE_AUTHORS,
	PLACE_AUTHOR,
	PLACE_TAGS,
	PLACE_ATTACHMENTS,
	PLACE_ATTACHMENT,
	PLACE_HUBS,
	PLACE_HUB,
};

enum key {
	KEY_NONE,
	KEY_VERSION,
	KEY_TITLE,
	KEY_HOME,
	KEY_FEED_URL,
	KEY_DESCRIPTION,
	KEY_LANGUAGE,
	KEY_ID,
	KEY_URL,
	KEY_EXTERNAL_URL,
	KEY_HTML,
	KEY_TEXT,
	KEY_SUMMARY,
	KEY_PUBLISHED,
	KEY_MODIFIED,
	KEY_NAME,
	KEY_TAG,
};

/* What a key means where it stands, and where its object or array leads. */
static const struct {
	const char *name;
	enum place in, into;
	enum key key;
} keys[] = {
	{"version", PLACE_FEED, PLACE_SKIP, KEY_VERSION},
	{"title", PLACE_FEED, PLACE_SKIP, KEY_TITLE},
	{"home_page_url", PLACE_FEED, PLACE_SKIP, KEY_HOME},
	{"feed_url", PLACE_FEED, PLACE_SKIP, KEY_FEED_URL},
	{"description", PLACE_FEED, PLACE_SKIP, KEY_DESCRIPTION},
	{"language", PLACE_FEED, PLACE_SKIP, KEY_LANGUAGE},
	{"author", PLACE_FEED, PLACE_AUTHOR, KEY_NONE},
	{"authors", PLACE_FEED, PLACE_AUTHORS, KEY_NONE},
	{"hubs", PLACE_FEED, PLACE_HUBS, KEY_NONE},
	{"items", PLACE_FEED, PLACE_ITEMS, KEY_NONE},
	{"id", PLACE_ITEM, PLACE_SKIP, KEY_ID},
	{"url", PLACE_ITEM, PLACE_SKIP, KEY_URL},
	{"external_url", PLACE_ITEM, PLACE_SKIP, KEY_EXTERNAL_URL},
	{"title", PLACE_ITEM, PLACE_SKIP, KEY_TITLE},
	{"content_html", PLACE_ITEM, PLACE_SKIP, KEY_HTML},
	{"content_text", PLACE_ITEM, PLACE_SKIP, KEY_TEXT},
	{"summary", PLACE_ITEM, PLACE_SKIP, KEY_SUMMARY},
	{"date_published", PLACE_ITEM, PLACE_SKIP, KEY_PUBLISHED},
	{"date_modified", PLACE_ITEM, PLACE_SKIP, KEY_MODIFIED},
	{"language", PLACE_ITEM, PLACE_SKIP, KEY_LANGUAGE},
	{"author", PLACE_ITEM, PLACE_AUTHOR, KEY_NONE},
	{"authors", PLACE_ITEM, PLACE_AUTHORS, KEY_NONE},
	{"tags", PLACE_ITEM, PLACE_TAGS, KEY_NONE},
	{"attachments", PLACE_ITEM, PLACE_ATTACHMENTS, KEY_NONE},
	{"name", PLACE_AUTHOR, PLACE_SKIP, KEY_NAME},
	{"url", PLACE_AUTHOR, PLACE_SKIP, KEY_URL},
	{"url", PLACE_ATTACHMENT, PLACE_SKIP, KEY_URL},
	{"url", PLACE_HUB, PLACE_SKIP, KEY_URL},
};

struct jsonfeed {
	struct arena *arena;
	struct read_options options;
	struct item_list *out;
	size_t first, arena_start;
	struct json json;
	enum place stack[JSON_MAX_DEPTH];
	size_t depth, too_deep;
	enum place into; /* of the key just read */
	enum key key;
	size_t item_depth; /* 0: not inside an item */
	struct draft item, feed;
	struct draft_person person;
	struct span hub, self;
	struct buf value;
	bool versioned, has_items;
	bool ended, enough, not_a_feed, failed;
};

DEFINE_CLEANUP(struct jsonfeed *, jsonfeed_free)

int jsonfeed_new(struct jsonfeed **ret, struct item_list *out, struct arena *arena,
	const struct read_options *options)
{
	CLEANUP(jsonfeed_freep) struct jsonfeed *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->arena = arena;
	f->options = *options;
	f->out = out;
	f->first = out->n;
	f->arena_start = arena->total_bytes;
	draft_reset(&f->item, arena);
	draft_reset(&f->feed, arena);
	*ret = TAKE(f);
	return 0;
}

struct jsonfeed *jsonfeed_free(struct jsonfeed *f)
{
	if (!f)
		return NULL;
	draft_deinit(&f->item);
	draft_deinit(&f->feed);
	buf_deinit(&f->value);
	free(f);
	return NULL;
}

static enum place place(const struct jsonfeed *f)
{
	return f->depth && !f->too_deep ? f->stack[f->depth - 1] : PLACE_SKIP;
}

static struct draft *subject(struct jsonfeed *f)
{
	return f->item_depth ? &f->item : &f->feed;
}

static struct span resolve(struct jsonfeed *f, struct span reference)
{
	const struct span url = url_resolve(f->arena, f->options.base, reference);

	return url.n ? url : span_trim(reference);
}

static void set_text(struct jsonfeed *f, struct span s, int rank, bool html)
{
	struct draft *d = subject(f);
	const struct span within = utf8_prefix(s, READ_MAX_MARKUP_BYTES);

	if (!draft_wants_text(d, rank) || !span_trim(s).n)
		return;
	buf_clear(&d->text);
	if (html)
		html_to_text(&d->text, within, f->options.max_text_bytes);
	else
		text_lines(&d->text, utf8_prefix(within, f->options.max_text_bytes));
	if (d->text.n)
		d->text_rank = rank;
}

static void set_url(struct jsonfeed *f, struct span s)
{
	switch (place(f)) {
	case PLACE_ITEM:
		draft_url(&f->item, resolve(f, s), 1);
		break;
	case PLACE_AUTHOR:
		f->person.url = resolve(f, s);
		break;
	case PLACE_ATTACHMENT:
		draft_media(&f->item, resolve(f, s));
		break;
	case PLACE_HUB:
		f->hub = resolve(f, s);
		break;
	default:
		break;
	}
}

static void set_value(struct jsonfeed *f, enum key key, struct span s)
{
	struct draft *d = subject(f);

	switch (key) {
	case KEY_VERSION:
		f->versioned |= memmem(s.p, s.n, "jsonfeed", 8) != NULL;
		break;
	case KEY_TITLE:
		draft_title(d, s, 1);
		break;
	case KEY_HOME:
		draft_url(d, resolve(f, s), 1);
		break;
	case KEY_FEED_URL:
		f->self = resolve(f, s);
		break;
	case KEY_DESCRIPTION:
		set_text(f, s, 1, false);
		break;
	case KEY_LANGUAGE:
		if (span_trim(s).n)
			draft_lang(d, s, 1);
		break;
	case KEY_ID:
		draft_id(d, span_trim(s));
		break;
	case KEY_URL:
		set_url(f, s);
		break;
	case KEY_EXTERNAL_URL:
		draft_url(d, resolve(f, s), 2);
		break;
	case KEY_HTML:
		set_text(f, s, 1, true);
		break;
	case KEY_TEXT:
		set_text(f, s, 2, false);
		break;
	case KEY_SUMMARY:
		set_text(f, s, 3, false);
		break;
	case KEY_PUBLISHED:
		draft_published(d, date_parse(s), 1);
		break;
	case KEY_MODIFIED:
		draft_updated(d, date_parse(s), 1);
		break;
	case KEY_NAME:
		f->person.name = arena_dup(f->arena, utf8_prefix(s, READ_MAX_VALUE_BYTES));
		break;
	case KEY_TAG:
		draft_tag(d, s);
		break;
	case KEY_NONE:
		break;
	}
}

static void take_key(struct jsonfeed *f, struct span raw)
{
	const enum place in = place(f);

	f->key = KEY_NONE;
	f->into = PLACE_SKIP;
	for (size_t i = 0; in != PLACE_SKIP && i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].in == in && span_eq_str(raw, keys[i].name)) {
			f->key = keys[i].key;
			f->into = keys[i].into;
		}
}

static void take_scalar(struct jsonfeed *f, const struct json_token *t)
{
	enum key key = f->key;

	f->key = KEY_NONE;
	if (place(f) == PLACE_TAGS)
		key = KEY_TAG;
	if (place(f) == PLACE_AUTHORS && t->event == JSON_STRING)
		key = KEY_NAME; /* seen: a list of names */
	if (key == KEY_NONE || (t->event == JSON_WORD))
		return;
	if (t->event == JSON_NUMBER && key != KEY_ID && key != KEY_TAG &&
		key != KEY_PUBLISHED && key != KEY_MODIFIED)
		return;
	buf_clear(&f->value);
	if (t->event == JSON_STRING)
		json_unescape(&f->value, t->text);
	else
		buf_add(&f->value, t->text);
	text_mend(&f->value);
	set_value(f, key, buf_span(&f->value));
	if (place(f) == PLACE_AUTHORS) {
		f->person.rank = 1;
		draft_author(subject(f), &f->person);
		f->person = (struct draft_person){0};
	}
}

/* Where an object or array inside `in` stands. */
static enum place member_of(const struct jsonfeed *f, enum place in, bool object)
{
	switch (in) {
	case PLACE_ITEMS:
		return object ? PLACE_ITEM : PLACE_SKIP;
	case PLACE_AUTHORS:
		return object ? PLACE_AUTHOR : PLACE_SKIP;
	case PLACE_ATTACHMENTS:
		return object ? PLACE_ATTACHMENT : PLACE_SKIP;
	case PLACE_HUBS:
		return object ? PLACE_HUB : PLACE_SKIP;
	case PLACE_FEED:
	case PLACE_ITEM:
		/* "authors": {…}, "author": […]: both seen */
		if (f->into == PLACE_AUTHORS && object)
			return PLACE_AUTHOR;
		if (f->into == PLACE_AUTHOR && !object)
			return PLACE_AUTHORS;
		return f->into;
	default:
		return PLACE_SKIP;
	}
}

static void take_open(struct jsonfeed *f, bool object)
{
	enum place to;

	if (f->depth == JSON_MAX_DEPTH || f->too_deep) {
		f->too_deep++;
		return;
	}
	if (f->depth == 0)
		to = object ? PLACE_FEED : PLACE_SKIP;
	else
		to = member_of(f, place(f), object);
	f->into = PLACE_SKIP;
	f->key = KEY_NONE;
	if (f->depth == 0 && !object)
		f->not_a_feed = true;
	if (to == PLACE_ITEMS)
		f->has_items = true;
	if (to == PLACE_AUTHOR)
		f->person = (struct draft_person){.rank = 1};
	if (to == PLACE_ITEM) {
		if (f->out->n - f->first >= f->options.max_items ||
			f->arena->total_bytes - f->arena_start >= READ_MAX_TOTAL_BYTES) {
			f->enough = true;
			return;
		}
		draft_reset(&f->item, f->arena);
		f->item_depth = f->depth + 1;
	}
	f->stack[f->depth++] = to;
}

static void end_item(struct jsonfeed *f)
{
	struct item item;

	f->item_depth = 0;
	if (draft_empty(&f->item))
		return;
	if (draft_finish(&f->item, &item) < 0 || item_list_add(f->out, f->arena, &item) < 0)
		f->failed = true;
}

static void take_close(struct jsonfeed *f)
{
	if (f->too_deep) {
		f->too_deep--;
		return;
	}
	if (!f->depth)
		return;
	if (place(f) == PLACE_AUTHOR)
		draft_author(subject(f), &f->person);
	if (f->item_depth == f->depth)
		end_item(f);
	f->depth--;
	f->key = KEY_NONE;
	f->into = PLACE_SKIP;
	f->ended = f->depth == 0;
}

int jsonfeed_push(struct jsonfeed *f, struct span in, bool last, struct span *ret_rest)
{
	struct json_token t;

	json_feed(&f->json, in, last);
	while (!f->ended && !f->enough && !f->not_a_feed && !f->failed) {
		const enum json_event event = json_next(&f->json, &t);

		if (event == JSON_MORE || event == JSON_END)
			break;
		if (event == JSON_KEY)
			take_key(f, t.text);
		else if (event == JSON_OBJECT || event == JSON_ARRAY)
			take_open(f, event == JSON_OBJECT);
		else if (event == JSON_CLOSE)
			take_close(f);
		else
			take_scalar(f, &t);
	}
	*ret_rest = f->json.in;
	if (f->failed)
		return -ENOMEM;
	if (f->not_a_feed)
		return READ_NOT_A_FEED;
	return f->ended || f->enough ? READ_ENOUGH : 0;
}

int jsonfeed_finish(struct jsonfeed *f, struct read_result *ret)
{
	struct item_author author;

	/* the version says it; without, what only a JSON Feed has */
	if (f->not_a_feed ||
		(!f->versioned && !(f->has_items && (f->feed.title.n || f->self.n)))) {
		f->out->n = f->first;
		return READ_NOT_A_FEED;
	}
	if (f->item_depth && f->options.end == DOCUMENT_COMPLETE && f->item.id.n &&
		f->item.text.n)
		end_item(f);
	ret->format = READ_FORMAT_JSON;
	ret->cut = !f->ended && !f->enough;
	ret->more = f->enough;
	ret->feed.title = f->feed.title;
	ret->feed.url = url_is_absolute(f->feed.url) ? f->feed.url : SPAN_NONE;
	ret->feed.lang = f->feed.lang;
	ret->hints.hub = f->hub;
	ret->hints.self = f->self;
	if (f->feed.text.n)
		ret->description = arena_dup(f->arena, buf_span(&f->feed.text));
	author = draft_join_authors(&f->feed);
	if (f->failed || f->feed.failed)
		return -ENOMEM;
	draft_complete_items(
		f->out, f->first, f->arena, &f->options, &ret->feed, f->self, true, &author);
	return 0;
}
