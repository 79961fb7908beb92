#include "line/keep.h"

#include <errno.h>
#include <stdlib.h>

#include "io/log.h"
#include "line/codec_hit.h"
#include "vigie/cleanup.h"

/* How many hits may be between the queue and the disk: bounds memory, and is enough for the
 * archive to share one transaction among a burst. */
enum { KEEP_WINDOW = 512 };

struct keep {
	struct loop *loop;
	struct queue_group *group;
	struct archive *archive;
	struct keep_options options;
	struct keep_stats stats;
	struct job *jobs; /* handed to the archive, newest first */
};

/* What one call of the archive carries: the entries, copied, with their ids. */
struct job {
	struct job *next, **at; /* in keep->jobs; `at` is what points here */
	struct keep *keep;
	struct arena arena;
	struct job_entry {
		unsigned partition;
		struct span id;
		struct span bytes;
		bool update;
		bool deleted;
		struct item_key key;
	} * entries;
	size_t n;
};

static void job_free(struct job *job)
{
	if (job->at) {
		*job->at = job->next;
		if (job->next)
			job->next->at = job->at;
	}
	arena_release(&job->arena);
	free(job);
}

static void tell(struct keep *keep, struct span bytes, const struct story_place *story)
{
	struct arena arena = {0};
	struct hit hit;

	if (keep->options.kept && hit_decode(&hit, &arena, bytes) == 0) {
		hit.story = *story;
		keep->options.kept(keep->options.arg, &hit);
	}
	arena_release(&arena);
}

static void on_durable(void *arg, const struct archive_known *known, size_t n)
{
	struct job *job = arg;
	struct keep *keep = job->keep;

	for (size_t i = 0; i < job->n && i < n; i++) {
		const struct job_entry *e = &job->entries[i];

		queue_ack(keep->group, e->partition, &e->id, 1);
		if (e->update) {
			keep->stats.updates++;
			if (e->deleted && keep->options.deleted)
				keep->options.deleted(keep->options.arg, &e->key);
		} else {
			keep->stats.kept++;
			tell(keep, e->bytes, &known[i].place);
		}
	}
	job_free(job);
}

static void job_begin(struct keep *keep, struct job *job)
{
	job->next = keep->jobs;
	job->at = &keep->jobs;
	if (job->next)
		job->next->at = &job->next;
	keep->jobs = job;
}

/* An entry that is no mention is acknowledged like any other: when the archive has in writing
 * what became of it. */
static void on_written(void *arg)
{
	struct job *job = arg;
	struct keep *keep = job->keep;
	const struct job_entry *e = &job->entries[0];

	queue_ack(keep->group, e->partition, &e->id, 1);
	if (e->bytes.p) {
		keep->stats.unreadable++;
	} else {
		keep->stats.lost++;
		if (keep->options.lost)
			keep->options.lost(keep->options.arg, e->id);
	}
	job_free(job);
}

/* NULL without memory: then the entry stays pending. */
static struct job *job_aside(struct keep *keep, const struct queue_entry *entry)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->keep = keep;
	job->entries = arena_calloc(&job->arena, 1, sizeof(*job->entries));
	if (job->entries) {
		job->n = 1;
		job->entries[0].partition = entry->partition;
		job->entries[0].id = arena_dup(&job->arena, entry->id);
	}
	if (job->entries && job->entries[0].id.p)
		return job;
	job_free(job);
	return NULL;
}

static void note_lost(struct keep *keep, const struct queue_entry *entry)
{
	const struct span why = SPAN("deleted from the stream while it was pending");
	struct job *job = job_aside(keep, entry);
	struct arena arena = {0};
	const struct span name =
		arena_printf(&arena, "p%02u/%.*s", entry->partition, SPAN_ARG(entry->id));

	log_error("archive.lost", TEXT("entry", entry->id), INT("partition", entry->partition));
	if (job && name.p) {
		job_begin(keep, job);
		archive_loss(keep->archive, name, why, loop_wall(keep->loop), on_written, job);
	} else if (job) {
		job_free(job);
	}
	arena_release(&arena);
}

/* Bytes that are no hit: the archive keeps them for a later vigie that can read them. */
static void note_unreadable(struct keep *keep, const struct queue_entry *entry)
{
	struct job *job = job_aside(keep, entry);

	log_error("archive.unreadable", TEXT("entry", entry->id));
	if (!job)
		return;
	job->entries[0].bytes = arena_dup(&job->arena, entry->hit);
	if (!job->entries[0].bytes.p) {
		job_free(job);
		return;
	}
	job_begin(keep, job);
	archive_put(keep->archive, &job->entries[0].bytes, 1, on_written, job);
}

/* 0, -EINVAL or -ENOMEM. */
static int read_key(struct item_key *ret, bool *ret_deleted, struct span bytes)
{
	struct arena arena = {0};
	struct hit hit;
	const int r = hit_decode(&hit, &arena, bytes);

	if (r == 0) {
		*ret = hit.key;
		*ret_deleted = hit.deleted;
	}
	arena_release(&arena);
	return r;
}

static void on_entries(void *arg, const struct queue_entry *entries, size_t n)
{
	struct keep *keep = arg;
	struct job *job = calloc(1, sizeof(*job));
	struct archive_asked *asked;
	int r;

	if (!job)
		return; /* stays pending; re-read when memory is back */
	job->keep = keep;
	job->entries = arena_calloc(&job->arena, n, sizeof(*job->entries));
	asked = arena_calloc(&job->arena, n, sizeof(*asked));
	for (size_t i = 0; job->entries && asked && i < n; i++) {
		struct job_entry *e = &job->entries[job->n];

		if (entries[i].lost) {
			note_lost(keep, &entries[i]);
			continue;
		}
		r = read_key(&e->key, &e->deleted, entries[i].hit);
		if (r == -EINVAL)
			note_unreadable(keep, &entries[i]);
		if (r < 0)
			continue;
		e->partition = entries[i].partition;
		e->update = entries[i].update;
		e->id = arena_dup(&job->arena, entries[i].id);
		e->bytes = arena_dup(&job->arena, entries[i].hit);
		if (!e->id.p || !e->bytes.p)
			break;
		asked[job->n].key = e->key;
		asked[job->n++].hit = e->bytes;
	}
	if (!job->n) {
		job_free(job);
		return;
	}
	job_begin(keep, job);
	archive_ask(keep->archive, asked, job->n, on_durable, job);
}

int keep_new(struct keep **ret, struct loop *loop, struct queue *queue, struct archive *archive,
	const struct keep_options *options)
{
	struct keep *keep = calloc(1, sizeof(*keep));
	int r;

	if (!keep)
		return -ENOMEM;
	keep->loop = loop;
	keep->archive = archive;
	keep->options = *options;
	r = queue_group_new(&keep->group, queue, "archive", KEEP_WINDOW, on_entries, keep);
	if (r < 0) {
		free(keep);
		return r;
	}
	*ret = keep;
	return 0;
}

struct keep *keep_free(struct keep *keep)
{
	if (!keep)
		return NULL;
	queue_group_free(keep->group);
	while (keep->jobs)
		job_free(keep->jobs);
	free(keep);
	return NULL;
}

const struct keep_stats *keep_stats(const struct keep *keep)
{
	return &keep->stats;
}

bool keep_idle(const struct keep *keep)
{
	return !keep->jobs;
}
