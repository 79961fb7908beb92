#include "cli/sources_state.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/ask.h"
#include "cli/commands.h"
#include "config/config.h"
#include "config/path.h"
#include "connectors/builtin.h"
#include "io/file.h"
#include "io/http.h"
#include "line/accounts.h"
#include "line/codec_item.h"
#include "printer.h"

struct sources_state {
	struct config *config;
	json_t *status; /* the daemon's; NULL: it doesn't run */
	struct wall now;
};

/* --- Keys --------------------------------------------------------------------------------- */

/* In the arena. */
struct key_state {
	const char *word;
	struct span why; /* what is to be done; empty: nothing */
};

/* True: there is a file, perhaps an empty one: a token that ended. */
static bool read_token(struct buf *token, struct arena *arena, const struct sources_state *s,
	const struct connection *c, int *ret_error)
{
	const struct span path = accounts_token_path(arena, s->config->state.p, c->account);
	const int r = path.p ? file_read(token, path.p, CONNECTOR_MAX_TOKEN_BYTES,
				       FILE_NOFOLLOW | FILE_PRIVATE)
			     : -ENOMEM;

	*ret_error = r == -ENOENT ? 0 : r;
	return r == 0;
}

static struct key_state judge(struct arena *arena, const struct connection *c,
	const struct connector_pass *pass, bool had_token)
{
	const struct span network = c->target.connector->network;
	char end[RFC3339_SIZE];

	switch (pass->entry) {
	case CONNECTOR_MAY_ASK:
		if (!pass->login)
			return (struct key_state){"none needed", SPAN_NONE};
		break;
	case CONNECTOR_FETCH_TOKEN:
		return (struct key_state){
			"ok", pass->refreshing ? SPAN("the token is renewed at the next visit")
					       : SPAN("a token is fetched at the next visit")};
	case CONNECTOR_CONSENT:
		return (struct key_state){had_token ? "consent ended" : "no consent",
			arena_printf(arena, "run vigie auth %.*s", SPAN_ARG(network))};
	case CONNECTOR_NO_KEY:
		return (struct key_state){"missing", arena_dup(arena, pass->missing)};
	case CONNECTOR_KEY_REFUSED:
		return (struct key_state){
			"refused", SPAN("look whether the key is still good")};
	}
	if (!had_token || !*wall_rfc3339(end, connector_token_end(arena, c->keys.token)))
		return (struct key_state){"ok", SPAN_NONE};
	return (struct key_state){"ok", arena_printf(arena, "token until %s", end)};
}

static struct key_state key_state(
	const struct sources_state *s, struct arena *arena, const struct connection *c)
{
	struct key_state state = {"unknown", SPAN_NONE};
	struct connection with = *c;
	struct connector_pass pass;
	struct buf token = {0};
	bool had_token;
	int error;

	had_token = read_token(&token, arena, s, c, &error);
	with.keys.wants = c->target.ask->wants;
	with.keys.token = buf_span(&token);
	if (connector_enter(
		    &pass, arena, c->target.connector, &with.keys, c->target.base, s->now) == 0)
		state = judge(arena, &with, &pass, had_token);
	if (error < 0)
		state = (struct key_state){"unknown",
			arena_printf(arena, "its token can't be read: %s", strerror(-error))};
	if (token.p)
		explicit_bzero(token.p, token.n);
	buf_deinit(&token);
	return state;
}

/* --- What came of them -------------------------------------------------------------------- */

static const json_t *seen(const struct sources_state *s, struct span id)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(s->status, "sources"), i, one) {
		const char *name = json_string_value(json_object_get(one, "id"));

		if (name && span_eq_str(id, name))
			return one;
	}
	return NULL;
}

static void print_state(FILE *to, const struct sources_state *s, const json_t *one)
{
	const char *mark = answer_text(one, "mark"), *error = answer_text(one, "error");

	if (!s->status) {
		(void)fputs("the daemon doesn't run", to);
	} else if (!one) {
		(void)fputs("not the daemon's: reload it", to);
	} else if (*mark || *error) {
		(void)fprintf(to, "%s%s", mark, *mark && *error ? ": " : "");
		printer_text(to, span_str(error));
	} else if (*answer_text(one, "last_read")) {
		(void)fprintf(to, "ok, read %s", answer_text(one, "last_read"));
	} else {
		(void)fputs("not read yet", to);
	}
}

/* --- Out ---------------------------------------------------------------------------------- */

