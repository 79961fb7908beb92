#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "control.h"
#include "desk_asking.h"
#include "desk_control.h"
#include "delivering.h"
#include "io/file.h"
#include "io/heap.h"
#include "io/log.h"
#include "io/notify.h"
#include "io/pool.h"
#include "io/redis_server.h"
#include "io/resolve.h"
#include "io/transfer.h"
#include "line/accounts.h"
#include "line/archive.h"
#include "line/archive_passed_over.h"
#include "line/connection.h"
#include "line/crawl.h"
#include "line/detect.h"
#include "line/dispatch.h"
#include "line/keep.h"
#include "line/post.h"
#include "line/queue.h"
#include "line/sift.h"
#include "lock.h"
#include "mention_page.h"
#include "printer.h"
#include "recent.h"
#include "reports.h"
#include "line/rules_seen.h"
#include "vigie/burst.h"
#include "vigie/cleanup.h"

/* SIGTERM to the end: messages on their way get this long, the rest is left to the next start.
 */
enum { DRAIN_MS = 3500, DRAIN_LOOK_MS = 20 };
/* Reading and matching: as many threads as the machine has processors, at most this many. */
enum { POOL_THREADS_MAX = 8 };
/* How often detect and the schedule of reports look; divided for tests as retries are. */
enum { LOOK_EVERY_MS = 60000 };

struct vigie {
	struct run_options options;
	struct arena arena; /* paths and texts of the start */
	struct config *config;
	int lock;
	struct loop *loop;
	struct heap *heap;
	struct pool *pool;
	struct archive *archive;
	struct archive_passed_over *passed_over; /* NULL: not kept */
	struct redis_server *server;
	struct queue *queue;
	struct keep *keep;
	struct dispatch *dispatch;
	struct detect *detect;
	struct reports *reports;
	struct post *post;
	struct resolve *resolve;
	struct transfer *crawling, *delivering;
	struct accounts *accounts;
	struct crawl *crawl;
	struct sift *sift;
	struct control *control;
	struct rules_seen *rules_seen;
	struct recent *recent;
	struct mention_page *mention_page;
	struct desk_asking *desk_asking;
	struct on_signal *on_term, *on_int, *on_hup;
	struct timer *drain, *watchdog;
	struct mono drain_until;
	struct printer_style style;
	struct wall started;
	struct span redis_trouble, archive_trouble; /* heap */
	bool ready, stopping;
	int status;
};

static void fail(struct span why)
{
	(void)fprintf(stderr, "vigie: %.*s\n", SPAN_ARG(why));
}

/* --- Stopping, the constructor backwards: stop taking, let the line drain, go.
 * ------------------ */

static bool drained(const struct vigie *v)
{
	return (!v->sift || sift_idle(v->sift)) &&
	       (!v->accounts || accounts_idle(v->accounts)) &&
	       (!v->queue || queue_idle(v->queue)) && (!v->keep || keep_idle(v->keep)) &&
	       (!v->post || post_idle(v->post));
}

static void on_drain(void *arg)
{
	struct vigie *v = arg;

	if (drained(v) || loop_now(v->loop).ms >= v->drain_until.ms)
		loop_stop(v->loop);
	else
		(void)timer_set(v->drain, DRAIN_LOOK_MS);
}

static void stop(struct vigie *v)
{
	if (v->stopping) {
		log_warning("run.stopped", STR("how", "at once"));
		loop_stop(v->loop);
		return;
	}
	v->stopping = true;
	notify_stopping();
	log_info("run.stopping");
	if (v->crawl)
		crawl_stop(v->crawl);
	if (v->post)
		post_stop(v->post);
	v->drain_until.ms = loop_now(v->loop).ms + DRAIN_MS;
	(void)timer_set(v->drain, 0);
}

static void on_stop_signal(void *arg)
{
	stop(arg);
}

/* Where Redis is, without the password of its URL. */
static struct span redis_for_people(const struct config *config)
{
	const struct span private = SPAN("private");
	const struct span url = config->redis;
	size_t at = url.n;

	while (at && url.p[at - 1] != '@')
		at--;
	return span_empty(url) ? private : span_slice(url, at, url.n);
}

static struct span redis_url(const struct vigie *v)
{
	return v->server ? redis_server_url(v->server) : v->config->redis;
}

