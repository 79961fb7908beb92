#ifndef VIGIE_SOURCES_FEED_STATE_H
#define VIGIE_SOURCES_FEED_STATE_H

/*
 * feed_state: what feed.c (elements and items), feed_scope.c (attributes, namespaces, bases,
 * languages) and feed_field.c (the content of elements) share. For these three alone.
 */

#include "sources/capture.h"
#include "sources/draft.h"
#include "sources/feed_names.h"
#include "sources/reader.h"
#include "sources/xml.h"

enum {
	MAX_DEPTH = 256,    /* deeper elements are read as if they were not nested */
	MAX_BINDINGS = 128, /* of namespace prefixes in force */
	MAX_PREFIX_BYTES = 24,
	MAX_BASES = 16,
	MAX_STRAY_ELEMENTS = 64, /* before the feed's root: warnings of a script, a page */
	KNOWN_NAMES = 32,        /* a power of two: names found lately, by hash */
};

enum feed_role {
	ROLE_SKIP,  /* nothing inside is read */
	ROLE_FIELD, /* captured */
	ROLE_ROOT,
	ROLE_CHANNEL,
	ROLE_ITEM,
	ROLE_AUTHOR,
	ROLE_SOURCE,
	ROLE_MEDIA, /* its children say something of the item */
	ROLE_LIST,
};

struct open_element {
	uint32_t hash; /* of the qualified name */
	enum feed_role role;
};

/* A name that was looked up before: feeds have few, and many of each. */
struct known_name {
	uint32_t hash;
	uint32_t n;     /* of the qualified name; 0: nothing known */
	uint32_t scope; /* feed_scope_current() then */
	enum feed_ns ns;
	const struct feed_name *name; /* NULL: it says nothing to us */
};

struct binding {
	char prefix[MAX_PREFIX_BYTES];
	size_t n;
	enum feed_ns ns;
	uint32_t uri;
	uint32_t scope; /* no other binding of the document had this number */
	size_t level;
};

/* xml:base and xml:lang in force. */
struct scoped {
	struct span value;
	size_t level;
};

struct feed {
	struct arena *arena;
	struct read_options options;
	struct item_list *out;
	size_t first; /* index of our first item in out */
	size_t arena_start;

	struct known_name known[KNOWN_NAMES];
	size_t depth;
	size_t n_bindings;
	uint32_t last_scope;
	uint32_t core_uri;
	size_t n_bases, n_langs;
	size_t n_stray;
	bool ended; /* the root's end tag was seen */
	bool not_a_feed;

	struct capture capture;
	const struct feed_name *field; /* captured; NULL: none */
	size_t field_level;
	/* of the field's start tag */
	struct span href, type, rel, count;
	bool permalink;
	struct buf attribute;

	size_t item_level; /* 0: not inside an item */
	struct draft_person person;
	struct draft *person_of;
	struct read_hints hints;
	enum read_format format;
	struct buf line;
	bool enough, failed;

	/* From here on nothing is cleared for a new document, most of which use little of it.
	 */
	struct xml xml;
	struct draft item, channel;
	struct draft source; /* atom:source of the item */
	struct scoped bases[MAX_BASES], langs[MAX_BASES];
	struct open_element stack[MAX_DEPTH];
	struct binding bindings[MAX_BINDINGS];
};

/* The draft that fields at this place speak of. */
static inline struct draft *feed_subject(struct feed *f)
{
	return f->item_level ? &f->item : &f->channel;
}

/* Of a name or address, letters in lower case. */
uint32_t feed_scope_hash(struct span s);

/* The same number means the same prefixes in force. */
static inline uint32_t feed_scope_current(const struct feed *f)
{
	return f->n_bindings ? f->bindings[f->n_bindings - 1].scope : 0;
}

/* An attribute's raw value, by local name; one without a prefix first. */
struct span feed_scope_find(const struct xml_token *t, const char *local);
/* A raw value decoded and trimmed, in the arena. */
struct span feed_scope_keep(struct feed *f, struct span raw);
/* Both. */
struct span feed_scope_get(struct feed *f, const struct xml_token *t, const char *local);

/* What holds from this element's attributes on (xmlns, xml:base, xml:lang); f->depth is its
 * level. */
void feed_scope_read(struct feed *f, const struct xml_token *t);
void feed_scope_leave(struct feed *f, size_t level);
/* Elements in the namespace of the root are the feed's own, whatever its address is. */
void feed_scope_adopt_root(struct feed *f, struct span prefix);
enum feed_ns feed_scope_ns(const struct feed *f, struct span prefix);

/* Gives the draft the xml:lang in force, if it was set inside what the draft stands for: that
 * beats what an element says. */
void feed_scope_note_lang(struct feed *f, struct draft *d, int rank);

/* Absolute; relative as it is when there is no base yet (see draft_complete_items). */
struct span feed_scope_resolve(struct feed *f, struct span reference);
/* The same with xml:base only. */
struct span feed_scope_resolve_inner(struct feed *f, struct span reference);

/* Atom's elements, and those of an Atom document that are in no namespace. */
bool feed_field_is_atom(const struct feed *f, enum feed_ns ns);
/* Begins to gather the content of an element that is nothing but a field. */
void feed_field_start(struct feed *f, enum feed_role parent, const struct feed_name *name,
	enum feed_ns ns, const struct xml_token *t);
/* The field's element ended. */
void feed_field_end(struct feed *f);
/* Fields whose value is in attributes: enclosure, media:content, media:statistics. */
void feed_field_attributes(
	struct feed *f, const struct feed_name *name, const struct xml_token *t);

#endif
