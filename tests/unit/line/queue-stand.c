/* queue-stand: see the header. */

#include "queue-stand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/log.h"
#include "line/codec_hit.h"
#include "line/identity.h"

enum { LATE_MS = 20000, PULSE_MS = 5 };

static void on_late(void *arg)
{
	(void)arg;
	loop_stop(((struct stand *)arg)->loop);
	((struct stand *)arg)->pulsed.ms = -1;
}

/* A loop that is blocked is a loop whose pulse is late. */
static void on_pulse(void *arg)
{
	struct stand *s = arg;
	const struct mono now = loop_now(s->loop);

	if (now.ms - s->pulsed.ms > s->longest_ms)
		s->longest_ms = now.ms - s->pulsed.ms;
	s->pulsed = now;
	(void)timer_set(s->pulse, PULSE_MS);
	loop_stop(s->loop);
}

static void on_server_ready(void *arg)
{
	loop_stop(((struct stand *)arg)->loop);
}

static void on_answer(void *arg, const struct redis_value *reply)
{
	struct stand *s = arg;

	s->answers++;
	s->answer_null = !reply;
	s->number = reply ? reply->integer : -1;
	(void)snprintf(s->text, sizeof(s->text), "%.*s", reply ? (int)reply->text.n : 0,
		reply && reply->text.p ? reply->text.p : "");
	loop_stop(s->loop);
}

void stand_begin(struct stand *s)
{
	s->pulsed = loop_now(s->loop);
	assert_int_equal(timer_set(s->late, LATE_MS), 0);
	assert_int_equal(timer_set(s->pulse, PULSE_MS), 0);
}

void stand_turn(struct stand *s, const char *waited_for)
{
	assert_int_equal(loop_run(s->loop), 0);
	if (s->pulsed.ms < 0)
		fail_msg("waited too long for: %s", waited_for);
}

void stand_idle(struct stand *s, int64_t ms)
{
	const struct mono end = {loop_now(s->loop).ms + ms};

	UNTIL(s, loop_now(s->loop).ms >= end.ms);
}

void stand_redis(struct stand *s, const char *command)
{
	struct span argv[16], rest = span_str(command);
	const int before = s->answers;
	size_t n = 0;

	while (rest.n && n < 16) {
		const size_t end = span_find(rest, ' ');

		argv[n++] = span_slice(rest, 0, end);
		rest = span_slice(rest, end + 1, rest.n);
	}
	UNTIL(s, redis_is_up(s->redis));
	assert_int_equal(redis_command(s->redis, n, argv, 0, on_answer, s), 0);
	UNTIL(s, s->answers > before);
}

int64_t stand_sum(struct stand *s, const char *format)
{
	int64_t sum = 0;

	for (unsigned p = 0; p < PARTITIONS; p++) {
		const char *at = strstr(format, "%u");
		char command[256];

		(void)snprintf(command, sizeof(command), "%.*s%02u%s", (int)(at - format),
			format, p, at + 2);
		stand_redis(s, command);
		sum += s->number;
	}
	return sum;
}

/* --- The queue
 * ---------------------------------------------------------------------------------- */

static void on_ready(void *arg)
{
	((struct stand *)arg)->readies++;
}

static void on_lost(void *arg, struct span why)
{
	(void)why;
	((struct stand *)arg)->losses++;
}

static void on_reset(void *arg, unsigned partition)
{
	(void)partition;
	((struct stand *)arg)->resets++;
}

static void on_room(void *arg, bool open)
{
	((struct stand *)arg)->open = open;
}

static void on_committed(void *arg, struct batch *batch)
{
	struct stand *s = arg;

	s->commits++;
	(void)snprintf(s->last_etag, sizeof(s->last_etag), "%.*s", SPAN_ARG(batch->state.etag));
	(void)batch_free(batch);
}

void stand_open(struct stand *s)
{
	const int before = s->readies;

	assert_int_equal(queue_new(&s->queue, s->loop, &s->options), 0);
	UNTIL(s, s->readies > before);
}

void stand_close(struct stand *s)
{
	s->group = queue_group_free(s->group);
	s->queue = queue_free(s->queue);
}

static void on_entries(void *arg, const struct queue_entry *entries, size_t n)
{
	struct stand *s = arg;

	for (size_t i = 0; i < n; i++) {
		struct seen_entry *e = &s->entries[s->n_entries];
		struct arena arena = {0};
		struct hit hit = {0};

		assert_true(s->n_entries < SEEN_MAX);
		e->partition = entries[i].partition;
		e->update = entries[i].update;
		e->lost = entries[i].lost;
		(void)snprintf(e->id, sizeof(e->id), "%.*s", SPAN_ARG(entries[i].id));
		if (!e->lost)
			assert_int_equal(hit_decode(&hit, &arena, entries[i].hit), 0);
		(void)snprintf(e->title, sizeof(e->title), "%.*s", SPAN_ARG(hit.item.title));
		e->deleted = hit.deleted;
		e->key0 = hit.key.b[0];
		arena_release(&arena);
		s->n_entries++;
		if (s->ack)
			queue_ack(s->group, entries[i].partition, &entries[i].id, 1);
	}
}

void stand_open_group(struct stand *s, const char *name, size_t window)
{
	assert_int_equal(queue_group_new(&s->group, s->queue, name, window, on_entries, s), 0);
}

