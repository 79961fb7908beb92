/*
 * search: the archive for a person: the newest mentions that a query of the rule language
 * matches, with what it found marked (without a query: what the rules matched); or as JSON
 * lines.
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
static void print_marked(struct search *s, const struct hit *hit, const struct match *found)
{
	struct arena arena = {0};
	struct match *matches =
		arena_calloc(&arena, hit->n_matches ? hit->n_matches : 1, sizeof(*matches));
	struct hit marked = *hit;

	for (size_t i = 0; matches && i < hit->n_matches; i++) {
		matches[i] = hit->matches[i];
		matches[i].n_spans = 0;
	}
	if (matches && found && found->n_spans) {
		matches[0].spans = found->spans;
		matches[0].n_spans = found->n_spans;
		marked.matches = matches;
		marked.n_matches = hit->n_matches ? hit->n_matches : 1;
	}
	printer_hit(stdout, &s->style, &marked);
	arena_release(&arena);
}

static bool see(void *arg, const struct hit *hit, const struct match *found)
{
	struct search *s = arg;

	s->n++;
	if (s->json) {
		buf_clear(&s->line);
		mention_write_json(&s->line, hit);
		buf_add_char(&s->line, '\n');
		s->failed = s->line.failed || !mentions_write(buf_span(&s->line));
	} else {
		print_marked(s, hit, found);
		s->failed = ferror(stdout);
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
		.takes_query = true,
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
