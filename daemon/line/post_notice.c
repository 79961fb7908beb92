/*
 * post_notice: the words for what is told of the house itself: a receiver was stopped, a source
 * fell silent; a report; a spike of which no mention is left. It is dressed as a mention, for
 * that is what channels can say, but stands in no archive.
 */

#include <errno.h>

#include "line/post_inner.h"
#include "vigie/version.h"

/* By the group's name; what it is about and the reason stand between. */
static const struct words {
	const char *group, *lang, *title[2], *text[2];
} words[] = {
	{"stopped", "en", {"The receiver \"", "\" was stopped: nothing is sent to it any more"},
		{"It answered: ", ". What it was to get is kept. Correct its configuration and "
				  "reload it, "
				  "or run \"vigie deliveries redrive --all\"."}},
	{"stopped", "fr", {"Le destinataire « ", " » est arrêté : plus rien ne lui est envoyé"},
		{"Sa réponse : ",
			". Ce qu’il devait recevoir est gardé. Corrigez sa configuration et "
			"rechargez-la, ou lancez « vigie deliveries redrive --all »."}},
	{"silent", "en", {"The source \"", "\" has fallen silent"},
		{"It still answers, but with nothing new: ",
			". You will be told when it speaks again."}},
	{"silent", "fr", {"La source « ", " » s’est tue"},
		{"Elle répond toujours, mais sans rien de nouveau : ",
			". Vous serez prévenu quand elle reparlera."}},
	{"heard", "en", {"The source \"", "\" speaks again"}, {"", "It has something new."}},
	{"heard", "fr", {"La source « ", " » parle de nouveau"}, {"", "Elle a du nouveau."}},
	{"gone", "en", {"The source \"", "\" is gone: it is no longer asked"},
		{"It answered: ",
			". Take it out of the configuration, or give its new address."}},
	{"gone", "fr", {"La source « ", " » n’existe plus : elle n’est plus interrogée"},
		{"Sa réponse : ",
			". Retirez-la de la configuration, ou donnez sa nouvelle adresse."}},
	{"back", "en", {"The source \"", "\" is back"}, {"", "It answers and is read again."}},
	{"back", "fr", {"La source « ", " » est de retour"},
		{"", "Elle répond et elle est lue de nouveau."}},
};

/* Of a digest without mentions: how many sources of how many answer. */
static const struct words_of_nothing {
	const char *lang, *title, *of, *answer;
} nothing[] = {
	{"en", "Nothing was found in this time", " of ", " sources answer at the moment."},
	{"fr", "Rien n’a été trouvé pendant ce temps", " sources sur ",
		" répondent en ce moment."},
};

/* The first row of the group, when its language is none of ours. */
static const struct words *words_of(struct span group, struct span lang)
{
	enum { N = sizeof(words) / sizeof(*words) };
	const struct words *found = NULL;

	for (size_t i = 0; i < N; i++)
		if (span_eq_str(group, words[i].group) &&
			(!found || span_eq_str(lang, words[i].lang)))
			found = &words[i];
	return found ? found : &words[0];
}

static struct span between(struct arena *arena, const char *const around[2], struct span what)
{
	return arena_printf(arena, "%s%.*s%s", around[0], SPAN_ARG(what), around[1]);
}

static struct hit *hit_new(
	struct arena *arena, const struct post *post, const struct outbox_taken *taken)
{
	static const struct match match = {.rule = {"vigie", 5},
		.version = {VIGIE_VERSION, sizeof(VIGIE_VERSION) - 1},
		.kind = {"notice", 6},
		.brand = {"vigie", 5}};
	struct hit *hit = arena_calloc(arena, 1, sizeof(*hit));

	if (!hit)
		return NULL;
	*hit = (struct hit){.fetched = taken->created,
		.source = SPAN("vigie"),
		.source_kind = SPAN("notice"),
		.item = item_empty(),
		.matches = &match,
		.n_matches = 1};
	(void)item_key_parse(&hit->key, arena_printf(arena, "%.*s000000", SPAN_ARG(taken->id)));
	hit->item.id = taken->id;
	hit->item.url = post->public_url;
	hit->item.published = taken->created;
	hit->item.feed.title = SPAN("vigie");
	return hit;
}

int notice_make(const struct hit **ret, struct arena *arena, const struct post *post,
	const struct outbox_taken *taken, const struct notice *notice, struct span lang)
{
	const size_t equals = span_find(taken->group, '=');
	const struct span about = span_slice(taken->group, equals + 1, taken->group.n);
	const struct words *w = words_of(span_slice(taken->group, 0, equals), lang);
	struct hit *hit = hit_new(arena, post, taken);

	if (!hit)
		return -ENOMEM;
	hit->item.lang = span_str(w->lang);
	if (notice && notice->is_report) {
		hit->item.url = notice->url;
		hit->item.title = notice->title;
		hit->item.text = notice->text;
	} else if (notice) {
		/* The figures stand above it. */
		hit->item.title = arena_dup(arena, notice->spike.brand);
	} else {
		hit->item.title = between(arena, w->title, about);
		hit->item.text =
			between(arena, w->text, *w->text[0] ? taken->notice : SPAN_NONE);
	}
	*ret = hit;
	return hit->item.title.p && (notice || hit->item.text.p) ? 0 : -ENOMEM;
}

int notice_make_among(const struct hit **ret, struct arena *arena, const struct post *post,
	const struct outbox_taken *taken, const struct notice *notice, struct span lang)
{
	struct hit *hit = hit_new(arena, post, taken);

	if (!hit)
		return -ENOMEM;
	hit->item.lang = lang;
	hit->item.published =
		wall_known(notice->spike.ended) ? notice->spike.ended : notice->spike.began;
	hit->item.title = alert_spike_text(arena, &notice->spike, lang);
	*ret = hit;
	return hit->item.title.p ? 0 : -ENOMEM;
}

int notice_make_nothing(const struct hit **ret, struct arena *arena, const struct post *post,
	const struct outbox_taken *taken, struct span lang)
{
	const struct words_of_nothing *w = &nothing[0];
	struct hit *hit = hit_new(arena, post, taken);
	uint64_t healthy = 0, sources = 0;

	if (!hit)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(nothing) / sizeof(*nothing); i++)
		if (span_eq_str(lang, nothing[i].lang))
			w = &nothing[i];
	if (post->coverage)
		post->coverage(post->options_arg, &healthy, &sources);
	hit->item.lang = span_str(w->lang);
	hit->item.title = span_str(w->title);
	if (sources)
		hit->item.text =
			arena_printf(arena, "%llu%s%llu%s", (unsigned long long)healthy, w->of,
				(unsigned long long)sources, w->answer);
	*ret = hit;
	return sources && !hit->item.text.p ? -ENOMEM : 0;
}
