#include "sources/draft.h"

#include <errno.h>
#include <string.h>

#include "sources/text.h"
#include "sources/url.h"
#include "vigie/utf8.h"

void draft_init(struct draft *d, struct arena *arena)
{
	d->text = (struct buf){0};
	draft_reset(d, arena);
}

void draft_reset(struct draft *d, struct arena *arena)
{
	/* field by field: the lists are long, and their content needs no clearing */
	d->arena = arena;
	d->failed = false;
	d->id = d->url = d->guid_link = d->title = d->lang = d->parent = SPAN_NONE;
	d->url_rank = d->title_rank = d->text_rank = d->lang_rank = RANK_NONE;
	d->published_rank = d->updated_rank = d->replies_rank = RANK_NONE;
	buf_clear(&d->text);
	d->n_authors = d->tags.n = d->media.n = 0;
	d->published = d->updated = WALL_NONE;
	d->replies = d->views = d->lat = d->lon = NAN;
}

void draft_deinit(struct draft *d)
{
	buf_deinit(&d->text);
}

static struct span dup(struct draft *d, struct span s)
{
	const struct span copy = arena_dup(d->arena, s);

	d->failed |= !copy.p;
	return copy;
}

/* On one line, in the arena. */
static struct span dup_line(struct draft *d, struct span s)
{
	struct buf line = {0};
	struct span copy;

	if (!s.n)
		return SPAN_NONE;
	if (text_is_line(s))
		return dup(d, s);
	text_line(&line, s);
	d->failed |= line.failed;
	copy = line.n ? dup(d, buf_span(&line)) : SPAN_NONE;
	buf_deinit(&line);
	return copy;
}

bool draft_wants_title(const struct draft *d, int rank)
{
	return rank < d->title_rank;
}

bool draft_wants_text(const struct draft *d, int rank)
{
	return rank < d->text_rank;
}

void draft_id(struct draft *d, struct span id)
{
	if (!d->id.n && id.n)
		d->id = dup(d, id);
}

void draft_url(struct draft *d, struct span url, int rank)
{
	if (url.n && rank < d->url_rank) {
		d->url = dup(d, url);
		d->url_rank = rank;
	}
}

void draft_title(struct draft *d, struct span title, int rank)
{
	if (rank < d->title_rank) {
		const struct span line = dup_line(d, title);

		if (line.n) {
			d->title = line;
			d->title_rank = rank;
		}
	}
}

static bool ends_address(char c)
{
	return (unsigned char)c <= ' ' || strchr("()<>[],;\"'", c);
}

/* The e-mail address in s, or empty. */
static struct span find_email(struct span s)
{
	size_t at = span_find(s, '@'), from = at, to = at + 1;

	if (at >= s.n)
		return SPAN_NONE;
	while (from > 0 && !ends_address(s.p[from - 1]))
		from--;
	while (to < s.n && !ends_address(s.p[to]))
		to++;
	if (from == at || to == at + 1)
		return SPAN_NONE;
	if (span_starts(span_slice(s, from, to), SPAN("mailto:")))
		from += 7;
	return span_slice(s, from, to);
}

/* What is left of a name once its address went: no empty brackets, none around all of it. */
static struct span tidy_name(struct span s)
{
	for (;;) {
		const size_t n = s.n;

		s = span_trim(s);
		while (s.n && strchr(",;:-\"'", s.p[s.n - 1]))
			s.n--;
		while (s.n && strchr(",;:-\"'", s.p[0]))
			s = span_slice(s, 1, s.n);
		if (s.n >= 2 && (span_ends(s, SPAN("()")) || span_ends(s, SPAN("<>")) ||
					span_ends(s, SPAN("[]"))))
			s.n -= 2;
		if (s.n >= 2 && (span_starts(s, SPAN("()")) || span_starts(s, SPAN("<>"))))
			s = span_slice(s, 2, s.n);
		if (s.n >= 2 && s.p[0] == '(' && s.p[s.n - 1] == ')')
			s = span_slice(s, 1, s.n - 1);
		if (s.n == n)
			return s;
	}
}

