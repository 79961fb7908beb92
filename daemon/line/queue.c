/*
 * queue: life, set-up of a connection, what to do when Redis says no, room, housekeeping.
 */

#include "line/queue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "io/log.h"
#include "line/queue_inner.h"
#include "line/queue_scripts.h"
#include "vigie/cleanup.h"

enum {
	SPOOL_LIMIT_BYTES = 256 << 20,
	STREAM_LIMIT_BYTES = 512 << 20,
	TICK_MS = 1000,
};
static const int64_t known_default_ms = INT64_C(90) * 86400 * 1000;

static const char *const bodies[QUEUE_SCRIPTS] = {
	[SCRIPT_COMMIT] = queue_commit_lua,
	[SCRIPT_TRIM] = queue_trim_lua,
	[SCRIPT_CLAIM] = queue_claim_lua,
	[SCRIPT_SEEN] = queue_seen_lua,
};

/* What Redis says when it takes no writes, and what helps. The code stands at the start of the
 * reply, or (6.2, from inside a script) behind a '-' in it. */
static const struct {
	const char *code, *remedy;
	enum log_level level;
} refusals[] = {
	{"OOM", "Redis is at its maxmemory: raise it", LOG_ERROR_LEVEL},
	{"READONLY", "Redis is a replica: give the URL of its master", LOG_ERROR_LEVEL},
	{"MISCONF", "Redis cannot write to its disk: look at its log", LOG_ERROR_LEVEL},
	{"NOAUTH", "Redis wants a password: put it into the URL", LOG_ERROR_LEVEL},
	{"NOPERM", "the Redis user may not do this: give it more rights", LOG_ERROR_LEVEL},
	{"WRONGTYPE", "a key of ours holds something else: give vigie a prefix of its own",
		LOG_ERROR_LEVEL},
	{"MOVED", "Redis Cluster is not supported yet: give the URL of a single Redis",
		LOG_ERROR_LEVEL},
	{"CROSSSLOT", "Redis Cluster is not supported yet: give the URL of a single Redis",
		LOG_ERROR_LEVEL},
	{"LOADING", "Redis is reading its file: it takes a moment", LOG_WARNING_LEVEL},
	{"MASTERDOWN", "Redis has lost its master", LOG_WARNING_LEVEL},
	{"NOREPLICAS", "Redis has too few replicas", LOG_WARNING_LEVEL},
	{"BUSY", "Redis is busy with a script", LOG_WARNING_LEVEL},
	{"CLUSTERDOWN", "the Redis Cluster is down", LOG_WARNING_LEVEL},
	{"TRYAGAIN", "Redis moves keys", LOG_WARNING_LEVEL},
};

/* --- Tools of the other files
 * ------------------------------------------------------------------ */

void queue_soon(struct queue *q)
{
	(void)timer_set(q->soon, 0);
}

bool queue_usable(const struct queue *q)
{
	return q->live && redis_is_up(q->redis);
}

static bool says(struct span text, const char *code)
{
	char inside[32];

	(void)snprintf(inside, sizeof(inside), "-%s ", code);
	return span_starts(text, span_str(code)) ||
	       (text.n && memmem(text.p, text.n, inside, strlen(inside)));
}

void queue_refusal(struct queue *q, const struct redis_value *reply, const char *where)
{
	const struct span text = reply && reply->type == REDIS_ERROR ? reply->text : SPAN_NONE;
	const char *reason = "unknown", *remedy = "an answer that was not expected";
	enum log_level level = LOG_ERROR_LEVEL;

	(void)timer_set(q->retry, RETRY_MS);
	if (!reply)
		return; /* the connection says why, by itself */
	q->refused = true;
	q->stats.errors++;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		if (!says(text, refusals[i].code))
			continue;
		reason = refusals[i].code;
		remedy = refusals[i].remedy;
		level = refusals[i].level;
		break;
	}
	if (strcmp(q->refusal, reason) == 0)
		return;
	(void)snprintf(q->refusal, sizeof(q->refusal), "%s", reason);
	log_write(level, "queue.refused",
		LOG_PAIRS(STR("at", where), STR("remedy", remedy),
			TEXT("redis_said", span_slice(text, 0, 200))));
}

