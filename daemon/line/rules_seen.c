#include "line/rules_seen.h"

#include <errno.h>
#include <stdlib.h>

#include <uthash.h>

struct entry {
	UT_hash_handle hh;
	struct wall first_seen;
	size_t n;
	char id[];
};

struct rules_seen {
	struct entry *entries;
	struct ask *asks; /* unanswered, newest first */
};

struct ask {
	struct ask *next;
	struct rules_seen *seen;
	struct span *ids; /* heap, each */
	size_t n;
};

static void ask_free(struct ask *ask)
{
	for (struct ask **at = ask->seen ? &ask->seen->asks : NULL; at && *at;
		at = &(*at)->next) {
		if (*at == ask) {
			*at = ask->next;
			break;
		}
	}
	for (size_t i = 0; i < ask->n; i++)
		free((char *)ask->ids[i].p);
	free(ask->ids);
	free(ask);
}

int rules_seen_new(struct rules_seen **ret)
{
	struct rules_seen *seen = calloc(1, sizeof(*seen));

	if (!seen)
		return -ENOMEM;
	*ret = seen;
	return 0;
}

struct rules_seen *rules_seen_free(struct rules_seen *seen)
{
	struct entry *e, *next;

	if (!seen)
		return NULL;
	while (seen->asks)
		ask_free(seen->asks);
	HASH_ITER(hh, seen->entries, e, next)
	{
		HASH_DEL(seen->entries, e);
		free(e);
	}
	free(seen);
	return NULL;
}

static void set(struct rules_seen *seen, struct span id, struct wall first_seen)
{
	struct entry *e;

	HASH_FIND(hh, seen->entries, id.p, id.n, e);
	if (!e) {
		e = calloc(1, sizeof(*e) + id.n + 1);
		if (!e)
			return; /* unknown counts as long known: told rather than missed */
		e->n = id.n;
		memcpy(e->id, id.p, id.n);
		HASH_ADD_KEYPTR(hh, seen->entries, e->id, e->n, e);
	}
	e->first_seen = first_seen;
}

static void on_answer(void *arg, const struct wall *first_seen, size_t n)
{
	struct ask *ask = arg;

	for (size_t i = 0; first_seen && i < n && i < ask->n; i++)
		set(ask->seen, ask->ids[i], first_seen[i]);
	ask_free(ask);
}

int rules_seen_ask(struct rules_seen *seen, struct queue *queue, const struct ruleset *rules,
	struct wall now)
{
	const size_t n = ruleset_count(rules);
	struct ask *ask = calloc(1, sizeof(*ask));
	int r;

	if (!ask)
		return -ENOMEM;
	ask->ids = calloc(n ? n : 1, sizeof(*ask->ids));
	for (size_t i = 0; ask->ids && i < n; i++) {
		const struct span id = ruleset_info(rules, i)->rule;
		char *copy = strndup(id.p, id.n);

		if (!copy)
			break;
		ask->ids[ask->n++] = span_of(copy, id.n);
	}
	if (ask->n < n || !n) {
		r = ask->n < n ? -ENOMEM : 0;
		ask_free(ask);
		return r;
	}
	ask->seen = seen;
	ask->next = seen->asks;
	seen->asks = ask;
	r = queue_rules_seen(queue, ask->ids, ask->n, now, on_answer, ask);
	if (r < 0)
		ask_free(ask);
	return r;
}

struct wall rules_seen_at(const struct rules_seen *seen, struct span rule)
{
	struct entry *e;

	HASH_FIND(hh, seen->entries, rule.p, rule.n, e);
	return e ? e->first_seen : WALL_NONE;
}
