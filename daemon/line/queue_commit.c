/*
 * queue_commit: batches on their way. Each becomes a commit and takes one of two ways:
 *
 *     waiting → flying (into Redis) → committed
 *     waiting → appending (to the spool) → committed … replay (from the spool into Redis)
 *
 * The second while Redis is away or takes nothing, and as long as the spool holds anything, so
 * that the order of each source is kept. On both, a source has one commit in flight at most. A
 * commit that comes back unanswered is tried again from its first chunk: repeating changes
 * nothing.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "io/log.h"
#include "line/queue_inner.h"

enum {
	CHUNK_HITS = 250, /* three values each: a script's unpack() takes a few thousand */
	CHUNK_BYTES = 1 << 20,
	FLYING_MAX = 64,
	FLYING_BYTES = 1 << 20, /* hiredis moves what is left of its output at each write */
	REPLAY_AHEAD = 32,
	NUMBER_TEXT = 24,
	COMMIT_KEYS = 6,
};

struct spooled {
	char *source;
	uint64_t offset;  /* of the record it comes from */
	struct buf bytes; /* that record without its hits */
	UT_hash_handle hh;
};

/* --- Lists
 * ------------------------------------------------------------------------------------- */

static void append(struct commit_list *list, struct commit *c)
{
	c->next = NULL;
	*list->tail = c;
	list->tail = &c->next;
	list->n++;
}

static void prepend(struct commit_list *list, struct commit *c)
{
	c->next = list->head;
	list->head = c;
	if (!c->next)
		list->tail = &c->next;
	list->n++;
}

static void take_out(struct commit_list *list, struct commit *c)
{
	for (struct commit **at = &list->head; *at; at = &(*at)->next) {
		if (*at != c)
			continue;
		*at = c->next;
		if (!*at)
			list->tail = at;
		list->n--;
		return;
	}
}

static struct commit *commit_free(struct commit *c)
{
	if (!c)
		return NULL;
	(void)batch_free(c->batch);
	arena_release(&c->arena);
	buf_deinit(&c->bytes);
	free(c);
	return NULL;
}

static void free_list(struct commit_list *list)
{
	while (list->head) {
		struct commit *c = list->head;

		take_out(list, c);
		(void)commit_free(c);
	}
}

/* --- The spool's newest states
 * ------------------------------------------------------------------- */

static struct spooled *spooled_free(struct spooled *s)
{
	free(s->source);
	buf_deinit(&s->bytes);
	free(s);
	return NULL;
}

static void remember_spooled(
	struct queue *q, const struct queue_record *record, uint64_t offset)
{
	struct queue_record state = *record;
	struct spooled *s = NULL;

	HASH_FIND(hh, q->spooled, record->source.p, record->source.n, s);
	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s)
			return;
		s->source = strndup(record->source.p, record->source.n);
		if (!s->source) {
			free(s);
			return;
		}
		HASH_ADD_KEYPTR(hh, q->spooled, s->source, record->source.n, s);
		if (!s->hh.tbl) {
			(void)spooled_free(s);
			return;
		}
	}
	state.n_hits = 0;
	buf_clear(&s->bytes);
	queue_record_encode(&s->bytes, &state);
	s->offset = offset;
}

static void forget_spooled(struct queue *q, struct span source, uint64_t offset)
{
	struct spooled *s = NULL;

	HASH_FIND(hh, q->spooled, source.p, source.n, s);
	if (!s || s->offset != offset)
		return;
	HASH_DEL(q->spooled, s);
	(void)spooled_free(s);
}

static void forget_all_spooled(struct queue *q)
{
	struct spooled *s, *next;

	HASH_ITER(hh, q->spooled, s, next)
	{
		HASH_DEL(q->spooled, s);
		(void)spooled_free(s);
	}
}

bool queue_commit_spooled(
	struct queue *q, struct span source, struct arena *arena, struct source_state *ret)
{
	const struct partition *p;
	struct queue_record record;
	struct spooled *s = NULL;

