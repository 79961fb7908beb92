/*
 * export: mentions for other programs, oldest first: JSON lines (codec_mention.h) or CSV.
 *
 * CSV is RFC 4180: a header, CRLF, quotes where needed. A text that a spreadsheet would take
 * for a formula (it begins with = + - @, a tab or a carriage return) gets an apostrophe in
 * front; who reads the CSV with a program takes it off again, or takes the JSON lines.
 */

#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "cli/mentions.h"
#include "line/codec_mention.h"
#include "line/json_text.h"
#include "vigie/story.h"

struct export
{
	struct buf line;
	bool csv;
	bool failed;
};

static const char csv_header[] =
	"key,published,fetched,source,source_kind,kind,lang,url,title,text,author,author_"
	"handle,"
	"author_url,followers,likes,shares,replies,views,rating,tags,rules,brands,score,"
	"story,story_why,similarity,story_mentions,story_sites\r\n";

static void csv_text(struct buf *out, struct span text)
{
	bool quote = false;

	for (size_t i = 0; i < text.n && !quote; i++)
		quote = strchr(",\"\r\n", text.p[i]) != NULL;
	if (quote)
		buf_add_char(out, '"');
	if (text.n && strchr("=+-@\t\r", text.p[0]))
		buf_add_char(out, '\'');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			buf_add_char(out, '"');
		buf_add_char(out, text.p[i]);
	}
	if (quote)
		buf_add_char(out, '"');
	buf_add_char(out, ',');
}

static void csv_time(struct buf *out, struct wall t)
{
	char text[RFC3339_SIZE];

	csv_text(out, span_str(wall_rfc3339(text, t)));
}

static void csv_number(struct buf *out, double value)
{
	if (isfinite(value))
		json_add_number(out, value);
	buf_add_char(out, ',');
}

/* Each once, in order. */
static void add_once(
	struct buf *list, struct span text, const struct hit *hit, size_t i, bool brand)
{
	for (size_t k = 0; k < i; k++)
		if (span_eq(brand ? hit->matches[k].brand : hit->matches[k].rule, text))
			return;
	if (span_empty(text))
		return;
	if (list->n)
		buf_add(list, SPAN("; "));
	buf_add(list, text);
}

static void csv_matches(struct buf *out, const struct hit *hit, bool brand)
{
	struct buf list = {0};

	for (size_t i = 0; i < hit->n_matches; i++)
		add_once(&list, brand ? hit->matches[i].brand : hit->matches[i].rule, hit, i,
			brand);
	csv_text(out, buf_span(&list));
	out->failed |= list.failed;
	buf_deinit(&list);
}

static void csv_tags(struct buf *out, const struct item *item)
{
	struct buf list = {0};

	for (size_t i = 0; i < item->n_tags; i++) {
		if (i)
			buf_add(&list, SPAN("; "));
		buf_add(&list, item->tags[i]);
	}
	csv_text(out, buf_span(&list));
	out->failed |= list.failed;
	buf_deinit(&list);
}

static void csv_story(struct buf *out, const struct story_place *story)
{
	char id[ITEM_KEY_TEXT + 1];

	if (!story->mentions) {
		buf_add(out, SPAN(",,,,,"));
		return;
	}
	csv_text(out, span_str(item_key_text(id, &story->head)));
	csv_text(out, span_str(story_why_names[story->why]));
	csv_number(out, story->similarity);
	csv_number(out, story->mentions);
	csv_number(out, story->sites);
}

static void csv_line(struct buf *out, const struct hit *hit)
{
	const struct item *item = &hit->item;
	char key[ITEM_KEY_TEXT + 1];

	csv_text(out, span_str(item_key_text(key, &hit->key)));
	csv_time(out, item->published);
	csv_time(out, hit->fetched);
	csv_text(out, hit->source);
	csv_text(out, hit->source_kind);
	csv_text(out, span_str(item_kind_names[item->kind]));
	csv_text(out, item->lang);
	csv_text(out, item->url);
	csv_text(out, item->title);
	csv_text(out, item->text);
	csv_text(out, item->author.name);
	csv_text(out, item->author.handle);
	csv_text(out, item->author.url);
	csv_number(out, item->author.followers);
	csv_number(out, item->numbers.likes);
	csv_number(out, item->numbers.shares);
	csv_number(out, item->numbers.replies);
	csv_number(out, item->numbers.views);
	csv_number(out, item->numbers.rating);
	csv_tags(out, item);
	csv_matches(out, hit, false);
	csv_matches(out, hit, true);
	csv_number(out, hit->score);
	csv_story(out, &hit->story);
	if (out->n)
		out->n--; /* the last comma */
	buf_add(out, SPAN("\r\n"));
}

static bool see(void *arg, const struct hit *hit, const struct match *found)
{
	struct export *e = arg;

	(void)found;
	buf_clear(&e->line);
	if (e->csv) {
		csv_line(&e->line, hit);
	} else {
		mention_write_json(&e->line, hit);
		buf_add_char(&e->line, '\n');
	}
	e->failed = e->line.failed || !mentions_write(buf_span(&e->line));
	return !e->failed;
}

int command_export(int argc, char **argv)
{
	struct mentions_ask ask = {
		.filter = {.since = WALL_NONE, .until = WALL_NONE},
		.own_name = "format",
		.own_has_value = true,
	};
	struct export e = {0};
	int status = mentions_read(&ask, argc, argv);

	if (status == EXIT_DONE && ask.own_given) {
		e.csv = strcmp(ask.own_value, "csv") == 0;
		if (!e.csv && strcmp(ask.own_value, "jsonl") != 0) {
			(void)fprintf(stderr, "vigie export: --format %s: write jsonl or csv\n",
				ask.own_value);
			status = EXIT_USAGE;
		}
	}
	if (status == EXIT_DONE) {
		if (e.csv)
			e.failed = !mentions_write(span_str(csv_header));
		if (!e.failed)
			status = mentions_each(&ask, see, &e);
		status = mentions_finish(status);
	}
	buf_deinit(&e.line);
	arena_release(&ask.arena);
	return status;
}
