/*
 * What a document costs up to the hits: fetched over keep-alive, read and matched by 100 rules,
 * with nothing behind it (no queue, no archive). Crawl, transfer, pool and sift are those of
 * the daemon; the origin is a process of its own (tests/bench/origin.c), each answer a whole
 * document of 20 KB with one new item. Only this process's CPU time counts; a bare libcurl
 * loop's is what bench-fetch says.
 *
 *     bench-documents ORIGIN [SOURCES [SECONDS]]
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/log.h"
#include "io/loop.h"
#include "io/pool.h"
#include "io/transfer.h"
#include "line/crawl.h"
#include "line/sift.h"
#include "vigie/buf.h"

enum { DOCUMENT_BYTES = 20 * 1024, RULES = 100, AT_ONCE = 64, WARM_UP_MS = 4000 };

static struct loop *loop;
static struct crawl *crawl;
static struct sift *sift;
static uint64_t documents;

static void need(int ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "bench-documents: %s\n", what);
	exit(1);
}

static void write_feed(const char *path)
{
	struct buf text = {0};
	FILE *f = fopen(path, "w");

	buf_add_str(&text,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel>"
		"<title>A feed</title><link>https://site.example/</link>");
	for (int i = 0; text.n < DOCUMENT_BYTES - 500; i++) {
		char number[11] = "@@@@@@@@@@";

		if (i)
			(void)snprintf(number, sizeof(number), "%010d", i);
		buf_addf(&text,
			"<item><title>Item %s of a "
			"feed</title><link>https://site.example/%s</link>"
			"<guid isPermaLink=\"false\">item-%s</guid>"
			"<pubDate>Thu, 01 Jan 2026 00:00:%02d GMT</pubDate><description>Some "
			"words that "
			"people write about the weather, the trains and what they had for "
			"lunch. Some "
			"words that people write about the weather, and of "
			"trains.</description></item>",
			number, number, number, i % 60);
	}
	buf_add_str(&text, "</channel></rss>\n");
	need(f && !text.failed && fwrite(text.p, 1, text.n, f) == text.n && fclose(f) == 0,
		"the feed can't be written");
	buf_deinit(&text);
}

/* Its port; it ends when the returned descriptor is closed. */
static int start_origin(const char *program, const char *feed, int *ret_port)
{
	int in[2], out[2];
	char line[128] = "";
	FILE *f;

	need(pipe(in) == 0 && pipe(out) == 0, "no pipe");
	if (fork() == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		(void)close(in[1]);
		(void)execl(program, program, feed, "1", (char *)NULL);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	f = fdopen(out[0], "r");
	need(f && fgets(line, sizeof(line), f) && sscanf(line, "{\"http\": %d", ret_port) == 1,
		"the origin didn't start");
	(void)fclose(f);
	return in[1];
}

static struct ruleset *make_rules(void)
{
	struct ruleset_builder *builder;
	struct err_list errors = {0};
	struct arena arena = {0};
	struct ruleset *set;

	need(ruleset_builder_new(&builder) == 0, "no memory");
	for (int i = 0; i < RULES; i++) {
		const struct rule rule = {.id = arena_printf(&arena, "r%d", i),
			.query = arena_printf(&arena,
				"\"brand number %d\" OR name%d OR (word%d AND other%d)", i, i,
				i, i),
			.weight = 1};

		need(ruleset_builder_add(builder, &rule, &errors) == 0, "a rule is wrong");
	}
	need(ruleset_build(&set, builder, &errors) == 0, "no rules");
	(void)ruleset_builder_free(builder);
	arena_release(&arena);
	return set;
}

static void want_states(void *arg, const struct source *const *sources, size_t n)
{
	(void)arg;
	for (size_t i = 0; i < n; i++)
		crawl_state(crawl, sources[i]->id, NULL);
}

static void to_sift(void *arg, struct batch *b)
{
	(void)arg;
	sift_take(sift, b);
}

static void to_settle(void *arg, struct batch *b)
{
	(void)arg;
	crawl_settle(crawl, b);
}

static void to_commit(void *arg, struct batch *b)
{
	(void)arg;
	documents += b->outcome == BATCH_READ;
	crawl_committed(crawl, b);
}

static void on_time(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static double cpu_seconds(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void run_for(struct timer *timer, int64_t ms)
{
	need(timer_set(timer, ms) == 0 && loop_run(loop) == 0, "the loop failed");
}

int main(int argc, char **argv)
{
	const size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 12000; /* more than go */
	const int64_t seconds = argc > 3 ? strtol(argv[3], NULL, 10) : 15;
	struct source *sources = calloc(n, sizeof(*sources));
	const struct source **all = calloc(n, sizeof(const struct source *));
	char feed[] = "/tmp/vigie-documents-XXXXXX";
	struct address_range here;
	struct arena arena = {0};
	struct transfer *transfer;
	struct ruleset *rules = make_rules();
	struct timer *timer;
	struct pool *pool;
	double cpu;
	int port, origin;

	need(argc > 1 && sources && all && mkstemp(feed) >= 0,
		"usage: bench-documents ORIGIN [SOURCES "
		"[SECONDS]]");
	write_feed(feed);
	origin = start_origin(argv[1], feed, &port);
	log_set_level(LOG_ERROR_LEVEL);
	need(address_range_parse(&here, SPAN("127.0.0.1")) && loop_new(&loop) == 0 &&
			timer_new(&timer, loop, on_time, NULL) == 0 &&
			pool_new(&pool, loop, 0) == 0 &&
			transfer_new(&transfer, loop,
				&(struct transfer_options){.guarded = true,
					.allow = &here,
					.n_allow = 1,
					.max_per_host = AT_ONCE}) == 0 &&
			sift_new(&sift, loop, pool,
				&(struct sift_options){.history_ms = 86400000,
					.next = {to_settle, NULL}}) == 0 &&
			sift_set_rules(sift, rules) == 0 &&
			crawl_new(&crawl, loop, transfer,
				&(struct crawl_options){.concurrency_per_host = AT_ONCE,
					.next = {to_sift, NULL},
					.commit = {to_commit, NULL},
					.want_states = want_states}) == 0,
		"no memory");
	for (size_t i = 0; i < n; i++) {
		sources[i] = (struct source){.id = arena_printf(&arena, "source-%zu", i),
			.kind = SPAN("feed"),
			.url = arena_printf(
				&arena, "http://127.0.0.1:%d/feed/%zu.xml", port, i),
			.every_ms = 1000};
		all[i] = &sources[i];
	}
	need(crawl_set_sources(crawl, all, n, NULL, NULL, NULL) == 0, "no memory");
	run_for(timer, WARM_UP_MS);
	cpu = cpu_seconds();
	documents = 0;
	run_for(timer, seconds * 1000);
	cpu = cpu_seconds() - cpu;
	printf("%zu sources, %.0f documents a second: %.0f us of CPU a document, %.0f "
	       "documents a core and "
	       "second\n",
		n, (double)documents / (double)seconds, cpu * 1e6 / (double)documents,
		(double)documents / cpu);
	crawl_stop(crawl);
	pool = pool_free(pool);
	crawl = crawl_free(crawl);
	sift = sift_free(sift);
	transfer = transfer_free(transfer);
	(void)timer_free(timer);
	loop = loop_free(loop);
	(void)ruleset_unref(rules);
	(void)close(origin);
	(void)wait(NULL);
	(void)unlink(feed);
	arena_release(&arena);
	free(all);
	free(sources);
	return 0;
}