	HASH_FIND(hh, q->spooled, source.p, source.n, s);
	if (!s || queue_record_decode(&record, arena, buf_span(&s->bytes)) < 0)
		return false;
	*ret = queue_state_of(record.pairs, record.n_pairs);
	/* Validators of a log that is gone must not come back by this way. */
	p = &q->partitions[record.partition];
	if (!span_eq_str(record.epoch, p->epoch) || record.floor > p->commit)
		queue_state_strip(ret);
	return true;
}

void queue_commit_found(void *arg, const struct spool_record *found)
{
	struct queue *q = arg;
	struct arena arena = {0};
	struct queue_record record;

	if (queue_record_decode(&record, &arena, found->payload) == 0) {
		struct partition *p = &q->partitions[record.partition];

		remember_spooled(q, &record, found->offset);
		(void)snprintf(p->epoch, sizeof(p->epoch), "%.*s", SPAN_ARG(record.epoch));
		p->commit = record.floor;
	} else {
		q->spool_alien = true;
	}
	arena_release(&arena);
}

/* --- Into Redis
 * ---------------------------------------------------------------------------------- */

static void on_commit(void *arg, const struct redis_value *reply);

static void add(struct span *argv, size_t *n, struct span s)
{
	argv[(*n)++] = s;
}

static size_t chunk_of(const struct commit *c)
{
	size_t n = 0, bytes = 0;

	while (c->next_hit + n < c->record.n_hits && n < CHUNK_HITS && bytes < CHUNK_BYTES)
		bytes += c->record.hits[c->next_hit + n++].bytes.n;
	return n;
}

struct commit_keys {
	char *source, *known[3];
	char expires[NUMBER_TEXT];
};

static int make_keys(struct commit_keys *keys, const struct queue *q, const struct commit *c)
{
	const int64_t generation_ms = q->known_ms > 1 ? q->known_ms / 2 : 1;
	const int64_t generation = loop_wall(q->loop).ms / generation_ms;
	int r = queue_key(&keys->source, q, c->record.partition, "source:", c->record.source);

	for (int i = 0; i < 3 && r == 0; i++) {
		char text[NUMBER_TEXT];

		(void)snprintf(text, sizeof(text), "%" PRId64, generation - i);
		r = queue_key(
			&keys->known[i], q, c->record.partition, "known:", span_str(text));
	}
	/* When the two generations behind it have been asked for the last time. */
	(void)snprintf(keys->expires, sizeof(keys->expires), "%" PRId64,
		(generation + 3) * generation_ms);
	return r;
}

static void free_keys(struct commit_keys *keys)
{
	free(keys->source);
	for (int i = 0; i < 3; i++)
		free(keys->known[i]);
}

static int send_chunk(struct queue *q, struct commit *c)
{
	const struct partition *p = &q->partitions[c->record.partition];
	char fresh[EPOCH_TEXT + 1], floor[NUMBER_TEXT], strings[NUMBER_TEXT],
		groups[NUMBER_TEXT];
	struct commit_keys keys = {0};
	struct span *argv;
	size_t n = 0;
	int r;

	c->chunk_hits = chunk_of(c);
	argv = malloc((16 + QUEUE_GROUPS + 2 * c->record.n_pairs + 3 * c->chunk_hits) *
		      sizeof(*argv));
	r = argv ? make_keys(&keys, q, c) : -ENOMEM;
	if (r == 0) {
		(void)snprintf(fresh, sizeof(fresh), "%016" PRIx64, q->fresh++);
		(void)snprintf(floor, sizeof(floor), "%" PRIu64, c->floor);
		(void)snprintf(strings, sizeof(strings), "%zu", 2 * c->record.n_pairs);
		(void)snprintf(groups, sizeof(groups), "%d", QUEUE_GROUPS);
		add(argv, &n, span_str(p->hits));
		add(argv, &n, span_str(p->meta));
		add(argv, &n, span_str(keys.source));
		for (int i = 0; i < 3; i++)
			add(argv, &n, span_str(keys.known[i]));
		add(argv, &n, span_str(fresh));
		add(argv, &n, span_str(c->epoch));
		add(argv, &n, span_str(floor));
		add(argv, &n, span_str(keys.expires));
		add(argv, &n,
			c->next_hit + c->chunk_hits == c->record.n_hits ? SPAN("1")
									: SPAN("0"));
		add(argv, &n, span_str(groups));
		for (size_t i = 0; i < QUEUE_GROUPS; i++)
			add(argv, &n, span_str(queue_group_names[i]));
		add(argv, &n, span_str(strings));
		for (size_t i = 0; i < c->record.n_pairs; i++) {
			add(argv, &n, c->record.pairs[i].name);
			add(argv, &n, c->record.pairs[i].value);
		}
		for (size_t i = 0; i < c->chunk_hits; i++) {
			const struct queue_record_hit *hit = &c->record.hits[c->next_hit + i];

			add(argv, &n, hit->key);
			add(argv, &n, hit->hash);
			add(argv, &n, hit->bytes);
		}
		r = queue_eval(q, SCRIPT_COMMIT, COMMIT_KEYS, n, argv, on_commit, c);
	}
	free_keys(&keys);
	free(argv);
	return r;
}

