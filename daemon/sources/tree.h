#ifndef VIGIE_SOURCES_TREE_H
#define VIGIE_SOURCES_TREE_H

/*
 * tree: a whole answer as values that can be pointed into: JSON, XML and HTML in one shape, for
 * connectors. Numbers keep their digits, as they stay text; strings stay in the bytes they came
 * in until they are asked for. Feeds are not read this way: they need no tree (reader.h).
 *
 * The root holds a whole document; what a bound or the end of the bytes left half-read is
 * marked `cut`, with whatever had been read before.
 */

#include <stdbool.h>
#include <stdint.h>

#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/instant.h"
#include "vigie/span.h"

enum {
	TREE_MAX_DEPTH = 128,     /* of an answer; networks have 20 */
	TREE_MAX_NODES = 1000000, /* 32 bytes each; the largest page known has some 60,000 */
	TREE_MAX_BINDINGS = 64,   /* of XML prefixes */
};

enum tree_kind {
	TREE_NULL,
	TREE_BOOL,   /* text: true or false */
	TREE_NUMBER, /* text: as written */
	TREE_STRING,
	TREE_LIST,
	TREE_OBJECT,  /* its children have names */
	TREE_ELEMENT, /* of XML or HTML: attributes ("@href"), elements, and text without a name
		       */
	TREE_TIME,    /* never read, only computed */
};

struct tree {
	uint8_t kind;
	bool escaped; /* a JSON string whose escapes are still in */
	bool cut;     /* not all of it was read */
	bool markup;  /* an element of HTML: its text is text, not markup */
	uint32_t n;   /* bytes of text, or number of children */
	union {
		const char *p;
		const struct tree *items;
		struct wall time;
	};
	struct span name; /* of a member, element or attribute */
};

/* *ret and all below it live in the arena and in `body`, which must be valid UTF-8. 0 or
 * -ENOMEM. Never says that bytes aren't JSON: see tree_looks_like_json(). */
int tree_json(struct tree *ret, struct arena *arena, struct span body);

/* *ret is the root element; TREE_NULL when there is none. Names of elements and attributes in
 * well-known namespaces have the prefix of tree_prefix_of(), whatever the document calls them;
 * others stand as written. */
int tree_xml(struct tree *ret, struct arena *arena, struct span body);

/* The same for an HTML page, in lower case. */
int tree_html(struct tree *ret, struct arena *arena, struct span body);

/* Does it begin and end as a JSON value does? */
bool tree_looks_like_json(struct span body);

/* "atom" for the Atom namespace, "" for RSS's own; NULL when unknown. */
const char *tree_prefix_of(struct span uri);

/* Nothing there: null, "", [], {}, an element with nothing in it. */
bool tree_void(const struct tree *t); /* NULL is void */

/* The first child of that name, or NULL. */
const struct tree *tree_member(const struct tree *t, struct span name);

/* Text of a scalar or element, in the arena or the body; SPAN_NONE for lists and objects, and
 * when memory is out. */
struct span tree_text(const struct tree *t, struct arena *arena);

/* Appends what stands inside an element as HTML. */
void tree_markup(struct buf *out, const struct tree *element);

/* A new string, in the arena; NULL when memory is out. */
const struct tree *tree_string(struct arena *arena, struct span text);

/* Building blocks of the three readers: children wait on a stack until their parent ends. */
struct tree_builder {
	struct arena *arena;
	struct tree *stack;
	size_t n, capacity;
	size_t nodes;
	struct {
		struct tree node;
		size_t base;
	} open[TREE_MAX_DEPTH];
	size_t depth;
	bool full; /* a bound was reached, or memory is out */
};

void tree_build_deinit(struct tree_builder *b);
/* The new node, to be filled, or NULL. */
struct tree *tree_build_add(struct tree_builder *b, enum tree_kind kind, struct span name);
void tree_build_text(
	struct tree_builder *b, enum tree_kind kind, struct span name, struct span text);
void tree_build_open(struct tree_builder *b, enum tree_kind kind, struct span name);
void tree_build_close(struct tree_builder *b, bool cut);
/* Closes what is open and gives the first root. 0 or -ENOMEM. */
int tree_build_end(struct tree_builder *b, struct tree *ret, bool cut);

#endif
