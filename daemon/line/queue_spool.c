/*
 * queue_spool: the file, and the thread that writes it. The thread takes all jobs that wait,
 * writes them in one go and fsyncs once.
 */

#include "line/queue_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "io/inbox.h"
#include "io/log.h"
#include "vigie/cleanup.h"

static const char header[SPOOL_HEADER_BYTES + 1] = "vgspool\x01";
static const char magic[] = "vgr1";
enum { MAGIC_BYTES = 4, GROUP_BYTES = 8 << 20 };

struct spool_job {
	struct inbox_link link;
	struct spool_record record; /* append; payload is the caller's */
	void (*appended)(void *arg, int r, const struct spool_record *record);
	void (*cleared)(void *arg, int r);
	void *arg;
	int r;
};

struct spool {
	int fd;
	uint64_t limit_bytes;
	uint64_t end;           /* the loop's: durable */
	uint64_t waiting_bytes; /* the loop's: handed in, not answered */
	uint64_t written;       /* the thread's */

	pthread_t thread;
	struct inbox todo, finished;
	sem_t work; /* posted for each job, and to end */
	bool running;
	atomic_bool stopping;
	struct wakeup *wakeup;
};

/* --- Records ---------------------------------------------------------------------------------
 */

static uint64_t little(const char *p, int bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < bytes; i++)
		value |= (uint64_t)(unsigned char)p[i] << 8 * i;
	return value;
}

/* Over length and payload, so that a length that was hurt is seen too. */
static uint64_t checksum(struct span payload)
{
	return XXH3_64bits_withSeed(payload.p, payload.n, payload.n);
}

void spool_frame(struct buf *out, struct span payload)
{
	const uint64_t sum = checksum(payload);
	char frame[SPOOL_FRAME_BYTES];

	memcpy(frame, magic, MAGIC_BYTES);
	for (int i = 0; i < 4; i++)
		frame[4 + i] = (char)(payload.n >> 8 * i);
	for (int i = 0; i < 8; i++)
		frame[8 + i] = (char)(sum >> 8 * i);
	buf_add(out, span_of(frame, sizeof(frame)));
	buf_add(out, payload);
}

/* Whole record at the start of s, or n = 0. */
static size_t record_at(struct span s, struct span *ret_payload)
{
	uint64_t length;

	if (s.n < SPOOL_FRAME_BYTES || memcmp(s.p, magic, MAGIC_BYTES) != 0)
		return 0;
	length = little(s.p + 4, 4);
	if (length > SPOOL_RECORD_MAX || length > s.n - SPOOL_FRAME_BYTES)
		return 0;
	*ret_payload = span_of(s.p + SPOOL_FRAME_BYTES, length);
	return checksum(*ret_payload) == little(s.p + 8, 8) ? SPOOL_FRAME_BYTES + length : 0;
}

bool spool_scan(
	struct spool_record *ret, struct span file, uint64_t from, uint64_t *ret_skipped)
{
	*ret_skipped = 0;
	for (uint64_t at = from; at < file.n;) {
		const struct span rest = span_slice(file, at, file.n);
		struct span payload;
		const size_t n = record_at(rest, &payload);
		const char *next;

		if (n) {
			*ret = (struct spool_record){at, at + n, payload};
			*ret_skipped = at - from;
			return true;
		}
		next = memmem(rest.p + 1, rest.n - 1, magic, MAGIC_BYTES);
		at = next ? (uint64_t)(next - file.p) : file.n;
	}
	return false;
}

/* --- The thread ------------------------------------------------------------------------------
 */

