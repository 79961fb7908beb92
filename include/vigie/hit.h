#ifndef VIGIE_HIT_H
#define VIGIE_HIT_H

/*
 * hit: an item that at least one rule wants, with the reasons; once archived, a mention. One hit
 * an item, however many rules matched. Lives in the arena of its batch.
 */

#include <stdint.h>

#include "vigie/item.h"

enum item_field { FIELD_TITLE, FIELD_TEXT, FIELD_AUTHOR, ITEM_FIELDS };

static const char *const item_field_names[] = { "title", "text", "author" };

/* Half-open, in bytes of the field's UTF-8. */
struct match_span {
	enum item_field field;
	uint32_t start;
	uint32_t end;
};

struct match {
	struct span rule;    /* id */
	struct span version; /* hash of the rule's meaning, hexadecimal */
	struct span kind;    /* brand, competitor, topic, … */
	struct span brand;   /* may be empty */
	const struct span *tags;
	size_t n_tags;
	double weight;
	const struct match_span *spans; /* by field, start, end; each once */
	size_t n_spans;
};

enum { ITEM_KEY_BYTES = 16, ITEM_KEY_TEXT = 2 * ITEM_KEY_BYTES };

/* Who an item is, for ever: see line/identity.h for the rule. */
struct item_key {
	unsigned char b[ITEM_KEY_BYTES];
};

/* 32 lower-case hexadecimal digits and a NUL. */
static inline const char *item_key_text(char out[ITEM_KEY_TEXT + 1], const struct item_key *key)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < ITEM_KEY_BYTES; i++) {
		out[2 * i] = digits[key->b[i] >> 4];
		out[2 * i + 1] = digits[key->b[i] & 15];
	}
	out[ITEM_KEY_TEXT] = '\0';
	return out;
}

static inline bool item_key_parse(struct item_key *out, struct span s)
{
	struct item_key key = { 0 };

	if (s.n != ITEM_KEY_TEXT)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];
		const int v = c >= '0' && c <= '9'   ? c - '0'
			      : c >= 'a' && c <= 'f' ? c - 'a' + 10
						     : -1;

		if (v < 0)
			return false;
		key.b[i / 2] = (unsigned char)(key.b[i / 2] << 4 | v);
	}
	*out = key;
	return true;
}

/* Why a mention is in its story; the names are story_why_names of vigie/story.h. */
enum story_why {
	STORY_HEAD,    /* like none before: a story of its own */
	STORY_KNOWN,   /* this mention is in its story already */
	STORY_ADDRESS, /* the same page */
	STORY_TITLE,   /* the same title, and nothing that speaks against it */
	STORY_TEXT,    /* the same text, or nearly */
	STORY_PART,    /* the beginning of the other's text, or it of this one's */
};

/* A mention's place among its near-duplicates: vigie/story.h. */
struct story_place {
	struct item_key head; /* the story's id: the key of its first mention */
	enum story_why why;
	double similarity; /* to the head, 0 to 1; 1 for the head itself and for the same page
			    */
	uint32_t mentions; /* with this one; 0: it is in no story */
	uint32_t sites;    /* different ones; counted while there is room, then "at least" */
	uint64_t number;   /* of the story in its book: they only grow */
};

struct hit {
	struct item_key key;
	uint64_t content_hash; /* XXH3 of what an edit would change: title, text, url */
	bool update;           /* known already, with other content: never alerts again */
	bool silent;           /* older than the first contact allows: archived, not alerted */
	bool deleted; /* its network says it is gone: an update that takes the text away */
	struct wall fetched;
	struct span source;      /* id */
	struct span source_kind; /* feed, … */
	const struct span *source_tags;
	size_t n_source_tags;
	struct item item;
	const struct match *matches;
	size_t n_matches;
	double score; /* sum over matches of weight; the terms are in the matches */
	struct story_place story; /* of a mention from the archive, as of now; else mentions 0 */
};

#endif
