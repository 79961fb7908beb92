#include "line/archive_passed_over.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "line/archive_db.h"
#include "line/archive_worker.h"
#include "line/codec_hit.h"
#include "vigie/buf.h"

enum {
	EVICT_ROWS = 256, /* how many of the oldest go at once */
	/* A transaction costs a dozen pages however few items it brings: at one a document,
	 * this store took a quarter of the whole daemon's time. */
	LINGER_MS = 500,
	KEPT_BYTES = 64 * 1024, /* of a buffer, for the next document */
};

/*
 * passed_over  one row an item, in the order they came. item: as line/codec_hit.h writes it.
 *              alias: the key by which its network will say that it is deleted.
 */
static const char version_1[] = "CREATE TABLE passed_over ("
				"	entry INTEGER PRIMARY KEY,"
				"	fetched INTEGER NOT NULL,"
				"	key BLOB NOT NULL UNIQUE,"
				"	content_hash INTEGER NOT NULL,"
				"	source TEXT,"
				"	url TEXT,"
				"	item TEXT NOT NULL"
				");"
				"CREATE INDEX passed_over_url ON passed_over (url);";
static const char version_2[] = "ALTER TABLE passed_over ADD COLUMN alias BLOB;"
				"CREATE INDEX passed_over_alias ON passed_over (alias)"
				" WHERE alias IS NOT NULL;";
static const char *const migrations[] = {version_1, version_2};
static const struct archive_schema schema = {
	.name = "store of passed-over items",
	.application_id = 0x76697031, /* "vip1" */
	.migrations = migrations,
	.version = sizeof(migrations) / sizeof(*migrations),
};

static const char put_sql[] =
	"INSERT INTO passed_over (fetched, key, content_hash, source, url, item)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (key) DO UPDATE SET"
	" content_hash = excluded.content_hash, source = excluded.source, url = excluded.url,"
	" item = excluded.item WHERE content_hash <> excluded.content_hash";
static const char alias_sql[] =
	"UPDATE passed_over SET alias = ?2 WHERE key = ?1 AND alias IS NOT ?2";
static const char strike_sql[] = "DELETE FROM passed_over WHERE key = ?1 OR alias = ?1";
static const char evict_sql[] = "DELETE FROM passed_over WHERE entry IN"
				" (SELECT entry FROM passed_over ORDER BY entry LIMIT ?1)";
/* Bytes of the file that are in use, and of the file. */
static const char size_sql[] =
	"SELECT (page_count - freelist_count) * page_size, page_count * page_size"
	" FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
static const char since_sql[] = "SELECT fetched FROM passed_over ORDER BY entry LIMIT 1";

struct strike_job;

struct archive_passed_over {
	struct archive_passed_over_options options;
	struct archive_worker *worker;
	char *path;
	struct archive_passed_over_stats stats;
	size_t waiting_bytes; /* memory of the jobs on their way */
	/* What a job is made in; the loop's, as all until here. */
	struct buf item, rows, text;
	struct strike_job *failed; /* to be tried again; the loop's too */
	/* Of the file, as of the last transaction: written by the worker, read by the loop. */
	_Atomic uint64_t bytes;
	_Atomic int64_t since_ms;

	/* The worker thread's, once it runs. */
	struct archive_db *db; /* NULL: to be opened anew */
	struct archive_sql *put;
	struct archive_sql *alias;
	struct archive_sql *strike;
	struct archive_sql *evict;
	struct archive_sql *size;
	struct archive_sql *since;
	struct arena open_arena;
	struct span open_why;
};

/* --- The connection
 * --------------------------------------------------------------------------- */

static void disconnect(struct archive_passed_over *p)
{
	p->put = archive_sql_free(p->put);
	p->alias = archive_sql_free(p->alias);
	p->strike = archive_sql_free(p->strike);
	p->evict = archive_sql_free(p->evict);
	p->size = archive_sql_free(p->size);
	p->since = archive_sql_free(p->since);
	p->db = archive_db_close(p->db);
}

