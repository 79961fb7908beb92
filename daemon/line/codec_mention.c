#include "line/codec_mention.h"

#include "line/codec_item.h"
#include "line/json_text.h"
#include "vigie/story.h"
#include "vigie/utf8.h"

bool text_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E ||
	       c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
	       c == 0xFEFF;
}

/* Such characters can only stand inside strings, where an escape means the same. */
static void escape_unsafe(struct buf *out, struct span json)
{
	size_t clean = 0;

	for (size_t i = 0; i < json.n;) {
		const size_t at = i;
		uint32_t c;

		if ((unsigned char)json.p[i] < 0x7F) {
			i++;
			continue;
		}
		c = utf8_next(json, &i);
		if (!text_unsafe(c))
			continue;
		buf_add(out, span_slice(json, clean, at));
		buf_addf(out, "\\u%04x", (unsigned)c);
		clean = i;
	}
	buf_add(out, span_slice(json, clean, json.n));
}

static void write_text(struct buf *out, struct span text)
{
	if (span_empty(text))
		buf_add(out, SPAN("null"));
	else
		json_write_string(out, text);
}

/* Spans are in order: counting goes on from one to the next. */
static void write_spans(struct buf *out, const struct match *m, const struct span fields[])
{
	size_t bytes = 0, points = 0;
	int field = -1;
	bool first = true;

	for (size_t i = 0; i < m->n_spans; i++) {
		const struct match_span *s = &m->spans[i];
		const struct span found = span_slice(fields[s->field], s->start, s->end);

		if (s->end > fields[s->field].n)
			continue;
		if ((int)s->field != field || s->start < bytes)
			bytes = points = 0;
		field = (int)s->field;
		points += utf8_length(span_slice(fields[field], bytes, s->start));
		bytes = s->start;
		buf_addf(out, "%s{\"field\":\"%s\",\"start\":%zu,\"end\":%zu,\"text\":",
			first ? "" : ",", item_field_names[field], points,
			points + utf8_length(found));
		json_write_string(out, found);
		buf_add_char(out, '}');
		first = false;
	}
}

static void write_match(struct buf *out, const struct match *m, const struct span fields[])
{
	const struct {
		const char *name;
		struct span text;
	} texts[] = {
		{"{\"rule\":", m->rule},
		{",\"version\":", m->version},
		{",\"kind\":", m->kind},
		{",\"brand\":", m->brand},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		buf_add_str(out, texts[i].name);
		write_text(out, texts[i].text);
	}
	buf_add(out, SPAN(",\"tags\":"));
	json_add_strings(out, m->tags, m->n_tags);
	buf_add(out, SPAN(",\"weight\":"));
	json_add_number(out, m->weight);
	buf_add(out, SPAN(",\"spans\":["));
	write_spans(out, m, fields);
	buf_add(out, SPAN("]}"));
}

static void author_text(struct buf *out, const struct item_author *a)
{
	buf_add(out, a->name);
	if (!span_empty(a->name) && !span_empty(a->handle))
		buf_add_char(out, ' ');
	buf_add(out, a->handle);
}

static void write_reasons(struct buf *out, const struct hit *hit)
{
	struct buf author = {0};
	char key[ITEM_KEY_TEXT + 1];

	author_text(&author, &hit->item.author);
	buf_addf(out, ",\"key\":\"%s\",\"source\":", item_key_text(key, &hit->key));
	write_text(out, hit->source);
	buf_add(out, SPAN(",\"source_kind\":"));
	write_text(out, hit->source_kind);
	buf_add(out, SPAN(",\"fetched\":"));
	json_add_time(out, hit->fetched);
	buf_add_str(out, hit->silent ? ",\"silent\":true" : ",\"silent\":false");
	buf_add(out, SPAN(",\"matches\":["));
	for (size_t i = 0; i < hit->n_matches; i++) {
		const struct span fields[ITEM_FIELDS] = {
			hit->item.title,
			hit->item.text,
			buf_span(&author),
		};

		if (i)
			buf_add_char(out, ',');
		write_match(out, &hit->matches[i], fields);
	}
	buf_add(out, SPAN("],\"score\":"));
	json_add_number(out, hit->score);
	out->failed |= author.failed;
	buf_deinit(&author);
}

static void write_story(struct buf *out, const struct story_place *story)
{
	char id[ITEM_KEY_TEXT + 1];

	buf_add(out, SPAN(",\"story\":"));
	if (!story->mentions) {
		buf_add(out, SPAN("null"));
		return;
	}
	buf_addf(out, "{\"id\":\"%s\",\"why\":\"%s\",\"similarity\":",
		item_key_text(id, &story->head), story_why_names[story->why]);
	json_add_number(out, story->similarity);
	buf_addf(out, ",\"mentions\":%u,\"sites\":%u}", (unsigned)story->mentions,
		(unsigned)story->sites);
}

void mention_write_json(struct buf *out, const struct hit *hit)
{
	struct buf json = {0};

	item_write_json(&json, &hit->item);
	if (json.n && json.p[json.n - 1] == '}')
		json.n--;
	write_reasons(&json, hit);
	write_story(&json, &hit->story);
	buf_add_char(&json, '}');
	escape_unsafe(out, buf_span(&json));
	out->failed |= json.failed;
	buf_deinit(&json);
}
