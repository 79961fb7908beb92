/*
 * post_notice: what is told to the others when a receiver is gone for good; a report; a spike of
 * which no mention is left. It is dressed as a mention, for that is what channels can say, but
 * stands in no archive.
 */

#include <errno.h>

#include "line/post_inner.h"
#include "vigie/version.h"

/* The receiver's id and the reason stand between. */
static const struct words {
	const char *lang, *title[2], *text[2];
} words[] = {
	{"en", {"The receiver \"", "\" was stopped: nothing is sent to it any more"},
		{"It answered: ", ". What it was to get is kept. Correct its configuration and "
				  "reload it, "
				  "or run \"vigie deliveries redrive --all\"."}},
	{"fr", {"Le destinataire « ", " » est arrêté : plus rien ne lui est envoyé"},
		{"Sa réponse : ",
			". Ce qu’il devait recevoir est gardé. Corrigez sa configuration et "
			"rechargez-la, ou lancez « vigie deliveries redrive --all »."}},
};

static struct span between(struct arena *arena, const char *const around[2], struct span what)
{
	return arena_printf(arena, "%s%.*s%s", around[0], SPAN_ARG(what), around[1]);
}

int notice_make(const struct hit **ret, struct arena *arena, const struct post *post,
	const struct outbox_taken *taken, const struct notice *notice, struct span lang)
{
	static const struct match match = {.rule = {"vigie", 5},
		.version = {VIGIE_VERSION, sizeof(VIGIE_VERSION) - 1},
		.kind = {"notice", 6},
		.brand = {"vigie", 5}};
	const struct words *w = &words[span_eq_str(lang, words[1].lang)];
	const size_t equals = span_find(taken->group, '=');
	const struct span stopped = span_slice(taken->group, equals + 1, taken->group.n);
	struct hit *hit = arena_calloc(arena, 1, sizeof(*hit));

	if (!hit)
		return -ENOMEM;
	*hit = (struct hit){.fetched = taken->created,
		.source = SPAN("vigie"),
		.source_kind = SPAN("notice"),
		.item = item_empty(),
		.matches = &match,
		.n_matches = 1};
	(void)item_key_parse(&hit->key, arena_printf(arena, "%.*s000000", SPAN_ARG(taken->id)));
	hit->item.id = taken->id;
	hit->item.url = post->public_url;
	hit->item.lang = span_str(w->lang);
	hit->item.published = taken->created;
	hit->item.feed.title = SPAN("vigie");
	if (notice && notice->is_report) {
		hit->item.url = notice->url;
		hit->item.title = notice->title;
		hit->item.text = notice->text;
	} else if (notice) {
		/* The figures stand above it. */
		hit->item.title = arena_dup(arena, notice->spike.brand);
	} else {
		hit->item.title = between(arena, w->title, stopped);
		hit->item.text = between(arena, w->text, taken->notice);
	}
	*ret = hit;
	return hit->item.title.p && (notice || hit->item.text.p) ? 0 : -ENOMEM;
}
