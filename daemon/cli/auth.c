/*
 * auth: a person's consent to be read as them, for networks that want it: the authorization
 * code flow (RFC 6749, section 4.1) with PKCE (RFC 7636) and a loopback redirect (RFC 8252,
 * section 7.3). It prints the address to open, waits for the browser to come back, fetches the
 * first token and puts it where the daemon looks for it (line/accounts.h).
 */

#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/path.h"
#include "config/config.h"
#include "io/file.h"
#include "io/http.h"
#include "io/log.h"
#include "io/transfer.h"
#include "line/accounts.h"
#include "sources/url.h"

enum {
	PATIENCE_MS = 10 * 60 * 1000, /* for a person to log in and read what is asked */
	LINGER_MS = 200,              /* for the last page to reach the browser */
	MAX_TOKEN_ANSWER = 256 * 1024,
	SECRET_LETTERS = 64, /* RFC 7636, section 4.1: 43 to 128 */
};

struct auth {
	const char *network, *path;
	struct config *config;
	const struct connection *connection;
	struct loop *loop;
	struct http *http;
	struct transfer *transfer;
	struct transfer_handle *handle;
	struct timer *patience, *leave;
	struct arena arena;
	char state[SECRET_LETTERS + 1], verifier[SECRET_LETTERS + 1];
	struct span redirect;
	struct connector_pass pass;
	bool asked;
	int status;
};

static void finish(struct auth *a, int status, const char *text)
{
	(void)fprintf(stderr, "vigie: %s\n", text);
	a->status = status;
	(void)timer_set(a->leave, LINGER_MS);
}

static void on_leave(void *arg)
{
	struct auth *a = arg;

	loop_stop(a->loop);
}

static void on_impatient(void *arg)
{
	finish(arg, EXIT_FAILED, "nobody came back from the browser: run it again");
}

static bool make_secret(char out[SECRET_LETTERS + 1])
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char bytes[SECRET_LETTERS];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return false;
	for (size_t i = 0; i < SECRET_LETTERS; i++)
		out[i] = letters[bytes[i] % 64];
	out[SECRET_LETTERS] = '\0';
	return true;
}

static size_t vars_of(const struct auth *a, struct expr_var vars[4], struct span code)
{
	vars[0] = (struct expr_var){SPAN("redirect_uri"), a->redirect};
	vars[1] = (struct expr_var){SPAN("state"), span_str(a->state)};
	vars[2] = (struct expr_var){SPAN("code_verifier"), span_str(a->verifier)};
	vars[3] = (struct expr_var){SPAN("code"), code};
	return code.n ? 4 : 3;
}

/* --- The token ---------------------------------------------------------------------------- */

static void keep(struct auth *a, struct span token)
{
	const char *state = a->config->state.p;
	const struct span folder = arena_printf(&a->arena, "%s/%s", state, ACCOUNTS_TOKENS);
	const struct span path = accounts_token_path(&a->arena, state, a->connection->account);
	int r = folder.p && path.p ? 0 : -ENOMEM, lock;

	if (r == 0) {
		(void)mkdir(state, 0700); /* the write says what is wrong with them */
		(void)mkdir(folder.p, 0700);
		lock = accounts_token_lock(state, a->connection->account, true);
		r = lock < 0 ? lock : file_write(path.p, token, 0600);
		if (lock >= 0)
			(void)close(lock);
	}
	if (r < 0) {
		(void)fprintf(stderr, "vigie: %s: %s\n", path.p ? path.p : "", strerror(-r));
		finish(a, EXIT_FAILED,
			"the token could not be kept: mend that, and run it again");
		return;
	}
	(void)printf("%s\n", path.p);
	finish(a, EXIT_DONE, "agreed: the daemon uses it from its next visit on");
}

static void on_token(void *arg, const struct transfer_result *result)
{
	struct auth *a = arg;
	const struct document *d = &result->document;
	const struct connector_answer answer = {.status = d->status,
		.headers = d->headers,
		.n_headers = d->n_headers,
		.body = d->body,
		.now = loop_wall(a->loop)};
	struct connector_refusal refusal;
	struct span token;

	a->handle = NULL;
	if (result->error != TRANSFER_OK) {
		finish(a, EXIT_FAILED, arena_dup(&a->arena, result->why).p);
	} else if (connector_token_read(&token, &refusal, &a->arena,
			   a->connection->target.connector, &a->pass, SPAN_NONE, &answer) < 0) {
		finish(a, EXIT_FAILED, "out of memory");
	} else if (refusal.error != CONNECTOR_OK) {
		(void)fprintf(stderr, "vigie: the network answers %d (%s)\n", d->status,
			connector_error_names[refusal.error]);
		finish(a, EXIT_FAILED,
			"no token was given: check the keys and the redirect that "
			"the app allows");
	} else {
		keep(a, token);
	}
}

/* --- The browser's return ----------------------------------------------------------------- */

