#include "recent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "line/codec_mention.h"

struct recent {
	struct {
		struct item_key key;
		char *json;
	} entries[RECENT_MAX]; /* newest first */
	size_t n;
};

int recent_new(struct recent **ret)
{
	struct recent *recent = calloc(1, sizeof(*recent));

	if (!recent)
		return -ENOMEM;
	*ret = recent;
	return 0;
}

struct recent *recent_free(struct recent *recent)
{
	if (!recent)
		return NULL;
	for (size_t i = 0; i < recent->n; i++)
		free(recent->entries[i].json);
	free(recent);
	return NULL;
}

void recent_add(struct recent *recent, const struct hit *hit)
{
	struct buf json = {0};
	size_t at = 0;
	char *text;

	mention_write_json(&json, hit);
	text = buf_take(&json);
	if (!text)
		return;
	while (at < recent->n &&
		memcmp(&recent->entries[at].key, &hit->key, sizeof(hit->key)) != 0)
		at++;
	if (at == recent->n && recent->n < RECENT_MAX)
		recent->n++;
	else if (at == recent->n)
		at--;
	free(recent->entries[at].json); /* its own old form, or the oldest of all, or nothing */
	memmove(&recent->entries[1], &recent->entries[0], at * sizeof(recent->entries[0]));
	recent->entries[0].key = hit->key;
	recent->entries[0].json = text;
}

void recent_remove(struct recent *recent, const struct item_key *key)
{
	size_t at = 0;

	while (at < recent->n && memcmp(&recent->entries[at].key, key, sizeof(*key)) != 0)
		at++;
	if (at == recent->n)
		return;
	free(recent->entries[at].json);
	recent->n--;
	memmove(&recent->entries[at], &recent->entries[at + 1],
		(recent->n - at) * sizeof(recent->entries[0]));
	recent->entries[recent->n].json = NULL;
}

void recent_json(const struct recent *recent, struct buf *out)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < recent->n; i++) {
		if (i)
			buf_add_char(out, ',');
		buf_add_str(out, recent->entries[i].json);
	}
	buf_add_char(out, ']');
}
