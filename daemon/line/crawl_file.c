/*
 * crawl_file: sources that are a file or a folder of this machine. They are looked at as often
 * as they are due; size and time of change are their validator, the place in a folder is their
 * cursor.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
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

static void fail(struct batch *b, const char *what, int error)
{
	b->outcome = BATCH_FAILED;
	b->document = (struct document){0};
	b->error = arena_printf(&b->arena, "%s: %s", what, strerror(-error));
}

/* The kernel's clock for files ticks every few milliseconds: what changed a moment ago may
 * change again and look the same. */
enum { YOUNG_MS = 100 };

static bool is_young(const struct flight *f, const struct file_info *info)
{
	const int64_t age_ms = loop_wall(f->crawl->loop).ms - info->changed_ns / 1000000;

	return age_ms >= 0 && age_ms < YOUNG_MS;
}

static void read_into(struct flight *f, const char *path)
{
	struct batch *b = f->batch;
	struct buf body = {0};
	const int r = file_read(&body, path, f->crawl->options.max_body, 0);

	b->outcome = BATCH_READ;
	b->document = (struct document){
		.status = 200,
		.end = r == -EFBIG ? DOCUMENT_OVERLONG : DOCUMENT_COMPLETE,
		.url = b->source->url,
		.body = arena_dup(&b->arena, buf_span(&body)),
	};
	if (r < 0 && r != -EFBIG)
		fail(b, "the file can't be read", r);
	else if (!b->document.body.p)
		fail(b, "the file is too long", -ENOMEM);
	buf_deinit(&body);
}

static void nothing_new(struct batch *b)
{
	b->outcome = BATCH_UNCHANGED;
	b->document = (struct document){.status = 304};
}

static void read_file(struct flight *f, const char *path, const struct file_info *info)
{
	struct batch *b = f->batch;
	const struct span now =
		arena_printf(&b->arena, "%" PRId64 "-%" PRId64, info->changed_ns, info->size);

	if (span_eq(now, b->state.etag)) {
		nothing_new(b);
		return;
	}
	read_into(f, path);
	if (!is_young(f, info))
		b->document.etag = now;
}

/* The cursor is "TIME NAME" of the last file that was looked at. It passes over one that can't
 * be read, too (the log says so): mending it changes the file, and brings it back. */
static void read_folder(struct flight *f, const char *folder, struct span cursor)
{
	struct batch *b = f->batch;
	const size_t space = span_find(cursor, ' ');
	int64_t changed_ns = INT64_MIN;
	struct span name = SPAN_NONE;
	struct buf path = {0};
	struct file_info info;
	size_t base;
	int r;

	if (space < cursor.n && sscanf(cursor.p, "%" SCNd64, &changed_ns) == 1)
		name = span_slice(cursor, space + 1, cursor.n);
	buf_addf(&path, "%s/", folder);
	base = path.n;
	r = file_next(&path, &info, &f->again, folder, changed_ns, name);
	if (r == -ENOENT || (r == 0 && is_young(f, &info))) {
		f->again = false;
		nothing_new(b);
	} else if (r < 0) {
		fail(b, "the folder can't be read", r);
	} else {
		read_into(f, path.p);
		f->file = arena_dup(&b->arena, span_str(path.p + base));
		b->state.cursor = arena_printf(
			&b->arena, "%" PRId64 " %s", info.changed_ns, path.p + base);
	}
	buf_deinit(&path);
}

void crawl_read_file(struct flight *f)
{
	struct batch *b = f->batch;
	const char *path = path_of(&b->arena, b->source->url);
	const struct span cursor = arena_dup(&b->arena, b->state.cursor);
	struct file_info info;
	int r;

	f->conditional = true;
	schedule_release(f->crawl->schedule, f->entry->slot);
	b->request = (struct request){.url = b->source->url};
	r = path && cursor.p ? file_info(&info, path) : -ENOMEM;
	if (r < 0)
		fail(b, "the file can't be looked at", r);
	else if (info.is_folder)
		read_folder(f, path, cursor);
	else
		read_file(f, path, &info);
}
