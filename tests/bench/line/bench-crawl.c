/*
 * What a source costs at rest: time and memory to take a set of sources with a usual state each
 * (validators, traces of 25 items, a rhythm), and time of the schedule's operations at that
 * size. Usage: bench-crawl [sources]
 */

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/log.h"
#include "io/loop.h"
#include "line/crawl.h"
#include "line/identity.h"
#include "line/memo.h"
#include "line/packed.h"
#include "line/recall.h"
#include "line/rhythm.h"
#include "line/schedule.h"
#include "vigie/buf.h"

enum { TRACES = 25, PER_HOST = 2 };

static struct loop *loop;
static struct crawl *crawl;

static void nowhere(void *arg, struct batch *batch)
{
	(void)arg;
	(void)batch_free(batch);
}

static struct source_state usual_state(struct arena *arena, const struct source *source)
{
	struct source_state s = source_state_new();
	struct recall_trace *traces = arena_calloc(arena, TRACES, sizeof(*traces));
	struct recall recall = {.traces = traces, .n_traces = TRACES};
	struct rhythm rhythm = rhythm_new();
	struct memo memo = {.full = loop_wall(loop)};

	rhythm_observe(&rhythm, loop_wall(loop), NULL, 0, 3, 1);
	memo.rhythm = rhythm_encode(arena, &rhythm);
	s.etag = SPAN("\"5f3e1c-5d2a8b7c6d5e4\"");
	s.last_modified = SPAN("Wed, 15 Jul 2026 11:00:00 GMT");
	s.ns = identity_namespace(arena, source);
	s.undated = recall_encode(arena, &recall);
	s.memo = memo_encode(arena, &memo);
	s.first_contact = s.last_read = s.last_try = loop_wall(loop);
	s.next_due = (struct wall){loop_wall(loop).ms + 900000};
	return s;
}

static void want_states(void *arg, const struct source *const *sources, size_t n)
{
	(void)arg;
	for (size_t i = 0; i < n; i++) {
		struct arena arena = {0};
		const struct source_state s = usual_state(&arena, sources[i]);

		crawl_state(crawl, sources[i]->id, &s);
		arena_release(&arena);
	}
}

static size_t in_use(void)
{
	const struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static void time_schedule(uint32_t n)
{
	struct schedule *s;
	const struct mono began = loop_now(loop);
	enum { OPERATIONS = 2000000 };
	uint32_t entry;
	int64_t now = 0;

	if (schedule_new(&s, &(struct schedule_options){2, 1, 1}) < 0)
		exit(1);
	for (uint32_t i = 0; i < n; i++) {
		if (schedule_add(s, &entry, 1 + i / PER_HOST) < 0)
			exit(1);
		schedule_set(s, entry, (int64_t)schedule_random(s, 900000));
	}
	for (int i = 0; i < OPERATIONS; i++) {
		while (!schedule_next(s, now, &entry))
			now += schedule_wait(s, now);
		schedule_set(s, entry, now + 800000 + (int64_t)schedule_random(s, 200000));
	}
	printf("schedule: %.0f ns for a turn (out and in again)\n",
		(double)(loop_now(loop).ms - began.ms) * 1e6 / OPERATIONS);
	(void)schedule_free(s);
}

int main(int argc, char **argv)
{
	const size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
	const struct crawl_options options = {
		.next = {nowhere, NULL}, .commit = {nowhere, NULL}, .want_states = want_states};
	struct source *sources = calloc(n, sizeof(*sources));
	const struct source **all = calloc(n, sizeof(const struct source *));
	struct arena arena = {0};
	struct mono began;
	size_t before;

	log_set_level(LOG_ERROR_LEVEL);
	if (!sources || !all || loop_new(&loop) < 0 ||
		crawl_new(&crawl, loop, NULL, &options) < 0)
		return 1;
	for (size_t i = 0; i < n; i++) {
		sources[i] = (struct source){.id = arena_printf(&arena, "source-%zu", i),
			.kind = SPAN("feed"),
			.url = arena_printf(&arena,
				"https://site-%zu.example/news/feed-%zu.xml", i / PER_HOST, i)};
		all[i] = &sources[i];
	}
	before = in_use();
	began = loop_now(loop);
	if (crawl_set_sources(crawl, all, n, NULL, NULL, NULL) < 0)
		return 1;
	printf("%zu sources with their states: %" PRId64 " ms, %.0f bytes each (%.0f MB)\n", n,
		loop_now(loop).ms - began.ms, (double)(in_use() - before) / (double)n,
		(double)(in_use() - before) / 1e6);
	time_schedule((uint32_t)n);
	crawl = crawl_free(crawl);
	loop = loop_free(loop);
	arena_release(&arena);
	free(all);
	free(sources);
	return 0;
}
