#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sources/connector_inner.h"
#include "sources/date.h"
#include "vigie/utf8.h"

const char *const connector_error_names[CONNECTOR_ERRORS] = {
	[CONNECTOR_OK] = "",
	[CONNECTOR_RATE_LIMITED] = "rate_limited",
	[CONNECTOR_QUOTA_EXHAUSTED] = "quota_exhausted",
	[CONNECTOR_AUTH] = "auth",
	[CONNECTOR_FORBIDDEN] = "forbidden",
	[CONNECTOR_GONE] = "gone",
	[CONNECTOR_BAD_REQUEST] = "bad_request",
	[CONNECTOR_CONFLICT] = "conflict",
	[CONNECTOR_END_OF_PAGES] = "end_of_pages",
	[CONNECTOR_UNAVAILABLE] = "unavailable",
	[CONNECTOR_UNREADABLE] = "unreadable",
};

enum {
	/* Of an answer that is looked at. */
	MAX_BODY_BYTES = 256 * 1024,
	MAX_HEADERS = 128,
	SCRATCH_BYTES = 16 * 1024 * 1024,
	/* A wait beyond a month is a mistake of theirs. */
	MAX_WAIT_S = 31 * 86400,
};

static struct span header_of(const struct connector_answer *a, const char *name)
{
	for (size_t i = 0; i < a->n_headers; i++)
		if (span_eq_ci(a->headers[i].name, span_str(name)))
			return span_trim(a->headers[i].value);
	return SPAN_NONE;
}

static struct tree string_node(const char *name, struct span text)
{
	return (struct tree){.kind = TREE_STRING,
		.n = (uint32_t)text.n,
		.p = text.p ? text.p : "",
		.name = span_str(name)};
}

static bool headers_tree(
	struct tree *ret, struct arena *arena, const struct connector_answer *a)
{
	const size_t n = a->n_headers < MAX_HEADERS ? a->n_headers : MAX_HEADERS;
	struct tree *items = arena_calloc(arena, n + 1, sizeof(*items));

	for (size_t i = 0; items && i < n; i++) {
		const struct span name = arena_dup(arena, a->headers[i].name);
		struct buf value = {0};

		for (size_t k = 0; k < name.n; k++)
			((char *)(uintptr_t)name.p)[k] = ascii_lower(name.p[k]);
		utf8_repair(&value, a->headers[i].value);
		items[i] = string_node("", arena_dup(arena, buf_span(&value)));
		items[i].name = name;
		buf_deinit(&value);
	}
	*ret = (struct tree){
		.kind = TREE_OBJECT, .n = (uint32_t)n, .items = items, .name = SPAN("headers")};
	return items != NULL;
}

/* Headers are in lower case; the body is read where it is JSON, else a text. */
bool connector_answer_tree(
	struct tree *ret, struct arena *arena, const struct connector_answer *a)
{
	struct tree *items = arena_calloc(arena, 3, sizeof(*items));
	struct buf own = {0};
	struct span body;

	if (!items || !headers_tree(&items[1], arena, a))
		return false;
	utf8_repair(&own, span_slice(a->body, 0, MAX_BODY_BYTES));
	body = arena_dup(arena, buf_span(&own));
	buf_deinit(&own);
	items[2] = string_node("body", body);
	if (tree_looks_like_json(body) && tree_json(&items[2], arena, body) == 0)
		items[2].name = SPAN("body");
	items[0] = string_node("status", arena_printf(arena, "%d", a->status));
	items[0].kind = TREE_NUMBER;
	*ret = (struct tree){.kind = TREE_OBJECT, .n = 3, .items = items};
	return body.p != NULL;
}

/* Seconds from now: seconds to go, seconds or milliseconds since 1970, or a date. -1: neither.
 */
static int64_t wait_of(struct span s, struct wall now)
{
	char text[64], *end;
	double v;
	struct wall t;

	s = span_trim(s);
	if (!s.n || s.n >= sizeof(text))
		return -1;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	v = strtod(text, &end);
	if (*end) {
		t = date_parse(s);
		if (!wall_known(t))
			return -1;
		v = (double)t.ms / 1000;
	}
	if (!isfinite(v))
		return -1;
	if (v > 1e11)
		v /= 1000;
	if (v > 1e8 || *end)
		v -= (double)now.ms / 1000;
	v = ceil(v);
	return v < 0 ? 0 : v > MAX_WAIT_S ? MAX_WAIT_S : (int64_t)v;
}

static int64_t header_wait(const struct connector_answer *a, struct wall now)
{
	static const char *const names[] = {"retry-after", "x-ratelimit-reset-after",
		"ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const int64_t wait = wait_of(header_of(a, names[i]), now);

		if (wait >= 0)
			return wait;
	}
	return -1;
}

/* A refusal for asking too much may call itself forbidden: then it says when to come back, or
 * that nothing is left. */
static bool says_too_much(const struct connector_answer *a)
{
	static const char *const names[] = {
		"x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining"};

	if (header_of(a, "retry-after").n)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct span left = header_of(a, names[i]);
		char *end, text[32];

		if (!left.n || left.n >= sizeof(text))
			continue;
		memcpy(text, left.p, left.n);
		text[left.n] = '\0';
		if (strtod(text, &end) <= 0 && !*end)
			return true;
	}
	return false;
}

