/*
 * desk_pile: what waits, and what is remembered of stories told.
 */

#include "desk_inner.h"

#include <errno.h>
#include <stdlib.h>

#include "sign.h"
#include "window.h"

bool pile_id(struct desk_id *ret, enum pile_kind kind, struct span receiver, struct span text)
{
	static const char *const names[] = {"group", "update", "digest"};
	char hex[SIGN_HASH_HEX + 1];
	struct item_key key;
	struct buf name = {0};
	bool done;

	buf_addf(&name, "%s\n%.*s\n", names[kind], SPAN_ARG(receiver));
	buf_add(&name, text);
	done = !name.failed && sign_hash(hex, buf_span(&name)) == 0 &&
	       item_key_parse(&key, span_of(hex, SIGN_HASH_HEX));
	buf_deinit(&name);
	if (done)
		memcpy(ret->b, key.b, sizeof(ret->b));
	return done;
}

/* --- Piles ---------------------------------------------------------------------------------
 */

struct pile *pile_find(const struct desk *desk, const struct desk_id *id)
{
	struct pile *pile;

	HASH_FIND(hh, desk->piles, id, sizeof(*id), pile);
	return pile;
}

struct pile *pile_new(struct desk *desk, const struct desk_id *id)
{
	struct pile *pile = calloc(1, sizeof(*pile));

	if (pile) {
		pile->id = *id;
		pile->told_ms = INT64_MIN;
		HASH_ADD(hh, desk->piles, id, sizeof(pile->id), pile);
		if (pile->hh.tbl)
			return pile;
		free(pile);
	}
	desk->failed = true;
	return NULL;
}

void pile_item_free(struct pile_item *item)
{
	free(item->notice);
	free(item->labels);
	item->notice = item->labels = NULL;
	item->n_labels = 0;
}

int pile_item_copy(struct pile_item *ret, const struct pile_item *item)
{
	struct pile_item copy = *item;

	copy.notice = item->notice ? strdup(item->notice) : NULL;
	copy.labels = item->labels ? malloc(item->n_labels + (size_t)1) : NULL;
	if (copy.labels)
		memcpy(copy.labels, item->labels, item->n_labels);
	*ret = copy;
	if ((!item->notice || copy.notice) && (!item->labels || copy.labels))
		return 0;
	pile_item_free(ret);
	return -ENOMEM;
}

void pile_free(struct pile *pile)
{
	for (uint32_t i = 0; i < pile->n; i++)
		pile_item_free(&pile->items[i]);
	free(pile->items);
	pile_item_free(&pile->told);
	free(pile->text);
	free(pile);
}

void pile_remove(struct desk *desk, struct pile *pile)
{
	pile_clear(desk, pile, false);
	if (pile->stored)
		desk_record_pile_gone(desk, pile);
	for (struct pile **at = &desk->changed_piles; pile->changed && *at;
		at = &(*at)->next_changed)
		if (*at == pile) {
			*at = pile->next_changed;
			break;
		}
	due_remove(&desk->piles_due, &pile->due);
	HASH_DEL(desk->piles, pile);
	pile_free(pile);
}

void pile_changed(struct desk *desk, struct pile *pile)
{
	if (pile->changed)
		return;
	pile->changed = true;
	pile->next_changed = desk->changed_piles;
	desk->changed_piles = pile;
}

void pile_due(struct desk *desk, struct pile *pile, int64_t ms)
{
	if (pile->due.place && pile->due.ms == ms)
		return;
	if (due_set(&desk->piles_due, &pile->due, ms) < 0)
		desk->failed = true;
	pile_changed(desk, pile);
}

static int append(struct pile *pile, struct pile_item item)
{
	if (pile->n == pile->capacity) {
		const uint32_t capacity = pile->capacity ? pile->capacity * 2 : 1;
		struct pile_item *items = realloc(pile->items, capacity * sizeof(*items));

		if (!items) {
			pile_item_free(&item);
			return -ENOMEM;
		}
		pile->items = items;
		pile->capacity = capacity;
	}
	pile->items[pile->n++] = item;
	return 0;
}

int pile_restore(struct pile *pile, struct pile_item item)
{
	const int r = append(pile, item);

	pile->fresh = pile->n;
	return r;
}

void pile_add(struct desk *desk, struct pile *pile, struct pile_item item)
{
	item.changed = true;
	item.stored = false;
	if (pile->fresh > pile->n)
		pile->fresh = pile->n;
	if (append(pile, item) < 0)
		desk->failed = true;
	else
		pile_changed(desk, pile);
}

