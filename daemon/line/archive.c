#include "line/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "io/log.h"
#include "line/archive_inner.h"
#include "line/archive_schema.h"
#include "line/codec_hit.h"

/* --- The connection
 * --------------------------------------------------------------------------- */

static const char *const waits[] = {"waiting", "held", "digest", "budget", "sending"};

static const char record_sql[] =
	"INSERT INTO outcomes (key, receiver, outcome, delivery, at, until, why)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	" ON CONFLICT (key, receiver) DO UPDATE SET outcome = excluded.outcome,"
	" delivery = excluded.delivery, at = excluded.at, until = excluded.until,"
	" why = excluded.why WHERE outcomes.outcome" ARCHIVE_WAITS
	" OR (outcomes.outcome NOT IN ('sent', 'digested') AND NOT "
	"excluded.outcome" ARCHIVE_WAITS ")";
static const char outcome_sql[] =
	"SELECT outcome FROM outcomes WHERE key = ?1 AND receiver = ?2";
static const char outcomes_of_sql[] =
	"SELECT receiver, outcome, delivery, at, until, why FROM outcomes WHERE key = ?1";
static const char loss_sql[] =
	"INSERT INTO losses (entry, why, at, bytes) VALUES (?1, ?2, ?3, ?4)"
	" ON CONFLICT (entry) DO NOTHING";
static const char audit_sql[] =
	"INSERT INTO audit (at, actor, action, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5)";

static void disconnect(struct archive *a)
{
	a->writer = archive_writer_free(a->writer);
	a->reading = archive_reading_free(a->reading);
	a->record = archive_sql_free(a->record);
	a->outcome = archive_sql_free(a->outcome);
	a->loss = archive_sql_free(a->loss);
	a->audit = archive_sql_free(a->audit);
	a->outcomes_of = archive_sql_free(a->outcomes_of);
	a->stories = archive_stories_free(a->stories);
	a->db = archive_db_close(a->db);
}

static int prepare(struct archive *a)
{
	int r = archive_writer_new(&a->writer, a->db);

	if (r == 0)
		r = archive_reading_new(&a->reading, a->db);
	if (r == 0)
		r = archive_sql_new(&a->record, a->db, record_sql);
	if (r == 0)
		r = archive_sql_new(&a->outcome, a->db, outcome_sql);
	if (r == 0)
		r = archive_sql_new(&a->loss, a->db, loss_sql);
	if (r == 0)
		r = archive_sql_new(&a->audit, a->db, audit_sql);
	if (r == 0)
		r = archive_sql_new(&a->outcomes_of, a->db, outcomes_of_sql);
	if (r == 0)
		r = archive_stories_new(&a->stories, a->db);
	return r;
}

static int connect_file(struct archive *a, enum archive_db_mode mode)
{
	int r;

	arena_release(&a->open_arena);
	r = archive_db_open(&a->db, a->path, mode, ARCHIVE_DB_SYNC_COMMIT, &archive_schema,
		&a->open_arena, &a->open_why);
	if (r < 0)
		return r;
	r = prepare(a);
	if (r < 0) {
		a->open_why = archive_db_why(a->db, &a->open_arena);
		disconnect(a);
	}
	return r;
}

static int on_begin(void *arg, bool writes)
{
	struct archive *a = arg;
	int r;

	if (!a->db) {
		/* A file that went away while we ran is not made anew in silence. */
		r = connect_file(a, ARCHIVE_DB_EXISTING);
		if (r < 0)
			return r;
	}
	return archive_db_begin(a->db, writes);
}

static int on_commit(void *arg)
{
	struct archive *a = arg;
	const int r = archive_stories_settle(a->stories);

	return r < 0 ? r : archive_db_exec(a->db, "COMMIT");
}

static void on_rollback(void *arg)
{
	struct archive *a = arg;

	if (!a->db)
		return;
	archive_db_rollback(a->db);
	archive_stories_forget(a->stories);
	memset(a->filed, 0, sizeof(a->filed));
	if (archive_db_broken(a->db))
		disconnect(a);
}

static struct span on_why(void *arg, int error, struct arena *arena)
{
	struct archive *a = arg;

	if (error == -ENOMEM)
		return SPAN_NONE;
	return a->db ? archive_db_why(a->db, arena) : arena_dup(arena, a->open_why);
}

static void on_trouble(void *arg, struct span why)
{
	struct archive *a = arg;

	if (a->options.trouble)
		a->options.trouble(a->options.arg, why);
}

int archive_new(struct archive **ret, struct loop *loop, const struct archive_options *options,
	struct arena *arena, struct span *ret_why)
{
	struct archive *a = calloc(1, sizeof(*a));
	int r;

