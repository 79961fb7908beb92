/*
 * requests: every way of asking of every built-in connector, with sample parameters, against
 * the request its network documents (requests.txt). A block of that file:
 *
 *     ? NETWORK/ASK name=value …       the parameters, secrets and stored token
 *     GET https://…                    the request
 *     Header: value
 *     | body
 *
 * ASK may be consent (the address a person is sent to) or code (what fetches the first token).
 * "since=none" leaves %since out, "@LOGIN" makes the values behind it a stored token of that
 * login. What has no token yet gives the request that fetches one.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "connectors/builtin.h"
#include "sources/connector_query.h"
#include "sources/connector_walk.h"
#include "sources/url.h"

enum { MAX_GIVEN = 24, MAX_SEEN = 512 };

static const char *path;

/* 2026-03-02T08:00:00Z, and a day and eight hours before. */
static const struct wall now = {1772438400000};
static const struct wall yesterday = {1772323200000};

struct block {
	struct span network, ask;
	struct expr_var given[MAX_GIVEN];
	size_t n_given;
	struct buf token;
	bool no_since;
};

static struct span take_until(struct span *s, char c)
{
	const size_t end = span_find(*s, c);
	const struct span taken = span_slice(*s, 0, end);

	*s = span_slice(*s, end + 1, s->n);
	return taken;
}

static void read_head(struct block *b, struct span line)
{
	bool token = false;

	*b = (struct block){0};
	line = span_slice(line, 2, line.n);
	b->network = take_until(&line, '/');
	b->ask = take_until(&line, ' ');
	while (line.n && b->n_given < MAX_GIVEN) {
		struct span one = take_until(&line, ' ');

		if (one.n && one.p[0] == '@') {
			token = true;
			buf_addf(&b->token, "login=%.*s", SPAN_ARG(span_slice(one, 1, one.n)));
		} else if (span_eq_str(one, "since=none")) {
			b->no_since = true;
		} else if (token) {
			buf_addf(&b->token, "&%.*s", SPAN_ARG(one));
		} else {
			b->given[b->n_given].name = take_until(&one, '=');
			b->given[b->n_given++].value = one;
		}
	}
}

static void put_request(struct buf *out, const struct request *r)
{
	buf_addf(out, "%.*s %.*s\n",
		SPAN_ARG(r->method.n ? r->method
			 : r->body.n ? SPAN("POST")
				     : SPAN("GET")),
		SPAN_ARG(r->url));
	for (size_t i = 0; i < r->n_headers; i++)
		buf_addf(out, "%.*s: %.*s\n", SPAN_ARG(r->headers[i].name),
			SPAN_ARG(r->headers[i].value));
	if (r->body.n)
		buf_addf(out, "| %.*s\n", SPAN_ARG(r->body));
}

static void put_ask(struct buf *out, struct arena *arena, const struct connector *c,
	const struct block *b, const struct connector_keys *keys)
{
	static const struct span terms[] = {{"tea pot", 7}, {"Kettle", 6}};
	const struct connector_ask *ask = connector_ask_find(c, b->ask);
	struct connector_searches searches;
	struct connector_pass pass;
	struct connector_step step;
	struct connector_target target = {.connector = c,
		.ask = ask,
		.base = c->base.n || (ask && ask->base) ? SPAN_NONE
							: SPAN("https://site.example"),
		.since = b->no_since ? WALL_NONE : yesterday};
	struct expr_var vars[MAX_GIVEN + 5];
	struct connector_keys k = *keys;

	if (!ask || connector_searches(&searches, arena, c, ask, terms, 2) < 0)
		fail_msg("%.*s has no way %.*s", SPAN_ARG(b->network), SPAN_ARG(b->ask));
	k.wants = ask->wants;
	memcpy(vars, b->given, sizeof(b->given));
	memcpy(vars + b->n_given, searches.items[0].vars, sizeof(searches.items[0].vars));
	target.vars = vars;
	target.n_vars = b->n_given + 5;
	assert_int_equal(connector_enter(&pass, arena, c, &k, target.base, now), 0);
	if (pass.entry == CONNECTOR_FETCH_TOKEN)
		put_request(out, &pass.request);
	else if (pass.entry == CONNECTOR_NO_KEY)
		buf_addf(out, "missing %.*s\n", SPAN_ARG(pass.missing));
	else if (pass.entry == CONNECTOR_CONSENT)
		buf_add_str(out, "consent\n");
	else if (connector_walk_next(&step, arena, &target, &pass, SPAN_NONE, now) < 0)
		buf_add_str(out, "no request\n");
	else if (!url_is_web(step.request.url) || !url_normalize(arena, step.request.url).n)
		fail_msg("no address: %.*s", SPAN_ARG(step.request.url));
	else
		put_request(out, &step.request);
}

