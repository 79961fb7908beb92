/*
 * fill-archive FOLDER: JSON lines as `vigie export` prints them, read from standard input into
 * the archive of a state folder; for tests whose matter is what stands there. Beside what the
 * export has, a line may hold "outcomes":
 * [{"receiver","outcome","delivery","at","until","why"}]. A line without "key" gets one by its
 * number. Spans are not read.
 */

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line/archive.h"
#include "line/codec.h"
#include "line/codec_hit.h"

struct filling {
	struct archive *archive;
	struct loop *loop;
	struct arena arena; /* of a line */
	size_t waiting, line;
	bool read;
};

static void on_done(void *arg)
{
	struct filling *f = arg;

	if (--f->waiting == 0 && f->read)
		loop_stop(f->loop);
}

static struct span text_of(const json_t *object, const char *name)
{
	return span_str(json_string_value(json_object_get(object, name)));
}

static void read_matches(struct filling *f, struct hit *hit, const json_t *list)
{
	const size_t n = json_array_size(list);
	struct match *matches = arena_calloc(&f->arena, n + 1, sizeof(*matches));

	for (size_t i = 0; matches && i < n; i++) {
		const json_t *m = json_array_get(list, i);

		matches[i] = (struct match){.rule = text_of(m, "rule"),
			.version = text_of(m, "version"),
			.kind = text_of(m, "kind"),
			.brand = text_of(m, "brand"),
			.weight = json_number_value(json_object_get(m, "weight"))};
		hit->score += matches[i].weight;
	}
	hit->matches = matches;
	hit->n_matches = matches ? n : 0;
}

static void record(struct filling *f, const struct hit *hit, const json_t *list)
{
	const json_t *o;
	size_t i;

	json_array_foreach (list, i, o) {
		const struct archive_outcome outcome = {.key = hit->key,
			.receiver = text_of(o, "receiver"),
			.outcome = text_of(o, "outcome"),
			.delivery = text_of(o, "delivery"),
			.at = wall_parse_rfc3339(text_of(o, "at")),
			.until = wall_parse_rfc3339(text_of(o, "until")),
			.why = text_of(o, "why")};

		f->waiting++;
		archive_record(f->archive, &outcome, 1, on_done, f);
	}
}

static int put(struct filling *f, const json_t *document)
{
	struct match_context context;
	struct hit hit = {0};
	struct buf bytes = {0};
	struct span encoded;
	int r = item_from_json(&hit.item, &context, document, &f->arena);

	if (r < 0)
		return r;
	f->line++;
	if (!item_key_parse(&hit.key, text_of(document, "key")))
		memcpy(hit.key.b, &f->line, sizeof(f->line));
	hit.source = text_of(document, "source");
	hit.source_kind = text_of(document, "source_kind");
	hit.fetched = wall_parse_rfc3339(text_of(document, "fetched"));
	if (!wall_known(hit.fetched))
		hit.fetched = (struct wall){1767225600000};
	hit.silent = json_is_true(json_object_get(document, "silent"));
	hit.content_hash = f->line;
	read_matches(f, &hit, json_object_get(document, "matches"));
	hit_encode(&bytes, &hit);
	encoded = buf_span(&bytes);
	f->waiting++;
	archive_put(f->archive, &encoded, 1, on_done, f);
	record(f, &hit, json_object_get(document, "outcomes"));
	buf_deinit(&bytes);
	return 0;
}

int main(int argc, char **argv)
{
	struct filling f = {0};
	struct arena arena = {0};
	struct span why = SPAN_NONE;
	char path[4096], *line = NULL;
	size_t size = 0;
	ssize_t n;
	int r;

	if (argc != 2)
		return 2;
	(void)snprintf(path, sizeof(path), "%s/%s", argv[1], ARCHIVE_FILE);
	r = loop_new(&f.loop);
	if (r == 0)
		r = archive_new(&f.archive, f.loop, &(struct archive_options){.path = path},
			&arena, &why);
	while (r == 0 && (n = getline(&line, &size, stdin)) > 0) {
		json_t *document = json_loadb(line, (size_t)n, 0, NULL);

		r = document ? put(&f, document) : -EINVAL;
		json_decref(document);
		arena_release(&f.arena);
	}
	f.read = true;
	if (r == 0 && f.waiting)
		r = loop_run(f.loop);
	if (r < 0)
		(void)fprintf(stderr, "%s: %.*s\n", strerror(-r), SPAN_ARG(why));
	archive_free(f.archive);
	loop_free(f.loop);
	arena_release(&arena);
	free(line);
	return r < 0;
}
