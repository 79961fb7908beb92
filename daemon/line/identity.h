#ifndef VIGIE_LINE_IDENTITY_H
#define VIGIE_LINE_IDENTITY_H

/*
 * identity: who an item is, for ever. Keys are stored for years: THE RULE IS FROZEN.
 *
 * key = first 128 bits of HMAC-SHA256(secret, namespace 0x00 kind 0x00 native id), where
 *   - a native id that is a URL whose registrable domain is the source's own:
 *       namespace "domain:" registrable domain, kind "id": feeds of one site share items;
 *   - any other native id (guid, atom:id, …): namespace "source:" + the source's namespace, kind "id";
 *   - none: the item's URL, if no other item of its document has it: namespace of the source, "url";
 *   - else URL and title, "url" 0x1F "title": namespace of the source, kind "url+title".
 * An id that stands twice in one document with different URLs is no id there. Nobody can hide an
 * item by claiming its id from elsewhere.
 * The source's namespace is stored at first contact (source_state.ns) and survives a move: it is
 * the source's address then.
 */

#include "vigie/batch.h"

enum { IDENTITY_SECRET_BYTES = 32, PARTITIONS = 16 };

struct identity_secret {
	unsigned char b[IDENTITY_SECRET_BYTES];
};

/* Partition of a source: registrable domain (or the path's folder of a file: source), hashed
 * (XXH64, seed 0) modulo PARTITIONS. Stable for ever, like the keys. */
unsigned identity_partition(struct span namespace_);

/* The namespace a source gets at first contact: its URL without fragment and userinfo. */
struct span identity_namespace(struct arena *arena, const struct source *source);

/* Keys of all items of a document, in the arena: one a item. 0 or -ENOMEM. */
int identity_keys(struct item_key **ret, struct arena *arena, const struct identity_secret *secret,
	struct span namespace_, const struct item *items, size_t n);

/* XXH3 of what an edit changes: title, text and URL. A title that only differs in digits inside
 * brackets at its end ("(3)", a counter) is the same title. */
uint64_t identity_content_hash(const struct item *item);

#endif