/* --- The line
 * ---------------------------------------------------------------------------------- */

static void set_trouble(struct span *to, struct span why)
{
	free((char *)to->p);
	to->p = span_empty(why) ? NULL : strndup(why.p, why.n);
	to->n = to->p ? why.n : 0;
}

static void *ref_config(void *config)
{
	return config_ref(config);
}

static void unref_config(void *config)
{
	(void)config_unref(config);
}

/* Hands the snapshot's rules, sources and policy to the stations. */
static int adopt_config(struct vigie *v)
{
	const struct config *c = v->config;
	int r = transfer_set_allow(v->crawling, c->crawl.allow, c->crawl.n_allow);

	if (r >= 0)
		r = resolve_set_nameservers(v->resolve, c->crawl.nameservers.p);
	if (r >= 0)
		r = sift_set_rules(v->sift, c->rules);
	if (r >= 0)
		r = rules_seen_ask(v->rules_seen, v->queue, c->rules, loop_wall(v->loop));
	if (r >= 0)
		r = dispatch_set_policy(
			v->dispatch, &c->policy, v->config, ref_config, unref_config);
	if (r >= 0)
		r = post_set_policy(v->post, &c->policy, v->config, ref_config, unref_config);
	if (r >= 0) {
		reports_set_config(v->reports, v->config);
		detect_set_policy(v->detect, &c->policy, c->zone);
	}
	if (r >= 0)
		r = crawl_set_sources(v->crawl, c->sources, c->n_sources, v->config, ref_config,
			unref_config);
	return r;
}

static void on_kept(void *arg, const struct hit *hit)
{
	struct vigie *v = arg;

	recent_add(v->recent, hit);
	if (v->options.mentions && !hit->silent)
		printer_hit(stdout, &v->style, hit);
}

static void on_queue_ready(void *arg)
{
	struct vigie *v = arg;

	set_trouble(&v->redis_trouble, SPAN_NONE);
	log_info("redis.up", TEXT("at", redis_for_people(v->config)));
	notify_status("watching");
	if (v->ready)
		return;
	v->ready = true;
	log_info("run.ready", INT("sources", v->config->n_sources),
		INT("rules", ruleset_count(v->config->rules)),
		INT("receivers", v->config->policy.n_receivers),
		STR("http", control_address(v->control)));
	if (v->options.quiet)
		(void)fprintf(stderr, "Watching %zu sources; the dashboard is at %s\n\n",
			v->config->n_sources, control_address(v->control));
}

static void on_queue_lost(void *arg, struct span why)
{
	struct vigie *v = arg;

	set_trouble(&v->redis_trouble, why);
	log_warning("redis.down", TEXT("why", why));
	notify_status("Redis is away: reading on, spooling");
}

static void on_queue_reset(void *arg, unsigned partition)
{
	struct vigie *v = arg;

	if (v->crawl)
		crawl_reset(v->crawl, partition);
}

static void on_queue_room(void *arg, bool open)
{
	struct vigie *v = arg;

	if (v->crawl)
		crawl_pause(v->crawl, !open);
	if (!open)
		log_warning("crawl.paused",
			STR("why", "the queue is full until its readers have caught up"));
	else
		log_info("crawl.resumed");
}

/* Lossy by design: nothing waits for it. */
static void on_passed_over(void *arg, const struct hit *items, size_t n)
{
	struct vigie *v = arg;

	if (v->passed_over)
		archive_passed_over_put(v->passed_over, items, n);
}

/* The cursor moves behind it: a deletion that is told once must not be forgotten. */
static void on_deletions(
	void *arg, const struct batch *batch, void (*over)(void *job), void *job)
{
	struct vigie *v = arg;

	if (v->passed_over)
		archive_passed_over_strike(v->passed_over, batch, over, job);
	else
		over(job);
}

static void on_deleted(void *arg, const struct item_key *key)
{
	struct vigie *v = arg;

	recent_remove(v->recent, key);
}

static void on_passed_over_trouble(void *arg, struct span why)
{
	(void)arg;
	if (span_empty(why))
		log_info("passed_over.healed");
	else
		log_warning("passed_over.failed", TEXT("why", why));
}

