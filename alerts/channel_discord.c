/*
 * channel_discord: Discord's web hooks, one embed a mention.
 * https://discord.com/developers/docs/resources/webhook#execute-webhook
 */

#include "answer.h"
#include "channels.h"
#include "dress.h"
#include "markdown.h"

/* Of one embed: title 256, description 4,096, footer 2,048, author 256; 6,000 over all of them.
 */
enum {
	CONTENT_CHARS = 300,
	TITLE_CHARS = 256,
	EXCERPT_CHARS = 1200,
	WHY_CHARS = 900,
	AUTHOR_CHARS = 256,
	FOOTER_CHARS = 300,
	EMBEDS = 10,
	EMBEDS_CHARS = 5800,
	COLOUR = 0xB00020,
};

static const struct text_style markdown = {markdown_escape, "**", "**", true, TEXT_UTF16};
static const struct text_style bare = {.escape = markdown_escape};
/* Footers and authors know no Markdown. */
static const struct text_style plain = {.escape = text_escape_none};

/* Embeds with one address are drawn as one, and only the first is seen. */
static bool is_new_link(json_t *embeds, struct span link)
{
	json_t *other;
	size_t i;

	json_array_foreach (embeds, i, other)
		if (span_eq_str(link, json_string_value(json_object_get(other, "url"))))
			return false;
	return !span_empty(link);
}

static json_t *embed(const struct message_entry *e, json_t *embeds)
{
	char seen[RFC3339_SIZE];
	json_t *o = json_pack("{s:o, s:o, s:i, s:{s:o}}", "title",
		dress_text(e->title.text, &bare, TITLE_CHARS), "description",
		dress_body(e, &markdown, EXCERPT_CHARS, &bare, WHY_CHARS), "color", COLOUR,
		"footer", "text", dress_text(e->source, &plain, FOOTER_CHARS));

	(void)wall_rfc3339_ms(seen,
		wall_known(e->hit->item.published) ? e->hit->item.published : e->hit->fetched);
	if (o && is_new_link(embeds, e->link) &&
		json_object_set_new(o, "url", dress_json(e->link)) < 0)
		goto failed;
	if (o && !span_empty(e->author) &&
		json_object_set_new(o, "author",
			json_pack("{s:o}", "name",
				dress_text(e->author, &plain, AUTHOR_CHARS))) < 0)
		goto failed;
	if (o && seen[0] && json_object_set_new(o, "timestamp", json_string(seen)) < 0)
		goto failed;
	return o;
failed:
	json_decref(o);
	return NULL;
}

/* What the platform counts. */
static size_t embed_chars(json_t *embed)
{
	static const char *const paths[][2] = {
		{"title", NULL}, {"description", NULL}, {"footer", "text"}, {"author", "name"}};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		json_t *v = json_object_get(embed, paths[i][0]);

		if (paths[i][1])
			v = json_object_get(v, paths[i][1]);
		n += text_units(span_str(json_string_value(v)), TEXT_UTF16);
	}
	return n;
}

static json_t *embeds_of(const struct message *m, size_t *ret_shown)
{
	json_t *embeds = json_array();
	size_t used = 0, shown = 0;

	for (; embeds && shown < m->n_entries && shown < EMBEDS; shown++) {
		json_t *one = embed(&m->entries[shown], embeds);

		used += embed_chars(one);
		if (one && shown && used > EMBEDS_CHARS) {
			json_decref(one);
			break;
		}
		if (json_array_append_new(embeds, one) < 0) {
			json_decref(embeds);
			return NULL;
		}
	}
	*ret_shown = shown;
	return embeds;
}

static int render(struct payload *ret, const struct receiver *receiver,
	const struct alert *alert, const struct render_context *context, struct arena *arena,
	struct span *ret_why)
{
	const struct span url = receiver_get(receiver, "url");
	/* With `wait` the answer says whether the message was taken. */
	const struct span whole = arena_printf(arena, "%.*s%swait=true", SPAN_ARG(url),
		span_find(url, '?') < url.n ? "&" : "?");
	size_t shown = 0;
	struct message m;
	json_t *embeds;
	int r = dress_message(&m, receiver, alert, arena, ret_why);

	if (r < 0)
		return r;
	embeds = embeds_of(&m, &shown);
	if (!whole.p) {
		json_decref(embeds);
		return -ENOMEM;
	}
	return dress_post(ret, whole,
		json_pack("{s:o, s:o, s:{s:[]}}", "content",
			dress_heading(&m, "**", "**", &bare, CONTENT_CHARS, shown, arena),
			"embeds", embeds, "allowed_mentions", "parse"),
		NULL, 0, arena, context);
}

/* Answers of 401, 403 and 404 in numbers get our address blocked: the hook is gone with the
 * first. */
static enum verdict judge(
	const struct answer *answer, struct arena *arena, struct span *ret_why)
{
	const enum verdict verdict = answer_judge_http(answer, arena, ret_why);
	const int status = answer->status;

	if (status == 401 || status == 403 || status == 404)
		return VERDICT_GONE;
	return answer_confirm(verdict, status == 204 || answer_has(answer, "id"), "Discord",
		answer, arena, ret_why);
}

static int64_t pause_ms(const struct answer *answer)
{
	return answer_pause_ms(answer, (const char *const[]){"retry_after", NULL}, 1000);
}

static const struct channel_field fields[] = {
	{"url", FIELD_TYPE_HTTP_URL, true, NULL},
	{NULL, FIELD_TYPE_STRING, false, NULL},
};

/* Limits are told in headers only; this has been enough for one channel. */
const struct channel channel_discord = {.name = "discord",
	.title = "Discord",
	.fields = fields,
	.min_gap_ms = 500,
	.render = render,
	.judge = judge,
	.pause_ms = pause_ms};
