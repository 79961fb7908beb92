#include "line/notice.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "vigie/utf8.h"

static json_t *text_json(struct span s)
{
	return json_stringn(s.p ? s.p : "", s.n);
}

static json_t *spike_json(const struct notice *n)
{
	const struct alert_spike *s = &n->spike;
	json_t *carriers = json_array(), *points = json_array(), *o;

	for (size_t i = 0; i < s->n_carried && i < NOTICE_CARRIERS; i++) {
		char key[ITEM_KEY_TEXT + 1];

		(void)json_array_append_new(carriers,
			json_pack("{s:s,s:I}", "key", item_key_text(key, &n->carriers[i]), "n",
				(json_int_t)n->carried[i]));
	}
	o = json_pack("{s:o,s:s,s:f,s:f,s:f,s:f,s:I,s:b,s:I,s:f,s:o}", "brand",
		text_json(utf8_prefix(s->brand, NOTICE_BRAND_BYTES)), "kind",
		s->competitor ? "competitor" : "brand", "n", s->n, "usual", s->usual, "spread",
		s->spread, "begins", s->begins, "samples", (json_int_t)s->samples, "learning",
		s->learning, "began", (json_int_t)s->began.ms, "severity", s->severity,
		"carriers", carriers);
	for (size_t i = 0; s->points && i < SEVERITY_SPIKE_TERMS; i++)
		(void)json_array_append_new(points, json_real(s->points[i]));
	(void)json_object_set_new(o, "points", points);
	if (wall_known(s->ended)) {
		(void)json_object_set_new(o, "ended", json_integer((json_int_t)s->ended.ms));
		(void)json_object_set_new(o, "peak", json_real(s->peak));
	}
	return json_pack("{s:o}", "spike", o);
}

static json_t *report_json(const struct notice *n)
{
	return json_pack("{s:{s:o,s:o,s:o,s:o,s:o,s:o}}", "report", "title",
		text_json(n->title), "text", text_json(n->text), "url", text_json(n->url),
		"html", text_json(n->report.html), "markdown", text_json(n->report.markdown),
		"why", text_json(n->report.why));
}

int notice_encode(struct buf *out, const struct notice *notice)
{
	json_t *root = notice->is_spike ? spike_json(notice) : report_json(notice);
	char *text = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(10)) : NULL;

	json_decref(root);
	if (!text)
		return -ENOMEM;
	buf_add_str(out, text);
	free(text);
	return buf_result(out);
}

static int take_text(
	struct span *ret, struct arena *arena, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_string(value))
		return -EINVAL;
	*ret = arena_dup(arena, span_of(json_string_value(value), json_string_length(value)));
	return ret->p ? 0 : -ENOMEM;
}

static double number_of(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

static int decode_spike(struct notice *ret, struct arena *arena, const json_t *o)
{
	const json_t *carriers = json_object_get(o, "carriers"),
		     *points = json_object_get(o, "points"), *one;
	struct alert_spike *s = &ret->spike;
	size_t i;
	int r = take_text(&s->brand, arena, o, "brand");

	if (r < 0)
		return r;
	ret->is_spike = true;
	s->competitor =
		json_is_string(json_object_get(o, "kind")) &&
		strcmp(json_string_value(json_object_get(o, "kind")), "competitor") == 0;
	s->n = number_of(o, "n");
	s->usual = number_of(o, "usual");
	s->spread = number_of(o, "spread");
	s->begins = number_of(o, "begins");
	s->samples = (uint32_t)json_integer_value(json_object_get(o, "samples"));
	s->learning = json_is_true(json_object_get(o, "learning"));
	s->began.ms = json_integer_value(json_object_get(o, "began"));
	s->ended = json_is_integer(json_object_get(o, "ended"))
			   ? (struct wall){json_integer_value(json_object_get(o, "ended"))}
			   : WALL_NONE;
	s->peak = number_of(o, "peak");
	s->severity = number_of(o, "severity");
	if (json_array_size(points) == SEVERITY_SPIKE_TERMS)
		s->points = ret->points;
	for (i = 0; s->points && i < SEVERITY_SPIKE_TERMS; i++)
		ret->points[i] = json_number_value(json_array_get(points, i));
	json_array_foreach (carriers, i, one) {
		const struct span key =
			span_str(json_string_value(json_object_get(one, "key")));

		if (s->n_carried == NOTICE_CARRIERS)
			break;
		if (!item_key_parse(&ret->carriers[s->n_carried], key))
			return -EINVAL;
		ret->carried[s->n_carried++] =
			(uint64_t)json_integer_value(json_object_get(one, "n"));
	}
	return 0;
}

static int decode_report(struct notice *ret, struct arena *arena, const json_t *o)
{
	const struct {
		const char *name;
		struct span *to;
	} texts[] = {{"title", &ret->title}, {"text", &ret->text}, {"url", &ret->url},
		{"html", &ret->report.html}, {"markdown", &ret->report.markdown},
		{"why", &ret->report.why}};
	int r = 0;

	ret->is_report = true;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && r == 0; i++)
		r = take_text(texts[i].to, arena, o, texts[i].name);
	return r;
}

int notice_decode(struct notice *ret, struct arena *arena, struct span json)
{
	json_t *root = json_loadb(json.p ? json.p : "", json.n, 0, NULL);
	const json_t *spike = json_object_get(root, "spike"),
		     *report = json_object_get(root, "report");
	int r = -EINVAL;

	*ret = (struct notice){.is_spike = false};
	if (spike)
		r = decode_spike(ret, arena, spike);
	else if (report)
		r = decode_report(ret, arena, report);
	json_decref(root);
	return r;
}
