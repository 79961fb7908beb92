/*
 * channel_slack: Slack's incoming web hooks and its chat.postMessage, Block Kit.
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, and
 * /reference/block-kit.
 */

#include "answer.h"
#include "channels.h"
#include "dress.h"
#include "vigie/utf8.h"

/* In characters, by the platform; blocks together have been refused from about 13,200 on. */
enum {
	HEADER_CHARS = 150,
	SECTION_CHARS = 3000,
	LINK_CHARS = 2200,
	TITLE_CHARS = 300,
	EXCERPT_CHARS = 1400,
	CONTEXT_CHARS = 400,
	WHY_CHARS = 800,
	FALLBACK_CHARS = 2000,
	BLOCKS_CHARS = 12000,
};

/* mrkdwn takes a word between two of these as formatted; put beside a word they are replaced by
 * look-alikes. The three characters that are escaped are the ones Slack names. */
static size_t escape_mrkdwn(char out[TEXT_ESCAPE_MAX], const struct text_point *p)
{
	const bool opens = !text_is_word(p->before) && !text_is_space(p->after);
	const bool closes = !text_is_word(p->after) && !text_is_space(p->before);

	switch (p->c) {
	case '&':
		return text_put(out, "&amp;");
	case '<':
		return text_put(out, "&lt;");
	case '>': /* a quotation at the beginning of a line */
		return text_put(out, p->before ? "&gt;" : "\u200B&gt;");
	case '*':
		return text_put(out, opens || closes ? "\u2217" : "*");
	case '_':
		return text_put(out, opens || closes ? "\u02CD" : "_");
	case '~':
		return text_put(out, opens || closes ? "\u223C" : "~");
	case '`':
		return text_put(out, "\u02CB");
	default:
		return utf8_encode(out, p->c);
	}
}

/* A label ends at "|" or ">", whatever stands before it. */
static size_t escape_label(char out[TEXT_ESCAPE_MAX], const struct text_point *p)
{
	return p->c == '|' ? text_put(out, "\u2223") : escape_mrkdwn(out, p);
}

static size_t escape_basic(char out[TEXT_ESCAPE_MAX], const struct text_point *p)
{
	return p->c == '&'   ? text_put(out, "&amp;")
	       : p->c == '<' ? text_put(out, "&lt;")
	       : p->c == '>' ? text_put(out, "&gt;")
			     : utf8_encode(out, p->c);
}

static const struct text_style mrkdwn = {escape_mrkdwn, "*", "*", true, TEXT_UTF16};
static const struct text_style label = {.escape = escape_label};
static const struct text_style basic = {.escape = escape_basic};
static const struct text_style plain = {.escape = text_escape_none};

static json_t *mrkdwn_object(json_t *text)
{
	return json_pack("{s:s, s:o, s:b}", "type", "mrkdwn", "text", text, "verbatim", 1);
}

static json_t *plain_object(json_t *text)
{
	return json_pack("{s:s, s:o, s:b}", "type", "plain_text", "text", text, "emoji", 0);
}

/* "*<link|title>*" and the excerpt below it. */
static json_t *section(const struct message_entry *e)
{
	struct buf out = {0}, link = {0};
	json_t *text;

	/* A link is given whole or not at all. */
	(void)text_write_span(&link, e->link, &basic, SIZE_MAX / 2);
	if (link.n > LINK_CHARS)
		buf_clear(&link);
	buf_add_str(&out, "*");
	if (link.n) {
		buf_add_str(&out, "<");
		buf_add(&out, buf_span(&link));
		buf_add_str(&out, "|");
	}
	(void)text_write_span(&out, e->title.text, &label, TITLE_CHARS);
	buf_add_str(&out, link.n ? ">*" : "*");
	if (e->excerpt.text.n) {
		const size_t used = text_units(buf_span(&out), TEXT_UTF16) + 1;
		const size_t left = used < SECTION_CHARS ? SECTION_CHARS - used : 0;

		buf_add_str(&out, "\n");
		(void)text_write(&out, &e->excerpt, &mrkdwn,
			left < EXCERPT_CHARS ? left : EXCERPT_CHARS);
	}
	text = out.failed || link.failed ? NULL : dress_json(buf_span(&out));
	buf_deinit(&out);
	buf_deinit(&link);
	return json_pack("{s:s, s:o}", "type", "section", "text", mrkdwn_object(text));
}

static json_t *context_block(struct span text, size_t limit)
{
	return json_pack("{s:s, s:[o]}", "type", "context", "elements",
		mrkdwn_object(dress_text(text, &mrkdwn, limit)));
}

/* Adds what shows one mention; 0, 1 when there is no room for it, or -ENOMEM. */
static int add_entry(
	json_t *blocks, const struct message_entry *e, struct arena *arena, size_t room)
{
	const struct span details = dress_details(arena, e);
	json_t *parts = json_array();
	int r = 0;

	if (!details.p || !parts || json_array_append_new(parts, section(e)) < 0 ||
		(details.n && json_array_append_new(
				      parts, context_block(details, CONTEXT_CHARS)) < 0) ||
		json_array_append_new(parts, context_block(e->why, WHY_CHARS)) < 0)
		r = -ENOMEM;
	else if (dress_size(parts, TEXT_UTF16) > room)
		r = 1;
	else if (json_array_extend(blocks, parts) < 0)
		r = -ENOMEM;
	json_decref(parts);
	return r;
}

