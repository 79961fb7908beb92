/*
 * crawl, with the real loop, transfer, pool, reader and sift, against an origin on loopback
 * that behaves as a script says (its language: the top of origin.py). The queue is a list here,
 * which commits what it is given, or keeps it. Distances in time are measured by the origin.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/file.h"
#include "io/log.h"
#include "line/crawl.h"
#include "line/identity.h"
#include "line/memo.h"
#include "line/packed.h"
#include "line/rhythm.h"
#include "line/sift.h"
#include "peer.h"
#include "vigie/buf.h"

enum { MAX = 64, DEADLINE_MS = 20000 };

#define ITEM(id)                                                                               \
	"<item><guid isPermaLink='false'>" id "</guid><title>acme " id "</title></item>"
#define RSS(items) "<rss version='2.0'><channel><title>T</title>" items "</channel></rss>"

/* What the queue was given. */
struct commit {
	char source[16];
	enum batch_outcome outcome;
	char *error, *mark, *etag, *url_moved;
	size_t n_items, n_hits, n_new;
	struct item_key key; /* of the first hit */
};

struct world {
	char folder[32];
	struct peer origin;
	struct loop *loop;
	struct pool *pool;
	struct transfer *transfer;
	struct sift *sift;
	struct crawl *crawl;
	struct timer *deadline;
	struct source sources[MAX];
	char *urls[MAX], *ids[MAX];
	size_t n_sources;
	struct packed *stored[MAX]; /* what "Redis" has, by source */
	struct commit commits[1024];
	size_t n_commits;
	struct batch *held[MAX];
	size_t n_held;
	bool hold, late;
	size_t wanted;         /* commits to wait for … */
	const char *wanted_of; /* … of this source; NULL: of any */
};

static char *text(struct span s)
{
	struct buf b = {0};

	buf_add(&b, s);
	return buf_take(&b);
}

static size_t count(const struct world *w, const char *source)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_commits; i++)
		n += !source || strcmp(w->commits[i].source, source) == 0;
	return n;
}

/* Commit i (from 0) of a source. */
static const struct commit *commit(const struct world *w, const char *source, size_t i)
{
	for (size_t k = 0; k < w->n_commits; k++)
		if (strcmp(w->commits[k].source, source) == 0 && i-- == 0)
			return &w->commits[k];
	fail_msg("%s has no such commit", source);
	return NULL;
}

static void queue(void *arg, struct batch *b)
{
	struct world *w = arg;
	struct commit *c = &w->commits[w->n_commits++];

	assert_in_range(w->n_commits, 1, sizeof(w->commits) / sizeof(*w->commits));
	*c = (struct commit){
		.outcome = b->outcome,
		.error = text(b->state.error),
		.mark = text(b->state.mark),
		.etag = text(b->state.etag),
		.url_moved = text(b->state.url_moved),
		.n_items = b->items.n,
		.n_hits = b->n_hits,
		.n_new = b->lesson.n_new,
	};
	(void)snprintf(c->source, sizeof(c->source), "%.*s", SPAN_ARG(b->source->id));
	if (b->n_hits)
		c->key = b->hits[0].key;
	if (w->hold) {
		w->held[w->n_held++] = b;
	} else {
		const size_t i = (size_t)(b->source - w->sources);

		free(w->stored[i]);
		w->stored[i] = packed_new(&b->state);
		crawl_committed(w->crawl, b);
	}
	if (w->wanted && count(w, w->wanted_of) >= w->wanted)
		loop_stop(w->loop);
}

static void want_states(void *arg, const struct source *const *sources, size_t n)
{
	struct world *w = arg;

	for (size_t i = 0; i < n; i++) {
		struct source_state state;
		const struct packed *stored = w->stored[sources[i] - w->sources];

		if (stored)
			packed_read(&state, stored);
		crawl_state(w->crawl, sources[i]->id, stored ? &state : NULL);
	}
}

static void on_deadline(void *arg)
{
	struct world *w = arg;

	w->late = true;
	loop_stop(w->loop);
}

/* Until n commits were made (of that source). */
static void wait_for(struct world *w, const char *source, size_t n)
{
	w->wanted = n;
	w->wanted_of = source;
	if (count(w, source) < n) {
		assert_int_equal(timer_set(w->deadline, DEADLINE_MS), 0);
		assert_int_equal(loop_run(w->loop), 0);
	}
	timer_clear(w->deadline);
	w->wanted = 0;
	if (w->late)
		fail_msg("%zu commits of %s, not %zu", count(w, source),
			source ? source : "any", n);
}

static void run_for(struct world *w, int64_t ms)
{
	assert_int_equal(timer_set(w->deadline, ms), 0);
	assert_int_equal(loop_run(w->loop), 0);
	w->late = false;
}

static struct ruleset *rules(void)
{
	const struct rule rule = {.id = SPAN("r"), .query = SPAN("acme"), .weight = 1};
	struct ruleset_builder *builder;
	struct err_list errors = {0};
	struct ruleset *set;

