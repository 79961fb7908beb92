#include "cli/deed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/commands.h"
#include "config/reader.h"

static struct deed_option *option_of(struct deed_option *options, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

int deed_read(
	struct ask_options *ret, struct deed_option *options, size_t n, int *argc, char **argv)
{
	int kept = 1, words = 1, status;

	for (int i = 1; i < *argc; i++) {
		struct deed_option *o = option_of(options, n, argv[i]);

		if (!o) {
			argv[kept++] = argv[i];
			continue;
		}
		if (!o->flag && i + 1 == *argc) {
			(void)fprintf(stderr, "vigie: %s needs a value\n", argv[i]);
			return EXIT_USAGE;
		}
		o->value = o->flag ? o->name : argv[++i];
		if (o->all)
			(void)json_array_append_new(o->all, json_string(o->value));
	}
	status = ask_options_read(ret, kept, argv);
	for (int i = 1; i < kept && status == EXIT_DONE; i++) {
		if (strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "--state") == 0)
			i++;
		else if (argv[i][0] != '-')
			argv[words++] = argv[i];
	}
	*argc = words;
	return status;
}

json_t *deed_until(const char *for_text, const char *until_text)
{
	struct timespec now;
	struct wall until = WALL_NONE;
	int64_t ms;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (until_text)
		until = wall_parse_rfc3339(span_str(until_text));
	else if (duration_parse(&ms, span_str(for_text)) && ms > 0)
		until.ms = (int64_t)now.tv_sec * 1000 + ms;
	if (wall_known(until))
		return json_integer((json_int_t)until.ms);
	(void)fprintf(stderr, "vigie: write --for 2h or --until 2030-01-31T08:00:00Z\n");
	return NULL;
}

const char *deed_author(const char *given)
{
	const char *name = given ? given : getenv("USER");

	name = name ? name : getenv("LOGNAME");
	return name ? name : "operator";
}

int deed_do(const struct ask_options *options, json_t *deed)
{
	char *body = deed ? json_dumps(deed, JSON_COMPACT) : NULL;
	struct buf answer = {0};
	int status = EXIT_FAILED;

	json_decref(deed);
	if (body)
		status = ask_daemon(&answer, options, "POST", "/desk", span_str(body));
	if (status == EXIT_DONE && options->json) {
		(void)printf("%s\n", answer.p);
	} else if (status == EXIT_DONE) {
		json_t *root = json_loadb(answer.p, answer.n, 0, NULL);
		const char *done = json_string_value(json_object_get(root, "done"));

		(void)printf("done: %s\n", done ? done : "");
		json_decref(root);
	}
	free(body);
	buf_deinit(&answer);
	return status;
}

json_t *deed_list(const struct ask_options *options, const char *name, int *ret_status)
{
	struct buf answer = {0};
	json_t *root, *list = NULL;

	*ret_status = ask_daemon(&answer, options, "GET", "/desk", SPAN_NONE);
	if (*ret_status == EXIT_DONE) {
		root = json_loadb(answer.p, answer.n, 0, NULL);
		list = json_incref(json_object_get(root, name));
		json_decref(root);
	}
	if (list && options->json) {
		(void)json_dumpf(list, stdout, JSON_COMPACT);
		(void)fputc('\n', stdout);
	}
	buf_deinit(&answer);
	return list;
}
