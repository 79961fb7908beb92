/*
 * queue_group: consumers of the streams. Each group reads on a connection of its own, blocked
 * in Redis until an entry comes (so one that another collector adds comes as fast as our own);
 * acknowledgements go by the queue's connection.
 *
 * What is ours and unacknowledged is kept here by id: it is what bounds the window, what tells
 * entries apart that come again when our own pending ones are re-read, and what survives a loss
 * of the connection between queue_ack() and Redis.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/log.h"
#include "line/queue_inner.h"

enum {
	WINDOW = 256,
	BLOCK_MS = 5000,
	BLOCK_GRACE_MS = 5000,
	CLAIM_EVERY_MS = 60000,
	CLAIM_IDLE_MS = 300000, /* longer than anything takes to become durable */
	ACK_CHUNK = 500,
	NUMBER_TEXT = 24,
	ID_TEXT = 44,
	READ_ARGS = 10,
};

struct held {
	struct queue_id id;
	bool acked; /* queue_ack() was called */
	bool sent;  /* XACK is under way */
};

struct held_list { /* sorted by id */
	struct held *items;
	size_t n, capacity;
};

struct queue_group {
	struct queue_group *next;
	struct queue *queue;
	char *name;
	size_t window;
	void (*take)(void *arg, const struct queue_entry *entries, size_t n);
	void *arg;

	struct redis *reader;
	bool reading, own_pending[PARTITIONS]; /* own pending entries are to be re-read */
	bool read_again; /* … from the start, behind the reply under way */
	bool broken;     /* reading waits for the next tick */
	char from[PARTITIONS][ID_TEXT];
	bool asked[PARTITIONS]; /* streams of the read under way */
	struct held_list held[PARTITIONS];
	size_t unsent[PARTITIONS]; /* acknowledged, not (or in vain) told Redis */
	size_t n_held,
		n_acked; /* n_acked: of those, acknowledged but Redis has not said so yet */
	struct timer *soon;
	struct mono claim_due;
	unsigned calls; /* commands under way on the queue's connection */
	bool unwanted;
	unsigned inside; /* take() is running */
};

static struct queue_group *group_release(struct queue_group *g)
{
	if (!g->unwanted || g->calls || g->inside)
		return NULL;
	for (unsigned p = 0; p < PARTITIONS; p++)
		free(g->held[p].items);
	free(g->name);
	free(g);
	return NULL;
}

/* --- What is held
 * ------------------------------------------------------------------------------ */

