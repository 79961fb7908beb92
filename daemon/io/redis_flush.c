/*
 * redis_flush: a thread that fsyncs what Redis writes.
 */

#include "io/redis_flush.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/log.h"

struct redis_flush {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
	bool failing; /* said; the thread's */
	char folder[];
};

static int flush_file(int at, const char *name)
{
	const int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno; /* Redis put a newer one in its place */
	r = fdatasync(fd) < 0 ? -errno : 0;
	(void)close(fd);
	return r;
}

/* All that end in ".aof": a clean one costs nothing. */
static int flush_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int r = 0;

	if (!folder)
		return errno == ENOENT ? 0 : -errno;
	while (r == 0 && (entry = readdir(folder))) {
		const size_t n = strlen(entry->d_name);

		if (n > 4 && strcmp(entry->d_name + n - 4, ".aof") == 0)
			r = flush_file(dirfd(folder), entry->d_name);
	}
	(void)closedir(folder);
	return r;
}

/* Redis 7 has a folder of them, 6.2 one file. */
static void flush(struct redis_flush *f)
{
	char path[4096];
	int r = flush_folder(f->folder);

	if (r == 0 &&
		snprintf(path, sizeof(path), "%s/appendonlydir", f->folder) < (int)sizeof(path))
		r = flush_folder(path);
	if (r < 0 && !f->failing)
		log_error("redis_server.not_flushed", STR("why", strerror(-r)),
			STR("remedy", "look at the disk of the state folder"));
	f->failing = r < 0;
}

static void *work(void *arg)
{
	struct redis_flush *f = arg;
	struct timespec due;

	(void)pthread_mutex_lock(&f->lock);
	(void)clock_gettime(CLOCK_MONOTONIC, &due);
	while (!f->stopping) {
		due.tv_sec++;
		while (!f->stopping && pthread_cond_timedwait(&f->wake, &f->lock, &due) == 0)
			;
		(void)pthread_mutex_unlock(&f->lock);
		flush(f);
		(void)pthread_mutex_lock(&f->lock);
		(void)clock_gettime(CLOCK_MONOTONIC, &due);
	}
	(void)pthread_mutex_unlock(&f->lock);
	return NULL;
}

int redis_flush_new(struct redis_flush **ret, const char *folder)
{
	const size_t n = strlen(folder) + 1;
	struct redis_flush *f = calloc(1, sizeof(*f) + n);
	pthread_condattr_t monotonic;
	int r;

	if (!f)
		return -ENOMEM;
	memcpy(f->folder, folder, n);
	(void)pthread_mutex_init(&f->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&f->wake, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	r = -pthread_create(&f->thread, NULL, work, f);
	if (r < 0) {
		free(f);
		return r;
	}
	*ret = f;
	return 0;
}

struct redis_flush *redis_flush_free(struct redis_flush *f)
{
	if (!f)
		return NULL;
	(void)pthread_mutex_lock(&f->lock);
	f->stopping = true;
	(void)pthread_cond_signal(&f->wake);
	(void)pthread_mutex_unlock(&f->lock);
	(void)pthread_join(f->thread, NULL);
	(void)pthread_cond_destroy(&f->wake);
	(void)pthread_mutex_destroy(&f->lock);
	free(f);
	return NULL;
}
