/*
 * transfer_file: a regular file as a document. What folders hold is for the configuration to
 * say.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "io/transfer_impl.h"

static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const months[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* RFC 9110 section 5.6.7. */
static struct span http_date(struct arena *arena, time_t t)
{
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		return SPAN_NONE;
	return arena_printf(arena, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
		tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
		tm.tm_sec);
}

static void refuse(struct file_answer *ret, struct transfer_handle *h,
	enum transfer_error error, const char *why)
{
	ret->error = error;
	ret->why = why_text(h, "the file %s", why);
}

/* The path of a file: URL (RFC 8089), or NULL. */
static char *path_of(struct transfer_handle *h)
{
	const struct span rest = span_slice(h->place.shown, sizeof("file://") - 1, SIZE_MAX);
	const struct span path = span_slice(rest, span_find(rest, '/'), SIZE_MAX);
	int n = 0;
	char *plain = curl_easy_unescape(NULL, path.p, (int)path.n, &n);
	char *copy = NULL;

	if (plain && n > 0 && strlen(plain) == (size_t)n)
		copy = (char *)(uintptr_t)arena_dup(&h->arena, span_str(plain)).p;
	curl_free(plain);
	return copy;
}

static bool is_unchanged(const struct file_answer *a, const struct request *request)
{
	/* As RFC 9110 section 13.2.2 orders them: a date counts only without a tag. */
	if (!span_empty(request->etag))
		return span_eq(request->etag, a->etag);
	return !span_empty(request->last_modified) &&
	       span_eq(request->last_modified, a->last_modified);
}

/* false on an error of the disk. */
static bool read_all(struct file_answer *ret, struct buf *body, int fd, size_t max_body)
{
	char piece[65536];

	for (;;) {
		const ssize_t n = read(fd, piece, sizeof(piece));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		ret->overlong = (size_t)n > max_body - body->n;
		buf_add(body, span_slice(span_of(piece, (size_t)n), 0, max_body - body->n));
		if (ret->overlong || body->failed)
			return true;
	}
}

static void read_open(struct file_answer *ret, struct transfer_handle *h, int fd,
	size_t max_body, const struct request *request)
{
	struct stat st, after;

	if (fstat(fd, &st) < 0) {
		refuse(ret, h, TRANSFER_CONNECT, strerror(errno));
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		refuse(ret, h, TRANSFER_PROTOCOL,
			S_ISDIR(st.st_mode) ? "is a folder" : "is not a regular file");
		return;
	}
	ret->last_modified = http_date(&h->arena, st.st_mtime);
	ret->etag = arena_printf(&h->arena, "\"%lld-%lld.%09ld-%llu\"", (long long)st.st_size,
		(long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
		(unsigned long long)st.st_ino);
	if (is_unchanged(ret, request)) {
		ret->unchanged = true;
		return;
	}
	if (!read_all(ret, &h->body, fd, max_body)) {
		refuse(ret, h, TRANSFER_CONNECT, strerror(errno));
		return;
	}
	if (h->body.failed) {
		refuse(ret, h, TRANSFER_MEMORY, "does not fit into memory");
		return;
	}
	/* Written to meanwhile: what was read is perhaps half of two versions. */
	ret->truncated = fstat(fd, &after) < 0 || after.st_size != st.st_size ||
			 after.st_mtim.tv_sec != st.st_mtim.tv_sec ||
			 after.st_mtim.tv_nsec != st.st_mtim.tv_nsec;
}

void fetch_file(struct file_answer *ret, struct transfer_handle *h, size_t max_body,
	const struct request *request)
{
	const char *path = path_of(h);
	int fd;

	if (!path) {
		refuse(ret, h, TRANSFER_PROTOCOL, "has no usable name");
		return;
	}
	/* Without O_NONBLOCK, opening a pipe would wait for somebody to write. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		refuse(ret, h, TRANSFER_CONNECT,
			errno == ENOENT   ? "does not exist"
			: errno == EACCES ? "may not be read"
					  : strerror(errno));
		return;
	}
	read_open(ret, h, fd, max_body, request);
	(void)close(fd);
}