	*ret_why = SPAN("out of memory");
	if (!a)
		return -ENOMEM;
	a->options = *options;
	a->watched_since_ms = INT64_MAX;
	a->path = strdup(options->path);
	a->stats = calloc(1, sizeof(*a->stats));
	r = a->path && a->stats ? connect_file(a, ARCHIVE_DB_WRITE) : -ENOMEM;
	if (r < 0 && a->open_why.n)
		*ret_why = arena_dup(arena, a->open_why);
	if (r == 0)
		r = archive_worker_new(&a->worker, loop,
			&(struct archive_worker_options){
				.begin = on_begin,
				.commit = on_commit,
				.rollback = on_rollback,
				.why = on_why,
				.trouble = on_trouble,
				.arg = a,
			});
	if (r < 0) {
		archive_free(a);
		return r;
	}
	*ret_why = SPAN_NONE;
	*ret = a;
	return 0;
}

struct archive *archive_free(struct archive *a)
{
	if (!a)
		return NULL;
	archive_worker_free(a->worker);
	disconnect(a);
	arena_release(&a->scratch);
	arena_release(&a->open_arena);
	free(a->path);
	free(a->stats);
	free(a);
	return NULL;
}

/* --- Jobs
 * ------------------------------------------------------------------------------------- */

/* NULL, with a line in the log, when memory is out. */
void *archive_job_new(struct archive *a, size_t size, size_t weight,
	int (*run)(void *arg, struct archive_job *base), void (*done)(struct archive_job *base))
{
	struct archive_task *job = calloc(1, size);

	if (!job) {
		log_error("archive.refused", STR("why", "out of memory"));
		return NULL;
	}
	job->base.weight = weight ? weight : 1;
	job->base.run = run;
	job->base.done = done;
	job->archive = a;
	return job;
}

void archive_job_refuse(struct archive_task *job)
{
	log_error("archive.refused", STR("why", "out of memory"));
	arena_release(&job->base.arena);
	free(job);
}

static void on_job_done(struct archive_job *base)
{
	struct archive_task *job = (struct archive_task *)base;

	if (job->done)
		job->done(job->arg);
}

/* --- Putting
 * ---------------------------------------------------------------------------------- */

struct put_job {
	struct archive_task job;
	const struct span *hits;
};

static int run_loss(struct archive *a, struct span entry, struct span why, struct wall at,
	struct span bytes)
{
	archive_bind_word(a->loss, 1, entry);
	archive_bind_word(a->loss, 2, why);
	if (wall_known(at))
		archive_bind_int(a->loss, 3, at.ms);
	if (!span_empty(bytes))
		archive_bind_blob(a->loss, 4, bytes);
	return archive_sql_run(a->loss);
}

/* What cannot be read here may be read by a later vigie: the bytes are kept. */
static int put_unreadable(struct archive *a, struct span bytes)
{
	const struct span entry = arena_printf(&a->scratch, "bytes:%016llx",
		(unsigned long long)XXH3_64bits(bytes.p, bytes.n));

	if (!entry.p)
		return -ENOMEM;
	log_error("archive.unreadable", TEXT("entry", entry), INT("bytes", bytes.n));
	return run_loss(a, entry, SPAN("not a hit this version can read"), WALL_NONE, bytes);
}

/* Whether these very bytes were the last that was filed of the item, a moment ago: the stream's
 * two readers bring each hit. Filing it again would change nothing but the time it takes. */
static bool filed_just_now(struct archive *a, const struct item_key *key, struct span bytes)
{
	const XXH128_hash_t hash = XXH3_128bits(bytes.p, bytes.n);
	XXH128_hash_t *slot =
		&a->filed[XXH3_64bits(key->b, ITEM_KEY_BYTES) % ARCHIVE_FILED_SLOTS];

	if (XXH128_isEqual(*slot, hash))
		return true;
	*slot = hash;
	return false;
}

int archive_file_bytes(struct archive *a, struct span bytes)
{
	struct hit hit;
	int r = hit_decode(&hit, &a->scratch, bytes);

	/* What a deletion does depends on what it finds. */
	if (r == 0 && (!filed_just_now(a, &hit.key, bytes) || hit.deleted))
		r = archive_write_hit(a->writer, &hit);
	else if (r == -EINVAL)
		r = put_unreadable(a, bytes);
	if (r == ARCHIVE_FILED)
		r = archive_stories_put(a->stories, &hit);
	arena_release(&a->scratch);
	return r;
}

static int run_put(void *arg, struct archive_job *base)
{
	const struct put_job *put = (struct put_job *)base;
	int r = 0;

	for (size_t i = 0; i < put->job.n && r == 0; i++)
		r = archive_file_bytes(arg, put->hits[i]);
	return r;
}

static void on_put_done(struct archive_job *base)
{
	struct put_job *put = (struct put_job *)base;

	put->job.archive->mentions_put += put->job.n;
	on_job_done(base);
}

