/*
 * channel_webhook: any receiver that takes JSON. Headers and signature are Standard
 * Webhooks 1.0.0
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md);
 * the body is described in vigie-alerts(5). Unlike the channels for people it gives the item's
 * own text, so that the spans (code points, half-open) cut the very words.
 */

#include <math.h>

#include "answer.h"
#include "channels.h"
#include "dress.h"
#include "excerpt.h"
#include "labels.h"
#include "sign.h"
#include "vigie/desk.h"
#include "vigie/story.h"
#include "vigie/utf8.h"

/* The specification asks for less than 20 KB. */
enum { BODY_BYTES = 20000, GROUP_BYTES = 400, ROUTE_BYTES = 200 };

/* How much of each mention is said. The first level at which all fit is taken; at the last one
 * a mention is below 16 KB even where JSON writes each byte as six. */
struct level {
	size_t text_bytes, title_bytes, excerpt_points;
	size_t names_bytes; /* of rules, brands, tags, sources */
	size_t rules;       /* and as many tags of each */
	size_t spans, span_bytes;
};

static const struct level levels[] = {
	{12000, 2000, MESSAGE_EXCERPT, 200, 50, 100, 500},
	{5000, 1000, MESSAGE_EXCERPT, 200, 20, 50, 300},
	{1500, 500, MESSAGE_EXCERPT, 100, 10, 20, 200},
	{0, 300, 100, 40, 3, 5, 60},
};

/* A name at the level's length, without splitting a code point. */
static struct span name(const struct level *level, struct span text)
{
	return utf8_prefix(text, level->names_bytes);
}

static bool set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

static bool set_text(json_t *object, const char *key, struct span text)
{
	return span_empty(text) || set(object, key, dress_json(text));
}

static bool set_time(json_t *object, const char *key, struct wall at)
{
	char text[RFC3339_SIZE];

	(void)wall_rfc3339_ms(text, at);
	return !text[0] || set(object, key, json_string(text));
}

static bool set_number(json_t *object, const char *key, double number)
{
	if (!isfinite(number))
		return true;
	if (number == floor(number) && fabs(number) < 9e15)
		return set(object, key, json_integer((json_int_t)number));
	return set(object, key, json_real(number));
}

/* What is given of the fields that spans point into. */
struct shown {
	struct span field[ITEM_FIELDS];    /* whole */
	size_t bytes[ITEM_FIELDS];         /* of their beginning that is given */
	size_t excerpt_start, excerpt_end; /* of the text, in bytes */
};

static bool is_tail(struct span text, size_t at)
{
	return at < text.n && ((unsigned char)text.p[at] & 0xC0) == 0x80;
}

/* Can the receiver cut the span out of what it is given? */
static bool can_cut(const struct shown *s, const struct match_span *m)
{
	if (m->field >= ITEM_FIELDS || m->start >= m->end || m->end > s->field[m->field].n ||
		is_tail(s->field[m->field], m->start) || is_tail(s->field[m->field], m->end))
		return false;
	return m->end <= s->bytes[m->field] ||
	       (m->field == FIELD_TEXT && m->start >= s->excerpt_start &&
		       m->end <= s->excerpt_end);
}

/* {"rule","field","start","end","length","text"}, and how many could not be given. */
static bool set_matches(json_t *data, const struct hit *hit, const struct shown *shown,
	const struct level *level)
{
	json_t *list = json_array();
	json_int_t omitted = 0;

	for (size_t i = 0; list && i < hit->n_matches; i++) {
		const struct match *m = &hit->matches[i];
		const struct span rule = name(level, m->rule);

		for (size_t k = 0; k < m->n_spans; k++) {
			const struct match_span *s = &m->spans[k];
			size_t start, length;
			struct span text;
			json_t *one;

			if (i >= level->rules || json_array_size(list) >= level->spans ||
				s->end - s->start > level->span_bytes || !can_cut(shown, s)) {
				omitted++;
				continue;
			}
			text = span_slice(shown->field[s->field], s->start, s->end);
			start = utf8_length(span_slice(shown->field[s->field], 0, s->start));
			length = utf8_length(text);
			one = json_pack("{s:s%, s:s, s:I, s:I, s:I, s:s%}", "rule", rule.p,
				rule.n, "field", item_field_names[s->field], "start",
				(json_int_t)start, "end", (json_int_t)(start + length),
				"length", (json_int_t)length, "text", text.p, text.n);
			if (json_array_append_new(list, one) < 0)
				goto failed;
		}
	}
	return list && set(data, "matches", list) &&
	       (!omitted || set(data, "matches_omitted", json_integer(omitted)));
failed:
	json_decref(list);
	return false;
}

