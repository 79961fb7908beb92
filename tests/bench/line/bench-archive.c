/*
 * How fast mentions are filed, durable, as the queue hands them in, each with its story: at the
 * end, when there are as many open stories as mentions, too; how long the first one waits after
 * a restart with them; and how long a search takes over all of them. Usage: bench-archive
 * [MENTIONS [FOLDER]]; the folder decides which disk is measured.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "io/loop.h"
#include "line/archive.h"
#include "line/codec_hit.h"

/* As the consumer group hands them in: a few batches under way. */
enum { BATCH = 64, IN_FLIGHT = 8, MENTIONS = 100000, WORDS_A_TEXT = 80, LAST = 10000 };

struct bench {
	struct loop *loop;
	struct archive *archive;
	size_t total, sent, done;
	int64_t begin_ms;
	clock_t last; /* processor time when the last ones began */
};

static uint64_t random_state = 88172645463325252u;

/* xorshift64, Marsaglia 2003. */
static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Some words often, most rarely, as in a language: the product of two uniform numbers. */
static void add_words(struct buf *out, int n)
{
	for (int i = 0; i < n; i++) {
		const uint64_t word = (next_random() % 200) * (next_random() % 200);

		buf_addf(out, "%sw%llu", i ? " " : "", (unsigned long long)word);
	}
}

static void make_hit(struct buf *out, size_t number)
{
	static const struct match_span spans[] = {{FIELD_TEXT, 0, 4}};
	const struct match match = {.rule = SPAN("acme"),
		.version = SPAN("0011223344556677"),
		.kind = SPAN("brand"),
		.brand = SPAN("Acme"),
		.weight = 1,
		.spans = spans,
		.n_spans = 1};
	struct hit hit = {.content_hash = number,
		.fetched = {1767225600000 + (int64_t)number * 50},
		.source = SPAN("gazette"),
		.source_kind = SPAN("feed"),
		.item = item_empty(),
		.matches = &match,
		.n_matches = 1,
		.score = 1};
	struct buf title = {0}, text = {0};

	memcpy(hit.key.b, &number, sizeof(number));
	add_words(&title, 8);
	buf_add_str(&text, "Acme ");
	add_words(&text, WORDS_A_TEXT);
	hit.item.id = SPAN("https://news.example/2026/01/an-article-about-acme");
	hit.item.url = hit.item.id;
	hit.item.title = buf_span(&title);
	hit.item.text = buf_span(&text);
	hit.item.author.name = SPAN("Ann Author");
	hit.item.published = hit.fetched;
	hit.item.lang = SPAN("en");
	buf_clear(out);
	hit_encode(out, &hit);
	buf_deinit(&title);
	buf_deinit(&text);
}

static void on_done(void *arg);

static void send_batch(struct bench *b)
{
	struct buf bufs[BATCH] = {{0}};
	struct span hits[BATCH];
	size_t n = 0;

	while (n < BATCH && b->sent < b->total) {
		make_hit(&bufs[n], b->sent++);
		hits[n] = buf_span(&bufs[n]);
		n++;
	}
	if (n)
		archive_put(b->archive, hits, n, on_done, b);
	for (size_t i = 0; i < n; i++)
		buf_deinit(&bufs[i]);
}

static void on_done(void *arg)
{
	struct bench *b = arg;
	const size_t left = b->total - b->done;

	b->done += left < BATCH ? left : BATCH;
	if (!b->last && b->total - b->done <= LAST)
		b->last = clock();
	if (b->sent < b->total)
		send_batch(b);
	else if (b->done == b->total)
		loop_stop(b->loop);
}

static bool on_hit(void *arg, const struct hit *hit)
{
	(void)hit;
	(*(size_t *)arg)++;
	return true;
}

