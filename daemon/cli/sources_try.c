#include "cli/sources_try.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "config/config.h"
#include "config/path.h"
#include "io/log.h"
#include "io/transfer.h"
#include "line/accounts.h"
#include "line/codec_item.h"
#include "vigie/cleanup.h"

enum { VARS_MAX = 32, MAX_REDIRECTS = 5, LOOK_BACK_MS = 24 * 3600 * 1000 };

struct
try {
	const char *network, *query, *base, *ask, *allow, *config_path;
	const char *vars[VARS_MAX];
	size_t n_vars;
	struct loop *loop;
	struct transfer *transfer;
	struct accounts *accounts;
	struct accounts_turn *turn;
	struct transfer_handle *handle;
	struct config *own;             /* the operator's; NULL: there is none */
	const struct connection *known; /* its source of the network; or NULL */
	struct connection connection;
	bool renewable, again; /* asked with a token; once more, with another one */
	struct connector_target target;
	struct connector_step step;
	struct arena arena;
	int status;
};

static int read_options(struct try *t, int argc, char **argv)
{
	const struct {
		const char *name;
		const char **to;
	} options[] = {{"--query", &t->query}, {"--base", &t->base}, {"--ask", &t->ask},
		{"--allow", &t->allow}, {"-c", &t->config_path}};

	t->network = argv[0];
	for (int i = 1; i < argc; i++) {
		const char **to = NULL;

		for (size_t k = 0; k < sizeof(options) / sizeof(*options); k++)
			if (strcmp(argv[i], options[k].name) == 0)
				to = options[k].to;
		if (strcmp(argv[i], "--var") == 0 && t->n_vars < VARS_MAX)
			to = &t->vars[t->n_vars++];
		if (!to || i + 1 == argc)
			return command_usage("sources");
		*to = argv[++i];
	}
	for (size_t i = 0; i < t->n_vars; i++)
		if (!strchr(t->vars[i], '=')) {
			(void)fprintf(stderr, "vigie: --var %s: write --var NAME=VALUE\n",
				t->vars[i]);
			return EXIT_USAGE;
		}
	return EXIT_DONE;
}

static void add_pair(struct buf *out, const char *key, const char *value)
{
	if (!value)
		return;
	buf_addf(out, ", %s: ", key);
	config_quote(out, span_str(value));
}

/* --- The operator's configuration --------------------------------------------------------- */

/* Its source of the network at the address: whose keys, account and token are used. */
static const struct connection *find_known(const struct try *t, struct span network)
{
	for (size_t i = 0; t->own && i < t->own->n_sources; i++) {
		const struct connection *c = t->own->sources[i]->connection;

		if (c && span_eq(c->target.connector->network, network) &&
			(!t->base || span_eq_str(c->target.base, t->base)))
			return c;
	}
	return NULL;
}

/* A mistake in a file that nobody named is no reason not to ask. */
static int read_own(struct try *t)
{
	struct err_list errors = {0};
	const char *path = t->config_path ? t->config_path : config_path_default();
	int r = path ? config_load(&t->own, path, NULL, &errors) : 0;

	if (r < 0 && t->config_path)
		err_list_print(&errors, stderr);
	else if (r < 0)
		(void)fprintf(stderr,
			"vigie: asked without %s: vigie check says what is wrong with it\n",
			path);
	else
		t->config_path = path;
	err_list_deinit(&errors);
	if (r < 0 && t->config_path)
		return EXIT_USAGE;
	t->known = find_known(t, span_str(t->network));
	return EXIT_DONE;
}

/* The connector of a known source as it is found from here. */
static void add_known_name(struct buf *out, const struct try *t)
{
	const struct span name = config_network_name(t->own, t->known->target.connector);
	const char *slash = strrchr(t->config_path, '/');
	struct buf path = {0};

	if (slash && span_ends(name, SPAN(".yaml")) && name.p[0] != '/' && name.p[0] != '~')
		buf_add(&path, span_of(t->config_path, (size_t)(slash - t->config_path) + 1));
	buf_add(&path, name);
	config_quote(out, buf_span(&path));
	out->failed = out->failed || path.failed;
	buf_deinit(&path);
}

