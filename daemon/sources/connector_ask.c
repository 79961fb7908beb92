#include <errno.h>
#include <stdlib.h>

#include "sources/connector_inner.h"
#include "sources/connector_query.h"
#include "sources/digest.h"
#include "sources/url.h"

enum {
	MAX_VARS = 64,
	MAX_NEXT = 8,
	MAX_URL_BYTES = 8 * 1024,
	MAX_BODY_BYTES = 64 * 1024,
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

struct span connector_value(struct expr_eval *e, const struct expr *x)
{
	const struct tree *value = x ? expr_value(e, x) : NULL;

	while (value && value->kind == TREE_LIST)
		value = value->n ? &value->items[0] : NULL;
	return tree_text(value, e->arena);
}

static bool parts_use(const struct connector_part *parts, size_t n, struct span variable)
{
	for (size_t i = 0; i < n; i++)
		if (expr_uses(parts[i].value, variable))
			return true;
	return false;
}

bool connector_ask_uses(const struct connector_ask *ask, struct span variable)
{
	return expr_uses(ask->path, variable) || expr_uses(ask->body, variable) ||
	       parts_use(ask->query, ask->n_query, variable) ||
	       parts_use(ask->headers, ask->n_headers, variable) ||
	       parts_use(ask->form, ask->n_form, variable) ||
	       parts_use(ask->json, ask->n_json, variable);
}

/* --- The address -------------------------------------------------------------------------- */

static void add_parameter(struct buf *url, struct span name, struct span value)
{
	const struct span so_far = buf_span(url);

	buf_add_char(url, span_find(so_far, '?') < so_far.n ? '&' : '?');
	url_escape(url, name);
	buf_add_char(url, '=');
	url_escape(url, value);
}

/* The last answer says how the request goes on with this parameter. */
static bool replaced(const struct connector_making *m, struct span name)
{
	for (size_t i = 0; i < m->n_next; i++)
		if (m->next[i].value.n && span_eq(m->next[i].name, name))
			return true;
	return false;
}

/* A list repeats the parameter. */
static void add_part(struct buf *url, struct expr_eval *e, const struct connector_part *part)
{
	const struct tree *value = expr_value(e, part->value);

	if (!value)
		return;
	if (value->kind != TREE_LIST) {
		add_parameter(url, part->name, tree_text(value, e->arena));
		return;
	}
	for (uint32_t i = 0; i < value->n; i++) {
		const struct span text = tree_text(&value->items[i], e->arena);

		if (text.n)
			add_parameter(url, part->name, text);
	}
}

static void add_query(struct buf *url, struct expr_eval *e, const struct connector_making *m,
	const struct connector_ask *ask)
{
	for (size_t i = 0; ask && i < ask->n_query; i++)
		if (!replaced(m, ask->query[i].name) ||
			connector_ask_uses(m->ask, ask->query[i].name))
			add_part(url, e, &ask->query[i]);
}

/* A key in a header must not follow an address to another host, nor into the open. */
struct span connector_next_address(struct arena *arena, struct span base, struct span address)
{
	const struct span url = url_normalize(arena, url_resolve(arena, base, address));
	const struct url_parts there = url_split(url);
	const struct url_parts here = url_split(url_normalize(arena, base));

	return url.p && span_eq(there.scheme, here.scheme) &&
			       span_eq(there.authority, here.authority)
		       ? url
		       : SPAN_NONE;
}

/* A next page that is an address of its own; empty: it is not. */
static struct span own_address(const struct connector_making *m)
{
	for (size_t i = 0; i < m->n_next; i++)
		if (span_eq_str(m->next[i].name, "url") || span_eq_str(m->next[i].name, "path"))
			return m->next[i].value;
	return SPAN_NONE;
}

static int put_path(struct buf *url, struct expr_eval *e, const struct connector_making *m)
{
	const struct span path = connector_value(e, m->ask->path);
	struct span base = m->base;

	if (e->failed)
		return -ENOMEM;
	if (m->ask->whole) {
		buf_add(url, base);
		return base.n ? 0 : -EINVAL;
	}
	/* Without the slash it would go on the host's name. */
	if (!span_starts(path, SPAN("/")))
		return -EINVAL;
	while (base.n && base.p[base.n - 1] == '/')
		base.n--;
	buf_add(url, base);
	buf_add(url, path);
	return 0;
}

static int make_url(struct buf *url, struct expr_eval *e, struct arena *arena,
	const struct connector_making *m)
{
	const struct span own = own_address(m);
	int r;

	if (own.n) {
		const struct span next = connector_next_address(arena, m->base, own);

		buf_add(url, next);
		/* The network's next address may leave the key out. */
		for (size_t i = 0; next.n && m->add && i < m->add->n_query; i++) {
			const struct connector_part *part = &m->add->query[i];
			const struct span query = url_split(next).query;
			struct arena look = {0};
			struct span name, value, rest = query;
			bool there = false;

			while (connector_record_next(&name, &value, &look, &rest))
				there = there || span_eq(name, part->name);
			arena_release(&look);
			if (!there)
				add_part(url, e, part);
		}
		return next.n ? 0 : -EINVAL;
	}
	r = put_path(url, e, m);
	if (r < 0)
		return r;
	add_query(url, e, m, m->ask);
	add_query(url, e, m, m->add);
	for (size_t i = 0; i < m->n_next; i++)
		if (m->next[i].value.n && !connector_ask_uses(m->ask, m->next[i].name))
			add_parameter(url, m->next[i].name, m->next[i].value);
	return 0;
}

/* --- Headers and body --------------------------------------------------------------------- */

/* A line end in a header would begin another one. */
static bool header_value_ok(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7F)
			return false;
	return s.n > 0;
}

