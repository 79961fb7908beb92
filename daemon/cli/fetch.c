#include "cli/fetch.h"

#include <stdio.h>
#include <string.h>

#include "io/loop.h"
#include "io/transfer.h"
#include "vigie/version.h"

enum { MAX_REDIRECTS = 5 };

struct fetching {
	struct loop *loop;
	int (*take)(void *arg, const struct document *document);
	void *arg;
	int result;
};

bool fetch_is_url(const char *argument)
{
	return strncmp(argument, "http://", 7) == 0 || strncmp(argument, "https://", 8) == 0;
}

static void on_document(void *arg, const struct transfer_result *result)
{
	struct fetching *f = arg;

	if (result->error != TRANSFER_OK)
		(void)fprintf(stderr, "vigie: %.*s\n", SPAN_ARG(result->why));
	else if (result->document.status >= 400)
		(void)fprintf(
			stderr, "vigie: the server answers %d\n", result->document.status);
	else
		f->result = f->take(f->arg, &result->document);
	loop_stop(f->loop);
}

int fetch(const char *url, const char *allow,
	int (*take)(void *arg, const struct document *document), void *arg)
{
	struct fetching f = {.take = take, .arg = arg, .result = -1};
	struct address_range range;
	const struct request request = {.url = span_str(url)};
	const struct transfer_ask ask = {.request = &request};
	struct transfer_options options = {.user_agent = "vigie/" VIGIE_VERSION,
		.guarded = true,
		.max_redirects = MAX_REDIRECTS};
	struct transfer *transfer = NULL;
	struct transfer_handle *handle;
	int r;

	if (allow && !address_range_parse(&range, span_str(allow))) {
		(void)fprintf(stderr,
			"vigie: %s is no range of addresses: write one like 10.1.0.0/16\n",
			allow);
		return -1;
	}
	options.allow = &range;
	options.n_allow = allow ? 1 : 0;
	r = loop_new(&f.loop);
	if (r >= 0)
		r = transfer_new(&transfer, f.loop, &options);
	if (r >= 0)
		r = transfer_start(&handle, transfer, &ask, on_document, &f);
	if (r >= 0)
		r = loop_run(f.loop);
	if (r < 0)
		(void)fprintf(stderr, "vigie: %s\n", strerror(-r));
	transfer_free(transfer);
	loop_free(f.loop);
	return f.result;
}