/* A configuration with this one source. */
static void write_config(struct buf *out, const struct try *t)
{
	buf_add_str(out, "state: /nonexistent\nrules: []\nsources:\n  - {connector: ");
	if (t->known)
		add_known_name(out, t);
	else
		config_quote(out, span_str(t->network));
	add_pair(out, "search", t->query);
	add_pair(out, "base",
		t->base                               ? t->base
		: t->known && t->known->target.base.n ? t->known->target.base.p
						      : NULL);
	add_pair(out, "ask", t->ask);
	buf_add_str(out, ", vars: {");
	for (size_t i = 0; i < t->n_vars; i++) {
		const size_t n = (size_t)(strchr(t->vars[i], '=') - t->vars[i]);

		buf_add_str(out, i ? ", " : "");
		config_quote(out, span_of(t->vars[i], n));
		buf_add_str(out, ": ");
		config_quote(out, span_str(t->vars[i] + n + 1));
	}
	buf_add_str(out, "}}\n");
	if (t->allow)
		buf_addf(out, "crawl: {allow_addresses: ['%s']}\n", t->allow);
}

/* What is asked, on the known source's account unless other keys were given. */
static void adopt(struct try *t, const struct connection *made)
{
	t->connection = *made;
	if (!t->known)
		t->known = find_known(t, made->target.connector->network);
	if (!t->known || !span_eq(t->known->target.base, made->target.base))
		return;
	t->connection.quotas = t->known->quotas;
	t->connection.n_quotas = t->known->n_quotas;
	if (!made->keys.n_secrets) {
		t->connection.keys = t->known->keys;
		t->connection.account = t->known->account;
	}
}

/* Where tokens are; NULL: nowhere. A token that is renewed must be the daemon's to read. */
static int state_of(const struct try *t, const char **ret)
{
	const struct connector *c = t->connection.target.connector;
	bool token = false;
	struct stat st;

	*ret = NULL;
	for (size_t i = 0; i < c->n_logins; i++)
		token = token || c->logins[i].has_token || c->logins[i].has_refresh ||
			c->logins[i].has_consent;
	if (!token || !t->own || stat(t->own->state.p, &st) < 0)
		return EXIT_DONE;
	if (st.st_uid != geteuid()) {
		(void)fprintf(stderr,
			"vigie: the tokens in %s are another user's: run it as the user the "
			"daemon runs as\n",
			t->own->state.p);
		return EXIT_FAILED;
	}
	*ret = t->own->state.p;
	return EXIT_DONE;
}

/* --- The request -------------------------------------------------------------------------- */

static void finish(struct try *t, int status, struct span why)
{
	if (!span_empty(why))
		(void)fprintf(stderr, "vigie: %.*s\n", SPAN_ARG(why));
	t->status = status;
	loop_stop(t->loop);
}

static void print(const struct connector_result *read)
{
	struct buf out = {0};

	for (size_t i = 0; i < read->items.n; i++) {
		item_write_json(&out, &read->items.items[i]);
		(void)printf("%.*s\n", SPAN_ARG(buf_span(&out)));
		buf_clear(&out);
	}
	for (size_t i = 0; i < read->n_tombstones; i++) {
		buf_clear(&out);
		json_write_string(&out, read->tombstones[i]);
		(void)printf("{\"tombstone\":%.*s}\n", SPAN_ARG(buf_span(&out)));
	}
	buf_deinit(&out);
}

/* What it was, and what it cost; the address without its secrets. */
static void tell(
	const struct try *t, const struct document *d, const struct connector_taken *taken)
{
	struct buf url = {0};

	log_url_write(&url, t->step.request.url);
	(void)fprintf(stderr, "%s %.*s: %d, %zu items%s; cost %lld",
		t->step.request.body.n ? "POST" : "GET", SPAN_ARG(buf_span(&url)), d->status,
		taken->read.items.n, taken->more ? " and more behind them" : "",
		(long long)(t->step.cost > 0 ? t->step.cost : 1));
	for (size_t i = 0; i < t->connection.n_quotas; i++)
		(void)fprintf(stderr, "%s %lld in %lld s", i ? "," : " of",
			(long long)t->connection.quotas[i].most,
			(long long)(t->connection.quotas[i].per_ms / 1000));
	(void)fputc('\n', stderr);
	buf_deinit(&url);
}

static void on_entered(void *arg, const struct accounts_entry *entry);

static void on_answer(void *arg, const struct transfer_result *result)
{
	struct try *t = arg;
	const struct document *d = &result->document;
	const struct connector_answer answer = {.status = d->status,
		.headers = d->headers,
		.n_headers = d->n_headers,
		.body = d->body,
		.now = loop_wall(t->loop)};
	struct connector_taken taken = {0};

	t->handle = NULL;
	if (result->error != TRANSFER_OK) {
		finish(t, EXIT_FAILED, result->why);
		return;
	}
	if (connector_walk_take(&taken, &t->arena, &t->target, SPAN_NONE, &answer) < 0) {
		finish(t, EXIT_FAILED, SPAN("out of memory"));
		return;
	}
	tell(t, d, &taken);
	/* A token may have ended before its time, as the daemon's may: renewed once. */
	if (taken.refusal.error == CONNECTOR_AUTH && t->renewable && !t->again) {
		t->again = true;
		accounts_told(t->accounts, &t->connection, CONNECTOR_AUTH, 0);
		if (accounts_enter(&t->turn, t->accounts, &t->connection, on_entered, t) == 0)
			return;
	}
	if (taken.refusal.error != CONNECTOR_OK &&
		taken.refusal.error != CONNECTOR_END_OF_PAGES) {
		finish(t, EXIT_FAILED,
			arena_printf(&t->arena, "the network refuses: %s",
				connector_error_names[taken.refusal.error]));
		return;
	}
	print(&taken.read);
	finish(t, EXIT_DONE, SPAN_NONE);
}

