/*
 * queue_states: what Redis remembers of sources, and when a rule was first seen. Questions wait
 * until Redis is there; an answer that does not come is asked for again.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/log.h"
#include "line/queue_inner.h"

enum { ASKING_MAX = 512, RULES_CHUNK = 1000, NUMBER_TEXT = 24 };

struct state_ask {
	struct state_list *list;
	size_t number;
	char *source;
	unsigned partition;
	unsigned pending; /* answers under way */
	bool elsewhere;   /* not in its partition: the others are asked */
	bool failed, found;
	enum { ASK_WAITING, ASK_SENT, ASK_ANSWERED } stage;
};

struct state_list {
	struct state_list *next;
	struct queue *queue;
	struct state_ask *asks;
	size_t n, answered, from; /* all before `from` were sent */
	void (*got)(void *arg, size_t i, const struct source_state *state);
	void (*end)(void *arg, int r);
	void *arg;
};

struct rules_list {
	struct rules_list *next;
	struct queue *queue;
	char **rules;
	struct wall *seen;
	size_t n, at, chunk; /* answered so far; under way */
	struct wall now;
	void (*got)(void *arg, const struct wall *first_seen, size_t n);
	void *arg;
};

/* --- States
 * ------------------------------------------------------------------------------------ */

static struct state_list *list_free(struct state_list *l)
{
	for (size_t i = 0; l->asks && i < l->n; i++)
		free(l->asks[i].source);
	free(l->asks);
	free(l);
	return NULL;
}

static void answer(struct state_ask *a, const struct source_state *state)
{
	struct state_list *l = a->list;

	a->stage = ASK_ANSWERED;
	l->answered++;
	l->got(l->arg, a->number, state);
	queue_soon(l->queue);
}

static bool state_of_reply(
	struct source_state *ret, struct arena *arena, const struct redis_value *reply)
{
	const size_t n = reply->n / 2;
	struct queue_pair *pairs = arena_calloc(arena, n, sizeof(*pairs));

	if (!n || !pairs)
		return false;
	for (size_t i = 0; i < n; i++)
		pairs[i] = (struct queue_pair){
			reply->items[2 * i].text, reply->items[2 * i + 1].text};
	*ret = queue_state_of(pairs, n);
	return true;
}

static void ask_again(struct state_ask *a)
{
	a->stage = ASK_WAITING;
	a->list->from = 0;
	queue_soon(a->list->queue);
}

static void ask_elsewhere(struct queue *q, struct state_ask *a);

static void on_state(void *arg, const struct redis_value *reply)
{
	struct state_ask *a = arg;
	struct queue *q = a->list->queue;
	struct source_state state;
	struct arena arena = {0};

	a->pending--;
	if (!reply || reply->type != REDIS_ARRAY) {
		queue_refusal(q, reply, "states");
		a->failed = true;
	} else if (!a->found && state_of_reply(&state, &arena, reply)) {
		a->found = true;
		answer(a, &state);
	}
	arena_release(&arena);
	if (a->pending || a->found)
		return;
	if (a->failed)
		ask_again(a);
	else if (a->elsewhere)
		answer(a, NULL);
	else
		ask_elsewhere(q, a);
}

static bool ask_partition(struct queue *q, struct state_ask *a, unsigned partition)
{
	char *key;
	int r = queue_key(&key, q, partition, "source:", span_str(a->source));

	if (r < 0)
		return false;
	r = redis_command(q->redis, 2, (const struct span[]){SPAN("HGETALL"), span_str(key)}, 0,
		on_state, a);
	free(key);
	if (r == 0)
		a->pending++;
	return r == 0;
}

/* Its address may have been another one when its namespace was fixed. Only sources that were
 * never met pay for this. */
static void ask_elsewhere(struct queue *q, struct state_ask *a)
{
	a->elsewhere = true;
	for (unsigned p = 0; p < PARTITIONS; p++)
		if (p != a->partition && !ask_partition(q, a, p))
			a->failed = true;
	if (!a->pending)
		ask_again(a);
}

static void send_ask(struct queue *q, struct state_ask *a)
{
	struct arena arena = {0};
	struct source_state state;

	if (queue_commit_spooled(q, span_str(a->source), &arena, &state)) {
		answer(a, &state);
	} else if (queue_usable(q) && !q->refused) {
		a->elsewhere = a->failed = false;
		a->stage = ASK_SENT;
		if (!ask_partition(q, a, a->partition))
			a->stage = ASK_WAITING;
	}
	arena_release(&arena);
}

static void pump_list(struct queue *q, struct state_list *l)
{
	size_t sent = 0;
	bool gap = false;

	for (size_t i = l->from; i < l->n && sent < ASKING_MAX; i++) {
		if (l->asks[i].stage == ASK_WAITING)
			send_ask(q, &l->asks[i]);
		sent += l->asks[i].stage == ASK_SENT;
		gap = gap || l->asks[i].stage != ASK_ANSWERED;
		if (!gap)
			l->from = i + 1;
	}
}

static void pump_rules(struct queue *q);

