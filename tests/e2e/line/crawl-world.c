#include "crawl-world.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/file.h"
#include "io/log.h"

static char *text(struct span s)
{
	struct buf b = {0};

	buf_add(&b, s);
	return buf_take(&b);
}

size_t count(const struct world *w, const char *source)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_commits; i++)
		n += !source || strcmp(w->commits[i].source, source) == 0;
	return n;
}

/* Commit i (from 0) of a source. */
const struct commit *commit(const struct world *w, const char *source, size_t i)
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
	for (size_t i = 0; i < b->n_hits; i++)
		c->n_silent += b->hits[i].silent;
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
void wait_for(struct world *w, const char *source, size_t n)
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

void run_for(struct world *w, int64_t ms)
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
struct world *begin(const char *script, struct crawl_options options, int64_t total_ms)
{
	struct world *w = calloc(1, sizeof(*w));
	struct address_range here[2];
	struct transfer_options transfer = {.guarded = true,
		.allow = here,
		.n_allow = 2,
		.total_ms = total_ms,
		.max_redirects = 5,
		.max_per_host = options.concurrency_per_host};
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
	options.pool = w->pool;
	assert_int_equal(crawl_new(&w->crawl, w->loop, w->transfer, &options), 0);
	(void)ruleset_unref(set);
	return w;
}

/* url: a path of the origin, seen by the name of `host`; or a whole one. */
void source(
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
void configure(struct world *w, size_t first)
{
	const struct source *all[MAX];

	for (size_t i = first; i < w->n_sources; i++)
		all[i - first] = &w->sources[i];
	assert_int_equal(
		crawl_set_sources(w->crawl, all, w->n_sources - first, NULL, NULL, NULL), 0);
}

/* The commits so far. */
void forget(struct world *w)
{
	for (size_t i = 0; i < w->n_commits; i++) {
		free(w->commits[i].error);
		free(w->commits[i].mark);
		free(w->commits[i].etag);
		free(w->commits[i].url_moved);
	}
	w->n_commits = 0;
}

void end(struct world *w)
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

json_t *requests(const struct world *w)
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
json_t *request(json_t *all, const char *path, size_t i)
{
	size_t k;
	json_t *r;

	json_array_foreach (all, k, r) {
		if (strcmp(json_string_value(json_object_get(r, "path")), path) == 0 &&
			i-- == 0)
			return r;
	}
	return NULL;
}

const char *asked(json_t *all, const char *path, size_t i, const char *header)
{
	json_t *r = request(all, path, i);

	assert_non_null(r);
	return json_string_value(json_object_get(json_object_get(r, "headers"), header));
}

/* Seconds between the end of request i (seen by the origin a moment after we have the answer)
 * and the beginning of the next, for a path. */
double pause_after(json_t *all, const char *path, size_t i)
{
	json_t *a = request(all, path, i), *b = request(all, path, i + 1);

	assert_non_null(a);
	assert_non_null(b);
	return json_real_value(json_object_get(b, "at")) -
	       json_real_value(json_object_get(a, "ended"));
}

size_t times(json_t *all, const char *path)
{
	size_t n = 0;

	while (request(all, path, n))
		n++;
	return n;
}
