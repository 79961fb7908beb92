#include "labels.h"

enum { LABEL_CHARS = 200, ANNOTATION_CHARS = 2000, GROUP_CHARS = 400, FINGERPRINT = 16 };

static const struct text_style plain = {.escape = text_escape_none};

/* An empty label is no label there. */
static bool set(json_t *object, const char *name, struct span value, size_t limit)
{
	return span_empty(value) ||
	       json_object_set_new(object, name, dress_text(value, &plain, limit)) == 0;
}

json_t *labels_of(const struct message_entry *e, struct span alertname)
{
	const struct hit *h = e->hit;
	const struct match *m = h->n_matches ? &h->matches[0] : NULL;
	json_t *o = json_object();

	if (set(o, "alertname", span_empty(e->finding) ? alertname : SPAN("Spike"),
		    LABEL_CHARS) &&
		set(o, "mention", span_empty(e->finding) ? e->key : SPAN_NONE, LABEL_CHARS) &&
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

json_t *labels_annotations(const struct message_entry *e, struct span delivery)
{
	json_t *o = json_object();

	if (set(o, "summary", span_empty(e->finding) ? e->title.text : e->finding,
		    ANNOTATION_CHARS) &&
		set(o, "description", e->excerpt.text, ANNOTATION_CHARS) &&
		set(o, "author", e->author, ANNOTATION_CHARS) &&
		set(o, "copies", e->copies, ANNOTATION_CHARS) &&
		set(o, "why", e->why, ANNOTATION_CHARS) &&
		set(o, "delivery", delivery, ANNOTATION_CHARS))
		return o;
	json_decref(o);
	return NULL;
}

/* "rule=acme;lang=fr" as an object. */
static json_t *group_labels(struct span group)
{
	json_t *o = json_object();

	while (o && group.n) {
		const size_t end = span_find(group, ';');
		const struct span pair = span_slice(group, 0, end);
		const size_t equals = span_find(pair, '=');
		const struct span name = span_slice(pair, 0, equals);
		char key[32];

		group = span_slice(group, end + 1, group.n);
		if (!name.n || name.n >= sizeof(key) || equals == pair.n)
			continue;
		memcpy(key, name.p, name.n);
		key[name.n] = '\0';
		if (!set(o, key, span_slice(pair, equals + 1, pair.n), LABEL_CHARS)) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

/* What all alerts have alike. */
static json_t *common_labels(const json_t *alerts)
{
	json_t *common = json_deep_copy(json_object_get(json_array_get(alerts, 0), "labels"));
	json_t *one, *value;
	const char *name;
	void *next;
	size_t i;

	json_array_foreach ((json_t *)alerts, i, one)
		json_object_foreach_safe (common, next, name, value)
			if (!json_equal(value,
				    json_object_get(json_object_get(one, "labels"), name)))
				(void)json_object_del(common, name);
	return common;
}

static json_t *firing(const struct message_entry *e, const struct alert *alert)
{
	const struct span fingerprint = span_slice(e->key, 0, FINGERPRINT);
	char at[RFC3339_SIZE];
	json_t *o = json_pack("{s:s, s:o, s:o, s:s, s:s, s:o, s:o}", "status", "firing",
		"labels", labels_of(e, SPAN("Mention")), "annotations",
		labels_annotations(e, alert->id), "startsAt",
		wall_rfc3339_ms(at, alert->created), "endsAt", "0001-01-01T00:00:00Z",
		"generatorURL", dress_json(e->link), "fingerprint", dress_json(fingerprint));

	return o;
}

size_t labels_alerts(const struct message *m)
{
	return span_empty(m->finding) ? m->n_entries : 1;
}

json_t *labels_webhook(const struct message *m, const struct receiver *receiver,
	const struct alert *alert, const struct render_context *context, size_t limit)
{
	enum { AROUND = 6000 }; /* group, common labels */
	json_t *alerts = json_array();
	size_t used = AROUND, shown = 0;

	for (; alerts && shown < labels_alerts(m); shown++) {
		json_t *one = firing(&m->entries[shown], alert);

		used += one ? dress_size(one, TEXT_BYTES) : 0;
		if (one && shown && used > limit) {
			json_decref(one);
			break;
		}
		if (json_array_append_new(alerts, one) < 0) {
			json_decref(alerts);
			return NULL;
		}
	}
	return json_pack("{s:s, s:o, s:I, s:s, s:o, s:o, s:o, s:{}, s:o, s:o}", "version", "4",
		"groupKey", dress_text(alert->group, &plain, GROUP_CHARS), "truncatedAlerts",
		(json_int_t)(m->n_more + m->n_entries - shown), "status", "firing", "receiver",
		dress_text(receiver->id, &plain, LABEL_CHARS), "groupLabels",
		group_labels(alert->group), "commonLabels", common_labels(alerts),
		"commonAnnotations", "externalURL", dress_json(context->public_url), "alerts",
		alerts);
}
