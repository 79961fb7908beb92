/*
 * channel_mattermost: Mattermost's incoming web hooks, one attachment a mention.
 * https://developers.mattermost.com/integrate/reference/message-attachments/
 */

#include "answer.h"
#include "channels.h"
#include "dress.h"
#include "markdown.h"

/* A post has 16,383 characters; longer ones are split by the server. */
enum {
	TEXT_CHARS = 400,
	TITLE_CHARS = 300,
	EXCERPT_CHARS = 1500,
	WHY_CHARS = 900,
	FOOTER_CHARS = 300, /* the server cuts it there */
	POST_CHARS = 15000,
};

static const struct text_style markdown = {markdown_escape, "**", "**", true, TEXT_UTF16};
static const struct text_style bare = {.escape = markdown_escape};

static json_t *attachment(const struct message_entry *e, struct arena *arena)
{
	const struct span details = dress_details(arena, e);
	json_t *o = !details.p
			    ? NULL
			    : json_pack("{s:o, s:s, s:o, s:o, s:o}", "fallback",
				      dress_text(e->title.text, &bare, TITLE_CHARS), "color",
				      "#B00020", "title",
				      dress_text(e->title.text, &bare, TITLE_CHARS), "text",
				      dress_body(e, &markdown, EXCERPT_CHARS, &bare, WHY_CHARS),
				      "footer", dress_text(details, &bare, FOOTER_CHARS));

	if (o && e->link.n && json_object_set_new(o, "title_link", dress_json(e->link)) < 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *attachments_of(const struct message *m, struct arena *arena, size_t *ret_shown)
{
	json_t *list = json_array();
	size_t used = 0, shown = 0;

	for (; list && shown < m->n_entries; shown++) {
		json_t *one = attachment(&m->entries[shown], arena);

		used += one ? dress_size(one, TEXT_UTF16) : 0;
		if (one && shown && used > POST_CHARS) {
			json_decref(one);
			break;
		}
		if (json_array_append_new(list, one) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	*ret_shown = shown;
	return list;
}

static int render(struct payload *ret, const struct receiver *receiver,
	const struct alert *alert, const struct render_context *context, struct arena *arena,
	struct span *ret_why)
{
	const struct span channel = receiver_get(receiver, "channel");
	size_t shown = 0;
	struct message m;
	json_t *body, *list;
	int r = dress_message(&m, receiver, alert, arena, ret_why);

	if (r < 0)
		return r;
	list = attachments_of(&m, arena, &shown);
	body = json_pack("{s:s, s:o, s:o}", "username", "vigie", "text",
		dress_heading(&m, "#### ", "", &bare, TEXT_CHARS, shown, arena), "attachments",
		list);
	if (body && channel.n &&
		json_object_set_new(body, "channel", dress_json(channel)) < 0) {
		json_decref(body);
		return -ENOMEM;
	}
	return dress_post(ret, receiver_get(receiver, "url"), body, NULL, 0, arena, context);
}

static enum verdict judge(
	const struct answer *answer, struct arena *arena, struct span *ret_why)
{
	const enum verdict verdict = answer_judge_http(answer, arena, ret_why);
	const bool said = span_eq_str(span_trim(answer->body), "ok");

	return answer_confirm(verdict, said, "Mattermost", answer, arena, ret_why);
}

static const struct channel_field fields[] = {
	{"url", FIELD_TYPE_HTTP_URL, true, NULL},
	{"channel", FIELD_TYPE_STRING, false, NULL},
	{NULL, FIELD_TYPE_STRING, false, NULL},
};

/* The server's own setting; its default is 10 a second. */
const struct channel channel_mattermost = {.name = "mattermost",
	.title = "Mattermost",
	.fields = fields,
	.min_gap_ms = 200,
	.render = render,
	.judge = judge};