struct heading {
	struct arena *arena;
	struct expr_eval *e;
	struct header *headers;
	size_t n;
};

static void add_header(struct heading *h, struct span name, struct span value)
{
	if (header_value_ok(value))
		h->headers[h->n++] =
			(struct header){arena_dup(h->arena, name), arena_dup(h->arena, value)};
}

static void add_headers(struct heading *h, const struct connector_ask *ask)
{
	struct buf basic = {0};
	struct span login;

	for (size_t i = 0; i < ask->n_headers; i++)
		add_header(
			h, ask->headers[i].name, connector_value(h->e, ask->headers[i].value));
	if (!ask->basic)
		return;
	login = connector_value(h->e, ask->basic);
	if (login.n) {
		buf_add(&basic, SPAN("Basic "));
		digest_base64(&basic, login, false);
		add_header(h, SPAN("Authorization"), buf_span(&basic));
	}
	buf_deinit(&basic);
}

static int make_head_and_body(struct request *ret, struct expr_eval *e, struct arena *arena,
	const struct connector_making *m)
{
	const struct connector_ask *ask = m->ask, *add = m->add;
	struct heading h = {.arena = arena, .e = e};
	struct buf body = {.limit_bytes = MAX_BODY_BYTES};
	struct span type = SPAN_NONE;

	h.headers = arena_calloc(
		arena, ask->n_headers + (add ? add->n_headers : 0) + 3, sizeof(*h.headers));
	if (!h.headers)
		return -ENOMEM;
	add_headers(&h, ask);
	if (add)
		add_headers(&h, add);
	if (ask->body) {
		buf_add(&body, connector_value(e, ask->body));
	} else if (ask->n_json) {
		connector_body_json(&body, e, ask, add);
		type = SPAN("application/json");
	} else if (ask->n_form) {
		connector_body_form(&body, e, ask, add);
		type = SPAN("application/x-www-form-urlencoded");
	}
	if (type.n)
		add_header(&h, SPAN("Content-Type"), type);
	ret->body = body.n ? arena_dup(arena, buf_span(&body)) : SPAN_NONE;
	ret->method =
		ask->method ? arena_dup(arena, connector_value(e, ask->method)) : SPAN_NONE;
	ret->headers = h.headers;
	ret->n_headers = h.n;
	buf_deinit(&body);
	return body.failed ? -ENOMEM : 0;
}

int connector_own_base(struct span *base, struct arena *arena, const struct connector_ask *ask,
	const struct expr_var *vars, size_t n_vars)
{
	struct expr_eval e;
	struct span own;
	int r;

	if (!ask->base)
		return 0;
	r = expr_eval_init(&e, arena);
	if (r < 0)
		return r;
	e.vars = vars;
	e.n_vars = n_vars;
	own = connector_value(&e, ask->base);
	r = e.failed ? -ENOMEM : own.n ? 0 : -EINVAL;
	if (r == 0)
		*base = own;
	expr_eval_deinit(&e);
	return r;
}

int connector_make(struct request *ret, struct arena *arena, const struct connector_making *m)
{
	struct arena scratch = {.limit_bytes = SCRATCH_BYTES};
	struct buf url = {.limit_bytes = MAX_URL_BYTES};
	struct expr_var all[MAX_VARS + MAX_NEXT + 2];
	struct request request = {0};
	struct expr_eval e;
	char page[24], offset[24];
	int r = expr_eval_init(&e, &scratch);

	e.vars = all;
	if (m->ask->page_first >= 0) {
		(void)snprintf(
			page, sizeof(page), "%lld", (long long)(m->ask->page_first + m->pages));
		all[e.n_vars++] = (struct expr_var){SPAN("page"), span_str(page)};
	}
	if (m->ask->page_size > 0) {
		(void)snprintf(offset, sizeof(offset), "%lld",
			(long long)(m->pages * m->ask->page_size));
		all[e.n_vars++] = (struct expr_var){SPAN("offset"), span_str(offset)};
	}
	for (size_t i = 0; i < m->n_next && i < MAX_NEXT; i++)
		all[e.n_vars++] = m->next[i];
	for (size_t i = 0; i < m->n_vars && i < MAX_VARS; i++)
		all[e.n_vars++] = m->vars[i];
	if (r == 0)
		r = make_url(&url, &e, arena, m);
	if (r == 0)
		r = make_head_and_body(&request, &e, arena, m);
	if (r == 0) {
		request.url = arena_dup(arena, buf_span(&url));
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

int connector_request(struct request *ret, struct arena *arena, const struct connector_ask *ask,
	struct span base, const struct expr_var *vars, size_t n_vars,
	const struct connector_cursor *cursor)
{
	const struct expr_var next = {cursor->param, cursor->value};

	return connector_make(ret, arena,
		&(struct connector_making){.ask = ask,
			.base = base,
			.vars = vars,
			.n_vars = n_vars,
			.pages = cursor->pages,
			.next = &next,
			.n_next = cursor->value.n > 0});
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
