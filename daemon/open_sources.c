#include "open_sources.h"

#include "config_reader.h"
#include "sources/url.h"

enum { MINUTE_MS = 60000 };

const struct open_source open_sources[] = {
	{"googlenews", "Google News", "https://news.google.com", "/rss/search?q={query}",
		"&hl={lang}&gl={country}&ceid={country}:{lang}", true, true, 15 * MINUTE_MS,
		"at most 100 articles an answer, sorted by relevance; links lead through "
		"Google"},
	{"bingnews", "Bing News", "https://www.bing.com",
		"/news/search?q={query}&format=rss&qft=sortbydate%3d%221%22",
		"&mkt={lang}-{country}", true, true, 15 * MINUTE_MS, "articles by date"},
	{"gdelt", "GDELT", "https://api.gdeltproject.org",
		"/api/v2/doc/"
		"doc?query={query}{sourcelang}&mode=ArtList&format=rss&maxrecords=250"
		"&sort=DateDesc&timespan=1d",
		NULL, true, true, 15 * MINUTE_MS,
		"articles of the last day, by date; one request in 5 s"},
	{"mastodon", "Mastodon", "https://mastodon.social", "/tags/{tag}.rss", NULL, false,
		true, 5 * MINUTE_MS,
		"posts with the name as their hashtag, as far as the server knows them"},
	{"medium", "Medium", "https://medium.com", "/feed/tag/{slug}", NULL, false, true,
		30 * MINUTE_MS, "the last 10 articles tagged with the name"},
	{"wordpress", "WordPress", NULL, "/?s={words}&feed=rss2", NULL, false, false,
		15 * MINUTE_MS, "what a site's own search finds"},
	{"blogger", "Blogger", NULL, "/feeds/posts/default?alt=rss&max-results=50&q={words}",
		NULL, false, false, 15 * MINUTE_MS, "what a blog's own search finds"},
	{"discourse", "Discourse", NULL, "/posts.rss", NULL, false, false, 5 * MINUTE_MS,
		"the newest posts of a forum"},
	{"lemmy", "Lemmy", NULL, "/feeds/all.xml?sort=New", NULL, false, false, 5 * MINUTE_MS,
		"the newest posts a server knows"},
	{NULL, NULL, NULL, NULL, NULL, false, false, 0, NULL},
};

/* Where a language is mostly spoken on the news sites asked, and its English name. */
static const struct {
	const char *lang, *country, *english;
} languages[] = {
	{"ar", "EG", "arabic"},
	{"cs", "CZ", "czech"},
	{"da", "DK", "danish"},
	{"de", "DE", "german"},
	{"el", "GR", "greek"},
	{"en", "US", "english"},
	{"es", "ES", "spanish"},
	{"fi", "FI", "finnish"},
	{"fr", "FR", "french"},
	{"he", "IL", "hebrew"},
	{"hu", "HU", "hungarian"},
	{"id", "ID", "indonesian"},
	{"it", "IT", "italian"},
	{"ja", "JP", "japanese"},
	{"ko", "KR", "korean"},
	{"nl", "NL", "dutch"},
	{"no", "NO", "norwegian"},
	{"pl", "PL", "polish"},
	{"pt", "PT", "portuguese"},
	{"ro", "RO", "romanian"},
	{"ru", "RU", "russian"},
	{"sv", "SE", "swedish"},
	{"tr", "TR", "turkish"},
	{"uk", "UA", "ukrainian"},
	{"vi", "VN", "vietnamese"},
	{"zh", "CN", "chinese"},
};

const struct open_source *open_source_by_name(struct span name)
{
	for (const struct open_source *o = open_sources; o->name; o++)
		if (span_eq_str(name, o->name))
			return o;
	return NULL;
}

bool open_source_searches(const struct open_source *o)
{
	return strstr(o->path, "{query}") || strstr(o->path, "{words}") ||
	       strstr(o->path, "{tag}") || strstr(o->path, "{slug}");
}

struct holes {
	struct arena *arena;
	struct span name;
	struct span lang;    /* primary subtag, or empty */
	struct span country; /* of the tag, else of the language, or empty */
	struct span english;
};

static void holes_lang(struct holes *h, struct span tag)
{
	const size_t hyphen = span_find(tag, '-');

	h->lang = span_slice(tag, 0, hyphen);
	h->country = hyphen + 3 == tag.n ? span_slice(tag, hyphen + 1, tag.n) : SPAN_NONE;
	for (size_t i = 0; i < sizeof(languages) / sizeof(*languages); i++) {
		if (!span_eq_ci(h->lang, span_str(languages[i].lang)))
			continue;
		if (!h->country.n)
			h->country = span_str(languages[i].country);
		h->english = span_str(languages[i].english);
	}
}

static void hole_fill(struct buf *out, const struct holes *h, struct span hole)
{
	if (span_eq_str(hole, "query")) {
		buf_add_str(out, "%22");
		for (size_t i = 0; i < h->name.n; i++)
			url_escape(out,
				h->name.p[i] == '"' ? SPAN(" ") : span_of(h->name.p + i, 1));
		buf_add_str(out, "%22");
	} else if (span_eq_str(hole, "words")) {
		url_escape(out, h->name);
	} else if (span_eq_str(hole, "tag")) {
		url_escape(out, compact(h->arena, h->name, false));
	} else if (span_eq_str(hole, "slug")) {
		url_escape(out, slug(h->arena, h->name));
	} else if (span_eq_str(hole, "lang")) {
		url_escape(out, h->lang);
	} else if (span_eq_str(hole, "country")) {
		url_escape(out, h->country);
	} else if (span_eq_str(hole, "sourcelang") && h->english.n) {
		buf_addf(out, "%%20sourcelang%%3A%.*s", SPAN_ARG(h->english));
	}
}

static void fill(struct buf *out, const struct holes *h, const char *path)
{
	const struct span s = span_str(path);

	for (size_t i = 0; i < s.n; i++) {
		const size_t end = i + span_find(span_slice(s, i, s.n), '}');

		if (s.p[i] != '{') {
			buf_add_char(out, s.p[i]);
			continue;
		}
		hole_fill(out, h, span_slice(s, i + 1, end));
		i = end;
	}
}

struct span open_source_url(const struct open_source *o, struct arena *arena, struct span base,
	struct span name, struct span lang)
{
	struct holes h = {.arena = arena, .name = name};
	struct buf out = {0};
	struct span url;

	while (base.n && base.p[base.n - 1] == '/')
		base.n--;
	holes_lang(&h, lang);
	buf_add(&out, base);
	fill(&out, &h, o->path);
	if (o->lang_path && h.lang.n && h.country.n)
		fill(&out, &h, o->lang_path);
	url = buf_result(&out) < 0 ? SPAN_NONE : arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return url;
}
