/*
 * channel_alertmanager: alerts into a Prometheus Alertmanager, API v2: one alert a mention,
 * told apart by its key.
 * https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
 */

#include "answer.h"
#include "channels.h"
#include "dress.h"
#include "labels.h"

static json_t *alert_of(const struct message_entry *e, const struct receiver *receiver,
	const struct alert *alert)
{
	const struct span name = receiver_get(receiver, "alertname");
	char at[RFC3339_SIZE];
	json_t *o = json_pack("{s:o, s:o, s:s}", "labels",
		labels_of(e, span_empty(name) ? SPAN("Mention") : name), "annotations",
		labels_annotations(e, alert->id), "startsAt",
		wall_rfc3339_ms(at, alert->created));

	if (o && e->link.n && json_object_set_new(o, "generatorURL", dress_json(e->link)) < 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static int render(struct payload *ret, const struct receiver *receiver,
	const struct alert *alert, const struct render_context *context, struct arena *arena,
	struct span *ret_why)
{
	const struct span authorization = receiver_get(receiver, "authorization");
	const struct header header = {SPAN("Authorization"), authorization};
	struct span url = receiver_get(receiver, "url");
	json_t *list;
	struct message m;
	int r = dress_message(&m, receiver, alert, arena, ret_why);

	if (r < 0)
		return r;
	url = dress_base(url);
	url = arena_printf(arena, "%.*s/api/v2/alerts", SPAN_ARG(url));
	list = url.p ? json_array() : NULL;
	for (size_t i = 0; list && i < labels_alerts(&m); i++) {
		if (json_array_append_new(list, alert_of(&m.entries[i], receiver, alert)) < 0) {
			json_decref(list);
			return -ENOMEM;
		}
	}
	return dress_post(ret, url, list, &header, !span_empty(authorization), arena, context);
}

static enum verdict judge(
	const struct answer *answer, struct arena *arena, struct span *ret_why)
{
	const enum verdict verdict = answer_judge_http(answer, arena, ret_why);
	const bool said = !span_starts(span_trim(answer->body), SPAN("<"));

	return answer_confirm(verdict, said, "Alertmanager", answer, arena, ret_why);
}

static const struct channel_field fields[] = {
	{"url", FIELD_TYPE_HTTP_URL, true, NULL},
	{"alertname", FIELD_TYPE_STRING, false, "Mention"},
	{"authorization", FIELD_TYPE_SECRET, false, NULL},
	{NULL, FIELD_TYPE_STRING, false, NULL},
};

const struct channel channel_alertmanager = {.name = "alertmanager",
	.title = "Alertmanager",
	.fields = fields,
	.min_gap_ms = 0,
	.render = render,
	.judge = judge};
