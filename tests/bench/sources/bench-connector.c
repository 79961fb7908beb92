/*
 * What does a connector cost? Answers of two shapes, a search page of stories and comments and
 * a hashtag page of posts with their accounts, are read to items, and the same bytes are parsed
 * by jansson and thrown away. Printed are items per second of processor time, both ways, and
 * their ratio. Usage: bench-connector [items]. Status 1 when a connector does less than 40 %.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "connectors/builtin.h"

enum { SECONDS = 2 };

static double cpu_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char words[] =
	"the machine leaks after a week and nobody answers; support said \\\"wait\\\" "
	"<p>but the caf\\u00e9 next door has the same one &#x27;and&#x27; it works #coffee";

static void add_story(struct buf *out, int i)
{
	buf_addf(out,
		"{\"_highlightResult\":{\"author\":{\"matchLevel\":\"none\",\"matchedWords\":[]"
		","
		"\"value\":\"user%d\"},\"comment_text\":{\"fullyHighlighted\":false,"
		"\"matchLevel\":"
		"\"full\",\"matchedWords\":[\"machine\"],\"value\":\"%s\"}},\"_tags\":["
		"\"comment\","
		"\"author_user%d\",\"story_%d\"],\"author\":\"user%d\",\"comment_text\":\"%s "
		"%d\","
		"\"created_at\":\"2026-03-02T08:15:00Z\",\"created_at_i\":%d,\"objectID\":\"%"
		"d\","
		"\"parent_id\":%d,\"points\":%d,\"num_comments\":null,\"story_id\":%d,"
		"\"story_title\":\"Ask: what now?\",\"story_url\":null,\"updated_at\":"
		"\"2026-03-02T09:00:00Z\"}",
		i, words, i, i, i, words, i, 1772439300 + i, 47000000 + i, 46000000 + i, i % 90,
		46000000 + i / 3);
}

static void add_post(struct buf *out, int i)
{
	buf_addf(out,
		"{\"id\":\"1161000000000%05d\",\"created_at\":\"2026-03-02T08:15:00.000Z\","
		"\"in_reply_to_id\":null,\"sensitive\":false,\"spoiler_text\":\"\","
		"\"visibility\":"
		"\"public\",\"language\":\"fr\",\"uri\":\"https://social.example/users/u%d/"
		"statuses/"
		"%d\",\"url\":\"https://social.example/@u%d/%d\",\"replies_count\":%d,"
		"\"reblogs_count\":2,\"favourites_count\":%d,\"edited_at\":null,\"content\":"
		"\"<p>%s</p>\",\"reblog\":null,\"account\":{\"id\":\"%d\",\"username\":\"u%d\","
		"\"acct\":\"u%d\",\"display_name\":\"User %d\",\"locked\":false,\"bot\":false,"
		"\"created_at\":\"2023-01-01T00:00:00.000Z\",\"note\":\"<p>%s</p>\",\"url\":"
		"\"https://social.example/@u%d\",\"avatar\":\"https://files.example/%d.png\","
		"\"followers_count\":%d,\"following_count\":9,\"statuses_count\":99,\"emojis\":"
		"[],"
		"\"fields\":[]},\"media_attachments\":[{\"id\":\"1\",\"type\":\"image\","
		"\"url\":"
		"\"https://files.example/m%d.png\",\"meta\":{\"width\":640,\"height\":480}}],"
		"\"mentions\":[],\"tags\":[{\"name\":\"Coffee\",\"url\":\"https://"
		"social.example/"
		"tags/coffee\"}],\"emojis\":[],\"card\":null,\"poll\":null}",
		i, i, i, i, i, i % 5, i % 50, words, i, i, i, i, words, i, i, i, i);
}

static int run(
	const char *network, const char *map_name, const struct buf *answer, size_t items)
{
	const struct builtin *b = builtin_find(span_str(network));
	const struct connector_options options = {0};
	struct err_list errors = {0};
	const struct connector_map *map;
	struct connector *c;
	double start, ours, theirs;
	size_t rounds = 0;

	if (connector_new(&c, b->body, b->file, &errors) < 0)
		return 1;
	map = connector_map_find(c, span_str(map_name));
	start = cpu_s();
	do {
		struct connector_result result;
		struct arena arena = {0};

		if (connector_read_answer(&result, &arena, map, &options, buf_span(answer)) <
				0 ||
			result.items.n != items) {
			(void)fprintf(stderr, "%s: %zu items\n", network, result.items.n);
			return 1;
		}
		arena_release(&arena);
		rounds++;
	} while ((ours = cpu_s() - start) < SECONDS);
	ours = (double)(rounds * items) / ours;
	rounds = 0;
	start = cpu_s();
	do {
		json_t *root = json_loadb(answer->p, answer->n, 0, NULL);

		if (!root)
			return 1;
		json_decref(root);
		rounds++;
	} while ((theirs = cpu_s() - start) < SECONDS);
	theirs = (double)(rounds * items) / theirs;
	printf("%-11s %zu items, %zu KiB: connector %.0f items/s, jansson alone %.0f items/s: "
	       "%.0f %%\n",
		network, items, answer->n / 1024, ours, theirs, ours / theirs * 100);
	connector_free(c);
	return ours < 0.4 * theirs;
}

int main(int argc, char **argv)
{
	const int items = argc > 1 ? atoi(argv[1]) : 1000;
	struct buf stories = {0}, posts = {0};
	int status;

	buf_add_str(&stories, "{\"hits\":[");
	buf_add_char(&posts, '[');
	for (int i = 0; i < items; i++) {
		if (i) {
			buf_add_char(&stories, ',');
			buf_add_char(&posts, ',');
		}
		add_story(&stories, i);
		add_post(&posts, i);
	}
	buf_add_str(&stories, "],\"nbPages\":1}");
	buf_add_char(&posts, ']');
	status = run("hackernews", "algolia", &stories, (size_t)items);
	status |= run("mastodon", "tag", &posts, (size_t)items);
	buf_deinit(&stories);
	buf_deinit(&posts);
	return status;
}
