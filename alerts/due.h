#ifndef VIGIE_ALERTS_DUE_H
#define VIGIE_ALERTS_DUE_H

/*
 * due: a binary heap of things with a time, embedded in them, so that one can be moved or taken
 * out. Things of one time come in no particular order.
 */

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct due {
	int64_t ms;
	uint32_t place; /* from 1; 0: in no heap */
};

struct due_heap {
	struct due **items;
	uint32_t n, capacity;
};

#define due_container(due, type, member)                                                       \
	((type *)(void *)((char *)(due)-offsetof(type, member)))

static inline void due_put(struct due_heap *h, uint32_t i, struct due *d)
{
	h->items[i] = d;
	d->place = i + 1;
}

/* Restores the order around place i. */
static inline void due_settle(struct due_heap *h, uint32_t i)
{
	struct due *d = h->items[i];

	for (; i > 0 && h->items[(i - 1) / 2]->ms > d->ms; i = (i - 1) / 2)
		due_put(h, i, h->items[(i - 1) / 2]);
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < h->n && h->items[child + 1]->ms < h->items[child]->ms)
			child++;
		if (child >= h->n || h->items[child]->ms >= d->ms)
			break;
		due_put(h, i, h->items[child]);
		i = child;
	}
	due_put(h, i, d);
}

/* Sets or changes the time. 0 or -ENOMEM. */
static inline int due_set(struct due_heap *h, struct due *d, int64_t ms)
{
	d->ms = ms;
	if (!d->place) {
		if (h->n == h->capacity) {
			const uint32_t capacity = h->capacity ? h->capacity * 2 : 64;
			struct due **items = realloc(h->items, capacity * sizeof(struct due *));

			if (!items)
				return -ENOMEM;
			h->items = items;
			h->capacity = capacity;
		}
		due_put(h, h->n++, d);
	}
	due_settle(h, d->place - 1);
	return 0;
}

static inline void due_remove(struct due_heap *h, struct due *d)
{
	const uint32_t i = d->place - 1;

	if (!d->place)
		return;
	d->place = 0;
	if (--h->n == i)
		return;
	due_put(h, i, h->items[h->n]);
	due_settle(h, i);
}

static inline struct due *due_first(const struct due_heap *h)
{
	return h->n ? h->items[0] : NULL;
}

static inline void due_deinit(struct due_heap *h)
{
	free(h->items);
	*h = (struct due_heap){NULL, 0, 0};
}

#endif
