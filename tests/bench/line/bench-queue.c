/*
 * How fast the queue commits and hands out, with a private Redis that fsyncs each answer:
 *     unchanged   commits a second of sources that said "not modified"
 *     one hit     commits a second with one new hit each, and the time from queue_take() to the
 *                 consumer's take(), one at a time
 *     many hits   new hits a second in documents of 50, through to an acknowledging consumer
 *     known hits  the same documents again
 * Usage: bench-queue [SECONDS-ISH]; prints one line a measure.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "io/log.h"
#include "io/redis_server.h"
#include "line/identity.h"
#include "line/queue.h"

enum { SOURCES = 500, IN_FLIGHT = 64, LATENCIES = 500, TEXT_BYTES = 1500 };

struct bench {
	char folder[64], spool[128];
	struct loop *loop;
	struct redis_server *server;
	struct queue *queue;
	struct queue_group *group;
	char text[TEXT_BYTES];
	bool ready;
	size_t out, committed, seen; /* batches in flight; all so far; entries so far */
	uint64_t number;             /* of the next hit */
};

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void on_server(void *arg)
{
	loop_stop(((struct bench *)arg)->loop);
}

static void on_ready(void *arg)
{
	((struct bench *)arg)->ready = true;
	loop_stop(((struct bench *)arg)->loop);
}

static void on_committed(void *arg, struct batch *batch)
{
	struct bench *b = arg;

	(void)batch_free(batch);
	b->out--;
	b->committed++;
	loop_stop(b->loop);
}

static void on_entries(void *arg, const struct queue_entry *entries, size_t n)
{
	struct bench *b = arg;

	b->seen += n;
	for (size_t i = 0; i < n; i++)
		queue_ack(b->group, entries[i].partition, &entries[i].id, 1);
	loop_stop(b->loop);
}

static void take(struct bench *b, uint64_t source, uint64_t first_hit, size_t n)
{
	struct batch *batch = batch_new();
	struct arena *a = &batch->arena;
	struct source *src = arena_calloc(a, 1, sizeof(*src));

	src->id = arena_printf(a, "source-%" PRIu64, source);
	src->url = arena_printf(a, "https://site%" PRIu64 ".example/feed", source);
	src->kind = SPAN("feed");
	batch->source = src;
	batch->fetched = loop_wall(b->loop);
	batch->fetch_end = loop_now(b->loop);
	batch->state = (struct source_state){
		.etag = SPAN("\"33a64df551425fcc55e4d42a148795d9f25f89d4\""),
		.last_modified = SPAN("Sat, 21 Nov 2026 11:00:00 GMT"),
		.ns = identity_namespace(a, src),
		.first_contact = batch->fetched,
		.last_read = batch->fetched,
		.last_try = batch->fetched,
		.next_due = batch->fetched,
	};
	batch->hits = arena_calloc(a, n, sizeof(*batch->hits));
	batch->n_hits = n;
	for (size_t i = 0; i < n; i++) {
		struct hit *h = &batch->hits[i];
		const uint64_t number = first_hit + i,
			       mixed = number * UINT64_C(0x9E3779B97F4A7C15);

		h->item = item_empty();
		h->item.title = arena_printf(a, "Title %" PRIu64, number);
		h->item.url = arena_printf(a, "https://site.example/%" PRIu64, number);
		h->item.id = h->item.url;
		h->item.text = span_of(b->text, sizeof(b->text));
		memcpy(h->key.b, &mixed, sizeof(mixed));
		memcpy(h->key.b + 8, &number, sizeof(number));
		h->content_hash = 1;
		h->source = src->id;
		h->source_kind = src->kind;
		h->fetched = batch->fetched;
	}
	b->out++;
	queue_take(b->queue, batch);
}

/* Commits with n hits each, IN_FLIGHT at a time; repeat: the hits of `first` on again. */
static void run(
	struct bench *b, const char *name, size_t commits, size_t n, uint64_t first, bool fresh)
{
	const size_t end = b->committed + commits, seen = b->seen + (fresh ? commits * n : 0);
	const double start = now_s();
	double committed_s;

	for (size_t i = 0; b->committed < end;) {
		for (; i < commits && b->out < IN_FLIGHT; i++)
			take(b, i % SOURCES, first + i * n, n);
		(void)loop_run(b->loop);
	}
	committed_s = now_s() - start;
	while (b->seen < seen)
		(void)loop_run(b->loop);
	(void)printf("%-12s %8.0f commits/s", name, (double)commits / committed_s);
	if (n)
		(void)printf(" %9.0f hits/s committed %9.0f hits/s to the consumer",
			(double)(commits * n) / committed_s,
			fresh ? (double)(commits * n) / (now_s() - start) : 0.0);
	(void)printf("\n");
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void latency(struct bench *b)
{
	double ms[LATENCIES];

	for (size_t i = 0; i < LATENCIES; i++) {
		const size_t seen = b->seen;
		const double start = now_s();

		take(b, i % SOURCES, b->number++, 1);
		while (b->seen == seen)
			(void)loop_run(b->loop);
		ms[i] = (now_s() - start) * 1000;
	}
	qsort(ms, LATENCIES, sizeof(*ms), by_size);
	(void)printf("%-12s take to consumer, ms: p50 %.2f p99 %.2f most %.2f\n", "latency",
		ms[LATENCIES / 2], ms[LATENCIES * 99 / 100], ms[LATENCIES - 1]);
}

static int open_all(struct bench *b)
{
	struct arena arena = {0};
	struct span why = SPAN_NONE;
	int r;

	(void)strcpy(b->folder, "/tmp/vigie-bench-XXXXXX");
	if (!mkdtemp(b->folder))
		return -1;
	(void)snprintf(b->spool, sizeof(b->spool), "%s/spool", b->folder);
	memset(b->text, 'x', sizeof(b->text));
	r = loop_new(&b->loop);
	if (r == 0)
		r = redis_server_new(&b->server, b->loop,
			&(struct redis_server_options){
				.folder = b->folder, .ready = on_server, .arg = b},
			&arena, &why);
	if (r < 0)
		(void)fprintf(stderr, "%.*s\n", SPAN_ARG(why));
	arena_release(&arena);
	if (r < 0)
		return r;
	while (!redis_server_ready(b->server))
		(void)loop_run(b->loop);
	r = queue_new(&b->queue, b->loop,
		&(struct queue_options){.redis_url = redis_server_url(b->server),
			.spool_path = b->spool,
			.committed = {on_committed, b},
			.ready = on_ready,
			.arg = b});
	while (r == 0 && !b->ready)
		(void)loop_run(b->loop);
	return r < 0 ? r : queue_group_new(&b->group, b->queue, "desk", 1024, on_entries, b);
}

int main(int argc, char **argv)
{
	static struct bench b;
	const size_t scale = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	char command[128];

	log_set_level(LOG_WARNING_LEVEL);
	if (open_all(&b) < 0)
		return 1;
	run(&b, "unchanged", 20000 * scale, 0, 0, false);
	latency(&b);
	run(&b, "one hit", 10000 * scale, 1, b.number, true);
	b.number += 10000 * scale;
	run(&b, "many hits", 600 * scale, 50, b.number, true);
	run(&b, "known hits", 600 * scale, 50, b.number, false);
	b.queue = queue_free(b.queue);
	b.server = redis_server_free(b.server);
	(void)loop_free(b.loop);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", b.folder);
	return system(command) == 0 ? 0 : 1;
}
