/*
 * redis_check: reads INFO and says what to change.
 */

#include "io/redis_check.h"

#include <errno.h>
#include <stdbool.h>

#include "io/redis.h"
#include "io/redis_url.h"
#include "vigie/arena.h"

enum { DEADLINE_MS = 5000, VERSION_MAJOR = 6, VERSION_MINOR = 2 };

/* Value of a "name:value" line of INFO. */
static struct span info_get(struct span info, const char *name)
{
	const struct span wanted = span_str(name);

	while (info.n) {
		const size_t end = span_find(info, '\n');
		const struct span line = span_trim(span_slice(info, 0, end));

		if (span_starts(line, wanted) && line.n > wanted.n && line.p[wanted.n] == ':')
			return span_slice(line, wanted.n + 1, line.n);
		info = span_slice(info, end + 1, info.n);
	}
	return SPAN_NONE;
}

/* The number at the front; *s moves behind it and one separator. */
static int take_number(struct span *s)
{
	int value = 0;
	size_t i = 0;

	for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9' && value < 10000; i++)
		value = value * 10 + (s->p[i] - '0');
	*s = span_slice(*s, i + 1, s->n);
	return value;
}

static int no_memory(int r)
{
	return r == -ENOMEM ? r : 0;
}

static int check_version(struct err_list *errors, struct span info)
{
	const struct span version = info_get(info, "redis_version");
	struct span rest = version;
	const int major = take_number(&rest), minor = take_number(&rest);

	if (major > VERSION_MAJOR || (major == VERSION_MAJOR && minor >= VERSION_MINOR))
		return 0;
	return no_memory(err_add(errors, NULL, 0, 0,
		"Redis %.*s is too old: 6.2 or later is needed, install a newer one or set "
		"redis: "
		"private",
		SPAN_ARG(version.n ? version : SPAN("of unknown version"))));
}

static int check_persistence(
	struct err_list *errors, struct err_list *warnings, struct span info, struct span save)
{
	if (span_eq_str(info_get(info, "aof_enabled"), "1"))
		return 0;
	if (save.p && !save.n)
		return no_memory(err_add(errors, NULL, 0, 0,
			"this Redis keeps nothing on disk: set 'appendonly yes' in its "
			"configuration"));
	return no_memory(err_add(warnings, NULL, 0, 0,
		"this Redis has no append-only file, so a crash takes back what came since its "
		"last "
		"snapshot and it must be read again: set 'appendonly yes' in its "
		"configuration"));
}

int redis_check_info(
	struct err_list *errors, struct err_list *warnings, struct span info, struct span save)
{
	const struct span policy = info_get(info, "maxmemory_policy");
	const struct span fsync_error = info_get(info, "aof_last_write_status");
	int r = check_version(errors, info);

	if (r == 0)
		r = check_persistence(errors, warnings, info, save);
	if (r == 0 && policy.n && !span_eq_str(policy, "noeviction"))
		r = no_memory(err_add(errors, NULL, 0, 0,
			"maxmemory-policy is %.*s, so a full Redis would drop hits: set "
			"'maxmemory-policy noeviction' in its configuration",
			SPAN_ARG(policy)));
	if (r == 0 && span_eq_str(info_get(info, "role"), "slave"))
		r = no_memory(err_add(errors, NULL, 0, 0,
			"this Redis is a replica and takes no writes: give the URL of its "
			"master"));
	if (r == 0 && span_eq_str(info_get(info, "cluster_enabled"), "1"))
		r = no_memory(err_add(errors, NULL, 0, 0,
			"this is a node of a Redis Cluster, which is not supported yet: give "
			"the URL of "
			"a single Redis"));
	if (r == 0 && fsync_error.n && !span_eq_str(fsync_error, "ok"))
		r = no_memory(err_add(warnings, NULL, 0, 0,
			"this Redis cannot write its append-only file: look at its disk and "
			"its log"));
	return r;
}

struct check {
	struct loop *loop;
	struct redis *redis;
	struct arena arena;
	struct span info, save, why;
	bool answered;
};

static void on_save(void *arg, const struct redis_value *reply)
{
	struct check *c = arg;

	if (reply && reply->type == REDIS_ARRAY && reply->n == 2)
		c->save = arena_dup(&c->arena, reply->items[1].text);
	c->answered = reply != NULL;
	loop_stop(c->loop);
}

static void on_info(void *arg, const struct redis_value *reply)
{
	struct check *c = arg;

	if (reply && reply->type == REDIS_STRING)
		c->info = arena_dup(&c->arena, reply->text);
	else if (reply && reply->type == REDIS_ERROR)
		c->why = arena_dup(&c->arena, reply->text);
}

static void on_up(void *arg)
{
	struct check *c = arg;

	if (redis_command(c->redis, 1, (const struct span[]){SPAN("INFO")}, 0, on_info, c) <
			0 ||
		redis_command(c->redis, 3,
			(const struct span[]){SPAN("CONFIG"), SPAN("GET"), SPAN("save")}, 0,
			on_save, c) < 0)
		loop_stop(c->loop);
}

static void on_down(void *arg, struct span why)
{
	struct check *c = arg;

	c->why = arena_dup(&c->arena, why);
	loop_stop(c->loop);
}

static void on_late(void *arg)
{
	struct check *c = arg;

	loop_stop(c->loop);
}

int redis_check(struct err_list *errors, struct err_list *warnings, struct loop *loop,
	struct span url, int64_t deadline_ms)
{
	struct check c = {.loop = loop};
	const struct redis_options options = {
		.url = url, .command_ms = deadline_ms, .up = on_up, .down = on_down, .arg = &c};
	struct timer *late = NULL;
	struct redis_url parsed;
	const char *why = "";
	int r = redis_url_parse(&parsed, url, &why);

	if (r == -EINVAL)
		return no_memory(err_add(errors, NULL, 0, 0, "%s", why));
	if (r < 0)
		return r;
	redis_url_deinit(&parsed);
	r = timer_new(&late, loop, on_late, &c);
	if (r == 0)
		r = timer_set(late, deadline_ms ? deadline_ms : DEADLINE_MS);
	if (r == 0)
		r = redis_new(&c.redis, loop, &options);
	if (r == 0)
		r = loop_run(loop);
	if (r == 0 && c.answered && c.info.n)
		r = redis_check_info(errors, warnings, c.info, c.save);
	else if (r == 0)
		r = no_memory(err_add(errors, NULL, 0, 0,
			"Redis at %s cannot be used (%.*s): start it, or correct 'redis'",
			redis_name(c.redis),
			SPAN_ARG(c.why.n ? c.why : SPAN("it does not answer"))));
	(void)redis_free(c.redis);
	(void)timer_free(late);
	arena_release(&c.arena);
	return r;
}
