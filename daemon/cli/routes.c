/*
 * routes: who would hear of a document, and why: asked of the running daemon, which knows what
 * was told, and what is silenced, muted and spent; where none runs, or on demand, by the rules,
 * the routes and the desk of a configuration, with nothing told before.
 */
#include "cli/commands.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/ask.h"
#include "cli/deed.h"
#include "config/path.h"
#include "config/config.h"
#include "line/codec.h"
#include "printer.h"
#include "vigie/desk.h"

struct testing {
	const struct ask_options *options;
	const struct config *config; /* NULL: the daemon is asked */
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
	json_t *o = json_pack("{s:s,s:s%,s:s%,s:s%,s:s,s:s%,s:s}", "by", "files", "receiver",
		a->receiver.p, a->receiver.n, "route", a->route.p, a->route.n, "group",
		a->group.p, a->group.n, "outcome", desk_outcome_names[a->verdict.outcome],
		"why", a->verdict.why.p, a->verdict.why.n, "at",
		wall_rfc3339(at, a->verdict.at));

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

/* --- By the daemon -------------------------------------------------------------------------
 */

static long long number_of(const json_t *o, const char *name)
{
	return (long long)json_integer_value(json_object_get(o, name));
}

static void print_told(const json_t *a)
{
	const json_t *one;
	size_t i;

	printer_text(stdout, span_str(answer_text(a, "receiver")));
	(void)printf(": %s", answer_text(a, "outcome"));
	if (*answer_text(a, "at"))
		(void)printf(" until %s", answer_text(a, "at"));
	(void)fputs("  (", stdout);
	printer_text(stdout, span_str(answer_text(a, "why")));
	(void)fputs("; group ", stdout);
	printer_text(stdout, span_str(answer_text(a, "group")));
	json_array_foreach (json_object_get(a, "budget"), i, one)
		(void)printf("; %lld of %lld/%s used", number_of(one, "used"),
			number_of(one, "most"), answer_text(one, "per"));
	(void)fputs(")\n", stdout);
}

static void print_story(const json_t *story)
{
	if (json_is_object(story))
		(void)printf("story %s: %s, %.2f alike; with it %lld mentions on %lld sites\n",
			answer_text(story, "id"), answer_text(story, "why"),
			json_number_value(json_object_get(story, "similarity")),
			number_of(story, "mentions"), number_of(story, "sites"));
}

static void print_live(const struct testing *t, const json_t *said)
{
	json_t *answers = json_object_get(said, "answers"), *one;
	size_t i;

	if (!t->json)
		print_story(json_object_get(said, "story"));
	json_array_foreach (answers, i, one) {
		if (!t->json) {
			print_told(one);
			continue;
		}
		(void)json_object_set_new(one, "by", json_string("daemon"));
		(void)json_object_set(one, "story", json_object_get(said, "story"));
		(void)json_dumpf(one, stdout, JSON_COMPACT);
		(void)fputc('\n', stdout);
	}
	if (!json_array_size(answers) && !t->json)
		(void)puts(json_is_true(json_object_get(said, "wanted"))
				   ? "nobody: no route names a receiver for it"
				   : "nobody: no rule wants it");
}

/* 0, or -EIO after saying why. */
static int ask_live(struct testing *t, const json_t *document)
{
	char *body = json_dumps(document, JSON_COMPACT);
	struct buf answer = {0};
	json_t *said = NULL;
	int r = -EIO;

	if (body && ask_daemon(&answer, t->options, "POST", "/desk/ask", span_str(body)) ==
			    EXIT_DONE)
		said = json_loadb(answer.p, answer.n, 0, NULL);
	if (said) {
		print_live(t, said);
		r = 0;
	}
	json_decref(said);
	buf_deinit(&answer);
	free(body);
	return r;
}

/* --- By the files --------------------------------------------------------------------------
 */

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
		r = !json_is_object(document) ? -EINVAL
		    : t->config               ? test_document(t, document)
					      : ask_live(t, document);
		json_decref(document);
		arena_release(&t->arena);
		if (r == -EINVAL)
			(void)fprintf(stderr, "%s:%zu: one JSON object a line is read\n", name,
				number);
		else if (r == -ENOMEM)
			(void)fputs("vigie: out of memory\n", stderr);
		if (r < 0)
			status = EXIT_FAILED;
	}
	free(line);
	return status;
}

/* With nothing told before. */
static int prepare(struct testing *t)
{
	struct desk_step step;

	if (ruleset_scratch_new(&t->scratch, t->config->rules) == 0 &&
		desk_new(&t->desk, &(struct desk_options){0}) == 0 &&
		desk_set_policy(t->desk, &t->config->policy, t->now, &step) == 0)
		return EXIT_DONE;
	(void)fputs("vigie: out of memory\n", stderr);
	return EXIT_FAILED;
}

static int test(struct testing *t, const char *path)
{
	const bool stdin_too = !path || strcmp(path, "-") == 0;
	FILE *in = stdin_too ? stdin : fopen(path, "re");
	int status;

	if (!in) {
		(void)fprintf(stderr, "vigie: %s: %s\n", path, strerror(errno));
		return EXIT_FAILED;
	}
	status = t->config ? prepare(t) : EXIT_DONE;
	if (status == EXIT_DONE)
		status = test_lines(t, in, stdin_too ? "standard input" : path);
	desk_free(t->desk);
	ruleset_scratch_free(t->scratch);
	if (!stdin_too)
		(void)fclose(in);
	return status;
}

static int test_files(struct testing *t, const char *path, bool daemon_is_there)
{
	const struct ask_options *options = t->options;
	struct config_overrides overrides = {.state = options->state};
	struct err_list errors = {0};
	struct config *config = NULL;
	const char *file = options->config ? options->config : config_path_default();
	int status = EXIT_USAGE;

	if (!file) {
		(void)fputs("vigie: no configuration here: name it with -c\n", stderr);
		return EXIT_USAGE;
	}
	if (config_load(&config, file, &overrides, &errors) < 0) {
		err_list_print(&errors, stderr);
	} else {
		(void)fprintf(stderr, "vigie: by %s alone, as if nothing had been told: %s\n",
			file,
			daemon_is_there ? "the running daemon is not asked" : "no daemon runs");
		t->config = config;
		status = test(t, path);
	}
	config_unref(config);
	err_list_deinit(&errors);
	return status;
}

int command_routes(int argc, char **argv)
{
	struct deed_option own[] = {{.name = "--files", .flag = true}};
	struct ask_options options;
	struct testing t = {.options = &options};
	struct timespec now;
	int words = argc, status = deed_read(&options, own, 1, &words, argv);
	const char *path = words > 2 ? argv[2] : NULL;
	bool there;

	if (status != EXIT_DONE)
		return status;
	if (words < 2 || words > 3 || strcmp(argv[1], "test") != 0)
		return command_usage("routes");
	(void)clock_gettime(CLOCK_REALTIME, &now);
	t.now = (struct wall){(int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000};
	t.json = options.json;
	there = ask_is_there(&options);
	if (own[0].value || !there) {
		status = test_files(&t, path, there);
	} else {
		(void)fputs("vigie: by the running daemon: its configuration as it was last "
			    "loaded, its silences, mutes, budgets and stories (--files: by the "
			    "files alone)\n",
			stderr);
		status = test(&t, path);
	}
	arena_release(&t.arena);
	return status;
}
