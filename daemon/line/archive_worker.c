#include "line/archive_worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { PAUSE_FIRST_MS = 100, PAUSE_MAX_MS = 5000 };

struct list {
	struct archive_job *first;
	struct archive_job **last;
};

struct archive_worker {
	struct archive_worker_options options;
	struct wakeup *wakeup;
	pthread_t thread;
	bool started;

	pthread_mutex_t mutex; /* for all below */
	pthread_cond_t change;
	struct list waiting;
	struct list finished;
	size_t weight;  /* of what waits */
	bool lingering; /* the thread sleeps over what waits */
	struct archive_worker_stats stats;
	bool stop;
	/* What the loop has not been told yet. */
	bool news;
	struct span why; /* empty: over */
	struct arena why_arena;
	/* The thread's own. */
	bool troubled;
};

static void list_init(struct list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

static void list_add(struct list *l, struct archive_job *job)
{
	job->next = NULL;
	*l->last = job;
	l->last = &job->next;
}

static struct archive_job *list_take(struct list *l)
{
	struct archive_job *job = l->first;

	if (job) {
		l->first = job->next;
		if (!l->first)
			l->last = &l->first;
		job->next = NULL;
	}
	return job;
}

static void list_append(struct list *l, struct list *more)
{
	if (!more->first)
		return;
	*l->last = more->first;
	l->last = more->last;
	list_init(more);
}

static void job_free(struct archive_job *job)
{
	arena_release(&job->arena);
	arena_release(&job->out);
	free(job);
}

static void list_free(struct list *l)
{
	struct archive_job *job;

	while ((job = list_take(l)))
		job_free(job);
}

/* --- The thread
 * ------------------------------------------------------------------------------- */

static void say(struct archive_worker *w, int error)
{
	struct arena arena = {0};
	const struct span why =
		error ? w->options.why(w->options.arg, error, &arena) : SPAN_NONE;

	pthread_mutex_lock(&w->mutex);
	arena_release(&w->why_arena);
	w->why_arena = arena;
	w->why = error && span_empty(why) ? SPAN("out of memory") : why;
	w->news = true;
	pthread_mutex_unlock(&w->mutex);
	wakeup_fire(w->wakeup);
}

/* One transaction, whole or not at all. */
static int transact(struct archive_worker *w, const struct list *jobs)
{
	const struct archive_worker_options *o = &w->options;
	bool writes = false;
	int r;

	for (const struct archive_job *job = jobs->first; job; job = job->next)
		writes |= job->writes;
	r = o->begin(o->arg, writes);
	for (struct archive_job *job = jobs->first; job && r == 0; job = job->next) {
		arena_release(&job->out);
		r = job->run(o->arg, job);
	}
	if (r == 0)
		r = o->commit(o->arg);
	if (r == 0)
		return 0;
	if (!w->troubled)
		say(w, r);
	w->troubled = true;
	o->rollback(o->arg);
	return r;
}

/* Takes what one transaction bears. Called with the mutex held. */
static void gather(struct archive_worker *w, struct list *out)
{
	size_t weight = 0;

	list_init(out);
	while (w->waiting.first) {
		if (out->first &&
			weight + w->waiting.first->weight > ARCHIVE_WORKER_TRANSACTION)
			break;
		weight += w->waiting.first->weight;
		list_add(out, list_take(&w->waiting));
	}
	w->weight -= weight;
}

static struct timespec from_now(int64_t ms)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/* Something waits: more may come. Called with the mutex held. */
static void linger(struct archive_worker *w)
{
	const struct timespec until = from_now(w->options.linger_ms);
	int r = 0;

	w->lingering = true;
	while (!w->stop && w->weight < ARCHIVE_WORKER_TRANSACTION && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&w->change, &w->mutex, &until);
	w->lingering = false;
}

/* Waits, unless told to stop. False: stop. */
static bool pause_ms(struct archive_worker *w, int64_t ms)
{
	const struct timespec until = from_now(ms);
	int r = 0;

	pthread_mutex_lock(&w->mutex);
	while (!w->stop && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&w->change, &w->mutex, &until);
	r = w->stop;
	pthread_mutex_unlock(&w->mutex);
	return r == 0;
}

/* Until it works; false: told to stop before it did. */
static bool work(struct archive_worker *w, struct list *jobs)
{
	int64_t pause = PAUSE_FIRST_MS;

	while (transact(w, jobs) < 0) {
		pthread_mutex_lock(&w->mutex);
		w->stats.errors++;
		pthread_mutex_unlock(&w->mutex);
		if (w->options.lossy || !pause_ms(w, pause))
			return false;
		pause = pause * 2 < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
	}
	if (w->troubled)
		say(w, 0);
	w->troubled = false;
	return true;
}

static void *thread_main(void *arg)
{
	struct archive_worker *w = arg;

	pthread_mutex_lock(&w->mutex);
	for (;;) {
		struct list jobs;
		bool worked;

		while (!w->waiting.first && !w->stop)
			pthread_cond_wait(&w->change, &w->mutex);
		if (!w->waiting.first)
			break;
		if (w->options.linger_ms)
			linger(w);
		gather(w, &jobs);
		pthread_mutex_unlock(&w->mutex);

		worked = work(w, &jobs);

		pthread_mutex_lock(&w->mutex);
		for (struct archive_job *job = jobs.first; job; job = job->next) {
			w->stats.waiting--;
			job->dropped = !worked;
		}
		w->stats.transactions += worked;
		if (!worked && !w->options.lossy) {
			/* Told to stop while nothing works: what was handed in is not
			 * acknowledged. */
			list_append(&w->finished, &jobs);
			break;
		}
		list_append(&w->finished, &jobs);
		pthread_mutex_unlock(&w->mutex);
		wakeup_fire(w->wakeup);
		pthread_mutex_lock(&w->mutex);
	}
	pthread_mutex_unlock(&w->mutex);
	return NULL;
}

/* --- The loop
 * --------------------------------------------------------------------------------- */

static void tell_trouble(struct archive_worker *w)
{
	struct arena arena;
	struct span why;
	bool news;

	pthread_mutex_lock(&w->mutex);
	news = w->news;
	why = w->why;
	arena = w->why_arena;
	w->news = false;
	w->why = SPAN_NONE;
	w->why_arena = (struct arena){0};
	pthread_mutex_unlock(&w->mutex);
	if (news && w->options.trouble)
		w->options.trouble(w->options.arg, why);
	arena_release(&arena);
}

static void on_woken(void *arg)
{
	struct archive_worker *w = arg;
	struct archive_job *job;
	struct list finished;

	tell_trouble(w);
	list_init(&finished);
	pthread_mutex_lock(&w->mutex);
	list_append(&finished, &w->finished);
	pthread_mutex_unlock(&w->mutex);
	while ((job = list_take(&finished))) {
		if (job->done)
			job->done(job);
		job_free(job);
	}
}

static int start(struct archive_worker *w)
{
	sigset_t all, before;
	int r;

	/* Signals are the loop thread's. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&w->thread, NULL, thread_main, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->started = r == 0;
	return -r;
}

int archive_worker_new(struct archive_worker **ret, struct loop *loop,
	const struct archive_worker_options *options)
{
	struct archive_worker *w = calloc(1, sizeof(*w));
	pthread_condattr_t attributes;
	int r;

	if (!w)
		return -ENOMEM;
	w->options = *options;
	list_init(&w->waiting);
	list_init(&w->finished);
	(void)pthread_mutex_init(&w->mutex, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&w->change, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	r = wakeup_new(&w->wakeup, loop, on_woken, w);
	if (r == 0)
		r = start(w);
	if (r < 0) {
		archive_worker_free(w);
		return r;
	}
	*ret = w;
	return 0;
}

struct archive_worker *archive_worker_free(struct archive_worker *w)
{
	if (!w)
		return NULL;
	if (w->started) {
		pthread_mutex_lock(&w->mutex);
		w->stop = true;
		pthread_cond_signal(&w->change);
		pthread_mutex_unlock(&w->mutex);
		(void)pthread_join(w->thread, NULL);
	}
	wakeup_free(w->wakeup);
	list_free(&w->waiting);
	list_free(&w->finished);
	arena_release(&w->why_arena);
	(void)pthread_cond_destroy(&w->change);
	(void)pthread_mutex_destroy(&w->mutex);
	free(w);
	return NULL;
}

void archive_worker_take(struct archive_worker *w, struct archive_job *job)
{
	pthread_mutex_lock(&w->mutex);
	list_add(&w->waiting, job);
	w->stats.waiting++;
	w->weight += job->weight;
	if (!w->lingering || w->weight >= ARCHIVE_WORKER_TRANSACTION)
		pthread_cond_signal(&w->change);
	pthread_mutex_unlock(&w->mutex);
}

struct archive_worker_stats archive_worker_stats(struct archive_worker *w)
{
	struct archive_worker_stats stats;

	pthread_mutex_lock(&w->mutex);
	stats = w->stats;
	pthread_mutex_unlock(&w->mutex);
	return stats;
}
