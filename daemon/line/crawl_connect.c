/*
 * crawl_connect: an attempt of a source of a network, up to its answer: whom to be there, what
 * to ask next, and whether the budget allows it now (line/accounts.h). What the answer says is
 * read by sift; where the source then stands goes with the commit, as its cursor.
 */

#include <errno.h>

#include "io/log.h"
#include "line/connection.h"
#include "line/crawl_impl.h"

enum { LEAST_WAIT_MS = 20 };

static void fail(
	struct flight *f, enum connector_error refusal, int64_t retry_ms, struct span why)
{
	struct batch *b = f->batch;

	schedule_release(f->crawl->schedule, f->entry->slot);
	b->outcome = BATCH_FAILED;
	b->lesson.refusal = (int)refusal;
	b->lesson.retry_ms = retry_ms > 0 ? retry_ms : -1;
	b->error = arena_dup(&b->arena, why);
	crawl_answered(f);
}

/* Nothing was asked, and nothing is remembered: later. */
static void put_off(struct flight *f, int64_t wait_ms)
{
	struct crawl *c = f->crawl;
	const uint32_t slot = f->entry->slot;

	log_debug("crawl.put_off", TEXT("source", f->entry->source->id), INT("ms", wait_ms));
	crawl_drop_flight(f);
	schedule_set(c->schedule, slot,
		loop_now(c->loop).ms + (wait_ms > LEAST_WAIT_MS ? wait_ms : LEAST_WAIT_MS));
	crawl_arm(c);
}

static void on_spent(void *arg, int64_t wait_ms)
{
	struct flight *f = arg;
	int r;

	f->turn = NULL;
	if (wait_ms > 0) {
		put_off(f, wait_ms);
		return;
	}
	f->crawl->stats.fetches++;
	r = crawl_send(f);
	if (r < 0)
		fail(f, CONNECTOR_BAD_REQUEST, 0,
			r == -ENOMEM
				? SPAN("no memory for the request")
				: SPAN("an address that can't be asked: correct its base"));
}

/* The operator's headers go along, and win. */
static int add_headers(struct batch *b)
{
	const struct source *s = b->source;
	const struct request *r = &b->request;
	struct header *headers =
		arena_calloc(&b->arena, s->n_headers + r->n_headers + 1, sizeof(*headers));
	size_t n = 0;

	if (!headers)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_headers; i++)
		headers[n++] = s->headers[i];
	for (size_t i = 0; i < r->n_headers; i++) {
		size_t k = 0;

		while (k < s->n_headers && !span_eq_ci(headers[k].name, r->headers[i].name))
			k++;
		if (k == s->n_headers)
			headers[n++] = r->headers[i];
	}
	b->request.headers = headers;
	b->request.n_headers = n;
	return 0;
}

/* What is written for people to read is asked for as a page is. An interface was made for
 * programs. */
static bool is_page(const struct connection *connection, const struct connector_ask *ask)
{
	const struct connector_map *map =
		connector_map_find(connection->target.connector, ask->map);

	return map && map->format == CONNECTOR_HTML;
}

static void on_entered(void *arg, const struct accounts_entry *entry)
{
	struct flight *f = arg;
	struct crawl *c = f->crawl;
	struct batch *b = f->batch;
	const struct connection *connection = b->source->connection;
	const struct connector_target target = connection_target(
		connection, b->state.first_contact, loop_wall(c->loop), c->options.history_ms);
	struct connector_step step;
	int r;

	f->turn = NULL;
	if (!entry->pass && entry->refusal != CONNECTOR_OK) {
		fail(f, entry->refusal, entry->retry_ms, entry->why);
		return;
	}
	if (!entry->pass) {
		put_off(f, entry->wait_ms);
		return;
	}
	f->token = entry->pass->login && entry->pass->login->has_token;
	r = connector_walk_next(
		&step, &b->arena, &target, entry->pass, b->state.cursor, loop_wall(c->loop));
	if (r == 0) {
		b->request = step.request;
		f->conditional = step.first && !crawl_wants_all(f);
		if (f->conditional) {
			b->request.etag = b->state.etag;
			b->request.last_modified = b->state.last_modified;
		}
		r = add_headers(b);
	}
	f->obeys = r == 0 && is_page(connection, step.ask);
	if (r == 0)
		r = crawl_robots_ask(f);
	if (r == CRAWL_ROBOTS_WAIT)
		return;
	if (r == 0 && f->refused_ms) {
		crawl_refused(f);
		return;
	}
	if (r == 0)
		r = accounts_spend(&f->turn, c->options.accounts, connection, b->source->id,
			step.cost > 0 ? step.cost : 1, on_spent, f);
	if (r < 0)
		fail(f, CONNECTOR_BAD_REQUEST, 0,
			r == -ENOMEM
				? SPAN("no memory for the request")
				: SPAN("no request can be made: a variable is missing, or the "
				       "network sent us elsewhere"));
}

void crawl_connect(struct flight *f)
{
	const struct connection *connection = f->batch->source->connection;
	struct accounts *accounts = f->crawl->options.accounts;

	if (!accounts || accounts_enter(&f->turn, accounts, connection, on_entered, f) < 0)
		fail(f, CONNECTOR_UNAVAILABLE, 0, SPAN("no memory"));
}

void crawl_connect_unchanged(struct flight *f)
{
	const struct crawl *c = f->crawl;
	struct batch *b = f->batch;
	const struct wall now = loop_wall(c->loop);
	const struct connector_target target = connection_target(
		b->source->connection, b->state.first_contact, now, c->options.history_ms);
	struct span state;

	if (connector_walk_unchanged(&state, &b->arena, &target, b->state.cursor, now) == 0)
		b->state.cursor = state;
}

/* After health has judged: what the whole account is to know. */
void crawl_connect_told(struct flight *f, const struct health *health)
{
	const struct batch *b = f->batch;
	const struct batch_lesson *l = &b->lesson;
	const enum connector_error refusal = (enum connector_error)l->refusal;
	int64_t pause_ms = l->pause_ms;

	if (!f->crawl->options.accounts)
		return;
	if (refusal == CONNECTOR_RATE_LIMITED || refusal == CONNECTOR_QUOTA_EXHAUSTED)
		pause_ms = health->due_in_ms;
	accounts_told(f->crawl->options.accounts, b->source->connection, refusal, pause_ms);
}
