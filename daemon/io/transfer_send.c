/*
 * transfer_send: one payload over HTTP, once. A redirect is an answer like any other: secrets
 * and texts meant for one receiver are not carried to another.
 */

#include <errno.h>

#include "io/transfer_impl.h"

enum {
	ANSWER_KEPT = 8 * 1024,   /* of the answer's body: enough for a reason */
	ANSWER_READ = 256 * 1024, /* to keep the connection; what sends more is cut off */
};

struct send {
	struct transfer_handle base;
	struct request request;
	size_t got;
	transfer_sent_done done;
	void *arg;
};

static size_t on_head(char *p, size_t size, size_t n, void *arg)
{
	struct send *s = arg;
	struct transfer_handle *h = &s->base;

	if (head_line(&h->head, span_of(p, size * n), h->transfer->options.max_header))
		return size * n;
	h->halt = HALT_HEADERS;
	return 0;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct send *s = arg;
	struct buf *body = &s->base.body;

	n *= size;
	buf_add(body, span_slice(span_of(p, n), 0, ANSWER_KEPT - body->n));
	s->got += n;
	return s->got <= ANSWER_READ ? n : 0;
}

static void report(struct send *s, const struct transfer_sent *sent)
{
	handle_detach(&s->base);
	s->done(s->arg, sent);
	handle_destroy(&s->base);
}

static void on_send_ended(struct transfer_handle *h, CURLcode code)
{
	struct send *s = (struct send *)h;
	struct transfer_sent sent = {0};

	/* The receiver's verdict stands in the head; what happens to the body does not undo it.
	 */
	if (h->head.whole && h->head.status >= 200 && h->halt == HALT_NONE)
		sent.answer = (struct answer){
			h->head.status, buf_span(&h->body), h->head.headers, h->head.n};
	else
		sent.error = why_ended(h, code, &sent.why);
	report(s, &sent);
}

static void on_bad_address(struct transfer_handle *h, CURLcode code)
{
	const struct transfer_sent sent = {
		.error = TRANSFER_PROTOCOL,
		.why = SPAN("the receiver's address is no http or https URL"),
	};

	(void)code;
	report((struct send *)h, &sent);
}

static int begin(struct send *s)
{
	struct transfer_handle *h = &s->base;
	const struct request *r = &s->request;
	bool ok = true;
	const int place = place_read(&h->place, &h->arena, NULL, r->url, "http,https");

	if (place == -ENOMEM)
		return place;
	if (place < 0) {
		h->ended = on_bad_address;
		handle_later(h);
		return 0;
	}
	for (size_t i = 0; i < r->n_headers && ok; i++)
		ok = lines_add(h, r->headers[i].name, r->headers[i].value);
	if (!ok || !ask_set(h, span_empty(r->method) ? SPAN("POST") : r->method, r->body))
		return -ENOMEM;
	(void)curl_easy_setopt(h->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(h->easy, CURLOPT_HEADERFUNCTION, on_head);
	(void)curl_easy_setopt(h->easy, CURLOPT_HEADERDATA, s);
	(void)curl_easy_setopt(h->easy, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(h->easy, CURLOPT_WRITEDATA, s);
	h->ended = on_send_ended;
	handle_run(h);
	return 0;
}

static int send_http(struct transfer_handle **ret, struct transfer *transfer,
	const struct payload *payload, transfer_sent_done done, void *arg)
{
	const struct request *request = &payload->request;
	const struct header method = {
		span_empty(request->method) ? SPAN("POST") : request->method, SPAN_NONE};
	struct transfer_handle *h;
	struct send *s;
	int r;

	if (!headers_are_clean(request->headers, request->n_headers) ||
		!headers_are_clean(&method, 1))
		return -EINVAL;
	h = handle_new(transfer, sizeof(*s));
	if (!h)
		return -ENOMEM;
	s = (struct send *)h;
	s->done = done;
	s->arg = arg;
	r = request_copy(&s->request, &h->arena, request) ? handle_prepare(h, payload->total_ms)
							  : -ENOMEM;
	if (r == 0)
		r = begin(s);
	if (r < 0) {
		transfer_cancel(h);
		return r;
	}
	*ret = h;
	return 0;
}

int transfer_send(struct transfer_handle **ret, struct transfer *transfer,
	const struct payload *payload, transfer_sent_done done, void *arg)
{
	return payload->kind == PAYLOAD_MAIL ? send_mail(ret, transfer, payload, done, arg)
					     : send_http(ret, transfer, payload, done, arg);
}