void queue_accepted(struct queue *q)
{
	if (q->refusal[0])
		log_info("queue.accepted_again", STR("after", q->refusal));
	q->refusal[0] = '\0';
	q->refused = false;
}

int queue_key(char **ret, const struct queue *q, unsigned partition, const char *what,
	struct span rest)
{
	return asprintf(ret, "%s{p%02u}:%s%.*s", q->prefix, partition, what, SPAN_ARG(rest)) < 0
		       ? -ENOMEM
		       : 0;
}

int queue_eval(struct queue *q, enum queue_script script, size_t n_keys, size_t argc,
	const struct span *argv, redis_done done, void *arg)
{
	struct span *all = malloc((argc + 3) * sizeof(*all));
	const bool by_body = q->scripts[script].by_body;
	char count[16];
	int r;

	if (!all)
		return -ENOMEM;
	(void)snprintf(count, sizeof(count), "%zu", n_keys);
	all[0] = by_body ? SPAN("EVAL") : SPAN("EVALSHA");
	all[1] = span_str(by_body ? bodies[script] : q->scripts[script].sha);
	all[2] = span_str(count);
	memcpy(all + 3, argv, argc * sizeof(*all));
	r = redis_command(q->redis, argc + 3, all, 0, done, arg);
	if (r == 0)
		q->scripts[script].by_body = false;
	free(all);
	return r;
}

bool queue_no_script(struct queue *q, enum queue_script script, const struct redis_value *reply)
{
	if (!reply || reply->type != REDIS_ERROR || !says(reply->text, "NOSCRIPT"))
		return false;
	q->scripts[script].by_body = true; /* EVAL leaves it in the server's cache */
	return true;
}

void queue_note_loss(struct queue *q, unsigned partition, struct span epoch, uint64_t commit)
{
	struct partition *p = &q->partitions[partition];

	log_warning("queue.log_lost", INT("partition", partition), STR("epoch_was", p->epoch),
		TEXT("epoch", epoch), INT("commit_was", p->commit), INT("commit", commit));
	q->stats.resets++;
	(void)snprintf(p->epoch, sizeof(p->epoch), "%.*s", SPAN_ARG(epoch));
	p->commit = commit;
	p->lost = true;
	p->lost_at = loop_now(q->loop);
	p->reset_due = true;
	p->dirty = true;
	queue_soon(q);
}

/* --- Room
 * -------------------------------------------------------------------------------------- */

void queue_check_room(struct queue *q)
{
	bool close;

	q->stats.spool_bytes = spool_used(q->spool);
	q->stats.stream_bytes = 0;
	for (unsigned i = 0; i < PARTITIONS; i++)
		q->stats.stream_bytes += q->partitions[i].bytes;
	/* What is in flight must still fit, and nobody shall be called to and fro. */
	if (q->spool_blocked || q->stats.spool_bytes > q->spool_limit - q->spool_limit / 8)
		q->spool_full = true;
	else if (q->stats.spool_bytes < q->spool_limit / 2)
		q->spool_full = false;
	if (q->stats.stream_bytes > q->stream_limit)
		q->stream_full = true;
	else if (q->stats.stream_bytes < q->stream_limit - q->stream_limit / 4)
		q->stream_full = false;
	close = q->spool_full || q->spool_stuck || q->stream_full;
	if (close == q->closed)
		return;
	q->closed = close;
	if (close)
		log_warning("queue.closed",
			STR("why", q->stream_full   ? "the streams wait for archive or desk"
				   : q->spool_stuck ? "the spool cannot be written"
						    : "the spool is full"),
			INT("spool_bytes", q->stats.spool_bytes),
			INT("stream_bytes", q->stats.stream_bytes));
	else
		log_info("queue.opened");
	if (q->room_cb)
		q->room_cb(q->arg, !close);
}

/* --- Set-up of a connection
 * -------------------------------------------------------------------- */

