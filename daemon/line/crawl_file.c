/*
 * crawl_file: sources that are a file or a folder of this machine. They are looked at as often
 * as they are due; size and time of change are their validator, the place in a folder is their
 * cursor.
 *
 * A disk, and what is mounted there, can keep whoever reads it for as long as it likes, so a
 * thread of the pool does; one at a time, for the others have documents to read.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "line/crawl_impl.h"
#include "sources/url.h"

bool crawl_is_file(const struct source *source)
{
	return span_eq_ci(span_slice(source->url, 0, 5), SPAN("file:"));
}

/* The path of file:///x, file://localhost/x or file:/x; NULL when memory is out. */
static const char *path_of(struct arena *arena, struct span url)
{
	const struct span path = url_unescape(arena, url_split(url).path);

	return path.p ? arena_dup(arena, path).p : NULL;
}

/* One reading. The batch is nobody else's while it lasts. */
struct crawl_reading {
	struct pool_job job;
	struct crawl *crawl;
	struct crawl_reading *next;
	struct flight *flight; /* NULL: called off */
	struct batch *batch;
	struct wall asked;
	/* What the thread found. */
	struct file_info info;
	struct span file; /* of a folder: which one */
	bool again;       /* the folder has more */
};

static void fail(struct batch *b, const char *what, int error)
{
	b->outcome = BATCH_FAILED;
	b->document = (struct document){0};
	b->error = arena_printf(&b->arena, "%s: %s", what, strerror(-error));
}

static void nothing_new(struct batch *b)
{
	b->outcome = BATCH_UNCHANGED;
	b->document = (struct document){.status = 304};
}

/* --- On the thread ------------------------------------------------------------------------ */

static void read_into(struct crawl_reading *r, const char *path)
{
	struct batch *b = r->batch;
	struct buf body = {0};
	const int rc = file_read(&body, path, r->crawl->options.max_body, 0);

	b->outcome = BATCH_READ;
	b->document = (struct document){
		.status = 200,
		.end = rc == -EFBIG ? DOCUMENT_OVERLONG : DOCUMENT_COMPLETE,
		.url = b->source->url,
		.body = arena_dup(&b->arena, buf_span(&body)),
	};
	if (rc < 0 && rc != -EFBIG)
		fail(b, "the file can't be read", rc);
	else if (!b->document.body.p)
		fail(b, "the file is too long", -ENOMEM);
	buf_deinit(&body);
}

static void read_file(struct crawl_reading *r, const char *path)
{
	struct batch *b = r->batch;
	const struct span now = arena_printf(
		&b->arena, "%" PRId64 "-%" PRId64, r->info.changed_ns, r->info.size);

	if (span_eq(now, b->state.etag)) {
		nothing_new(b);
		return;
	}
	read_into(r, path);
	b->document.etag = now;
}

/* The cursor is "TIME NAME" of the last file that was looked at. It passes over one that can't
 * be read, too (the log says so): mending it changes the file, and brings it back. */
static void read_folder(struct crawl_reading *r, const char *folder, struct span cursor)
{
	struct batch *b = r->batch;
	const size_t space = span_find(cursor, ' ');
	int64_t changed_ns = INT64_MIN;
	struct span name = SPAN_NONE;
	struct buf path = {0};
	size_t base;
	int rc;

	if (space < cursor.n && sscanf(cursor.p, "%" SCNd64, &changed_ns) == 1)
		name = span_slice(cursor, space + 1, cursor.n);
	buf_addf(&path, "%s/", folder);
	base = path.n;
	rc = file_next(&path, &r->info, &r->again, folder, changed_ns, name);
	if (rc == -ENOENT) {
		r->again = false;
		nothing_new(b);
	} else if (rc < 0) {
		fail(b, "the folder can't be read", rc);
	} else {
		read_into(r, path.p);
		r->file = arena_dup(&b->arena, span_str(path.p + base));
	}
	buf_deinit(&path);
}

static void on_run(void *arg, unsigned thread)
{
	struct crawl_reading *r = arg;
	struct batch *b = r->batch;
	const char *path = path_of(&b->arena, b->source->url);
	const struct span cursor = arena_dup(&b->arena, b->state.cursor);
	int rc = path && cursor.p ? file_info(&r->info, path) : -ENOMEM;

	(void)thread;
	if (rc < 0)
		fail(b, "the file can't be looked at", rc);
	else if (r->info.is_folder)
		read_folder(r, path, cursor);
	else
		read_file(r, path);
}

/* --- On the loop -------------------------------------------------------------------------- */

/* The kernel's clock for files ticks every few milliseconds: what changed a moment before it
 * was looked at, or since, may change again and look the same. */
enum { YOUNG_MS = 100 };

static bool is_young(const struct crawl_reading *r)
{
	const int64_t changed_ms = r->info.changed_ns / 1000000;

	return changed_ms > r->asked.ms - YOUNG_MS &&
	       changed_ms <= loop_wall(r->crawl->loop).ms;
}

static void settle(struct crawl_reading *r)
{
	struct flight *f = r->flight;
	struct batch *b = r->batch;

	f->file = r->file;
	f->again = r->again;
	if (!r->file.n) {
		if (b->outcome == BATCH_READ && is_young(r))
			b->document.etag = SPAN_NONE;
		return;
	}
	if (is_young(r)) { /* its turn comes when it has settled */
		f->file = SPAN_NONE;
		f->again = false;
		nothing_new(b);
		b->error = SPAN_NONE;
		return;
	}
	b->state.cursor = arena_printf(
		&b->arena, "%" PRId64 " %.*s", r->info.changed_ns, SPAN_ARG(r->file));
}

static void on_done(void *arg);

static void submit(struct crawl_reading *r)
{
	r->asked = loop_wall(r->crawl->loop);
	r->job = (struct pool_job){.run = on_run, .done = on_done, .arg = r};
	pool_submit(r->crawl->options.pool, &r->job);
}

static void on_done(void *arg)
{
	struct crawl_reading *r = arg;
	struct crawl *c = r->crawl;
	struct flight *f = r->flight;

	c->readings = r->next;
	while (c->readings && !c->readings->flight) {
		struct crawl_reading *off = c->readings;

		c->readings = off->next;
		(void)batch_free(off->batch);
		free(off);
	}
	if (c->readings)
		submit(c->readings);
	if (f) {
		settle(r);
		f->reading = NULL;
		schedule_release(c->schedule, f->entry->slot);
		crawl_answered(f);
	} else {
		(void)batch_free(r->batch);
	}
	free(r);
}

int crawl_read_file(struct flight *f)
{
	struct crawl *c = f->crawl;
	struct crawl_reading **end = &c->readings, *r;

	if (!c->options.pool)
		return -ENOTSUP;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	*r = (struct crawl_reading){.crawl = c, .flight = f, .batch = f->batch};
	f->conditional = true;
	f->reading = r;
	f->batch->request = (struct request){.url = f->batch->source->url};
	while (*end)
		end = &(*end)->next;
	*end = r;
	if (c->readings == r)
		submit(r);
	return 0;
}

void crawl_leave_file(struct flight *f)
{
	f->reading->flight = NULL;
	f->reading = NULL;
}

void crawl_forget_files(struct crawl *c)
{
	while (c->readings) {
		struct crawl_reading *r = c->readings;

		c->readings = r->next;
		(void)batch_free(r->batch);
		free(r);
	}
}