	assert_int_equal(ruleset_builder_new(&builder), 0);
	assert_int_equal(ruleset_builder_add(builder, &rule, &errors), 0);
	assert_int_equal(ruleset_build(&set, builder, &errors), 0);
	(void)ruleset_builder_free(builder);
	return set;
}

static void to_sift(void *arg, struct batch *b)
{
	const struct world *w = arg;

	sift_take(w->sift, b);
}

static void to_settle(void *arg, struct batch *b)
{
	const struct world *w = arg;

	crawl_settle(w->crawl, b);
}

/* A world with an origin that follows the script. */
static struct world *begin(const char *script, struct crawl_options options, int64_t total_ms)
{
	struct world *w = calloc(1, sizeof(*w));
	struct address_range here[2];
	struct transfer_options transfer = {.guarded = true,
		.allow = here,
		.n_allow = 2,
		.total_ms = total_ms,
		.max_redirects = 5};
	const struct sift_options sift = {.history_ms = 86400000, .next = {to_settle, w}};
	struct ruleset *set = rules();
	char path[64];
	char *argv[] = {(char *)PYTHON, (char *)ORIGIN, (char *)"--script", path, NULL};

	log_set_level(LOG_ERROR_LEVEL);
	strcpy(w->folder, "/tmp/vigie-crawl-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	(void)snprintf(path, sizeof(path), "%s/script", w->folder);
	assert_int_equal(file_write(path, span_str(script), 0600), 0);
	peer_start(&w->origin, argv);
	assert_true(address_range_parse(&here[0], SPAN("127.0.0.1")));
	assert_true(address_range_parse(&here[1], SPAN("::1")));
	options.next = (struct batch_sink){to_sift, w};
	options.commit = (struct batch_sink){queue, w};
	options.want_states = want_states;
	options.arg = w;
	options.seed = 1;
	assert_int_equal(loop_new(&w->loop), 0);
	assert_int_equal(timer_new(&w->deadline, w->loop, on_deadline, w), 0);
	assert_int_equal(pool_new(&w->pool, w->loop, 1), 0);
	assert_int_equal(transfer_new(&w->transfer, w->loop, &transfer), 0);
	assert_int_equal(sift_new(&w->sift, w->loop, w->pool, &sift), 0);
	assert_int_equal(sift_set_rules(w->sift, set), 0);
	assert_int_equal(crawl_new(&w->crawl, w->loop, w->transfer, &options), 0);
	(void)ruleset_unref(set);
	return w;
}

/* url: a path of the origin, seen by the name of `host`; or a whole one. */
static void source(
	struct world *w, const char *id, const char *host, const char *url, int64_t every_ms)
{
	struct buf b = {0};
	const size_t i = w->n_sources++;

	if (host)
		buf_addf(&b, "http://%s:%d", host, peer_port(&w->origin, "http"));
	buf_add_str(&b, url);
	w->urls[i] = buf_take(&b);
	w->ids[i] = text(span_str(id));
	w->sources[i] = (struct source){.id = span_str(w->ids[i]),
		.kind = SPAN("feed"),
		.url = span_str(w->urls[i]),
		.every_ms = every_ms};
}

/* The configuration is all sources from `first` on. */
static void configure(struct world *w, size_t first)
{
	const struct source *all[MAX];

	for (size_t i = first; i < w->n_sources; i++)
		all[i - first] = &w->sources[i];
	assert_int_equal(
		crawl_set_sources(w->crawl, all, w->n_sources - first, NULL, NULL, NULL), 0);
}

/* The commits so far. */
static void forget(struct world *w)
{
	for (size_t i = 0; i < w->n_commits; i++) {
		free(w->commits[i].error);
		free(w->commits[i].mark);
		free(w->commits[i].etag);
		free(w->commits[i].url_moved);
	}
	w->n_commits = 0;
}

static void end(struct world *w)
{
	char command[64];

	crawl_stop(w->crawl);
	while (w->n_held)
		(void)batch_free(w->held[--w->n_held]);
	w->pool = pool_free(w->pool);
	w->sift = sift_free(w->sift);
	w->crawl = crawl_free(w->crawl);
	w->transfer = transfer_free(w->transfer);
	w->deadline = timer_free(w->deadline);
	w->loop = loop_free(w->loop);
	peer_stop(&w->origin);
	for (size_t i = 0; i < MAX; i++) {
		free(w->stored[i]);
		free(w->urls[i]);
		free(w->ids[i]);
	}
	forget(w);
	(void)snprintf(command, sizeof(command), "rm -r %s", w->folder);
	assert_int_equal(system(command), 0);
	free(w);
}

/* --- The origin's log --------------------------------------------------------------------- */

static json_t *requests(const struct world *w)
{
	static const char ask[] = "GET /-/requests HTTP/1.0\r\nConnection: close\r\n\r\n";
	const struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)peer_port(&w->origin, "http")),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct buf b = {0};
	char piece[4096];
	json_t *all;
	ssize_t n;

	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(write(fd, ask, sizeof(ask) - 1), sizeof(ask) - 1);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		buf_add(&b, span_of(piece, (size_t)n));
	(void)close(fd);
	all = json_loads(strstr(b.p, "\r\n\r\n") + 4, 0, NULL);
	assert_non_null(all);
	buf_deinit(&b);
	return all;
}