void draft_author_text(struct draft *d, struct span text, int rank)
{
	struct draft_person person = {.rank = rank};
	struct buf rest = {0};
	struct span email;

	text = span_trim(utf8_prefix(text, READ_MAX_VALUE_BYTES));
	email = find_email(text);
	if (email.n) {
		const size_t from = (size_t)(email.p - text.p);
		struct span before = span_slice(text, 0, from);

		if (span_ends(before, SPAN("mailto:")))
			before.n -= 7;
		buf_add(&rest, before);
		buf_add(&rest, span_slice(text, from + email.n, text.n));
		person.email = email;
		person.name = tidy_name(buf_span(&rest));
	} else {
		person.name = text;
	}
	draft_author(d, &person);
	buf_deinit(&rest);
}

void draft_author(struct draft *d, const struct draft_person *person)
{
	struct draft_person p = {.rank = person->rank};

	if (d->n_authors == DRAFT_MAX_AUTHORS)
		return;
	p.name = dup_line(d, person->name);
	p.email = dup_line(d, person->email);
	if (!p.name.n && !p.email.n)
		return;
	p.url = person->url.n ? dup(d, person->url) : SPAN_NONE;
	d->authors[d->n_authors++] = p;
}

void draft_published(struct draft *d, struct wall t, int rank)
{
	if (wall_known(t) && rank <= d->published_rank) {
		d->published = t;
		d->published_rank = rank;
	}
}

void draft_updated(struct draft *d, struct wall t, int rank)
{
	if (wall_known(t) && rank <= d->updated_rank) {
		d->updated = t;
		d->updated_rank = rank;
	}
}

void draft_lang(struct draft *d, struct span lang, int rank)
{
	struct span copy;

	lang = span_trim(lang);
	if (rank >= d->lang_rank || lang.n > 35) /* RFC 5646, section 4.4.1 */
		return;
	copy = dup(d, lang);
	if (!copy.p)
		return;
	for (size_t i = 0; i < copy.n; i++)
		if (copy.p[i] == '_')
			((char *)copy.p)[i] = '-';
	d->lang = copy;
	d->lang_rank = rank;
}

static void add(struct draft_list *list, struct span value)
{
	for (size_t i = 0; i < list->n; i++)
		if (span_eq(list->items[i], value))
			return;
	if (list->n < READ_MAX_LIST && value.n)
		list->items[list->n++] = value;
}

void draft_tag(struct draft *d, struct span tag)
{
	if (d->tags.n < READ_MAX_LIST)
		add(&d->tags, dup_line(d, tag));
}

void draft_tags_listed(struct draft *d, struct span list)
{
	while (list.n) {
		const size_t end = span_find(list, ',');

		draft_tag(d, span_slice(list, 0, end));
		list = span_slice(list, end + 1, list.n);
	}
}

void draft_media(struct draft *d, struct span url)
{
	if (d->media.n < READ_MAX_LIST && url.n)
		add(&d->media, dup(d, url));
}

void draft_replies(struct draft *d, struct span number, int rank)
{
	double v = 0;

	number = span_trim(number);
	if (rank >= d->replies_rank || number.n == 0 || number.n > 12)
		return;
	for (size_t i = 0; i < number.n; i++) {
		if (number.p[i] < '0' || number.p[i] > '9')
			return;
		v = v * 10 + (number.p[i] - '0');
	}
	d->replies = v;
	d->replies_rank = rank;
}

bool draft_empty(const struct draft *d)
{
	return !d->id.n && !d->url.n && !d->guid_link.n && !d->title.n && !d->text.n &&
	       !d->n_authors && !wall_known(d->published) && !wall_known(d->updated) &&
	       !d->tags.n && !d->media.n && isnan(d->replies);
}

