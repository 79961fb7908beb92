/*
 * crawl_parts: sources that are an index of sitemaps. A round is the index, then one after the
 * other those of its parts that have changed since the last round; each is an attempt of its
 * own, with the host's distance between. The cursor is the round's state, so a restart goes on
 * with it:
 *
 *     ">CHANGED ROUND BEFORE\nURL\nURL"
 *
 * what changed later than CHANGED is news to the next round; when this round began, and the one
 * before (0: there was none); the parts that are left.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "line/crawl_impl.h"
#include "sources/url.h"
#include "vigie/buf.h"

enum {
	/* Of an index with more changes than that the newest ones are read: at first contact
	 * with a large site there may be hundreds, all of them old. */
	PARTS_MOST = 32,
	PART_URL_BYTES = 2048,
	/* A part that fails so often in a row is left to the next round. */
	PART_FAILURES = 3,
};

struct round {
	int64_t changed_ms, began_ms, before_ms; /* 0: none */
	struct span left;                        /* addresses, a line each */
};

static void round_read(struct round *ret, struct span cursor)
{
	const size_t end = span_find(cursor, '\n');
	char head[80] = "";

	*ret = (struct round){0};
	if (!cursor.n || cursor.p[0] != '>' || end >= sizeof(head))
		return;
	memcpy(head, cursor.p, end);
	if (sscanf(head, ">%" SCNd64 " %" SCNd64 " %" SCNd64, &ret->changed_ms, &ret->began_ms,
		    &ret->before_ms) != 3)
		*ret = (struct round){0};
	else
		ret->left = span_slice(cursor, end + 1, cursor.n);
}

static struct span round_write(struct arena *arena, const struct round *r)
{
	return arena_printf(arena, ">%" PRId64 " %" PRId64 " %" PRId64 "%s%.*s", r->changed_ms,
		r->began_ms, r->before_ms, r->left.n ? "\n" : "", SPAN_ARG(r->left));
}

struct span crawl_parts_next(struct flight *f)
{
	struct batch *b = f->batch;
	struct round r;

	round_read(&r, b->state.cursor);
	if (!r.left.n)
		return SPAN_NONE;
	f->part = true;
	b->round.ms = r.began_ms;
	if (r.before_ms)
		b->since.ms = r.before_ms;
	return span_slice(r.left, 0, span_find(r.left, '\n'));
}

/* --- A part was asked for ----------------------------------------------------------------- */

/* Trying again would be no use. */
static bool is_settled(const struct flight *f)
{
	const struct batch *b = f->batch;
	const int status = b->document.status;

	return b->outcome == BATCH_READ || (status >= 200 && status < 500 && status != 429) ||
	       (f->refused_ms && *f->refused_mark) || b->state.failures + 1 >= PART_FAILURES;
}

static void leave_part(struct flight *f)
{
	struct batch *b = f->batch;
	struct round r;

	if (b->lesson.n_parts) {
		b->outcome = BATCH_FAILED;
		b->error = SPAN("an index of sitemaps inside of one: its parts aren't read");
	}
	if (!is_settled(f))
		return;
	round_read(&r, b->state.cursor);
	r.left = span_slice(r.left, span_find(r.left, '\n') + 1, r.left.n);
	b->state.cursor = round_write(&b->arena, &r);
	f->refused_ms = 0;
	f->passed = b->outcome == BATCH_FAILED;
	f->again = r.left.n;
}

/* --- The index was read ------------------------------------------------------------------- */

static int newest_first(const void *a, const void *b)
{
	const struct batch_part *x = *(const struct batch_part *const *)a;
	const struct batch_part *y = *(const struct batch_part *const *)b;

	if (x->updated.ms != y->updated.ms)
		return x->updated.ms > y->updated.ms ? -1 : 1;
	return (x > y) - (x < y);
}

/* A site's sitemaps are its own: the protocol says so, and nobody shall send us elsewhere. */
static bool is_eligible(struct batch *b, const struct batch_part *p, const struct round *last)
{
	const struct span host = url_host(&b->arena, b->request.url);

	return p->url.n <= PART_URL_BYTES && url_is_web(p->url) &&
	       span_find(p->url, '\n') == p->url.n &&
	       span_eq(url_host(&b->arena, p->url), host) &&
	       (!wall_known(p->updated) || p->updated.ms >= last->changed_ms);
}

static void begin_round(struct flight *f)
{
	struct batch *b = f->batch;
	const struct batch_part **parts =
		arena_calloc(&b->arena, b->lesson.n_parts, sizeof(struct batch_part *));
	struct round last, r;
	struct buf left = {0};
	size_t n = 0;

	round_read(&last, b->state.cursor);
	r = (struct round){last.changed_ms, b->fetched.ms, last.began_ms, SPAN_NONE};
	for (size_t i = 0; parts && i < b->lesson.n_parts; i++) {
		const struct batch_part *p = &b->lesson.parts[i];

		if (!wall_known(p->updated)) /* a 304 of the index would say nothing of it */
			b->document.etag = b->document.last_modified = SPAN_NONE;
		else if (p->updated.ms > r.changed_ms && p->updated.ms <= b->fetched.ms)
			r.changed_ms = p->updated.ms;
		if (is_eligible(b, p, &last))
			parts[n++] = p;
	}
	if (n > 1)
		qsort(parts, n, sizeof(const struct batch_part *), newest_first);
	if (n > PARTS_MOST) {
		b->lesson.more = true;
		n = PARTS_MOST;
	}
	for (size_t i = 0; i < n; i++) {
		buf_add_str(&left, i ? "\n" : "");
		buf_add(&left, parts[i]->url);
	}
	r.left = buf_span(&left);
	b->state.cursor = round_write(&b->arena, &r);
	f->again = n && !left.failed;
	buf_deinit(&left);
}

void crawl_parts_settle(struct flight *f)
{
	if (f->part)
		leave_part(f);
	else if (f->batch->outcome == BATCH_READ && f->batch->lesson.n_parts)
		begin_round(f);
}
