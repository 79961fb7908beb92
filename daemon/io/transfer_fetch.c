/*
 * transfer_fetch: documents. Makes a request conditional, follows redirects by steps of its own
 * (each with the guard, and without the secrets of the first), takes the content coding off and
 * bounds what may come. It never judges a status: a 404 is an answer.
 */

#include <errno.h>

#include "io/decode.h"
#include "io/transfer_impl.h"

enum {
	/* A redirect's own text: read to keep the connection, up to here. */
	REDIRECT_BODY_MAX = 64 * 1024,
	/* Encoded bytes may exceed the decoded by the overhead of stored blocks, and no more.
	 */
	WIRE_SLACK = 64 * 1024,
	BODY_HINT_MAX =
		1024 * 1024, /* a Content-Length is believed up to here before it is seen */
};

struct fetch {
	struct transfer_handle base;
	struct request request; /* copied */
	struct span method;
	struct span body;
	const char *user, *password; /* of the first address */
	size_t max_body, wire_bytes;
	struct decoder *decoder;
	unsigned hops;
	bool impermanent; /* a redirect was a temporary one */
	bool foreign;     /* the origin was left: secrets stay behind, for good */
	bool has_user;    /* the first address has userinfo */
	enum transfer_hop (*hop)(void *arg, struct span url);
	transfer_done done;
	void *arg;
};

static void fetch_release(struct transfer_handle *h)
{
	struct fetch *f = (struct fetch *)h;

	f->decoder = decoder_free(f->decoder);
}

static void report(struct fetch *f, struct transfer_result *result)
{
	long connects = 1;

	if (f->base.easy)
		(void)curl_easy_getinfo(f->base.easy, CURLINFO_NUM_CONNECTS, &connects);
	result->hops = f->hops;
	result->connection_reused = connects == 0;
	handle_detach(&f->base);
	f->done(f->arg, result);
	handle_destroy(&f->base);
}

static void report_error(struct fetch *f, enum transfer_error error, struct span why)
{
	struct transfer_result result = {.error = error, .why = why};

	report(f, &result);
}

/* Where this answer sends us; empty when it does not, or when we stay. */
static struct span redirect(const struct fetch *f)
{
	const int status = f->base.head.status;

	if (!f->base.transfer->options.max_redirects)
		return SPAN_NONE;
	if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308)
		return SPAN_NONE;
	return head_get(&f->base.head, "Location");
}

static size_t on_head(char *p, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;
	struct transfer_handle *h = &f->base;

	if (head_line(&h->head, span_of(p, size * n), h->transfer->options.max_header))
		return size * n;
	h->halt = HALT_HEADERS;
	return 0;
}

/* The decoder's: false when the bound is reached. */
static bool on_decoded(void *arg, struct span bytes)
{
	struct fetch *f = arg;
	struct transfer_handle *h = &f->base;
	const size_t room = f->max_body - h->body.n;

	buf_add(&h->body, span_slice(bytes, 0, room));
	if (h->body.failed)
		h->halt = HALT_MEMORY;
	else if (bytes.n > room)
		h->halt = HALT_OVERLONG;
	return h->halt == HALT_NONE;
}

/* At the first byte of a body. A file that was packed before it was published is no content
 * coding, and yet nobody publishes gzip to be read as it is (RFC 1952: its first byte is 31):
 * sitemaps are. */
