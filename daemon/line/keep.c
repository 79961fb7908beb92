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
		bool update;
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

static void tell(struct keep *keep, struct span bytes, const struct story_place *story)
{
	struct arena arena = { 0 };
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
		} else {
			keep->stats.kept++;
			tell(keep, e->bytes, &known[i].place);
		}
	}
	job_free(job);
}

static void on_lost(struct keep *keep, const struct queue_entry *entry)
{
	const struct span why = SPAN("deleted from the stream while it was pending");

	keep->stats.lost++;
	log_error("archive.lost", TEXT("entry", entry->id), INT("partition", entry->partition));
	archive_loss(keep->archive, entry->id, why, loop_wall(keep->loop));
	queue_ack(keep->group, entry->partition, &entry->id, 1);
	if (keep->options.lost)
		keep->options.lost(keep->options.arg, entry->id);
}

/* The archive takes only what can be read again: bytes that are no hit are a loss with a line. */
static bool readable(
	struct keep *keep, struct item_key *ret, const struct queue_entry *entry)
{
	const struct span why = SPAN("not a readable hit");
	struct arena arena = { 0 };
	struct hit hit;
	const int r = hit_decode(&hit, &arena, entry->hit);

	if (r == 0)
		*ret = hit.key;
	arena_release(&arena);
	if (r == -EINVAL) {
		keep->stats.unreadable++;
		log_error("archive.unreadable", TEXT("entry", entry->id));
		archive_loss(keep->archive, entry->id, why, loop_wall(keep->loop));
		queue_ack(keep->group, entry->partition, &entry->id, 1);
	}
	return r == 0;
}

static void on_entries(void *arg, const struct queue_entry *entries, size_t n)
{
	struct keep *keep = arg;
	struct job *job = calloc(1, sizeof(*job));
	struct archive_asked *asked;

	if (!job)
		return; /* stays pending; re-read when memory is back */
	job->keep = keep;
	job->entries = arena_calloc(&job->arena, n, sizeof(*job->entries));
	asked = arena_calloc(&job->arena, n, sizeof(*asked));
	for (size_t i = 0; job->entries && asked && i < n; i++) {
		struct job_entry *e = &job->entries[job->n];

		if (entries[i].lost) {
			on_lost(keep, &entries[i]);
			continue;
		}
		if (!readable(keep, &asked[job->n].key, &entries[i]))
			continue;
		e->partition = entries[i].partition;
		e->update = entries[i].update;
		e->id = arena_dup(&job->arena, entries[i].id);
		e->bytes = arena_dup(&job->arena, entries[i].hit);
		if (!e->id.p || !e->bytes.p)
			break;
		asked[job->n++].hit = e->bytes;
	}
	if (!job->n) {
		job_free(job);
		return;
	}
	job->next = keep->jobs;
	job->at = &keep->jobs;
	if (job->next)
		job->next->at = &job->next;
	keep->jobs = job;
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