static json_t *rule_object(const struct match *m, const struct level *level)
{
	json_t *rule = json_object();
	json_t *tags;

	if (!set_text(rule, "id", name(level, m->rule)) ||
		!set_text(rule, "version", name(level, m->version)) ||
		!set_text(rule, "kind", name(level, m->kind)) ||
		!set_text(rule, "brand", name(level, m->brand)) ||
		!set_number(rule, "weight", m->weight))
		goto failed;
	tags = json_array();
	for (size_t i = 0; i < m->n_tags && i < level->rules; i++)
		if (json_array_append_new(tags, dress_json(name(level, m->tags[i]))) < 0) {
			json_decref(tags);
			goto failed;
		}
	if (!set(rule, "tags", tags))
		goto failed;
	return rule;
failed:
	json_decref(rule);
	return NULL;
}

/* "rules", "rule" (the first) and "score": a total and the terms it is the sum of. */
static bool set_reasons(json_t *data, const struct hit *hit, const struct level *level)
{
	json_t *rules = json_array(), *terms = json_array(), *score = json_object();
	double rest = 0;
	bool ok = rules && terms && score;

	for (size_t i = 0; ok && i < hit->n_matches; i++) {
		const struct match *m = &hit->matches[i];
		json_t *term;

		if (i >= level->rules) {
			rest += m->weight;
			continue;
		}
		term = json_object();
		ok = json_array_append_new(rules, rule_object(m, level)) == 0 &&
		     set_text(term, "rule", name(level, m->rule)) &&
		     set_number(term, "weight", m->weight) &&
		     json_array_append(terms, term) == 0;
		json_decref(term);
	}
	if (ok && hit->n_matches > level->rules) {
		json_t *term = json_pack(
			"{s:I}", "rules_omitted", (json_int_t)(hit->n_matches - level->rules));

		ok = set_number(term, "weight", rest) && json_array_append(terms, term) == 0;
		json_decref(term);
	}
	ok = ok && set_number(score, "total", hit->score) &&
	     json_object_set(score, "terms", terms) == 0 &&
	     json_object_set(data, "score", score) == 0 &&
	     (!hit->n_matches ||
		     json_object_set(data, "rule", json_array_get(rules, 0)) == 0) &&
	     json_object_set(data, "rules", rules) == 0;
	json_decref(rules);
	json_decref(terms);
	json_decref(score);
	return ok;
}

static bool set_numbers(json_t *object, const struct item *item)
{
	const struct item_numbers *n = &item->numbers;
	const struct {
		const char *key;
		double number;
	} rows[] = {{"likes", n->likes}, {"shares", n->shares}, {"replies", n->replies},
		{"views", n->views}, {"rating", n->rating}};
	json_t *engagement = json_object();
	bool ok = engagement != NULL;

	for (size_t i = 0; ok && i < sizeof(rows) / sizeof(*rows); i++)
		ok = set_number(engagement, rows[i].key, rows[i].number);
	if (ok && json_object_size(engagement))
		ok = json_object_set(object, "engagement", engagement) == 0;
	json_decref(engagement);
	return ok;
}