/* What is lost with a file that somebody moved away was bound to go: it is made anew. */
static int connect_file(struct archive_passed_over *p)
{
	int r;

	arena_release(&p->open_arena);
	r = archive_db_open(&p->db, p->path, ARCHIVE_DB_WRITE, ARCHIVE_DB_SYNC_CHECKPOINT,
		&schema, &p->open_arena, &p->open_why);
	if (r < 0)
		return r;
	r = archive_sql_new(&p->put, p->db, put_sql);
	if (r == 0)
		r = archive_sql_new(&p->alias, p->db, alias_sql);
	if (r == 0)
		r = archive_sql_new(&p->strike, p->db, strike_sql);
	if (r == 0)
		r = archive_sql_new(&p->evict, p->db, evict_sql);
	if (r == 0)
		r = archive_sql_new(&p->size, p->db, size_sql);
	if (r == 0)
		r = archive_sql_new(&p->since, p->db, since_sql);
	if (r < 0) {
		p->open_why = archive_db_why(p->db, &p->open_arena);
		disconnect(p);
	}
	return r;
}

static int read_size(uint64_t *ret_used, uint64_t *ret_file, struct archive_sql *size)
{
	const int r = archive_sql_step(size);

	if (r == ARCHIVE_ROW) {
		*ret_used = (uint64_t)archive_column_int(size, 0);
		*ret_file = (uint64_t)archive_column_int(size, 1);
	}
	archive_sql_reset(size);
	return r < 0 ? r : 0;
}

static int read_since(struct wall *ret, struct archive_sql *since)
{
	const int r = archive_sql_step(since);

	*ret = r == ARCHIVE_ROW ? (struct wall){archive_column_int(since, 0)} : WALL_NONE;
	archive_sql_reset(since);
	return r < 0 ? r : 0;
}

/* The oldest go until the rest fits; then the file gives back what it does not use. */
static int make_room(struct archive_passed_over *p)
{
	uint64_t used = 0, file = 0;
	struct wall since = WALL_NONE;
	int r = read_size(&used, &file, p->size);

	while (r == 0 && used > p->options.limit_bytes) {
		archive_bind_int(p->evict, 1, EVICT_ROWS);
		r = archive_sql_run(p->evict);
		if (r < 0 || archive_db_changes(p->db) == 0)
			break;
		r = read_size(&used, &file, p->size);
	}
	if (r == 0 && file > p->options.limit_bytes) {
		r = archive_db_exec(p->db, "PRAGMA incremental_vacuum");
		if (r == 0)
			r = read_size(&used, &file, p->size);
	}
	if (r == 0)
		r = read_since(&since, p->since);
	if (r == 0) {
		p->bytes = file;
		p->since_ms = since.ms;
	}
	return r;
}

static int on_begin(void *arg, bool writes)
{
	struct archive_passed_over *p = arg;

	if (!p->db) {
		const int r = connect_file(p);

		if (r < 0)
			return r;
	}
	return archive_db_begin(p->db, writes);
}

static int on_commit(void *arg)
{
	struct archive_passed_over *p = arg;
	const int r = make_room(p);

	return r < 0 ? r : archive_db_exec(p->db, "COMMIT");
}

static void on_rollback(void *arg)
{
	struct archive_passed_over *p = arg;

	if (!p->db)
		return;
	archive_db_rollback(p->db);
	if (archive_db_broken(p->db))
		disconnect(p);
}

static struct span on_why(void *arg, int error, struct arena *arena)
{
	struct archive_passed_over *p = arg;

	if (error == -ENOMEM)
		return SPAN_NONE;
	return p->db ? archive_db_why(p->db, arena) : arena_dup(arena, p->open_why);
}

static void on_trouble(void *arg, struct span why)
{
	struct archive_passed_over *p = arg;

	if (p->options.trouble)
		p->options.trouble(p->options.arg, why);
}

int archive_passed_over_new(struct archive_passed_over **ret, struct loop *loop,
	const struct archive_passed_over_options *options, struct arena *arena,
	struct span *ret_why)
{
	struct archive_passed_over *p = calloc(1, sizeof(*p));
	int r;

