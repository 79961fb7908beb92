#include "sources/feed_names.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *uri;
	enum feed_ns ns;
} uris[] = {
	{"http://www.w3.org/2005/Atom", NS_ATOM},
	{"http://purl.org/atom/ns#", NS_ATOM},
	{"http://purl.org/dc/elements/1.1/", NS_DC},
	{"http://purl.org/dc/elements/1.0/", NS_DC},
	{"http://purl.org/dc/terms/", NS_DCTERMS},
	{"http://purl.org/rss/1.0/modules/content/", NS_CONTENT},
	{"http://search.yahoo.com/mrss/", NS_MEDIA},
	{"http://search.yahoo.com/mrss", NS_MEDIA},
	{"http://video.search.yahoo.com/mrss", NS_MEDIA},
	{"http://www.itunes.com/dtds/podcast-1.0.dtd", NS_ITUNES},
	{"http://www.itunes.com/DTDs/Podcast-1.0.dtd", NS_ITUNES},
	{"http://example.com/DTDs/PodCast-1.0.dtd", NS_ITUNES},
	{"http://purl.org/rss/1.0/modules/slash/", NS_SLASH},
	{"http://purl.org/syndication/thread/1.0", NS_THREAD},
	{"http://purl.org/rss/1.0/modules/syndication/", NS_SYNDICATION},
	{"http://www.georss.org/georss", NS_GEORSS},
	{"http://www.georss.org/georss/10", NS_GEORSS},
	{"http://www.w3.org/2003/01/geo/wgs84_pos#", NS_GEO},
	{"http://www.w3.org/1999/02/22-rdf-syntax-ns#", NS_RDF},
	{"http://www.w3.org/1999/xhtml", NS_XHTML},
	{"http://www.w3.org/XML/1998/namespace", NS_XML},
	{"", NS_CORE},
	{"http://purl.org/rss/1.0/", NS_CORE},
	{"http://purl.org/net/rss1.1#", NS_CORE},
	{"http://my.netscape.com/rdf/simple/0.9/", NS_CORE},
	{"http://my.netscape.com/publish/formats/rss-0.91.dtd", NS_CORE},
	{"http://channel.netscape.com/rdf/simple/0.9/", NS_CORE},
	{"http://backend.userland.com/rss", NS_CORE},
	{"http://backend.userland.com/RSS2", NS_CORE},
	{"http://backend.userland.com/rss2", NS_CORE},
	{"http://backend.userland.com/rss191", NS_CORE},
	{"http://blogs.law.harvard.edu/tech/rss", NS_CORE},
	{"http://cyber.law.harvard.edu/rss/rss.html", NS_CORE},
	{"http://www.rssboard.org/rss-specification", NS_CORE},
};

enum feed_ns feed_ns_of_uri(struct span uri)
{
	uri = span_trim(uri);
	for (size_t i = 0; i < sizeof(uris) / sizeof(*uris); i++)
		if (span_eq_str(uri, uris[i].uri))
			return uris[i].ns;
	for (size_t i = 0; i < sizeof(uris) / sizeof(*uris); i++)
		if (span_eq_ci(uri, span_str(uris[i].uri)))
			return uris[i].ns;
	return NS_OTHER;
}

enum feed_ns feed_ns_of_prefix(struct span prefix)
{
	static const struct {
		const char *prefix;
		enum feed_ns ns;
	} usual[] = {{"atom", NS_ATOM}, {"atom10", NS_ATOM}, {"a10", NS_ATOM}, {"dc", NS_DC},
		{"dcterms", NS_DCTERMS}, {"content", NS_CONTENT}, {"media", NS_MEDIA},
		{"itunes", NS_ITUNES}, {"slash", NS_SLASH}, {"thr", NS_THREAD},
		{"sy", NS_SYNDICATION}, {"georss", NS_GEORSS}, {"geo", NS_GEO}, {"rdf", NS_RDF},
		{"xhtml", NS_XHTML}, {"rss", NS_CORE}};

	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (span_eq_ci(prefix, span_str(usual[i].prefix)))
			return usual[i].ns;
	return NS_OTHER;
}

