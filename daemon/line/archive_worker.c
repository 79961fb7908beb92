#include "line/archive_worker.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { PAUSE_FIRST_MS = 100, PAUSE_MAX_MS = 5000 };

struct list {
	struct inbox_link *first;
	struct inbox_link **last;
};

/* What trouble() will be told. */
struct news {
	struct arena arena; /* holds why; the news themselves are on the heap */
	struct span why;    /* empty: over */
};

struct archive_worker {
	struct archive_worker_options options;
	struct wakeup *wakeup;
	pthread_t thread;
	bool started;

	struct inbox todo, finished;
	sem_t work; /* posted for each job, and to end */
	sem_t end;  /* posted once; ends a pause */
	sem_t full; /* posted when a transaction's worth has come, and to end: nobody lingers
		       then */
	atomic_size_t heaped; /* weight that came since the last lingering */
	atomic_bool stop;
	_Atomic(struct news *) news; /* the latest that the loop was not told */
	atomic_uint_fast64_t transactions, errors;
	atomic_size_t n_waiting;
	/* The thread's own. */
	struct list waiting;
	bool troubled;
};

static struct archive_job *job_of(struct inbox_link *link)
{
	return (struct archive_job *)(void *)link;
}

static struct archive_job *next_job(const struct archive_job *job)
{
	return job_of(job->link.next);
}

