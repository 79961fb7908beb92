/*
 * channel_matrix: an m.notice into a room, with the delivery's id as transaction id, so that
 * the same one twice is one message.
 * https://spec.matrix.org/v1.11/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid
 */

#include "answer.h"
#include "channels.h"
#include "pieces.h"

/* An event has 64 KiB, and holds the text twice. */
enum { BODY_BYTES = 20000 };

static const struct pieces_style body_style = {
	.text = {.escape = text_escape_none, .unit = TEXT_BYTES},
	.line = "\n",
	.strong_open = "",
	.strong_close = "",
	.faint_open = "",
	.faint_close = "",
	.title = 900,
	.excerpt = 3000,
	.details = 900,
	.why = 2000,
	.link = 2000,
};

static const struct pieces_style html_style = {
	.text = {text_escape_html, "<strong>", "</strong>", false, TEXT_BYTES},
	.line = "<br>",
	.strong_open = "<strong>",
	.strong_close = "</strong>",
	.faint_open = "<em>",
	.faint_close = "</em>",
	.link_open = "<a href=\"",
	.link_between = "\">",
	.link_close = "</a>",
	.title = 900,
	.excerpt = 3000,
	.details = 900,
	.why = 2000,
	.link = 2500,
};

/* A room is "!opaque:server" or an id without server; as one part of a path. */
static struct span path_part(struct arena *arena, struct span text)
{
	struct buf out = {0};
	struct span ret;

	for (size_t i = 0; i < text.n; i++) {
		const char c = text.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || (c && strchr("-._~", c)))
			buf_add_char(&out, c);
		else
			buf_addf(&out, "%%%02X", (unsigned)(unsigned char)c);
	}
	ret = out.failed ? SPAN_NONE : arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return ret;
}

static int render(struct payload *ret, const struct receiver *receiver,
	const struct alert *alert, const struct render_context *context, struct arena *arena,
	struct span *ret_why)
{
	const struct span room = path_part(arena, receiver_get(receiver, "room"));
	struct header authorization;
	struct span base = receiver_get(receiver, "url"), url;
	struct buf body = {0}, html = {0};
	struct message m;
	json_t *event = NULL;
	int r = dress_message(&m, receiver, alert, arena, ret_why);

	if (r < 0)
		return r;
	base = dress_base(base);
	url = arena_printf(arena, "%.*s/_matrix/client/v3/rooms/%.*s/send/m.room.message/%.*s",
		SPAN_ARG(base), SPAN_ARG(room), SPAN_ARG(alert->id));
	if (!room.p || !url.p ||
		dress_bearer(&authorization, receiver_get(receiver, "token"), arena) < 0)
		return -ENOMEM;
	r = pieces_write(&body, &m, arena, &body_style, true, BODY_BYTES);
	if (r == 0)
		r = pieces_write(&html, &m, arena, &html_style, true, BODY_BYTES);
	if (r == 0)
		event = json_pack("{s:s, s:o, s:s, s:o, s:{}}", "msgtype", "m.notice", "body",
			dress_json(buf_span(&body)), "format", "org.matrix.custom.html",
			"formatted_body", dress_json(buf_span(&html)), "m.mentions");
	buf_deinit(&body);
	buf_deinit(&html);
	r = dress_post(ret, url, event, &authorization, 1, arena, context);
	if (r == 0)
		ret->request.method = SPAN("PUT");
	return r;
}

static enum verdict judge(
	const struct answer *answer, struct arena *arena, struct span *ret_why)
{
	static const struct answer_word words[] = {
		{401, "M_UNKNOWN_TOKEN", VERDICT_GONE},
		{403, "M_FORBIDDEN", VERDICT_GONE}, /* no longer in the room */
		{404, "M_NOT_FOUND", VERDICT_GONE},
		{0, NULL, VERDICT_RETRY},
	};
	const enum verdict verdict = answer_judge_words(answer, words, arena, ret_why);

	if (verdict != VERDICT_DELIVERED ||
		(answer->body.n && memmem(answer->body.p, answer->body.n, "event_id", 8)))
		return verdict;
	*ret_why = arena_printf(arena, "HTTP %d without an event_id", answer->status);
	return VERDICT_RETRY;
}

static int64_t pause_ms(const struct answer *answer)
{
	return answer_pause_ms(answer, (const char *const[]){"retry_after_ms", NULL}, 1);
}

static const struct channel_field fields[] = {
	{"url", FIELD_TYPE_HTTP_URL, true, NULL},
	{"token", FIELD_TYPE_SECRET, true, NULL},
	{"room", FIELD_TYPE_STRING, true, NULL},
	{NULL, FIELD_TYPE_STRING, false, NULL},
};

const struct channel channel_matrix = {.name = "matrix",
	.title = "Matrix",
	.fields = fields,
	.min_gap_ms = 500,
	.render = render,
	.judge = judge,
	.pause_ms = pause_ms};
