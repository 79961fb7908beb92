#include "sources/forum.h"

#include <errno.h>

#include "sources/html.h"
#include "sources/url.h"
#include "sources/xml.h"
#include "vigie/buf.h"

/* Where a board's own address ends. */
enum board_at {
	AT_ROOT,   /* of the host */
	AT_FOLDER, /* of the script that made the page */
};

static const struct software {
	const char *network, *title;
	enum board_at at;
} softwares[] = {
	{"discourse", "Discourse", AT_ROOT},
	{"phpbb", "phpBB", AT_FOLDER},
	{"vbulletin", "vBulletin", AT_FOLDER},
	{"xenforo", "XenForo", AT_ROOT},
	{"invision", "Invision Community", AT_ROOT},
	{"smf", "Simple Machines Forum", AT_FOLDER},
	{"mybb", "MyBB", AT_FOLDER},
	{"flarum", "Flarum", AT_ROOT},
	{"nodebb", "NodeBB", AT_ROOT},
	{"lemmy", "Lemmy", AT_ROOT},
	{"mastodon", "Mastodon", AT_ROOT},
};

enum clue_kind {
	IN_GENERATOR, /* begins <meta name=generator content> */
	IN_ATTRIBUTE, /* a word of an attribute of this name, of any element */
	IN_SCRIPT,    /* stands in the text of a script */
	IN_HEADER,    /* the header of this name has it; "": it is there */
	IN_COOKIE,    /* begins the name of a cookie */
};

/* Each one is enough. */
static const struct clue {
	const char *network;
	enum clue_kind kind;
	const char *name, *value;
} clues[] = {
	{"discourse", IN_GENERATOR, NULL, "Discourse "},
	{"discourse", IN_HEADER, "x-discourse-route", ""},
	{"discourse", IN_COOKIE, NULL, "_forum_session"},
	{"discourse", IN_ATTRIBUTE, "id", "data-discourse-setup"},
	{"phpbb", IN_GENERATOR, NULL, "phpBB"},
	{"phpbb", IN_ATTRIBUTE, "id", "phpbb"},
	{"phpbb", IN_COOKIE, NULL, "phpbb"},
	{"vbulletin", IN_GENERATOR, NULL, "vBulletin"},
	{"vbulletin", IN_ATTRIBUTE, "id", "vb-page-body"},
	{"vbulletin", IN_COOKIE, NULL, "bb_lastvisit"},
	{"xenforo", IN_GENERATOR, NULL, "XenForo"},
	{"xenforo", IN_ATTRIBUTE, "id", "XF"},
	{"xenforo", IN_COOKIE, NULL, "xf_csrf"},
	{"xenforo", IN_COOKIE, NULL, "xf_session"},
	{"invision", IN_GENERATOR, NULL, "Invision Community"},
	{"invision", IN_ATTRIBUTE, "class", "ipsApp"},
	{"invision", IN_COOKIE, NULL, "ips4_"},
	{"smf", IN_GENERATOR, NULL, "SMF"},
	{"smf", IN_SCRIPT, NULL, "smf_scripturl"},
	{"smf", IN_COOKIE, NULL, "SMFCookie"},
	{"mybb", IN_GENERATOR, NULL, "MyBB"},
	{"mybb", IN_SCRIPT, NULL, "var my_post_key"},
	{"mybb", IN_COOKIE, NULL, "mybb["},
	{"flarum", IN_GENERATOR, NULL, "Flarum"},
	{"flarum", IN_ATTRIBUTE, "id", "flarum-loading"},
	{"flarum", IN_ATTRIBUTE, "id", "flarum-json-payload"},
	{"flarum", IN_COOKIE, NULL, "flarum_session"},
	{"nodebb", IN_GENERATOR, NULL, "NodeBB"},
	{"nodebb", IN_HEADER, "x-powered-by", "NodeBB"},
	{"nodebb", IN_ATTRIBUTE, "component", "brand/logo"},
	{"lemmy", IN_GENERATOR, NULL, "Lemmy"},
	{"lemmy", IN_ATTRIBUTE, "class", "lemmy-site"},
	{"mastodon", IN_GENERATOR, NULL, "Mastodon"},
	{"mastodon", IN_ATTRIBUTE, "id", "mastodon"},
	{"mastodon", IN_HEADER, "server", "Mastodon"},
};

enum { N_CLUES = sizeof(clues) / sizeof(*clues), MAX_PAGE_BYTES = 1024 * 1024 };

