#include "line/codec.h"

#include <errno.h>
#include <string.h>

static struct span text_of(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	if (!json_is_string(v))
		return SPAN_NONE;
	return (struct span){json_string_value(v), json_string_length(v)};
}

/* Leaves *ret alone when there is no number. */
static void read_number(double *ret, const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	if (json_is_number(v))
		*ret = json_number_value(v);
}

static int read_texts(
	const struct span **ret, size_t *ret_n, const json_t *list, struct arena *arena)
{
	struct span *texts;
	const json_t *v;
	size_t i, n = 0;

	if (!json_is_array(list) || !json_array_size(list))
		return 0;
	texts = arena_alloc(arena, json_array_size(list) * sizeof(*texts));
	if (!texts)
		return -ENOMEM;
	json_array_foreach (list, i, v) {
		if (json_is_string(v))
			texts[n++] = (struct span){json_string_value(v), json_string_length(v)};
	}
	*ret = texts;
	*ret_n = n;
	return 0;
}

static void read_numbers(struct item *item, const json_t *document)
{
	struct item_numbers *n = &item->numbers;
	const json_t *engagement = json_object_get(document, "engagement");
	const struct {
		const char *name;
		double *place;
	} rows[] = {
		{"likes", &n->likes},
		{"shares", &n->shares},
		{"comments", &n->replies},
		{"replies", &n->replies},
		{"views", &n->views},
		{"rating", &n->rating},
		{"score", &n->score},
		{"reach", &n->reach},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(rows[i].name, "replies") != 0)
			read_number(rows[i].place, document, rows[i].name);
		if (strcmp(rows[i].name, "comments") != 0)
			read_number(rows[i].place, engagement, rows[i].name);
	}
	read_number(&n->total, document, "engagement");
	read_number(&item->author.followers, document, "followers");
	read_number(&item->author.followers, json_object_get(document, "author"), "followers");
}

int item_from_json(struct item *ret, struct match_context *ret_context, const json_t *document,
	struct arena *arena)
{
	struct item item = item_empty();
	struct match_context context = {.source = text_of(document, "source")};
	const json_t *author = json_object_get(document, "author");
	const json_t *place = json_object_get(document, "place");
	const struct span kind = text_of(document, "kind");
	int r;

	if (!json_is_object(document))
		return -EINVAL;
	context.engagement_given = !json_is_object(json_object_get(document, "engagement")) &&
				   !json_is_object(author);
	item.id = text_of(document, "id");
	item.id_is_own = item.id.n > 0;
	item.url = text_of(document, "url");
	item.title = text_of(document, "title");
	item.text = text_of(document, "text");
	item.lang = text_of(document, "lang");
	item.parent = text_of(document, "parent");
	item.published = wall_parse_rfc3339(text_of(document, "published"));
	item.updated = wall_parse_rfc3339(text_of(document, "updated"));
	for (int i = 0; i < ITEM_KINDS; i++)
		if (span_eq_str(kind, item_kind_names[i]))
			item.kind = (enum item_kind)i;
	if (json_is_object(author)) {
		item.author.name = text_of(author, "name");
		item.author.handle = text_of(author, "handle");
		item.author.url = text_of(author, "url");
	} else {
		context.author = item.author.name = text_of(document, "author");
		context.author_given = true;
	}
	item.place.name = text_of(place, "name");
	item.place.country = text_of(place, "country");
	read_number(&item.place.lat, place, "lat");
	read_number(&item.place.lon, place, "lon");
	read_numbers(&item, document);
	r = read_texts(&item.tags, &item.n_tags, json_object_get(document, "tags"), arena);
	if (r >= 0)
		r = read_texts(
			&item.media, &item.n_media, json_object_get(document, "media"), arena);
	if (r < 0)
		return r;
	*ret = item;
	*ret_context = context;
	return 0;
}
