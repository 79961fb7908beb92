#ifndef VIGIE_LINE_IDENTITY_H
#define VIGIE_LINE_IDENTITY_H

/*
 * identity: who an item is, for ever. Keys are stored for years: THE RULE IS FROZEN, and the
 * fixed vectors of its test hold it.
 *
 * The namespace of a source is made at first contact, stored (source_state.ns) and never made
 * again, so that neither a moved address nor another public suffix list changes a key:
 *     DOMAIN 0x20 HASH
 * where DOMAIN is the registrable domain of the source's host (of a file: source: "file:" and
 * its folder) and HASH is the first 32 hexadecimal digits of the SHA-256 of its address
 * (normalised, without userinfo and fragment; a hash, because addresses hold secrets).
 *
 * key = first 128 bits of HMAC-SHA256(secret, scope 0x00 kind 0x00 name), where
 *   - kind "id": the item has an id of its own, and the ids of its source can be trusted. name
 * is the id, verbatim;
 *   - kind "url": else, if the source's URLs can be trusted. name is the URL, verbatim;
 *   - kind "url+title": else. name is URL 0x1F title (the text, where there is no title).
 *   - scope "domain:" DOMAIN: only for kind "id", when the id is a web address, or a tag URI
 *     (RFC 4151), whose host is DOMAIN or below it: feeds of one site share their items;
 *   - scope "source:" namespace: everything else. Nobody can hide an item by claiming its id
 * from another site. (Whoever publishes within the domain can: the price of not alerting an
 * article once for each section of a newspaper. The public suffix list keeps tenants of the
 * common hosting platforms apart.)
 *
 * Trust is lost once and for all the source (IDENTITY_NO_IDS, IDENTITY_NO_URLS; kept in
 * source_state.undated), because a rule that looked at one document only would give an item
 * another key whenever its namesake enters or leaves the window of the feed:
 *   - ids: when one stands at two different items (URL, or without URLs the title, differs) of
 * one document; or when one and the same item comes with another id than at the last read
 *     (recall_trust(), line/recall.h); or when ids and dates are made anew for each read, while
 *     URL, title and text stay (recall_moved());
 *   - URLs: when one stands at two items with different titles that go by their URL; or with
 * the ids, when but one item showed that these are made anew. In the document in which trust
 * goes, what was seen before is known by recall and stays silent. An id or URL that is the
 * address of the site itself (item.feed.url; scheme, "www." and the slash at the end aside)
 * names nothing: many feeds give it to each of their items.
 */

#include "vigie/batch.h"

enum { IDENTITY_SECRET_BYTES = 32, PARTITIONS = 16 };

struct identity_secret {
	unsigned char b[IDENTITY_SECRET_BYTES];
};

/* The secret file, made once with mode 0600: 64 hexadecimal digits and a line end. Keys need
 * it: it belongs into a backup. 0, or -errno with a sentence for people in *ret_why. */
int identity_secret_load(struct identity_secret *ret, const char *path, const char **ret_why);

/* Partition of a source: XXH64 (seed 0) of its namespace's DOMAIN, modulo PARTITIONS. */
unsigned identity_partition(struct span namespace_);

/* The namespace a source gets at first contact. Sources of one network on one host have the
 * same one: HASH is then of "connector:NETWORK HOST". .p is NULL when memory is out. */
struct span identity_namespace(struct arena *arena, const struct source *source);

enum identity_kind { IDENTITY_ID, IDENTITY_URL, IDENTITY_URL_TITLE };

/* IDENTITY_SURE is never stored: ids are a network's own, and nothing shakes that. */
enum identity_trust { IDENTITY_NO_IDS = 1, IDENTITY_NO_URLS = 2, IDENTITY_SURE = 4 };

/* What an item goes by in its document. Points into the item. */
struct identity {
	enum identity_kind kind;
	struct span id;    /* IDENTITY_ID */
	struct span url;   /* the others */
	struct span title; /* IDENTITY_URL_TITLE */
	uint64_t hash;     /* XXH3 of all that: tells the items of one source apart, cheaply */
};

/* What the items of a document go by, one each, in the arena. *trust: bits of identity_trust as
 * the source has them so far; new ones are added. 0 or -ENOMEM. */
int identity_decide(struct identity **ret, struct arena *arena, const struct item *items,
	size_t n, unsigned *trust);

/* The secret made ready for keys, which costs more than the key does. Immutable: any number of
 * threads may make keys with it. 0 or -ENOMEM. */
struct identity_keyer;
int identity_keyer_new(struct identity_keyer **ret, const struct identity_secret *secret);
struct identity_keyer *identity_keyer_free(struct identity_keyer *keyer);

/* The key. 0 or -ENOMEM. */
int identity_key(struct item_key *ret, struct arena *arena, const struct identity_keyer *keyer,
	struct span namespace_, const struct identity *who);

/* Both for a whole document of a source that was never distrusted, in the arena: one key a
 * item. 0 or -ENOMEM. */
int identity_keys(struct item_key **ret, struct arena *arena,
	const struct identity_secret *secret, struct span namespace_, const struct item *items,
	size_t n);

/* The URL, where it is the item's own: not that of its site. */
struct span identity_url(const struct item *item);

/* The title without a counter: digits in round or square brackets at its start or end ("(3)")
 * are what a forum or a web mail counts there, not what was said. */
struct span identity_title(struct span title);

/* XXH3 of what an edit changes: title (identity_title()), text and URL. */
uint64_t identity_content_hash(const struct item *item);

#endif
