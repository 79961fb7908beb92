/*
 * channel_pagerduty: an event of PagerDuty's Events API v2. Mentions of one group and day are
 * one incident. https://developer.pagerduty.com/docs/send-alert-event
 */

#include "answer.h"
#include "channels.h"
#include "dress.h"
#include "mime.h"
#include "vigie/utf8.h"

enum {
	SUMMARY_CHARS = 1024,
	NAME_CHARS = 200,
	EXCERPT_CHARS = 2000,
	LINK_TEXT_CHARS = 200,
	MENTIONS = 10,
};

static const struct text_style plain = {.escape = text_escape_none};

static const char *check(const struct receiver *receiver)
{
	static const char *const levels[] = {"critical", "error", "warning", "info"};
	const struct span severity = receiver_get(receiver, "severity");

	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (span_empty(severity) || span_eq_str(severity, levels[i]))
			return NULL;
	return "`severity` is critical, error, warning or info";
}

static json_t *links_of(const struct message *m)
{
	json_t *links = json_array();

	for (size_t i = 0; links && i < m->n_entries && i < MENTIONS; i++) {
		const struct message_entry *e = &m->entries[i];

		if (e->link.n &&
			json_array_append_new(links,
				json_pack("{s:o, s:o}", "href", dress_json(e->link), "text",
					dress_text(e->title.text, &plain, LINK_TEXT_CHARS))) <
				0) {
			json_decref(links);
			return NULL;
		}
	}
	return links;
}

static json_t *details_of(const struct message *m)
{
	const struct message_entry *e = &m->entries[0];

	return json_pack("{s:I, s:o, s:o, s:o}", "mentions",
		(json_int_t)(m->n_entries + m->n_more), "excerpt",
		dress_text(e->excerpt.text, &plain, EXCERPT_CHARS), "why",
		dress_text(e->why, &plain, EXCERPT_CHARS), "author",
		dress_text(e->author, &plain, NAME_CHARS));
}

static json_t *payload_of(
	const struct message *m, const struct receiver *receiver, const struct alert *alert)
{
	const struct message_entry *e = &m->entries[0];
	const struct span severity = receiver_get(receiver, "severity");
	char at[RFC3339_SIZE];

	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:s, s:o}", "summary",
		dress_text(m->summary, &plain, SUMMARY_CHARS), "source",
		dress_text(span_empty(e->site) ? e->source : e->site, &plain, NAME_CHARS),
		"severity", dress_json(span_empty(severity) ? SPAN("warning") : severity),
		"timestamp", wall_rfc3339_ms(at, alert->created), "component",
		dress_text(m->subject, &plain, NAME_CHARS), "class",
		span_empty(m->finding) ? "mention" : "spike", "custom_details", details_of(m));
}

static int render(struct payload *ret, const struct receiver *receiver,
	const struct alert *alert, const struct render_context *context, struct arena *arena,
	struct span *ret_why)
{
	const struct span group = mime_label(arena, alert->group);
	struct span url = receiver_get(receiver, "url"), key, page;
	const char *wrong = check(receiver);
	char day[RFC3339_SIZE];
	struct message m;
	json_t *body;
	int r;

	if (wrong)
		return dress_refuse(ret_why, wrong);
	r = dress_message(&m, receiver, alert, arena, ret_why);
	if (r < 0)
		return r;
	if (span_empty(url))
		url = SPAN("https://events.pagerduty.com/v2/enqueue");
	/* A spike and its end are one incident. */
	key = alert->spike ? arena_printf(arena, "vigie:spike:%.*s:%s",
				     SPAN_ARG(utf8_prefix(
					     mime_label(arena, alert->spike->brand), 100)),
				     wall_rfc3339(day, alert->spike->began))
			   : arena_printf(arena, "vigie:%.*s:%.10s", SPAN_ARG(group),
				     wall_rfc3339(day, alert->created));
	page = dress_dashboard(arena, &m.entries[0], context);
	if (!group.p || !key.p || !page.p)
		return -ENOMEM;
	body = json_pack("{s:o, s:s, s:o, s:s, s:o, s:o}", "routing_key",
		dress_json(receiver_get(receiver, "routing_key")), "event_action",
		alert->spike && wall_known(alert->spike->ended) ? "resolve" : "trigger",
		"dedup_key", dress_json(key), "client", "vigie", "links", links_of(&m),
		"payload", payload_of(&m, receiver, alert));
	if (body && page.n && json_object_set_new(body, "client_url", dress_json(page)) < 0) {
		json_decref(body);
		return -ENOMEM;
	}
	return dress_post(ret, url, body, NULL, 0, arena, context);
}

static enum verdict judge(
	const struct answer *answer, struct arena *arena, struct span *ret_why)
{
	const enum verdict verdict = answer_judge_http(answer, arena, ret_why);
	const bool said = answer->status == 202 || answer_has(answer, "status");

	return answer_confirm(verdict, said, "PagerDuty", answer, arena, ret_why);
}

static const struct channel_field fields[] = {
	{"routing_key", FIELD_TYPE_SECRET, true, NULL},
	{"severity", FIELD_TYPE_STRING, false, "warning"},
	{"url", FIELD_TYPE_HTTP_URL, false, "https://events.pagerduty.com/v2/enqueue"},
	{NULL, FIELD_TYPE_STRING, false, NULL},
};

const struct channel channel_pagerduty = {.name = "pagerduty",
	.title = "PagerDuty",
	.fields = fields,
	.min_gap_ms = 0,
	.render = render,
	.judge = judge,
	.check = check};
