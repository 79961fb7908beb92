/*
 * packed: numbers first, then the bytes of all strings in the order of the table below.
 */

#include "line/packed.h"

#include <stddef.h>

/* Every string of struct source_state. */
static const size_t strings[] = {
	offsetof(struct source_state, etag),
	offsetof(struct source_state, last_modified),
	offsetof(struct source_state, cursor),
	offsetof(struct source_state, url_moved),
	offsetof(struct source_state, ns),
	offsetof(struct source_state, error),
	offsetof(struct source_state, mark),
	offsetof(struct source_state, undated),
	offsetof(struct source_state, memo),
};
enum { STRINGS = sizeof(strings) / sizeof(*strings) };

struct packed {
	struct wall first_contact, last_read, last_try, next_due;
	int64_t failures, reads, items, hits;
	uint32_t lengths[STRINGS];
	char bytes[];
};

static struct span *string(struct source_state *s, size_t i)
{
	return (struct span *)((char *)s + strings[i]);
}

static struct span string_of(const struct source_state *s, size_t i)
{
	return *(const struct span *)((const char *)s + strings[i]);
}

static size_t size_of(const struct packed *p)
{
	size_t n = sizeof(*p);

	for (size_t i = 0; i < STRINGS; i++)
		n += p->lengths[i];
	return n;
}

struct packed *packed_new(const struct source_state *state)
{
	struct packed *p;
	size_t n = 0, at = 0;

	for (size_t i = 0; i < STRINGS; i++)
		n += string_of(state, i).n;
	p = malloc(sizeof(*p) + n);
	if (!p)
		return NULL;
	*p = (struct packed){
		.first_contact = state->first_contact,
		.last_read = state->last_read,
		.last_try = state->last_try,
		.next_due = state->next_due,
		.failures = state->failures,
		.reads = state->reads,
		.items = state->items,
		.hits = state->hits,
	};
	for (size_t i = 0; i < STRINGS; i++) {
		const struct span s = string_of(state, i);

		p->lengths[i] = (uint32_t)s.n;
		if (s.n)
			memcpy(p->bytes + at, s.p, s.n);
		at += s.n;
	}
	return p;
}

struct packed *packed_dup(struct arena *arena, const struct packed *packed)
{
	const size_t n = size_of(packed);
	struct packed *p = arena_alloc(arena, n);

	if (p)
		memcpy(p, packed, n);
	return p;
}

void packed_read(struct source_state *ret, const struct packed *packed)
{
	size_t at = 0;

	*ret = (struct source_state){
		.first_contact = packed->first_contact,
		.last_read = packed->last_read,
		.last_try = packed->last_try,
		.next_due = packed->next_due,
		.failures = packed->failures,
		.reads = packed->reads,
		.items = packed->items,
		.hits = packed->hits,
	};
	for (size_t i = 0; i < STRINGS; i++) {
		*string(ret, i) = span_of(packed->bytes + at, packed->lengths[i]);
		at += packed->lengths[i];
	}
}

struct source_state source_state_new(void)
{
	return (struct source_state){
		.first_contact = WALL_NONE,
		.last_read = WALL_NONE,
		.last_try = WALL_NONE,
		.next_due = WALL_NONE,
	};
}
