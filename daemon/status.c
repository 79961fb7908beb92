#include "status.h"

#include "desk_control.h"

#include "io/log.h"
#include "vigie/version.h"

static json_t *text(struct span s)
{
	json_t *value = json_stringn(s.p ? s.p : "", s.n);

	return value ? value : json_null();
}

/* Login and query may be what opens the source. */
static json_t *url_for_people(struct span url)
{
	struct buf out = {0};
	json_t *value;

	log_url_write(&out, url);
	value = text(buf_span(&out));
	buf_deinit(&out);
	return value;
}

static json_t *moment(struct wall t)
{
	char at[RFC3339_SIZE];

	return wall_known(t) && t.ms ? json_string(wall_rfc3339(at, t)) : json_null();
}

static void see_source(void *arg, const struct crawl_view *view)
{
	json_t *list = arg;
	const struct source_state *state = view->state;
	json_t *one = json_pack("{s:o, s:o, s:o, s:b, s:I}", "id", text(view->source->id),
		"kind", text(view->source->kind), "url", url_for_people(view->source->url),
		"fetching", view->fetching, "due_in_ms", (json_int_t)view->due_in_ms);

	if (!one)
		return;
	(void)json_object_set_new(one, "error", text(state ? state->error : SPAN_NONE));
	(void)json_object_set_new(one, "mark", text(state ? state->mark : SPAN_NONE));
	(void)json_object_set_new(one, "failures", json_integer(state ? state->failures : 0));
	(void)json_object_set_new(one, "last_try", moment(state ? state->last_try : WALL_NONE));
	(void)json_object_set_new(
		one, "last_read", moment(state ? state->last_read : WALL_NONE));
	(void)json_object_set_new(one, "reads", json_integer(state ? state->reads : 0));
	(void)json_object_set_new(one, "items", json_integer(state ? state->items : 0));
	(void)json_object_set_new(one, "hits", json_integer(state ? state->hits : 0));
	(void)json_array_append_new(list, one);
}

struct accounts_look {
	json_t *list;
	struct wall now;
};

static void see_account(void *arg, const struct accounts_view *view)
{
	struct accounts_look *look = arg;
	json_t *quotas = json_array(), *one;

	for (size_t i = 0; quotas && i < view->n_budgets; i++) {
		const struct quota_budget *b = &view->budgets[i];

		(void)json_array_append_new(
			quotas, json_pack("{s:I, s:I, s:I}", "spent",
					(json_int_t)budget_spent(b, look->now), "most",
					(json_int_t)b->quota.most, "per_s",
					(json_int_t)(b->quota.per_ms / 1000)));
	}
	one = json_pack("{s:o, s:o, s:o, s:b, s:o}", "account", text(view->account), "quotas",
		quotas, "paused_until",
		wall_known(view->paused_until) && view->paused_until.ms > look->now.ms
			? moment(view->paused_until)
			: json_null(),
		"has_token", view->has_token, "token_end", moment(view->token_end));
	if (one)
		(void)json_array_append_new(look->list, one);
}

static json_t *accounts_json(const struct status_view *view)
{
	struct accounts_look look = {json_array(), view->now};

	if (look.list && view->accounts)
		accounts_each(view->accounts, see_account, &look);
	return look.list;
}

/* One figure of a station: its place in the JSON, its metric, and how to read it. */
struct figure {
	const char *station;
	const char *name;
	const char *metric; /* NULL: JSON only */
	const char *type;
	const char *help;
	double (*read)(const struct status_view *view);
};

#define READ(name, station, expression)                                                        \
	static double name(const struct status_view *view)                                     \
	{                                                                                      \
		return view->station ? (double)(expression) : 0;                               \
	}

READ(read_sources, crawl, crawl_stats(view->crawl)->sources)
READ(read_failing, crawl, crawl_stats(view->crawl)->failing)
READ(read_fetches, crawl, crawl_stats(view->crawl)->fetches)
READ(read_unchanged, crawl, crawl_stats(view->crawl)->unchanged)
READ(read_failed, crawl, crawl_stats(view->crawl)->failed)
READ(read_bytes, crawl, crawl_stats(view->crawl)->bytes)
READ(read_in_flight, crawl, crawl_stats(view->crawl)->in_flight)
READ(read_up, queue, queue_stats(view->queue)->up)
READ(read_commits, queue, queue_stats(view->queue)->commits)
READ(read_hits, queue, queue_stats(view->queue)->hits_new)
READ(read_known, queue, queue_stats(view->queue)->hits_known)
READ(read_updates, queue, queue_stats(view->queue)->updates)
READ(read_spooled, queue, queue_stats(view->queue)->spooled)
READ(read_replayed, queue, queue_stats(view->queue)->replayed)
READ(read_resets, queue, queue_stats(view->queue)->resets)
READ(read_queue_errors, queue, queue_stats(view->queue)->errors)
READ(read_spool_bytes, queue, queue_stats(view->queue)->spool_bytes)
READ(read_stream_bytes, queue, queue_stats(view->queue)->stream_bytes)
READ(read_kept, keep, keep_stats(view->keep)->kept)
READ(read_lost, keep, keep_stats(view->keep)->lost)
READ(read_archive_errors, archive, archive_stats(view->archive)->errors)
READ(read_blocked, loop, loop_stats(view->loop)->blocked)
READ(read_longest, loop, loop_stats(view->loop)->longest[0].own_us / 1000)
READ(read_archive_waiting, archive, archive_stats(view->archive)->waiting)

