#ifndef VIGIE_LINE_RECALL_H
#define VIGIE_LINE_RECALL_H

/*
 * recall: what is remembered of a source's last good read, beside what the queue knows: the
 * first sight of undated items, a trace of each item, and whether ids and URLs can be trusted
 * (line/identity.h). Stored as source_state.undated, an opaque string of any bytes with a
 * version, committed with the document it describes.
 *
 * A trace (what was said, and under which id) answers three questions. Which items of a
 * document are new to the source: that is its rhythm. Did the one and the same item come under
 * another id: then the source's ids are worth nothing, and without a trace all its items would
 * be new at every read. And did what was said come again with another id and another date: then
 * it is no news (recall_moved()).
 */

#include "line/identity.h"
#include "vigie/batch.h"

/* Traces of the first items of a document: feeds carry the newest first, 64 covers 97 of 100,
 * and 16 bytes each for a hundred thousand sources must fit a small machine. */
enum { RECALL_TRACES = 64 };
/* First sights: as many as sift reads items (its default). */
enum { RECALL_FIRSTS = 2000 };

/* In recall_trace.said: it had moved when it was seen. */
#define RECALL_MOVED (UINT32_C(1) << 31)

struct recall_trace {
	uint64_t what; /* hash of URL, title and publication (undated: text) */
	uint32_t id;   /* hash of its id; 0: has none of its own */
	uint32_t said; /* hash of URL, title and text, and RECALL_MOVED; 0: has no URL of its
			  own */
};

struct recall_first {
	uint64_t who;  /* identity.hash */
	uint32_t at_s; /* since 1970 */
};

struct recall {
	unsigned trust;  /* bits of identity_trust */
	uint32_t read_s; /* when the document came, since 1970; 0: not known */
	struct recall_trace *traces;
	size_t n_traces;
	struct recall_first *firsts; /* undated items */
	size_t n_firsts;
};

/* Into the arena. What can't be read (or is of a newer version) recalls nothing. 0 or -ENOMEM.
 */
int recall_decode(struct recall *ret, struct arena *arena, struct span bytes);

/* Sorts recall->firsts. .p is NULL when memory is out. */
struct span recall_encode(struct arena *arena, struct recall *recall);

struct recall_trace recall_trace_of(const struct item *item);

/* IDENTITY_NO_IDS when an item of the last read is here under another id while its old one is
 * gone; else 0. traces: one per item of the document. */
unsigned recall_trust(const struct recall *last, const struct recall_trace *traces, size_t n);

/* Marks in moved[] (one per item, cleared by the caller) and in its trace each item that was
 * there at the last read, with the same URL, title and text, under another id that is gone and
 * with another date. `last` must be the very last answer: one that said "nothing new" in
 * between shows that ids do not change at each read. IDENTITY_NO_IDS when the source makes its
 * ids and dates anew for each read: nothing of the last ids is left and two items or more have
 * moved. With IDENTITY_NO_URLS when but one has, and it had when it was seen before: under one
 * address that may be a series ("All is well"), whose next title is news. Else 0. */
unsigned recall_moved(
	bool *moved, const struct recall *last, struct recall_trace *traces, size_t n);

/* Was it there at the last read? (Only the first RECALL_TRACES items are remembered.) */
bool recall_knows(const struct recall *last, const struct recall_trace *trace);

/* First sight of an undated item; WALL_NONE: not seen at the last read. For what was decoded.
 */
struct wall recall_first_sight(const struct recall *last, uint64_t who);

#endif
