/*
 * schedule: two heaps and a line before each host's gate. What an entry stands for, and when it
 * is due, is the business of line/crawl.
 */

#include "line/schedule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vigie/cleanup.h"

#define NONE UINT32_MAX

enum state { FREE, PARKED, IDLE, WAITING, BUSY, RELEASED };

struct entry {
	int64_t due_ms;
	uint32_t host;
	uint32_t at;         /* position in the heap of due times, when idle */
	uint32_t tie;        /* random: order among equal due times */
	uint32_t prev, next; /* in the host's line, when waiting; next: in the free list */
	uint8_t state;
};

struct host {
	uint64_t name;
	int64_t gate_ms;      /* no request before; spacing and holds */
	int64_t ready_ms;     /* key in the heap of hosts: gate or the first one's due time */
	uint32_t first, last; /* the line */
	uint32_t at;          /* position in the heap of hosts; NONE: not in it */
	uint32_t entries;     /* of any state; 0: the host is forgotten */
	uint32_t busy;
	uint32_t spacing_ms; /* wanted by the host itself */
	uint32_t next;       /* in its hash bucket, or in the free list */
};

struct heap {
	uint32_t *items;
	uint32_t n;
};

struct schedule {
	struct schedule_options options;
	uint64_t random;
	struct entry *entries;
	uint32_t n_entries, free_entry; /* n_entries: ever used */
	uint32_t capacity;              /* of entries, hosts and both heaps */
	struct host *hosts;
	uint32_t n_hosts, free_host;
	uint32_t *buckets;
	uint32_t n_buckets; /* a power of two */
	struct heap idle;   /* of entries */
	struct heap gates;  /* of hosts that have a line and a place */
};

__extension__ typedef unsigned __int128 wide;

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014). */
static uint64_t mix(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
	z = (z ^ z >> 27) * 0x94D049BB133111EB;
	return z ^ z >> 31;
}

uint64_t schedule_random(struct schedule *schedule, uint64_t below)
{
	/* Lemire, "Fast random integer generation in an interval" (2019); the bias that is left
	 * without its rejection step is below 2^-32 here. */
	return (uint64_t)((wide)mix(&schedule->random) * below >> 64);
}

/* --- The two heaps: 4-ary, children of i at 4i + 1 to 4i + 4 ------------------------------ */

static bool entry_before(const struct schedule *s, uint32_t a, uint32_t b)
{
	const struct entry *x = &s->entries[a], *y = &s->entries[b];

	return x->due_ms != y->due_ms ? x->due_ms < y->due_ms : x->tie < y->tie;
}

static bool host_before(const struct schedule *s, uint32_t a, uint32_t b)
{
	return s->hosts[a].ready_ms < s->hosts[b].ready_ms;
}

/* What differs between the heaps. */
struct order {
	bool (*before)(const struct schedule *s, uint32_t a, uint32_t b);
	bool of_hosts;
};

static const struct order by_due = {entry_before, false};
static const struct order by_gate = {host_before, true};

static void put(
	struct schedule *s, struct heap *h, const struct order *o, uint32_t at, uint32_t item)
{
	h->items[at] = item;
	if (o->of_hosts)
		s->hosts[item].at = at;
	else
		s->entries[item].at = at;
}

static void sift_up(struct schedule *s, struct heap *h, const struct order *o, uint32_t at)
{
	const uint32_t item = h->items[at];

	while (at > 0) {
		const uint32_t parent = (at - 1) / 4;

		if (!o->before(s, item, h->items[parent]))
			break;
		put(s, h, o, at, h->items[parent]);
		at = parent;
	}
	put(s, h, o, at, item);
}

static void sift_down(struct schedule *s, struct heap *h, const struct order *o, uint32_t at)
{
	const uint32_t item = h->items[at];

	for (;;) {
		const uint64_t first = 4 * (uint64_t)at + 1;
		uint32_t best;

		if (first >= h->n)
			break;
		best = (uint32_t)first;
		for (uint32_t i = best + 1; i < first + 4 && i < h->n; i++)
			if (o->before(s, h->items[i], h->items[best]))
				best = i;
		if (!o->before(s, h->items[best], item))
			break;
		put(s, h, o, at, h->items[best]);
		at = best;
	}
	put(s, h, o, at, item);
}

static void heap_push(struct schedule *s, struct heap *h, const struct order *o, uint32_t item)
{
	put(s, h, o, h->n, item);
	sift_up(s, h, o, h->n++);
}

static void heap_remove(struct schedule *s, struct heap *h, const struct order *o, uint32_t at)
{
	const uint32_t last = h->items[--h->n];

	if (at == h->n)
		return;
	put(s, h, o, at, last);
	sift_up(s, h, o, at);
	sift_down(s, h, o, o->of_hosts ? s->hosts[last].at : s->entries[last].at);
}

/* --- Room --------------------------------------------------------------------------------- */

DEFINE_CLEANUP(struct schedule *, schedule_free)

struct schedule *schedule_free(struct schedule *schedule)
{
	if (!schedule)
		return NULL;
	free(schedule->entries);
	free(schedule->hosts);
	free(schedule->buckets);
	free(schedule->idle.items);
	free(schedule->gates.items);
	free(schedule);
	return NULL;
}

