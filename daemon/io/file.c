/*
 * file: small files, whole. What a half-written file would mean is not decided here: there is
 * none.
 */

#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct file_info info_of(const struct stat *st)
{
	return (struct file_info){
		.is_folder = S_ISDIR(st->st_mode),
		.size = st->st_size,
		.modified_ns = ns(st->st_mtim),
		.changed_ns = ns(st->st_ctim),
	};
}

int file_info(struct file_info *ret, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return -EINVAL;
	*ret = info_of(&st);
	return 0;
}

static int read_all(struct buf *out, int fd, size_t limit)
{
	enum { PIECE = 64 * 1024 };
	size_t got = 0;

	for (;;) {
		const size_t want = limit - got < PIECE ? limit - got : PIECE;
		char beyond;
		ssize_t n;

		if (want && !buf_reserve(out, want))
			return -ENOMEM;
		n = read(fd, want ? out->p + out->n : &beyond, want ? want : 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		if (!want)
			return -EFBIG;
		got += (size_t)n;
		out->n += (size_t)n;
		out->p[out->n] = '\0';
	}
}

int file_read(struct buf *out, const char *path, size_t limit, unsigned flags)
{
	const int nofollow = flags & FILE_NOFOLLOW ? O_NOFOLLOW : 0;
	/* O_NONBLOCK: a FIFO must not hold us up before we have seen that it is one. */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | nofollow);
	struct stat st;
	int r;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -EINVAL;
	else if (flags & FILE_PRIVATE && st.st_mode & (S_IRWXG | S_IRWXO))
		r = -EPERM;
	else
		r = read_all(out, fd, limit);
	(void)close(fd);
	return r;
}

static bool after(int64_t changed_ns, const char *name, int64_t than_ns, struct span than)
{
	return changed_ns > than_ns ||
	       (changed_ns == than_ns && span_cmp(span_str(name), than) > 0);
}

int file_next(struct buf *ret_name, struct file_info *ret, bool *ret_more, const char *folder,
	int64_t changed_ns, struct span name)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	struct buf best = {0};
	size_t found = 0;
	int r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir))) {
		struct file_info info;
		struct stat st;

		if (entry->d_name[0] == '.' || fstatat(dirfd(dir), entry->d_name, &st, 0) < 0 ||
			!S_ISREG(st.st_mode))
			continue;
		info = info_of(&st);
		if (!after(info.changed_ns, entry->d_name, changed_ns, name))
			continue;
		if (found++ &&
			after(info.changed_ns, entry->d_name, ret->changed_ns, buf_span(&best)))
			continue;
		*ret = info;
		buf_clear(&best);
		buf_add_str(&best, entry->d_name);
		r = buf_result(&best);
	}
	(void)closedir(dir);
	if (r == 0 && !found)
		r = -ENOENT;
	if (r == 0) {
		buf_add(ret_name, buf_span(&best));
		*ret_more = found > 1;
		r = buf_result(ret_name);
	}
	buf_deinit(&best);
	return r;
}

static int write_all(int fd, struct span bytes)
{
	while (bytes.n) {
		const ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes = span_slice(bytes, (size_t)n, bytes.n);
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* A new name is durable once its folder is. */
static int sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	int fd, r = 0;

	(void)snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		slash ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		r = -errno;
	(void)close(fd);
	return r;
}

static int put(const char *path, struct span bytes, mode_t mode, bool replace)
{
	char temporary[PATH_MAX];
	uint64_t number;
	int fd, r;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	if (snprintf(temporary, sizeof(temporary), "%s.%016llx", path,
		    (unsigned long long)number) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	r = write_all(fd, bytes);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	/* link(2) fails on an existing name where rename(2) replaces it. */
	if (r == 0 && (replace ? rename(temporary, path) : link(temporary, path)) < 0)
		r = -errno;
	if (r < 0 || !replace)
		(void)unlink(temporary);
	return r < 0 ? r : sync_folder(path);
}

int file_write(const char *path, struct span bytes, mode_t mode)
{
	return put(path, bytes, mode, true);
}

int file_create(const char *path, struct span bytes, mode_t mode)
{
	return put(path, bytes, mode, false);
}

int file_lock(const char *path, uint32_t at, bool wait)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
	const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return -errno;
	do
		r = fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock) < 0 ? -errno : 0;
	while (r == -EINTR);
	if (r < 0) {
		(void)close(fd);
		return r == -EACCES ? -EAGAIN : r;
	}
	return fd;
}
