#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "run.h"
#include "vigie/cleanup.h"

/*
 * watch: no configuration at all. What stands on the command line becomes the short form of a
 * configuration, which is then read like any other.
 */

enum { WATCH_NAMES_MAX = 64, WATCH_BASES_MAX = 32 };

struct watch {
	const char *names[WATCH_NAMES_MAX];
	size_t n_names;
	const char *bases[WATCH_BASES_MAX]; /* NETWORK=URL */
	size_t n_bases;
	const char *slack, *email, *state, *history, *every, *allow;
};

struct text_option {
	const char *name;
	size_t offset;
};

static const struct text_option text_options[] = {
	{"--slack", offsetof(struct watch, slack)},
	{"--email", offsetof(struct watch, email)},
	{"--state", offsetof(struct watch, state)},
	{"--history", offsetof(struct watch, history)},
	{"--every", offsetof(struct watch, every)},
	{"--allow", offsetof(struct watch, allow)},
};

/* The place an option's value goes to, or NULL. */
static const char **option_place(struct watch *w, const char *name)
{
	for (size_t i = 0; i < sizeof(text_options) / sizeof(*text_options); i++)
		if (strcmp(name, text_options[i].name) == 0)
			return (const char **)(void *)((char *)w + text_options[i].offset);
	if (strcmp(name, "--base") == 0 && w->n_bases < WATCH_BASES_MAX)
		return &w->bases[w->n_bases++];
	return NULL;
}

static int read_options(struct watch *w, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char **place;

		if (strncmp(argv[i], "--", 2) != 0) {
			if (w->n_names == WATCH_NAMES_MAX) {
				(void)fprintf(stderr,
					"vigie: at most %d names: write a configuration for "
					"more\n",
					WATCH_NAMES_MAX);
				return EXIT_USAGE;
			}
			w->names[w->n_names++] = argv[i];
			continue;
		}
		place = option_place(w, argv[i]);
		if (!place || i + 1 == argc)
			return command_usage(argv[0]);
		*place = argv[++i];
	}
	for (size_t i = 0; i < w->n_bases; i++) {
		if (!w->bases[i] || !strchr(w->bases[i], '=')) {
			(void)fputs("vigie: --base takes NETWORK=URL, like "
				    "googlenews=http://127.0.0.1:8080\n",
				stderr);
			return EXIT_USAGE;
		}
	}
	return w->n_names ? EXIT_DONE : command_usage(argv[0]);
}

static void add_text(struct buf *out, const char *key, const char *value)
{
	if (!value)
		return;
	buf_add_str(out, key);
	config_quote(out, span_str(value));
	buf_add_char(out, '\n');
}

static void write_config(struct buf *out, const struct watch *w)
{
	buf_add_str(out, "http: {listen: '127.0.0.1:0'}\ncrawl:\n");
	add_text(out, "  history: ", w->history ? w->history : "24h");
	add_text(out, "  every: ", w->every);
	if (w->allow)
		add_text(out, "  allow_addresses:\n    - ", w->allow);
	buf_add_str(out, "brands:\n");
	for (size_t i = 0; i < w->n_names; i++)
		add_text(out, "  - name: ", w->names[i]);
	buf_add_str(out, "sources:\n");
	if (!w->n_bases)
		buf_add_str(out, "  - open\n");
	for (size_t i = 0; i < w->n_bases; i++) {
		const char *equals = strchr(w->bases[i], '=');

		buf_add_str(out, "  - connector: ");
		config_quote(out, span_of(w->bases[i], (size_t)(equals - w->bases[i])));
		add_text(out, "\n    base: ", equals + 1);
		buf_add_str(out, "    search: brand\n");
	}
	if (w->slack || w->email)
		buf_add_str(out, "notify:\n");
	add_text(out, "  slack: ", w->slack);
	add_text(out, "  email: ", w->email);
}

int command_watch(int argc, char **argv)
{
	struct watch w = {0};
	CLEANUP(buf_deinit) struct buf yaml = {0};
	struct err_list errors = {0};
	struct config *config = NULL;
	struct config_overrides overrides = {0};
	int r = read_options(&w, argc, argv);

	if (r != EXIT_DONE)
		return r;
	overrides.state = w.state;
	write_config(&yaml, &w);
	r = buf_result(&yaml);
	if (r == 0)
		r = config_read(
			&config, buf_span(&yaml), "vigie watch", ".", &overrides, &errors);
	err_list_print(&errors, stderr);
	err_list_deinit(&errors);
	if (r < 0)
		return EXIT_USAGE;
	return run(config, &(struct run_options){.mentions = true, .quiet = true});
}