/* Nothing is lost when it fails: the caller keeps p. */
#define GROW(p, n)                                                                             \
	__extension__({                                                                        \
		__typeof__(p) bigger_ = reallocarray((p), (n), sizeof(*(p)));                  \
		if (bigger_)                                                                   \
			(p) = bigger_;                                                         \
		bigger_ != NULL;                                                               \
	})

static uint32_t *bucket(struct schedule *s, uint64_t name)
{
	/* The name is a hash already; mixed all the same, for callers that count. */
	uint64_t state = name;

	return &s->buckets[mix(&state) & (s->n_buckets - 1)];
}

static int rehash(struct schedule *s, uint32_t n)
{
	uint32_t *buckets = malloc(n * sizeof(*buckets)), *before = s->buckets;
	const uint32_t n_before = s->n_buckets;

	if (!buckets)
		return -ENOMEM;
	memset(buckets, 0xFF, n * sizeof(*buckets));
	s->buckets = buckets;
	s->n_buckets = n;
	for (uint32_t b = 0; b < n_before; b++)
		for (uint32_t i = before[b], next; i != NONE; i = next) {
			uint32_t *to = bucket(s, s->hosts[i].name);

			next = s->hosts[i].next;
			s->hosts[i].next = *to;
			*to = i;
		}
	free(before);
	return 0;
}

/* There are never more hosts than entries. */
static int reserve(struct schedule *s, uint32_t n)
{
	uint32_t capacity = s->capacity;

	if (n <= capacity)
		return 0;
	while (capacity < n)
		capacity = capacity < 16 ? 16 : capacity + capacity / 2;
	if (!GROW(s->entries, capacity) || !GROW(s->hosts, capacity) ||
		!GROW(s->idle.items, capacity) || !GROW(s->gates.items, capacity))
		return -ENOMEM;
	s->capacity = capacity;
	while (s->n_buckets < capacity) {
		const int r = rehash(s, s->n_buckets * 2);

		if (r < 0)
			return r;
	}
	return 0;
}

int schedule_new(struct schedule **ret, const struct schedule_options *options)
{
	CLEANUP(schedule_freep) struct schedule *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->options = *options;
	if (!s->options.concurrency)
		s->options.concurrency = 1;
	s->random = options->seed;
	s->free_entry = NONE;
	s->free_host = NONE;
	r = rehash(s, 16);
	if (r < 0)
		return r;
	*ret = TAKE(s);
	return 0;
}

/* --- Hosts -------------------------------------------------------------------------------- */

/* Puts the host where it belongs in the heap of gates, or takes it out. */
static void host_place(struct schedule *s, uint32_t number)
{
	struct host *h = &s->hosts[number];
	const bool place = h->name == SCHEDULE_NO_HOST || h->busy < s->options.concurrency;
	const bool wanted = h->first != NONE && place;

	if (h->at != NONE && !wanted) {
		heap_remove(s, &s->gates, &by_gate, h->at);
		h->at = NONE;
	}
	if (!wanted)
		return;
	/* Who waits longest goes first among open gates. */
	h->ready_ms = s->entries[h->first].due_ms;
	if (h->ready_ms < h->gate_ms)
		h->ready_ms = h->gate_ms;
	if (h->at == NONE) {
		heap_push(s, &s->gates, &by_gate, number);
	} else {
		sift_up(s, &s->gates, &by_gate, h->at);
		sift_down(s, &s->gates, &by_gate, h->at);
	}
}

static uint32_t host_find(struct schedule *s, uint64_t name)
{
	uint32_t *to = bucket(s, name);
	uint32_t i = *to;

	while (i != NONE && s->hosts[i].name != name)
		i = s->hosts[i].next;
	if (i != NONE)
		return i;
	i = s->free_host;
	if (i == NONE)
		i = s->n_hosts++;
	else
		s->free_host = s->hosts[i].next;
	s->hosts[i] = (struct host){
		.name = name,
		.gate_ms = INT64_MIN,
		.first = NONE,
		.last = NONE,
		.at = NONE,
		.next = *to,
	};
	*to = i;
	return i;
}

static void host_drop(struct schedule *s, uint32_t number)
{
	uint32_t *link = bucket(s, s->hosts[number].name);

	while (*link != number)
		link = &s->hosts[*link].next;
	*link = s->hosts[number].next;
	s->hosts[number].next = s->free_host;
	s->free_host = number;
}

static void line_join(struct schedule *s, uint32_t entry)
{
	struct entry *e = &s->entries[entry];
	struct host *h = &s->hosts[e->host];

	e->state = WAITING;
	e->prev = h->last;
	e->next = NONE;
	if (h->last != NONE)
		s->entries[h->last].next = entry;
	else
		h->first = entry;
	h->last = entry;
	if (h->first == entry)
		host_place(s, e->host);
}

static void line_leave(struct schedule *s, uint32_t entry)
{
	struct entry *e = &s->entries[entry];
	struct host *h = &s->hosts[e->host];

	if (e->prev != NONE)
		s->entries[e->prev].next = e->next;
	else
		h->first = e->next;
	if (e->next != NONE)
		s->entries[e->next].prev = e->prev;
	else
		h->last = e->prev;
	host_place(s, e->host);
}