static void put_consent(struct buf *out, struct arena *arena, const struct connector *c,
	const struct block *b, const struct connector_keys *keys)
{
	/* The verifier is that of RFC 7636, appendix B. */
	const struct expr_var vars[] = {{SPAN("redirect_uri"), SPAN("http://127.0.0.1:7777/")},
		{SPAN("state"), SPAN("s7")}, {SPAN("code"), SPAN("c0de")},
		{SPAN("code_verifier"), SPAN("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")}};
	struct connector_pass pass;
	struct span url;

	if (span_eq_str(b->ask, "consent")) {
		assert_int_equal(
			connector_consent(&url, arena, c, keys, SPAN_NONE, vars, 4), 0);
		buf_addf(out, "GET %.*s\n", SPAN_ARG(url));
	} else {
		assert_int_equal(connector_code(&pass, arena, c, keys, SPAN_NONE, vars, 4), 0);
		put_request(out, &pass.request);
	}
}

static struct connector *connector_named(struct span network)
{
	const struct builtin *b = builtin_find(network);
	struct err_list errors = {0};
	struct connector *c = NULL;

	if (!b || connector_new(&c, b->body, b->file, &errors) < 0)
		fail_msg("no connector %.*s", SPAN_ARG(network));
	return c;
}

static struct span seen[MAX_SEEN];
static size_t n_seen;

static bool check_block(struct span head, struct span want)
{
	struct arena arena = {0};
	struct buf got = {0};
	struct block b;
	struct connector *c;
	struct connector_keys keys = {0};
	bool same;

	read_head(&b, head);
	c = connector_named(b.network);
	keys.secrets = b.given;
	keys.n_secrets = b.n_given;
	keys.token = buf_span(&b.token);
	if (span_eq_str(b.ask, "consent") || span_eq_str(b.ask, "code"))
		put_consent(&got, &arena, c, &b, &keys);
	else
		put_ask(&got, &arena, c, &b, &keys);
	assert_true(n_seen < MAX_SEEN);
	seen[n_seen++] = span_of(b.network.p, (size_t)(b.ask.p + b.ask.n - b.network.p));
	same = span_eq(buf_span(&got), want);
	if (!same)
		(void)fprintf(stderr, "%.*s\n%s\n", SPAN_ARG(head), buf_span(&got).p);
	buf_deinit(&got);
	buf_deinit(&b.token);
	connector_free(c);
	arena_release(&arena);
	return same;
}

static void check_all_asked(void)
{
	for (const struct builtin *b = builtins; b->network; b++) {
		struct connector *c = connector_named(span_str(b->network));

		for (size_t i = 0; i < c->n_asks; i++) {
			char name[128];
			size_t k = 0;

			(void)snprintf(name, sizeof(name), "%s/%.*s", b->network,
				SPAN_ARG(c->asks[i].name));
			while (k < n_seen && !span_eq_str(seen[k], name))
				k++;
			if (k == n_seen)
				fail_msg("%s stands in no block of requests.txt", name);
		}
		connector_free(c);
	}
}

static void every_request_is_as_documented(void **state)
{
	static char text[512 * 1024];
	FILE *f = fopen(path, "r");
	struct span rest;
	size_t wrong = 0;

	(void)state;
	assert_non_null(f);
	rest = span_of(text, fread(text, 1, sizeof(text), f));
	(void)fclose(f);
	while (rest.n) {
		const struct span line = take_until(&rest, '\n');
		size_t end = 0;

		if (!span_starts(line, SPAN("? ")))
			continue;
		while (end < rest.n && rest.p[end] != '\n')
			end += span_find(span_slice(rest, end, rest.n), '\n') + 1;
		wrong += !check_block(line, span_slice(rest, 0, end));
	}
	assert_int_equal(wrong, 0);
	check_all_asked();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_is_as_documented),
	};

	if (argc != 2)
		return 2;
	path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
