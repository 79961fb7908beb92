/*
 * archive_detect: counts by brand and hour, and what was found in them: bursts; how many
 * sources were healthy; which reports of the schedule are sent. Statements are made where they
 * are used: a minute apart.
 */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "line/archive_inner.h"

enum { BUCKETS = 12 }; /* an hour of `counts` */

struct detect_job {
	struct archive_task job;
	struct wall now;
	int64_t ago_ms[BASELINE_WEEKS + BASELINE_DAYS];
	struct span brand; /* or the name of a report */
	struct archive_brand *brands;
	struct archive_carrier *carriers;
	struct archive_burst *bursts;
	size_t n, most;
	uint64_t numbers[2];
	struct wall at;
	void (*got_last)(void *arg, struct wall last);
	void (*got_brands)(void *arg, const struct archive_brand *brands, size_t n);
	void (*got_carriers)(void *arg, const struct archive_carrier *carriers, size_t n);
	void (*got_bursts)(void *arg, const struct archive_burst *bursts, size_t n);
};

/* Ends of the hour, in ms: [from, to). */
static void hour_of(int64_t *ret_from, int64_t *ret_to, struct wall now)
{
	*ret_to = (now.ms / ARCHIVE_COUNT_MS + 1) * ARCHIVE_COUNT_MS;
	*ret_from = *ret_to - (int64_t)BUCKETS * ARCHIVE_COUNT_MS;
}

/* One more in a list in the arena. */
static void *grow(struct arena *arena, void *list, size_t n, size_t size)
{
	void *more;

	/* At 1, 2, 4, 8 … it is full. */
	if (n & (n - 1))
		return list;
	more = arena_calloc(arena, n ? n * 2 : 1, size);
	if (more && n)
		memcpy(more, list, n * size);
	return more;
}

static int read_watched_since(struct archive *a)
{
	struct archive_sql *row = NULL;
	int r;

	if (a->watched_since_ms != INT64_MAX)
		return 0;
	r = archive_sql_new(
		&row, a->db, "SELECT min(first_seen) FROM mentions WHERE first_seen > 0");
	if (r == 0)
		r = archive_sql_step(row);
	if (r == ARCHIVE_ROW && !archive_column_null(row, 0))
		a->watched_since_ms = archive_column_int(row, 0);
	archive_sql_free(row);
	return r < 0 ? r : 0;
}

static int read_hour(struct detect_job *d, struct archive_sql *rows)
{
	int64_t from, to;
	int r;

	hour_of(&from, &to, d->now);
	archive_bind_int(rows, 1, from);
	archive_bind_int(rows, 2, to);
	while ((r = archive_sql_step(rows)) == ARCHIVE_ROW) {
		struct archive_brand *b;

		d->brands = grow(&d->job.base.out, d->brands, d->n, sizeof(*d->brands));
		if (!d->brands)
			return -ENOMEM;
		b = &d->brands[d->n++];
		*b = (struct archive_brand){.n = (double)archive_column_int(rows, 2)};
		r = archive_column_dup(&b->brand, &d->job.base.out, rows, 0);
		if (r == 0)
			r = archive_column_dup(&b->kind, &d->job.base.out, rows, 1);
		if (r < 0)
			return r;
	}
	archive_sql_reset(rows);
	return r;
}

/* The same hour, so long ago, of one brand. */
static int read_past(double *ret, struct archive *a, struct detect_job *d,
	struct archive_sql *sum, struct span brand, int64_t ago_ms)
{
	int64_t from, to;
	int r;

	hour_of(&from, &to, d->now);
	*ret = NAN;
	if (from - ago_ms < a->watched_since_ms)
		return 0;
	archive_bind_int(sum, 1, from - ago_ms);
	archive_bind_int(sum, 2, to - ago_ms);
	archive_bind_word(sum, 3, brand);
	r = archive_sql_step(sum);
	if (r == ARCHIVE_ROW)
		*ret = (double)archive_column_int(sum, 0);
	archive_sql_reset(sum);
	return r < 0 ? r : 0;
}