static void set_up_done(struct queue *q)
{
	const bool first = !q->was_live;

	if (q->set_up_failed) {
		(void)timer_set(q->retry, RETRY_MS);
		return;
	}
	if (q->set_up_again) { /* only groups had gone; nobody was disconnected */
		q->set_up_again = false;
		queue_soon(q);
		return;
	}
	for (unsigned i = 0; i < PARTITIONS; i++) {
		struct partition *p = &q->partitions[i];

		if (p->epoch[0] &&
			(strcmp(p->epoch, p->met_epoch) != 0 || p->met_commit < p->commit)) {
			queue_note_loss(q, i, span_str(p->met_epoch), p->met_commit);
		} else {
			(void)snprintf(p->epoch, sizeof(p->epoch), "%s", p->met_epoch);
			p->commit = p->met_commit;
		}
		/* While we were away others may have taken it back and forth. */
		p->reset_due = p->reset_due || !first;
		p->dirty = true;
	}
	q->live = q->was_live = q->stats.up = true;
	q->refused = false;
	log_info("queue.up", STR("redis", redis_name(q->redis)));
	if (q->ready_cb)
		q->ready_cb(q->arg);
	queue_soon(q);
}

/* Each answer of the set-up passes here, NULL ones too. */
static void set_up_step(struct queue *q, const struct redis_value *reply, bool fine)
{
	if (!fine) {
		q->set_up_failed = true;
		queue_refusal(q, reply, "set-up");
	}
	if (--q->set_up_pending == 0)
		set_up_done(q);
}

static void on_group_made(void *arg, const struct redis_value *reply)
{
	/* A Redis at its maxmemory refuses before it looks whether the group is there. Reading
	 * must go on then, or it would never be emptied; if the group is not there, reading
	 * will say so. */
	const bool fine =
		reply && (reply->type != REDIS_ERROR || says(reply->text, "BUSYGROUP") ||
				 says(reply->text, "OOM"));

	set_up_step(arg, reply, fine);
}

static void on_loaded(
	struct queue *q, enum queue_script script, const struct redis_value *reply)
{
	const bool fine = reply && reply->type == REDIS_STRING && reply->text.n == 40;

	if (fine)
		(void)snprintf(q->scripts[script].sha, sizeof(q->scripts[script].sha), "%.*s",
			SPAN_ARG(reply->text));
	set_up_step(q, reply, fine);
}

static void on_commit_loaded(void *arg, const struct redis_value *reply)
{
	on_loaded(arg, SCRIPT_COMMIT, reply);
}

static void on_trim_loaded(void *arg, const struct redis_value *reply)
{
	on_loaded(arg, SCRIPT_TRIM, reply);
}

static void on_claim_loaded(void *arg, const struct redis_value *reply)
{
	on_loaded(arg, SCRIPT_CLAIM, reply);
}

static void on_seen_loaded(void *arg, const struct redis_value *reply)
{
	on_loaded(arg, SCRIPT_SEEN, reply);
}

static const redis_done on_script_loaded[QUEUE_SCRIPTS] = {
	[SCRIPT_COMMIT] = on_commit_loaded,
	[SCRIPT_TRIM] = on_trim_loaded,
	[SCRIPT_CLAIM] = on_claim_loaded,
	[SCRIPT_SEEN] = on_seen_loaded,
};

static void on_meta(void *arg, const struct redis_value *reply)
{
	struct partition *p = arg;
	const bool fine = reply && reply->type == REDIS_ARRAY && reply->n == 2;

	p->met_epoch[0] = '\0';
	p->met_commit = 0;
	if (fine) {
		(void)snprintf(p->met_epoch, sizeof(p->met_epoch), "%.*s",
			SPAN_ARG(reply->items[0].text));
		p->met_commit = strtoull(
			reply->items[1].text.p ? reply->items[1].text.p : "0", NULL, 10);
	}
	set_up_step(p->queue, reply, fine);
}

static void set_up_ask(
	struct queue *q, size_t argc, const struct span *argv, redis_done done, void *arg)
{
	q->set_up_pending++;
	if (redis_command(q->redis, argc, argv, 0, done, arg) < 0)
		set_up_step(q, NULL, false);
}