static void list_init(struct list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

static void list_add(struct list *l, struct inbox_link *link)
{
	link->next = NULL;
	*l->last = link;
	l->last = &link->next;
}

static struct archive_job *list_take(struct list *l)
{
	struct inbox_link *link = l->first;

	if (link) {
		l->first = link->next;
		if (!l->first)
			l->last = &l->first;
		link->next = NULL;
	}
	return job_of(link);
}

static void list_append(struct list *l, struct inbox_link *more)
{
	while (more) {
		struct inbox_link *link = more;

		more = link->next;
		list_add(l, link);
	}
}

static void job_free(struct archive_job *job)
{
	arena_release(&job->arena);
	arena_release(&job->out);
	free(job);
}

static void jobs_free(struct inbox_link *jobs)
{
	while (jobs) {
		struct archive_job *job = job_of(jobs);

		jobs = jobs->next;
		job_free(job);
	}
}

static struct news no_memory = {.why = {"out of memory", 13}}, over;

static void news_free(struct news *news)
{
	if (!news || news == &no_memory || news == &over)
		return;
	arena_release(&news->arena);
	free(news);
}

/* --- The thread
 * ------------------------------------------------------------------------------- */

static void say(struct archive_worker *w, int error)
{
	struct news *news = error ? calloc(1, sizeof(*news)) : &over;

	if (news && error)
		news->why = w->options.why(w->options.arg, error, &news->arena);
	if (error && (!news || span_empty(news->why))) {
		news_free(news);
		news = &no_memory;
	}
	news_free(atomic_exchange(&w->news, news));
	wakeup_fire(w->wakeup);
}

/* One transaction, whole or not at all. */
static int transact(struct archive_worker *w, const struct list *jobs)
{
	const struct archive_worker_options *o = &w->options;
	bool writes = false;
	int r;

	for (const struct archive_job *job = job_of(jobs->first); job; job = next_job(job))
		writes |= job->writes;
	r = o->begin(o->arg, writes);
	for (struct archive_job *job = job_of(jobs->first); job && r == 0;
		job = next_job(job)) {
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

/* Takes what one transaction bears. */
static void gather(struct archive_worker *w, struct list *out)
{
	size_t weight = 0;

	list_init(out);
	while (w->waiting.first) {
		const struct archive_job *next = job_of(w->waiting.first);

		if (out->first && weight + next->weight > ARCHIVE_WORKER_TRANSACTION)
			break;
		weight += next->weight;
		list_add(out, &list_take(&w->waiting)->link);
	}
}

/* Waits, unless told not to. False: told so. */
static bool pause_ms(sem_t *told, int64_t ms)
{
	struct timespec until;
	int r = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	do
		r = sem_clockwait(told, CLOCK_MONOTONIC, &until) < 0 ? errno : 0;
	while (r == EINTR);
	return r != 0;
}

/* Until it works; false: told to stop before it did. */
static bool work(struct archive_worker *w, struct list *jobs)
{
	int64_t pause = PAUSE_FIRST_MS;

	while (transact(w, jobs) < 0) {
		atomic_fetch_add(&w->errors, 1);
		if (w->options.lossy || !pause_ms(&w->end, pause))
			return false;
		pause = pause * 2 < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
	}
	if (w->troubled)
		say(w, 0);
	w->troubled = false;
	return true;
}

/* Hands them back; wakes the loop if it was not told already. */
static void give_back(struct archive_worker *w, struct list *jobs, bool worked)
{
	struct archive_job *job;
	bool first = false;

	while ((job = list_take(jobs))) {
		atomic_fetch_sub(&w->n_waiting, 1);
		job->dropped = !worked;
		first |= inbox_put(&w->finished, &job->link);
	}
	if (first)
		wakeup_fire(w->wakeup);
}

static void *thread_main(void *arg)
{
	struct archive_worker *w = arg;
	bool lingered = false;

	for (;;) {
		struct list jobs;
		bool worked;

		list_append(&w->waiting, inbox_take(&w->todo));
		if (w->waiting.first && w->options.linger_ms && !lingered &&
			!atomic_load(&w->stop)) {
			(void)pause_ms(&w->full, w->options.linger_ms);
			atomic_store(&w->heaped, 0);
			lingered = true;
			continue;
		}
		if (!w->waiting.first && atomic_load(&w->stop))
			return NULL;
		if (!w->waiting.first) {
			/* Most posts are of jobs that an earlier round took along. */
			(void)sem_wait(&w->work);
			continue;
		}
		gather(w, &jobs);
		worked = work(w, &jobs);
		atomic_fetch_add(&w->transactions, worked);
		give_back(w, &jobs, worked);
		lingered = w->waiting.first != NULL;
		/* Told to stop while nothing works: what was handed in is not acknowledged. */
		if (!worked && !w->options.lossy)
			return NULL;
	}
}

/* --- The loop
 * --------------------------------------------------------------------------------- */

static void on_woken(void *arg)
{
	struct archive_worker *w = arg;
	struct news *news = atomic_exchange(&w->news, NULL);
	struct inbox_link *jobs = inbox_take(&w->finished);

	if (news && w->options.trouble)
		w->options.trouble(w->options.arg, news->why);
	news_free(news);
	while (jobs) {
		struct archive_job *job = job_of(jobs);

		jobs = jobs->next;
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
	int r;

	if (!w)
		return -ENOMEM;
	w->options = *options;
	list_init(&w->waiting);
	(void)sem_init(&w->work, 0, 0);
	(void)sem_init(&w->end, 0, 0);
	(void)sem_init(&w->full, 0, 0);
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
		atomic_store(&w->stop, true);
		(void)sem_post(&w->end);
		(void)sem_post(&w->full);
		(void)sem_post(&w->work);
		(void)pthread_join(w->thread, NULL);
	}
	wakeup_free(w->wakeup);
	jobs_free(w->waiting.first);
	jobs_free(inbox_take(&w->todo));
	jobs_free(inbox_take(&w->finished));
	news_free(atomic_load(&w->news));
	(void)sem_destroy(&w->work);
	(void)sem_destroy(&w->end);
	(void)sem_destroy(&w->full);
	free(w);
	return NULL;
}

void archive_worker_take(struct archive_worker *w, struct archive_job *job)
{
	const size_t before = atomic_fetch_add(&w->heaped, job->weight);

	if (before < ARCHIVE_WORKER_TRANSACTION &&
		before + job->weight >= ARCHIVE_WORKER_TRANSACTION)
		(void)sem_post(&w->full);
	atomic_fetch_add(&w->n_waiting, 1);
	(void)inbox_put(&w->todo, &job->link);
	(void)sem_post(&w->work);
}

struct archive_worker_stats archive_worker_stats(struct archive_worker *w)
{
	return (struct archive_worker_stats){
		.transactions = atomic_load(&w->transactions),
		.errors = atomic_load(&w->errors),
		.waiting = atomic_load(&w->n_waiting),
	};
}