static int run_brands(void *arg, struct archive_job *base)
{
	struct detect_job *d = (struct detect_job *)base;
	struct archive_sql *rows = NULL, *sum = NULL;
	struct archive *a = arg;
	int r = read_watched_since(a);

	d->brands = NULL;
	d->n = 0;
	if (r == 0)
		r = archive_sql_new(&rows, a->db,
			"SELECT brand, min(kind), sum(n) FROM counts WHERE at >= ?1 AND at < ?2"
			" GROUP BY brand ORDER BY brand");
	if (r == 0)
		r = archive_sql_new(&sum, a->db,
			"SELECT total(n) FROM counts WHERE at >= ?1 AND at < ?2 AND brand = "
			"?3");
	if (r == 0)
		r = read_hour(d, rows);
	for (size_t i = 0; i < d->n && r == 0; i++) {
		struct archive_brand *b = &d->brands[i];

		for (int k = 0; k < BASELINE_WEEKS && r == 0; k++)
			r = read_past(&b->past.weeks[k], a, d, sum, b->brand, d->ago_ms[k]);
		for (int k = 0; k < BASELINE_DAYS && r == 0; k++)
			r = read_past(&b->past.days[k], a, d, sum, b->brand,
				d->ago_ms[BASELINE_WEEKS + k]);
	}
	archive_sql_free(rows);
	archive_sql_free(sum);
	return r;
}

static void on_brands(struct archive_job *base)
{
	struct detect_job *d = (struct detect_job *)base;

	d->got_brands(d->job.arg, d->brands, d->n);
}

void archive_brands(struct archive *a, struct wall now,
	const int64_t ago_ms[BASELINE_WEEKS + BASELINE_DAYS],
	void (*got)(void *arg, const struct archive_brand *brands, size_t n), void *arg)
{
	struct detect_job *d = archive_job_new(a, sizeof(*d), 1, run_brands, on_brands);

	if (!d)
		return;
	d->now = now;
	memcpy(d->ago_ms, ago_ms, sizeof(d->ago_ms));
	d->got_brands = got;
	d->job.arg = arg;
	archive_worker_take(a->worker, &d->job.base);
}

static int run_carriers(void *arg, struct archive_job *base)
{
	struct detect_job *d = (struct detect_job *)base;
	struct archive_sql *rows = NULL;
	struct archive *a = arg;
	int64_t from, to;
	int r = archive_sql_new(&rows, a->db,
		/* m.key is that of the row with the least (SQLite, "bare columns in an
		 * aggregate query"): the first of its story in this hour. */
		"SELECT m.key, count(*), min(m.mention) FROM mentions m"
		" WHERE m.at >= ?1 AND m.at < ?2 AND EXISTS (SELECT 1 FROM matches x"
		" WHERE x.mention = m.mention AND x.brand = ?3)"
		" GROUP BY coalesce(m.story, m.key) ORDER BY 2 DESC, 3 LIMIT ?4");

	if (r < 0)
		return r;
	d->carriers = NULL;
	d->n = 0;
	hour_of(&from, &to, d->now);
	archive_bind_int(rows, 1, from);
	archive_bind_int(rows, 2, to);
	archive_bind_word(rows, 3, d->brand);
	archive_bind_int(rows, 4, (int64_t)d->most);
	while ((r = archive_sql_step(rows)) == ARCHIVE_ROW) {
		const struct span key = archive_column_span(rows, 0);

		d->carriers = grow(&base->out, d->carriers, d->n, sizeof(*d->carriers));
		if (!d->carriers) {
			r = -ENOMEM;
			break;
		}
		if (key.n == ITEM_KEY_BYTES)
			memcpy(d->carriers[d->n].key.b, key.p, key.n);
		d->carriers[d->n++].n = (uint64_t)archive_column_int(rows, 1);
	}
	archive_sql_free(rows);
	return r;
}

static void on_carriers(struct archive_job *base)
{
	struct detect_job *d = (struct detect_job *)base;

	d->got_carriers(d->job.arg, d->carriers, d->n);
}

void archive_carriers(struct archive *a, struct span brand, struct wall now, size_t most,
	void (*got)(void *arg, const struct archive_carrier *carriers, size_t n), void *arg)
{
	struct detect_job *d = archive_job_new(a, sizeof(*d), 1, run_carriers, on_carriers);

	if (!d)
		return;
	d->now = now;
	d->most = most;
	d->brand = arena_dup(&d->job.base.arena, brand);
	d->got_carriers = got;
	d->job.arg = arg;
	if (!d->brand.p)
		archive_job_refuse(&d->job);
	else
		archive_worker_take(a->worker, &d->job.base);
}

