/*
 * fuzz walk: a place that somebody else wrote, an answer with a Link header, and the answer of
 * a token's address. The first line is the place, the second the header's value, the rest the
 * body. What comes out: a request that stays with its host, a place that can be read again, and
 * a token without a line end in it.
 */

#include <stdint.h>
#include <stdlib.h>

#include "sources/connector_walk.h"
#include "sources/url.h"
#include "vigie/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char file[] =
	"network: fuzz\n"
	"tier: 2\n"
	"logins:\n"
	"  app:\n"
	"    needs: [secret]\n"
	"    token: |\n"
	"      path = '/token'\n"
	"      json.a/0/b = %secret\n"
	"    refresh: |\n"
	"      path = '/token'\n"
	"      form.refresh_token = %refresh_token\n"
	"    answer: {access_token: /t ?? /a/*/t, refresh_token: /r, expires_in: /e, base: "
	"/b}\n"
	"    add: |\n"
	"      header.Authorization = \"Bearer {%access_token}\"\n"
	"asks:\n"
	"  pages:\n"
	"    next: {url: $/next, c: $/c}\n"
	"    max_pages: 5\n"
	"    window: 3\n"
	"    stop: [old, known, repeat]\n"
	"    newest: {since_id: $/items/*/id | max}\n"
	"    nested:\n"
	"      one: {of: $/items/*, give: {id: /id}, batch: 2}\n"
	"    request: |\n"
	"      path = '/list'\n"
	"      query.since_id = %since_id\n"
	"      query.since = %since | atleast(%now | ago(7d)) | date(%Y-%m-%d)\n"
	"      query.c = %c\n"
	"  linked:\n"
	"    next: link\n"
	"    max_pages: 5\n"
	"    forward: {min: $/items/*/id | min}\n"
	"    request: |\n"
	"      path = '/list'\n"
	"  one:\n"
	"    request: |\n"
	"      path = \"/one/{%id | urlencode}\"\n"
	"      json.id = %id | number\n"
	"      json.ids = %id | split(',')\n"
	"maps:\n"
	"  m: {items: /items, fields: \"id = /id\\npublished = /at | time\"}\n";

static void must(bool promise)
{
	if (!promise)
		abort();
}

static struct span take_line(struct span *s)
{
	const size_t end = span_find(*s, '\n');
	const struct span line = span_slice(*s, 0, end);

	*s = span_slice(*s, end + 1, s->n);
	return line;
}

static void check_request(struct arena *arena, const struct request *r, struct span base)
{
	must(span_eq(url_host(arena, r->url), url_host(arena, base)));
	for (size_t i = 0; i < r->n_headers; i++)
		must(span_find(r->headers[i].value, '\n') == r->headers[i].value.n);
}

static void walk(const struct connector *c, const struct connector_ask *ask, struct span place,
	const struct connector_answer *answer)
{
	const struct connector_target target = {
		.connector = c, .ask = ask, .base = SPAN("https://f.example"), .since = {0}};
	struct connector_taken taken;
	struct connector_step step;
	struct arena arena = {0};

	for (int i = 0; i < 8; i++) {
		int r = connector_walk_next(&step, &arena, &target, NULL, place, answer->now);

		must(r == 0 || r == -EINVAL);
		if (r == 0)
			check_request(&arena, &step.request, target.base);
		must(connector_walk_take(&taken, &arena, &target, place, answer) == 0);
		must(taken.state.n <= CONNECTOR_MAX_STATE_BYTES && taken.pause_s >= 0);
		place = taken.state;
		if (!taken.more)
			break;
	}
	arena_release(&arena);
}

static void token(
	const struct connector *c, struct span stored, const struct connector_answer *answer)
{
	const struct expr_var secret = {SPAN("secret"), SPAN("s")};
	struct connector_keys keys = {.secrets = &secret, .n_secrets = 1, .token = stored};
	struct connector_refusal refusal;
	struct connector_pass pass;
	struct arena arena = {0};
	struct span made;

	must(connector_enter(&pass, &arena, c, &keys, SPAN("https://f.example"), answer->now) ==
		0);
	keys.token = SPAN_NONE;
	must(connector_enter(&pass, &arena, c, &keys, SPAN("https://f.example"), answer->now) ==
		0);
	must(pass.entry == CONNECTOR_FETCH_TOKEN);
	must(connector_token_read(&made, &refusal, &arena, c, &pass, stored, answer) == 0);
	must((refusal.error == CONNECTOR_OK) == (made.n > 0));
	must(span_find(made, '\n') == made.n && utf8_valid(made));
	if (made.n) {
		keys.token = made;
		must(connector_enter(&pass, &arena, c, &keys, SPAN_NONE, answer->now) == 0);
		must(pass.entry == CONNECTOR_MAY_ASK);
	}
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct connector *c;
	struct err_list errors = {0};
	struct span rest = {(const char *)data, size};
	struct header link = {SPAN("Link"), SPAN_NONE};
	struct connector_answer answer = {
		.status = 200, .headers = &link, .n_headers = 1, .now = {1772438400000}};
	struct span place;

	if (!c)
		must(connector_new(&c, span_str(file), "fuzz.yaml", &errors) == 0);
	place = take_line(&rest);
	link.value = take_line(&rest);
	answer.body = rest;
	walk(c, &c->asks[0], place, &answer);
	walk(c, &c->asks[1], place, &answer);
	token(c, place, &answer);
	return 0;
}
