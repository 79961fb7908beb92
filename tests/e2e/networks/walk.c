/*
 * walk: drives a built-in connector through its pure doors, one JSON line a step, while
 * somebody else makes the requests:
 *
 *     walk NETWORK ASK [--base URL] [--var NAME=VALUE]… [--secret NAME=VALUE]… [--term TEXT]…
 *          [--since EPOCH] [--steps N]
 *
 * It prints {"request":{"method","url","headers","body"},"for":"token"|"answer","first"} and
 * reads {"status","headers":[[NAME,VALUE]],"body","now"}; then it prints {"token"} or
 * {"taken":{"error","retry_after_s","items","tombstones","aliases","more","pause_s","lost",
 * "bounded","state"}}. It ends with the round, with a refusal, or after N answers. State and
 * token are taken from, and at the end written to, the files WALK_STATE and WALK_TOKEN.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "connectors/builtin.h"
#include "line/codec_item.h"
#include "sources/connector_query.h"
#include "sources/connector_walk.h"

enum { MAX_VARS = 48, MAX_LINE = 4 * 1024 * 1024, MAX_HEADERS = 64 };

struct walk {
	struct connector *c;
	const struct connector_ask *ask;
	struct span base;
	struct expr_var vars[MAX_VARS + 5], secrets[MAX_VARS];
	size_t n_vars, n_secrets;
	struct span terms[16];
	size_t n_terms;
	struct wall since, now;
	long steps;
	struct buf state, token;
	bool refused; /* the token, and it is to be renewed */
	bool renewed; /* … and was: not again for the same request */
};

static void die(const char *why)
{
	(void)fprintf(stderr, "walk: %s\n", why);
	exit(2);
}

static void load(struct buf *out, const char *variable)
{
	const char *name = getenv(variable);
	FILE *f = name ? fopen(name, "r") : NULL;
	char piece[4096];
	size_t n;

	while (f && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(out, span_of(piece, n));
	if (f)
		(void)fclose(f);
}

static void save(const struct buf *b, const char *variable)
{
	const char *name = getenv(variable);
	FILE *f = name ? fopen(name, "w") : NULL;

	if (f) {
		(void)fwrite(buf_span(b).p, 1, b->n, f);
		(void)fclose(f);
	}
}

static void keep(struct buf *b, struct span s)
{
	buf_clear(b);
	buf_add(b, s);
}

static void print_json(json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);

	(void)puts(text);
	(void)fflush(stdout);
	free(text);
	json_decref(o);
}

static json_t *text(struct span s)
{
	return json_stringn_nocheck(s.p ? s.p : "", s.n);
}

static void print_request(const struct request *r, const char *what, bool first)
{
	json_t *headers = json_array();

	for (size_t i = 0; i < r->n_headers; i++)
		json_array_append_new(headers, json_pack("[o,o]", text(r->headers[i].name),
						       text(r->headers[i].value)));
	print_json(json_pack("{s:{s:o,s:o,s:o,s:o},s:s,s:b}", "request", "method",
		text(r->method.n    ? r->method
			: r->body.n ? SPAN("POST")
				    : SPAN("GET")),
		"url", text(r->url), "headers", headers, "body", text(r->body), "for", what,
		"first", first));
}

/* The answer, in the arena. */
static struct connector_answer read_answer(struct walk *w, struct arena *arena)
{
	static char line[MAX_LINE];
	struct connector_answer a = {0};
	struct header *headers = arena_calloc(arena, MAX_HEADERS, sizeof(*headers));
	json_t *o, *list;

	if (!fgets(line, sizeof(line), stdin) || !(o = json_loads(line, JSON_ALLOW_NUL, NULL)))
		die("no answer");
	a.status = (int)json_integer_value(json_object_get(o, "status"));
	list = json_object_get(o, "headers");
	for (size_t i = 0; i < json_array_size(list) && i < MAX_HEADERS; i++) {
		json_t *one = json_array_get(list, i);

		headers[a.n_headers++] = (struct header){
			arena_dup(arena, span_str(json_string_value(json_array_get(one, 0)))),
			arena_dup(arena, span_str(json_string_value(json_array_get(one, 1))))};
	}
	a.headers = headers;
	a.body = arena_dup(arena, span_of(json_string_value(json_object_get(o, "body")),
					  json_string_length(json_object_get(o, "body"))));
	w->now.ms = json_integer_value(json_object_get(o, "now")) * 1000;
	a.now = w->now;
	json_decref(o);
	return a;
}

static void print_taken(const struct connector_taken *t)
{
	json_t *items = json_array(), *tombstones = json_array(), *aliases = json_object();

	for (size_t i = 0; i < t->read.items.n; i++) {
		struct buf one = {0};

		item_write_json(&one, &t->read.items.items[i]);
		json_array_append_new(items, json_loads(buf_span(&one).p, 0, NULL));
		buf_deinit(&one);
	}
	for (size_t i = 0; i < t->read.n_tombstones; i++)
		json_array_append_new(tombstones, text(t->read.tombstones[i]));
	for (size_t i = 0; i < t->read.n_aliases; i++)
		json_object_set_new(
			aliases, t->read.aliases[i].alias.p, text(t->read.aliases[i].id));
	print_json(json_pack("{s:{s:s,s:I,s:o,s:o,s:o,s:b,s:I,s:b,s:b,s:o}}", "taken", "error",
		connector_error_names[t->refusal.error], "retry_after_s",
		(json_int_t)t->refusal.retry_after_s, "items", items, "tombstones", tombstones,
		"aliases", aliases, "more", t->more, "pause_s", (json_int_t)t->pause_s, "lost",
		t->lost, "bounded", t->bounded, "state", text(t->state)));
}

