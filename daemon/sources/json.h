#ifndef VIGIE_SOURCES_JSON_H
#define VIGIE_SOURCES_JSON_H

/*
 * json: a forgiving reader of JSON, one token at a time, over bytes that arrive in pieces, in
 * memory that doesn't grow with the document. It is here, and not jansson, because numbers must
 * keep their digits (ids are longer than a double), because lone surrogates, raw control
 * characters and unknown escapes occur and cost a strict parser the document, and because a
 * tree of a hostile document is fifty times its size.
 *
 * Input must be UTF-8. Commas and colons are not insisted on.
 */

#include <stdbool.h>
#include <stdint.h>

#include "vigie/buf.h"
#include "vigie/span.h"

enum json_event {
	JSON_MORE, /* the token isn't complete: give more, or say that there is none */
	JSON_END,  /* of the input */
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_CLOSE, /* of the innermost object or array */
	JSON_KEY,
	JSON_STRING,
	JSON_NUMBER,
	JSON_WORD, /* true, false, null, or something that isn't JSON */
};

/* Of one string; what is beyond is passed over. */
enum { JSON_MAX_STRING_BYTES = 2 * 1024 * 1024, JSON_MAX_DEPTH = 256 };

struct json_token {
	enum json_event event;
	struct span
		text; /* key and string: raw, between the quotes; number and word: as written */
};

struct json {
	struct span in; /* what is left of the bytes given */
	bool last;
	/* the rest is private */
	bool in_string;  /* passing over the rest of a long one */
	bool value_next; /* behind a colon */
	size_t depth;
	uint8_t is_object[JSON_MAX_DEPTH]; /* of each level; deeper ones are taken for arrays */
};

/* `{ 0 }` is a reader at the start of a document. As xml_feed(). */
void json_feed(struct json *j, struct span in, bool last);

/* Everything in *ret points into the bytes given. */
enum json_event json_next(struct json *j, struct json_token *ret);

/* Appends a raw string with its escapes decoded: lone surrogates and U+0000 become U+FFFD, of
 * unknown escapes the bare character is kept. */
void json_unescape(struct buf *out, struct span raw);

#endif