bool stand_saw(const struct stand *s, size_t i, const char *title)
{
	return i < s->n_entries && strcmp(s->entries[i].title, title) == 0;
}

/* --- Batches
 * ------------------------------------------------------------------------------------- */

struct batch *stand_batch(struct stand *s, const char *source, const char *etag,
	const char *title, int first, int n, uint64_t content)
{
	struct batch *b = batch_new();
	struct arena *a = &b->arena;
	struct source *src = arena_calloc(a, 1, sizeof(*src));

	src->id = arena_dup(a, span_str(source));
	src->kind = SPAN("feed");
	src->url = arena_printf(a, "https://%s.example.org/feed", source);
	b->source = src;
	b->outcome = BATCH_READ;
	b->fetched = loop_wall(s->loop);
	b->fetch_end = loop_now(s->loop);
	b->state = (struct source_state){
		.etag = arena_dup(a, span_str(etag)),
		.cursor = SPAN("page-2"),
		.ns = identity_namespace(a, src),
		.first_contact = {1000},
		.last_read = b->fetched,
		.last_try = b->fetched,
		.next_due = WALL_NONE,
		.reads = 7,
	};
	b->hits = arena_calloc(a, (size_t)n, sizeof(*b->hits));
	for (int i = 0; i < n; i++) {
		struct hit *h = &b->hits[b->n_hits++];

		h->item = item_empty();
		h->item.title = arena_printf(a, "%s %d", title, first + i);
		h->item.url = arena_printf(a, "https://%s.example.org/%d", source, first + i);
		h->item.id = h->item.url;
		for (size_t k = 0; k < h->item.title.n; k++)
			h->key.b[(k * 7) % ITEM_KEY_BYTES] ^=
				(unsigned char)(h->item.title.p[k] + k * 31);
		h->content_hash = content;
		h->source = src->id;
		h->source_kind = src->kind;
		h->fetched = b->fetched;
	}
	return b;
}

void stand_take(struct stand *s, struct batch *batch)
{
	const int before = s->commits;

	queue_take(s->queue, batch);
	UNTIL(s, s->commits > before);
}

static void on_state(void *arg, size_t i, const struct source_state *state)
{
	struct stand *s = arg;

	(void)i;
	s->states_got++;
	s->state_met = state != NULL;
	(void)snprintf(s->state_etag, sizeof(s->state_etag), "%.*s",
		state ? (int)state->etag.n : 0, state && state->etag.p ? state->etag.p : "");
	(void)snprintf(s->state_cursor, sizeof(s->state_cursor), "%.*s",
		state ? (int)state->cursor.n : 0,
		state && state->cursor.p ? state->cursor.p : "");
	s->state_reads = state ? state->reads : -1;
}

static void on_states_end(void *arg, int r)
{
	assert_int_equal(r, 0);
	((struct stand *)arg)->states_ended++;
}

void stand_ask(struct stand *s, const char *source)
{
	struct batch *b = stand_batch(s, source, "", "", 0, 0, 0);
	const struct queue_state_ask ask = {
		b->source->id, identity_partition(identity_namespace(&b->arena, b->source))};
	const int before = s->states_ended;

	assert_int_equal(queue_states(s->queue, &ask, 1, on_state, on_states_end, s), 0);
	(void)batch_free(b);
	UNTIL(s, s->states_ended > before);
}

/* --- Life
 * ----------------------------------------------------------------------------------------- */

int stand_set_up(void **state)
{
	struct stand *s = calloc(1, sizeof(*s));
	struct arena arena = {0};
	struct span why;

	log_set_level(getenv("VIGIE_TEST_LOG") ? LOG_DEBUG_LEVEL : LOG_ERROR_LEVEL + 1);
	(void)strcpy(s->folder, "/tmp/vigie-queue-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	(void)snprintf(s->spool, sizeof(s->spool), "%s/spool", s->folder);
	assert_int_equal(loop_new(&s->loop), 0);
	assert_int_equal(timer_new(&s->late, s->loop, on_late, s), 0);
	assert_int_equal(timer_new(&s->pulse, s->loop, on_pulse, s), 0);
	assert_int_equal(
		redis_server_new(&s->server, s->loop,
			&(struct redis_server_options){
				.folder = s->folder, .ready = on_server_ready, .arg = s},
			&arena, &why),
		0);
	arena_release(&arena);
	UNTIL(s, redis_server_ready(s->server));
	assert_int_equal(redis_new(&s->redis, s->loop,
				 &(struct redis_options){
					 .url = redis_server_url(s->server), .quiet = true}),
		0);
	s->open = true;
	s->options = (struct queue_options){
		.redis_url = redis_server_url(s->server),
		.prefix = SPAN("t:"),
		.command_ms = 400,
		.spool_path = s->spool,
		.committed = {on_committed, s},
		.ready = on_ready,
		.lost = on_lost,
		.reset = on_reset,
		.room = on_room,
		.arg = s,
	};
	*state = s;
	return 0;
}

int stand_tear_down(void **state)
{
	struct stand *s = *state;
	char command[128];

	stand_close(s);
	s->redis = redis_free(s->redis);
	s->server = redis_server_free(s->server);
	(void)timer_free(s->late);
	(void)timer_free(s->pulse);
	(void)loop_free(s->loop);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", s->folder);
	assert_int_equal(system(command), 0);
	free(s);
	return 0;
}
