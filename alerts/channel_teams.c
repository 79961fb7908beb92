/*
 * channel_teams: Microsoft Teams by a Workflows address ("when a Teams webhook request is
 * received"), as an Adaptive Card 1.4. Strangers' text stands in TextRuns, which know no markup
 * (https://adaptivecards.io/explorer/TextRun.html).
 */

#include "answer.h"
#include "channels.h"
#include "dress.h"
#include "markdown.h"

/* The message may have 28 KB; a card that is too large is accepted and then fails in silence.
 */
enum {
	MESSAGE_BYTES = 26000,
	HEADLINE_CHARS = 200,
	TITLE_CHARS = 300,
	EXCERPT_CHARS = 800,
	DETAILS_CHARS = 300,
	WHY_CHARS = 600,
	FALLBACK_CHARS = 500,
	ACTIONS = 4, /* more are hidden behind "…" */
};

static const struct text_style plain = {.escape = text_escape_none};
static const struct text_style headline = {.escape = markdown_lookalike};

static json_t *run(struct span text, bool bold, bool faint, bool marked)
{
	json_t *o = json_pack("{s:s, s:o}", "type", "TextRun", "text", dress_json(text));

	if (o && bold)
		(void)json_object_set_new(o, "weight", json_string("Bolder"));
	if (o && faint)
		(void)json_object_set_new(o, "isSubtle", json_true());
	if (o && marked)
		(void)json_object_set_new(o, "highlight", json_true());
	return o;
}

/* A paragraph of runs: what is marked, and what stands between. */
static json_t *paragraph(const struct marked *text, size_t limit, bool bold, bool faint)
{
	json_t *runs = json_array();
	struct buf cut = {0};
	size_t at = 0, end;
	const struct marked bare = {.text = text->text};

	/* The limit is applied first; marks behind it have nothing to mark. */
	(void)text_write(&cut, &bare, &plain, limit);
	end = cut.n;
	for (size_t i = 0; i < text->n_marks && text->marks[i].end <= end; i++) {
		const struct mark *m = &text->marks[i];

		if (m->start > at)
			(void)json_array_append_new(
				runs, run(span_slice(buf_span(&cut), at, m->start), bold, faint,
					      false));
		(void)json_array_append_new(runs,
			run(span_slice(buf_span(&cut), m->start, m->end), bold, faint, true));
		at = m->end;
	}
	if (at < end || !json_array_size(runs))
		(void)json_array_append_new(
			runs, run(span_slice(buf_span(&cut), at, end), bold, faint, false));
	if (cut.failed) {
		json_decref(runs);
		runs = NULL;
	}
	buf_deinit(&cut);
	return json_pack("{s:s, s:o}", "type", "RichTextBlock", "inlines", runs);
}

static json_t *faint_paragraph(struct span text, size_t limit)
{
	const struct marked bare = {.text = text};

	return paragraph(&bare, limit, false, true);
}

static json_t *entry(const struct message_entry *e, struct arena *arena)
{
	const struct span details = dress_details(arena, e);
	json_t *items = json_pack("[o]", paragraph(&e->title, TITLE_CHARS, true, false));

	if (items && e->excerpt.text.n)
		(void)json_array_append_new(
			items, paragraph(&e->excerpt, EXCERPT_CHARS, false, false));
	if (items && details.n)
		(void)json_array_append_new(items, faint_paragraph(details, DETAILS_CHARS));
	if (items)
		(void)json_array_append_new(items, faint_paragraph(e->why, WHY_CHARS));
	return json_pack(
		"{s:s, s:b, s:o}", "type", "Container", "separator", 1, "items", items);
}

static int add_action(json_t *actions, const char *title, struct span url)
{
	if (span_empty(url) || json_array_size(actions) >= ACTIONS)
		return url.p ? 0 : -ENOMEM;
	return json_array_append_new(
		actions, json_pack("{s:s, s:s, s:o}", "type", "Action.OpenUrl", "title", title,
				 "url", dress_json(url)));
}

static json_t *card(
	const struct message *m, struct arena *arena, const struct render_context *context)
{
	enum { AROUND = 10000 }; /* actions, headline, fallback */
	json_t *body = json_pack("[{s:s, s:s, s:s, s:b, s:s, s:o}]", "type", "TextBlock",
		"size", "Medium", "weight", "Bolder", "wrap", 1, "style", "heading", "text",
		dress_text(m->headline, &headline, HEADLINE_CHARS));
	json_t *actions = json_array();
	size_t used = AROUND, shown = 0;
	struct span tail;
	int r = body && actions ? 0 : -ENOMEM;

	for (; r == 0 && shown < m->n_entries; shown++) {
		json_t *one = entry(&m->entries[shown], arena);
		const size_t size = dress_size(one, TEXT_BYTES);

		if (one && shown && used + size > MESSAGE_BYTES) {
			json_decref(one);
			break;
		}
		used += size;
		r = json_array_append_new(body, one);
		if (r == 0)
			r = add_action(actions, word(m->words, WORD_OPEN_POST),
				m->entries[shown].link);
	}
	tail = dress_tail(arena, m, m->n_more + m->n_entries - shown);
	if (r == 0 && tail.p)
		r = json_array_append_new(body, faint_paragraph(tail, DETAILS_CHARS));
	if (r == 0)
		r = add_action(actions, word(m->words, WORD_OPEN_VIGIE),
			dress_dashboard(arena, &m->entries[0], context));
	if (r < 0 || !tail.p) {
		json_decref(body);
		json_decref(actions);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s, s:{s:s}, s:o, s:o, s:o}", "$schema",
		"http://adaptivecards.io/schemas/adaptive-card.json", "type", "AdaptiveCard",
		"version", "1.4", "msteams", "width", "Full", "fallbackText",
		dress_text(m->summary, &plain, FALLBACK_CHARS), "body", body, "actions",
		actions);
}

static int render(struct payload *ret, const struct receiver *receiver,
	const struct alert *alert, const struct render_context *context, struct arena *arena,
	struct span *ret_why)
{
	struct message m;
	const int r = dress_message(&m, receiver, alert, arena, ret_why);

	if (r < 0)
		return r;
	return dress_post(ret, receiver_get(receiver, "url"),
		json_pack("{s:s, s:[{s:s, s:n, s:o}]}", "type", "message", "attachments",
			"contentType", "application/vnd.microsoft.card.adaptive", "contentUrl",
			"content", card(&m, arena, context)),
		NULL, 0, arena, context);
}

static enum verdict judge(
	const struct answer *answer, struct arena *arena, struct span *ret_why)
{
	const enum verdict verdict = answer_judge_http(answer, arena, ret_why);
	const bool said = answer->status == 202 || span_empty(answer->body) ||
			  span_eq_str(span_trim(answer->body), "1");

	return answer_confirm(verdict, said, "Microsoft Teams", answer, arena, ret_why);
}

static const struct channel_field fields[] = {
	{"url", FIELD_TYPE_HTTP_URL, true, NULL},
	{NULL, FIELD_TYPE_STRING, false, NULL},
};

/* About four a second. */
const struct channel channel_teams = {.name = "teams",
	.title = "Microsoft Teams",
	.fields = fields,
	.min_gap_ms = 250,
	.render = render,
	.judge = judge};