static bool has_word(struct span list, struct span word)
{
	for (size_t i = 0; i < list.n;) {
		size_t end = i;

		while (end < list.n && !ascii_space(list.p[end]))
			end++;
		if (span_eq(span_slice(list, i, end), word))
			return true;
		i = end + 1;
	}
	return false;
}

static bool contains(struct span s, struct span part)
{
	for (size_t i = 0; i + part.n <= s.n; i++)
		if (s.p[i] == part.p[0] && span_starts(span_slice(s, i, s.n), part))
			return true;
	return false;
}

static bool in_header(const struct clue *clue, const struct header *h)
{
	if (clue->kind == IN_COOKIE)
		return span_eq_ci(h->name, SPAN("set-cookie")) &&
		       span_starts(span_trim(h->value), span_str(clue->value));
	return clue->kind == IN_HEADER && span_eq_ci(h->name, span_str(clue->name)) &&
	       (!*clue->value || contains(h->value, span_str(clue->value)));
}

static const struct clue *of_headers(const struct discover_options *options)
{
	for (size_t i = 0; i < options->n_headers; i++)
		for (size_t k = 0; k < N_CLUES; k++)
			if (in_header(&clues[k], &options->headers[i]))
				return &clues[k];
	return NULL;
}

static struct span attribute(const struct xml_token *t, const char *name)
{
	for (size_t i = 0; i < t->n_attributes; i++)
		if (span_eq_ci(t->attributes[i].name, span_str(name)))
			return span_trim(t->attributes[i].value);
	return SPAN_NONE;
}

static const struct clue *of_element(const struct xml_token *t)
{
	const struct span generator =
		span_eq_ci(t->name, SPAN("meta")) &&
				span_eq_ci(attribute(t, "name"), SPAN("generator"))
			? attribute(t, "content")
			: SPAN_NONE;

	for (size_t i = 0; i < N_CLUES; i++) {
		const struct span value = span_str(clues[i].value);

		if (clues[i].kind == IN_GENERATOR && span_starts(generator, value))
			return &clues[i];
		if (clues[i].kind == IN_ATTRIBUTE &&
			has_word(attribute(t, clues[i].name), value))
			return &clues[i];
	}
	return NULL;
}

static const struct clue *of_script(struct span text)
{
	for (size_t i = 0; i < N_CLUES; i++)
		if (clues[i].kind == IN_SCRIPT && contains(text, span_str(clues[i].value)))
			return &clues[i];
	return NULL;
}

static const struct clue *of_page(struct span page)
{
	const struct clue *found = NULL;
	struct xml_token t;
	struct xml x = {0};
	bool script = false;

	xml_feed(&x, span_slice(page, 0, MAX_PAGE_BYTES), true);
	while (!found && xml_next(&x, &t) != XML_END) {
		if (t.event == XML_OPEN)
			found = of_element(&t);
		else if (t.event == XML_TEXT && script)
			found = of_script(t.text);
		if ((t.event == XML_OPEN || t.event == XML_CLOSE) &&
			span_eq_ci(t.name, SPAN("script")))
			script = t.event == XML_OPEN && !t.empty;
	}
	xml_deinit(&x);
	return found;
}

/* Without what names a page. */
static struct span board_base(struct arena *arena, const struct software *s, struct span url)
{
	const struct span normal = url_normalize(arena, url);
	const struct url_parts parts = url_split(normal);
	size_t end = 0;

	if (!normal.p || !parts.authority.n)
		return SPAN_NONE;
	for (size_t i = 0; s->at == AT_FOLDER && i < parts.path.n; i++)
		if (parts.path.p[i] == '/') {
			/* Routes go on behind the script. */
			if (i > 4 &&
				span_starts(span_slice(parts.path, i - 4, i), SPAN(".php")))
				break;
			end = i;
		}
	return arena_printf(arena, "%.*s://%.*s%.*s", SPAN_ARG(parts.scheme),
		SPAN_ARG(parts.authority), SPAN_ARG(span_slice(parts.path, 0, end)));
}

int forum_recognise(struct forum *ret, struct arena *arena,
	const struct discover_options *options, struct span page)
{
	const struct clue *clue = of_headers(options);

	if (!url_is_web(options->base))
		return 0;
	if (!clue)
		clue = of_page(page);
	for (size_t i = 0; clue && i < sizeof(softwares) / sizeof(*softwares); i++) {
		if (span_cmp(span_str(softwares[i].network), span_str(clue->network)) != 0)
			continue;
		*ret = (struct forum){softwares[i].network, softwares[i].title,
			board_base(arena, &softwares[i], options->base)};
		return ret->base.p ? 1 : -ENOMEM;
	}
	return 0;
}