static void on_entered(void *arg, const struct accounts_entry *entry)
{
	struct try *t = arg;
	int r;

	t->turn = NULL;
	if (!entry->pass) {
		finish(t, EXIT_FAILED,
			!span_empty(entry->why)
				? entry->why
				: arena_printf(&t->arena,
					  "the network wants to be left alone for %lld s more",
					  (long long)(entry->wait_ms / 1000 + 1)));
		return;
	}
	t->renewable = entry->pass->login && entry->pass->login->has_token;
	r = connector_walk_next(
		&t->step, &t->arena, &t->target, entry->pass, SPAN_NONE, loop_wall(t->loop));
	if (r == 0)
		r = transfer_start(&t->handle, t->transfer,
			&(struct transfer_ask){.request = &t->step.request}, on_answer, t);
	if (r < 0)
		finish(t, EXIT_FAILED, SPAN("no request can be made of this"));
}

static int ask(struct try *t, const struct config *config)
{
	const struct config_crawl *crawl = t->own ? &t->own->crawl : &config->crawl;
	const struct config_crawl *guard = t->allow ? &config->crawl : crawl;
	const struct transfer_options options = {.user_agent = crawl->user_agent.p,
		.ca_file = span_empty(crawl->ca_file) ? NULL : crawl->ca_file.p,
		.guarded = true,
		.allow = guard->allow,
		.n_allow = guard->n_allow,
		.max_redirects = MAX_REDIRECTS};
	struct accounts_options accounts = {0};
	struct span why = SPAN_NONE;
	struct pool *pool = NULL;
	int r;

	if (state_of(t, &accounts.folder) != EXIT_DONE)
		return EXIT_FAILED;
	r = loop_new(&t->loop);
	t->target = connection_target(&t->connection, WALL_NONE,
		r >= 0 ? loop_wall(t->loop) : (struct wall){0}, LOOK_BACK_MS);
	if (r >= 0)
		r = pool_new(&pool, t->loop, 1);
	if (r >= 0)
		r = transfer_new(&t->transfer, t->loop, &options);
	accounts.transfer = t->transfer;
	if (r >= 0)
		r = accounts_new(&t->accounts, t->loop, pool, &accounts, &t->arena, &why);
	if (r >= 0)
		r = accounts_enter(&t->turn, t->accounts, &t->connection, on_entered, t);
	if (r >= 0)
		r = loop_run(t->loop);
	if (r < 0)
		(void)fprintf(stderr, "vigie: %s\n", span_empty(why) ? strerror(-r) : why.p);
	pool_free(pool);
	accounts_free(t->accounts);
	transfer_free(t->transfer);
	loop_free(t->loop);
	return r < 0 ? EXIT_FAILED : t->status;
}

static int run(struct try *t)
{
	CLEANUP(buf_deinit) struct buf yaml = {0};
	struct err_list errors = {0};
	struct config *config = NULL;
	int status = EXIT_FAILED, r;

	write_config(&yaml, t);
	r = buf_result(&yaml);
	if (r == 0)
		r = config_read(
			&config, buf_span(&yaml), "vigie sources try", ".", NULL, &errors);
	err_list_print(&errors, stderr);
	err_list_deinit(&errors);
	if (r < 0)
		return EXIT_USAGE;
	if (config->n_sources) {
		adopt(t, config->sources[0]->connection);
		status = ask(t, config);
	} else {
		for (size_t i = 0; i < config->warnings.n; i++)
			(void)fprintf(stderr, "vigie: %s\n", config->warnings.items[i].text);
	}
	config_unref(config);
	return status;
}

int sources_try(int argc, char **argv)
{
	struct try t = {.status = EXIT_FAILED};
	int status = read_options(&t, argc, argv);

	if (status != EXIT_DONE)
		return status;
	log_set_level(LOG_ERROR_LEVEL);
	status = read_own(&t);
	if (status == EXIT_DONE)
		status = run(&t);
	arena_release(&t.arena);
	config_unref(t.own);
	return status;
}