static json_t *item_object(const struct message_entry *e, const struct shown *s)
{
	const struct item *item = &e->hit->item;
	const struct span text = span_slice(s->field[FIELD_TEXT], 0, s->bytes[FIELD_TEXT]);
	const struct span excerpt =
		span_slice(s->field[FIELD_TEXT], s->excerpt_start, s->excerpt_end);
	json_t *o = json_object();

	if (set_text(o, "title", span_slice(s->field[FIELD_TITLE], 0, s->bytes[FIELD_TITLE])) &&
		set_text(o, "url", e->link) &&
		set_text(o, "author",
			span_slice(s->field[FIELD_AUTHOR], 0, s->bytes[FIELD_AUTHOR])) &&
		set_number(o, "followers", item->author.followers) &&
		set_time(o, "published_at", item->published) &&
		set_time(o, "fetched_at", e->hit->fetched) &&
		set_text(o, "lang", utf8_prefix(item->lang, 40)) &&
		((int)item->kind >= ITEM_KINDS ||
			set(o, "kind", json_string(item_kind_names[item->kind]))) &&
		set_numbers(o, item) && set_text(o, "text", text) &&
		(text.n == s->field[FIELD_TEXT].n || set(o, "text_truncated", json_true())) &&
		set_text(o, "excerpt", excerpt) &&
		(!excerpt.n || set(o, "excerpt_start",
				       json_integer((json_int_t)utf8_length(span_slice(
					       s->field[FIELD_TEXT], 0, s->excerpt_start))))))
		return o;
	json_decref(o);
	return NULL;
}

/* {"id","why","similarity","mentions","sites"}; nothing for a mention in no story. */
static bool set_story(json_t *object, const struct story_place *story)
{
	char id[ITEM_KEY_TEXT + 1];

	return !story->mentions ||
	       set(object, "story",
		       json_pack("{s:s, s:s, s:f, s:I, s:I}", "id",
			       item_key_text(id, &story->head), "why",
			       story_why_names[story->why], "similarity", story->similarity,
			       "mentions", (json_int_t)story->mentions, "sites",
			       (json_int_t)story->sites));
}

static json_t *source_object(const struct message_entry *e, const struct level *level)
{
	json_t *o = json_object();

	if (set_text(o, "id", name(level, e->hit->source)) &&
		set_text(o, "kind", name(level, e->hit->source_kind)) &&
		set_text(o, "title", name(level, e->hit->item.feed.title)) &&
		set_text(o, "url",
			span_slice(e->home, 0,
				e->home.n <= 4 * level->names_bytes ? e->home.n : 0)))
		return o;
	json_decref(o);
	return NULL;
}

/* One mention; NULL when memory is out. */
static json_t *mention_object(
	const struct message_entry *e, const struct level *level, struct arena *arena)
{
	const size_t author_bytes = 2 * level->names_bytes;
	struct shown s = {0};
	struct marked marks;
	json_t *o = json_object();

	for (int f = 0; f < ITEM_FIELDS; f++) {
		const size_t most = f == FIELD_TITLE  ? level->title_bytes
				    : f == FIELD_TEXT ? level->text_bytes
						      : author_bytes;

		s.field[f] = excerpt_field(arena, &e->hit->item, (enum item_field)f);
		if (!s.field[f].p)
			goto failed;
		s.bytes[f] = utf8_prefix(s.field[f], most).n;
	}
	if (excerpt_marks(&marks, arena, e->hit, FIELD_TEXT, s.field[FIELD_TEXT]) < 0)
		goto failed;
	excerpt_window(&s.excerpt_start, &s.excerpt_end, &marks, level->excerpt_points);
	if (set_text(o, "id", e->key) && set_reasons(o, e->hit, level) &&
		set_text(o, "brand",
			e->hit->n_matches ? name(level, e->hit->matches[0].brand)
					  : SPAN_NONE) &&
		set_matches(o, e->hit, &s, level) && set(o, "item", item_object(e, &s)) &&
		set_story(o, &e->hit->story) && set(o, "source", source_object(e, level)))
		return o;
failed:
	json_decref(o);
	return NULL;
}

static json_t *group_object(const struct alert *alert)
{
	json_t *o = json_object();

	if (set_text(o, "key", utf8_prefix(alert->group, GROUP_BYTES)) &&
		set(o, "count", json_integer((json_int_t)(alert->n_hits + alert->n_more))) &&
		set_time(o, "first_at", alert->created) &&
		set_text(o, "route", utf8_prefix(alert->route, ROUTE_BYTES)))
		return o;
	json_decref(o);
	return NULL;
}

