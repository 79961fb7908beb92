#include "line/codec_hit.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>

#include "line/codec_hit_fields.h"
#include "line/codec_item.h"
#include "line/json_text.h"
#include "vigie/cleanup.h"

static void json_freep(json_t **j)
{
	json_decref(*j);
}

static void add_name(struct buf *out, const char *name)
{
	buf_add(out, SPAN(",\""));
	buf_add_str(out, name);
	buf_add(out, SPAN("\":"));
}

static void encode_field(struct buf *out, const struct hit *hit, const struct hit_field *f)
{
	const void *at = hit_field_at(hit, f);

	switch (f->type) {
	case HIT_TEXT:
		if (!span_empty(*(const struct span *)at)) {
			add_name(out, f->name);
			json_write_string(out, *(const struct span *)at);
		}
		break;
	case HIT_LIST:
		if (hit_field_count(hit, f)) {
			add_name(out, f->name);
			json_add_strings(
				out, *(const struct span *const *)at, hit_field_count(hit, f));
		}
		break;
	case HIT_TIME:
		if (wall_known(*(const struct wall *)at)) {
			add_name(out, f->name);
			buf_addf(out, "%" PRId64, ((const struct wall *)at)->ms);
		}
		break;
	case HIT_NUMBER:
		if (isfinite(*(const double *)at)) {
			add_name(out, f->name);
			json_add_number(out, *(const double *)at);
		}
		break;
	case HIT_FLAG:
		if (*(const bool *)at) {
			add_name(out, f->name);
			buf_add(out, SPAN("true"));
		}
		break;
	case HIT_KIND:
		add_name(out, f->name);
		json_write_string(out, span_str(item_kind_names[*(const enum item_kind *)at]));
		break;
	case HIT_HASH:
		add_name(out, f->name);
		buf_addf(out, "\"%016" PRIx64 "\"", *(const uint64_t *)at);
		break;
	}
}

void hit_spans_encode(struct buf *out, const struct match_span *spans, size_t n)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s[%d,%" PRIu32 ",%" PRIu32 "]", i ? "," : "",
			(int)spans[i].field, spans[i].start, spans[i].end);
	buf_add_char(out, ']');
}

static void encode_match(struct buf *out, const struct match *m)
{
	buf_add(out, SPAN("{\"rule\":"));
	json_write_string(out, m->rule);
	buf_add(out, SPAN(",\"version\":"));
	json_write_string(out, m->version);
	buf_add(out, SPAN(",\"kind\":"));
	json_write_string(out, m->kind);
	if (!span_empty(m->brand)) {
		buf_add(out, SPAN(",\"brand\":"));
		json_write_string(out, m->brand);
	}
	if (m->n_tags) {
		buf_add(out, SPAN(",\"tags\":"));
		json_add_strings(out, m->tags, m->n_tags);
	}
	buf_add(out, SPAN(",\"weight\":"));
	json_add_number(out, m->weight);
	buf_add(out, SPAN(",\"spans\":"));
	hit_spans_encode(out, m->spans, m->n_spans);
	buf_add_char(out, '}');
}

void hit_encode(struct buf *out, const struct hit *hit)
{
	char key[ITEM_KEY_TEXT + 1];

	buf_addf(out, "{\"v\":%d,\"key\":\"%s\"", HIT_CODEC_VERSION,
		item_key_text(key, &hit->key));
	for (size_t i = 0; i < hit_fields_n; i++)
		encode_field(out, hit, &hit_fields[i]);
	buf_add(out, SPAN(",\"matches\":["));
	for (size_t i = 0; i < hit->n_matches; i++) {
		if (i)
			buf_add_char(out, ',');
		encode_match(out, &hit->matches[i]);
	}
	buf_add(out, SPAN("]}"));
}