bool archive_copy_spans(
	const struct span **ret, struct arena *arena, const struct span *spans, size_t n)
{
	struct span *copies = arena_calloc(arena, n, sizeof(*copies));

	for (size_t i = 0; copies && i < n; i++) {
		copies[i] = arena_dup(arena, spans[i]);
		if (!copies[i].p)
			return false;
	}
	*ret = copies;
	return copies;
}

void archive_put(struct archive *a, const struct span *hits, size_t n, void (*done)(void *arg),
	void *arg)
{
	struct put_job *put = archive_job_new(a, sizeof(*put), n, run_put, on_put_done);

	if (!put)
		return;
	put->job.done = done;
	put->job.arg = arg;
	put->job.n = n;
	put->job.base.writes = true;
	if (!archive_copy_spans(&put->hits, &put->job.base.arena, hits, n))
		archive_job_refuse(&put->job);
	else
		archive_worker_take(a->worker, &put->job.base);
}

/* --- Getting
 * ---------------------------------------------------------------------------------- */

struct get_job {
	struct archive_task job;
	const struct item_key *keys;
	const struct hit **hits;
	void (*got)(void *arg, const struct hit *const *hits, size_t n);
};

static int run_get(void *arg, struct archive_job *base)
{
	struct get_job *get = (struct get_job *)base;
	struct archive *a = arg;
	const size_t n = get->job.n;
	struct hit *hits = arena_calloc(&base->out, n, sizeof(*hits));

	get->hits = arena_calloc(&base->out, n, sizeof(struct hit *));
	if (!hits || !get->hits)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const int r = archive_read_key(a->reading, &hits[i], &base->out, &get->keys[i]);

		if (r < 0)
			return r;
		get->hits[i] = r ? &hits[i] : NULL;
	}
	return 0;
}

static void on_get_done(struct archive_job *base)
{
	struct get_job *get = (struct get_job *)base;

	get->got(get->job.arg, get->hits, get->job.n);
}

void archive_get(struct archive *a, const struct item_key *keys, size_t n,
	void (*got)(void *arg, const struct hit *const *hits, size_t n), void *arg)
{
	struct get_job *get = archive_job_new(a, sizeof(*get), n, run_get, on_get_done);
	struct item_key *copy;

	if (!get)
		return;
	copy = arena_calloc(&get->job.base.arena, n, sizeof(*copy));
	if (!copy) {
		archive_job_refuse(&get->job);
		return;
	}
	if (n)
		memcpy(copy, keys, n * sizeof(*copy));
	get->keys = copy;
	get->got = got;
	get->job.arg = arg;
	get->job.n = n;
	archive_worker_take(a->worker, &get->job.base);
}

/* --- The ledger
 * ------------------------------------------------------------------------------- */

bool archive_outcome_waits(struct span outcome)
{
	for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++)
		if (span_eq_str(outcome, waits[i]))
			return true;
	return false;
}

struct outcome_job {
	struct archive_task job;
	const struct archive_outcome *outcomes;
	struct span *answers;
	void (*got)(void *arg, const struct span *outcomes, size_t n);
};

static int run_record(void *arg, struct archive_job *base)
{
	const struct outcome_job *o = (struct outcome_job *)base;
	struct archive *a = arg;
	int r = 0;

	for (size_t i = 0; i < o->job.n && r == 0; i++) {
		const struct archive_outcome *what = &o->outcomes[i];

		archive_bind_blob(
			a->record, 1, span_of((const char *)what->key.b, ITEM_KEY_BYTES));
		archive_bind_word(a->record, 2, what->receiver);
		archive_bind_word(a->record, 3, what->outcome);
		archive_bind_text(a->record, 4, what->delivery);
		if (wall_known(what->at))
			archive_bind_int(a->record, 5, what->at.ms);
		if (wall_known(what->until))
			archive_bind_int(a->record, 6, what->until.ms);
		archive_bind_text(a->record, 7, what->why);
		r = archive_sql_run(a->record);
	}
	return r;
}

static int run_outcomes(void *arg, struct archive_job *base)
{
	struct outcome_job *o = (struct outcome_job *)base;
	struct archive *a = arg;
	int r = 0;

	o->answers = arena_calloc(&base->out, o->job.n, sizeof(*o->answers));
	if (!o->answers)
		return -ENOMEM;
	for (size_t i = 0; i < o->job.n && r == 0; i++) {
		const struct archive_outcome *ask = &o->outcomes[i];

		archive_bind_blob(
			a->outcome, 1, span_of((const char *)ask->key.b, ITEM_KEY_BYTES));
		archive_bind_word(a->outcome, 2, ask->receiver);
		r = archive_sql_step(a->outcome);
		if (r == ARCHIVE_ROW)
			r = archive_column_dup(&o->answers[i], &base->out, a->outcome, 0);
		archive_sql_reset(a->outcome);
	}
	return r;
}