static const struct figure figures[] = {
	{"crawl", "sources", "vigie_sources", "gauge", "Configured sources.", read_sources},
	{"crawl", "failing", "vigie_sources_failing", "gauge", "Sources whose last try failed.",
		read_failing},
	{"crawl", "fetches", "vigie_fetches_total", "counter", "Requests to sources.",
		read_fetches},
	{"crawl", "unchanged", "vigie_fetches_unchanged_total", "counter",
		"Answers that said: nothing new (304).", read_unchanged},
	{"crawl", "failed", "vigie_fetches_failed_total", "counter",
		"Requests without a document.", read_failed},
	{"crawl", "bytes", "vigie_fetched_bytes_total", "counter", "Bytes of documents.",
		read_bytes},
	{"crawl", "in_flight", "vigie_batches_in_flight", "gauge",
		"Documents between fetch and commit.", read_in_flight},
	{"queue", "up", "vigie_redis_up", "gauge", "1 while Redis answers.", read_up},
	{"queue", "commits", "vigie_commits_total", "counter", "Atomic commits.", read_commits},
	{"queue", "hits", "vigie_hits_total", "counter", "Hits that were new.", read_hits},
	{"queue", "known", "vigie_hits_known_total", "counter", "Hits seen before.",
		read_known},
	{"queue", "updates", "vigie_hits_updated_total", "counter",
		"Known hits whose content changed.", read_updates},
	{"queue", "spooled", "vigie_spooled_total", "counter",
		"Commits written to the spool while Redis was away.", read_spooled},
	{"queue", "replayed", "vigie_replayed_total", "counter",
		"Commits replayed from the spool.", read_replayed},
	{"queue", "resets", "vigie_redis_resets_total", "counter",
		"Partitions read again because Redis went back in time.", read_resets},
	{"queue", "errors", "vigie_redis_errors_total", "counter", "Errors Redis answered.",
		read_queue_errors},
	{"queue", "spool_bytes", "vigie_spool_bytes", "gauge", "Size of the spool.",
		read_spool_bytes},
	{"queue", "stream_bytes", "vigie_stream_bytes", "gauge", "Size of the streams of hits.",
		read_stream_bytes},
	{"archive", "mentions", "vigie_mentions_total", "counter",
		"Mentions filed since the start.", read_kept},
	{"archive", "lost", "vigie_hits_lost_total", "counter",
		"Stream entries that vanished while pending.", read_lost},
	{"archive", "errors", "vigie_archive_errors_total", "counter",
		"Failed writes, all retried.", read_archive_errors},
	{"archive", "waiting", "vigie_archive_waiting", "gauge", "Jobs waiting for the disk.",
		read_archive_waiting},
	{"loop", "blocked", "vigie_loop_blocked_total", "counter",
		"Steps that kept everything else waiting for more than 50 ms.", read_blocked},
	{"loop", "longest_ms", "vigie_loop_longest_ms", "gauge",
		"The longest such step since the start.", read_longest},
};
enum { FIGURES = sizeof(figures) / sizeof(*figures) };

/* Who kept the loop longest, for whoever wants to know why. */
static void add_blocks(json_t *root, const struct loop_stats *stats)
{
	json_t *list = json_array();

	for (size_t i = 0; i < LOOP_BLOCKS && stats->longest[i].name; i++) {
		const struct loop_block *b = &stats->longest[i];

		(void)json_array_append_new(
			list, json_pack("{s:s, s:f, s:f, s:o}", "by", b->name, "own_ms",
				      (double)b->own_us / 1000, "took_ms",
				      (double)b->took_us / 1000, "at", moment(b->at)));
	}
	(void)json_object_set_new(json_object_get(root, "loop"), "longest", list);
}

json_t *status_json(const struct status_view *view)
{
	json_t *root = json_pack("{s:s, s:o, s:I, s:I, s:o, s:o}", "version", VIGIE_VERSION,
		"started", moment(view->started), "uptime_s",
		(json_int_t)((view->now.ms - view->started.ms) / 1000), "rules",
		(json_int_t)view->rules, "redis", text(view->redis), "trouble",
		text(view->trouble));
	json_t *sources = json_array();

	if (!root || !sources) {
		json_decref(root);
		json_decref(sources);
		return NULL;
	}
	for (size_t i = 0; i < FIGURES; i++) {
		json_t *station = json_object_get(root, figures[i].station);

		if (!station) {
			station = json_object();
			(void)json_object_set_new(root, figures[i].station, station);
		}
		(void)json_object_set_new(station, figures[i].name,
			json_integer((json_int_t)figures[i].read(view)));
	}
	if (view->loop)
		add_blocks(root, loop_stats(view->loop));
	if (view->deliveries)
		(void)json_object_set(root, "deliveries", view->deliveries);
	if (view->desk && dispatch_desk_is_ready(view->desk))
		(void)json_object_set_new(
			root, "receivers", desk_receivers_json(view->desk, view->now));
	if (view->crawl)
		crawl_each(view->crawl, see_source, sources);
	(void)json_object_set_new(root, "sources", sources);
	(void)json_object_set_new(root, "accounts", accounts_json(view));
	return root;
}

void status_metrics(struct buf *out, const struct status_view *view)
{
	const char *state;
	json_t *count;

	for (size_t i = 0; i < FIGURES; i++)
		if (figures[i].metric)
			buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n%s %.0f\n",
				figures[i].metric, figures[i].help, figures[i].metric,
				figures[i].type, figures[i].metric, figures[i].read(view));
	buf_addf(out, "# HELP vigie_deliveries Deliveries by state.\n# TYPE vigie_deliveries "
		      "gauge\n");
	json_object_foreach (view->deliveries, state, count) {
		buf_addf(out, "vigie_deliveries{state=\"%s\"} %lld\n", state,
			(long long)json_integer_value(count));
	}
}
