/*
 * archive_desk: what the desk asks of hits before it decides: their stories, and who has heard;
 * in which story one would be; and which hits it had not done with, when it has forgotten.
 */

#include <errno.h>
#include <string.h>

#include "line/archive_inner.h"
#include "line/codec_hit.h"

struct ask_job {
	struct archive_task job;
	const struct item_key *keys;
	const struct span *hits;
	struct archive_known *known;
	void (*got)(void *arg, const struct archive_known *known, size_t n);
};

static int read_outcomes(struct archive *a, struct archive_known *ret,
	const struct item_key *key, struct arena *out)
{
	struct archive_outcome *list = NULL;
	size_t n = 0, room = 0;
	int r;

	archive_bind_blob(a->outcomes_of, 1, span_of((const char *)key->b, ITEM_KEY_BYTES));
	while ((r = archive_sql_step(a->outcomes_of)) == ARCHIVE_ROW) {
		struct archive_outcome *o;

		if (n == room) {
			struct archive_outcome *more;

			room = room ? room * 2 : 4;
			more = arena_calloc(out, room, sizeof(*more));
			if (!more) {
				r = -ENOMEM;
				break;
			}
			if (n)
				memcpy(more, list, n * sizeof(*list));
			list = more;
		}
		o = &list[n++];
		*o = (struct archive_outcome){.key = *key, .at = WALL_NONE, .until = WALL_NONE};
		r = archive_column_dup(&o->receiver, out, a->outcomes_of, 0);
		if (r == 0)
			r = archive_column_dup(&o->outcome, out, a->outcomes_of, 1);
		if (r == 0)
			r = archive_column_dup(&o->delivery, out, a->outcomes_of, 2);
		if (r == 0 && !archive_column_null(a->outcomes_of, 3))
			o->at.ms = archive_column_int(a->outcomes_of, 3);
		if (r == 0 && !archive_column_null(a->outcomes_of, 4))
			o->until.ms = archive_column_int(a->outcomes_of, 4);
		if (r == 0)
			r = archive_column_dup(&o->why, out, a->outcomes_of, 5);
		if (r < 0)
			break;
	}
	archive_sql_reset(a->outcomes_of);
	ret->outcomes = list;
	ret->n_outcomes = n;
	return r;
}

static int run_ask(void *arg, struct archive_job *base)
{
	struct ask_job *ask = (struct ask_job *)base;
	struct archive *a = arg;
	int r = 0;

	ask->known = arena_calloc(&base->out, ask->job.n + 1, sizeof(*ask->known));
	if (!ask->known)
		return -ENOMEM;
	for (size_t i = 0; i < ask->job.n && r == 0; i++) {
		struct archive_known *k = &ask->known[i];

		/* Also what is there: it may be an edit of it, or its deletion. */
		r = archive_file_bytes(a, ask->hits[i]);
		if (r == 0)
			r = archive_read_place(a->reading, &k->place, &ask->keys[i]);
		if (r >= 0)
			r = read_outcomes(a, k, &ask->keys[i], &base->out);
	}
	return r;
}

static void on_ask_done(struct archive_job *base)
{
	struct ask_job *ask = (struct ask_job *)base;

	ask->got(ask->job.arg, ask->known, ask->job.n);
}

void archive_ask(struct archive *a, const struct archive_asked *asked, size_t n,
	void (*got)(void *arg, const struct archive_known *known, size_t n), void *arg)
{
	struct ask_job *ask = archive_job_new(a, sizeof(*ask), n, run_ask, on_ask_done);
	struct arena *arena;
	struct item_key *keys;
	struct span *hits;

	if (!ask)
		return;
	arena = &ask->job.base.arena;
	keys = arena_calloc(arena, n + 1, sizeof(*keys));
	hits = arena_calloc(arena, n + 1, sizeof(*hits));
	for (size_t i = 0; keys && hits && i < n; i++) {
		keys[i] = asked[i].key;
		hits[i] = arena_dup(arena, asked[i].hit);
		if (!hits[i].p)
			hits = NULL;
	}
	if (!keys || !hits) {
		archive_job_refuse(&ask->job);
		return;
	}
	ask->keys = keys;
	ask->hits = hits;
	ask->got = got;
	ask->job.arg = arg;
	ask->job.n = n;
	ask->job.base.writes = true;
	archive_worker_take(a->worker, &ask->job.base);
}

