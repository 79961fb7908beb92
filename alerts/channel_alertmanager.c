/*
 * channel_alertmanager: alerts into a Prometheus Alertmanager, API v2: one alert a mention,
 * told apart by its key.
 * https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
 */

#include "answer.h"
#include "channels.h"
#include "dress.h"

enum { LABEL_CHARS = 200, ANNOTATION_CHARS = 2000 };

static const struct text_style plain = {.escape = text_escape_none};

/* An empty label is no label there. */
static bool set(json_t *object, const char *name, struct span value, size_t limit)
{
	return span_empty(value) ||
	       json_object_set_new(object, name, dress_text(value, &plain, limit)) == 0;
}

static json_t *labels_of(const struct message_entry *e, struct span name)
{
	const struct hit *h = e->hit;
	const struct match *m = h->n_matches ? &h->matches[0] : NULL;
	json_t *o = json_object();

	if (set(o, "alertname", name, LABEL_CHARS) && set(o, "mention", e->key, LABEL_CHARS) &&
		set(o, "rule", m ? m->rule : SPAN_NONE, LABEL_CHARS) &&
		set(o, "kind", m ? m->kind : SPAN_NONE, LABEL_CHARS) &&
		set(o, "brand", m ? m->brand : SPAN_NONE, LABEL_CHARS) &&
		set(o, "source", h->source, LABEL_CHARS) &&
		set(o, "site", e->site, LABEL_CHARS) &&
		set(o, "lang", h->item.lang, LABEL_CHARS))
		return o;
	json_decref(o);
	return NULL;
}

static json_t *annotations_of(const struct message_entry *e, struct span delivery)
{
	json_t *o = json_object();

	if (set(o, "summary", e->title.text, ANNOTATION_CHARS) &&
		set(o, "description", e->excerpt.text, ANNOTATION_CHARS) &&
		set(o, "author", e->author, ANNOTATION_CHARS) &&
		set(o, "why", e->why, ANNOTATION_CHARS) &&
		set(o, "delivery", delivery, ANNOTATION_CHARS))
		return o;
	json_decref(o);
	return NULL;
}

static json_t *alert_of(const struct message_entry *e, const struct receiver *receiver,
	const struct alert *alert)
{
	const struct span name = receiver_get(receiver, "alertname");
	char at[RFC3339_SIZE];
	json_t *o = json_pack("{s:o, s:o, s:s}", "labels",
		labels_of(e, span_empty(name) ? SPAN("Mention") : name), "annotations",
		annotations_of(e, alert->id), "startsAt", wall_rfc3339_ms(at, alert->created));

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
	int r = message_make(&m, arena, alert, receiver);

	if (r < 0)
		return r == -EINVAL ? dress_refuse(ret_why, "an alert without a mention") : r;
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	url = arena_printf(arena, "%.*s/api/v2/alerts", SPAN_ARG(url));
	list = url.p ? json_array() : NULL;
	for (size_t i = 0; list && i < m.n_entries; i++) {
		if (json_array_append_new(list, alert_of(&m.entries[i], receiver, alert)) < 0) {
			json_decref(list);
			return -ENOMEM;
		}
	}
	return dress_post(ret, url, list, &header, !span_empty(authorization), arena, context);
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
	.judge = answer_judge_http};
