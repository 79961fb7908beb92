/*
 * run_asked: what the running daemon answers when crawl or control asks.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk_control.h"
#include "io/log.h"
#include "line/connection.h"
#include "line/identity.h"
#include "run_house.h"

/* --- States of sources: crawl asks, the queue answers
 * ------------------------------------------- */

struct states_ask {
	struct vigie *v;
	struct span *ids;
	size_t n;
};

static void on_state(void *arg, size_t i, const struct source_state *state)
{
	struct states_ask *ask = arg;

	crawl_state(ask->v->crawl, ask->ids[i], state);
}

static void on_states_end(void *arg, int r)
{
	struct states_ask *ask = arg;

	if (r < 0)
		log_debug("crawl.states_missing", STR("why", strerror(-r)));
	for (size_t i = 0; i < ask->n; i++)
		free((char *)ask->ids[i].p);
	free(ask->ids);
	free(ask);
}

void asked_states(void *arg, const struct source *const *sources, size_t n)
{
	struct vigie *v = arg;
	struct states_ask *ask = calloc(1, sizeof(*ask));
	struct queue_state_ask *asks = calloc(n, sizeof(*asks));
	struct arena arena = {0};
	int r = -ENOMEM;

	if (ask)
		ask->ids = calloc(n, sizeof(*ask->ids));
	for (size_t i = 0; ask && ask->ids && asks && i < n; i++) {
		char *id = strndup(sources[i]->id.p, sources[i]->id.n);

		if (!id)
			break;
		ask->ids[ask->n++] = span_of(id, sources[i]->id.n);
		asks[i] = (struct queue_state_ask){ask->ids[i],
			identity_partition(identity_namespace(&arena, sources[i]))};
	}
	arena_release(&arena);
	if (ask && ask->n == n) {
		ask->v = v;
		r = queue_states(v->queue, asks, n, on_state, on_states_end, ask);
	}
	free(asks);
	if (r < 0 && ask)
		on_states_end(ask, r);
}

/* --- Questions of control ------------------------------------------------------------------
 */

struct span redis_for_people(const struct config *config)
{
	const struct span private = SPAN("private");
	const struct span url = config->redis;
	size_t at = url.n;

	while (at && url.p[at - 1] != '@')
		at--;
	return span_empty(url) ? private : span_slice(url, at, url.n);
}

void asked_status(void *arg, struct status_view *ret)
{
	struct vigie *v = arg;

	*ret = (struct status_view){
		.started = v->started,
		.now = loop_wall(v->loop),
		.redis = redis_for_people(v->config),
		.trouble = span_empty(v->redis_trouble) ? v->archive_trouble : v->redis_trouble,
		.loop = v->loop,
		.crawl = v->crawl,
		.accounts = v->accounts,
		.queue = v->queue,
		.archive = v->archive,
		.keep = v->keep,
		.deliveries = v->post ? post_counts(v->post) : NULL,
		.desk = v->dispatch ? dispatch_desk(v->dispatch) : NULL,
		.rules = ruleset_count(v->config->rules),
	};
}

static void on_post_answer(void *arg, int status, struct span body)
{
	http_reply(arg, status, status < 400 ? "application/json" : "text/plain; charset=utf-8",
		NULL, 0, body);
}

void asked_deliveries(void *arg, struct http_ask *ask)
{
	struct vigie *v = arg;
	const struct span path = span_slice(ask->path, sizeof("/deliveries") - 1, ask->path.n);

	if (v->post)
		post_control(v->post, ask->method, path, on_post_answer, ask);
	else
		http_reply_text(ask, 503, "Redis is not up yet: ask again in a moment");
}

void asked_reports(void *arg, struct http_ask *ask)
{
	struct vigie *v = arg;

	if (v->reports)
		reports_post(v->reports, ask);
	else
		http_reply_text(ask, 503, "Redis is not up yet: ask again in a moment");
}

static void on_spent(void *arg, int64_t wait_ms)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)wait_ms);
	http_reply_text(arg, 200, text);
}

/* A command is about to ask a network on our account: "?account=NAME&cost=UNITS" is answered
 * with the time to wait in ms, and at 0 it is spent. */
void asked_spend(void *arg, struct http_ask *ask)
{
	struct vigie *v = arg;
	const struct connection *connection = NULL;
	struct accounts_turn *turn;
	struct buf account = {0}, cost = {0};
	int64_t units = 0;

	if (http_param(ask, "account", &account) && http_param(ask, "cost", &cost) && cost.n)
		units = strtoll(cost.p, NULL, 10);
	for (size_t i = 0; i < v->config->n_sources && units > 0; i++) {
		const struct connection *c = v->config->sources[i]->connection;

		if (c && span_eq(c->account, buf_span(&account)))
			connection = c;
	}
	buf_deinit(&account);
	buf_deinit(&cost);
	if (!v->accounts)
		http_reply_text(ask, 503, "not up yet: ask again in a moment");
	else if (!connection)
		http_reply_text(
			ask, 404, "no source has this account: reload the configuration");
	else if (accounts_spend(&turn, v->accounts, connection, SPAN("vigie sources try"),
			 units, on_spent, ask) < 0)
		http_reply_text(ask, 503, "out of memory");
}

void asked_desk(void *arg, struct http_ask *ask)
{
	struct vigie *v = arg;

	const struct wall now = loop_wall(v->loop);

	if (!v->dispatch)
		http_reply_text(ask, 503, "Redis is not up yet: ask again in a moment");
	else if (span_eq_str(ask->path, "/desk/ask"))
		desk_asking_serve(
			v->desk_asking, dispatch_desk(v->dispatch), v->config, now, ask);
	else
		desk_control(dispatch_desk(v->dispatch), v->archive, v->config->policy.severity,
			now, ask);
}

void asked_mentions(void *arg, struct buf *out)
{
	const struct vigie *v = arg;

	recent_json(v->recent, out);
}

void asked_mention(void *arg, struct http_ask *ask, const struct item_key *key)
{
	const struct vigie *v = arg;

	mention_page_serve(v->mention_page, ask, key);
}
