#include "line/keep.h"

#include <errno.h>
#include <stdlib.h>

#include "io/log.h"
#include "line/codec_hit.h"
#include "vigie/cleanup.h"

/* How many hits may be between the queue and the disk: bounds memory, and is enough for the archive
 * to share one transaction among a burst. */
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
		bool update, lost, unreadable;
	} *entries;
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

static void tell(struct keep *keep, struct span bytes)
{
	struct arena arena = { 0 };
	struct hit hit;

	if (keep->options.kept && hit_decode(&hit, &arena, bytes) == 0)
		keep->options.kept(keep->options.arg, &hit);
	arena_release(&arena);
}

static void on_durable(void *arg)
{
	struct job *job = arg;
	struct keep *keep = job->keep;

	for (size_t i = 0; i < job->n; i++) {
		const struct job_entry *e = &job->entries[i];

		queue_ack(keep->group, e->partition, &e->id, 1);
		if (e->lost) {
			keep->stats.lost++;
			if (keep->options.lost)
				keep->options.lost(keep->options.arg, e->id);
		} else if (e->unreadable) {
			keep->stats.unreadable++;
		} else if (e->update) {
			keep->stats.updates++;
		} else {
			keep->stats.kept++;
			tell(keep, e->bytes);
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

/* It is acknowledged when the ledger has it; without memory it stays pending. */
static void note_lost(struct keep *keep, const struct queue_entry *entry)
{
	const struct span why = SPAN("deleted from the stream while it was pending");
	struct job *job = calloc(1, sizeof(*job));
	struct span name;

	log_error("archive.lost", TEXT("entry", entry->id), INT("partition", entry->partition));
	if (!job)
		return;
	job->keep = keep;
	job->entries = arena_calloc(&job->arena, 1, sizeof(*job->entries));
	name = arena_printf(&job->arena, "p%02u/%.*s", entry->partition, SPAN_ARG(entry->id));
	if (!job->entries || !name.p) {
		job_free(job);
		return;
	}
	job->n = 1;
	job->entries[0] = (struct job_entry){.partition = entry->partition,
		.id = arena_dup(&job->arena, entry->id),
		.lost = true};
	job_begin(keep, job);
	archive_loss(keep->archive, name, why, loop_wall(keep->loop), on_durable, job);
}

/* The archive keeps the bytes of what is no hit for a later vigie that can read them. */
static bool is_unreadable(const struct queue_entry *entry)
{
	struct arena arena = { 0 };
	struct hit hit;
	const int r = hit_decode(&hit, &arena, entry->hit);

	arena_release(&arena);
	if (r == -EINVAL)
		log_error("archive.unreadable", TEXT("entry", entry->id));
	return r == -EINVAL;
}

static void on_entries(void *arg, const struct queue_entry *entries, size_t n)
{
	struct keep *keep = arg;
	struct job *job = calloc(1, sizeof(*job));
	struct span *bytes;

	if (!job)
		return; /* stays pending; re-read when memory is back */
	job->keep = keep;
	job->entries = arena_calloc(&job->arena, n, sizeof(*job->entries));
	bytes = arena_calloc(&job->arena, n, sizeof(*bytes));
	for (size_t i = 0; job->entries && bytes && i < n; i++) {
		struct job_entry *e = &job->entries[job->n];

		if (entries[i].lost) {
			note_lost(keep, &entries[i]);
			continue;
		}
		*e = (struct job_entry){ .unreadable = is_unreadable(&entries[i]) };
		e->partition = entries[i].partition;
		e->update = entries[i].update;
		e->id = arena_dup(&job->arena, entries[i].id);
		e->bytes = arena_dup(&job->arena, entries[i].hit);
		if (!e->id.p || !e->bytes.p)
			break;
		bytes[job->n++] = e->bytes;
	}
	if (!job->n) {
		job_free(job);
		return;
	}
	job_begin(keep, job);
	archive_put(keep->archive, bytes, job->n, on_durable, job);
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