static void on_outcomes_done(struct archive_job *base)
{
	struct outcome_job *o = (struct outcome_job *)base;

	o->got(o->job.arg, o->answers, o->job.n);
}

/* Every text copied; false when memory is out. */
static bool copy_outcomes(
	struct outcome_job *o, const struct archive_outcome *outcomes, size_t n)
{
	struct arena *arena = &o->job.base.arena;
	struct archive_outcome *copies = arena_calloc(arena, n, sizeof(*copies));

	for (size_t i = 0; copies && i < n; i++) {
		copies[i] = outcomes[i];
		copies[i].receiver = arena_dup(arena, outcomes[i].receiver);
		copies[i].outcome = arena_dup(arena, outcomes[i].outcome);
		copies[i].delivery = arena_dup(arena, outcomes[i].delivery);
		copies[i].why = arena_dup(arena, outcomes[i].why);
		if (!copies[i].receiver.p || !copies[i].outcome.p || !copies[i].delivery.p ||
			!copies[i].why.p)
			return false;
	}
	o->outcomes = copies;
	o->job.n = n;
	return copies;
}

void archive_record(struct archive *a, const struct archive_outcome *outcomes, size_t n,
	void (*done)(void *arg), void *arg)
{
	struct outcome_job *o = archive_job_new(a, sizeof(*o), n, run_record, on_job_done);

	if (!o)
		return;
	o->job.done = done;
	o->job.arg = arg;
	o->job.base.writes = true;
	if (!copy_outcomes(o, outcomes, n))
		archive_job_refuse(&o->job);
	else
		archive_worker_take(a->worker, &o->job.base);
}

void archive_outcomes(struct archive *a, const struct archive_outcome *asks, size_t n,
	void (*got)(void *arg, const struct span *outcomes, size_t n), void *arg)
{
	struct outcome_job *o =
		archive_job_new(a, sizeof(*o), n, run_outcomes, on_outcomes_done);

	if (!o)
		return;
	o->got = got;
	o->job.arg = arg;
	if (!copy_outcomes(o, asks, n))
		archive_job_refuse(&o->job);
	else
		archive_worker_take(a->worker, &o->job.base);
}

/* --- Losses and deeds
 * ------------------------------------------------------------------------- */

struct note_job {
	struct archive_task job;
	struct wall at;
	const struct span *texts;
};

static int run_loss_job(void *arg, struct archive_job *base)
{
	const struct note_job *note = (struct note_job *)base;

	return run_loss(arg, note->texts[0], note->texts[1], note->at, SPAN_NONE);
}

static int run_audit(void *arg, struct archive_job *base)
{
	const struct note_job *note = (struct note_job *)base;
	struct archive *a = arg;

	archive_bind_int(a->audit, 1, wall_known(note->at) ? note->at.ms : 0);
	archive_bind_word(a->audit, 2, note->texts[0]);
	archive_bind_word(a->audit, 3, note->texts[1]);
	archive_bind_text(a->audit, 4, note->texts[2]);
	archive_bind_text(a->audit, 5, note->texts[3]);
	return archive_sql_run(a->audit);
}

static void take_note(struct archive *a, int (*run)(void *arg, struct archive_job *base),
	struct wall at, const struct span *texts, size_t n, void (*done)(void *arg), void *arg)
{
	struct note_job *note = archive_job_new(a, sizeof(*note), 1, run, on_job_done);

	if (!note)
		return;
	note->job.done = done;
	note->job.arg = arg;
	note->job.base.writes = true;
	note->at = at;
	if (!archive_copy_spans(&note->texts, &note->job.base.arena, texts, n))
		archive_job_refuse(&note->job);
	else
		archive_worker_take(a->worker, &note->job.base);
}

void archive_loss(struct archive *a, struct span entry, struct span why, struct wall at,
	void (*done)(void *arg), void *arg)
{
	take_note(a, run_loss_job, at, (const struct span[]){entry, why}, 2, done, arg);
}

void archive_audit(
	struct archive *a, const struct archive_deed *deed, void (*done)(void *arg), void *arg)
{
	const struct span texts[] = {deed->actor, deed->action, deed->subject, deed->detail};

	take_note(a, run_audit, deed->at, texts, 4, done, arg);
}

const struct archive_stats *archive_stats(const struct archive *archive)
{
	const struct archive_worker_stats w = archive_worker_stats(archive->worker);

	*archive->stats = (struct archive_stats){
		.mentions_put = archive->mentions_put,
		.batches = w.transactions,
		.errors = w.errors,
		.waiting = w.waiting,
	};
	return archive->stats;
}