static int write_all(int fd, struct span s, uint64_t at)
{
	while (s.n) {
		const ssize_t n = pwrite(fd, s.p, s.n, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += (uint64_t)n;
		s = span_slice(s, (size_t)n, s.n);
	}
	return fdatasync(fd) < 0 ? -errno : 0;
}

static struct spool_job *job_of(struct inbox_link *link)
{
	return (struct spool_job *)(void *)link;
}

static struct spool_job *next_job(const struct spool_job *job)
{
	return job_of(job->link.next);
}

/* Appends from *job on, as many as go together; *job moves behind them. */
static void do_appends(struct spool *s, struct spool_job **job)
{
	struct spool_job *first = *job, *stop = *job;
	uint64_t at = s->written;
	struct buf bytes = {0};
	int r;

	while (stop && stop->appended && bytes.n < GROUP_BYTES) {
		stop->record.offset = at + bytes.n;
		spool_frame(&bytes, stop->record.payload);
		stop->record.end = at + bytes.n;
		stop = next_job(stop);
	}
	r = buf_result(&bytes);
	if (r == 0)
		r = write_all(s->fd, buf_span(&bytes), at);
	if (r == 0)
		s->written = at + bytes.n;
	else
		(void)!ftruncate(s->fd, (off_t)at);
	for (; first != stop; first = next_job(first))
		first->r = r;
	*job = stop;
	buf_deinit(&bytes);
}

static void do_clear(struct spool *s, struct spool_job *job)
{
	job->r = ftruncate(s->fd, SPOOL_HEADER_BYTES) < 0 || fdatasync(s->fd) < 0 ? -errno : 0;
	if (job->r == 0)
		s->written = SPOOL_HEADER_BYTES;
}

static void *work(void *arg)
{
	struct spool *s = arg;

	for (;;) {
		struct spool_job *jobs;
		bool first = false;

		while (sem_wait(&s->work) < 0)
			;
		jobs = job_of(inbox_take(&s->todo));
		/* Nothing there: an earlier round took it along, or this is the end. */
		if (!jobs && atomic_load(&s->stopping))
			return NULL;
		for (struct spool_job *job = jobs; job;) {
			if (job->cleared) {
				do_clear(s, job);
				job = next_job(job);
			} else {
				do_appends(s, &job);
			}
		}
		while (jobs) {
			struct spool_job *job = jobs;

			jobs = next_job(job);
			first |= inbox_put(&s->finished, &job->link);
		}
		if (first)
			wakeup_fire(s->wakeup);
	}
}

static void on_finished(void *arg)
{
	struct spool *s = arg;
	struct spool_job *jobs = job_of(inbox_take(&s->finished));

	/* All figures first: a callback may ask. */
	for (const struct spool_job *job = jobs; job; job = next_job(job)) {
		if (job->appended)
			s->waiting_bytes -= SPOOL_FRAME_BYTES + job->record.payload.n;
		if (job->r == 0)
			s->end = job->cleared ? SPOOL_HEADER_BYTES : job->record.end;
	}
	while (jobs) {
		struct spool_job *job = jobs;

		jobs = next_job(job);
		if (job->cleared)
			job->cleared(job->arg, job->r);
		else
			job->appended(job->arg, job->r, &job->record);
		free(job);
	}
}

static void hand_in(struct spool *s, struct spool_job *job)
{
	(void)inbox_put(&s->todo, &job->link);
	(void)sem_post(&s->work);
}

/* --- The door --------------------------------------------------------------------------------
 */

static int show(struct spool *s, const char *path, uint64_t size,
	void (*found)(void *arg, const struct spool_record *record), void *arg)
{
	struct spool_record record;
	uint64_t at = SPOOL_HEADER_BYTES, skipped;
	struct span file;
	void *map;

	s->end = s->written = SPOOL_HEADER_BYTES;
	map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, s->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	file = span_of(map, size);
	if (memcmp(file.p, header, SPOOL_HEADER_BYTES) != 0) {
		log_error("queue.spool_refused", STR("file", path),
			STR("why", "not a spool, or of a newer vigie: run that one, or move "
				   "the file"));
		(void)munmap(map, size);
		return -EINVAL;
	}
	while (spool_scan(&record, file, at, &skipped)) {
		if (skipped)
			log_error("queue.spool_damaged", STR("file", path), INT("at_byte", at),
				INT("bytes_lost", skipped));
		found(arg, &record);
		at = record.end;
	}
	(void)munmap(map, size);
	if (at < size) {
		log_warning("queue.spool_tail_cut", STR("file", path), INT("bytes", size - at));
		if (ftruncate(s->fd, (off_t)at) < 0)
			return -errno;
	}
	s->end = s->written = at;
	return 0;
}

DEFINE_CLEANUP(struct spool *, spool_free)

int spool_open(struct spool **ret, struct loop *loop, const char *path, uint64_t limit_bytes,
	void (*found)(void *arg, const struct spool_record *record), void *arg)
{
	CLEANUP(spool_freep) struct spool *s = calloc(1, sizeof(*s));
	struct stat st;
	int r = 0;

	if (!s)
		return -ENOMEM;
	s->limit_bytes = limit_bytes;
	(void)sem_init(&s->work, 0, 0);
	s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return -errno;
	if (st.st_size < SPOOL_HEADER_BYTES) {
		/* New, or cut before its first fsync: nothing was ever promised about it. */
		if (ftruncate(s->fd, 0) < 0)
			return -errno;
		r = write_all(s->fd, span_of(header, SPOOL_HEADER_BYTES), 0);
		s->end = s->written = SPOOL_HEADER_BYTES;
	} else {
		r = show(s, path, (uint64_t)st.st_size, found, arg);
	}
	if (r == 0)
		r = wakeup_new(&s->wakeup, loop, on_finished, s);
	if (r == 0)
		r = -pthread_create(&s->thread, NULL, work, s);
	if (r < 0)
		return r;
	s->running = true;
	*ret = TAKE(s);
	return 0;
}

static void free_jobs(struct spool_job *jobs)
{
	while (jobs) {
		struct spool_job *job = jobs;

		jobs = next_job(job);
		free(job);
	}
}

struct spool *spool_free(struct spool *s)
{
	if (!s)
		return NULL;
	if (s->running) {
		atomic_store(&s->stopping, true);
		(void)sem_post(&s->work);
		(void)pthread_join(s->thread, NULL);
	}
	s->wakeup = wakeup_free(s->wakeup);
	free_jobs(job_of(inbox_take(&s->todo)));
	free_jobs(job_of(inbox_take(&s->finished)));
	if (s->fd >= 0)
		(void)close(s->fd);
	(void)sem_destroy(&s->work);
	free(s);
	return NULL;
}

uint64_t spool_used(const struct spool *spool)
{
	return spool->end - SPOOL_HEADER_BYTES + spool->waiting_bytes;
}

bool spool_has_room(const struct spool *spool, size_t payload_bytes)
{
	return payload_bytes <= SPOOL_RECORD_MAX &&
	       spool_used(spool) + SPOOL_FRAME_BYTES + payload_bytes <= spool->limit_bytes;
}

uint64_t spool_end(const struct spool *spool)
{
	return spool->end;
}

int spool_append(struct spool *spool, struct span payload,
	void (*done)(void *arg, int r, const struct spool_record *record), void *arg)
{
	struct spool_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->record.payload = payload;
	job->appended = done;
	job->arg = arg;
	spool->waiting_bytes += SPOOL_FRAME_BYTES + payload.n;
	hand_in(spool, job);
	return 0;
}

int spool_clear(struct spool *spool, void (*done)(void *arg, int r), void *arg)
{
	struct spool_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->cleared = done;
	job->arg = arg;
	hand_in(spool, job);
	return 0;
}

/* Up to n bytes at `at`; fewer at the end of the file. */
static int read_at(int fd, struct buf *bytes, uint64_t at, size_t n)
{
	if (!buf_reserve(bytes, n))
		return -ENOMEM;
	while (n) {
		const ssize_t got = pread(fd, bytes->p + bytes->n, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		bytes->n += (size_t)got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

int spool_read(struct spool *spool, struct spool_record *ret, struct buf *bytes, uint64_t from)
{
	struct span payload;
	uint64_t skipped;
	int r;

	if (from < SPOOL_HEADER_BYTES)
		from = SPOOL_HEADER_BYTES;
	if (from >= spool->end)
		return -ENOENT;
	/* Mostly a whole record stands at `from`; behind damage, what is left is searched. */
	buf_clear(bytes);
	r = read_at(spool->fd, bytes, from, SPOOL_FRAME_BYTES);
	if (r == 0 && bytes->n == SPOOL_FRAME_BYTES && spool->end - from >= SPOOL_FRAME_BYTES &&
		memcmp(bytes->p, magic, MAGIC_BYTES) == 0 &&
		little(bytes->p + 4, 4) <= spool->end - from - SPOOL_FRAME_BYTES)
		r = read_at(
			spool->fd, bytes, from + SPOOL_FRAME_BYTES, little(bytes->p + 4, 4));
	if (r < 0)
		return r;
	if (record_at(buf_span(bytes), &payload)) {
		*ret = (struct spool_record){
			from, from + SPOOL_FRAME_BYTES + payload.n, payload};
		return 0;
	}
	buf_clear(bytes);
	r = read_at(spool->fd, bytes, from, spool->end - from);
	if (r < 0)
		return r;
	if (!spool_scan(ret, buf_span(bytes), 0, &skipped))
		return -ENOENT;
	ret->offset += from;
	ret->end += from;
	return 0;
}