static enum connector_error by_status(const struct connector_answer *a)
{
	switch (a->status) {
	case 401:
	case 407:
		return CONNECTOR_AUTH;
	case 402:
		return CONNECTOR_QUOTA_EXHAUSTED;
	case 403:
		return says_too_much(a) ? CONNECTOR_RATE_LIMITED : CONNECTOR_FORBIDDEN;
	case 451:
		return CONNECTOR_FORBIDDEN;
	case 404:
	case 410:
		return CONNECTOR_GONE;
	case 409:
		return CONNECTOR_CONFLICT;
	case 429:
		return CONNECTOR_RATE_LIMITED;
	case 503:
		return header_of(a, "retry-after").n ? CONNECTOR_RATE_LIMITED
						     : CONNECTOR_UNAVAILABLE;
	default:
		if (a->status >= 500)
			return CONNECTOR_UNAVAILABLE;
		return a->status >= 400 ? CONNECTOR_BAD_REQUEST : CONNECTOR_OK;
	}
}

static int64_t rule_wait(
	struct expr_eval *e, const struct connector_rule *rule, struct wall now)
{
	const struct tree *value = rule && rule->wait ? expr_value(e, rule->wait) : NULL;

	while (value && value->kind == TREE_LIST)
		value = value->n ? &value->items[0] : NULL;
	return value ? wait_of(tree_text(value, e->arena), now) : -1;
}

int connector_judge(struct connector_refusal *ret, const struct connector *c,
	const struct connector_answer *answer)
{
	struct arena arena = {.limit_bytes = SCRATCH_BYTES};
	const struct connector_rule *rule = NULL;
	struct wall now = date_parse_http(header_of(answer, "date"));
	struct expr_eval e;
	struct tree root;
	int r = expr_eval_init(&e, &arena);

	if (!wall_known(now))
		now = answer->now;
	*ret = (struct connector_refusal){by_status(answer), -1};
	if (r == 0 && !connector_answer_tree(&root, &arena, answer))
		r = -ENOMEM;
	e.root = e.item = &root;
	for (size_t i = 0; r == 0 && i < c->n_rules && !rule; i++)
		if (expr_holds(&e, c->rules[i].when))
			rule = &c->rules[i];
	if (rule)
		ret->error = rule->error;
	if (r == 0 && ret->error == CONNECTOR_RATE_LIMITED) {
		ret->retry_after_s = rule_wait(&e, rule, now);
		if (ret->retry_after_s < 0)
			ret->retry_after_s = header_wait(answer, now);
	}
	expr_eval_deinit(&e);
	arena_release(&arena);
	return r;
}

/* Nothing is left until a reset that the headers name. */
static int64_t used_up(const struct connector_answer *a, struct wall now)
{
	if (header_of(a, "retry-after").n)
		return wait_of(header_of(a, "retry-after"), now);
	return says_too_much(a) ? header_wait(a, now) : 0;
}

int connector_pace(
	int64_t *ret_wait_s, const struct connector *c, const struct connector_answer *answer)
{
	struct arena arena = {.limit_bytes = SCRATCH_BYTES};
	struct wall now = date_parse_http(header_of(answer, "date"));
	struct expr_eval e;
	struct tree root;
	int64_t wait;
	int r = expr_eval_init(&e, &arena);

	if (!wall_known(now))
		now = answer->now;
	wait = used_up(answer, now);
	if (r == 0 && c->n_pace && !connector_answer_tree(&root, &arena, answer))
		r = -ENOMEM;
	e.root = e.item = &root;
	for (size_t i = 0; r == 0 && i < c->n_pace; i++)
		if (expr_holds(&e, c->pace[i].when)) {
			const int64_t more = rule_wait(&e, &c->pace[i], now);

			wait = more > wait ? more : wait;
		}
	*ret_wait_s = wait < 0 ? 0 : wait;
	expr_eval_deinit(&e);
	arena_release(&arena);
	return r;
}

/* Is "next" one of the words of rel? */
static bool rel_is_next(struct span parameters)
{
	while (parameters.n) {
		size_t at = span_find(parameters, ';');
		struct span one = span_trim(span_slice(parameters, 0, at));

		parameters = span_slice(parameters, at + 1, parameters.n);
		at = span_find(one, '=');
		if (!span_eq_ci(span_trim(span_slice(one, 0, at)), SPAN("rel")))
			continue;
		one = span_trim(span_slice(one, at + 1, one.n));
		if (one.n > 1 && one.p[0] == '"')
			one = span_slice(one, 1, one.n - 1);
		while (one.n) {
			at = span_find(one, ' ');
			if (span_eq_ci(span_slice(one, 0, at), SPAN("next")))
				return true;
			one = span_slice(one, at + 1, one.n);
		}
	}
	return false;
}

struct span connector_link_next(const struct connector_answer *answer)
{
	for (size_t i = 0; i < answer->n_headers; i++) {
		struct span s = answer->headers[i].value;

		if (!span_eq_ci(answer->headers[i].name, SPAN("link")))
			continue;
		for (size_t open; (open = span_find(s, '<')) < s.n;) {
			struct span href = span_slice(s, open + 1, s.n), parameters;
			size_t end = 0;
			bool quoted = false;

			href = span_slice(href, 0, span_find(href, '>'));
			s = span_slice(s, open + href.n + 2, s.n);
			for (; end < s.n && (quoted || s.p[end] != ','); end++)
				quoted ^= s.p[end] == '"';
			parameters = span_slice(s, 0, end);
			s = span_slice(s, end, s.n);
			if (href.n && rel_is_next(parameters))
				return href;
		}
	}
	return SPAN_NONE;
}