/* --- Where one would be --------------------------------------------------------------------
 */

struct place_job {
	struct archive_task job;
	struct span bytes;
	struct story_place place;
	bool is_hit;
	void (*got)(void *arg, const struct story_place *place);
};

static int run_place(void *arg, struct archive_job *base)
{
	struct place_job *p = (struct place_job *)base;
	struct archive *a = arg;
	struct arena arena = {0};
	struct hit hit;
	int r = hit_decode(&hit, &arena, p->bytes);

	p->is_hit = r == 0;
	if (p->is_hit)
		r = archive_stories_look(a->stories, &hit, &p->place);
	arena_release(&arena);
	return r == -EINVAL ? 0 : r;
}

static void on_place_done(struct archive_job *base)
{
	struct place_job *p = (struct place_job *)base;

	p->got(p->job.arg, p->is_hit ? &p->place : NULL);
}

void archive_place(struct archive *a, struct span hit,
	void (*got)(void *arg, const struct story_place *place), void *arg)
{
	struct place_job *p = archive_job_new(a, sizeof(*p), 1, run_place, on_place_done);

	if (!p)
		return;
	p->bytes = arena_dup(&p->job.base.arena, hit);
	p->got = got;
	p->job.arg = arg;
	p->job.base.writes = true; /* the book may have to be read, and made anew */
	if (!p->bytes.p)
		archive_job_refuse(&p->job);
	else
		archive_worker_take(a->worker, &p->job.base);
}

/* --- What waits ----------------------------------------------------------------------------
 */

struct waiting_job {
	struct archive_task job;
	struct item_key behind, last;
	bool is_behind, from_first;
	struct hit *hits;
	size_t n;
	void (*got)(void *arg, const struct hit *hits, size_t n, const struct item_key *last);
};

/* One page of keys. A finding has no mention: it is passed over. How many there were, or
 * -errno.
 */
static int see_waiting(struct waiting_job *w, struct archive *a, struct archive_sql *rows)
{
	struct arena *out = &w->job.base.out;
	int seen = 0, r;

	archive_bind_blob(
		rows, 1, span_of((const char *)w->last.b, w->from_first ? 0 : ITEM_KEY_BYTES));
	archive_bind_int(rows, 2, (int64_t)w->job.n);
	while ((r = archive_sql_step(rows)) == ARCHIVE_ROW) {
		const struct span key = archive_column_span(rows, 0);

		seen++;
		w->from_first = false;
		memcpy(w->last.b, key.p, key.n < ITEM_KEY_BYTES ? key.n : ITEM_KEY_BYTES);
		r = archive_read_key(a->reading, &w->hits[w->n], out, &w->last);
		if (r < 0)
			break;
		w->n += r > 0;
	}
	archive_sql_reset(rows);
	return r < 0 ? r : seen;
}

static int run_waiting(void *arg, struct archive_job *base)
{
	struct waiting_job *w = (struct waiting_job *)base;
	struct archive *a = arg;
	struct archive_sql *rows = NULL;
	int r = archive_sql_new(&rows, a->db,
		"SELECT DISTINCT key FROM outcomes WHERE outcome" ARCHIVE_WAITS
		" AND key > ?1 ORDER BY key LIMIT ?2");

	w->n = 0;
	w->last = w->behind;
	w->from_first = !w->is_behind;
	w->hits = arena_calloc(&base->out, w->job.n + 1, sizeof(*w->hits));
	if (r == 0 && !w->hits)
		r = -ENOMEM;
	do {
		r = r < 0 ? r : see_waiting(w, a, rows);
	} while (r > 0 && !w->n);
	archive_sql_free(rows);
	return r < 0 ? r : 0;
}

static void on_waiting_done(struct archive_job *base)
{
	struct waiting_job *w = (struct waiting_job *)base;

	w->got(w->job.arg, w->hits, w->n, &w->last);
}

void archive_waiting(struct archive *a, const struct item_key *behind, size_t most,
	void (*got)(void *arg, const struct hit *hits, size_t n, const struct item_key *last),
	void *arg)
{
	struct waiting_job *w =
		archive_job_new(a, sizeof(*w), most, run_waiting, on_waiting_done);

	if (!w)
		return;
	w->is_behind = behind;
	if (behind)
		w->behind = *behind;
	w->got = got;
	w->job.arg = arg;
	w->job.n = most;
	archive_worker_take(a->worker, &w->job.base);
}