static void on_archive_trouble(void *arg, struct span why)
{
	struct vigie *v = arg;

	set_trouble(&v->archive_trouble, why);
	if (span_empty(why))
		log_info("archive.healed");
	else
		log_error("archive.failed", TEXT("why", why));
}

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

static void on_want_states(void *arg, const struct source *const *sources, size_t n)
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

static struct wall on_rule_first_seen(void *arg, struct span rule)
{
	struct vigie *v = arg;

	return rules_seen_at(v->rules_seen, rule);
}

/* --- Configuration anew
 * ------------------------------------------------------------------------ */

static bool same_crawl(const struct config_crawl *a, const struct config_crawl *b)
{
	return a->every_ms == b->every_ms &&
	       a->concurrency_per_host == b->concurrency_per_host &&
	       a->spacing_ms == b->spacing_ms && a->max_body_bytes == b->max_body_bytes &&
	       a->history_ms == b->history_ms && a->robots == b->robots &&
	       span_eq(a->user_agent, b->user_agent) && span_eq(a->ca_file, b->ca_file);
}

/* What can't change without a restart keeps running as it is, and a line says so. */
static void warn_of_unchanged(const struct config *was, const struct config *is)
{
	if (!span_eq(was->state, is->state) || !span_eq(was->redis, is->redis) ||
		!span_eq(was->redis_prefix, is->redis_prefix) ||
		!span_eq(was->http.listen, is->http.listen))
		log_warning("run.restart_needed",
			STR("why", "state, redis, redis_prefix and http.listen change at the "
				   "next start"));
	if (!same_crawl(&was->crawl, &is->crawl))
		log_warning("run.restart_needed",
			STR("why", "of crawl, only allow_addresses and nameservers change "
				   "before the next start"));
}

static int reload(void *arg, struct err_list *errors)
{
	struct vigie *v = arg;
	struct config *next = NULL;
	int r;

	if (!v->options.config_path)
		return err_add(errors, NULL, 0, 0,
			"vigie watch has no file to read again: end it and start it anew");
	notify_reloading();
	r = config_load(&next, v->options.config_path, NULL, errors);
	if (r < 0) {
		for (size_t i = 0; i < errors->n; i++)
			log_error("config.wrong", STR("file", errors->items[i].file),
				INT("line", errors->items[i].line),
				INT("column", errors->items[i].column),
				STR("what", errors->items[i].text));
		log_error("run.reload_refused", INT("mistakes", errors->n + errors->dropped));
		notify_ready();
		return r;
	}
	warn_of_unchanged(v->config, next);
	(void)config_unref(v->config);
	v->config = next;
	r = v->queue ? adopt_config(v) : 0; /* else the line is built with it, any moment */
	if (r < 0)
		log_error("run.reload_failed", STR("why", strerror(-r)));
	else
		log_info("run.reloaded", INT("sources", next->n_sources),
			INT("rules", ruleset_count(next->rules)),
			INT("receivers", next->policy.n_receivers));
	notify_ready();
	return r;
}

static void on_hang_up(void *arg)
{
	struct err_list errors = {0};

	(void)reload(arg, &errors);
	err_list_deinit(&errors);
}

static void look(void *arg, struct status_view *ret)
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

static void on_deliveries(void *arg, struct http_ask *ask)
{
	struct vigie *v = arg;
	const struct span path = span_slice(ask->path, sizeof("/deliveries") - 1, ask->path.n);

	if (v->post)
		post_control(v->post, ask->method, path, on_post_answer, ask);
	else
		http_reply_text(ask, 503, "Redis is not up yet: ask again in a moment");
}

static void on_reports(void *arg, struct http_ask *ask)
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
static void on_spend(void *arg, struct http_ask *ask)
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

static void on_desk(void *arg, struct http_ask *ask)
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

static void on_mentions(void *arg, struct buf *out)
{
	const struct vigie *v = arg;

	recent_json(v->recent, out);
}

static void on_mention(void *arg, struct http_ask *ask, const struct item_key *key)
{
	const struct vigie *v = arg;

	mention_page_serve(v->mention_page, ask, key);
}

/* --- Building
 * ---------------------------------------------------------------------------------- */

