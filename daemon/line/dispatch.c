#include "line/dispatch_inner.h"

#include <errno.h>
#include <stdlib.h>

#include "io/log.h"
#include "line/codec_hit.h"

/* Hits between the queue and the desk: bounds memory; enough for Redis to be busy. */
enum { DISPATCH_WINDOW = 512, RETRY_MS = 1000 };

/* One hit on its way. */
struct job_entry {
	struct job *job;
	unsigned partition;
	struct span id;
	struct hit hit;
	struct span bytes;  /* the hit as it came */
	struct span *heard; /* receivers the ledger has an outcome for */
	size_t n_heard;
	bool told;     /* acknowledged */
	bool deciding; /* the desk's step is on its way */
	bool counted;
};

/* What one call of the queue brought. */
struct job {
	struct job *next;
	struct dispatch *dispatch;
	struct arena arena;
	struct job_entry *entries;
	size_t n, left;                   /* entries; of them not yet acknowledged */
	bool asked, known;                /* asked: the archive; known: it answered */
	void (*done)(struct dispatch *d); /* NULL: the queue is told of each */
};

static void pump(struct dispatch *d);

/* --- One hit ---------------------------------------------------------------------------------
 */

static void job_free(struct job *job)
{
	arena_release(&job->arena);
	free(job);
}

static void acknowledge(struct job_entry *e)
{
	struct job *job = e->job;

	if (!job->done)
		queue_ack(job->dispatch->group, e->partition, &e->id, 1);
	job->dispatch->stats.in_flight--;
	job->left--;
	e->told = true;
}

static void on_decided(void *arg, int r)
{
	struct job_entry *e = arg;
	struct dispatch *d = e->job->dispatch;

	e->deciding = false;
	if (r < 0) {
		(void)timer_set(d->retry, RETRY_MS);
		return;
	}
	d->stats.filed++;
	acknowledge(e);
	if (!e->job->left)
		(void)timer_set(d->retry, 0); /* to free it, from outside */
}

/* --- What the archive knows ------------------------------------------------------------------
 */

static bool keep_known(struct job_entry *e, const struct archive_known *known)
{
	struct arena *arena = &e->job->arena;

	e->hit.story = known->place;
	e->n_heard = 0;
	e->heard = arena_calloc(arena, known->n_outcomes + 1, sizeof(*e->heard));
	for (size_t i = 0; e->heard && i < known->n_outcomes; i++) {
		/* It waits, or whatever it waited in is lost: the desk knows which. */
		if (archive_outcome_waits(known->outcomes[i].outcome))
			continue;
		e->heard[e->n_heard] = arena_dup(arena, known->outcomes[i].receiver);
		if (!e->heard[e->n_heard++].p)
			return false;
	}
	return e->heard;
}

static void on_known(void *arg, const struct archive_known *known, size_t n)
{
	struct job *job = arg;

	job->known = true;
	for (size_t i = 0; i < job->n && i < n; i++)
		job->known = job->known && keep_known(&job->entries[i], &known[i]);
	job->asked = job->known;
	pump(job->dispatch);
}

static void ask(struct job *job)
{
	struct archive_asked *asked = arena_calloc(&job->arena, job->n, sizeof(*asked));

	if (!asked)
		return;
	for (size_t i = 0; i < job->n; i++)
		asked[i] =
			(struct archive_asked){job->entries[i].hit.key, job->entries[i].bytes};
	job->asked = true;
	archive_ask(job->dispatch->archive, asked, job->n, on_known, job);
}

/* --- Pumping ---------------------------------------------------------------------------------
 */

static void decide(struct dispatch *d, struct job_entry *e)
{
	const struct desk_candidate candidate = {.kind = DESK_MENTION,
		.hit = &e->hit,
		.place = e->hit.story.mentions ? &e->hit.story : NULL,
		.heard = e->heard,
		.n_heard = e->n_heard};

	if (e->hit.update || e->hit.silent) {
		acknowledge(e); /* nobody's candidate */
		return;
	}
	e->deciding = dispatch_desk_take(d->desk, &candidate, on_decided, e) == 0;
	if (e->deciding && !e->counted)
		d->stats.known += e->n_heard;
	e->counted = e->counted || e->deciding;
}

static void push(struct dispatch *d, struct job *job)
{
	if (!job->asked)
		ask(job);
	if (!job->asked)
		(void)timer_set(d->retry, RETRY_MS);
	/* What can't be decided now is when the desk is ready. */
	for (size_t i = 0; i < job->n && job->known && dispatch_desk_is_ready(d->desk); i++) {
		struct job_entry *e = &job->entries[i];

		if (!e->told && !e->deciding)
			decide(d, e);
	}
}

static void pump(struct dispatch *d)
{
	void (*done)(struct dispatch * d) = NULL; /* of one job at most */

	if (!d->policy)
		return;
	for (struct job *job = d->jobs; job; job = job->next)
		if (job->left)
			push(d, job);
	for (struct job **at = &d->jobs; *at;) {
		struct job *job = *at;

		if (job->left) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		done = job->done ? job->done : done;
		job_free(job);
	}
	if (done)
		done(d);
}

static void on_retry(void *arg)
{
	pump(arg);
}

static void on_up(void *arg)
{
	struct dispatch *d = arg;

	dispatch_desk_up(d->desk);
	pump(d);
}

