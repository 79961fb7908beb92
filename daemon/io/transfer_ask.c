/*
 * transfer_ask: an HTTP request as libcurl wants it told, for documents and payloads alike.
 */

#include <string.h>

#include "io/transfer_impl.h"

/* RFC 9110 section 5.6.2: a field name is a token. */
static bool is_token(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		const char c = ascii_lower(s.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
			(!c || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return s.n > 0;
}

static bool is_one_line(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\r' || s.p[i] == '\n' || !s.p[i])
			return false;
	return true;
}

bool headers_are_clean(const struct header *headers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_token(headers[i].name) || !is_one_line(headers[i].value))
			return false;
	return true;
}

bool request_copy(struct request *ret, struct arena *arena, const struct request *request)
{
	struct request r = *request;
	struct header *headers = arena_calloc(arena, r.n_headers, sizeof(*headers));
	bool ok = headers != NULL;

	for (size_t i = 0; i < r.n_headers && ok; i++) {
		headers[i].name = arena_dup(arena, request->headers[i].name);
		headers[i].value = arena_dup(arena, request->headers[i].value);
		ok = headers[i].name.p && headers[i].value.p;
	}
	r.headers = headers;
	r.method = arena_dup(arena, request->method);
	r.url = arena_dup(arena, request->url);
	r.body = arena_dup(arena, request->body);
	r.etag = arena_dup(arena, request->etag);
	r.last_modified = arena_dup(arena, request->last_modified);
	if (!ok || !r.method.p || !r.url.p || !r.body.p || !r.etag.p || !r.last_modified.p)
		return false;
	*ret = r;
	return true;
}

bool lines_add(struct transfer_handle *h, struct span name, struct span value)
{
	/* libcurl reads "Name:" as "not that one", and "Name;" as an empty value. */
	const struct span line = span_empty(value)
					 ? arena_printf(&h->arena, "%.*s;", SPAN_ARG(name))
					 : arena_printf(&h->arena, "%.*s: %.*s", SPAN_ARG(name),
						   SPAN_ARG(value));
	struct curl_slist *grown = line.p ? curl_slist_append(h->lines, line.p) : NULL;

	if (!grown)
		return false;
	h->lines = grown;
	return true;
}

void lines_clear(struct transfer_handle *h)
{
	curl_slist_free_all(h->lines);
	h->lines = NULL;
}

/* The two lines that libcurl would add by itself to a request with a body. */
static bool silence_lines(struct transfer_handle *h, bool has_type)
{
	struct curl_slist *grown = curl_slist_append(h->lines, "Expect:");

	if (grown)
		h->lines = grown;
	if (!grown || has_type)
		return grown != NULL;
	grown = curl_slist_append(h->lines, "Content-Type:");
	if (grown)
		h->lines = grown;
	return grown != NULL;
}

bool ask_set(struct transfer_handle *h, struct span method, struct span body)
{
	const bool post = span_eq_str(method, "POST");
	const bool plain = span_eq_str(method, "GET");
	CURL *e = h->easy;
	bool ok = true, has_type = false;

	for (const struct curl_slist *l = h->lines; l; l = l->next)
		has_type = has_type || span_eq_ci(span_slice(span_str(l->data), 0, 13),
					       SPAN("Content-Type:"));
	/* Each hop starts from a plain GET. */
	ok = curl_easy_setopt(e, CURLOPT_HTTPGET, 1L) == CURLE_OK &&
	     curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, NULL) == CURLE_OK;
	if (body.n || post) {
		ok = ok && silence_lines(h, has_type) &&
		     curl_easy_setopt(e, CURLOPT_POST, 1L) == CURLE_OK &&
		     curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n) ==
			     CURLE_OK &&
		     curl_easy_setopt(e, CURLOPT_POSTFIELDS, body.n ? body.p : "") == CURLE_OK;
		if (!post)
			ok = ok &&
			     curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method.p) == CURLE_OK;
	} else if (span_eq_str(method, "HEAD")) {
		ok = ok && curl_easy_setopt(e, CURLOPT_NOBODY, 1L) == CURLE_OK;
	} else if (!plain) {
		ok = ok && curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method.p) == CURLE_OK;
	}
	return ok && curl_easy_setopt(e, CURLOPT_HTTPHEADER, h->lines) == CURLE_OK;
}