void queue_states_pump(struct queue *q)
{
	for (struct state_list **at = &q->states; *at;) {
		struct state_list *l = *at;

		pump_list(q, l);
		if (l->answered < l->n) {
			at = &l->next;
			continue;
		}
		for (at = &q->states; *at != l; at = &(*at)->next)
			; /* a callback may have put another list in */
		*at = l->next;
		if (l->end)
			l->end(l->arg, 0);
		(void)list_free(l);
		at = &q->states;
	}
	pump_rules(q);
}

int queue_states(struct queue *q, const struct queue_state_ask *asks, size_t n,
	void (*got)(void *arg, size_t i, const struct source_state *state),
	void (*end)(void *arg, int r), void *arg)
{
	struct state_list *l = calloc(1, sizeof(*l));
	struct state_list **at = &q->states;

	if (!l)
		return -ENOMEM;
	*l = (struct state_list){.queue = q, .n = n, .got = got, .end = end, .arg = arg};
	l->asks = calloc(n ? n : 1, sizeof(*l->asks));
	for (size_t i = 0; l->asks && i < n; i++) {
		l->asks[i] = (struct state_ask){
			.list = l, .number = i, .partition = asks[i].partition % PARTITIONS};
		l->asks[i].source =
			strndup(asks[i].source.p ? asks[i].source.p : "", asks[i].source.n);
		if (!l->asks[i].source) {
			(void)list_free(l);
			return -ENOMEM;
		}
	}
	if (!l->asks) {
		(void)list_free(l);
		return -ENOMEM;
	}
	while (*at)
		at = &(*at)->next;
	*at = l;
	queue_soon(q);
	return 0;
}

/* --- Rules
 * -------------------------------------------------------------------------------------- */

static struct rules_list *rules_free(struct rules_list *l)
{
	for (size_t i = 0; l->rules && i < l->n; i++)
		free(l->rules[i]);
	free(l->rules);
	free(l->seen);
	free(l);
	return NULL;
}

static void on_seen(void *arg, const struct redis_value *reply)
{
	struct rules_list *l = arg;
	struct queue *q = l->queue;

	if (queue_no_script(q, SCRIPT_SEEN, reply)) {
		l->chunk = 0;
		queue_soon(q);
		return;
	}
	if (!reply || reply->type != REDIS_ARRAY || reply->n != l->chunk) {
		l->chunk = 0;
		queue_refusal(q, reply, "rules");
		return;
	}
	queue_accepted(q);
	for (size_t i = 0; i < reply->n; i++)
		l->seen[l->at + i].ms = strtoll(
			reply->items[i].text.p ? reply->items[i].text.p : "0", NULL, 10);
	l->at += l->chunk;
	l->chunk = 0;
	queue_soon(q);
}

static void send_rules(struct queue *q, struct rules_list *l)
{
	struct span *argv = calloc(RULES_CHUNK + 2, sizeof(*argv));
	char now[NUMBER_TEXT], *key = NULL;
	size_t n = l->n - l->at < RULES_CHUNK ? l->n - l->at : RULES_CHUNK;

	if (argv && asprintf(&key, "%s{rules}:seen", q->prefix) >= 0) {
		(void)snprintf(now, sizeof(now), "%" PRId64, l->now.ms);
		argv[0] = span_str(key);
		argv[1] = span_str(now);
		for (size_t i = 0; i < n; i++)
			argv[2 + i] = span_str(l->rules[l->at + i]);
		if (queue_eval(q, SCRIPT_SEEN, 1, n + 2, argv, on_seen, l) == 0)
			l->chunk = n;
		free(key);
	}
	free(argv);
}

static void pump_rules(struct queue *q)
{
	while (q->rules && q->rules->at == q->rules->n) {
		struct rules_list *l = q->rules;

		q->rules = l->next;
		l->got(l->arg, l->seen, l->n);
		(void)rules_free(l);
	}
	if (q->rules && !q->rules->chunk && queue_usable(q) && !q->refused)
		send_rules(q, q->rules);
}

int queue_rules_seen(struct queue *q, const struct span *rules, size_t n, struct wall now,
	void (*got)(void *arg, const struct wall *first_seen, size_t n), void *arg)
{
	struct rules_list *l = calloc(1, sizeof(*l));
	struct rules_list **at = &q->rules;

	if (!l)
		return -ENOMEM;
	*l = (struct rules_list){.queue = q, .n = n, .now = now, .got = got, .arg = arg};
	l->rules = calloc(n ? n : 1, sizeof(*l->rules));
	l->seen = calloc(n ? n : 1, sizeof(*l->seen));
	for (size_t i = 0; l->rules && l->seen && i < n; i++)
		l->rules[i] = strndup(rules[i].p ? rules[i].p : "", rules[i].n);
	if (!l->rules || !l->seen || (n && !l->rules[n - 1])) {
		(void)rules_free(l);
		return -ENOMEM;
	}
	while (*at)
		at = &(*at)->next;
	*at = l;
	queue_soon(q);
	return 0;
}

void queue_states_deinit(struct queue *q)
{
	while (q->states) {
		struct state_list *l = q->states;

		q->states = l->next;
		if (l->end)
			l->end(l->arg, -ECANCELED);
		(void)list_free(l);
	}
	while (q->rules) {
		struct rules_list *l = q->rules;

		q->rules = l->next;
		(void)rules_free(l);
	}
}