static void take_code(struct auth *a, struct span code)
{
	struct expr_var vars[4];
	const size_t n = vars_of(a, vars, code);
	int r = connector_code(&a->pass, &a->arena, a->connection->target.connector,
		&a->connection->keys, a->connection->target.base, vars, n);

	if (r == 0)
		r = transfer_start(&a->handle, a->transfer,
			&(struct transfer_ask){
				.request = &a->pass.request, .max_body = MAX_TOKEN_ANSWER},
			on_token, a);
	if (r < 0)
		finish(a, EXIT_FAILED, "no request for a token can be made");
}

/* Only who knows `state` was sent by us (RFC 6749, section 10.12); and once. */
static void on_return(void *arg, struct http_ask *ask)
{
	struct auth *a = arg;
	struct buf state = {0}, code = {0};
	const bool ours = http_param(ask, "state", &state) &&
			  span_eq_str(buf_span(&state), a->state) && !a->asked;

	if (!ours) {
		http_reply_text(ask, 403, "this is not what was waited for");
	} else if (!http_param(ask, "code", &code) || !code.n) {
		http_reply_text(ask, 200, "Not agreed. This page can be closed.");
		finish(a, EXIT_FAILED, "the network says that nobody agreed");
	} else {
		a->asked = true;
		http_reply_text(ask, 200, "Thank you. This page can be closed.");
		take_code(a, arena_dup(&a->arena, buf_span(&code)));
	}
	buf_deinit(&state);
	buf_deinit(&code);
}

/* --- The start ---------------------------------------------------------------------------- */

static const struct connection *find(const struct config *config, const char *network)
{
	for (size_t i = 0; i < config->n_sources; i++) {
		const struct connection *c = config->sources[i]->connection;
		const struct connector *connector = c ? c->target.connector : NULL;

		for (size_t k = 0; connector && k < connector->n_logins; k++)
			if (span_eq_str(connector->network, network) &&
				connector->logins[k].has_consent)
				return c;
	}
	return NULL;
}

static int begin(struct auth *a)
{
	const struct config_crawl *crawl = &a->config->crawl;
	const struct transfer_options options = {.user_agent = crawl->user_agent.p,
		.ca_file = span_empty(crawl->ca_file) ? NULL : crawl->ca_file.p,
		.guarded = true,
		.allow = crawl->allow,
		.n_allow = crawl->n_allow};
	struct expr_var vars[4];
	struct span url;
	size_t n;
	int r = loop_new(&a->loop);

	if (r >= 0)
		r = timer_new(&a->patience, a->loop, on_impatient, a);
	if (r >= 0)
		r = timer_new(&a->leave, a->loop, on_leave, a);
	if (r >= 0)
		r = transfer_new(&a->transfer, a->loop, &options);
	if (r >= 0)
		r = http_new(&a->http, a->loop, &(struct http_options){.host = "127.0.0.1"});
	if (r >= 0)
		r = http_on(a->http, "/callback", on_return, a);
	if (r < 0)
		return r;
	a->redirect =
		arena_printf(&a->arena, "http://127.0.0.1:%d/callback", http_port(a->http));
	if (!a->redirect.p || !make_secret(a->state) || !make_secret(a->verifier))
		return -ENOMEM;
	n = vars_of(a, vars, SPAN_NONE);
	r = connector_consent(&url, &a->arena, a->connection->target.connector,
		&a->connection->keys, a->connection->target.base, vars, n);
	if (r < 0)
		return r;
	(void)fprintf(stderr, "Open this in a browser on this machine, and agree:\n\n");
	(void)printf("%.*s\n", SPAN_ARG(url));
	(void)fflush(stdout);
	(void)timer_set(a->patience, PATIENCE_MS);
	return loop_run(a->loop);
}

static int run_auth(struct auth *a)
{
	int r;

	a->connection = find(a->config, a->network);
	if (!a->connection) {
		(void)fprintf(stderr,
			"vigie: no source of %s that asks for a person's consent: write one, "
			"with "
			"its keys; vigie sources show %s says which\n",
			a->network, a->network);
		return EXIT_USAGE;
	}
	r = begin(a);
	if (r == -EINVAL)
		(void)fprintf(stderr,
			"vigie: %s needs its keys first: vigie check names them\n", a->network);
	else if (r < 0)
		(void)fprintf(stderr, "vigie: %s\n", strerror(-r));
	http_free(a->http);
	transfer_free(a->transfer);
	timer_free(a->leave);
	timer_free(a->patience);
	loop_free(a->loop);
	return r < 0 ? EXIT_FAILED : a->status;
}

int command_auth(int argc, char **argv)
{
	struct auth a = {.status = EXIT_FAILED};
	struct err_list errors = {0};
	int r;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
			a.path = argv[++i];
		else if (!a.network && argv[i][0] != '-')
			a.network = argv[i];
		else
			return command_usage(argv[0]);
	}
	if (!a.path)
		a.path = config_path_default();
	if (!a.network || !a.path)
		return command_usage(argv[0]);
	log_set_level(LOG_ERROR_LEVEL);
	r = config_load(&a.config, a.path, NULL, &errors);
	err_list_print(&errors, stderr);
	err_list_deinit(&errors);
	if (r < 0)
		return EXIT_USAGE;
	r = run_auth(&a);
	arena_release(&a.arena);
	config_unref(a.config);
	return r;
}