/* The best rank that names somebody; an address alone is second best. */
static int best_author_rank(const struct draft *d)
{
	int named = RANK_NONE, any = RANK_NONE;

	for (size_t i = 0; i < d->n_authors; i++) {
		const struct draft_person *p = &d->authors[i];

		if (p->name.n && p->rank < named)
			named = p->rank;
		if (p->rank < any)
			any = p->rank;
	}
	return named < RANK_NONE ? named : any;
}

static bool same_person(const struct draft_person *a, const struct draft_person *b)
{
	return a->name.n ? span_eq(a->name, b->name)
			 : !b->name.n && span_eq(a->email, b->email);
}

struct item_author draft_join_authors(struct draft *d)
{
	struct item_author author = {.followers = NAN};
	const int rank = best_author_rank(d);
	const struct draft_person *only = NULL;
	struct buf names = {0};
	size_t n = 0;

	for (size_t i = 0; i < d->n_authors; i++) {
		const struct draft_person *p = &d->authors[i];
		bool said = false;

		for (size_t k = i + 1; k < d->n_authors; k++)
			said |= d->authors[k].rank == rank && same_person(&d->authors[k], p);
		if (p->rank != rank || said)
			continue;
		if (n++)
			buf_add(&names, SPAN(", "));
		buf_add(&names, p->name.n ? p->name : p->email);
		if (!author.url.n)
			author.url = p->url;
		only = p;
	}
	if (n == 1 && only) {
		author.name = only->name;
		author.handle = only->email;
	} else if (n > 1) {
		author.name = dup_line(d, buf_span(&names));
	}
	buf_deinit(&names);
	return author;
}

static const struct span *keep_list(struct draft *d, const struct draft_list *list)
{
	struct span *copy;

	if (!list->n)
		return NULL;
	copy = arena_calloc(d->arena, list->n, sizeof(*copy));
	if (!copy) {
		d->failed = true;
		return NULL;
	}
	memcpy(copy, list->items, list->n * sizeof(*copy));
	return copy;
}

int draft_finish(struct draft *d, struct item *ret)
{
	struct item item = item_empty();

	item.url = d->url.n ? d->url : d->guid_link;
	item.id = d->id;
	item.id_is_own = d->id.n > 0;
	item.title = d->title;
	if (!item.id_is_own)
		item.id = item.url.n ? item.url : d->title;
	if (d->text.n) {
		item.text = arena_dup(d->arena, buf_span(&d->text));
		d->failed |= !item.text.p || d->text.failed;
	}
	item.author = draft_join_authors(d);
	item.published = d->published;
	item.updated = d->updated;
	item.lang = d->lang;
	item.tags = keep_list(d, &d->tags);
	item.n_tags = item.tags ? d->tags.n : 0;
	item.media = keep_list(d, &d->media);
	item.n_media = item.media ? d->media.n : 0;
	item.kind = ITEM_ARTICLE;
	item.parent = d->parent;
	item.numbers.replies = d->replies;
	item.numbers.views = d->views;
	item.place.lat = d->lat;
	item.place.lon = d->lon;
	if (d->failed)
		return -ENOMEM;
	*ret = item;
	return 0;
}

int item_list_add(struct item_list *list, struct arena *arena, const struct item *item)
{
	if (list->n == list->capacity) {
		/* few documents have more than 64 */
		const size_t capacity = !list->capacity       ? 16
					: list->capacity < 64 ? 64
							      : list->capacity * 2;
		struct item *items = capacity > SIZE_MAX / 2 / sizeof(*items)
					     ? NULL
					     : arena_alloc(arena, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		if (list->n)
			memcpy(items, list->items, list->n * sizeof(*items));
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->n++] = *item;
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

void draft_complete_items(struct item_list *list, size_t first, struct arena *arena,
	const struct read_options *options, const struct item_feed *feed, struct span self,
	bool site_is_base, const struct item_author *author)
{
	const struct span site = feed->url.n ? feed->url : self;
	const struct span page = options->base.n || !site_is_base ? options->base : site;
	const struct span files = site.n ? site : options->base;

	for (size_t i = first; i < list->n; i++) {
		struct item *item = &list->items[i];

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
