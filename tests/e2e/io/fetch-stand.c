#include "fetch-stand.h"

#include <stdlib.h>

struct peer origin;
struct loop *loop;
struct address_range here;

char *keep(struct span s)
{
	struct buf b = {0};

	buf_add(&b, s);
	return buf_take(&b);
}

void on_done(void *arg, const struct transfer_result *r)
{
	struct answer_copy *a = arg;
	const struct document *d = &r->document;

	*a = (struct answer_copy){
		.count = a->count + 1,
		.error = r->error,
		.hops = r->hops,
		.reused = r->connection_reused,
		.status = d->status,
		.end = d->end,
		.why = keep(r->why),
		.url = keep(d->url),
		.permanent_url = keep(d->permanent_url),
		.type = keep(d->content_type),
		.etag = keep(d->etag),
		.modified = keep(d->last_modified),
		.retry_after = keep(d->retry_after),
		.cache_control = keep(d->cache_control),
		.expires = keep(d->expires),
		.date = keep(d->date),
		.body = keep(d->body),
		.body_size = d->body.n,
		.n_headers = d->n_headers,
	};
	loop_stop(loop);
}

void forget(struct answer_copy *a)
{
	char **const texts[] = {&a->why, &a->url, &a->permanent_url, &a->type, &a->etag,
		&a->modified, &a->retry_after, &a->cache_control, &a->expires, &a->date,
		&a->body};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(*texts[i]);
	*a = (struct answer_copy){0};
}

/* {http}, {https} stand for the origin; the caller's. */
char *address(const char *text)
{
	static const char *const names[] = {"http2", "https", "http"};
	struct buf b = {0};

	for (size_t i = 0; i < 3; i++) {
		char mark[16];

		(void)snprintf(mark, sizeof(mark), "{%s}", names[i]);
		if (!span_starts(span_str(text), span_str(mark)))
			continue;
		buf_addf(&b, "%s://127.0.0.1:%d%s", i < 2 ? "https" : "http",
			peer_port(&origin, names[i]), text + strlen(mark));
		return buf_take(&b);
	}
	return keep(span_str(text));
}

/* The transfer most tests use: guarded, and the origin allowed. */
struct transfer_options usual(void)
{
	return (struct transfer_options){
		.ca_file = peer_text(&origin, "ca"),
		.guarded = true,
		.allow = &here,
		.n_allow = 1,
		.max_redirects = 5,
		.max_body = 1024 * 1024,
		.total_ms = 8000,
	};
}

struct transfer *open_transfer(const struct transfer_options *options)
{
	struct transfer *t;

	assert_int_equal(transfer_new(&t, loop, options), 0);
	return t;
}

void ask(struct answer_copy *a, struct transfer *t, const struct request *request)
{
	struct transfer_handle *handle;
	struct request r = *request;
	char *url = keep(request->url), *whole = address(url);

	r.url = span_str(whole);
	forget(a);
	assert_int_equal(
		transfer_start(&handle, t, &(struct transfer_ask){.request = &r}, on_done, a),
		0);
	assert_int_equal(a->count, 0);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(a->count, 1);
	free(url);
	free(whole);
}

void get(struct answer_copy *a, struct transfer *t, const char *url)
{
	ask(a, t, &(struct request){.url = span_str(url)});
}

int begin(void **state)
{
	char *argv[] = {(char *)PYTHON, (char *)ORIGIN, (char *)"--script", (char *)SCRIPT,
		(char *)"--tls", (char *)"--http2", NULL};

	(void)state;
	peer_start(&origin, argv);
	assert_true(address_range_parse(&here, SPAN("127.0.0.1")));
	return loop_new(&loop);
}

int end(void **state)
{
	(void)state;
	(void)loop_free(loop);
	peer_stop(&origin);
	return 0;
}