static size_t weight(const struct commit *c)
{
	size_t bytes = 1024;

	for (size_t i = 0; i < c->record.n_hits; i++)
		bytes += c->record.hits[i].bytes.n;
	return bytes;
}

/* Not in flight any more, not done: to its list, to be tried again. */
static void come_back(struct queue *q, struct commit *c)
{
	c->flying = false;
	c->next_hit = 0;
	if (c->batch) {
		take_out(&q->flying, c);
		prepend(&q->waiting, c);
	}
	q->flying_bytes -= weight(c);
	queue_soon(q);
}

static int take_off(struct queue *q, struct commit *c)
{
	const int r = send_chunk(q, c);

	if (r < 0)
		return r;
	c->flying = true;
	q->flying_bytes += weight(c);
	return 0;
}

static void hand_back(struct queue *q, struct commit *c)
{
	struct batch *batch = c->batch;

	c->batch = NULL;
	if (c->stripped)
		queue_state_strip(&batch->state);
	(void)commit_free(c);
	q->stats.commits++;
	q->committed.take(q->committed.arg, batch);
}

static void landed(struct queue *q, struct commit *c)
{
	c->flying = false;
	q->flying_bytes -= weight(c);
	if (c->batch) {
		take_out(&q->flying, c);
		hand_back(q, c);
	} else {
		c->done = true;
		q->stats.replayed++;
		forget_spooled(q, c->record.source, c->offset);
	}
	queue_soon(q);
}

struct answer_of_commit {
	bool ours;
	struct span epoch;
	uint64_t commit;
	int64_t added, updated, known;
};

static bool read_answer(struct answer_of_commit *ret, const struct redis_value *reply)
{
	const struct redis_value *v = reply->items;

	if (reply->type != REDIS_ARRAY || reply->n != 6 || v[0].type != REDIS_INTEGER ||
		v[1].type != REDIS_STRING || v[2].type != REDIS_INTEGER)
		return false;
	*ret = (struct answer_of_commit){v[0].integer != 0, v[1].text, (uint64_t)v[2].integer,
		v[3].integer, v[4].integer, v[5].integer};
	return true;
}

static void on_commit(void *arg, const struct redis_value *reply)
{
	struct commit *c = arg;
	struct queue *q = c->queue;
	struct partition *p = &q->partitions[c->record.partition];
	struct answer_of_commit answer;

	if (queue_no_script(q, SCRIPT_COMMIT, reply)) {
		come_back(q, c);
		return;
	}
	if (!reply || !read_answer(&answer, reply)) {
		queue_refusal(q, reply, "commit");
		come_back(q, c);
		return;
	}
	queue_accepted(q);
	q->stats.hits_new += (uint64_t)answer.added;
	q->stats.updates += (uint64_t)answer.updated;
	q->stats.hits_known += (uint64_t)answer.known;
	p->dirty = p->dirty || answer.added || answer.updated;
	/* Another log than the one we knew, or the same with its end gone. */
	if (p->epoch[0] && (!span_eq_str(answer.epoch, p->epoch) || answer.commit <= p->commit))
		queue_note_loss(q, c->record.partition, answer.epoch, answer.commit);
	(void)snprintf(p->epoch, sizeof(p->epoch), "%.*s", SPAN_ARG(answer.epoch));
	p->commit = answer.commit;
	if (!answer.ours) {
		/* Once more from the start, into the log there is, without validators. */
		c->stripped = true;
		queue_record_strip(&c->record);
		(void)snprintf(c->epoch, sizeof(c->epoch), "%s", p->epoch);
		c->floor = p->commit;
		come_back(q, c);
		return;
	}
	c->next_hit += c->chunk_hits;
	if (c->next_hit < c->record.n_hits) {
		if (send_chunk(q, c) < 0)
			come_back(q, c);
		return;
	}
	landed(q, c);
}

