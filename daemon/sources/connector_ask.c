#include <errno.h>
#include <stdlib.h>

#include "sources/connector.h"
#include "sources/url.h"

enum {
	MAX_VARS = 64,
	MAX_URL_BYTES = 8 * 1024,
	/* Of values of one request: a body, some variables. */
	SCRATCH_BYTES = 1024 * 1024,
};

const struct connector_ask *connector_ask_find(const struct connector *c, struct span name)
{
	for (size_t i = 0; i < c->n_asks; i++)
		if (!name.n || span_eq(c->asks[i].name, name))
			return &c->asks[i];
	return NULL;
}

static struct span value_of(struct expr_eval *e, const struct expr *x)
{
	const struct tree *value = x ? expr_value(e, x) : NULL;

	while (value && value->kind == TREE_LIST)
		value = value->n ? &value->items[0] : NULL;
	return tree_text(value, e->arena);
}

static void add_parameter(struct buf *url, struct span name, struct span value)
{
	const struct span so_far = buf_span(url);

	buf_add_char(url, span_find(so_far, '?') < so_far.n ? '&' : '?');
	url_escape(url, name);
	buf_add_char(url, '=');
	url_escape(url, value);
}

/* A next page that is an address of its own. */
static bool names_address(const struct connector_cursor *cursor)
{
	return span_eq_str(cursor->param, "url") || span_eq_str(cursor->param, "path");
}

/* An address the network gave, as far as it leads to the network itself: a key in a header must
 * not follow it elsewhere. */
static struct span next_address(struct arena *arena, struct span base, struct span address)
{
	const struct span url = url_resolve(arena, base, address);

	if (!url.p || !span_eq(url_host(arena, url), url_host(arena, base)))
		return SPAN_NONE;
	return url;
}

static int make_url(struct buf *url, struct expr_eval *e, struct arena *arena,
	const struct connector_ask *ask, struct span base,
	const struct connector_cursor *cursor)
{
	const struct span path = value_of(e, ask->path);

	if (e->failed)
		return -ENOMEM;
	/* Without the slash it would go on the host's name. */
	if (!span_starts(path, SPAN("/")))
		return -EINVAL;
	while (base.n && base.p[base.n - 1] == '/')
		base.n--;
	if (cursor->value.n && names_address(cursor)) {
		const struct span next = next_address(arena, base, cursor->value);

		buf_add(url, next);
		return next.n ? 0 : -EINVAL;
	}
	buf_add(url, base);
	buf_add(url, path);
	for (size_t i = 0; i < ask->n_query; i++) {
		const struct span value = value_of(e, ask->query[i].value);

		if (value.n && !span_eq(ask->query[i].name, cursor->param))
			add_parameter(url, ask->query[i].name, value);
	}
	if (cursor->value.n)
		add_parameter(url, cursor->param, cursor->value);
	return 0;
}

/* A line end in a header would begin another one. */
static bool header_value_ok(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' && s.p[i] != '\t')
			return false;
	return s.n > 0;
}

static int make_headers(struct request *ret, struct expr_eval *e, struct arena *arena,
	const struct connector_ask *ask)
{
	struct header *headers = arena_calloc(arena, ask->n_headers + 1, sizeof(*headers));

	if (!headers)
		return -ENOMEM;
	for (size_t i = 0; i < ask->n_headers; i++) {
		const struct span value = value_of(e, ask->headers[i].value);

		if (header_value_ok(value))
			headers[ret->n_headers++] =
				(struct header){arena_dup(arena, ask->headers[i].name),
					arena_dup(arena, value)};
	}
	ret->headers = headers;
	return 0;
}

int connector_request(struct request *ret, struct arena *arena, const struct connector_ask *ask,
	struct span base, const struct expr_var *vars, size_t n_vars,
	const struct connector_cursor *cursor)
{
	struct arena scratch = {.limit_bytes = SCRATCH_BYTES};
	struct buf url = {.limit_bytes = MAX_URL_BYTES};
	struct expr_var all[MAX_VARS + 1];
	struct request request = {0};
	struct expr_eval e;
	char page[24];
	int r = expr_eval_init(&e, &scratch);

	e.vars = all;
	for (; e.n_vars < n_vars && e.n_vars < MAX_VARS; e.n_vars++)
		all[e.n_vars] = vars[e.n_vars];
	if (ask->page_first >= 0) {
		(void)snprintf(page, sizeof(page), "%lld",
			(long long)(ask->page_first + cursor->pages));
		all[e.n_vars++] = (struct expr_var){SPAN("page"), span_str(page)};
	}
	if (r == 0)
		r = make_url(&url, &e, arena, ask, base, cursor);
	if (r == 0)
		r = make_headers(&request, &e, arena, ask);
	if (r == 0) {
		const struct span body = value_of(&e, ask->body);

		request.url = arena_dup(arena, buf_span(&url));
		request.body = body.n ? arena_dup(arena, body) : SPAN_NONE;
		if (url.failed || e.failed || !request.url.p)
			r = -ENOMEM;
	}
	if (r == 0)
		*ret = request;
	expr_eval_deinit(&e);
	buf_deinit(&url);
	arena_release(&scratch);
	return r;
}

bool connector_advance(struct connector_cursor *cursor, const struct connector_ask *ask,
	const struct connector_result *result)
{
	cursor->pages++;
	cursor->param = result->next_param;
	cursor->value = result->next_value;
	if (cursor->pages >= ask->max_pages || (!result->items.n && !result->n_tombstones))
		return false;
	return ask->page_first >= 0 || cursor->value.n > 0;
}