/* --- Bursts --------------------------------------------------------------------------------
 */

static int run_burst_write(void *arg, struct archive_job *base)
{
	const struct detect_job *d = (struct detect_job *)base;
	const struct archive_burst *b = d->bursts;
	struct archive_sql *row = NULL;
	struct archive *a = arg;
	int r = archive_sql_new(&row, a->db,
		"INSERT INTO bursts (key, brand, kind, began, ended, peak, notice, told)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (key) DO UPDATE SET"
		" ended = excluded.ended, peak = excluded.peak, told = max(told, "
		"excluded.told)");

	if (r < 0)
		return r;
	archive_bind_blob(row, 1, span_of((const char *)b->key.b, ITEM_KEY_BYTES));
	archive_bind_word(row, 2, b->brand);
	archive_bind_word(row, 3, b->kind);
	archive_bind_int(row, 4, b->began.ms);
	if (wall_known(b->ended))
		archive_bind_int(row, 5, b->ended.ms);
	archive_bind_number(row, 6, b->peak);
	archive_bind_word(row, 7, b->notice);
	archive_bind_int(row, 8, b->told);
	r = archive_sql_run(row);
	archive_sql_free(row);
	return r;
}

static void on_done(struct archive_job *base)
{
	struct detect_job *d = (struct detect_job *)base;

	if (d->job.done)
		d->job.done(d->job.arg);
}

void archive_burst_write(struct archive *a, const struct archive_burst *burst,
	void (*done)(void *arg), void *arg)
{
	struct detect_job *d = archive_job_new(a, sizeof(*d), 1, run_burst_write, on_done);
	struct archive_burst *copy;
	struct arena *arena;

	if (!d)
		return;
	arena = &d->job.base.arena;
	copy = arena_calloc(arena, 1, sizeof(*copy));
	if (copy) {
		*copy = *burst;
		copy->brand = arena_dup(arena, burst->brand);
		copy->kind = arena_dup(arena, burst->kind);
		copy->notice = arena_dup(arena, burst->notice);
	}
	d->bursts = copy;
	d->job.done = done;
	d->job.arg = arg;
	d->job.base.writes = true;
	if (!copy || !copy->brand.p || !copy->kind.p || !copy->notice.p)
		archive_job_refuse(&d->job);
	else
		archive_worker_take(a->worker, &d->job.base);
}

static int read_burst(struct archive_burst *b, struct arena *out, struct archive_sql *rows)
{
	const struct span key = archive_column_span(rows, 0);
	int r;

	*b = (struct archive_burst){.began = {archive_column_int(rows, 3)},
		.ended = archive_column_null(rows, 4)
				 ? WALL_NONE
				 : (struct wall){archive_column_int(rows, 4)},
		.peak = archive_column_number(rows, 5),
		.told = archive_column_int(rows, 7)};
	if (key.n == ITEM_KEY_BYTES)
		memcpy(b->key.b, key.p, key.n);
	r = archive_column_dup(&b->brand, out, rows, 1);
	if (r == 0)
		r = archive_column_dup(&b->kind, out, rows, 2);
	return r < 0 ? r : archive_column_dup(&b->notice, out, rows, 6);
}

static int run_bursts(void *arg, struct archive_job *base)
{
	struct detect_job *d = (struct detect_job *)base;
	struct archive_sql *rows = NULL;
	struct archive *a = arg;
	int r = archive_sql_new(&rows, a->db,
		"SELECT key, brand, kind, began, ended, peak, notice, told FROM bursts"
		" WHERE ended IS NULL OR told < 2 ORDER BY began");

	d->bursts = NULL;
	d->n = 0;
	while (r >= 0 && (r = archive_sql_step(rows)) == ARCHIVE_ROW) {
		d->bursts = grow(&base->out, d->bursts, d->n, sizeof(*d->bursts));
		r = d->bursts ? read_burst(&d->bursts[d->n++], &base->out, rows) : -ENOMEM;
	}
	archive_sql_free(rows);
	return r;
}