/* --- Entries ------------------------------------------------------------------------------ */

int schedule_add(struct schedule *schedule, uint32_t *ret_entry, uint64_t host)
{
	struct schedule *s = schedule;
	uint32_t i = s->free_entry;

	if (i == NONE) {
		const int r = reserve(s, s->n_entries + 1);

		if (r < 0)
			return r;
		i = s->n_entries++;
	} else {
		s->free_entry = s->entries[i].next;
	}
	s->entries[i] = (struct entry){.state = PARKED, .host = host_find(s, host)};
	s->hosts[s->entries[i].host].entries++;
	*ret_entry = i;
	return 0;
}

/* Takes the entry out of wherever it is. */
static void leave(struct schedule *s, uint32_t entry)
{
	struct entry *e = &s->entries[entry];

	if (e->state == IDLE)
		heap_remove(s, &s->idle, &by_due, e->at);
	else if (e->state == WAITING)
		line_leave(s, entry);
	else if (e->state == BUSY)
		schedule_release(s, entry);
	e->state = PARKED;
}

void schedule_remove(struct schedule *schedule, uint32_t entry)
{
	struct schedule *s = schedule;
	struct entry *e = &s->entries[entry];

	leave(s, entry);
	if (--s->hosts[e->host].entries == 0)
		host_drop(s, e->host);
	e->state = FREE;
	e->next = s->free_entry;
	s->free_entry = entry;
}

void schedule_set(struct schedule *schedule, uint32_t entry, int64_t due_ms)
{
	struct entry *e = &schedule->entries[entry];

	leave(schedule, entry);
	e->state = IDLE;
	e->due_ms = due_ms;
	e->tie = (uint32_t)mix(&schedule->random);
	heap_push(schedule, &schedule->idle, &by_due, entry);
}

void schedule_park(struct schedule *schedule, uint32_t entry)
{
	leave(schedule, entry);
}

bool schedule_next(struct schedule *schedule, int64_t now_ms, uint32_t *ret_entry)
{
	struct schedule *s = schedule;
	struct host *h;
	uint32_t entry;

	while (s->idle.n && s->entries[s->idle.items[0]].due_ms <= now_ms) {
		entry = s->idle.items[0];
		heap_remove(s, &s->idle, &by_due, 0);
		line_join(s, entry);
	}
	if (!s->gates.n)
		return false;
	h = &s->hosts[s->gates.items[0]];
	if (h->ready_ms > now_ms)
		return false;
	entry = h->first;
	h->busy++;
	if (h->name != SCHEDULE_NO_HOST)
		h->gate_ms = now_ms + (h->spacing_ms > s->options.spacing_ms
						      ? h->spacing_ms
						      : s->options.spacing_ms);
	line_leave(s, entry);
	s->entries[entry].state = BUSY;
	*ret_entry = entry;
	return true;
}

void schedule_release(struct schedule *schedule, uint32_t entry)
{
	struct entry *e = &schedule->entries[entry];

	if (e->state != BUSY)
		return;
	e->state = RELEASED;
	schedule->hosts[e->host].busy--;
	host_place(schedule, e->host);
}

void schedule_hold(struct schedule *schedule, uint32_t entry, int64_t until_ms)
{
	struct host *h = &schedule->hosts[schedule->entries[entry].host];

	if (h->gate_ms < until_ms)
		h->gate_ms = until_ms;
	host_place(schedule, schedule->entries[entry].host);
}

void schedule_space(struct schedule *schedule, uint32_t entry, int64_t spacing_ms)
{
	struct host *h = &schedule->hosts[schedule->entries[entry].host];

	if (h->name != SCHEDULE_NO_HOST)
		h->spacing_ms = spacing_ms < 0            ? 0
				: spacing_ms > UINT32_MAX ? UINT32_MAX
							  : (uint32_t)spacing_ms;
}

int64_t schedule_wait(const struct schedule *schedule, int64_t now_ms)
{
	const struct schedule *s = schedule;
	int64_t at = INT64_MAX;

	if (s->idle.n)
		at = s->entries[s->idle.items[0]].due_ms;
	if (s->gates.n && s->hosts[s->gates.items[0]].ready_ms < at)
		at = s->hosts[s->gates.items[0]].ready_ms;
	if (at == INT64_MAX)
		return SCHEDULE_NEVER;
	return at > now_ms ? at - now_ms : 0;
}

int64_t schedule_due(const struct schedule *schedule, uint32_t entry)
{
	const struct entry *e = &schedule->entries[entry];

	return e->state == IDLE || e->state == WAITING ? e->due_ms : SCHEDULE_NEVER;
}

bool schedule_is_busy(const struct schedule *schedule, uint32_t entry)
{
	const uint8_t state = schedule->entries[entry].state;

	return state == BUSY || state == RELEASED;
}

uint32_t schedule_company(const struct schedule *schedule, uint32_t entry)
{
	return schedule->hosts[schedule->entries[entry].host].entries;
}