void queue_set_up(struct queue *q)
{
	if (q->set_up_pending || !redis_is_up(q->redis))
		return;
	q->set_up_again = q->live;
	q->set_up_failed = false;
	q->set_up_pending = 1; /* ours, until all is asked */
	for (int i = 0; i < QUEUE_SCRIPTS; i++)
		set_up_ask(q, 3,
			(const struct span[]){
				SPAN("SCRIPT"), SPAN("LOAD"), span_str(bodies[i])},
			on_script_loaded[i], q);
	for (unsigned i = 0; i < PARTITIONS; i++) {
		struct partition *p = &q->partitions[i];

		for (size_t g = 0; g < QUEUE_GROUPS; g++)
			set_up_ask(q, 6,
				(const struct span[]){SPAN("XGROUP"), SPAN("CREATE"),
					span_str(p->hits), span_str(queue_group_names[g]),
					SPAN("0"), SPAN("MKSTREAM")},
				on_group_made, q);
		set_up_ask(q, 4,
			(const struct span[]){SPAN("HMGET"), span_str(p->meta), SPAN("epoch"),
				SPAN("commit")},
			on_meta, p);
	}
	set_up_step(q, NULL, true);
}

static void on_up(void *arg)
{
	queue_set_up(arg);
}

static void on_down(void *arg, struct span why)
{
	struct queue *q = arg;

	q->live = q->stats.up = false;
	if (q->lost_cb)
		q->lost_cb(q->arg, why);
	queue_soon(q);
}

/* --- Timers
 * ------------------------------------------------------------------------------------ */

static void on_soon(void *arg)
{
	struct queue *q = arg;

	for (unsigned i = 0; i < PARTITIONS; i++) {
		if (!q->partitions[i].reset_due)
			continue;
		q->partitions[i].reset_due = false;
		if (q->reset_cb)
			q->reset_cb(q->arg, i);
	}
	queue_commit_pump(q);
	queue_states_pump(q);
	queue_groups_pump(q);
	queue_check_room(q);
}

static void on_retry(void *arg)
{
	struct queue *q = arg;

	q->refused = false;
	q->spool_try = true;
	if (!q->live)
		queue_set_up(q);
	queue_soon(q);
}

static void on_trimmed(void *arg, const struct redis_value *reply)
{
	struct partition *p = arg;

	if (queue_no_script(p->queue, SCRIPT_TRIM, reply) || !reply ||
		reply->type != REDIS_ARRAY || reply->n != 4) {
		p->dirty = true; /* again at the next tick */
		if (reply && reply->type == REDIS_ERROR && !says(reply->text, "NOSCRIPT"))
			log_debug("queue.not_trimmed", TEXT("redis_said", reply->text));
		return;
	}
	p->bytes = (uint64_t)reply->items[2].integer;
	if (reply->items[0].integer)
		log_debug("queue.trimmed", INT("partition", p->number),
			INT("entries", reply->items[0].integer),
			INT("left", reply->items[1].integer),
			TEXT("slowest", reply->items[3].text));
	queue_check_room(p->queue);
}

static void on_tick(void *arg)
{
	struct queue *q = arg;

	(void)timer_set(q->tick, TICK_MS);
	queue_groups_tick(q);
	for (unsigned i = 0; i < PARTITIONS && queue_usable(q); i++) {
		struct partition *p = &q->partitions[i];
		struct span argv[1 + QUEUE_GROUPS] = {span_str(p->hits)};

		if (!p->dirty)
			continue;
		for (size_t g = 0; g < QUEUE_GROUPS; g++)
			argv[1 + g] = span_str(queue_group_names[g]);
		if (queue_eval(q, SCRIPT_TRIM, 1, 1 + QUEUE_GROUPS, argv, on_trimmed, p) == 0)
			p->dirty = false;
	}
	queue_check_room(q);
}

/* --- The door
 * ---------------------------------------------------------------------------------- */

static int make_partitions(struct queue *q)
{
	int r = 0;

	for (unsigned i = 0; i < PARTITIONS && !r; i++) {
		struct partition *p = &q->partitions[i];

		p->queue = q;
		p->number = i;
		r = queue_key(&p->hits, q, i, "hits", SPAN_NONE);
		if (r == 0)
			r = queue_key(&p->meta, q, i, "meta", SPAN_NONE);
	}
	return r;
}