/* True: go on. */
static bool fetch_token(struct walk *w, struct arena *arena, const struct connector_pass *pass)
{
	struct connector_refusal refusal;
	struct connector_answer answer;
	const bool had_one = w->token.n > 0;
	struct span token;

	print_request(&pass->request, "token", false);
	answer = read_answer(w, arena);
	if (connector_token_read(
		    &token, &refusal, arena, w->c, pass, buf_span(&w->token), &answer) < 0)
		die("out of memory");
	if (refusal.error == CONNECTOR_OK)
		keep(&w->token, token);
	else if (pass->refreshing && refusal.error == CONNECTOR_AUTH)
		buf_clear(&w->token);
	w->refused = false;
	print_json(json_pack("{s:s,s:o}", "error", connector_error_names[refusal.error],
		"token", text(token)));
	return refusal.error == CONNECTOR_OK || (pass->refreshing && had_one);
}

static bool one_step(struct walk *w, struct arena *arena)
{
	const struct connector_target target = {.connector = w->c,
		.ask = w->ask,
		.base = w->base,
		.vars = w->vars,
		.n_vars = w->n_vars,
		.since = w->since};
	const struct connector_keys keys = {.wants = w->ask->wants,
		.secrets = w->secrets,
		.n_secrets = w->n_secrets,
		.token = buf_span(&w->token),
		.refused = w->refused};
	struct connector_pass pass;
	struct connector_step step;
	struct connector_taken taken;
	struct connector_answer answer;

	if (connector_enter(&pass, arena, w->c, &keys, w->base, w->now) < 0)
		die("no way to log in");
	if (pass.entry == CONNECTOR_FETCH_TOKEN)
		return fetch_token(w, arena, &pass);
	if (pass.entry != CONNECTOR_MAY_ASK) {
		print_json(json_pack(
			"{s:i,s:o}", "entry", pass.entry, "missing", text(pass.missing)));
		return false;
	}
	if (connector_walk_next(&step, arena, &target, &pass, buf_span(&w->state), w->now) < 0)
		die("no request can be made: is a --var missing?");
	print_request(&step.request, "answer", step.first);
	answer = read_answer(w, arena);
	if (connector_walk_take(&taken, arena, &target, buf_span(&w->state), &answer) < 0)
		die("out of memory");
	keep(&w->state, taken.state);
	print_taken(&taken);
	/* A token that was refused is renewed once. */
	if (taken.refusal.error == CONNECTOR_AUTH && pass.login && !w->renewed && w->token.n) {
		w->refused = w->renewed = true;
		return true;
	}
	w->renewed = false;
	return --w->steps > 0 && taken.more &&
	       (taken.refusal.error == CONNECTOR_OK || taken.lost);
}

static void pair(struct expr_var *vars, size_t *n, const char *s)
{
	const struct span given = span_str(s);
	const size_t equals = span_find(given, '=');

	if (*n < MAX_VARS)
		vars[(*n)++] = (struct expr_var){
			span_slice(given, 0, equals), span_slice(given, equals + 1, given.n)};
}

static void options(struct walk *w, int argc, char **argv)
{
	for (int i = 3; i + 1 < argc; i += 2) {
		const char *name = argv[i], *value = argv[i + 1];

		if (strcmp(name, "--base") == 0)
			w->base = span_str(value);
		else if (strcmp(name, "--var") == 0)
			pair(w->vars, &w->n_vars, value);
		else if (strcmp(name, "--secret") == 0)
			pair(w->secrets, &w->n_secrets, value);
		else if (strcmp(name, "--term") == 0 && w->n_terms < 16)
			w->terms[w->n_terms++] = span_str(value);
		else if (strcmp(name, "--since") == 0)
			w->since.ms = strtoll(value, NULL, 10) * 1000;
		else if (strcmp(name, "--now") == 0)
			w->now.ms = strtoll(value, NULL, 10) * 1000;
		else if (strcmp(name, "--steps") == 0)
			w->steps = strtol(value, NULL, 10);
		else
			die("unknown option");
	}
}

static void search(struct walk *w, struct arena *arena)
{
	struct connector_searches s;

	if (connector_searches(&s, arena, w->c, w->ask, w->terms, w->n_terms) < 0)
		die("out of memory");
	for (size_t i = 0; s.n && i < 5; i++)
		if (s.items[0].vars[i].value.n)
			w->vars[w->n_vars++] = s.items[0].vars[i];
}

int main(int argc, char **argv)
{
	struct walk w = {.since = WALL_NONE, .steps = 1000};
	struct err_list errors = {0};
	struct arena all = {0};
	const struct builtin *b = argc > 2 ? builtin_find(span_str(argv[1])) : NULL;
	bool more = true;

	if (!b || connector_new(&w.c, b->body, b->file, &errors) < 0)
		die("no such network");
	w.ask = connector_ask_find(w.c, span_str(argv[2]));
	if (!w.ask)
		die("no such way to ask");
	options(&w, argc, argv);
	load(&w.state, "WALK_STATE");
	load(&w.token, "WALK_TOKEN");
	search(&w, &all);
	for (size_t i = 0; i < w.n_vars && w.n_secrets < MAX_VARS; i++)
		w.secrets[w.n_secrets++] = w.vars[i];
	while (more) {
		struct arena arena = {0};

		more = one_step(&w, &arena);
		arena_release(&arena);
	}
	save(&w.state, "WALK_STATE");
	save(&w.token, "WALK_TOKEN");
	buf_deinit(&w.state);
	buf_deinit(&w.token);
	connector_free(w.c);
	arena_release(&all);
	return 0;
}
