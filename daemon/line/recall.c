/*
 * recall: the memory of the last good read, as bytes and back. It reads bytes that only we
 * wrote, but from a store that others can write to: nothing in them is believed.
 */

#include "line/recall.h"

#include <errno.h>
#include <string.h>
#include <xxhash.h>

/* Version, trust, numbers of traces and firsts (2 bytes each), when it was read (4), then both
 * lists. Little-endian. Version 1 had no time, and traces without `said`. */
enum { VERSION = 2, FIRST_BYTES = 12 };

struct layout {
	size_t head, trace;
};

/* NULL: nothing that can be read. */
static const struct layout *layout_of(struct span bytes)
{
	static const struct layout layouts[] = {{6, 12}, {10, 16}};
	const unsigned version = bytes.n ? (unsigned char)bytes.p[0] : 0;

	return version >= 1 && version <= VERSION && bytes.n >= layouts[version - 1].head
		       ? &layouts[version - 1]
		       : NULL;
}

static void put(unsigned char *p, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static uint64_t get(const unsigned char *p, int bytes)
{
	uint64_t v = 0;

	for (int i = bytes; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

int recall_decode(struct recall *ret, struct arena *arena, struct span bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	const struct layout *l = layout_of(bytes);
	struct recall_trace *traces;
	struct recall_first *firsts;
	size_t n_traces, n_firsts;

	*ret = (struct recall){0};
	if (!l)
		return 0;
	n_traces = get(p + 2, 2);
	n_firsts = get(p + 4, 2);
	if (bytes.n != l->head + l->trace * n_traces + FIRST_BYTES * n_firsts)
		return 0;
	traces = arena_calloc(arena, n_traces, sizeof(*traces));
	firsts = arena_calloc(arena, n_firsts, sizeof(*firsts));
	if (!traces || !firsts)
		return -ENOMEM;
	*ret = (struct recall){p[1], p[0] > 1 ? (uint32_t)get(p + 6, 4) : 0, traces, n_traces,
		firsts, n_firsts};
	for (size_t i = 0, at = l->head; i < n_traces; i++, at += l->trace)
		traces[i] = (struct recall_trace){get(p + at, 8), (uint32_t)get(p + at + 8, 4),
			l->trace > 12 ? (uint32_t)get(p + at + 12, 4) : 0};
	p += l->head + l->trace * n_traces;
	for (size_t i = 0; i < n_firsts; i++, p += FIRST_BYTES)
		firsts[i] = (struct recall_first){get(p, 8), (uint32_t)get(p + 8, 4)};
	return 0;
}

static int by_who(const void *a, const void *b)
{
	const uint64_t x = ((const struct recall_first *)a)->who;
	const uint64_t y = ((const struct recall_first *)b)->who;

	return (x > y) - (x < y);
}

struct span recall_encode(struct arena *arena, struct recall *recall)
{
	const size_t n_traces =
		recall->n_traces < RECALL_TRACES ? recall->n_traces : RECALL_TRACES;
	const size_t n_firsts =
		recall->n_firsts < RECALL_FIRSTS ? recall->n_firsts : RECALL_FIRSTS;
	const size_t n = 10 + 16 * n_traces + FIRST_BYTES * n_firsts;
	unsigned char *bytes = arena_alloc(arena, n), *p = bytes;

	if (!bytes)
		return SPAN_NONE;
	if (n_firsts)
		qsort(recall->firsts, n_firsts, sizeof(*recall->firsts), by_who);
	p[0] = VERSION;
	p[1] = (unsigned char)recall->trust;
	put(p + 2, n_traces, 2);
	put(p + 4, n_firsts, 2);
	put(p + 6, recall->read_s, 4);
	p += 10;
	for (size_t i = 0; i < n_traces; i++, p += 16) {
		put(p, recall->traces[i].what, 8);
		put(p + 8, recall->traces[i].id, 4);
		put(p + 12, recall->traces[i].said, 4);
	}
	for (size_t i = 0; i < n_firsts; i++, p += FIRST_BYTES) {
		put(p, recall->firsts[i].who, 8);
		put(p + 8, recall->firsts[i].at_s, 4);
	}
	return span_of((const char *)bytes, n);
}

/* What stored traces were made with. */
enum { WHAT_SEED = 1 };

static uint64_t hash(struct span s, uint64_t seed)
{
	return XXH3_64bits_withSeed(s.p ? s.p : "", s.n, seed);
}

struct recall_trace recall_trace_of(const struct item *item)
{
	struct recall_trace t = {
		.what = hash(identity_title(item->title), hash(item->url, WHAT_SEED))};

	/* An edit keeps the date; another item under the same title ("Weather report") has its
	 * own. */
	if (wall_known(item->published)) {
		unsigned char ms[8];

		put(ms, (uint64_t)item->published.ms, sizeof(ms));
		t.what = hash(span_of((const char *)ms, sizeof(ms)), t.what);
	} else {
		t.what = hash(item->text, t.what);
	}
	if (item->id_is_own && !span_empty(item->id)) {
		t.id = (uint32_t)hash(item->id, 0);
		t.id += t.id == 0;
	}
	if (!span_empty(identity_url(item))) {
		t.said = (uint32_t)hash(item->text,
				 hash(identity_title(item->title), hash(item->url, 0))) &
			 ~RECALL_MOVED;
		t.said += t.said == 0;
	}
	return t;
}

static const struct recall_trace *find(
	const struct recall *last, uint64_t what, uint32_t id, bool any)
{
	for (size_t i = 0; i < last->n_traces; i++)
		if (last->traces[i].what == what && (any || last->traces[i].id == id))
			return &last->traces[i];
	return NULL;
}

static bool has_id(const struct recall_trace *traces, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (traces[i].id == id)
			return true;
	return false;
}

unsigned recall_trust(const struct recall *last, const struct recall_trace *traces, size_t n)
{
	for (size_t i = 0; i < n && i < 2 * (size_t)RECALL_TRACES; i++) {
		const struct recall_trace *t = &traces[i], *before;

		if (!t->id || find(last, t->what, t->id, false))
			continue;
		before = find(last, t->what, 0, true);
		if (before && before->id && !has_id(traces, n, before->id))
			return IDENTITY_NO_IDS;
	}
	return 0;
}

/* The one that said it, under an id that is gone. */
static const struct recall_trace *moved_from(const struct recall *last,
	const struct recall_trace *t, const struct recall_trace *traces, size_t n)
{
	if (!t->id || !t->said || has_id(last->traces, last->n_traces, t->id))
		return NULL;
	for (size_t i = 0; i < last->n_traces; i++) {
		const struct recall_trace *was = &last->traces[i];

		if ((was->said & ~RECALL_MOVED) == t->said && was->id && was->id != t->id &&
			was->what != t->what && !has_id(traces, n, was->id))
			return was;
	}
	return NULL;
}

unsigned recall_moved(
	bool *moved, const struct recall *last, struct recall_trace *traces, size_t n)
{
	const size_t most = n < RECALL_TRACES ? n : RECALL_TRACES;
	bool again = false, left = false;
	size_t n_moved = 0;

	for (size_t i = 0; i < most; i++) {
		const struct recall_trace *was = moved_from(last, &traces[i], traces, n);

		moved[i] = was;
		n_moved += moved[i];
		again = again || (was && was->said & RECALL_MOVED);
	}
	for (size_t i = 0; i < last->n_traces; i++)
		left = left || (last->traces[i].id && has_id(traces, n, last->traces[i].id));
	for (size_t i = 0; i < most; i++)
		traces[i].said |= moved[i] ? RECALL_MOVED : 0;
	if (n_moved > 1 && (again || !left))
		return IDENTITY_NO_IDS;
	return again ? IDENTITY_NO_IDS | IDENTITY_NO_URLS : 0;
}

bool recall_knows(const struct recall *last, const struct recall_trace *trace)
{
	return find(last, trace->what, 0, true);
}

struct wall recall_first_sight(const struct recall *last, uint64_t who)
{
	const struct recall_first key = {.who = who}, *found = NULL;

	if (last->n_firsts)
		found = bsearch(&key, last->firsts, last->n_firsts, sizeof(key), by_who);
	return found ? (struct wall){(int64_t)found->at_s * 1000} : WALL_NONE;
}
