#ifndef VIGIE_SOURCES_XML_H
#define VIGIE_SOURCES_XML_H

/*
 * xml: a forgiving reader of XML, one token at a time, over bytes that arrive in pieces. It
 * takes what a strict parser must refuse, because a third of the world's broken feeds are one
 * stray "&" away from readable: text is handed out where text stands, tags where tags stand,
 * and nothing is an error. It keeps no tree and no stack; who matches end tags with start tags
 * is the caller.
 *
 * Input must be UTF-8. No token costs more than its own length, whatever the bytes are;
 * external entities don't exist; declared ones are kept short and expand to a bounded length.
 */

#include <stdbool.h>
#include <stdint.h>

#include "vigie/buf.h"
#include "vigie/span.h"

enum xml_event {
	XML_MORE,  /* the token isn't complete: give more, or say that there is none */
	XML_END,   /* of the input */
	XML_TEXT,  /* raw: to be decoded with xml_decode(); may come in several pieces */
	XML_CDATA, /* literal; may come in several pieces */
	XML_OPEN,
	XML_CLOSE,
	XML_DOCTYPE, /* name is the root's name as declared */
};

enum {
	XML_MAX_ATTRIBUTES = 64,             /* further ones of a tag are not seen */
	XML_MAX_TAG_BYTES = 256 * 1024,      /* a "<" whose ">" is further away is text */
	XML_MAX_ENTITIES = 64,               /* declared in the document */
	XML_MAX_ENTITY_BYTES = 1024,         /* of one declared value */
	XML_MAX_EXPANSION_BYTES = 64 * 1024, /* of all uses together in one document */
};

struct xml_attribute {
	struct span name;  /* qualified, as written */
	struct span value; /* raw */
};

struct xml_token {
	enum xml_event event;
	struct span text; /* of XML_TEXT and XML_CDATA */
	struct span name; /* qualified, as written */
	bool empty;       /* <a/>: no XML_CLOSE will come */
	const struct xml_attribute *attributes;
	size_t n_attributes;
};

struct xml_entity {
	char *name, *value;
};

struct xml {
	struct span in; /* what is left of the bytes given */
	bool last;      /* nothing comes behind them */
	/* the rest is private */
	int state;
	const char *no_quote[2]; /* no such quote between in.p and here */
	const char *no_angle;
	size_t n_entities;
	size_t expanded_bytes;
	/* these last: xml_init() leaves them as they are */
	struct xml_attribute attributes[XML_MAX_ATTRIBUTES];
	struct xml_entity entities[XML_MAX_ENTITIES];
};

/* `{ 0 }` is a reader at the start of a document; so is this, which clears no more than it
 * must. */
void xml_init(struct xml *x);
void xml_deinit(struct xml *x);

/* Gives the next bytes: what is left in x->in, which must stand in front of them (it is the
 * caller's to move it there), followed by new ones. */
void xml_feed(struct xml *x, struct span in, bool last);

/* Everything in *ret points into the bytes given and into x. */
enum xml_event xml_next(struct xml *x, struct xml_token *ret);

/* Appends raw text with its references decoded: numeric ones (those XML forbids become U+FFFD,
 * those to U+0080 to U+009F stay, see text_mend), predefined ones, declared ones, and HTML's.
 * What is no reference stays as it is. */
void xml_decode(struct xml *x, struct buf *out, struct span raw);

/* The part behind the colon. */
struct span xml_local(struct span name);
/* The part before it, or empty. */
struct span xml_prefix(struct span name);

#endif
