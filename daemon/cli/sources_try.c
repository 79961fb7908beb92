#include "cli/sources_try.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "config/config.h"
#include "io/log.h"
#include "io/transfer.h"
#include "line/accounts.h"
#include "line/codec_item.h"
#include "vigie/cleanup.h"

enum { VARS_MAX = 32, MAX_REDIRECTS = 5, LOOK_BACK_MS = 24 * 3600 * 1000 };

struct
try {
	const char *network, *query, *base, *ask, *allow;
	const char *vars[VARS_MAX];
	size_t n_vars;
	struct loop *loop;
	struct transfer *transfer;
	struct accounts *accounts;
	struct accounts_turn *turn;
	struct transfer_handle *handle;
	const struct connection *connection;
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
		{"--allow", &t->allow}};

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

/* A configuration with this one source. */
static void write_config(struct buf *out, const struct try *t)
{
	buf_add_str(out, "state: /nonexistent\nrules: []\nsources:\n  - {connector: ");
	config_quote(out, span_str(t->network));
	add_pair(out, "search", t->query);
	add_pair(out, "base", t->base);
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
	for (size_t i = 0; i < t->connection->n_quotas; i++)
		(void)fprintf(stderr, "%s %lld in %lld s", i ? "," : " of",
			(long long)t->connection->quotas[i].most,
			(long long)(t->connection->quotas[i].per_ms / 1000));
	(void)fputc('\n', stderr);
	buf_deinit(&url);
}

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
		finish(t, EXIT_FAILED, entry->why);
		return;
	}
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
	const struct transfer_options options = {.user_agent = config->crawl.user_agent.p,
		.guarded = true,
		.allow = config->crawl.allow,
		.n_allow = config->crawl.n_allow,
		.max_redirects = MAX_REDIRECTS};
	struct span why = SPAN_NONE;
	struct pool *pool = NULL;
	int r = loop_new(&t->loop);

	t->target = connection_target(t->connection, WALL_NONE,
		r >= 0 ? loop_wall(t->loop) : (struct wall){0}, LOOK_BACK_MS);
	if (r >= 0)
		r = pool_new(&pool, t->loop, 1);
	if (r >= 0)
		r = transfer_new(&t->transfer, t->loop, &options);
	if (r >= 0)
		r = accounts_new(&t->accounts, t->loop, pool,
			&(struct accounts_options){.transfer = t->transfer}, &t->arena, &why);
	if (r >= 0)
		r = accounts_enter(&t->turn, t->accounts, t->connection, on_entered, t);
	if (r >= 0)
		r = loop_run(t->loop);
	if (r < 0)
		(void)fprintf(stderr, "vigie: %s\n", strerror(-r));
	pool_free(pool);
	accounts_free(t->accounts);
	transfer_free(t->transfer);
	loop_free(t->loop);
	return r < 0 ? EXIT_FAILED : t->status;
}

int sources_try(int argc, char **argv)
{
	struct try t = {.status = EXIT_FAILED};
	CLEANUP(buf_deinit) struct buf yaml = {0};
	struct err_list errors = {0};
	struct config *config = NULL;
	int status = read_options(&t, argc, argv), r;

	if (status != EXIT_DONE)
		return status;
	log_set_level(LOG_ERROR_LEVEL);
	write_config(&yaml, &t);
	r = buf_result(&yaml);
	if (r == 0)
		r = config_read(
			&config, buf_span(&yaml), "vigie sources try", ".", NULL, &errors);
	err_list_print(&errors, stderr);
	err_list_deinit(&errors);
	if (r < 0)
		return EXIT_USAGE;
	if (config->n_sources) {
		t.connection = config->sources[0]->connection;
		status = ask(&t, config);
	} else {
		for (size_t i = 0; i < config->warnings.n; i++)
			(void)fprintf(stderr, "vigie: %s\n", config->warnings.items[i].text);
		status = EXIT_FAILED;
	}
	arena_release(&t.arena);
	config_unref(config);
	return status;
}
