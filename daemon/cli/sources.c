/*
 * sources: the networks vigie knows, and on what terms each may be read. `list` says a line a
 * network, and one for each source of them a configuration has (cli/sources_state.h); `show`
 * all that is known of one; `try` asks one (cli/sources_try.h).
 */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/connector_load.h"
#include "cli/sources_state.h"
#include "cli/sources_try.h"
#include "connectors/builtin.h"
#include "line/codec_item.h"

static const char *const tiers[] = {
	"no lawful way in", "open", "free key or account", "restricted or paid"};

static const char *state_of(const struct connector *c)
{
	return c->tier == 0  ? "-"
	       : c->verified ? "reproduces documented samples"
			     : "unverified";
}

static void add_member(struct buf *out, const char *name, struct span value)
{
	buf_addf(out, ",\"%s\":", name);
	if (value.n)
		json_write_string(out, value);
	else
		buf_add(out, SPAN("null"));
}

static void add_json(
	struct buf *out, const struct connector *c, const struct sources_state *states)
{
	buf_add(out, SPAN("{\"network\":"));
	json_write_string(out, c->network);
	add_member(out, "title", c->title);
	buf_addf(out, ",\"tier\":%d", c->tier);
	add_member(out, "base", c->base);
	add_member(out, "auth", c->auth);
	add_member(out, "cost", c->cost);
	add_member(out, "limits", c->limits);
	add_member(out, "terms", c->terms);
	add_member(out, "detour", c->detour);
	add_member(out, "facts", c->facts_date);
	add_member(out, "state", span_str(state_of(c)));
	buf_add(out, SPAN(",\"maps\":["));
	for (size_t i = 0; i < c->n_maps; i++) {
		if (i)
			buf_add_char(out, ',');
		json_write_string(out, c->maps[i].name);
	}
	buf_add_char(out, ']');
	if (states) {
		buf_add_str(out, ",\"sources\":");
		sources_state_json(states, out, c->network);
	}
	buf_add(out, SPAN("}\n"));
}

static void add_line(struct buf *out, const struct connector *c)
{
	buf_addf(out, "%-15.*s %d  %-8.*s %-30s %.*s\n", SPAN_ARG(c->network), c->tier,
		SPAN_ARG(c->facts_date), state_of(c),
		SPAN_ARG(c->auth.n ? c->auth : SPAN("-")));
}

static void add_fact(struct buf *out, const char *name, struct span value)
{
	if (value.n)
		buf_addf(out, "%-8s %.*s\n", name, SPAN_ARG(value));
}

static void add_all(struct buf *out, const struct connector *c)
{
	buf_addf(out, "%.*s (%.*s)\n", SPAN_ARG(c->title), SPAN_ARG(c->network));
	buf_addf(out, "%-8s %d: %s\n", "tier", c->tier, tiers[c->tier]);
	add_fact(out, "base", c->base);
	add_fact(out, "auth", c->auth);
	add_fact(out, "cost", c->cost);
	add_fact(out, "limits", c->limits);
	add_fact(out, "terms", c->terms);
	add_fact(out, "instead", c->detour);
	if (c->n_maps)
		buf_addf(out, "%-8s", "maps");
	for (size_t i = 0; i < c->n_maps; i++)
		buf_addf(out, " %.*s", SPAN_ARG(c->maps[i].name));
	buf_addf(out, "%s%-8s of %.*s, %s\n", c->n_maps ? "\n" : "", "facts",
		SPAN_ARG(c->facts_date),
		c->verified ? "from the network's own documents"
			    : "from memory and others' clients");
	if (c->tier)
		add_fact(out, "state", span_str(state_of(c)));
}

static int print(struct buf *out, int status)
{
	if (out->failed) {
		(void)fputs("vigie: out of memory\n", stderr);
		status = EXIT_FAILED;
	} else if (fwrite(buf_span(out).p, 1, out->n, stdout) != out->n ||
		   fflush(stdout) != 0) {
		perror("vigie: standard output");
		status = EXIT_FAILED;
	}
	buf_deinit(out);
	return status;
}

/* How a list is written. */
struct listing {
	struct buf out;
	const struct sources_state *states; /* of a configuration; NULL: there is none */
	bool json;
};

static void add_one(void *arg, const struct connector *c)
{
	struct listing *l = arg;

	if (l->json)
		add_json(&l->out, c, l->states);
	else
		add_line(&l->out, c);
}

static int list(bool json, const char *config)
{
	struct listing l = {.json = json};
	struct sources_state *states = NULL;
	int status = sources_state_load(&states, config);

	l.states = states;
	for (const struct builtin *b = builtins; b->network && status == EXIT_DONE; b++) {
		struct connector *c;

		status = connector_load(&c, span_str(b->network));
		if (status != EXIT_DONE)
			break;
		add_one(&l, c);
		connector_free(c);
	}
	if (states && status == EXIT_DONE)
		sources_state_own(states, add_one, &l);
	status = print(&l.out, status);
	if (states && status == EXIT_DONE && !json)
		sources_state_print(states, stdout);
	sources_state_free(states);
	return status;
}

static int show(const char *name, bool json)
{
	struct buf out = {0};
	struct connector *c;
	const int status = connector_load(&c, span_str(name));

	if (status != EXIT_DONE)
		return status;
	if (json)
		add_json(&out, c, NULL);
	else
		add_all(&out, c);
	connector_free(c);
	return print(&out, status);
}

int command_sources(int argc, char **argv)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	const char *config = NULL;
	bool json = false;
	int c;

	if (argc > 2 && strcmp(argv[1], "try") == 0)
		return sources_try(argc - 2, argv + 2);
	while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
		if (c == 'c')
			config = optarg;
		else if (c == 'j')
			json = true;
		else
			return command_usage(argv[0]);
	}
	if (optind == argc || (optind + 1 == argc && strcmp(argv[optind], "list") == 0))
		return list(json, config);
	if (optind + 2 == argc && strcmp(argv[optind], "show") == 0)
		return show(argv[optind + 1], json);
	return command_usage(argv[0]);
}
