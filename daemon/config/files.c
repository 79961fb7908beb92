/*
 * config/files: paths and whole files, as the configuration names them.
 */

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/reader.h"
#include "sources/url.h"

struct span path_resolve(struct reader *r, struct span path)
{
	struct span whole;

	if (path.n && path.p[0] == '/')
		return arena_dup(r->arena, path);
	while (span_starts(path, SPAN("./")))
		path = span_slice(path, 2, path.n);
	whole = arena_printf(r->arena, "%s/%.*s", r->folder, SPAN_ARG(path));
	if (!whole.p)
		reader_fail(r, -ENOMEM);
	return whole;
}

int config_file_read(char **ret, size_t *ret_n, const char *path, size_t limit)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char *p = NULL;
	size_t n = 0;
	ssize_t got = 1;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (S_ISDIR(st.st_mode))
		r = -EISDIR;
	else if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > limit)
		r = -EFBIG;
	if (r == 0)
		p = malloc(limit + 1 < 65536 ? limit + 1 : 65536);
	for (size_t capacity = 65536; r == 0 && got > 0;) {
		if (capacity > limit + 1)
			capacity = limit + 1;
		if (!p) {
			r = -ENOMEM;
			break;
		}
		got = read(fd, p + n, capacity - n);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got < 0)
			r = -errno;
		else
			n += (size_t)got;
		if (r == 0 && n > limit)
			r = -EFBIG;
		if (r == 0 && n == capacity) {
			char *bigger = realloc(p, capacity *= 2);

			if (!bigger)
				free(p);
			p = bigger;
		}
	}
	(void)close(fd);
	if (r < 0) {
		free(p);
		return r;
	}
	*ret = p;
	*ret_n = n;
	return 0;
}

const char *file_why(int error)
{
	switch (error < 0 ? -error : error) {
	case ENOENT:
	case ENOTDIR:
		return "no such file";
	case EACCES:
	case EPERM:
		return "not readable: give the user vigie runs as the right to read it";
	case EISDIR:
		return "a folder, where a file is expected";
	case EFBIG:
		return "too large";
	default:
		return strerror(error < 0 ? -error : error);
	}
}

struct span file_url(struct arena *arena, struct span path)
{
	struct buf out = {0};
	struct span url;

	buf_add_str(&out, "file://");
	for (size_t i = 0; i < path.n;) {
		size_t end = i;

		while (end < path.n && path.p[end] != '/')
			end++;
		url_escape(&out, span_slice(path, i, end));
		if (end < path.n)
			buf_add_char(&out, '/');
		i = end + 1;
	}
	url = buf_result(&out) < 0 ? SPAN_NONE : arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return url;
}

struct span file_url_path(struct arena *arena, struct span url)
{
	if (!span_starts(url, SPAN("file:")))
		return SPAN_NONE;
	url = span_slice(url, 5, url.n);
	if (span_starts(url, SPAN("//localhost/")))
		url = span_slice(url, 11, url.n);
	else if (span_starts(url, SPAN("///")))
		url = span_slice(url, 2, url.n);
	return url_unescape(arena, url);
}