static void on_ready(void *arg)
{
	struct dispatch *d = arg;

	post_set_desk(d->post, d->desk);
	dispatch_recall(d);
	(void)timer_set(d->retry, 0);
}

/* --- From the queue --------------------------------------------------------------------------
 */

/* False when nothing is to be told of it: then it is acknowledged already. -ENOMEM leaves it
 * pending. */
static int read_entry(struct dispatch *d, struct job_entry *e, const struct queue_entry *entry)
{
	int r;

	if (entry->lost) {
		/* The archive's group writes the loss down. */
		d->stats.lost++;
		queue_ack(d->group, entry->partition, &entry->id, 1);
		return 0;
	}
	r = hit_decode(&e->hit, &e->job->arena, entry->hit);
	if (r == -EINVAL) {
		d->stats.unreadable++;
		log_error("dispatch.unreadable", TEXT("entry", entry->id));
		queue_ack(d->group, entry->partition, &entry->id, 1);
		return 0;
	}
	if (r < 0)
		return r;
	e->hit.update = e->hit.update || entry->update;
	e->partition = entry->partition;
	e->id = arena_dup(&e->job->arena, entry->id);
	e->bytes = arena_dup(&e->job->arena, entry->hit);
	return e->id.p && e->bytes.p ? 1 : -ENOMEM;
}

/* Behind the others. */
static void job_begin(struct dispatch *d, struct job *job)
{
	struct job **end = &d->jobs;

	while (*end)
		end = &(*end)->next;
	*end = job;
	job->left = job->n;
	d->stats.taken += job->n;
	d->stats.in_flight += job->n;
}

static void on_entries(void *arg, const struct queue_entry *entries, size_t n)
{
	struct dispatch *d = arg;
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return; /* they stay pending, and come again */
	job->dispatch = d;
	job->entries = arena_calloc(&job->arena, n, sizeof(*job->entries));
	for (size_t i = 0; job->entries && i < n; i++) {
		struct job_entry *e = &job->entries[job->n];
		int r;

		*e = (struct job_entry){.job = job};
		r = read_entry(d, e, &entries[i]);
		if (r < 0)
			break;
		job->n += (size_t)r;
	}
	if (!job->n) {
		job_free(job);
		return;
	}
	job_begin(d, job);
	pump(d);
}

int dispatch_take(
	struct dispatch *d, const struct span *hits, size_t n, void (*done)(struct dispatch *d))
{
	struct job *job = calloc(1, sizeof(*job));
	int r = job ? 0 : -ENOMEM;

	if (job) {
		*job = (struct job){.dispatch = d, .done = done};
		job->entries = arena_calloc(&job->arena, n + 1, sizeof(*job->entries));
		r = job->entries ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		struct job_entry *e = &job->entries[job->n];

		*e = (struct job_entry){.job = job};
		e->bytes = arena_dup(&job->arena, hits[i]);
		r = e->bytes.p ? hit_decode(&e->hit, &job->arena, e->bytes) : -ENOMEM;
		job->n += r == 0;
		r = r == -EINVAL ? 0 : r;
	}
	if (r < 0) {
		if (job)
			job_free(job);
		return r;
	}
	job_begin(d, job);
	(void)timer_set(d->retry, 0);
	return 0;
}

/* --- Life ------------------------------------------------------------------------------------
 */

int dispatch_new(struct dispatch **ret, struct loop *loop, struct queue *queue,
	struct archive *archive, struct post *post)
{
	struct dispatch *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->loop = loop;
	d->archive = archive;
	d->post = post;
	d->outbox = post_outbox(post);
	r = timer_new(&d->retry, loop, on_retry, d);
	if (r == 0)
		r = dispatch_desk_new(&d->desk, loop, post, archive, on_ready, d);
	if (r == 0)
		r = queue_group_new(&d->group, queue, "desk", DISPATCH_WINDOW, on_entries, d);
	if (r < 0) {
		dispatch_free(d);
		return r;
	}
	outbox_listen(d->outbox, on_up, d);
	post_set_desk(post, d->desk);
	*ret = d;
	return 0;
}

struct dispatch *dispatch_free(struct dispatch *d)
{
	if (!d)
		return NULL;
	queue_group_free(d->group);
	while (d->jobs) {
		struct job *job = d->jobs;

		d->jobs = job->next;
		job_free(job);
	}
	dispatch_tellings_free(d);
	dispatch_recall_free(d);
	timer_free(d->retry);
	post_set_desk(d->post, NULL);
	dispatch_desk_free(d->desk);
	if (d->unref)
		d->unref(d->config);
	free(d);
	return NULL;
}

int dispatch_set_policy(struct dispatch *d, const struct policy *policy, void *config,
	void *(*ref)(void *config), void (*unref)(void *config))
{
	void *old = d->config;
	void (*old_unref)(void *config) = d->unref;

	d->config = ref ? ref(config) : config;
	d->unref = unref;
	d->policy = policy;
	dispatch_desk_set_policy(d->desk, policy);
	if (old_unref)
		old_unref(old);
	pump(d);
	return 0;
}

struct dispatch_desk *dispatch_desk(struct dispatch *d)
{
	return d->desk;
}

const struct dispatch_stats *dispatch_stats(const struct dispatch *d)
{
	return &d->stats;
}