static char *state_path(struct vigie *v, const char *name)
{
	return (char *)arena_printf(&v->arena, "%s/%s", v->config->state.p, name).p;
}

static void on_stands(
	void *arg, const struct source *source, bool silent, bool gone, struct span error)
{
	struct vigie *v = arg;

	if (!v->post)
		return;
	post_incident(v->post, INCIDENT_SILENT, source->id, silent, error);
	post_incident(v->post, INCIDENT_GONE, source->id, gone, error);
}

static void on_incidents(void *arg)
{
	struct vigie *v = arg;

	crawl_tell(v->crawl);
}

static void on_coverage(void *arg, uint64_t *ret_healthy, uint64_t *ret_sources)
{
	const struct vigie *v = arg;
	const struct crawl_stats *stats = crawl_stats(v->crawl);

	*ret_healthy = stats->sources - stats->failing;
	*ret_sources = stats->sources;
}

static int64_t scaled(const struct vigie *v, int64_t ms)
{
	return v->options.retry_scale > 0 ? (int64_t)((double)ms / v->options.retry_scale) : ms;
}

/* The stations behind the queue, once it has an address. */
static int build_act(struct vigie *v)
{
	const struct keep_options keep = {.kept = on_kept, .deleted = on_deleted, .arg = v};
	int r = keep_new(&v->keep, v->loop, v->queue, v->archive, &keep);

	if (r < 0)
		return r;
	r = post_new(&v->post, v->loop, v->delivering, v->archive,
		&(struct post_options){.redis_url = redis_url(v),
			.prefix = v->config->redis_prefix,
			.public_url = v->config->http.public_url,
			.time_scale = v->options.retry_scale,
			.incidents = on_incidents,
			.coverage = on_coverage,
			.arg = v});
	if (r < 0)
		return r;
	r = dispatch_new(&v->dispatch, v->loop, v->queue, v->archive, v->post);
	if (r < 0)
		return r;
	r = detect_new(&v->detect, v->loop, v->archive, v->dispatch,
		&(struct detect_options){.every_ms = scaled(v, LOOK_EVERY_MS),
			.calm_ms = scaled(v, BURST_CALM_MS)});
	if (r < 0)
		return r;
	return reports_new(&v->reports, v->loop, v->pool, v->archive, v->dispatch, v->crawl,
		&(struct reports_options){.archive = state_path(v, ARCHIVE_FILE),
			.look_ms = scaled(v, LOOK_EVERY_MS)});
}

/* sift hands to crawl and crawl to sift: one of the two is made first. */
static void on_sifted(void *arg, struct batch *batch)
{
	struct vigie *v = arg;

	crawl_settle(v->crawl, batch);
}

static int build_collect(struct vigie *v, struct span *ret_why)
{
	const struct config *c = v->config;
	struct sift_options sift = {
		.history_ms = c->crawl.history_ms,
		.rule_first_seen = on_rule_first_seen,
		.passed_over = on_passed_over,
		.deletions = on_deletions,
		.next = {on_sifted, v},
		.arg = v,
	};
	struct crawl_options crawl = {
		.concurrency_per_host = c->crawl.concurrency_per_host,
		.spacing_ms = c->crawl.spacing_ms,
		.every_default_ms = c->crawl.every_ms,
		.max_body = c->crawl.max_body_bytes,
		.ignore_robots = !c->crawl.robots,
		.user_agent = c->crawl.user_agent,
		.history_ms = c->crawl.history_ms,
		.commit = {queue_take, v->queue},
		.want_states = on_want_states,
		.stands = on_stands,
		.arg = v,
	};
	const char *why = NULL;
	int r = identity_secret_load(&sift.secret, state_path(v, "secret"), &why);

	if (r < 0) {
		*ret_why = span_str(why);
		return r;
	}
	r = sift_new(&v->sift, v->loop, v->pool, &sift);
	if (r < 0)
		return r;
	r = accounts_new(&v->accounts, v->loop, v->pool,
		&(struct accounts_options){.transfer = v->crawling,
			.folder = c->state.p,
			.config_ref = ref_config,
			.config_unref = unref_config},
		&v->arena, ret_why);
	if (r < 0)
		return r;
	crawl.accounts = v->accounts;
	crawl.pool = v->pool;
	crawl.next = (struct batch_sink){sift_take, v->sift};
	return crawl_new(&v->crawl, v->loop, v->crawling, &crawl);
}