static int add_button(json_t *blocks, const struct message *m, struct arena *arena,
	const struct render_context *context)
{
	const struct span url = dress_dashboard(arena, &m->entries[0], context);

	if (span_empty(url))
		return url.p ? 0 : -ENOMEM;
	return json_array_append_new(
		blocks, json_pack("{s:s, s:[{s:s, s:o, s:o, s:s}]}", "type", "actions",
				"elements", "type", "button", "text",
				plain_object(json_string(word(m->words, WORD_OPEN_VIGIE))),
				"url", dress_json(url), "action_id", "open"));
}

static json_t *blocks_of(
	const struct message *m, struct arena *arena, const struct render_context *context)
{
	/* Room for the blocks behind the mentions; the first mention always fits the rest. */
	enum { TAIL_CHARS = 2600 };
	json_t *blocks = json_array();
	size_t shown = 0;
	struct span tail;
	int r = 0;

	if (!blocks ||
		json_array_append_new(blocks, json_pack("{s:s, s:o}", "type", "header", "text",
						      plain_object(dress_text(m->headline,
							      &plain, HEADER_CHARS)))) < 0)
		goto failed;
	for (; shown < m->n_entries; shown++) {
		const size_t used = dress_size(blocks, TEXT_UTF16);
		const size_t room =
			used < BLOCKS_CHARS - TAIL_CHARS ? BLOCKS_CHARS - TAIL_CHARS - used : 0;

		r = add_entry(blocks, &m->entries[shown], arena, room);
		if (r)
			break;
	}
	if (r < 0)
		goto failed;
	tail = dress_tail(arena, m, m->n_more + m->n_entries - shown);
	if (!tail.p || json_array_append_new(blocks, context_block(tail, CONTEXT_CHARS)) < 0 ||
		add_button(blocks, m, arena, context) < 0)
		goto failed;
	return blocks;
failed:
	json_decref(blocks);
	return NULL;
}

/* By a web hook's address, or as a bot into a channel. */
static const char *check(const struct receiver *receiver)
{
	const bool url = !span_empty(receiver_get(receiver, "url"));
	const bool token = !span_empty(receiver_get(receiver, "token"));
	const bool channel = !span_empty(receiver_get(receiver, "channel"));

	if (!token && !url)
		return "give `url` of an incoming web hook, or `token` and `channel` of a bot";
	if (token && !channel)
		return "a bot needs `channel`, too";
	return NULL;
}

static int render(struct payload *ret, const struct receiver *receiver,
	const struct alert *alert, const struct render_context *context, struct arena *arena,
	struct span *ret_why)
{
	const struct span token = receiver_get(receiver, "token");
	struct header authorization;
	struct span url = receiver_get(receiver, "url");
	const char *wrong = check(receiver);
	struct message m;
	json_t *body;
	int r;

	if (wrong)
		return dress_refuse(ret_why, wrong);
	r = dress_message(&m, receiver, alert, arena, ret_why);
	if (r < 0)
		return r;
	body = json_pack("{s:o, s:o, s:b, s:b}", "text",
		dress_text(m.summary, &basic, FALLBACK_CHARS), "blocks",
		blocks_of(&m, arena, context), "unfurl_links", 0, "unfurl_media", 0);
	if (span_empty(token))
		return dress_post(ret, url, body, NULL, 0, arena, context);
	if (span_empty(url))
		url = SPAN("https://slack.com/api/chat.postMessage");
	if (dress_bearer(&authorization, token, arena) < 0 ||
		json_object_set_new(
			body, "channel", dress_json(receiver_get(receiver, "channel"))) < 0) {
		json_decref(body);
		return -ENOMEM;
	}
	return dress_post(ret, url, body, &authorization, 1, arena, context);
}

static enum verdict judge(
	const struct answer *answer, struct arena *arena, struct span *ret_why)
{
	static const struct answer_word words[] = {
		{404, "no_service", VERDICT_GONE},
		{404, "no_team", VERDICT_GONE},
		{404, "channel_not_found", VERDICT_GONE},
		/* chat.postMessage says no with a 200 */
		{200, "\"invalid_auth\"", VERDICT_GONE},
		{200, "\"account_inactive\"", VERDICT_GONE},
		{200, "\"token_revoked\"", VERDICT_GONE},
		{200, "\"channel_not_found\"", VERDICT_GONE},
		{200, "\"is_archived\"", VERDICT_GONE},
		{200, "\"not_in_channel\"", VERDICT_GONE},
		{200, "\"invalid_blocks\"", VERDICT_DEAD},
		{200, "\"msg_too_long\"", VERDICT_DEAD},
		{200, "\"msg_blocks_too_long\"", VERDICT_DEAD},
		{0, NULL, VERDICT_RETRY},
	};
	const enum verdict verdict = answer_judge_words(answer, words, arena, ret_why);

	/* A 200 that says neither comes from something in between. */
	if (verdict != VERDICT_DELIVERED || span_eq_str(span_trim(answer->body), "ok") ||
		answer_is_true(answer, "ok"))
		return verdict;
	*ret_why = arena_printf(arena, "HTTP %d without the \"ok\" of Slack", answer->status);
	return VERDICT_RETRY;
}

static const struct channel_field fields[] = {
	{"url", FIELD_TYPE_HTTP_URL, false, NULL},
	{"token", FIELD_TYPE_SECRET, false, NULL},
	{"channel", FIELD_TYPE_STRING, false, NULL},
	{NULL, FIELD_TYPE_STRING, false, NULL},
};

/* One message a second and channel. */
const struct channel channel_slack = {.name = "slack",
	.title = "Slack",
	.fields = fields,
	.min_gap_ms = 1000,
	.render = render,
	.judge = judge,
	.check = check};