/* {"total","terms":[{"name","points"}]} */
static json_t *severity_object(const struct alert_spike *s)
{
	json_t *terms = json_array();

	for (int i = 0; s->points && i < SEVERITY_SPIKE_TERMS; i++)
		if (s->points[i] != 0)
			(void)json_array_append_new(
				terms, json_pack("{s:s,s:f}", "name", severity_spike_terms[i],
					       "points", s->points[i]));
	return json_pack("{s:f,s:o}", "total", s->severity, "terms", terms);
}

/* {"brand","kind","n","usual","spread","begins_at","samples","learning","began_at","severity"},
 * of one that is over with "ended_at" and "peak" */
static json_t *spike_object(const struct alert_spike *s)
{
	json_t *o = json_object();

	if (set_text(o, "brand", utf8_prefix(s->brand, GROUP_BYTES)) &&
		set(o, "kind", json_string(s->competitor ? "competitor" : "brand")) &&
		set_number(o, "n", s->n) && set_number(o, "usual", s->usual) &&
		set_number(o, "spread", s->spread) && set_number(o, "begins_at", s->begins) &&
		set_number(o, "samples", s->samples) &&
		set(o, "learning", json_boolean(s->learning)) &&
		set_time(o, "began_at", s->began) &&
		(!s->points || set(o, "severity", severity_object(s))) &&
		(!wall_known(s->ended) ||
			(set_time(o, "ended_at", s->ended) && set_number(o, "peak", s->peak))))
		return o;
	json_decref(o);
	return NULL;
}

/* Why it is told, where it is not for the first time and at once. */
static const char *const tellings[] = {
	[ALERT_UPDATE] = "update", [ALERT_REPEAT] = "repeat", [ALERT_DIGEST] = "digest"};

/* As many mentions as fit; *ret_fits says whether all do. NULL without memory. */
static json_t *data_of(const struct message *m, const struct alert *alert,
	const struct level *level, struct arena *arena, bool *ret_fits)
{
	const size_t total = alert->n_hits + alert->n_more;
	json_t *items = json_array(), *data = NULL;
	size_t used = 4000; /* what stands around the mentions */

	for (size_t i = 0; items && i < m->n_entries; i++) {
		json_t *one = mention_object(&m->entries[i], level, arena);
		const size_t size = dress_size(one, TEXT_BYTES);

		if (!one)
			goto out;
		if (used + size > BODY_BYTES) {
			json_decref(one);
			break;
		}
		used += size + 1;
		if (json_array_append_new(items, one) < 0)
			goto out;
	}
	*ret_fits = json_array_size(items) == m->n_entries;
	if (total == 1 && !alert->spike) {
		data = json_array_size(items) ? json_incref(json_array_get(items, 0))
					      : json_object();
	} else {
		data = json_pack("{s:I, s:I}", "total", (json_int_t)total, "truncated",
			(json_int_t)(total - json_array_size(items)));
		if (!data || json_object_set(data, "items", items) < 0)
			goto failed;
	}
	if (alert->kind != ALERT_NEW &&
		!set_text(data, "told", span_str(tellings[alert->kind])))
		goto failed;
	if (alert->spike && !set(data, "spike", spike_object(alert->spike)))
		goto failed;
	if (set_text(data, "delivery", alert->id) && set(data, "group", group_object(alert)))
		goto out;
failed:
	json_decref(data);
	data = NULL;
out:
	json_decref(items);
	return data;
}

/* NULL without memory. */
static json_t *body_of(const struct message *m, const struct alert *alert, struct arena *arena)
{
	const size_t n_levels = sizeof(levels) / sizeof(*levels);
	const bool one = alert->n_hits + alert->n_more == 1;
	char created[RFC3339_SIZE];

	(void)wall_rfc3339_ms(created, alert->created);
	for (size_t i = 0; i < n_levels; i++) {
		bool fits = false;
		json_t *data = data_of(m, alert, &levels[i], arena, &fits);

		if (!data)
			return NULL;
		if (fits || i + 1 == n_levels)
			return json_pack("{s:s, s:s, s:o}", "type",
				alert->spike ? wall_known(alert->spike->ended) ? "spike.ended"
									       : "spike.began"
				: alert->report ? "report.created"
				: one           ? "mention.created"
						: "mentions.created",
				"timestamp", created, "data", data);
		json_decref(data);
	}
	return NULL;
}