	*ret_why = SPAN("out of memory");
	if (!p)
		return -ENOMEM;
	p->options = *options;
	if (!p->options.limit_bytes)
		p->options.limit_bytes = ARCHIVE_PASSED_OVER_LIMIT;
	p->path = strdup(options->path);
	r = p->path ? connect_file(p) : -ENOMEM;
	if (r == 0)
		r = make_room(p); /* the limit may be lower than last time */
	if (r < 0 && p->path)
		*ret_why = p->db ? archive_db_why(p->db, arena) : arena_dup(arena, p->open_why);
	if (r == 0) {
		p->stats = (struct archive_passed_over_stats){
			.bytes = p->bytes, .since = {p->since_ms}};
		r = archive_worker_new(&p->worker, loop,
			&(struct archive_worker_options){
				.begin = on_begin,
				.commit = on_commit,
				.rollback = on_rollback,
				.why = on_why,
				.trouble = on_trouble,
				.arg = p,
				.lossy = true,
				.linger_ms = LINGER_MS,
			});
	}
	if (r < 0) {
		archive_passed_over_free(p);
		return r;
	}
	*ret_why = SPAN_NONE;
	*ret = p;
	return 0;
}

static void strikes_free(struct strike_job *job);

struct archive_passed_over *archive_passed_over_free(struct archive_passed_over *p)
{
	if (!p)
		return NULL;
	archive_worker_free(p->worker);
	strikes_free(p->failed);
	disconnect(p);
	arena_release(&p->open_arena);
	buf_deinit(&p->item);
	buf_deinit(&p->rows);
	buf_deinit(&p->text);
	free(p->path);
	free(p);
	return NULL;
}

static void strike_again(struct archive_passed_over *p);

/* --- Putting
 * ---------------------------------------------------------------------------------- */

struct row {
	struct item_key key;
	uint64_t content_hash;
	struct wall fetched;
	struct span source, url, item;
};

struct put_job {
	struct archive_job base; /* first */
	struct archive_passed_over *store;
	size_t n;
	size_t bytes;
	struct row rows[]; /* and their text behind them */
};

static int run_put(void *arg, struct archive_job *base)
{
	struct put_job *job = (struct put_job *)base;
	struct archive_passed_over *p = arg;
	int r = 0;

	for (size_t i = 0; i < job->n && r == 0; i++) {
		const struct row *row = &job->rows[i];

		archive_bind_int(p->put, 1, wall_known(row->fetched) ? row->fetched.ms : 0);
		archive_bind_blob(p->put, 2, span_of((const char *)row->key.b, ITEM_KEY_BYTES));
		archive_bind_int(p->put, 3, (int64_t)row->content_hash);
		archive_bind_text(p->put, 4, row->source);
		archive_bind_text(p->put, 5, row->url);
		archive_bind_word(p->put, 6, row->item);
		r = archive_sql_run(p->put);
	}
	return r;
}

static void on_put_done(struct archive_job *base)
{
	struct put_job *job = (struct put_job *)base;
	struct archive_passed_over *p = job->store;

	p->waiting_bytes -= job->bytes;
	if (base->dropped)
		p->stats.dropped += job->n;
	else
		p->stats.put += job->n;
	p->stats.bytes = p->bytes;
	p->stats.since = (struct wall){p->since_ms};
}

/* Appends the hit without its matches, behind its source and address, to text, and its row to
 * rows. False: too big, or memory is out. */
static bool encode_item(struct archive_passed_over *p, const struct hit *hit)
{
	const size_t before = p->text.n;
	struct hit bare = *hit;
	struct row row;

	bare.n_matches = 0;
	buf_clear(&p->item);
	p->item.limit_bytes = ARCHIVE_PASSED_OVER_ITEM_MAX;
	hit_encode(&p->item, &bare);
	if (p->item.failed)
		return false;
	buf_add(&p->text, hit->source);
	buf_add(&p->text, hit->item.url);
	buf_add(&p->text, buf_span(&p->item));
	row = (struct row){
		.key = hit->key,
		.content_hash = hit->content_hash,
		.fetched = hit->fetched,
		.source.n = hit->source.n,
		.url.n = hit->item.url.n,
		.item.n = p->item.n,
	};
	if (!p->text.failed)
		buf_add(&p->rows, span_of((const char *)&row, sizeof(row)));
	if (!p->text.failed && !p->rows.failed)
		return true;
	p->text.n = before;
	return false;
}