static void on_committed(void *arg, struct batch *batch)
{
	struct vigie *v = arg;

	crawl_committed(v->crawl, batch);
}

static int build_queue(struct vigie *v)
{
	const struct queue_options options = {
		.redis_url = redis_url(v),
		.prefix = v->config->redis_prefix,
		.spool_path = state_path(v, "spool"),
		.committed = {on_committed, v},
		.ready = on_queue_ready,
		.lost = on_queue_lost,
		.reset = on_queue_reset,
		.room = on_queue_room,
		.arg = v,
	};

	return queue_new(&v->queue, v->loop, &options);
}

/* Once Redis has an address: at once for an outside one, at its first answer for a private one.
 */
static int build_line(struct vigie *v, struct span *ret_why)
{
	int r = build_queue(v);

	if (r >= 0)
		r = build_collect(v, ret_why);
	if (r >= 0)
		r = build_act(v);
	if (r >= 0)
		r = adopt_config(v);
	return r;
}

static void on_server_ready(void *arg)
{
	struct vigie *v = arg;
	struct span why = SPAN_NONE;
	int r;

	if (v->queue || v->stopping)
		return;
	r = build_line(v, &why);
	if (r < 0) {
		fail(span_empty(why) ? span_str(strerror(-r)) : why);
		v->status = 1;
		loop_stop(v->loop);
	}
}

static void on_server_died(void *arg, struct span why)
{
	struct vigie *v = arg;

	if (!v->stopping)
		set_trouble(&v->redis_trouble, why);
}

static int build_transfers(struct vigie *v)
{
	const struct config_crawl *c = &v->config->crawl;
	const struct resolve_options resolve = {.nameservers = c->nameservers.p};
	struct transfer_options crawling = {
		.user_agent = c->user_agent.p,
		.ca_file = span_empty(c->ca_file) ? NULL : c->ca_file.p,
		.guarded = true,
		.allow = c->allow,
		.n_allow = c->n_allow,
		.max_body = c->max_body_bytes,
		.max_redirects = 5,
		.max_per_host = c->concurrency_per_host,
	};
	const struct transfer_options delivering = delivering_options(v->config);
	int r = resolve_new(&v->resolve, v->loop, &resolve);

	if (r < 0)
		return r;
	crawling.resolve = v->resolve;
	r = transfer_new(&v->crawling, v->loop, &crawling);
	return r < 0 ? r : transfer_new(&v->delivering, v->loop, &delivering);
}

static int build_signals(struct vigie *v)
{
	int r = on_signal_new(&v->on_term, v->loop, SIGTERM, on_stop_signal, v);

	if (r >= 0)
		r = on_signal_new(&v->on_int, v->loop, SIGINT, on_stop_signal, v);
	if (r >= 0)
		r = on_signal_new(&v->on_hup, v->loop, SIGHUP, on_hang_up, v);
	return r < 0 ? r : timer_new(&v->drain, v->loop, on_drain, v);
}

static void on_watchdog(void *arg)
{
	struct vigie *v = arg;

	notify_alive();
	(void)timer_set(v->watchdog, notify_watchdog_ms());
}

/* Secrets are in this process: no core file, and no other process of the user may attach. */
static void shut_the_curtains(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
}

/* Without it vigie does all but explain what did not come. */
static void build_passed_over(struct vigie *v)
{
	const struct archive_passed_over_options options = {
		.path = state_path(v, ARCHIVE_PASSED_OVER_FILE),
		.limit_bytes = v->config->retention.passed_over_bytes,
		.trouble = on_passed_over_trouble,
		.arg = v,
	};
	struct span why = SPAN_NONE;

	if (archive_passed_over_new(&v->passed_over, v->loop, &options, &v->arena, &why) < 0)
		on_passed_over_trouble(v, why);
}

