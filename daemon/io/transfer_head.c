/*
 * transfer_head: header lines into fields. It gives no field a meaning.
 */

#include "io/transfer_head.h"

void head_clear(struct head *head)
{
	arena_release(&head->arena);
	*head = (struct head){0};
}

/* "HTTP/1.1 200 OK", "HTTP/2 200": 0 when it is neither. */
static int read_status(struct span line)
{
	const size_t space = span_find(line, ' ');
	int status = 0;

	if (!span_starts(line, SPAN("HTTP/")) || line.n < space + 4)
		return 0;
	for (size_t i = space + 1; i < space + 4; i++) {
		if (line.p[i] < '0' || line.p[i] > '9')
			return 0;
		status = status * 10 + (line.p[i] - '0');
	}
	return status;
}

/* A copy in which CR, LF and NUL are spaces (RFC 9110 section 5.5): the value may one day be
 * sent back, in If-None-Match. */
static struct span keep_value(struct head *h, struct span value)
{
	char *p = arena_alloc(&h->arena, value.n + 1);

	if (!p)
		return SPAN_NONE;
	for (size_t i = 0; i < value.n; i++)
		p[i] = value.p[i] == '\r' || value.p[i] == '\n' || !value.p[i] ? ' '
									       : value.p[i];
	p[value.n] = '\0';
	return span_of(p, value.n);
}

static bool add(struct head *h, struct span name, struct span value)
{
	struct header header = {arena_dup(&h->arena, name), keep_value(h, value)};

	if (h->n == HEAD_FIELDS_MAX || !header.name.p || !header.value.p)
		return false;
	if (h->n == h->capacity) {
		const size_t capacity = h->capacity ? h->capacity * 2 : 16;
		struct header *grown = arena_calloc(&h->arena, capacity, sizeof(*grown));

		if (!grown)
			return false;
		if (h->n)
			memcpy(grown, h->headers, h->n * sizeof(*grown));
		h->headers = grown;
		h->capacity = capacity;
	}
	h->headers[h->n++] = header;
	return true;
}

/* An obsolete folded line goes on where the last one ended (RFC 9112 section 5.2). */
static bool fold(struct head *h, struct span more)
{
	struct header *last = &h->headers[h->n - 1];
	const struct span whole =
		arena_printf(&h->arena, "%.*s %.*s", SPAN_ARG(last->value), SPAN_ARG(more));

	if (!whole.p)
		return false;
	last->value = keep_value(h, whole);
	return last->value.p != NULL;
}

bool head_line(struct head *head, struct span line, size_t max_bytes)
{
	const int status = read_status(line);
	const struct span text = span_trim(line);
	size_t colon;

	head->bytes += line.n;
	if (head->bytes > max_bytes)
		return false;
	if (status) {
		/* A new answer: after an interim one (1xx), or a second round of
		 * authentication. */
		const size_t bytes = head->bytes;

		head_clear(head);
		head->bytes = bytes;
		head->status = status;
		return true;
	}
	if (head->whole)
		return true;
	if (span_empty(text)) {
		head->whole = true;
		return true;
	}
	if (head->n && (line.p[0] == ' ' || line.p[0] == '\t'))
		return fold(head, text);
	colon = span_find(text, ':');
	if (colon == text.n)
		return true;
	return add(head, span_trim(span_slice(text, 0, colon)),
		span_trim(span_slice(text, colon + 1, text.n)));
}

struct span head_get(const struct head *head, const char *name)
{
	for (size_t i = 0; i < head->n; i++)
		if (span_eq_ci(head->headers[i].name, span_str(name)))
			return head->headers[i].value;
	return SPAN_NONE;
}