/* "v1,… v1,…": by the secret and, while it is being replaced, by the old one. */
static int sign(struct span *ret, const struct receiver *receiver, struct span id,
	struct span timestamp, struct span body, struct arena *arena)
{
	const struct span secrets[] = {
		receiver_get(receiver, "secret"), receiver_get(receiver, "old_secret")};
	struct buf out = {0};
	int r = 0;

	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets) && r == 0; i++) {
		if (span_empty(secrets[i]))
			continue;
		buf_add_str(&out, out.n ? " " : "");
		r = sign_add(&out, secrets[i], id, timestamp, body);
	}
	if (r == 0) {
		*ret = arena_dup(arena, buf_span(&out));
		r = ret->p ? 0 : -ENOMEM;
	}
	buf_deinit(&out);
	return r;
}

static const char *check(const struct receiver *receiver)
{
	const struct span format = receiver_get(receiver, "format");

	return span_empty(format) || span_eq_str(format, "vigie") ||
			       span_eq_str(format, "alertmanager")
		       ? NULL
		       : "`format` is vigie or alertmanager";
}

static int render(struct payload *ret, const struct receiver *receiver,
	const struct alert *alert, const struct render_context *context, struct arena *arena,
	struct span *ret_why)
{
	const struct span authorization = receiver_get(receiver, "authorization");
	const struct span timestamp =
		arena_printf(arena, "%lld", (long long)(context->now.ms / 1000));
	struct header headers[4] = {
		{SPAN("webhook-id"), alert->id}, {SPAN("webhook-timestamp"), timestamp}};
	struct header *all;
	struct span signature = SPAN_NONE;
	struct message m;
	size_t n = 2;
	int r;

	r = dress_message(&m, receiver, alert, arena, ret_why);
	if (r < 0)
		return r;
	r = dress_post(ret, receiver_get(receiver, "url"),
		span_eq_str(receiver_get(receiver, "format"), "alertmanager")
			? labels_webhook(&m, receiver, alert, context, BODY_BYTES)
			: body_of(&m, alert, arena),
		NULL, 0, arena, context);
	if (r < 0 || !timestamp.p)
		return -ENOMEM;
	r = sign(&signature, receiver, alert->id, timestamp, ret->request.body, arena);
	if (r == -EINVAL)
		return dress_refuse(ret_why, "the secret begins with whsec_ but is not base64 "
					     "of 24 to 64 bytes behind it");
	if (r < 0)
		return r;
	if (!span_empty(signature))
		headers[n++] = (struct header){SPAN("webhook-signature"), signature};
	if (!span_empty(authorization))
		headers[n++] = (struct header){SPAN("Authorization"), authorization};
	all = arena_calloc(arena, ret->request.n_headers + n, sizeof(*all));
	if (!all)
		return -ENOMEM;
	memcpy(all, ret->request.headers, ret->request.n_headers * sizeof(*all));
	memcpy(all + ret->request.n_headers, headers, n * sizeof(*all));
	ret->request.headers = all;
	ret->request.n_headers += n;
	return 0;
}

static const struct channel_field fields[] = {
	{"url", FIELD_TYPE_HTTP_URL, true, NULL},
	{"secret", FIELD_TYPE_SECRET, false, NULL},
	{"old_secret", FIELD_TYPE_SECRET, false, NULL},
	{"authorization", FIELD_TYPE_SECRET, false, NULL},
	{"format", FIELD_TYPE_STRING, false, "vigie"},
	{NULL, FIELD_TYPE_STRING, false, NULL},
};

const struct channel channel_webhook = {.name = "webhook",
	.title = "web hook",
	.fields = fields,
	.render = render,
	.judge = answer_judge_http,
	.check = check};
