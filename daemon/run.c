#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "delivering.h"
#include "io/file.h"
#include "io/heap.h"
#include "io/log.h"
#include "io/notify.h"
#include "io/pool.h"
#include "io/redis_server.h"
#include "io/resolve.h"
#include "io/transfer.h"
#include "lock.h"
#include "run_house.h"
#include "vigie/burst.h"
#include "vigie/cleanup.h"

/* SIGTERM to the end: messages on their way get this long, the rest is left to the next start.
 */
enum { DRAIN_MS = 3500, DRAIN_LOOK_MS = 20 };
/* Reading and matching: as many threads as the machine has processors, at most this many. */
enum { POOL_THREADS_MAX = 8 };
/* How often detect and the schedule of reports look; divided for tests as retries are. */
enum { LOOK_EVERY_MS = 60000 };

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
		.want_states = asked_states,
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
		.look = asked_status,
		.reload = reload,
		.mentions = asked_mentions,
		.mention = asked_mention,
		.deliveries = asked_deliveries,
		.reports = asked_reports,
		.spend = asked_spend,
		.desk = asked_desk,
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
