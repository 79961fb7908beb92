/*
 * What a fetch costs: a 20 KB feed over keep-alive from a server in a process of its own,
 * fetched by transfer and by a bare libcurl multi with nothing but a counting callback, turn by
 * turn in one run. Only this process's CPU time counts.
 *
 *     bench-fetch [FETCHES_PER_TURN [TURNS]]
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>

#include "io/http.h"
#include "io/transfer.h"

enum { FEED_SIZE = 20 * 1024, AT_ONCE = 16, TURNS_MAX = 50 };

static char feed[FEED_SIZE];
static char url[64];

static void on_ask(void *arg, struct http_ask *ask)
{
	(void)arg;
	http_reply(ask, 200, "application/rss+xml", NULL, 0, span_of(feed, FEED_SIZE));
}

/* Writes its port to fd, then serves until it is killed. */
static void serve(int fd)
{
	struct loop *loop;
	struct http *http;
	int port;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (loop_new(&loop) < 0 ||
		http_new(&http, loop, &(struct http_options){.host = "127.0.0.1"}) < 0 ||
		http_on(http, "/", on_ask, NULL) < 0)
		_exit(1);
	port = http_port(http);
	if (write(fd, &port, sizeof(port)) != sizeof(port))
		_exit(1);
	(void)loop_run(loop);
	_exit(0);
}

static double cpu_seconds(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void need(int ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "bench-fetch: %s\n", what);
	exit(1);
}

struct ours {
	struct loop *loop;
	struct transfer *transfer;
	int left_to_start, running;
	size_t bytes;
};

static void ours_start(struct ours *o);

static void on_done(void *arg, const struct transfer_result *r)
{
	struct ours *o = arg;

	need(r->error == TRANSFER_OK && r->document.status == 200, "a fetch failed");
	o->bytes += r->document.body.n;
	o->running--;
	if (o->left_to_start)
		ours_start(o);
	else if (!o->running)
		loop_stop(o->loop);
}

static void ours_start(struct ours *o)
{
	const struct request r = {.url = span_str(url), .etag = SPAN("\"x\"")};
	struct transfer_handle *h;

	o->left_to_start--;
	o->running++;
	need(transfer_start(
		     &h, o->transfer, &(struct transfer_ask){.request = &r}, on_done, o) == 0,
		"transfer_start");
}

static double turn_ours(struct ours *o, int fetches)
{
	const double start = cpu_seconds();

	o->left_to_start = fetches;
	o->bytes = 0;
	for (int i = 0; i < AT_ONCE; i++)
		ours_start(o);
	need(loop_run(o->loop) == 0, "loop_run");
	need(o->bytes == (size_t)fetches * FEED_SIZE, "bytes were lost");
	return fetches / (cpu_seconds() - start);
}

struct bare {
	CURLM *multi;
	CURL *easy[AT_ONCE];
	size_t bytes;
};

static size_t on_bytes(char *p, size_t size, size_t n, void *arg)
{
	struct bare *b = arg;

	(void)p;
	b->bytes += size * n;
	return size * n;
}

static void bare_open(struct bare *b)
{
	b->multi = curl_multi_init();
	need(b->multi != NULL, "curl_multi_init");
	for (int i = 0; i < AT_ONCE; i++) {
		b->easy[i] = curl_easy_init();
		need(b->easy[i] != NULL, "curl_easy_init");
		(void)curl_easy_setopt(b->easy[i], CURLOPT_URL, url);
		(void)curl_easy_setopt(b->easy[i], CURLOPT_NOPROXY, "*");
		(void)curl_easy_setopt(b->easy[i], CURLOPT_NOSIGNAL, 1L);
		(void)curl_easy_setopt(b->easy[i], CURLOPT_WRITEFUNCTION, on_bytes);
		(void)curl_easy_setopt(b->easy[i], CURLOPT_WRITEDATA, b);
	}
}

static double turn_bare(struct bare *b, int fetches)
{
	const double start = cpu_seconds();
	int left_to_start = fetches, left = fetches, running, queued;

	b->bytes = 0;
	for (int i = 0; i < AT_ONCE; i++, left_to_start--)
		(void)curl_multi_add_handle(b->multi, b->easy[i]);
	while (left) {
		CURLMsg *m;

		(void)curl_multi_perform(b->multi, &running);
		while ((m = curl_multi_info_read(b->multi, &queued))) {
			CURL *easy = m->easy_handle;

			need(m->data.result == CURLE_OK, "a bare fetch failed");
			(void)curl_multi_remove_handle(b->multi, easy);
			left--;
			if (left_to_start) {
				left_to_start--;
				(void)curl_multi_add_handle(b->multi, easy);
			}
		}
		if (left)
			(void)curl_multi_poll(b->multi, NULL, 0, 1000, NULL);
	}
	need(b->bytes == (size_t)fetches * FEED_SIZE, "bytes were lost");
	return fetches / (cpu_seconds() - start);
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	const int fetches = argc > 1 ? atoi(argv[1]) : 3000;
	const int turns = argc > 2 ? atoi(argv[2]) : 7;
	const struct transfer_options options = {.guarded = true,
		.allow = &(struct address_range){.prefix = 0},
		.n_allow = 1,
		.max_per_host = AT_ONCE};
	double ours_rate[TURNS_MAX], bare_rate[TURNS_MAX];
	struct ours o = {0};
	struct bare b = {0};
	int fds[2], port;
	pid_t server;

	need(fetches >= AT_ONCE && turns > 0 && turns <= TURNS_MAX, "odd arguments");
	for (size_t i = 0; i < FEED_SIZE; i++)
		feed[i] = "<item>feed text </item>\n"[i % 24];
	need(pipe(fds) == 0, "pipe");
	server = fork();
	need(server >= 0, "fork");
	if (!server)
		serve(fds[1]);
	need(read(fds[0], &port, sizeof(port)) == sizeof(port), "no server");
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/feed.xml", port);
	need(loop_new(&o.loop) == 0 && transfer_new(&o.transfer, o.loop, &options) == 0,
		"transfer_new");
	bare_open(&b);
	(void)turn_ours(&o, AT_ONCE); /* connections open */
	(void)turn_bare(&b, AT_ONCE);
	for (int i = 0; i < turns; i++) {
		ours_rate[i] = turn_ours(&o, fetches);
		bare_rate[i] = turn_bare(&b, fetches);
	}
	qsort(ours_rate, (size_t)turns, sizeof(double), by_size);
	qsort(bare_rate, (size_t)turns, sizeof(double), by_size);
	(void)printf("fetches of %d bytes per core-second, keep-alive, %d at once; median of "
		     "%d turns of %d "
		     "(least, most)\n"
		     "transfer   %8.0f  (%.0f, %.0f)\n"
		     "bare multi %8.0f  (%.0f, %.0f)\n"
		     "ratio      %8.2f\n",
		FEED_SIZE, AT_ONCE, turns, fetches, ours_rate[turns / 2], ours_rate[0],
		ours_rate[turns - 1], bare_rate[turns / 2], bare_rate[0], bare_rate[turns - 1],
		ours_rate[turns / 2] / bare_rate[turns / 2]);
	for (int i = 0; i < AT_ONCE; i++) {
		(void)curl_multi_remove_handle(b.multi, b.easy[i]);
		curl_easy_cleanup(b.easy[i]);
	}
	(void)curl_multi_cleanup(b.multi);
	(void)transfer_free(o.transfer);
	(void)loop_free(o.loop);
	(void)kill(server, SIGTERM);
	(void)waitpid(server, NULL, 0);
	return 0;
}
