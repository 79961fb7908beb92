/*
 * search: the archive for a person: the newest mentions that hold all words, with the words
 * marked (without words: what the rules matched); or as JSON lines.
 */

#include "cli/commands.h"

#include <stdio.h>

#include "cli/mentions.h"
#include "line/codec_mention.h"
#include "printer.h"

enum { SEARCH_LIMIT = 20 };

struct search {
	bool json;
	struct printer_style style;
	struct buf line;
	size_t n;
	bool failed;
};

/* The same mention with what was asked for marked, instead of what its rules found. */
static void print_marked(struct search *s, const struct hit *hit,
	const struct match_span *marks, size_t n, struct arena *arena)
{
	struct match *matches =
		arena_calloc(arena, hit->n_matches ? hit->n_matches : 1, sizeof(*matches));
	struct hit marked = *hit;

	if (n == 0 || !matches) {
		printer_hit(stdout, &s->style, hit);
		return;
	}
	for (size_t i = 0; i < hit->n_matches; i++) {
		matches[i] = hit->matches[i];
		matches[i].n_spans = 0;
	}
	matches[0].spans = marks;
	matches[0].n_spans = n;
	marked.matches = matches;
	marked.n_matches = hit->n_matches ? hit->n_matches : 1;
	printer_hit(stdout, &s->style, &marked);
}

static bool see(void *arg, struct archive_reader *reader, const struct hit *hit)
{
	struct arena arena = {0};
	struct search *s = arg;
	const struct match_span *marks;
	size_t n;

	s->n++;
	if (s->json) {
		buf_clear(&s->line);
		mention_write_json(&s->line, hit);
		buf_add_char(&s->line, '\n');
		s->failed = s->line.failed || !mentions_write(buf_span(&s->line));
	} else {
		if (archive_search_marks(reader, &marks, &n, &arena) < 0)
			n = 0;
		print_marked(s, hit, marks, n, &arena);
		s->failed = ferror(stdout);
		arena_release(&arena);
	}
	return !s->failed;
}

int command_search(int argc, char **argv)
{
	struct mentions_ask ask = {
		.filter = {.since = WALL_NONE,
			.until = WALL_NONE,
			.limit = SEARCH_LIMIT,
			.newest_first = true},
		.own_name = "json",
	};
	struct search s = {.style = printer_style_of(stdout)};
	int status = mentions_read(&ask, argc, argv);

	if (status == EXIT_DONE) {
		s.json = ask.own_given;
		status = mentions_finish(mentions_each(&ask, see, &s));
	}
	if (status == EXIT_DONE && s.n == 0)
		(void)fputs("nothing found\n", stderr);
	else if (status == EXIT_DONE && s.n == ask.filter.limit)
		(void)fprintf(stderr, "the newest %zu: --limit 0 shows all\n", s.n);
	buf_deinit(&s.line);
	arena_release(&ask.arena);
	return status;
}