/* Sorted by name, then by namespace as its enum is. */
static const struct feed_name names[] = {
	{"abstract", NS_CORE, FEED_TEXT, 4},
	{"abstract", NS_DCTERMS, FEED_TEXT, 5},
	{"author", NS_CORE, FEED_AUTHOR, 1},
	{"author", NS_DC, FEED_AUTHOR, 2},
	{"author", NS_ITUNES, FEED_AUTHOR, 3},
	{"body", NS_CORE, FEED_TEXT, 1},
	{"body", NS_XHTML, FEED_TEXT, 1},
	{"category", NS_CORE, FEED_CATEGORY, 0},
	{"category", NS_MEDIA, FEED_CATEGORY, 0},
	{"category", NS_ITUNES, FEED_CATEGORY, 0},
	{"channel", NS_CORE, FEED_CHANNEL, 0},
	{"comments", NS_SLASH, FEED_REPLIES, 1},
	{"community", NS_MEDIA, FEED_MEDIA_GROUP, 0},
	{"content", NS_CORE, FEED_TEXT, 1},
	{"content", NS_MEDIA, FEED_MEDIA_CONTENT, 0},
	{"created", NS_CORE, FEED_PUBLISHED, 4},
	{"created", NS_DCTERMS, FEED_PUBLISHED, 4},
	{"creator", NS_CORE, FEED_AUTHOR, 2},
	{"creator", NS_DC, FEED_AUTHOR, 2},
	{"creator", NS_DCTERMS, FEED_AUTHOR, 2},
	{"date", NS_CORE, FEED_PUBLISHED, 2},
	{"date", NS_DC, FEED_PUBLISHED, 2},
	{"date", NS_DCTERMS, FEED_PUBLISHED, 2},
	{"day", NS_CORE, FEED_DAY, 0},
	{"description", NS_CORE, FEED_TEXT, 2},
	{"description", NS_DC, FEED_TEXT, 3},
	{"description", NS_DCTERMS, FEED_TEXT, 3},
	{"description", NS_MEDIA, FEED_TEXT, 6},
	{"div", NS_XHTML, FEED_TEXT, 1},
	{"email", NS_CORE, FEED_EMAIL, 0},
	{"enclosure", NS_CORE, FEED_ENCLOSURE, 0},
	{"encoded", NS_CONTENT, FEED_TEXT, 1},
	{"entry", NS_CORE, FEED_ITEM, 0},
	{"feed", NS_CORE, FEED_ROOT, 0},
	{"fullitem", NS_CORE, FEED_TEXT, 1},
	{"group", NS_MEDIA, FEED_MEDIA_GROUP, 0},
	{"guid", NS_CORE, FEED_ID, 1},
	{"homepage", NS_CORE, FEED_URI, 0},
	{"hour", NS_CORE, FEED_HOUR, 0},
	{"id", NS_CORE, FEED_ID, 1},
	{"in-reply-to", NS_THREAD, FEED_PARENT, 0},
	{"issued", NS_CORE, FEED_PUBLISHED, 1},
	{"issued", NS_DCTERMS, FEED_PUBLISHED, 3},
	{"item", NS_CORE, FEED_ITEM, 0},
	{"keywords", NS_CORE, FEED_KEYWORDS, 0},
	{"keywords", NS_MEDIA, FEED_KEYWORDS, 0},
	{"keywords", NS_ITUNES, FEED_KEYWORDS, 0},
	{"language", NS_CORE, FEED_LANGUAGE, 0},
	{"language", NS_DC, FEED_LANGUAGE, 0},
	{"language", NS_DCTERMS, FEED_LANGUAGE, 0},
	{"lat", NS_GEO, FEED_LATITUDE, 0},
	{"link", NS_CORE, FEED_LINK, 0},
	{"long", NS_GEO, FEED_LONGITUDE, 0},
	{"modified", NS_CORE, FEED_UPDATED, 1},
	{"modified", NS_DCTERMS, FEED_UPDATED, 2},
	{"name", NS_CORE, FEED_NAME, 0},
	{"name", NS_ITUNES, FEED_NAME, 0},
	{"point", NS_GEORSS, FEED_POINT, 0},
	{"pubdate", NS_CORE, FEED_PUBLISHED, 1},
	{"published", NS_CORE, FEED_PUBLISHED, 1},
	{"rdf", NS_CORE, FEED_ROOT, 0},
	{"rdf", NS_RDF, FEED_ROOT, 0},
	{"rss", NS_CORE, FEED_ROOT, 0},
	{"skipdays", NS_CORE, FEED_SKIP_LIST, 0},
	{"skiphours", NS_CORE, FEED_SKIP_LIST, 0},
	{"source", NS_CORE, FEED_SOURCE, 0},
	{"statistics", NS_MEDIA, FEED_STATISTICS, 0},
	{"subject", NS_DC, FEED_CATEGORY, 0},
	{"subject", NS_DCTERMS, FEED_CATEGORY, 0},
	{"subtitle", NS_CORE, FEED_TEXT, 7},
	{"subtitle", NS_ITUNES, FEED_TEXT, 7},
	{"summary", NS_CORE, FEED_TEXT, 4},
	{"summary", NS_ITUNES, FEED_TEXT, 5},
	{"tagline", NS_CORE, FEED_TEXT, 7},
	{"title", NS_CORE, FEED_TITLE, 1},
	{"title", NS_DC, FEED_TITLE, 2},
	{"title", NS_DCTERMS, FEED_TITLE, 2},
	{"title", NS_MEDIA, FEED_TITLE, 3},
	{"title", NS_ITUNES, FEED_TITLE, 4},
	{"total", NS_THREAD, FEED_REPLIES, 2},
	{"ttl", NS_CORE, FEED_TTL, 0},
	{"updated", NS_CORE, FEED_UPDATED, 1},
	{"updatefrequency", NS_SYNDICATION, FEED_FREQUENCY, 0},
	{"updateperiod", NS_SYNDICATION, FEED_PERIOD, 0},
	{"uri", NS_CORE, FEED_URI, 0},
	{"url", NS_CORE, FEED_URI, 0},
};

enum { N_NAMES = sizeof(names) / sizeof(*names), MAX_NAME = 16 };

const struct feed_name *feed_name_find(enum feed_ns ns, struct span local)
{
	char low[MAX_NAME];
	size_t lo = 0, hi = N_NAMES;

	if (local.n >= MAX_NAME || ns == NS_OTHER)
		return NULL;
	if (ns == NS_ATOM)
		ns = NS_CORE;
	for (size_t i = 0; i < local.n; i++)
		low[i] = ascii_lower(local.p[i]);
	low[local.n] = '\0';
	while (lo < hi) {
		const size_t mid = (lo + hi) / 2;
		const int first = low[0] - names[mid].name[0];
		const int c = first ? first : strcmp(low, names[mid].name);

		if (c > 0 || (c == 0 && ns > names[mid].ns))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < N_NAMES && names[lo].ns == ns && strcmp(low, names[lo].name) == 0)
		return &names[lo];
	return NULL;
}
