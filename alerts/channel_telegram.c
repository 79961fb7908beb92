/*
 * channel_telegram: a bot's sendMessage. https://core.telegram.org/bots/api#sendmessage
 */

#include "answer.h"
#include "channels.h"
#include "link.h"
#include "pieces.h"

enum { TEXT_CHARS = 4000 }; /* 4,096, after the markup is read */

static const struct pieces_style style = {
	.text = {text_escape_html, "<b>", "</b>", false, TEXT_UTF16},
	.line = "\n",
	.strong_open = "<b>",
	.strong_close = "</b>",
	.faint_open = "<i>",
	.faint_close = "</i>",
	.link_open = "<a href=\"",
	.link_between = "\">",
	.link_close = "</a>",
	.title = 250,
	.excerpt = 1200,
	.details = 300,
	.why = 600,
	.link = 1000,
};

static bool is_number(struct span chat)
{
	const size_t sign = chat.n && chat.p[0] == '-';

	for (size_t i = sign; i < chat.n; i++)
		if (chat.p[i] < '0' || chat.p[i] > '9')
			return false;
	return chat.n > sign && chat.n < 19;
}

static json_t *chat_id(struct span chat)
{
	char text[20] = "";

	if (!is_number(chat))
		return dress_json(chat);
	memcpy(text, chat.p, chat.n);
	return json_integer((json_int_t)strtoll(text, NULL, 10));
}

static int render(struct payload *ret, const struct receiver *receiver,
	const struct alert *alert, const struct render_context *context, struct arena *arena,
	struct span *ret_why)
{
	struct span base = receiver_get(receiver, "url"), url;
	struct buf text = {0};
	struct message m;
	json_t *body = NULL;
	int r = dress_message(&m, receiver, alert, arena, ret_why);

	if (r < 0)
		return r;
	if (span_empty(base))
		base = SPAN("https://api.telegram.org");
	base = dress_base(base);
	url = arena_printf(arena, "%.*s/bot%.*s/sendMessage", SPAN_ARG(base),
		SPAN_ARG(receiver_get(receiver, "token")));
	r = url.p ? pieces_write(&text, &m, arena, &style, true, TEXT_CHARS) : -ENOMEM;
	if (r == 0)
		body = json_pack("{s:o, s:s, s:{s:b}, s:b, s:o}", "chat_id",
			chat_id(receiver_get(receiver, "chat")), "parse_mode", "HTML",
			"link_preview_options", "is_disabled", 1, "disable_notification",
			span_eq_str(receiver_get(receiver, "silent"), "true"), "text",
			dress_json(buf_span(&text)));
	buf_deinit(&text);
	return dress_post(ret, url, body, NULL, 0, arena, context);
}

static enum verdict judge(
	const struct answer *answer, struct arena *arena, struct span *ret_why)
{
	static const struct answer_word words[] = {
		{400, "chat not found", VERDICT_GONE},
		{401, "\"ok\"", VERDICT_GONE}, /* the token is no more */
		{403, "\"ok\"", VERDICT_GONE}, /* blocked, or no longer in the chat */
		{0, NULL, VERDICT_RETRY},
	};
	const enum verdict verdict = answer_judge_words(answer, words, arena, ret_why);

	if (verdict != VERDICT_DELIVERED || answer_is_true(answer, "ok"))
		return verdict;
	*ret_why = arena_printf(arena, "HTTP %d without \"ok\":true", answer->status);
	return VERDICT_RETRY;
}

static int64_t pause_ms(const struct answer *answer)
{
	return answer_pause_ms(
		answer, (const char *const[]){"parameters", "retry_after", NULL}, 1000);
}

static const struct channel_field fields[] = {
	{"token", FIELD_TYPE_SECRET, true, NULL},
	{"chat", FIELD_TYPE_STRING, true, NULL},
	{"silent", FIELD_TYPE_BOOL, false, "false"},
	{"url", FIELD_TYPE_HTTP_URL, false, "https://api.telegram.org"},
	{NULL, FIELD_TYPE_STRING, false, NULL},
};

/* One a second and chat, but twenty a minute in a group: what a group bears is kept for all. */
const struct channel channel_telegram = {.name = "telegram",
	.title = "Telegram",
	.fields = fields,
	.min_gap_ms = 3000,
	.render = render,
	.judge = judge,
	.pause_ms = pause_ms};