static void on_bursts(struct archive_job *base)
{
	struct detect_job *d = (struct detect_job *)base;

	d->got_bursts(d->job.arg, d->bursts, d->n);
}

void archive_bursts(struct archive *a,
	void (*got)(void *arg, const struct archive_burst *bursts, size_t n), void *arg)
{
	struct detect_job *d = archive_job_new(a, sizeof(*d), 1, run_bursts, on_bursts);

	if (!d)
		return;
	d->got_bursts = got;
	d->job.arg = arg;
	archive_worker_take(a->worker, &d->job.base);
}

/* --- Coverage ------------------------------------------------------------------------------
 */

static int run_cover(void *arg, struct archive_job *base)
{
	const struct detect_job *d = (struct detect_job *)base;
	struct archive_sql *row = NULL;
	struct archive *a = arg;
	int r = archive_sql_new(&row, a->db,
		"INSERT INTO coverage (at, healthy, sources) VALUES (?1, ?2, ?3)"
		" ON CONFLICT (at) DO NOTHING");

	if (r < 0)
		return r;
	archive_bind_int(row, 1, d->now.ms);
	archive_bind_int(row, 2, (int64_t)d->numbers[0]);
	archive_bind_int(row, 3, (int64_t)d->numbers[1]);
	r = archive_sql_run(row);
	archive_sql_free(row);
	return r;
}

void archive_cover(struct archive *a, struct wall hour, uint64_t healthy, uint64_t sources)
{
	struct detect_job *d = archive_job_new(a, sizeof(*d), 1, run_cover, on_done);

	if (!d)
		return;
	d->now = hour;
	d->numbers[0] = healthy;
	d->numbers[1] = sources;
	d->job.base.writes = true;
	archive_worker_take(a->worker, &d->job.base);
}

/* --- Reports -------------------------------------------------------------------------------
 */

static int run_report_last(void *arg, struct archive_job *base)
{
	struct detect_job *d = (struct detect_job *)base;
	struct archive_sql *row = NULL;
	struct archive *a = arg;
	int r = archive_sql_new(&row, a->db, "SELECT max(until) FROM reports WHERE name = ?1");

	if (r < 0)
		return r;
	archive_bind_word(row, 1, d->brand);
	d->at = WALL_NONE;
	r = archive_sql_step(row);
	if (r == ARCHIVE_ROW && !archive_column_null(row, 0))
		d->at.ms = archive_column_int(row, 0);
	archive_sql_free(row);
	return r < 0 ? r : 0;
}

static void on_report_last(struct archive_job *base)
{
	struct detect_job *d = (struct detect_job *)base;

	d->got_last(d->job.arg, d->at);
}

void archive_report_last(struct archive *a, struct span name,
	void (*got)(void *arg, struct wall last), void *arg)
{
	struct detect_job *d =
		archive_job_new(a, sizeof(*d), 1, run_report_last, on_report_last);

	if (!d)
		return;
	d->got_last = got;
	d->job.arg = arg;
	d->brand = arena_dup(&d->job.base.arena, name);
	if (!d->brand.p)
		archive_job_refuse(&d->job);
	else
		archive_worker_take(a->worker, &d->job.base);
}

static int run_report_done(void *arg, struct archive_job *base)
{
	const struct detect_job *d = (struct detect_job *)base;
	struct archive_sql *row = NULL;
	struct archive *a = arg;
	int r = archive_sql_new(&row, a->db,
		"INSERT INTO reports (name, until, made) VALUES (?1, ?2, ?3)"
		" ON CONFLICT (name, until) DO NOTHING");

	if (r < 0)
		return r;
	archive_bind_word(row, 1, d->brand);
	archive_bind_int(row, 2, d->at.ms);
	archive_bind_int(row, 3, d->now.ms);
	r = archive_sql_run(row);
	archive_sql_free(row);
	return r;
}

void archive_report_done(struct archive *a, struct span name, struct wall due, struct wall now)
{
	struct detect_job *d = archive_job_new(a, sizeof(*d), 1, run_report_done, on_done);

	if (!d)
		return;
	d->at = due;
	d->now = now;
	d->job.base.writes = true;
	d->brand = arena_dup(&d->job.base.arena, name);
	if (!d->brand.p)
		archive_job_refuse(&d->job);
	else
		archive_worker_take(a->worker, &d->job.base);
}