/* Everything but the line; what goes wrong is in *ret_why. */
static int build_house(struct vigie *v, struct span *ret_why)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	const struct control_options control = {
		.socket_path = state_path(v, "control.sock"),
		.listen = v->config->http.listen,
		.look = look,
		.reload = reload,
		.mentions = on_mentions,
		.mention = on_mention,
		.deliveries = on_deliveries,
		.reports = on_reports,
		.spend = on_spend,
		.desk = on_desk,
		.arg = v,
	};
	const struct archive_options archive = {
		.path = state_path(v, ARCHIVE_FILE),
		.trouble = on_archive_trouble,
		.arg = v,
	};
	const struct redis_server_options server = {
		.folder = v->config->state.p,
		.ready = on_server_ready,
		.died = on_server_died,
		.arg = v,
	};
	int r;

	v->lock = lock_state(v->config->state.p, &v->arena, ret_why);
	if (v->lock < 0)
		return v->lock;
	r = loop_new(&v->loop);
	if (r >= 0)
		r = heap_new(&v->heap, v->loop);
	if (r >= 0)
		loop_shift_wall(v->loop, v->options.wall_shift_ms);
	if (r >= 0)
		r = pool_new(&v->pool, v->loop,
			processors < 1                  ? 1
			: processors > POOL_THREADS_MAX ? POOL_THREADS_MAX
							: (unsigned)processors);
	if (r >= 0)
		r = build_signals(v);
	if (r >= 0)
		r = rules_seen_new(&v->rules_seen);
	if (r >= 0)
		r = recent_new(&v->recent);
	if (r >= 0)
		r = build_transfers(v);
	if (r >= 0)
		r = control_new(&v->control, v->loop, &control, &v->arena, ret_why);
	if (r >= 0)
		r = archive_new(&v->archive, v->loop, &archive, &v->arena, ret_why);
	if (r >= 0)
		r = mention_page_new(&v->mention_page, v->archive);
	if (r >= 0)
		r = desk_asking_new(&v->desk_asking, v->archive);
	if (r >= 0)
		build_passed_over(v);
	if (r >= 0 && span_empty(v->config->redis))
		r = redis_server_new(&v->server, v->loop, &server, &v->arena, ret_why);
	return r;
}

/* The constructor backwards. */
static void tear_down(struct vigie *v)
{
	pool_free(v->pool);
	reports_free(v->reports);
	sift_free(v->sift);
	control_free(v->control);
	detect_free(v->detect);
	dispatch_free(v->dispatch);
	post_free(v->post);
	archive_free(v->archive);
	mention_page_free(v->mention_page);
	desk_asking_free(v->desk_asking);
	archive_passed_over_free(v->passed_over);
	keep_free(v->keep);
	queue_free(v->queue);
	crawl_free(v->crawl);
	accounts_free(v->accounts);
	redis_server_free(v->server);
	transfer_free(v->delivering);
	transfer_free(v->crawling);
	resolve_free(v->resolve);
	rules_seen_free(v->rules_seen);
	recent_free(v->recent);
	timer_free(v->watchdog);
	timer_free(v->drain);
	on_signal_free(v->on_hup);
	on_signal_free(v->on_int);
	on_signal_free(v->on_term);
	heap_free(v->heap);
	loop_free(v->loop);
	set_trouble(&v->redis_trouble, SPAN_NONE);
	set_trouble(&v->archive_trouble, SPAN_NONE);
	config_unref(v->config);
	if (v->lock >= 0)
		(void)close(v->lock);
	arena_release(&v->arena);
}

int run(struct config *config, const struct run_options *options)
{
	struct vigie v = {.options = *options, .config = config, .lock = -1};
	struct span why = SPAN_NONE;
	int r;

	shut_the_curtains();
	(void)signal(SIGPIPE, SIG_IGN);
	if (options->quiet)
		log_set_level(LOG_WARNING_LEVEL);
	v.style = printer_style_of(stdout);
	r = build_house(&v, &why);
	if (r >= 0) {
		v.started = loop_wall(v.loop);
		if (notify_watchdog_ms() &&
			timer_new(&v.watchdog, v.loop, on_watchdog, &v) >= 0)
			on_watchdog(&v);
		if (!v.server)
			r = build_line(&v, &why);
	}
	if (r < 0) {
		fail(span_empty(why) ? span_str(strerror(-r)) : why);
		tear_down(&v);
		return 1;
	}
	notify_ready();
	r = loop_run(v.loop);
	log_info("run.ended");
	tear_down(&v);
	return r < 0 ? 1 : v.status;
}