/* What was encoded, as a job: one piece of memory, and no more than it takes, for in a busy
 * minute there are megabytes of it on their way. NULL: nothing, or no memory. */
static struct put_job *make_job(struct archive_passed_over *p)
{
	const size_t n = p->rows.n / sizeof(struct row);
	const size_t bytes = sizeof(struct put_job) + p->rows.n + p->text.n;
	struct put_job *job = n ? calloc(1, bytes) : NULL;
	char *at;

	if (!job)
		return NULL;
	job->n = n;
	job->bytes = bytes;
	memcpy(job->rows, p->rows.p, p->rows.n);
	at = (char *)&job->rows[n];
	if (p->text.n)
		memcpy(at, p->text.p, p->text.n);
	for (size_t i = 0; i < n; i++) {
		struct row *row = &job->rows[i];

		row->source.p = at;
		row->url.p = at + row->source.n;
		row->item.p = row->url.p + row->url.n;
		at += row->source.n + row->url.n + row->item.n;
	}
	return job;
}

static void empty(struct buf *b)
{
	if (b->capacity > KEPT_BYTES)
		buf_deinit(b);
	else
		buf_clear(b);
}

void archive_passed_over_put(struct archive_passed_over *p, const struct hit *items, size_t n)
{
	struct put_job *job;

	for (size_t i = 0; i < n; i++)
		if (p->waiting_bytes + p->text.n < ARCHIVE_PASSED_OVER_WAITING_MAX)
			(void)encode_item(p, &items[i]);
	job = make_job(p);
	empty(&p->rows);
	empty(&p->text);
	empty(&p->item);
	p->stats.dropped += n - (job ? job->n : 0);
	if (!job)
		return;
	strike_again(p);
	job->store = p;
	job->base.weight = job->n;
	job->base.writes = true;
	job->base.run = run_put;
	job->base.done = on_put_done;
	p->waiting_bytes += job->bytes;
	archive_worker_take(p->worker, &job->base);
}

/* --- Striking out
 * ----------------------------------------------------------------------------- */

struct strike_job {
	struct archive_job base; /* first */
	struct archive_passed_over *store;
	struct strike_job *next; /* of those that failed */
	struct batch_alias *aliases;
	struct item_key *gone;
	size_t n_aliases, n_gone;
	void (*over)(void *arg);
	void *arg;
};

static void strikes_free(struct strike_job *job)
{
	while (job) {
		struct strike_job *next = job->next;

		arena_release(&job->base.arena);
		free(job);
		job = next;
	}
}

static void bind_key(struct archive_sql *sql, int i, const struct item_key *key)
{
	archive_bind_blob(sql, i, span_of((const char *)key->b, ITEM_KEY_BYTES));
}

static int run_strike(void *arg, struct archive_job *base)
{
	const struct strike_job *job = (struct strike_job *)base;
	struct archive_passed_over *p = arg;
	int r = 0;

	for (size_t i = 0; i < job->n_aliases && r == 0; i++) {
		bind_key(p->alias, 1, &job->aliases[i].item);
		bind_key(p->alias, 2, &job->aliases[i].alias);
		r = archive_sql_run(p->alias);
	}
	for (size_t i = 0; i < job->n_gone && r == 0; i++) {
		bind_key(p->strike, 1, &job->gone[i]);
		r = archive_sql_run(p->strike);
	}
	return r;
}

/* Those that failed, once more. */
static void strike_again(struct archive_passed_over *p)
{
	while (p->failed) {
		struct strike_job *job = p->failed;

		p->failed = job->next;
		archive_worker_take(p->worker, &job->base);
	}
}

static void on_struck(struct archive_job *base)
{
	struct strike_job *job = (struct strike_job *)base;
	struct archive_passed_over *p = job->store;
	struct strike_job *again = base->dropped ? malloc(sizeof(*again)) : NULL;

	if (job->over)
		job->over(job->arg);
	if (!again)
		return;
	*again = *job; /* the worker frees this one */
	again->over = NULL;
	again->next = p->failed;
	p->failed = again;
	base->arena = (struct arena){0};
	again->base.out = (struct arena){0};
}