/* Request i (from 0) for a path; NULL: there is none. */
static json_t *request(json_t *all, const char *path, size_t i)
{
	size_t k;
	json_t *r;

	json_array_foreach(all, k, r)
	{
		if (strcmp(json_string_value(json_object_get(r, "path")), path) == 0 &&
			i-- == 0)
			return r;
	}
	return NULL;
}

static const char *asked(json_t *all, const char *path, size_t i, const char *header)
{
	json_t *r = request(all, path, i);

	assert_non_null(r);
	return json_string_value(json_object_get(json_object_get(r, "headers"), header));
}

/* Seconds between the end of request i (seen by the origin a moment after we have the answer)
 * and the beginning of the next, for a path. */
static double pause_after(json_t *all, const char *path, size_t i)
{
	json_t *a = request(all, path, i), *b = request(all, path, i + 1);

	assert_non_null(a);
	assert_non_null(b);
	return json_real_value(json_object_get(b, "at")) -
	       json_real_value(json_object_get(a, "ended"));
}

static size_t times(json_t *all, const char *path)
{
	size_t n = 0;

	while (request(all, path, n))
		n++;
	return n;
}

/* --- Conditional requests ----------------------------------------------------------------- */

static void both_validators_are_kept_and_sent(void **state)
{
	struct world *w = begin(
		"{\"/a\": [{\"etag\": \"\\\"v1\\\"\", \"modified\": \"{date-60}\", "
		"\"body\": \"" RSS(
			ITEM("1")) "\"},"
				   "{\"status\": 304}, {\"status\": 304}, {\"status\": 500}]}",
		(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 50);
	configure(w, 0);
	wait_for(w, "a", 3);
	log = requests(w);
	assert_int_equal(commit(w, "a", 0)->outcome, BATCH_READ);
	assert_int_equal(commit(w, "a", 0)->n_hits, 1);
	assert_int_equal(commit(w, "a", 1)->outcome, BATCH_UNCHANGED);
	assert_int_equal(commit(w, "a", 2)->outcome, BATCH_UNCHANGED);
	assert_null(asked(log, "/a", 0, "if-none-match"));
	assert_string_equal(asked(log, "/a", 2, "if-none-match"), "\"v1\"");
	assert_non_null(asked(log, "/a", 2, "if-modified-since"));
	json_decref(log);
	end(w);
}

static void a_date_in_the_future_is_no_validator(void **state)
{
	struct world *w = begin("{\"/a\": {\"headers\": {\"Last-Modified\": \"{date+900}\", "
				"\"Date\": \"{date-0}\"}, \"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 50);
	configure(w, 0);
	wait_for(w, "a", 2);
	log = requests(w);
	assert_null(asked(log, "/a", 1, "if-modified-since"));
	/* Without validators, the same bytes are no news either. */
	assert_int_equal(commit(w, "a", 1)->outcome, BATCH_UNCHANGED);
	json_decref(log);
	end(w);
}

static void a_304_nobody_asked_for_is_asked_past(void **state)
{
	struct world *w =
		begin("{\"/a\": [{\"status\": 304}, {\"body\": \"" RSS(ITEM("1")) "\"}]}",
			(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 50);
	configure(w, 0);
	wait_for(w, "a", 3);
	log = requests(w);
	assert_int_equal(commit(w, "a", 0)->outcome, BATCH_FAILED);
	assert_non_null(strstr(commit(w, "a", 0)->error, "not modified"));
	assert_int_equal(commit(w, "a", 1)->outcome, BATCH_READ);
	assert_string_equal(commit(w, "a", 1)->error, "");
	assert_null(asked(log, "/a", 0, "cache-control"));
	assert_string_equal(asked(log, "/a", 1, "cache-control"), "no-cache");
	assert_null(asked(log, "/a", 2, "cache-control"));
	json_decref(log);
	end(w);
}

static void half_a_document_moves_no_validator(void **state)
{
	struct world *w = begin(
		"{\"/a\": [{\"etag\": \"a\", \"body\": \"" RSS(
			ITEM("1")) "\"},"
				   "{\"etag\": \"b\", \"cut\": 150, \"body\": \"" RSS(ITEM(
					   "2") ITEM("1")) "\"},"
							   "{\"etag\": \"b\", \"body\": \"" RSS(
								   ITEM("2") ITEM("1")) "\"}]}",
		(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 50);
	configure(w, 0);
	wait_for(w, "a", 4);
	log = requests(w);
	assert_string_equal(commit(w, "a", 1)->mark, "truncated");
	assert_int_equal(commit(w, "a", 1)->outcome, BATCH_READ);
	assert_int_equal(commit(w, "a", 1)->n_hits, 1); /* what came whole is read */
	assert_string_equal(commit(w, "a", 1)->etag, "a");
	assert_string_equal(asked(log, "/a", 2, "if-none-match"), "a");
	assert_string_equal(commit(w, "a", 2)->mark, "");
	assert_string_equal(commit(w, "a", 2)->etag, "b");
	assert_int_equal(commit(w, "a", 3)->outcome, BATCH_UNCHANGED);
	json_decref(log);
	end(w);
}

/* --- Refusals and failures ---------------------------------------------------------------- */

static void retry_after_is_obeyed_in_both_forms(void **state)
{
	struct world *w = begin(
		"{\"/s\": [{\"status\": 429, \"headers\": {\"Retry-After\": \"1\"}}, "
		"{\"body\": \"" RSS(ITEM("1")) "\"}],"
					       "\"/d\": [{\"status\": 503, \"headers\": "
					       "{\"Retry-After\": \"{date+2}\", "
					       "\"Date\": \"{date-0}\"}}, {\"body\": \"" RSS(
						       ITEM("1")) "\"}]}",
		(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "s", "127.0.0.1", "/s", 50);
	source(w, "d", "localhost", "/d", 50);
	configure(w, 0);
	wait_for(w, "s", 2);
	wait_for(w, "d", 2);
	log = requests(w);
	print_message("after 1 s: %.3f; after a date 2 s away: %.3f\n",
		pause_after(log, "/s", 0), pause_after(log, "/d", 0));
	assert_true(pause_after(log, "/s", 0) >= 0.95 && pause_after(log, "/s", 0) < 1.5);
	assert_true(pause_after(log, "/d", 0) >= 1.95 && pause_after(log, "/d", 0) < 2.5);
	assert_string_equal(commit(w, "s", 0)->mark, "");
	assert_non_null(strstr(commit(w, "s", 0)->error, "429"));
	assert_int_equal(commit(w, "s", 1)->outcome, BATCH_READ);
	json_decref(log);
	end(w);
}

static void one_429_quiets_the_host(void **state)
{
	struct world *w = begin(
		"{\"/s\": [{\"status\": 429, \"headers\": {\"Retry-After\": \"1\"}}, "
		"{\"body\": \"" RSS(ITEM("1")) "\"}],"
					       "\"/t\": {\"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){.concurrency_per_host = 1}, 0);
	json_t *log;

	(void)state;
	source(w, "s", "127.0.0.1", "/s", 100);
	source(w, "t", "127.0.0.1", "/t", 100);
	source(w, "u", "localhost", "/t", 100);
	configure(w, 0);
	wait_for(w, "s", 2);
	wait_for(w, "u", 8);
	log = requests(w);
	{
		const double from =
			json_real_value(json_object_get(request(log, "/s", 0), "ended"));
		const double to = json_real_value(json_object_get(request(log, "/s", 1), "at"));
		size_t i, others = 0;
		json_t *r;

		json_array_foreach(log, i, r)
		{
			const double at = json_real_value(json_object_get(r, "at"));
			const char *host = json_string_value(
				json_object_get(json_object_get(r, "headers"), "host"));

			if (at > from + 0.05 && at < to - 0.05) {
				assert_null(strstr(host, "127.0.0.1"));
				others++;
			}
		}
		assert_true(others > 3); /* other hosts go on */
	}
	json_decref(log);
	end(w);
}

static struct crawl_view seen_view;
static char seen_mark[32], seen_error[256];

static void see(void *arg, const struct crawl_view *view)
{
	if (!span_eq_str(view->source->id, arg))
		return;
	seen_view = *view;
	(void)snprintf(seen_mark, sizeof(seen_mark), "%.*s", SPAN_ARG(view->state->mark));
	(void)snprintf(seen_error, sizeof(seen_error), "%.*s", SPAN_ARG(view->state->error));
}

static void look(struct world *w, const char *id)
{
	crawl_each(w->crawl, see, (void *)id);
}

static void a_source_that_is_gone_is_left_and_shown(void **state)
{
	struct world *w = begin("{\"/a\": [{\"status\": 410}, {\"body\": \"" RSS(ITEM(
					"1")) "\"}], "
					      "\"/b\": {\"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 20);
	source(w, "b", "127.0.0.1", "/b", 20);
	configure(w, 0);
	wait_for(w, "b", 10);
	log = requests(w);
	assert_int_equal(times(log, "/a"), 1);
	look(w, "a");
	assert_string_equal(seen_mark, "gone");
	assert_non_null(strstr(seen_error, "410"));
	assert_true(seen_view.due_in_ms < 0);
	assert_int_equal(crawl_stats(w->crawl)->failing, 1);
	/* A person may insist. */
	assert_int_equal(crawl_now(w->crawl, SPAN("a")), 0);
	assert_int_equal(crawl_now(w->crawl, SPAN("z")), -ENOENT);
	wait_for(w, "a", 2);
	look(w, "a");
	assert_string_equal(seen_mark, "");
	assert_int_equal(crawl_stats(w->crawl)->failing, 0);
	json_decref(log);
	end(w);
}

static void what_cant_be_read_says_so(void **state)
{
	static const struct {
		const char *id, *path, *mark, *error;
	} rows[] = {
		{"forbidden", "/forbidden", "blocked", "403: the site refuses us"},
		{"challenge", "/challenge", "blocked", "a gatekeeper wants proof of a human"},
		{"missing", "/missing", "", "404: nothing at this address"},
		{"page", "/page", "", "a web page, not a feed"},
		{"loop", "/loop", "", "redirect"},
		{"hang", "/hang", "", ""},
	};
	struct world *w = begin(
		"{\"/forbidden\": {\"status\": 403}, \"/loop\": {\"redirect\": \"/loop\"}, "
		"\"/challenge\": {\"status\": 403, \"headers\": {\"cf-mitigated\": "
		"\"challenge\"}}, "
		"\"/page\": {\"body\": \"<!doctype html><title>x</title>\"}, "
		"\"/hang\": {\"delay_ms\": 60000}}",
		(struct crawl_options){.concurrency_per_host = 9}, 700);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		source(w, rows[i].id, "127.0.0.1", rows[i].path, 60000);
	configure(w, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct commit *c;

		wait_for(w, rows[i].id, 1);
		c = commit(w, rows[i].id, 0);
		print_message("%s: %s\n", rows[i].id, c->error);
		assert_int_equal(c->outcome, BATCH_FAILED);
		assert_string_equal(c->mark, rows[i].mark);
		assert_non_null(strstr(c->error, rows[i].error));
		assert_true(*c->error);
	}
	end(w);
}

/* --- Moves -------------------------------------------------------------------------------- */

static void a_move_is_believed_when_it_was_said_often(void **state)
{
	struct world *w = begin("{\"/old\": {\"status\": 301, \"redirect\": \"{http}/new\"}, "
				"\"/new\": {\"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/old", 30);
	configure(w, 0);
	wait_for(w, "a", 8);
	log = requests(w);
	assert_int_equal(times(log, "/old"), 5);
	assert_true(times(log, "/new") >= 8);
	assert_string_equal(commit(w, "a", 3)->url_moved, "");
	assert_non_null(strstr(commit(w, "a", 4)->url_moved, "/new"));
	/* The items are the same ones: the namespace of their keys didn't move. */
	{
		struct source_state s;
		struct arena arena = {0};

		packed_read(&s, w->stored[0]);
		assert_true(span_eq(s.ns, identity_namespace(&arena, &w->sources[0])));
		arena_release(&arena);
	}
	json_decref(log);
	end(w);
}

static void a_move_that_leads_nowhere_is_taken_back(void **state)
{
	struct world *w = begin(
		"{\"/old\": [{\"status\": 308, \"redirect\": \"/new\"}, "
		"{\"status\": 308, \"redirect\": \"/new\"}, {\"status\": 308, \"redirect\": "
		"\"/new\"}, "
		"{\"status\": 308, \"redirect\": \"/new\"}, {\"status\": 308, \"redirect\": "
		"\"/new\"}, "
		"{\"body\": \"" RSS(ITEM(
			"1")) "\"}], \"/new\": ["
			      "{\"body\": \"" RSS(ITEM("1")) "\"}, {\"body\": \"" RSS(ITEM(
				      "1")) "\"}, "
					    "{\"body\": \"" RSS(ITEM(
						    "1")) "\"}, {\"body\": "
							  "\"" RSS(ITEM(
								  "1")) "\"}, "
									"{\"bo"
									"dy\":"
									" "
									"\"" RSS(ITEM(
										"1")) "\"}, "
										      "{\"statu"
										      "s\": "
										      "410}]}",
		(struct crawl_options){0}, 0);

	(void)state;
	source(w, "a", "127.0.0.1", "/old", 30);
	configure(w, 0);
	wait_for(w, "a", 7);
	assert_non_null(strstr(commit(w, "a", 4)->url_moved, "/new"));
	assert_int_equal(commit(w, "a", 5)->outcome, BATCH_FAILED);
	assert_string_equal(commit(w, "a", 5)->url_moved, "");
	assert_string_equal(commit(w, "a", 5)->mark, "");
	assert_string_equal(commit(w, "a", 6)->error, "");
	end(w);
}

static void a_passing_redirect_is_followed_and_not_believed(void **state)
{
	struct world *w = begin("{\"/old\": {\"status\": 302, \"redirect\": \"/new\"}, "
				"\"/new\": {\"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){0}, 0);

	(void)state;
	source(w, "a", "127.0.0.1", "/old", 20);
	configure(w, 0);
	wait_for(w, "a", 8);
	assert_string_equal(commit(w, "a", 7)->url_moved, "");
	end(w);
}

/* --- Politeness --------------------------------------------------------------------------- */

static void a_host_is_asked_with_distance_and_few_at_a_time(void **state)
{
	enum { SOURCES = 8, SPACING = 60 };
	struct world *w = begin(
		"{\"/a\": {\"delay_ms\": 250, \"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){.concurrency_per_host = 2, .spacing_ms = SPACING}, 0);
	double least = 1e9, last = 0;
	int most = 0;
	json_t *log, *r;
	size_t i;

	(void)state;
	for (int k = 0; k < SOURCES; k++) {
		char id[8];

		(void)snprintf(id, sizeof(id), "s%d", k);
		source(w, id, "127.0.0.1", "/a", 60000);
	}
	configure(w, 0);
	wait_for(w, NULL, SOURCES);
	log = requests(w);
	json_array_foreach(log, i, r)
	{
		const double at = json_real_value(json_object_get(r, "at"));
		int under_way = 0;
		json_t *other;
		size_t k;

		json_array_foreach(log, k, other)
		{
			under_way += json_real_value(json_object_get(other, "at")) <= at &&
				     json_real_value(json_object_get(other, "ended")) > at;
		}
		most = under_way > most ? under_way : most;
		least = i && at - last < least ? at - last : least;
		last = at;
	}
	print_message("least distance %.0f ms, at most %d at a time\n", least * 1000, most);
	assert_int_equal(i, SOURCES);
	assert_int_equal(most, 2);
	assert_true(least * 1000 >= SPACING - 20); /* the way there takes a varying time */
	json_decref(log);
	end(w);
}

static void a_hanging_host_starves_nobody(void **state)
{
	struct world *w = begin("{\"/hang\": {\"delay_ms\": 60000}, \"/a\": {\"body\": \"" RSS(
					ITEM("1")) "\"}}",
		(struct crawl_options){.max_in_flight = 4}, 0);
	json_t *log;

	(void)state;
	for (int i = 0; i < 10; i++) {
		char id[8];

		(void)snprintf(id, sizeof(id), "h%d", i);
		source(w, id, "127.0.0.1", "/hang", 20);
	}
	source(w, "a", "localhost", "/a", 20);
	configure(w, 0);
	wait_for(w, "a", 20);
	log = requests(w);
	assert_int_equal(times(log, "/hang"), 2);
	assert_int_equal(crawl_stats(w->crawl)->in_flight, 2);
	json_decref(log);
	end(w);
}

/* --- The line ----------------------------------------------------------------------------- */

static void batches_in_flight_are_bounded(void **state)
{
	struct world *w = begin("{\"/a\": {\"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){.max_in_flight = 3, .concurrency_per_host = 9}, 0);
	json_t *log;

	(void)state;
	for (int i = 0; i < 8; i++) {
		char id[8];

		(void)snprintf(id, sizeof(id), "s%d", i);
		source(w, id, "127.0.0.1", "/a", 60000);
	}
	w->hold = true;
	configure(w, 0);
	wait_for(w, NULL, 3);
	run_for(w, 100);
	log = requests(w);
	assert_int_equal(times(log, "/a"), 3);
	json_decref(log);
	w->hold = false;
	while (w->n_held)
		crawl_committed(w->crawl, w->held[--w->n_held]);
	wait_for(w, NULL, 8);
	/* And none at all while the queue has no room. */
	crawl_pause(w->crawl, true);
	for (int i = 0; i < 8; i++)
		assert_int_equal(crawl_now(w->crawl, w->sources[i].id), 0);
	run_for(w, 100);
	assert_int_equal(w->n_commits, 8);
	crawl_pause(w->crawl, false);
	wait_for(w, NULL, 16);
	end(w);
}

static void after_a_reset_the_queue_has_the_last_word(void **state)
{
	struct world *w = begin("{\"/a\": {\"etag\": \"a\", \"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){0}, 0);
	struct arena arena = {0};
	unsigned partition;
	json_t *log;
	size_t n;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 50);
	configure(w, 0);
	wait_for(w, "a", 3);
	partition = identity_partition(identity_namespace(&arena, &w->sources[0]));
	arena_release(&arena);
	/* Redis has lost its tail: it knows nothing of this source. What is on its way to it
	 * then was asked with validators nobody vouches for. */
	w->hold = true;
	wait_for(w, "a", 4);
	free(w->stored[0]);
	w->stored[0] = NULL;
	crawl_reset(w->crawl, partition ^ 1); /* not ours */
	crawl_reset(w->crawl, partition);
	w->hold = false;
	crawl_committed(w->crawl, w->held[--w->n_held]);
	n = w->n_commits;
	wait_for(w, "a", n + 1);
	log = requests(w);
	assert_null(asked(log, "/a", n, "if-none-match"));
	assert_int_equal(commit(w, "a", n)->outcome, BATCH_READ);
	assert_int_equal(commit(w, "a", n)->n_hits, 1);
	json_decref(log);
	end(w);
}

static void a_new_set_keeps_who_stays(void **state)
{
	struct world *w = begin("{\"/hang\": {\"delay_ms\": 60000}, "
				"\"/a\": {\"etag\": \"a\", \"body\": \"" RSS(ITEM(
					"1")) "\"}, "
					      "\"/b\": {\"body\": \"" RSS(ITEM("1")) "\"}}",
		(struct crawl_options){0}, 0);
	json_t *log;

	(void)state;
	source(w, "hang", "127.0.0.1", "/hang", 50);
	source(w, "a", "127.0.0.1", "/a", 50);
	configure(w, 0);
	wait_for(w, "a", 2);
	source(w, "b", "127.0.0.1", "/b", 50);
	configure(w, 1); /* hang is out, b is in */
	assert_int_equal(crawl_stats(w->crawl)->sources, 2);
	wait_for(w, "b", 1);
	wait_for(w, "a", 5);
	log = requests(w);
	assert_int_equal(times(log, "/hang"), 1);
	for (size_t i = 1; i < 5; i++)
		assert_string_equal(asked(log, "/a", i, "if-none-match"), "a");
	assert_int_equal(crawl_now(w->crawl, SPAN("hang")), -ENOENT);
	json_decref(log);
	/* The same id at another address is another matter: its validators don't count. */
	source(w, "a", "127.0.0.1", "/b", 50);
	w->stored[3] = w->stored[1];
	w->stored[1] = NULL;
	forget(w);
	configure(w, 3);
	wait_for(w, "a", 1);
	log = requests(w);
	assert_null(asked(log, "/b", times(log, "/b") - 1, "if-none-match"));
	json_decref(log);
	end(w);
}

/* --- Rhythm ------------------------------------------------------------------------------- */

/* "Redis" knows this of source i. */
static void store(struct world *w, size_t i, const struct rhythm *rhythm, struct wall full)
{
	struct source_state s = source_state_new();
	struct memo memo = {.full = full};
	struct arena arena = {0};

	s.ns = identity_namespace(&arena, &w->sources[i]);
	s.etag = SPAN("a");
	s.first_contact = s.last_read = full;
	if (rhythm)
		memo.rhythm = rhythm_encode(&arena, rhythm);
	s.memo = memo_encode(&arena, &memo);
	w->stored[i] = packed_new(&s);
	arena_release(&arena);
}

static void validators_are_not_believed_for_ever(void **state)
{
	struct world *w = begin("{\"/a\": {\"etag\": \"a\", \"body\": \"" RSS(
					ITEM("1")) "\"}, "
						   "\"/b\": {\"etag\": \"a\", \"body\": \"" RSS(
							   ITEM("1")) "\"}}",
		(struct crawl_options){0}, 0);
	const int64_t now = loop_wall(w->loop).ms;
	json_t *log;

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 30);
	source(w, "b", "127.0.0.1", "/b", 30);
	store(w, 0, NULL, (struct wall){now - 23 * 3600000LL});
	store(w, 1, NULL, (struct wall){now - 31 * 3600000LL});
	configure(w, 0);
	wait_for(w, "a", 2);
	wait_for(w, "b", 2);
	log = requests(w);
	assert_string_equal(asked(log, "/a", 0, "if-none-match"), "a");
	assert_null(asked(log, "/b", 0, "if-none-match"));
	assert_string_equal(asked(log, "/b", 1, "if-none-match"), "a");
	json_decref(log);
	end(w);
}

static void who_speaks_often_is_asked_often(void **state)
{
#define DATED(id, ago)                                                                         \
	"<item><guid isPermaLink='false'>" id "</guid><title>" id                              \
	"</title><pubDate>{date-" ago "}</pubDate></item>"
	struct world *w = begin(
		"{\"/busy\": {\"etag\": \"a\", \"body\": \"" RSS(DATED("1", "60") DATED(
			"2", "120") DATED("3", "200") DATED("4", "300") DATED("5",
			"390") DATED("6", "600") DATED("7", "900") DATED("8",
			"1200")) "\"}, "
				 "\"/calm\": {\"etag\": \"a\", \"body\": \"" RSS(
					 DATED("1", "600000") DATED("2", "2000000")) "\"}}",
		(struct crawl_options){.every_default_ms = 200}, 0);
	json_t *log;
	size_t busy, calm;

	(void)state;
	source(w, "busy", "127.0.0.1", "/busy", 0);
	source(w, "calm", "localhost", "/calm", 0);
	configure(w, 0);
	wait_for(w, "calm", 3);
	log = requests(w);
	busy = times(log, "/busy");
	calm = times(log, "/calm");
	print_message("busy %zu, calm %zu\n", busy, calm);
	assert_true(busy >= 3 * calm);
	json_decref(log);
	end(w);
}

static void a_silence_against_habit_is_shown_until_it_ends(void **state)
{
	struct world *w = begin("{\"/a\": [{\"status\": 304}, {\"status\": 304}, "
				"{\"body\": \"" RSS(ITEM("1")) "\"}]}",
		(struct crawl_options){0}, 0);
	const int64_t now = loop_wall(w->loop).ms, hour = 3600000;
	struct rhythm r = rhythm_new();

	(void)state;
	source(w, "a", "127.0.0.1", "/a", 50);
	/* An item an hour for four weeks; none for three days. */
	for (int64_t t = now - 31 * 24 * hour; t < now - 3 * 24 * hour; t += hour) {
		const struct wall said = {t + hour / 2};

		rhythm_observe(&r, (struct wall){t + hour}, &said, 1, 0, (uint64_t)t);
	}
	store(w, 0, &r, (struct wall){now - hour});
	configure(w, 0);
	wait_for(w, "a", 3);
	assert_string_equal(commit(w, "a", 0)->mark, "silent");
	assert_non_null(strstr(commit(w, "a", 0)->error, "silent since 20"));
	assert_string_equal(commit(w, "a", 1)->error, commit(w, "a", 0)->error);
	assert_int_equal(commit(w, "a", 2)->n_new, 1);
	assert_string_equal(commit(w, "a", 2)->mark, "");
	end(w);
}

/* --- Files -------------------------------------------------------------------------------- */

static void write_file(const struct world *w, const char *name, const char *content)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/%s", w->folder, name);
	assert_int_equal(file_write(path, span_str(content), 0600), 0);
}

static void a_file_is_read_when_it_changes(void **state)
{
	struct world *w = begin("{}", (struct crawl_options){0}, 0);
	char url[96];

	(void)state;
	write_file(w, "feed.xml", RSS(ITEM("1")));
	(void)snprintf(url, sizeof(url), "file://%s/feed.xml", w->folder);
	source(w, "f", NULL, url, 20);
	configure(w, 0);
	wait_for(w, "f", 1);
	assert_int_equal(commit(w, "f", 0)->n_hits, 1);
	run_for(w, 300);
	for (size_t i = 1; i < count(w, "f"); i++) /* a young file is looked at twice */
		assert_int_equal(commit(w, "f", i)->n_new, 0);
	forget(w);
	write_file(w, "feed.xml", RSS(ITEM("2") ITEM("1")));
	wait_for(w, "f", 1);
	assert_int_equal(commit(w, "f", 0)->n_new, 1);
	assert_int_equal(commit(w, "f", 0)->n_hits, 2);
	run_for(w, 200);
	forget(w);
	write_file(w, "feed.xml", "");
	wait_for(w, "f", 1);
	assert_string_equal(commit(w, "f", 0)->error, "an empty document");
	end(w);
}

static void a_folder_is_read_file_by_file(void **state)
{
	struct world *w = begin("{}", (struct crawl_options){0}, 0);
	size_t hits = 0, errors = 0;
	char path[96], url[96];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/feeds", w->folder);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file(w, "feeds/b.xml", RSS(ITEM("1")));
	write_file(w, "feeds/a.xml", RSS(ITEM("2")));
	write_file(w, "feeds/notes.txt", "nothing of a feed");
	write_file(w, "feeds/c.xml", RSS(ITEM("3")));
	(void)snprintf(url, sizeof(url), "file://%s/feeds", w->folder);
	source(w, "f", NULL, url, 20);
	configure(w, 0);
	wait_for(w, "f", 4);
	run_for(w, 100);
	assert_int_equal(w->n_commits, 4); /* each once */
	for (size_t i = 0; i < 4; i++) {
		hits += commit(w, "f", i)->n_hits;
		errors += *commit(w, "f", i)->error != 0;
	}
	assert_int_equal(hits, 3);
	assert_int_equal(errors, 1);
	write_file(w, "feeds/a.xml", RSS(ITEM("4") ITEM("2")));
	wait_for(w, "f", 5);
	assert_int_equal(commit(w, "f", 4)->n_hits, 2);
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_validators_are_kept_and_sent),
		cmocka_unit_test(a_date_in_the_future_is_no_validator),
		cmocka_unit_test(a_304_nobody_asked_for_is_asked_past),
		cmocka_unit_test(half_a_document_moves_no_validator),
		cmocka_unit_test(retry_after_is_obeyed_in_both_forms),
		cmocka_unit_test(one_429_quiets_the_host),
		cmocka_unit_test(a_source_that_is_gone_is_left_and_shown),
		cmocka_unit_test(what_cant_be_read_says_so),
		cmocka_unit_test(a_move_is_believed_when_it_was_said_often),
		cmocka_unit_test(a_move_that_leads_nowhere_is_taken_back),
		cmocka_unit_test(a_passing_redirect_is_followed_and_not_believed),
		cmocka_unit_test(a_host_is_asked_with_distance_and_few_at_a_time),
		cmocka_unit_test(a_hanging_host_starves_nobody),
		cmocka_unit_test(batches_in_flight_are_bounded),
		cmocka_unit_test(after_a_reset_the_queue_has_the_last_word),
		cmocka_unit_test(a_new_set_keeps_who_stays),
		cmocka_unit_test(validators_are_not_believed_for_ever),
		cmocka_unit_test(who_speaks_often_is_asked_often),
		cmocka_unit_test(a_silence_against_habit_is_shown_until_it_ends),
		cmocka_unit_test(a_file_is_read_when_it_changes),
		cmocka_unit_test(a_folder_is_read_file_by_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
