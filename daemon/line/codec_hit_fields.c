#include "line/codec_hit_fields.h"

#include <stddef.h>

#define ROW(name, type, member)                                                                \
	{                                                                                      \
		name, type, offsetof(struct hit, member), 0                                    \
	}
#define LIST(name, member, count)                                                              \
	{                                                                                      \
		name, HIT_LIST, offsetof(struct hit, member), offsetof(struct hit, count)      \
	}

const struct hit_field hit_fields[] = {
	ROW("content_hash", HIT_HASH, content_hash),
	ROW("update", HIT_FLAG, update),
	ROW("silent", HIT_FLAG, silent),
	ROW("deleted", HIT_FLAG, deleted),
	ROW("fetched", HIT_TIME, fetched),
	ROW("source", HIT_TEXT, source),
	ROW("source_kind", HIT_TEXT, source_kind),
	LIST("source_tags", source_tags, n_source_tags),
	ROW("id", HIT_TEXT, item.id),
	ROW("id_is_own", HIT_FLAG, item.id_is_own),
	ROW("kind", HIT_KIND, item.kind),
	ROW("url", HIT_TEXT, item.url),
	ROW("title", HIT_TEXT, item.title),
	ROW("text", HIT_TEXT, item.text),
	ROW("author_name", HIT_TEXT, item.author.name),
	ROW("author_handle", HIT_TEXT, item.author.handle),
	ROW("author_url", HIT_TEXT, item.author.url),
	ROW("followers", HIT_NUMBER, item.author.followers),
	ROW("published", HIT_TIME, item.published),
	ROW("updated", HIT_TIME, item.updated),
	ROW("lang", HIT_TEXT, item.lang),
	LIST("tags", item.tags, item.n_tags),
	ROW("parent", HIT_TEXT, item.parent),
	ROW("likes", HIT_NUMBER, item.numbers.likes),
	ROW("shares", HIT_NUMBER, item.numbers.shares),
	ROW("replies", HIT_NUMBER, item.numbers.replies),
	ROW("views", HIT_NUMBER, item.numbers.views),
	ROW("rating", HIT_NUMBER, item.numbers.rating),
	ROW("stated_engagement", HIT_NUMBER, item.numbers.total),
	ROW("stated_score", HIT_NUMBER, item.numbers.score),
	ROW("stated_reach", HIT_NUMBER, item.numbers.reach),
	LIST("media", item.media, item.n_media),
	ROW("place_name", HIT_TEXT, item.place.name),
	ROW("place_country", HIT_TEXT, item.place.country),
	ROW("lat", HIT_NUMBER, item.place.lat),
	ROW("lon", HIT_NUMBER, item.place.lon),
	ROW("feed_title", HIT_TEXT, item.feed.title),
	ROW("feed_url", HIT_TEXT, item.feed.url),
	ROW("feed_lang", HIT_TEXT, item.feed.lang),
	ROW("score", HIT_NUMBER, score),
};
const size_t hit_fields_n = sizeof(hit_fields) / sizeof(*hit_fields);