/* --- Into the spool, and out of it
 * ----------------------------------------------------------------- */

static void on_appended(void *arg, int r, const struct spool_record *record)
{
	struct commit *c = arg;
	struct queue *q = c->queue;

	take_out(&q->appending, c);
	if (r < 0) {
		if (!q->spool_stuck)
			log_error("queue.spool_not_written", STR("why", strerror(-r)),
				STR("remedy", "make room on the disk of the state folder"));
		q->spool_stuck = true;
		q->stats.errors++;
		(void)timer_set(q->retry, RETRY_MS);
		prepend(&q->waiting, c);
		queue_soon(q);
		return;
	}
	q->stats.spooled++;
	q->spool_stuck = false;
	remember_spooled(q, &c->record, record->offset);
	hand_back(q, c);
	queue_soon(q);
}

static bool to_spool(struct queue *q, struct commit *c)
{
	/* What the record relied on, not what is known now: that is judged when it is replayed.
	 */
	c->record.epoch = span_str(c->epoch);
	c->record.floor = c->floor;
	buf_clear(&c->bytes);
	queue_record_encode(&c->bytes, &c->record);
	if (c->bytes.failed || !spool_has_room(q->spool, c->bytes.n))
		return false;
	if (spool_append(q->spool, buf_span(&c->bytes), on_appended, c) < 0)
		return false;
	take_out(&q->waiting, c);
	append(&q->appending, c);
	return true;
}

static void on_cleared(void *arg, int r)
{
	struct queue *q = arg;

	q->clearing = false;
	if (r < 0) {
		log_error("queue.spool_not_emptied", STR("why", strerror(-r)));
		q->spool_stuck = true;
		q->spool_try = false;
		(void)timer_set(q->retry, RETRY_MS);
	} else {
		q->spool_stuck = false;
		q->replay_at = SPOOL_HEADER_BYTES;
		forget_all_spooled(q);
		log_info("queue.spool_replayed", INT("commits", q->stats.replayed));
	}
	queue_soon(q);
}

static struct commit *load_next(struct queue *q)
{
	struct commit *c = calloc(1, sizeof(*c));
	struct spool_record found;
	int r = c ? spool_read(q->spool, &found, &c->bytes, q->replay_at) : -ENOMEM;

	if (r == -ENOENT) /* nothing but damage, said at the start */
		q->replay_at = spool_end(q->spool);
	if (r == 0) {
		q->replay_at = found.end;
		r = queue_record_decode(&c->record, &c->arena, found.payload);
		if (r == -EINVAL)
			log_error("queue.spool_record_unknown", INT("at_byte", found.offset));
	}
	if (r < 0) {
		if (r != -ENOENT && r != -EINVAL)
			(void)timer_set(q->retry, RETRY_MS);
		return commit_free(c);
	}
	c->queue = q;
	c->offset = found.offset;
	c->floor = c->record.floor;
	(void)snprintf(c->epoch, sizeof(c->epoch), "%.*s", SPAN_ARG(c->record.epoch));
	return c;
}

static bool same_source(const struct commit *a, const struct commit *b)
{
	return span_eq(a->record.source, b->record.source);
}

/* Does an earlier one of its source still have to land? */
static bool must_wait(const struct commit *from, const struct commit *c)
{
	for (const struct commit *o = from; o && o != c; o = o->next)
		if (!o->done && same_source(o, c))
			return true;
	return false;
}

