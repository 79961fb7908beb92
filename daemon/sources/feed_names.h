#ifndef VIGIE_SOURCES_FEED_NAMES_H
#define VIGIE_SOURCES_FEED_NAMES_H

/*
 * feed_names: what the elements of feeds are called, in all dialects and modules. Data, and the
 * look-up; what is done with a name stands in feed.c.
 */

#include <stdbool.h>

#include "vigie/span.h"

enum feed_ns {
	NS_CORE, /* no namespace, RSS's several, and the one of the document's root */
	NS_ATOM, /* 0.3 and 1.0 */
	NS_DC,
	NS_DCTERMS,
	NS_CONTENT,
	NS_MEDIA,
	NS_ITUNES,
	NS_SLASH,
	NS_THREAD,
	NS_SYNDICATION,
	NS_GEORSS,
	NS_GEO,
	NS_RDF,
	NS_XHTML,
	NS_XML,
	NS_OTHER,
};

/* Of a namespace's address; several are known in several spellings. */
enum feed_ns feed_ns_of_uri(struct span uri);

/* Of a prefix that the document forgot to declare. */
enum feed_ns feed_ns_of_prefix(struct span prefix);

enum feed_field {
	FEED_NONE, /* not read, nor anything inside */
	FEED_ROOT,
	FEED_CHANNEL,
	FEED_ITEM,
	FEED_TITLE,
	FEED_LINK,
	FEED_ID,
	FEED_TEXT,
	FEED_AUTHOR,
	FEED_NAME,
	FEED_EMAIL,
	FEED_URI,
	FEED_CATEGORY,
	FEED_KEYWORDS,
	FEED_PUBLISHED,
	FEED_UPDATED,
	FEED_LANGUAGE,
	FEED_ENCLOSURE,
	FEED_MEDIA_CONTENT,
	FEED_MEDIA_GROUP,
	FEED_STATISTICS,
	FEED_REPLIES,
	FEED_PARENT,
	FEED_SOURCE,
	FEED_POINT,
	FEED_LATITUDE,
	FEED_LONGITUDE,
	FEED_TTL,
	FEED_SKIP_LIST, /* skipHours, skipDays */
	FEED_HOUR,
	FEED_DAY,
	FEED_PERIOD,
	FEED_FREQUENCY,
};

struct feed_name {
	const char *name; /* local, lower case */
	enum feed_ns ns;
	enum feed_field field;
	int rank; /* among those that say the same thing, the lowest wins */
};

/* Case is ignored. NULL for names that say nothing to us. Atom's names are core names too. */
const struct feed_name *feed_name_find(enum feed_ns ns, struct span local);

#endif
