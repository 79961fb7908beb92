/*
 * routes: who would hear of a document, and why: the rules, the routes and the desk of a
 * configuration, with nothing told before.
 */
#include "cli/commands.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/ask.h"
#include "config/path.h"
#include "config/config.h"
#include "line/codec.h"
#include "printer.h"
#include "vigie/desk.h"

struct testing {
	const struct config *config;
	struct ruleset_scratch *scratch;
	struct desk *desk;
	struct arena arena; /* of one document */
	struct wall now;
	bool json;
};

static void source_tags(struct hit *hit, const struct config *config)
{
	for (size_t i = 0; i < config->n_sources; i++) {
		if (!span_eq(config->sources[i]->id, hit->source))
			continue;
		hit->source_tags = config->sources[i]->tags;
		hit->n_source_tags = config->sources[i]->n_tags;
	}
}

static void print_json(const struct desk_answer *a)
{
	char at[RFC3339_SIZE];
	json_t *o = json_pack("{s:s%,s:s%,s:s%,s:s,s:s%,s:s}", "receiver", a->receiver.p,
		a->receiver.n, "route", a->route.p, a->route.n, "group", a->group.p, a->group.n,
		"outcome", desk_outcome_names[a->verdict.outcome], "why", a->verdict.why.p,
		a->verdict.why.n, "at", wall_rfc3339(at, a->verdict.at));

	(void)json_dumpf(o, stdout, JSON_COMPACT);
	(void)fputc('\n', stdout);
	json_decref(o);
}

static void print_answer(const struct desk_answer *a)
{
	char at[RFC3339_SIZE];

	printer_text(stdout, a->receiver);
	(void)printf(": %s", desk_outcome_names[a->verdict.outcome]);
	if (wall_known(a->verdict.at))
		(void)printf(" until %s", wall_rfc3339(at, a->verdict.at));
	(void)fputs("  (", stdout);
	printer_text(stdout, a->verdict.why);
	(void)fputs("; group ", stdout);
	printer_text(stdout, a->group);
	(void)fputs(")\n", stdout);
}

static int answer(struct testing *t, const struct hit *hit)
{
	const struct desk_candidate candidate = {.kind = DESK_MENTION, .hit = hit};
	const struct desk_answer *answers;
	size_t n;
	int r = desk_ask(t->desk, &candidate, t->now, &t->arena, &answers, &n);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (t->json)
			print_json(&answers[i]);
		else
			print_answer(&answers[i]);
	}
	if (!n && !t->json)
		(void)puts(hit->n_matches ? "nobody: no route names a receiver for it"
					  : "nobody: no rule wants it");
	return 0;
}

static int test_document(struct testing *t, const json_t *document)
{
	struct match_context context;
	struct match *matches;
	struct hit hit = {.fetched = t->now};
	int r = item_from_json(&hit.item, &context, document, &t->arena);

	if (r == 0)
		r = ruleset_match(t->config->rules, t->scratch, &hit.item, &context, &t->arena,
			&matches, &hit.n_matches);
	if (r < 0)
		return r;
	hit.matches = matches;
	hit.source = context.source;
	for (size_t i = 0; i < hit.n_matches; i++)
		hit.score += matches[i].weight;
	source_tags(&hit, t->config);
	if (!hit.n_matches && !t->json) {
		(void)puts("nobody: no rule wants it");
		return 0;
	}
	return hit.n_matches ? answer(t, &hit) : 0;
}

static int test_lines(struct testing *t, FILE *in, const char *name)
{
	char *line = NULL;
	size_t room = 0, number = 0;
	int status = EXIT_DONE;

	while (getline(&line, &room, in) >= 0) {
		const struct span s = span_trim(span_str(line));
		json_t *document;
		int r;

		number++;
		if (span_empty(s))
			continue;
		document = json_loadb(s.p, s.n, 0, NULL);
		r = document ? test_document(t, document) : -EINVAL;
		json_decref(document);
		arena_release(&t->arena);
		if (r == -EINVAL)
			(void)fprintf(stderr, "%s:%zu: one JSON object a line is read\n", name,
				number);
		else if (r < 0)
			(void)fputs("vigie: out of memory\n", stderr);
		if (r < 0)
			status = EXIT_FAILED;
	}
	free(line);
	return status;
}

static int test(struct testing *t, const char *path)
{
	const bool stdin_too = !path || strcmp(path, "-") == 0;
	FILE *in = stdin_too ? stdin : fopen(path, "re");
	struct desk_step step;
	int status = EXIT_FAILED;

	if (!in) {
		(void)fprintf(stderr, "vigie: %s: %s\n", path, strerror(errno));
		return EXIT_FAILED;
	}
	if (ruleset_scratch_new(&t->scratch, t->config->rules) == 0 &&
		desk_new(&t->desk, &(struct desk_options){0}) == 0 &&
		desk_set_policy(t->desk, &t->config->policy, t->now, &step) == 0)
		status = test_lines(t, in, stdin_too ? "standard input" : path);
	else
		(void)fputs("vigie: out of memory\n", stderr);
	desk_free(t->desk);
	ruleset_scratch_free(t->scratch);
	if (!stdin_too)
		(void)fclose(in);
	return status;
}

int command_routes(int argc, char **argv)
{
	struct ask_options options;
	struct err_list errors = {0};
	struct config_overrides overrides = {0};
	struct config *config = NULL;
	struct testing t = {0};
	struct timespec now;
	int status = ask_options_read(&options, argc, argv), words = 0;
	const char *path = NULL, *file;

	if (status != EXIT_DONE)
		return status;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "--state") == 0)
			i++;
		else if (argv[i][0] != '-' || !argv[i][1]) {
			words++;
			if (words == 1 && strcmp(argv[i], "test") != 0)
				return command_usage("routes");
			path = words == 2 ? argv[i] : path;
		}
	}
	if (words < 1 || words > 2)
		return command_usage("routes");
	overrides.state = options.state;
	file = options.config ? options.config : config_path_default();
	if (!file) {
		(void)fputs("vigie: no configuration here: name it with -c\n", stderr);
		return EXIT_USAGE;
	}
	if (config_load(&config, file, &overrides, &errors) < 0) {
		err_list_print(&errors, stderr);
		err_list_deinit(&errors);
		return EXIT_USAGE;
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	t = (struct testing){.config = config,
		.now = {(int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000},
		.json = options.json};
	status = test(&t, path);
	arena_release(&t.arena);
	config_unref(config);
	err_list_deinit(&errors);
	return status;
}
