#include "reports.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "io/log.h"
#include "line/notice.h"
#include "reporting.h"
#include "vigie/zone.h"

enum { LOOK_MS = 60000, HOUR_MS = 3600000, DAY_MS = 86400000 };

/* One report of the schedule while it is made and filed: one at a time. */
struct making {
	struct pool_job job;
	struct reports *reports;
	struct config *config; /* a reference, for the plan */
	const struct report_plan *plan;
	struct wall due;
	struct arena arena;
	struct buf markdown, html, brief;
	struct reporting_out out;
	struct span why;
	int result;
};

struct reports {
	struct loop *loop;
	struct pool *pool;
	struct archive *archive;
	struct dispatch *dispatch;
	struct crawl *crawl;
	struct reports_options options;
	struct config *config;
	struct timer *timer;
	struct making *making;
	size_t next; /* the plan that is looked at */
	int64_t covered_hour;
};

/* --- When --------------------------------------------------------------------------------- */

/* The instant of a local minute of a local day. */
static struct wall local_minute(const struct zone *zone, int64_t day, int minute)
{
	const int64_t local = day * DAY_MS + (int64_t)minute * 60000;
	struct wall t = {local - zone_offset_s(zone, (struct wall){local}) * 1000};

	/* Once more, where the clock jumps in between. */
	t.ms = local - zone_offset_s(zone, t) * 1000;
	return t;
}

static bool is_day(const struct report_plan *plan, int64_t day)
{
	int64_t year;
	int month, of_month;

	civil_from_days(day, &year, &month, &of_month);
	if (plan->every == REPORT_EVERY_WEEK)
		return (day + 3) % 7 == plan->weekday; /* 1970-01-01 was a Thursday */
	return plan->every == REPORT_EVERY_DAY || of_month == plan->day;
}

/* The last time it was due. */
static struct wall last_due(const struct report_plan *plan, struct wall now)
{
	for (int64_t day = zone_day_number(plan->zone, now);; day--) {
		const struct wall t = local_minute(plan->zone, day, plan->minute);

		if (is_day(plan, day) && t.ms <= now.ms)
			return t;
	}
}

/* --- Sending ------------------------------------------------------------------------------ */

static void make_key(struct item_key *ret, struct span what, int64_t when)
{
	const XXH128_hash_t hash =
		XXH3_128bits_withSeed(what.p ? what.p : "", what.n, (uint64_t)when);

	memcpy(ret->b, &hash, sizeof(ret->b));
}

/* What the receivers get; said again it is the same. */
static int file(struct reports *r, const struct notice *notice, struct span name,
	struct wall at, const struct span *receivers, size_t n, void (*filed)(void *arg, int r),
	void *arg)
{
	struct dispatch_notice what = {
		.brand = name, .at = at, .receivers = receivers, .n_receivers = n};
	struct buf json = {0};
	int result = notice_encode(&json, notice);

	make_key(&what.key, name, at.ms);
	what.json = buf_span(&json);
	if (result == 0)
		result = dispatch_notice(r->dispatch, &what, filed, arg);
	buf_deinit(&json);
	return result;
}

static struct making *making_free(struct making *m)
{
	if (!m)
		return NULL;
	config_unref(m->config);
	buf_deinit(&m->markdown);
	buf_deinit(&m->html);
	buf_deinit(&m->brief);
	arena_release(&m->arena);
	free(m);
	return NULL;
}

static void on_filed(void *arg, int result)
{
	struct making *m = arg;
	struct reports *r = m->reports;

	if (result == 0) {
		log_info("report.filed", TEXT("report", m->plan->name),
			INT("receivers", m->plan->n_to));
		archive_report_done(r->archive, m->plan->name, m->due, loop_wall(r->loop));
	}
	r->making = making_free(m); /* what failed is made again at a next look */
}

static void on_made(void *arg)
{
	struct making *m = arg;
	struct reports *r = m->reports;
	const struct notice notice = {.is_report = true,
		.title = m->out.title,
		.text = buf_span(&m->brief),
		.url = m->config->http.public_url,
		.report = {.html = buf_span(&m->html),
			.markdown = buf_span(&m->markdown),
			.why = m->plan->name}};
	const struct span *to = m->plan->to;
	int result = m->result;

	if (result == 0)
		result =
			file(r, &notice, m->plan->name, m->due, to, m->plan->n_to, on_filed, m);
	else
		log_error("report.failed", TEXT("report", m->plan->name), TEXT("why", m->why));
	if (result < 0)
		r->making = making_free(m);
}

static void on_run(void *arg, unsigned thread)
{
	struct making *m = arg;
	const struct report_plan *plan = m->plan;
	struct reporting_ask ask = {.archive = m->reports->options.archive,
		.period = plan->every == REPORT_EVERY_WEEK  ? "week"
			  : plan->every == REPORT_EVERY_DAY ? "day"
							    : "month",
		.tz = plan->tz.p,
		.lang = plan->lang.p,
		.now = m->due,
		.arena = &m->arena};

	(void)thread;
	m->out = (struct reporting_out){
		.markdown = &m->markdown, .html = &m->html, .brief = &m->brief};
	m->result = reporting_make(&m->out, &ask, &m->why);
}

