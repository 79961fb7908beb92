/*
 * channel_ntfy: a push message as JSON to an ntfy server's root. Plain text: there is no markup
 * to guard against. https://docs.ntfy.sh/publish/#publish-as-json
 */

#include "answer.h"
#include "channels.h"
#include "pieces.h"

/* A message above 4,096 bytes becomes an attachment. */
enum { MESSAGE_BYTES = 3900, TITLE_BYTES = 250, TOPIC_MAX = 64 };

static const struct text_style title = {.escape = text_escape_none, .unit = TEXT_BYTES};

static const struct pieces_style style = {
	.text = {.escape = text_escape_none, .unit = TEXT_BYTES},
	.line = "\n",
	.faint_open = "",
	.faint_close = "",
	.title = 400,
	.excerpt = 1400,
	.details = 400,
	.why = 800,
	.link = 0, /* it is the click */
};

static bool is_topic(struct span topic)
{
	for (size_t i = 0; i < topic.n; i++) {
		const char c = topic.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '-' || c == '_'))
			return false;
	}
	return topic.n && topic.n <= TOPIC_MAX;
}

static const char *check(const struct receiver *receiver)
{
	const struct span priority = receiver_get(receiver, "priority");

	if (!is_topic(receiver_get(receiver, "topic")))
		return "`topic` is at most 64 letters, digits, - and _";
	if (!span_empty(priority) &&
		(priority.n != 1 || priority.p[0] < '1' || priority.p[0] > '5'))
		return "`priority` is a number from 1 (least) to 5";
	return NULL;
}

static json_t *body_of(
	const struct receiver *receiver, const struct message *m, struct span text)
{
	const struct span priority = receiver_get(receiver, "priority");
	const struct span link = m->entries[0].link;
	json_t *o = json_pack("{s:o, s:o, s:o, s:i}", "topic",
		dress_json(receiver_get(receiver, "topic")), "title",
		dress_text(m->headline, &title, TITLE_BYTES), "message", dress_json(text),
		"priority", span_empty(priority) ? 3 : priority.p[0] - '0');

	if (o && link.n &&
		(json_object_set_new(o, "click", dress_json(link)) < 0 ||
			json_object_set_new(o, "actions",
				json_pack("[{s:s, s:s, s:o}]", "action", "view", "label",
					word(m->words, WORD_OPEN_POST), "url",
					dress_json(link))) < 0)) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static int render(struct payload *ret, const struct receiver *receiver,
	const struct alert *alert, const struct render_context *context, struct arena *arena,
	struct span *ret_why)
{
	const struct span token = receiver_get(receiver, "token");
	const char *wrong = check(receiver);
	struct header authorization;
	struct span url = receiver_get(receiver, "url");
	struct buf text = {0};
	struct message m;
	json_t *body;
	int r;

	if (wrong)
		return dress_refuse(ret_why, wrong);
	r = dress_message(&m, receiver, alert, arena, ret_why);
	if (r < 0)
		return r;
	r = dress_bearer(&authorization, token, arena);
	if (r < 0)
		return r;
	if (span_empty(url))
		url = SPAN("https://ntfy.sh");
	r = pieces_write(&text, &m, arena, &style, false, MESSAGE_BYTES);
	body = r == 0 ? body_of(receiver, &m, buf_span(&text)) : NULL;
	buf_deinit(&text);
	return dress_post(ret, url, body, &authorization, !span_empty(token), arena, context);
}

static enum verdict judge(
	const struct answer *answer, struct arena *arena, struct span *ret_why)
{
	const enum verdict verdict = answer_judge_http(answer, arena, ret_why);
	const bool said = answer_has(answer, "id");

	return answer_confirm(verdict, said, "ntfy", answer, arena, ret_why);
}

static const struct channel_field fields[] = {
	{"topic", FIELD_TYPE_STRING, true, NULL},
	{"url", FIELD_TYPE_HTTP_URL, false, "https://ntfy.sh"},
	{"token", FIELD_TYPE_SECRET, false, NULL},
	{"priority", FIELD_TYPE_STRING, false, "3"},
	{NULL, FIELD_TYPE_STRING, false, NULL},
};

const struct channel channel_ntfy = {.name = "ntfy",
	.title = "ntfy",
	.fields = fields,
	.min_gap_ms = 5000,
	.burst = 60,
	.render = render,
	.judge = judge,
	.check = check};