static bool begin_body(struct fetch *f, char first)
{
	struct span coding = head_get(&f->base.head, "Content-Encoding");
	struct transfer_handle *h = &f->base;
	curl_off_t length = -1;
	int r;

	if (span_empty(coding) && first == 31)
		coding = SPAN("gzip");
	r = decoder_new(&f->decoder, coding);
	if (r < 0) {
		h->halt = r == -ENOTSUP ? HALT_CODING : HALT_MEMORY;
		return false;
	}
	(void)curl_easy_getinfo(h->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (length > 0 && length <= BODY_HINT_MAX && (size_t)length <= f->max_body)
		(void)buf_reserve(&h->body, (size_t)length);
	return true;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;
	struct transfer_handle *h = &f->base;
	int r;

	n *= size;
	f->wire_bytes += n;
	if (!span_empty(redirect(f))) {
		if (f->wire_bytes <= REDIRECT_BODY_MAX)
			return n;
		h->halt = HALT_ENOUGH;
		return 0;
	}
	if (f->wire_bytes > f->max_body + f->max_body / 64 + WIRE_SLACK) {
		h->halt = HALT_OVERLONG;
		return 0;
	}
	if (n && !f->decoder && !begin_body(f, *p))
		return 0;
	if (!n)
		return 0;
	r = decoder_push(f->decoder, span_of(p, n), on_decoded, f);
	if (r == DECODE_BROKEN)
		h->halt = HALT_BROKEN;
	else if (r < 0)
		h->halt = HALT_MEMORY;
	return r ? 0 : n;
}

/* What may go along to an origin that the operator never named. */
static bool is_harmless(struct span name)
{
	return span_eq_ci(name, SPAN("Accept")) || span_eq_ci(name, SPAN("Accept-Language"));
}

static bool set_lines(struct fetch *f)
{
	struct transfer_handle *h = &f->base;
	const struct request *r = &f->request;
	bool ok = true;

	lines_clear(h);
	for (size_t i = 0; i < r->n_headers && ok; i++) {
		if (span_eq_ci(r->headers[i].name, SPAN("Accept-Encoding")) ||
			(f->foreign && !is_harmless(r->headers[i].name)))
			continue;
		ok = lines_add(h, r->headers[i].name, r->headers[i].value);
	}
	ok = ok && lines_add(h, SPAN("Accept-Encoding"), SPAN(DECODE_ACCEPTED));
	if (!span_empty(r->etag))
		ok = ok && lines_add(h, SPAN("If-None-Match"), r->etag);
	if (!span_empty(r->last_modified))
		ok = ok && lines_add(h, SPAN("If-Modified-Since"), r->last_modified);
	return ok;
}

/* One hop. */
static void fetch_run(struct fetch *f)
{
	struct transfer_handle *h = &f->base;

	f->wire_bytes = 0;
	f->decoder = decoder_free(f->decoder);
	if (!set_lines(f) || !ask_set(h, f->method, f->body) ||
		curl_easy_setopt(h->easy, CURLOPT_USERNAME, f->foreign ? NULL : f->user) !=
			CURLE_OK ||
		curl_easy_setopt(h->easy, CURLOPT_PASSWORD, f->foreign ? NULL : f->password) !=
			CURLE_OK) {
		h->ready_code = CURLE_OUT_OF_MEMORY;
		handle_later(h);
		return;
	}
	handle_run(h);
}

/* RFC 9110 section 15.4. */
static void follow(struct fetch *f, struct span location)
{
	struct transfer_handle *h = &f->base;
	const unsigned most = h->transfer->options.max_redirects;
	const int status = h->head.status;
	const char *host = h->place.host.p;
	struct place next;
	enum transfer_hop hop;
	int r;

	if (f->hops >= most) {
		report_error(f, TRANSFER_REDIRECTS,
			why_text(h, "%s redirects more than %u times", host, most));
		return;
	}
	r = place_read(&next, &h->arena, &h->place, location, "http,https");
	if (r < 0) {
		report_error(f, r == -ENOMEM ? TRANSFER_MEMORY : TRANSFER_REDIRECTS,
			why_text(h, "%s redirects to what is no http or https address", host));
		return;
	}
	if (!place_same_origin(&h->place, &next))
		f->foreign = true;
	if (status == 303 ||
		((status == 301 || status == 302) && span_eq_str(f->method, "POST"))) {
		if (!span_eq_str(f->method, "HEAD"))
			f->method = SPAN("GET");
		f->body = SPAN_NONE;
	}
	if (f->foreign && !span_empty(f->body)) {
		report_error(f, TRANSFER_REDIRECTS,
			why_text(h, "%s wants the request's body sent on to another origin",
				host));
		return;
	}
	f->impermanent = f->impermanent || (status != 301 && status != 308);
	f->hops++;
	h->place = next;
	hop = f->hop ? f->hop(f->arg, next.shown) : TRANSFER_FOLLOW;
	if (hop == TRANSFER_FOLLOW)
		fetch_run(f);
	else if (hop == TRANSFER_STOP)
		report_error(f, TRANSFER_REFUSED,
			why_text(h, "%s redirects to where we may not go", host));
}

void transfer_follow(struct transfer_handle *handle)
{
	fetch_run((struct fetch *)handle);
}

static void report_document(struct fetch *f, enum document_end end)
{
	struct transfer_handle *h = &f->base;
	const struct head *head = &h->head;
	const bool good = (head->status >= 200 && head->status < 300) || head->status == 304;
	struct transfer_result result = {
		.document =
			{
				.status = head->status,
				.end = end,
				.url = h->place.shown,
				.content_type = head_get(head, "Content-Type"),
				.etag = head_get(head, "ETag"),
				.last_modified = head_get(head, "Last-Modified"),
				.retry_after = head_get(head, "Retry-After"),
				.cache_control = head_get(head, "Cache-Control"),
				.expires = head_get(head, "Expires"),
				.date = head_get(head, "Date"),
				.headers = head->headers,
				.n_headers = head->n,
				.body = buf_span(&h->body),
			},
	};

	/* An address with a password in it is not given up for one without. */
	if (f->hops && !f->impermanent && good && !f->has_user)
		result.document.permanent_url = h->place.shown;
	report(f, &result);
}

static void on_fetch_ended(struct transfer_handle *h, CURLcode code)
{
	struct fetch *f = (struct fetch *)h;
	const char *host = h->place.host.p ? h->place.host.p : "";
	const bool answered = h->head.whole && h->head.status >= 200;
	/* The line broke: RFC 9112 section 8 for HTTP/1, and for TLS an end without
	 * close_notify. */
	const bool broke = code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR ||
			   code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
	enum transfer_error error;
	struct span why, location;

	/* libcurl 7.88 calls a line of more than 100 KiB (CURL_MAX_HTTP_HEADER) a lack of
	 * memory. */
	if (h->halt == HALT_HEADERS || (code == CURLE_OUT_OF_MEMORY && h->halt == HALT_NONE &&
					       h->passed && !h->head.whole)) {
		report_error(f, TRANSFER_PROTOCOL,
			why_text(h, "%s sends more header fields than can be taken", host));
		return;
	}
	if (h->halt == HALT_CODING) {
		report_error(f, TRANSFER_PROTOCOL,
			why_text(h, "%s uses a content coding it was not offered", host));
		return;
	}
	if (h->halt == HALT_MEMORY) {
		report_error(f, TRANSFER_MEMORY, why_text(h, "out of memory for %s", host));
		return;
	}
	if (!answered || (code != CURLE_OK && h->halt == HALT_NONE && !broke)) {
		error = why_ended(h, code, &why);
		report_error(f, error, why);
		return;
	}
	location = redirect(f);
	if (!span_empty(location))
		follow(f, location);
	else if (h->halt == HALT_OVERLONG)
		report_document(f, DOCUMENT_OVERLONG);
	else if (code != CURLE_OK || (f->decoder && !decoder_complete(f->decoder)))
		report_document(f, DOCUMENT_TRUNCATED);
	else
		report_document(f, DOCUMENT_COMPLETE);
}

static void on_file_ready(struct transfer_handle *h, CURLcode code)
{
	struct fetch *f = (struct fetch *)h;
	struct file_answer answer = {0};
	struct transfer_result result = {0};

	(void)code;
	fetch_file(&answer, h, f->max_body, &f->request);
	result = (struct transfer_result){
		.error = answer.error,
		.why = answer.why,
		.document =
			{
				.status = answer.unchanged ? 304 : 200,
				.end = answer.truncated  ? DOCUMENT_TRUNCATED
				       : answer.overlong ? DOCUMENT_OVERLONG
							 : DOCUMENT_COMPLETE,
				.url = h->place.shown,
				.etag = answer.etag,
				.last_modified = answer.last_modified,
				.body = buf_span(&h->body),
			},
	};
	report(f, &result);
}

static void on_bad_address(struct transfer_handle *h, CURLcode code)
{
	(void)code;
	report_error((struct fetch *)h, TRANSFER_PROTOCOL,
		SPAN("the address is no http, https or file URL"));
}

static int fetch_begin(struct fetch *f)
{
	struct transfer_handle *h = &f->base;
	int r = place_read(&h->place, &h->arena, NULL, f->request.url, "http,https,file");

	if (r == -ENOMEM)
		return r;
	if (r < 0 || span_eq_str(h->place.scheme, "file")) {
		h->ended = r < 0 ? on_bad_address : on_file_ready;
		handle_later(h);
		return 0;
	}
	f->user = h->place.user;
	f->password = h->place.password;
	f->has_user = f->user || f->password;
	f->method = f->request.method;
	f->body = f->request.body;
	if (span_empty(f->method))
		f->method = span_empty(f->body) ? SPAN("GET") : SPAN("POST");
	(void)curl_easy_setopt(h->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(h->easy, CURLOPT_HEADERFUNCTION, on_head);
	(void)curl_easy_setopt(h->easy, CURLOPT_HEADERDATA, f);
	(void)curl_easy_setopt(h->easy, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(h->easy, CURLOPT_WRITEDATA, f);
	h->ended = on_fetch_ended;
	fetch_run(f);
	return 0;
}

int transfer_start(struct transfer_handle **ret, struct transfer *transfer,
	const struct transfer_ask *ask, transfer_done done, void *arg)
{
	const struct request *request = ask->request;
	const struct header conditions[] = {
		{SPAN("If-None-Match"), request->etag},
		{SPAN("If-Modified-Since"), request->last_modified},
		{span_empty(request->method) ? SPAN("GET") : request->method, SPAN_NONE},
	};
	struct transfer_handle *h;
	struct fetch *f;
	int r;

	if (!headers_are_clean(request->headers, request->n_headers) ||
		!headers_are_clean(conditions, sizeof(conditions) / sizeof(conditions[0])))
		return -EINVAL;
	h = handle_new(transfer, sizeof(*f));
	if (!h)
		return -ENOMEM;
	f = (struct fetch *)h;
	f->hop = ask->hop;
	f->done = done;
	f->arg = arg;
	h->last = ask->last;
	f->max_body = ask->max_body ? ask->max_body : transfer->options.max_body;
	h->release = fetch_release;
	r = request_copy(&f->request, &h->arena, request) ? handle_prepare(h, ask->total_ms)
							  : -ENOMEM;
	if (r == 0)
		r = fetch_begin(f);
	if (r < 0) {
		transfer_cancel(h);
		return r;
	}
	*ret = h;
	return 0;
}
