/*
 * channel_googlechat: Google Chat's incoming web hooks, cards v2; all of one group in one
 * thread. https://developers.google.com/workspace/chat/api/reference/rest/v1/cards
 */

#include "answer.h"
#include "channels.h"
#include "dress.h"
#include "markdown.h"
#include "mime.h"

/* A message has 32,000 bytes. */
enum {
	MESSAGE_BYTES = 30000,
	TEXT_CHARS = 600,
	HEADER_CHARS = 200,
	TITLE_CHARS = 300,
	EXCERPT_CHARS = 1200,
	DETAILS_CHARS = 400,
	WHY_CHARS = 900,
};

/* Card texts know a little HTML; the message's own text knows *b* _i_ ~s~ and <url|label>. */
static const struct text_style html = {text_escape_html, "<b>", "</b>", false, TEXT_UTF16};
static const struct text_style plain = {.escape = text_escape_none};
static const struct text_style markup = {.escape = markdown_lookalike};

static json_t *paragraph(const struct message_entry *e, struct arena *arena)
{
	const struct span details = dress_details(arena, e);
	struct buf out = {0};
	json_t *ret;

	buf_add_str(&out, "<b>");
	(void)text_write_span(&out, e->title.text, &html, TITLE_CHARS);
	buf_add_str(&out, "</b>");
	if (e->excerpt.text.n) {
		buf_add_str(&out, "<br>");
		(void)text_write(&out, &e->excerpt, &html, EXCERPT_CHARS);
	}
	buf_add_str(&out, "<br><i>");
	(void)text_write_span(&out, details, &html, DETAILS_CHARS);
	buf_add_str(&out, "</i><br>");
	(void)text_write_span(&out, e->why, &html, WHY_CHARS);
	ret = out.failed || !details.p ? NULL : dress_json(buf_span(&out));
	buf_deinit(&out);
	return json_pack("{s:{s:o}}", "textParagraph", "text", ret);
}

static json_t *button(const struct message *m, struct span link)
{
	return json_pack("{s:{s:[{s:s, s:{s:{s:o}}}]}}", "buttonList", "buttons", "text",
		word(m->words, WORD_OPEN_POST), "onClick", "openLink", "url", dress_json(link));
}

static json_t *section(
	const struct message *m, const struct message_entry *e, struct arena *arena)
{
	json_t *widgets = json_pack("[o]", paragraph(e, arena));

	if (widgets && e->link.n && json_array_append_new(widgets, button(m, e->link)) < 0) {
		json_decref(widgets);
		widgets = NULL;
	}
	return json_pack("{s:o}", "widgets", widgets);
}

static json_t *sections_of(const struct message *m, struct arena *arena)
{
	enum { AROUND = 5000 };
	json_t *list = json_array();
	size_t used = AROUND, shown = 0;
	struct span tail;

	for (; list && shown < m->n_entries; shown++) {
		json_t *one = section(m, &m->entries[shown], arena);

		used += one ? dress_size(one, TEXT_BYTES) : 0;
		if (one && shown && used > MESSAGE_BYTES) {
			json_decref(one);
			break;
		}
		if (json_array_append_new(list, one) < 0)
			goto failed;
	}
	tail = dress_tail(arena, m, m->n_more + m->n_entries - shown);
	if (tail.p && json_array_append_new(list,
			      json_pack("{s:[{s:{s:o}}]}", "widgets", "textParagraph", "text",
				      dress_text(tail, &html, DETAILS_CHARS))) == 0)
		return list;
failed:
	json_decref(list);
	return NULL;
}

static int render(struct payload *ret, const struct receiver *receiver,
	const struct alert *alert, const struct render_context *context, struct arena *arena,
	struct span *ret_why)
{
	const struct span url = receiver_get(receiver, "url");
	const struct span whole = arena_printf(arena,
		"%.*s%smessageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD", SPAN_ARG(url),
		span_find(url, '?') < url.n ? "&" : "?");
	const struct span thread = mime_label(arena, alert->group);
	struct message m;
	int r = dress_message(&m, receiver, alert, arena, ret_why);

	if (r < 0)
		return r;
	if (!whole.p || !thread.p)
		return -ENOMEM;
	return dress_post(ret, whole,
		json_pack("{s:o, s:{s:o}, s:[{s:o, s:{s:{s:o}, s:o}}]}", "text",
			dress_text(m.summary, &markup, TEXT_CHARS), "thread", "threadKey",
			dress_json(thread), "cardsV2", "cardId", dress_json(alert->id), "card",
			"header", "title", dress_text(m.headline, &plain, HEADER_CHARS),
			"sections", sections_of(&m, arena)),
		NULL, 0, arena, context);
}

static enum verdict judge(
	const struct answer *answer, struct arena *arena, struct span *ret_why)
{
	const enum verdict verdict = answer_judge_http(answer, arena, ret_why);
	const bool said = answer_has(answer, "name");

	return answer_confirm(verdict, said, "Google Chat", answer, arena, ret_why);
}

static const struct channel_field fields[] = {
	{"url", FIELD_TYPE_HTTP_URL, true, NULL},
	{NULL, FIELD_TYPE_STRING, false, NULL},
};

/* One a second and space. */
const struct channel channel_googlechat = {.name = "googlechat",
	.title = "Google Chat",
	.fields = fields,
	.min_gap_ms = 1000,
	.render = render,
	.judge = judge};