static void on_last(void *arg, struct wall last)
{
	struct making *m = arg;
	struct reports *r = m->reports;

	if (!wall_known(last)) {
		/* A schedule just written begins with its next time. */
		archive_report_done(r->archive, m->plan->name, m->due, loop_wall(r->loop));
		r->making = making_free(m);
	} else if (last.ms >= m->due.ms) {
		r->making = making_free(m);
	} else {
		m->job = (struct pool_job){.run = on_run, .done = on_made, .arg = m};
		pool_submit(r->pool, &m->job);
	}
}

static void look_at_plans(struct reports *r)
{
	const struct config *c = r->config;
	struct making *m;

	if (r->making || !c || !c->n_reports)
		return;
	m = calloc(1, sizeof(*m));
	if (!m)
		return;
	r->next = (r->next + 1) % c->n_reports;
	m->reports = r;
	m->config = config_ref(r->config);
	m->plan = &m->config->reports[r->next];
	m->due = last_due(m->plan, loop_wall(r->loop));
	r->making = m;
	archive_report_last(r->archive, m->plan->name, on_last, m);
}

/* --- Coverage ----------------------------------------------------------------------------- */

/* A minute after the hour began, or later in it, if vigie was not there: not at once, for
 * sources that were not read yet are not healthy, and not sick either. */
static void cover(struct reports *r)
{
	const struct crawl_stats *stats = crawl_stats(r->crawl);
	const int64_t hour = loop_wall(r->loop).ms / HOUR_MS;

	if (hour == r->covered_hour || !stats->sources)
		return;
	r->covered_hour = hour;
	archive_cover(r->archive, (struct wall){hour * HOUR_MS},
		stats->sources - stats->failing, stats->sources);
}

static void on_look(void *arg)
{
	struct reports *r = arg;

	(void)timer_set(r->timer, r->options.look_ms);
	cover(r);
	look_at_plans(r);
}

/* --- By hand ------------------------------------------------------------------------------ */

static void on_sent(void *arg, int result)
{
	struct http_ask *ask = arg;

	if (result < 0)
		http_reply_text(ask, 503, "Redis is away: send it again in a moment");
	else
		http_reply(ask, 200, "application/json", NULL, 0, SPAN("{\"filed\":true}"));
}

static struct span text_of(const json_t *root, const char *name)
{
	const json_t *value = json_object_get(root, name);

	return json_is_string(value)
		       ? span_of(json_string_value(value), json_string_length(value))
		       : SPAN_NONE;
}

static bool is_receiver(const struct policy *policy, struct span id)
{
	for (size_t i = 0; i < policy->n_receivers; i++)
		if (span_eq(policy->receivers[i].id, id))
			return true;
	return false;
}

void reports_post(struct reports *r, struct http_ask *ask)
{
	json_t *root = json_loadb(ask->body.p ? ask->body.p : "", ask->body.n, 0, NULL);
	const struct span receiver = text_of(root, "receiver");
	const struct notice notice = {.is_report = true,
		.title = text_of(root, "title"),
		.text = text_of(root, "text"),
		.url = r->config ? r->config->http.public_url : SPAN_NONE,
		.report = {.html = text_of(root, "html"),
			.markdown = text_of(root, "markdown"),
			.why = SPAN("vigie report --send")}};

	if (span_empty(notice.title) || span_empty(notice.report.html))
		http_reply_text(ask, 400,
			"that is no report: it has \"receiver\", \"title\", \"text\","
			" \"markdown\" and \"html\"");
	else if (!r->config || !is_receiver(&r->config->policy, receiver))
		http_reply_text(
			ask, 404, "there is no such receiver: vigie check --expand shows them");
	else if (file(r, &notice, notice.title, loop_wall(r->loop), &receiver, 1, on_sent,
			 ask) < 0)
		on_sent(ask, -EAGAIN);
	json_decref(root);
}

/* --- Life --------------------------------------------------------------------------------- */

int reports_new(struct reports **ret, struct loop *loop, struct pool *pool,
	struct archive *archive, struct dispatch *dispatch, struct crawl *crawl,
	const struct reports_options *options)
{
	struct reports *r = calloc(1, sizeof(*r));
	int result;

	if (!r)
		return -ENOMEM;
	r->loop = loop;
	r->pool = pool;
	r->archive = archive;
	r->dispatch = dispatch;
	r->crawl = crawl;
	r->options = *options;
	if (r->options.look_ms <= 0)
		r->options.look_ms = LOOK_MS;
	result = timer_new(&r->timer, loop, on_look, r);
	if (result == 0)
		result = timer_set(r->timer, r->options.look_ms);
	if (result < 0) {
		reports_free(r);
		return result;
	}
	*ret = r;
	return 0;
}

struct reports *reports_free(struct reports *r)
{
	if (!r)
		return NULL;
	making_free(r->making);
	timer_free(r->timer);
	config_unref(r->config);
	free(r);
	return NULL;
}

void reports_set_config(struct reports *r, struct config *config)
{
	config_unref(r->config);
	r->config = config_ref(config);
}
