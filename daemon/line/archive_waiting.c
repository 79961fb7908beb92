/*
 * archive_waiting: which mentions the desk had not done with, by the ledger; asked when it has
 * forgotten.
 */

#include <errno.h>
#include <string.h>

#include "line/archive_inner.h"

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