static void pump_replay(struct queue *q)
{
	while (q->replay.n < REPLAY_AHEAD && q->replay_at < spool_end(q->spool)) {
		const uint64_t before = q->replay_at;
		struct commit *c = load_next(q);

		if (c)
			append(&q->replay, c);
		else if (q->replay_at == before)
			break;
	}
	for (struct commit *c = q->replay.head; c; c = c->next)
		if (!c->done && !c->flying && !must_wait(q->replay.head, c) &&
			take_off(q, c) < 0)
			break;
	while (q->replay.head && q->replay.head->done) {
		struct commit *c = q->replay.head;

		take_out(&q->replay, c);
		(void)commit_free(c);
	}
}

/* --- The pump
 * ---------------------------------------------------------------------------------------- */

static bool spool_is_empty(const struct queue *q)
{
	return spool_used(q->spool) == 0 && !q->appending.head;
}

/* Live ones: into Redis, or to the spool. */
static void pump_waiting(struct queue *q)
{
	struct commit *c = q->waiting.head;

	q->spool_blocked = false;
	while (c && !q->clearing) {
		struct commit *next = c->next;

		if (!queue_usable(q) || q->refused || !spool_is_empty(q)) {
			if (q->spool_stuck && !q->spool_try)
				break;
			/* The spool keeps the order: what does not fit stops those behind it.
			 */
			q->spool_blocked = !to_spool(q, c);
			if (q->spool_blocked)
				break;
			q->spool_try = false;
		} else if (q->flying.n >= FLYING_MAX || q->flying_bytes >= FLYING_BYTES) {
			break;
		} else if (!must_wait(q->flying.head, c) && !must_wait(q->waiting.head, c)) {
			take_out(&q->waiting, c);
			append(&q->flying, c);
			if (take_off(q, c) < 0) {
				take_out(&q->flying, c);
				prepend(&q->waiting, c);
				(void)timer_set(q->retry, RETRY_MS);
				break;
			}
		}
		c = next;
	}
}

void queue_commit_pump(struct queue *q)
{
	if (queue_usable(q) && !q->refused && !q->clearing)
		pump_replay(q);
	if (!q->clearing && !q->replay.head && !q->appending.head && spool_used(q->spool) &&
		q->replay_at >= spool_end(q->spool) && (!q->spool_stuck || q->spool_try))
		q->clearing = spool_clear(q->spool, on_cleared, q) == 0;
	pump_waiting(q);
}

void queue_take(void *arg, struct batch *batch)
{
	struct queue *q = arg;
	struct commit *c = calloc(1, sizeof(*c));
	struct span ns = batch->state.ns;
	const struct partition *p;
	int r = c ? 0 : -ENOMEM;

	if (r == 0 && span_empty(ns)) {
		ns = identity_namespace(&batch->arena, batch->source);
		r = ns.p ? 0 : -ENOMEM;
	}
	if (r == 0) {
		p = &q->partitions[identity_partition(ns)];
		if (p->lost && batch->fetch_end.ms <= p->lost_at.ms + STALE_FETCH_MS)
			queue_state_strip(&batch->state);
		r = queue_record_of(&c->record, &c->arena, batch, p->number);
	}
	if (r < 0) {
		/* The batch goes back as it was fetched from: nothing of it is remembered. */
		log_error("queue.commit_not_made", TEXT("source", batch->source->id),
			STR("why", strerror(-r)));
		q->stats.errors++;
		queue_state_strip(&batch->state);
		(void)commit_free(c);
		q->committed.take(q->committed.arg, batch);
		return;
	}
	c->queue = q;
	c->batch = batch;
	c->floor = p->commit;
	(void)snprintf(c->epoch, sizeof(c->epoch), "%s", p->epoch);
	append(&q->waiting, c);
	queue_soon(q);
}

bool queue_commit_idle(const struct queue *q)
{
	return !q->waiting.head && !q->flying.head && !q->appending.head && !q->clearing;
}

void queue_commit_deinit(struct queue *q)
{
	free_list(&q->waiting);
	free_list(&q->flying);
	free_list(&q->appending);
	free_list(&q->replay);
	forget_all_spooled(q);
}