void archive_passed_over_strike(struct archive_passed_over *p, const struct batch *batch,
	void (*over)(void *arg), void *arg)
{
	struct strike_job *job = calloc(1, sizeof(*job));
	struct arena *arena = job ? &job->base.arena : NULL;

	if (job) {
		job->aliases = arena_calloc(arena, batch->n_aliases + 1, sizeof(*job->aliases));
		job->gone = arena_calloc(arena, batch->n_tombstones + 1, sizeof(*job->gone));
	}
	if (!job || !job->aliases || !job->gone) {
		strikes_free(job);
		over(arg);
		return;
	}
	job->store = p;
	job->n_aliases = batch->n_aliases;
	job->n_gone = batch->n_tombstones;
	if (job->n_aliases)
		memcpy(job->aliases, batch->aliases, job->n_aliases * sizeof(*job->aliases));
	if (job->n_gone)
		memcpy(job->gone, batch->tombstones, job->n_gone * sizeof(*job->gone));
	job->over = over;
	job->arg = arg;
	job->base.weight = job->n_aliases + job->n_gone;
	job->base.writes = true;
	job->base.run = run_strike;
	job->base.done = on_struck;
	strike_again(p);
	archive_worker_take(p->worker, &job->base);
}

const struct archive_passed_over_stats *archive_passed_over_stats(
	const struct archive_passed_over *p)
{
	return &p->stats;
}

int archive_passed_over_reach(struct archive_passed_over_stats *ret, const char *path,
	struct arena *arena, struct span *ret_why)
{
	struct archive_passed_over_stats stats = {.since = WALL_NONE};
	struct archive_sql *size = NULL, *since = NULL;
	struct archive_db *db = NULL;
	uint64_t used;
	int r;

	r = archive_db_open(&db, path, ARCHIVE_DB_READ, ARCHIVE_DB_SYNC_CHECKPOINT, &schema,
		arena, ret_why);
	if (r < 0)
		return r;
	r = archive_sql_new(&size, db, size_sql);
	if (r == 0)
		r = archive_sql_new(&since, db, since_sql);
	if (r == 0)
		r = read_size(&used, &stats.bytes, size);
	if (r == 0)
		r = read_since(&stats.since, since);
	if (r < 0)
		*ret_why = archive_db_why(db, arena);
	else
		*ret = stats;
	archive_sql_free(size);
	archive_sql_free(since);
	archive_db_close(db);
	return r;
}

static int see_items(
	struct archive_sql *rows, void (*see)(void *arg, const struct hit *item), void *arg)
{
	int r;

	while ((r = archive_sql_step(rows)) == ARCHIVE_ROW) {
		struct arena arena = {0};
		struct hit item;

		/* What another version wrote is not understood, and as good as gone. */
		if (hit_decode(&item, &arena, archive_column_span(rows, 0)) == 0)
			see(arg, &item);
		arena_release(&arena);
	}
	return r;
}

int archive_passed_over_find(const char *path, struct span what,
	void (*see)(void *arg, const struct hit *item), void *arg, struct arena *arena,
	struct span *ret_why)
{
	struct archive_sql *rows = NULL;
	struct archive_db *db = NULL;
	struct item_key key = {0};
	int r;

	r = archive_db_open(&db, path, ARCHIVE_DB_READ, ARCHIVE_DB_SYNC_CHECKPOINT, &schema,
		arena, ret_why);
	if (r < 0)
		return r;
	r = archive_sql_new(&rows, db,
		"SELECT item FROM passed_over WHERE key = ?1 OR url = ?2 ORDER BY entry");
	if (r == 0) {
		const bool is_key = item_key_parse(&key, what);

		archive_bind_blob(
			rows, 1, span_of((const char *)key.b, is_key ? ITEM_KEY_BYTES : 0));
		archive_bind_word(rows, 2, what);
		r = see_items(rows, see, arg);
	}
	if (r < 0)
		*ret_why = archive_db_why(db, arena);
	archive_sql_free(rows);
	archive_db_close(db);
	return r;
}