static int decode_text(struct span *ret, struct arena *arena, const json_t *value)
{
	struct span copy;

	if (!json_is_string(value) || json_string_length(value) == 0)
		return 0;
	copy = arena_dup(arena, span_of(json_string_value(value), json_string_length(value)));
	if (!copy.p)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

static int decode_texts(
	const struct span **ret, size_t *ret_n, struct arena *arena, const json_t *value)
{
	const size_t n = json_array_size(value);
	struct span *list;
	size_t kept = 0;

	*ret = NULL;
	*ret_n = 0;
	if (n == 0)
		return 0;
	list = arena_calloc(arena, n, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const int r = decode_text(&list[kept], arena, json_array_get(value, i));

		if (r < 0)
			return r;
		kept += !span_empty(list[kept]);
	}
	*ret = list;
	*ret_n = kept;
	return 0;
}

static void decode_kind(enum item_kind *ret, const json_t *value)
{
	const char *name = json_string_value(value);

	for (int i = 0; name && i < ITEM_KINDS; i++)
		if (strcmp(name, item_kind_names[i]) == 0)
			*ret = (enum item_kind)i;
}

static void decode_hash(uint64_t *ret, const json_t *value)
{
	const char *text = json_string_value(value);

	if (text && sscanf(text, "%16" SCNx64, ret) != 1)
		*ret = 0;
}

static int decode_field(
	struct hit *hit, const struct hit_field *f, struct arena *arena, const json_t *value)
{
	void *at = hit_field_of(hit, f);
	const struct span *list;
	size_t n;
	int r;

	switch (f->type) {
	case HIT_TEXT:
		return decode_text(at, arena, value);
	case HIT_LIST:
		r = decode_texts(&list, &n, arena, value);
		if (r < 0)
			return r;
		hit_field_set_list(hit, f, list, n);
		return 0;
	case HIT_TIME:
		if (json_is_integer(value))
			*(struct wall *)at = (struct wall){json_integer_value(value)};
		return 0;
	case HIT_NUMBER:
		if (json_is_number(value))
			*(double *)at = json_number_value(value);
		return 0;
	case HIT_FLAG:
		*(bool *)at = json_is_true(value);
		return 0;
	case HIT_KIND:
		decode_kind(at, value);
		return 0;
	case HIT_HASH:
		decode_hash(at, value);
		return 0;
	}
	return 0;
}

static bool boundary(struct span s, size_t at)
{
	return at == s.n || ((unsigned char)s.p[at] & 0xC0) != 0x80;
}

/* Whether a span lies in its field, between code points. */
static bool fits(const struct match_span *s, const struct item *item)
{
	/* What author: sees is the name and the handle, with a space between. */
	enum { AUTHOR_GLUE = 1 };
	const struct span text = s->field == FIELD_TITLE ? item->title : item->text;

	if (s->start > s->end)
		return false;
	if (s->field == FIELD_AUTHOR)
		return s->end <= item->author.name.n + item->author.handle.n + AUTHOR_GLUE;
	return s->end <= text.n && boundary(text, s->start) && boundary(text, s->end);
}

static bool decode_span(struct match_span *ret, const json_t *value, const struct item *item)
{
	const json_t *part[3];
	json_int_t number[3];

	for (size_t i = 0; i < 3; i++) {
		part[i] = json_array_get(value, i);
		if (!json_is_integer(part[i]))
			return false;
		number[i] = json_integer_value(part[i]);
		if (number[i] < 0 || number[i] > UINT32_MAX)
			return false;
	}
	if (number[0] >= ITEM_FIELDS)
		return false;
	*ret = (struct match_span){
		(enum item_field)number[0], (uint32_t)number[1], (uint32_t)number[2]};
	return fits(ret, item);
}

static int decode_spans(const struct match_span **ret, size_t *ret_n, struct arena *arena,
	const json_t *value, const struct item *item)
{
	const size_t n = json_array_size(value);
	struct match_span *spans;
	size_t kept = 0;

	*ret = NULL;
	*ret_n = 0;
	if (n == 0)
		return 0;
	spans = arena_calloc(arena, n, sizeof(*spans));
	if (!spans)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		kept += decode_span(&spans[kept], json_array_get(value, i), item);
	*ret = spans;
	*ret_n = kept;
	return 0;
}

static int decode_match(
	struct match *ret, struct arena *arena, const json_t *value, const struct item *item)
{
	const json_t *weight = json_object_get(value, "weight");
	struct match m = {.weight = json_is_number(weight) ? json_number_value(weight) : 1};
	int r;

	r = decode_text(&m.rule, arena, json_object_get(value, "rule"));
	if (r == 0)
		r = decode_text(&m.version, arena, json_object_get(value, "version"));
	if (r == 0)
		r = decode_text(&m.kind, arena, json_object_get(value, "kind"));
	if (r == 0)
		r = decode_text(&m.brand, arena, json_object_get(value, "brand"));
	if (r == 0)
		r = decode_texts(&m.tags, &m.n_tags, arena, json_object_get(value, "tags"));
	if (r == 0)
		r = decode_spans(
			&m.spans, &m.n_spans, arena, json_object_get(value, "spans"), item);
	if (r == 0)
		*ret = m;
	return r;
}

static int decode_matches(struct hit *hit, struct arena *arena, const json_t *value)
{
	const size_t n = json_array_size(value);
	struct match *matches;

	if (n == 0)
		return 0;
	matches = arena_calloc(arena, n, sizeof(*matches));
	if (!matches)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const int r =
			decode_match(&matches[i], arena, json_array_get(value, i), &hit->item);

		if (r < 0)
			return r;
	}
	hit->matches = matches;
	hit->n_matches = n;
	return 0;
}

int hit_decode(struct hit *ret, struct arena *arena, struct span bytes)
{
	CLEANUP(json_freep) json_t *root = json_loadb(bytes.p ? bytes.p : "", bytes.n, 0, NULL);
	struct hit hit = {.fetched = WALL_NONE, .item = item_empty()};
	const json_t *version = json_object_get(root, "v");
	const json_t *key = json_object_get(root, "key");
	int r = 0;

	if (!json_is_integer(version) || json_integer_value(version) < 1 ||
		json_integer_value(version) > HIT_CODEC_VERSION || !json_is_string(key) ||
		!item_key_parse(
			&hit.key, span_of(json_string_value(key), json_string_length(key))))
		return -EINVAL;
	for (size_t i = 0; i < hit_fields_n && r == 0; i++) {
		const json_t *value = json_object_get(root, hit_fields[i].name);

		if (value)
			r = decode_field(&hit, &hit_fields[i], arena, value);
	}
	if (r == 0)
		r = decode_matches(&hit, arena, json_object_get(root, "matches"));
	if (r == 0)
		*ret = hit;
	return r;
}

int hit_spans_decode(const struct match_span **ret, size_t *ret_n, struct arena *arena,
	struct span bytes, const struct item *item)
{
	CLEANUP(json_freep) json_t *root = json_loadb(bytes.p ? bytes.p : "", bytes.n, 0, NULL);

	return decode_spans(ret, ret_n, arena, root, item);
}

int hit_strings_decode(
	const struct span **ret, size_t *ret_n, struct arena *arena, struct span bytes)
{
	CLEANUP(json_freep) json_t *root = json_loadb(bytes.p ? bytes.p : "", bytes.n, 0, NULL);

	return decode_texts(ret, ret_n, arena, root);
}