static void init_list(struct commit_list *list)
{
	*list = (struct commit_list){.tail = &list->head};
}

DEFINE_CLEANUP(struct queue *, queue_free)

int queue_new(struct queue **ret, struct loop *loop, const struct queue_options *o)
{
	CLEANUP(queue_freep) struct queue *q = calloc(1, sizeof(*q));
	struct redis_options redis = {
		.url = o->redis_url, .up = on_up, .down = on_down, .arg = q};
	int r;

	if (!q)
		return -ENOMEM;
	q->loop = loop;
	init_list(&q->waiting);
	init_list(&q->flying);
	init_list(&q->appending);
	init_list(&q->replay);
	q->url = strndup(o->redis_url.p ? o->redis_url.p : "", o->redis_url.n);
	q->prefix = o->prefix.p ? strndup(o->prefix.p, o->prefix.n) : strdup("vigie:");
	(void)snprintf(q->consumer, sizeof(q->consumer), "%.*s",
		SPAN_ARG(o->consumer.n ? o->consumer : SPAN("vigie")));
	q->spool_limit = o->spool_limit_bytes ? o->spool_limit_bytes : SPOOL_LIMIT_BYTES;
	q->stream_limit = o->stream_limit_bytes ? o->stream_limit_bytes : STREAM_LIMIT_BYTES;
	q->known_ms = o->known_ms ? o->known_ms : known_default_ms;
	q->committed = o->committed;
	q->replay_at = SPOOL_HEADER_BYTES;
	redis.command_ms = o->command_ms;
	if (!q->url || !q->prefix || make_partitions(q) < 0)
		return -ENOMEM;
	if (getrandom(&q->fresh, sizeof(q->fresh), 0) != sizeof(q->fresh))
		return -EIO;
	r = timer_new(&q->soon, loop, on_soon, q);
	if (r == 0)
		r = timer_new(&q->tick, loop, on_tick, q);
	if (r == 0)
		r = timer_new(&q->retry, loop, on_retry, q);
	if (r == 0)
		r = timer_set(q->tick, TICK_MS);
	if (r == 0)
		r = spool_open(
			&q->spool, loop, o->spool_path, q->spool_limit, queue_commit_found, q);
	if (r == 0 && q->spool_alien) {
		log_error("queue.spool_refused", STR("file", o->spool_path),
			STR("why", "records of a newer vigie: run that one once, or move the "
				   "file"));
		r = -EINVAL;
	}
	if (r == 0)
		r = redis_new(&q->redis, loop, &redis);
	if (r < 0)
		return r;
	if (spool_used(q->spool))
		log_info("queue.spool_found", INT("bytes", spool_used(q->spool)));
	q->ready_cb = o->ready;
	q->lost_cb = o->lost;
	q->reset_cb = o->reset;
	q->room_cb = o->room;
	q->arg = o->arg;
	*ret = TAKE(q);
	return 0;
}

struct queue *queue_free(struct queue *q)
{
	if (!q)
		return NULL;
	q->live = false;
	q->ready_cb = NULL;
	q->lost_cb = NULL;
	q->reset_cb = NULL;
	q->room_cb = NULL;
	while (q->groups)
		(void)queue_group_free(q->groups);
	q->redis = redis_free(q->redis);
	q->spool = spool_free(q->spool);
	queue_states_deinit(q);
	queue_commit_deinit(q);
	q->soon = timer_free(q->soon);
	q->tick = timer_free(q->tick);
	q->retry = timer_free(q->retry);
	for (unsigned i = 0; i < PARTITIONS; i++) {
		free(q->partitions[i].hits);
		free(q->partitions[i].meta);
	}
	free(q->url);
	free(q->prefix);
	free(q);
	return NULL;
}

const struct queue_stats *queue_stats(const struct queue *queue)
{
	return &queue->stats;
}

bool queue_idle(const struct queue *queue)
{
	return queue_commit_idle(queue) && queue_groups_idle(queue);
}