static int search_all(const struct bench *b, const char *path)
{
	static const struct archive_filter questions[] = {
		{.words = {"w39601", 6}, .limit = 20},
		{.words = {"w0", 2}, .limit = 20},
		{.words = {"acme", 4}, .limit = 20},
		{.words = {"acme w120", 9}, .limit = 20},
		{.words = {"\"acme w0\"", 9}, .limit = 20},
		{.words = {"w12*", 4}, .limit = 20},
		{.words = {"\xE6\x9D\xB1", 3}, .limit = 20},
		{.rule = {"acme", 4}, .limit = 20},
		{.limit = 20},
		{.limit = 0},
	};
	struct archive_reader *reader;
	struct arena arena = {0};
	struct span why;
	int r = archive_reader_new(&reader, path, &arena, &why);

	for (size_t i = 0; r == 0 && i < sizeof(questions) / sizeof(*questions); i++) {
		struct archive_filter f = questions[i];
		int64_t best = INT64_MAX;
		size_t n = 0;

		f.since = f.until = WALL_NONE;
		f.newest_first = true;
		for (int turn = 0; r == 0 && turn < 3; turn++) {
			const int64_t begin = loop_now(b->loop).ms;
			int64_t took;

			n = 0;
			r = archive_search(reader, &f, on_hit, &n, &arena, &why);
			took = loop_now(b->loop).ms - begin;
			best = took < best ? took : best;
		}
		(void)printf("search %-12.*s rule %-5.*s limit %-3zu %7zu found %6lld ms\n",
			SPAN_ARG(f.words), SPAN_ARG(f.rule), f.limit, n, (long long)best);
	}
	if (r < 0)
		(void)fprintf(stderr, "%.*s\n", SPAN_ARG(why));
	else
		archive_reader_free(reader);
	arena_release(&arena);
	return r;
}

/* The story book is read again before the first mention is filed. */
static int reopen(struct bench *b, const char *path)
{
	struct arena arena = {0};
	struct span why;
	int64_t began = loop_now(b->loop).ms;
	int r = archive_new(
		&b->archive, b->loop, &(struct archive_options){.path = path}, &arena, &why);

	if (r == 0) {
		b->total++;
		b->done = b->total - 1;
		(void)printf(
			"opened again in %lld ms\n", (long long)(loop_now(b->loop).ms - began));
		began = loop_now(b->loop).ms;
		send_batch(b);
		r = loop_run(b->loop);
		(void)printf("the first mention after that took %lld ms\n",
			(long long)(loop_now(b->loop).ms - began));
		archive_free(b->archive);
	}
	arena_release(&arena);
	return r;
}

int main(int argc, char **argv)
{
	char folder[256], path[300], line[400];
	struct bench b = {.total = argc > 1 ? strtoul(argv[1], NULL, 10) : MENTIONS};
	struct arena arena = {0};
	struct span why;
	struct stat st;
	int64_t took;

	(void)snprintf(
		folder, sizeof(folder), "%s/vigie-bench-XXXXXX", argc > 2 ? argv[2] : "/tmp");
	if (!mkdtemp(folder) || loop_new(&b.loop) < 0)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/%s", folder, ARCHIVE_FILE);
	if (archive_new(&b.archive, b.loop, &(struct archive_options){.path = path}, &arena,
		    &why) < 0)
		return 1;
	b.begin_ms = loop_now(b.loop).ms;
	for (int i = 0; i < IN_FLIGHT; i++)
		send_batch(&b);
	(void)loop_run(b.loop);
	took = loop_now(b.loop).ms - b.begin_ms;
	(void)printf("put %zu mentions in %lld ms: %.0f/s, %llu transactions\n", b.total,
		(long long)took, (double)b.total * 1000 / (double)(took ? took : 1),
		(unsigned long long)archive_stats(b.archive)->batches);
	(void)printf("the last %d: %.0f us of processor time a mention (making it up too)\n",
		LAST, (double)(clock() - b.last) * 1e6 / CLOCKS_PER_SEC / LAST);
	archive_free(b.archive);
	if (reopen(&b, path) < 0)
		return 1;
	if (stat(path, &st) == 0)
		(void)printf("file %.1f MB, %.0f bytes a mention\n", (double)st.st_size / 1e6,
			(double)st.st_size / (double)b.total);
	if (search_all(&b, path) < 0)
		return 1;
	loop_free(b.loop);
	arena_release(&arena);
	for (const char *const *ending = (const char *const[]){"", "-wal", "-shm", NULL};
		*ending; ending++) {
		(void)snprintf(line, sizeof(line), "%s%s", path, *ending);
		(void)unlink(line);
	}
	return rmdir(folder) == 0 ? 0 : 1;
}