void pile_clear(struct desk *desk, struct pile *pile, bool keep)
{
	for (uint32_t i = 0; i < pile->n; i++) {
		if (pile->items[i].stored)
			desk_record_item_gone(desk, pile, &pile->items[i]);
		if (!keep)
			pile_item_free(&pile->items[i]);
	}
	free(pile->items);
	pile->items = NULL;
	pile->n = pile->capacity = pile->fresh = 0;
}

void pile_take_out(struct desk *desk, struct pile *pile, const bool *gone)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < pile->n; i++) {
		struct pile_item *item = &pile->items[i];

		if (!gone[i]) {
			pile->items[kept++] = *item;
			continue;
		}
		if (item->stored)
			desk_record_item_gone(desk, pile, item);
		pile_item_free(item);
	}
	pile->n = kept;
	pile->fresh = 0;
	pile_changed(desk, pile);
}

int32_t pile_severity(const struct pile *pile)
{
	int32_t most = INT32_MIN;

	for (uint32_t i = 0; i < pile->n; i++)
		if (pile->items[i].severity > most)
			most = pile->items[i].severity;
	return most;
}

void pile_raise(
	struct desk *desk, struct pile *pile, const struct item_key *story, int32_t severity)
{
	for (uint32_t i = 0; i < pile->n; i++) {
		struct pile_item *item = &pile->items[i];

		if (memcmp(&item->story, story, sizeof(*story)) != 0 ||
			item->severity >= severity)
			continue;
		item->severity = severity;
		item->changed = true;
		if (pile->fresh > i)
			pile->fresh = i;
		pile_changed(desk, pile);
	}
}

/* --- Digests -------------------------------------------------------------------------------
 */

struct digest desk_rest_digest(const struct receiver *receiver)
{
	enum { EIGHT = 8 * 60 };

	return receiver->digest ? *receiver->digest
				: (struct digest){.every = DIGEST_EVERY_DAY,
					  .minute = EIGHT,
					  .zone = receiver->zone,
					  .zone_name = receiver->zone_name};
}

struct pile *pile_of_digest(struct desk *desk, struct desk_receiver_state *receiver,
	const struct digest *digest, struct wall now)
{
	struct buf text = {0};
	struct pile *pile;
	struct desk_id id;

	digest_text(&text, digest);
	if (text.failed || !pile_id(&id, PILE_DIGEST, receiver->id, buf_span(&text))) {
		desk->failed = true;
		buf_deinit(&text);
		return NULL;
	}
	pile = pile_find(desk, &id);
	if (pile) {
		buf_deinit(&text);
		return pile;
	}
	pile = pile_new(desk, &id);
	if (!pile) {
		buf_deinit(&text);
		return NULL;
	}
	pile->kind = PILE_DIGEST;
	pile->receiver = receiver;
	pile->text = buf_take(&text);
	pile->opened_ms = now.ms;
	if (!pile->text)
		desk->failed = true;
	pile_due(desk, pile, digest_next(digest, now).ms);
	return pile;
}

/* --- Stories -------------------------------------------------------------------------------
 */

struct desk_story *story_told_find(const struct desk *desk,
	const struct desk_receiver_state *receiver, const struct item_key *head)
{
	const struct story_key key = {*head, receiver->number};
	struct desk_story *story;

	HASH_FIND(hh, desk->stories, &key, sizeof(key), story);
	return story;
}

struct desk_story *story_told_new(struct desk *desk, struct desk_receiver_state *receiver,
	const struct item_key *head, int64_t until_ms)
{
	struct desk_story *story = calloc(1, sizeof(*story));

	if (story) {
		story->key = (struct story_key){*head, receiver->number};
		story->receiver = receiver;
		story->mentions = story->sites = 1;
		HASH_ADD(hh, desk->stories, key, sizeof(story->key), story);
		if (story->hh.tbl) {
			if (due_set(&desk->stories_due, &story->due, until_ms) < 0)
				desk->failed = true;
			story_told_changed(desk, story);
			return story;
		}
		free(story);
	}
	desk->failed = true;
	return NULL;
}

void story_told_remove(struct desk *desk, struct desk_story *story)
{
	if (story->stored)
		desk_record_story_gone(desk, story);
	for (struct desk_story **at = &desk->changed_stories; story->changed && *at;
		at = &(*at)->next_changed)
		if (*at == story) {
			*at = story->next_changed;
			break;
		}
	due_remove(&desk->stories_due, &story->due);
	HASH_DEL(desk->stories, story);
	free(story);
}

void story_told_changed(struct desk *desk, struct desk_story *story)
{
	if (story->changed)
		return;
	story->changed = true;
	story->next_changed = desk->changed_stories;
	desk->changed_stories = story;
}
