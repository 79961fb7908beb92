#include "cli/commands.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "config/path.h"
#include "config/config.h"
#include "io/loop.h"
#include "io/redis_check.h"

/*
 * check: the configuration as the daemon would read it, without running it; and whether an
 * outside Redis can be trusted with the queue. Mistakes go to standard error (with --json they
 * are part of the answer), what it amounts to to standard output.
 */

struct check {
	const char *path;
	bool expand, json;
};

static int options_read(struct check *ret, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
			ret->path = argv[++i];
		else if (strcmp(argv[i], "--expand") == 0)
			ret->expand = true;
		else if (strcmp(argv[i], "--json") == 0)
			ret->json = true;
		else
			return command_usage(argv[0]);
	}
	if (!ret->path)
		ret->path = config_path_default();
	if (!ret->path) {
		(void)fputs("vigie: no configuration: write ./vigie.yaml or name one with -c\n",
			stderr);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

static void warnings_print(const struct err_list *warnings)
{
	for (size_t i = 0; i < warnings->n; i++) {
		const struct err *e = &warnings->items[i];

		if (e->line)
			(void)fprintf(stderr, "%s:%d:%d: warning: %s\n", e->file, e->line,
				e->column, e->text);
		else
			(void)fprintf(stderr, "%s%swarning: %s\n", e->file ? e->file : "",
				e->file ? ": " : "", e->text);
	}
}

/* Asks an outside Redis. 0, -EINVAL when it is not to be trusted, -ENOMEM. */
static int redis_asked(
	const struct config *config, struct err_list *errors, struct err_list *warnings)
{
	const size_t before = errors->n;
	struct loop *loop = NULL;
	int r;

	if (span_empty(config->redis))
		return 0;
	r = loop_new(&loop);
	if (r >= 0)
		r = redis_check(errors, warnings, loop, config->redis, 0);
	loop_free(loop);
	return r < 0 ? r : errors->n > before ? -EINVAL : 0;
}

static json_t *list_json(const struct err_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < list->n; i++) {
		const struct err *e = &list->items[i];

		(void)json_array_append_new(
			array, json_pack("{s:s?, s:i, s:i, s:s}", "file", e->file, "line",
				       e->line, "column", e->column, "text", e->text));
	}
	return array;
}

static void count_print(const char *before, size_t n, const char *one, const char *many)
{
	(void)printf("%s%zu %s", before, n, n == 1 ? one : many);
}

static void people_print(const struct check *check, const struct config *config)
{
	size_t searches = 0;

	for (size_t i = 0; i < config->n_sources; i++)
		searches += config->sources[i]->search;
	(void)printf("%s: good\n", check->path);
	count_print("  ", ruleset_count(config->rules), "rule", "rules");
	for (size_t i = 0; i < config->n_brands; i++)
		(void)printf("%s%.*s", i ? ", " : ": ", SPAN_ARG(config->brands[i]));
	count_print("\n  ", config->n_sources, "source", "sources");
	if (searches)
		(void)printf(", %zu of them searches", searches);
	count_print("\n  ", config->policy.n_receivers, "receiver", "receivers");
	for (size_t i = 0; i < config->policy.n_receivers; i++)
		(void)printf(
			"%s%.*s", i ? ", " : ": ", SPAN_ARG(config->policy.receivers[i].id));
	count_print(", ", config->n_routes, "route", "routes");
	(void)printf("\n  state in %s\n", config->state.p);
}

static void json_print(const struct check *check, const struct config *config,
	const struct err_list *errors, const struct err_list *warnings)
{
	json_t *root = json_pack("{s:s, s:b, s:o, s:o}", "file", check->path, "good",
		config && !errors->n, "errors", list_json(errors), "warnings",
		list_json(warnings));
	char *text;

	if (root && config)
		(void)json_object_update_new(
			root, json_pack("{s:I, s:I, s:I, s:I, s:s}", "rules",
				      (json_int_t)ruleset_count(config->rules), "sources",
				      (json_int_t)config->n_sources, "receivers",
				      (json_int_t)config->policy.n_receivers, "routes",
				      (json_int_t)config->n_routes, "state", config->state.p));
	text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	(void)printf("%s\n", text ? text : "{}");
	free(text);
	json_decref(root);
}

int command_check(int argc, char **argv)
{
	struct check check = {0};
	struct err_list errors = {0};
	struct err_list warnings = {0};
	struct buf expanded = {0};
	struct config_overrides overrides = {0};
	struct config *config = NULL;
	int r = options_read(&check, argc, argv), asked = 0;

	if (r != EXIT_DONE)
		return r;
	if (check.expand)
		overrides.expanded = &expanded;
	r = config_load(&config, check.path, &overrides, &errors);
	if (config && !check.expand)
		asked = redis_asked(config, &errors, &warnings);
	for (size_t i = 0; config && i < config->warnings.n; i++)
		(void)err_add(&warnings, config->warnings.items[i].file,
			config->warnings.items[i].line, config->warnings.items[i].column, "%s",
			config->warnings.items[i].text);
	if (check.json) {
		json_print(&check, config, &errors, &warnings);
	} else {
		err_list_print(&errors, stderr);
		warnings_print(&warnings);
		if (config && check.expand)
			(void)fwrite(expanded.p, 1, expanded.n, stdout);
		else if (config && asked == 0)
			people_print(&check, config);
	}
	if (r == -ENOMEM || asked == -ENOMEM)
		(void)fputs("vigie: out of memory\n", stderr);
	err_list_deinit(&errors);
	err_list_deinit(&warnings);
	buf_deinit(&expanded);
	config_unref(config);
	if (r == 0)
		return asked == 0 ? EXIT_DONE : EXIT_FAILED;
	return r == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
}