void sources_state_print(const struct sources_state *s, FILE *to)
{
	bool any = false;

	for (size_t i = 0; i < s->config->n_sources; i++) {
		const struct source *source = s->config->sources[i];
		struct arena arena = {0};
		struct buf key = {0};
		struct key_state state;

		if (!source->connection)
			continue;
		if (!any)
			(void)fprintf(to, "\n%-28s %-40s %s\n", "source", "key", "state");
		any = true;
		state = key_state(s, &arena, source->connection);
		buf_addf(&key, "%s%s%.*s", state.word, state.why.n ? ": " : "",
			SPAN_ARG(state.why));
		(void)fprintf(
			to, "%-28.*s %-40.*s ", SPAN_ARG(source->id), SPAN_ARG(buf_span(&key)));
		print_state(to, s, seen(s, source->id));
		(void)fputc('\n', to);
		buf_deinit(&key);
		arena_release(&arena);
	}
}

static void add_text(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, ",\"%s\":", name);
	if (*value)
		json_write_string(out, span_str(value));
	else
		buf_add_str(out, "null");
}

void sources_state_json(const struct sources_state *s, struct buf *out, struct span network)
{
	bool any = false;

	buf_add_char(out, '[');
	for (size_t i = 0; i < s->config->n_sources; i++) {
		const struct source *source = s->config->sources[i];
		const struct connection *c = source->connection;
		struct arena arena = {0};
		const json_t *one = seen(s, source->id);
		struct key_state state;

		if (!c || !span_eq(c->target.connector->network, network))
			continue;
		state = key_state(s, &arena, c);
		buf_add_str(out, any ? ",{\"id\":" : "{\"id\":");
		any = true;
		json_write_string(out, source->id);
		add_text(out, "key", state.word);
		add_text(out, "why", state.why.n ? state.why.p : "");
		add_text(out, "mark", answer_text(one, "mark"));
		add_text(out, "error", answer_text(one, "error"));
		add_text(out, "last_read", answer_text(one, "last_read"));
		buf_add_char(out, '}');
		arena_release(&arena);
	}
	buf_add_char(out, ']');
}

void sources_state_own(const struct sources_state *s,
	void (*see)(void *arg, const struct connector *c), void *arg)
{
	for (size_t i = 0; i < s->config->n_sources; i++) {
		const struct connection *c = s->config->sources[i]->connection;
		size_t k = 0;

		if (!c || builtin_find(c->target.connector->network))
			continue;
		while (!s->config->sources[k]->connection ||
			s->config->sources[k]->connection->target.connector !=
				c->target.connector)
			k++;
		if (k == i)
			see(arg, c->target.connector);
	}
}

/* --- In ----------------------------------------------------------------------------------- */

static json_t *ask_daemon_quietly(const struct config *config)
{
	struct arena arena = {0};
	struct buf answer = {0};
	const struct span path = arena_printf(&arena, "%s/control.sock", config->state.p);
	json_t *root = NULL;
	int status = 0;

	if (path.p &&
		http_control_ask(path.p, "GET", "/status", SPAN_NONE, &answer, &status) == 0 &&
		status == 200)
		root = json_loadb(answer.p, answer.n, 0, NULL);
	buf_deinit(&answer);
	arena_release(&arena);
	return root;
}

int sources_state_load(struct sources_state **ret, const char *path)
{
	struct sources_state *s;
	struct err_list errors = {0};
	const bool named = path;
	int r;

	*ret = NULL;
	if (!path)
		path = config_path_default();
	if (!path)
		return EXIT_DONE;
	s = calloc(1, sizeof(*s));
	r = s ? config_load(&s->config, path, NULL, &errors) : -ENOMEM;
	if (r < 0 && named)
		err_list_print(&errors, stderr);
	else if (r < 0)
		(void)fprintf(stderr,
			"vigie: without the sources of %s: vigie check says what is wrong with "
			"it\n",
			path);
	err_list_deinit(&errors);
	if (r < 0) {
		sources_state_free(s);
		return named ? EXIT_USAGE : EXIT_DONE;
	}
	s->now.ms = (int64_t)time(NULL) * 1000;
	s->status = ask_daemon_quietly(s->config);
	*ret = s;
	return EXIT_DONE;
}

struct sources_state *sources_state_free(struct sources_state *s)
{
	if (!s)
		return NULL;
	json_decref(s->status);
	config_unref(s->config);
	free(s);
	return NULL;
}