/* Index of id, or where it belongs. */
static size_t held_find(const struct held_list *l, struct queue_id id, bool *found)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (queue_id_cmp(l->items[middle].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < l->n && queue_id_cmp(l->items[low].id, id) == 0;
	return low;
}

/* 1: added; 0: is there already; -ENOMEM. */
static int held_add(struct queue_group *g, unsigned p, struct queue_id id)
{
	struct held_list *l = &g->held[p];
	bool found;
	const size_t at = held_find(l, id, &found);

	if (found)
		return 0;
	if (l->n == l->capacity) {
		const size_t capacity = l->capacity ? l->capacity * 2 : 64;
		struct held *items = realloc(l->items, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		l->items = items;
		l->capacity = capacity;
	}
	memmove(l->items + at + 1, l->items + at, (l->n - at) * sizeof(*l->items));
	l->items[at] = (struct held){.id = id};
	l->n++;
	g->n_held++;
	return 1;
}

/* --- Acknowledging
 * ------------------------------------------------------------------------------ */

struct ack_call {
	struct queue_group *group;
	unsigned partition;
	size_t n;
	struct queue_id ids[];
};

static void on_acked(void *arg, const struct redis_value *reply)
{
	struct ack_call *call = arg;
	struct queue_group *g = call->group;
	struct held_list *l = &g->held[call->partition];
	const bool done = reply && reply->type == REDIS_INTEGER;

	g->calls--;
	if (!done && !g->unwanted)
		queue_refusal(g->queue, reply, "acknowledgement");
	if (!done)
		g->unsent[call->partition] += call->n;
	for (size_t i = 0; i < call->n; i++) {
		bool found;
		const size_t at = held_find(l, call->ids[i], &found);

		if (!found)
			continue;
		l->items[at].sent = false;
		if (!done)
			continue;
		memmove(l->items + at, l->items + at + 1, (l->n - at - 1) * sizeof(*l->items));
		l->n--;
		g->n_held--;
		g->n_acked--;
	}
	free(call);
	if (g->unwanted) {
		(void)group_release(g);
		return;
	}
	if (done) {
		g->queue->partitions[l - g->held].dirty = true;
		(void)timer_set(g->soon, 0);
	}
}

static bool send_acks(struct queue_group *g, unsigned p)
{
	struct held_list *l = &g->held[p];
	struct ack_call *call = malloc(sizeof(*call) + ACK_CHUNK * sizeof(*call->ids));
	char(*texts)[ID_TEXT] = malloc(sizeof(*texts) * ACK_CHUNK);
	struct span *argv = malloc((3 + ACK_CHUNK) * sizeof(*argv));
	bool sent = false;

	if (call && texts && argv) {
		*call = (struct ack_call){.group = g, .partition = p};
		argv[0] = SPAN("XACK");
		argv[1] = span_str(g->queue->partitions[p].hits);
		argv[2] = span_str(g->name);
		for (size_t i = 0; i < l->n && call->n < ACK_CHUNK; i++) {
			if (!l->items[i].acked || l->items[i].sent)
				continue;
			(void)snprintf(texts[call->n], ID_TEXT, "%" PRIu64 "-%" PRIu64,
				l->items[i].id.ms, l->items[i].id.seq);
			argv[3 + call->n] = span_str(texts[call->n]);
			call->ids[call->n++] = l->items[i].id;
		}
		sent = call->n && redis_command(g->queue->redis, 3 + call->n, argv, 0, on_acked,
					  call) == 0;
	}
	for (size_t i = 0; sent && i < call->n; i++) {
		bool found;

		l->items[held_find(l, call->ids[i], &found)].sent = true;
	}
	if (sent) {
		g->calls++;
		g->unsent[p] -= call->n;
	} else {
		free(call);
	}
	free(texts);
	free(argv);
	return sent;
}

void queue_ack(struct queue_group *g, unsigned partition, const struct span *ids, size_t n)
{
	for (size_t i = 0; i < n && partition < PARTITIONS; i++) {
		struct held_list *l = &g->held[partition];
		struct queue_id id;
		bool found;
		size_t at;

		if (!queue_id_parse(&id, ids[i]))
			continue;
		at = held_find(l, id, &found);
		if (!found || l->items[at].acked)
			continue;
		l->items[at].acked = true;
		g->n_acked++;
		g->unsent[partition]++;
	}
	(void)timer_set(g->soon, 0); /* those of one turn of the loop go together */
}

/* --- Reading
 * ------------------------------------------------------------------------------------ */

static bool read_fields(struct queue_entry *entry, const struct redis_value *fields)
{
	if (fields->type != REDIS_ARRAY)
		return false; /* deleted while pending */
	for (size_t i = 0; i + 1 < fields->n; i += 2) {
		if (span_eq_str(fields->items[i].text, "b"))
			entry->hit = fields->items[i + 1].text;
		else if (span_eq_str(fields->items[i].text, "u"))
			entry->update = true;
	}
	return true;
}

static void hand_out(struct queue_group *g, const struct queue_entry *entries, size_t n)
{
	if (!n)
		return;
	g->inside++;
	g->take(g->arg, entries, n);
	g->inside--;
}

/* One stream's entries; those that are held already have come before. */
static void read_stream(struct queue_group *g, unsigned p, const struct redis_value *list)
{
	struct queue_entry *entries = calloc(list->n ? list->n : 1, sizeof(*entries));
	size_t n = 0;

	for (size_t i = 0; entries && i < list->n; i++) {
		const struct redis_value *v = &list->items[i];
		struct queue_entry *e = &entries[n];
		struct queue_id id;

		if (v->type != REDIS_ARRAY || v->n != 2 ||
			!queue_id_parse(&id, v->items[0].text))
			continue;
		if (g->own_pending[p])
			(void)snprintf(g->from[p], ID_TEXT, "%.*s", SPAN_ARG(v->items[0].text));
		if (held_add(g, p, id) != 1)
			continue;
		*e = (struct queue_entry){.partition = p, .id = v->items[0].text};
		e->lost = !read_fields(e, &v->items[1]);
		n++;
	}
	hand_out(g, entries, n);
	free(entries);
}

static void read_all(struct queue_group *g, const struct redis_value *reply)
{
	bool met[PARTITIONS] = {false};

	for (size_t i = 0; i < reply->n && !g->unwanted; i++) {
		const struct redis_value *stream = &reply->items[i];

		if (stream->type != REDIS_ARRAY || stream->n != 2)
			continue;
		for (unsigned p = 0; p < PARTITIONS; p++) {
			if (!span_eq_str(stream->items[0].text, g->queue->partitions[p].hits))
				continue;
			met[p] = stream->items[1].n > 0;
			read_stream(g, p, &stream->items[1]);
			break;
		}
	}
	for (unsigned p = 0; p < PARTITIONS; p++)
		if (g->asked[p] && g->own_pending[p] && !met[p])
			g->own_pending[p] = false; /* all re-read */
}

static void start_over(struct queue_group *g)
{
	for (unsigned p = 0; p < PARTITIONS; p++) {
		g->own_pending[p] = true;
		(void)snprintf(g->from[p], ID_TEXT, "0-0");
	}
}

static void on_read(void *arg, const struct redis_value *reply)
{
	struct queue_group *g = arg;
	struct queue *q = g->queue;

	g->reading = false;
	if (g->unwanted)
		return;
	if (!reply) {
		start_over(g); /* what the lost reply held is pending now */
		return;
	}
	if (reply->type == REDIS_ERROR) {
		/* The group is gone (or its stream, FLUSHALL): made again, from 0. */
		if (span_starts(reply->text, SPAN("NOGROUP")) ||
			span_starts(reply->text, SPAN("UNBLOCKED"))) {
			log_warning("queue.group_made_again", STR("group", g->name));
			queue_set_up(q);
		} else {
			queue_refusal(q, reply, "reading");
		}
		start_over(g);
		g->broken = true;
		return;
	}
	g->inside++;
	if (reply->type == REDIS_ARRAY)
		read_all(g, reply);
	else
		for (unsigned p = 0; p < PARTITIONS; p++)
			g->own_pending[p] = g->own_pending[p] && !g->asked[p];
	g->inside--;
	if (g->unwanted) {
		(void)group_release(g);
		return;
	}
	if (g->read_again) {
		g->read_again = false;
		start_over(g);
	}
	(void)timer_set(g->soon, 0);
}

static void read_more(struct queue_group *g)
{
	struct queue *q = g->queue;
	struct span argv[READ_ARGS + 2 * PARTITIONS];
	char count[NUMBER_TEXT], block[NUMBER_TEXT];
	bool pending = false;
	size_t n = 0, streams = 0;

	if (g->reading || g->broken || !queue_usable(q) || q->set_up_pending ||
		!redis_is_up(g->reader) || g->n_held + PARTITIONS > g->window)
		return;
	for (unsigned p = 0; p < PARTITIONS; p++)
		pending = pending || g->own_pending[p];
	/* COUNT is for each stream: together they must not pass the window. */
	(void)snprintf(count, sizeof(count), "%zu", (g->window - g->n_held) / PARTITIONS);
	(void)snprintf(block, sizeof(block), "%d", BLOCK_MS);
	argv[n++] = SPAN("XREADGROUP");
	argv[n++] = SPAN("GROUP");
	argv[n++] = span_str(g->name);
	argv[n++] = span_str(q->consumer);
	argv[n++] = SPAN("COUNT");
	argv[n++] = span_str(count);
	if (!pending) {
		argv[n++] = SPAN("BLOCK");
		argv[n++] = span_str(block);
	}
	argv[n++] = SPAN("STREAMS");
	/* All keys, then all ids. Our own pending ones first, everywhere: they are older. */
	for (unsigned p = 0; p < PARTITIONS; p++) {
		g->asked[p] = !pending || g->own_pending[p];
		streams += g->asked[p];
	}
	for (unsigned p = 0, k = 0; p < PARTITIONS; p++) {
		if (!g->asked[p])
			continue;
		argv[n + k] = span_str(q->partitions[p].hits);
		argv[n + streams + k] = pending ? span_str(g->from[p]) : SPAN(">");
		k++;
	}
	g->reading = redis_command(g->reader, n + 2 * streams, argv, BLOCK_MS + BLOCK_GRACE_MS,
			     on_read, g) == 0;
}

/* --- What strangers left
 * ------------------------------------------------------------------------- */

struct claim_call {
	struct queue_group *group;
	unsigned partition;
};

static void hand_out_lost(struct queue_group *g, unsigned p, const struct redis_value *reply)
{
	struct queue_entry *entries = calloc(reply->n, sizeof(*entries));
	size_t n = 0;

	for (size_t i = 1; entries && i < reply->n; i++) {
		struct queue_id id;

		if (queue_id_parse(&id, reply->items[i].text) && held_add(g, p, id) == 1)
			entries[n++] = (struct queue_entry){
				.partition = p, .id = reply->items[i].text, .lost = true};
	}
	hand_out(g, entries, n);
	free(entries);
}

static void on_claimed(void *arg, const struct redis_value *reply)
{
	struct claim_call *call = arg;
	struct queue_group *g = call->group;

	g->calls--;
	if (!g->unwanted && !queue_no_script(g->queue, SCRIPT_CLAIM, reply) && reply &&
		reply->type == REDIS_ARRAY && reply->n) {
		if (reply->items[0].integer) {
			log_info("queue.claimed", STR("group", g->name),
				INT("entries", reply->items[0].integer));
			g->read_again = g->reading;
			if (!g->reading)
				start_over(g);
			(void)timer_set(g->soon, 0);
		}
		hand_out_lost(g, call->partition, reply);
	}
	free(call);
	(void)group_release(g);
}

static void claim(struct queue_group *g)
{
	struct queue *q = g->queue;
	char idle[NUMBER_TEXT], count[NUMBER_TEXT];

	(void)snprintf(idle, sizeof(idle), "%d", CLAIM_IDLE_MS);
	(void)snprintf(count, sizeof(count), "%zu", g->window);
	for (unsigned p = 0; p < PARTITIONS; p++) {
		struct claim_call *call = malloc(sizeof(*call));
		const struct span argv[] = {span_str(q->partitions[p].hits), span_str(g->name),
			span_str(q->consumer), span_str(idle), span_str(count)};

		if (!call)
			return;
		*call = (struct claim_call){g, p};
		if (queue_eval(q, SCRIPT_CLAIM, 1, 5, argv, on_claimed, call) < 0) {
			free(call);
			return;
		}
		g->calls++;
	}
}

/* --- The door
 * ------------------------------------------------------------------------------------- */

static void pump(struct queue_group *g)
{
	/* Even while Redis takes no hits: only what is acknowledged makes room. */
	for (unsigned p = 0; p < PARTITIONS && queue_usable(g->queue); p++)
		while (g->unsent[p] && send_acks(g, p))
			;
	read_more(g);
}

static void on_soon(void *arg)
{
	pump(arg);
}

static void on_reader_up(void *arg)
{
	struct queue_group *g = arg;

	start_over(g);
	pump(g);
}

void queue_groups_pump(struct queue *q)
{
	for (struct queue_group *g = q->groups; g; g = g->next)
		(void)timer_set(g->soon, 0);
}

void queue_groups_tick(struct queue *q)
{
	const struct mono now = loop_now(q->loop);

	for (struct queue_group *g = q->groups; g; g = g->next) {
		if (g->broken) {
			g->broken = false;
			(void)timer_set(g->soon, 0);
		}
		if (queue_usable(q) && now.ms >= g->claim_due.ms) {
			g->claim_due.ms = now.ms + CLAIM_EVERY_MS;
			claim(g);
		}
	}
}

bool queue_groups_idle(const struct queue *q)
{
	for (const struct queue_group *g = q->groups; g; g = g->next)
		if (g->n_acked)
			return false;
	return true;
}

static bool known_name(const char *name)
{
	for (size_t i = 0; i < QUEUE_GROUPS; i++)
		if (strcmp(name, queue_group_names[i]) == 0)
			return true;
	return false;
}

int queue_group_new(struct queue_group **ret, struct queue *q, const char *name, size_t window,
	void (*take)(void *arg, const struct queue_entry *entries, size_t n), void *arg)
{
	struct queue_group *g;
	int r = 0;

	if (!known_name(name))
		return -EINVAL;
	g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	g->queue = q;
	g->window = window == 0 ? WINDOW : window < PARTITIONS ? PARTITIONS : window;
	g->take = take;
	g->arg = arg;
	start_over(g);
	g->name = strdup(name);
	r = g->name ? timer_new(&g->soon, q->loop, on_soon, g) : -ENOMEM;
	if (r == 0)
		r = redis_new(&g->reader, q->loop,
			&(struct redis_options){.url = span_str(q->url),
				.up = on_reader_up,
				.arg = g,
				.quiet = true});
	g->next = q->groups;
	q->groups = g;
	if (r < 0) {
		(void)queue_group_free(g);
		return r;
	}
	*ret = g;
	return 0;
}

struct queue_group *queue_group_free(struct queue_group *g)
{
	if (!g || g->unwanted)
		return NULL;
	for (struct queue_group **at = &g->queue->groups; *at; at = &(*at)->next) {
		if (*at != g)
			continue;
		*at = g->next;
		break;
	}
	g->unwanted = true;
	g->reader = redis_free(g->reader);
	g->soon = timer_free(g->soon);
	return group_release(g);
}
