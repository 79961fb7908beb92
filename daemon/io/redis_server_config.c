/*
 * redis_server_config: words and paths for the private Redis.
 */

#include "io/redis_server_config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/redis_url.h"

/* As Redis' sdssplitargs() reads it. */
static void add_quoted(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, "%s \"", name);
	for (const char *c = value; *c; c++) {
		if (*c == '"' || *c == '\\')
			buf_addf(out, "\\%c", *c);
		else if ((unsigned char)*c < 0x20)
			buf_addf(out, "\\x%02x", (unsigned)*c);
		else
			buf_add_char(out, *c);
	}
	buf_add_str(out, "\"\n");
}

void redis_server_config(struct buf *out, const char *folder, const char *socket)
{
	buf_add_str(out,
		"port 0\n"
		"unixsocketperm 700\n"
		"daemonize no\n"
		"supervised no\n"
		"databases 1\n"
		"loglevel notice\n"
		"logfile \"\"\n"
		"always-show-logo no\n"
		"save \"\"\n"
		"appendonly yes\n"
		"appendfsync no\n"
		"no-appendfsync-on-rewrite no\n"
		/* Each start reads the whole file, 20 ms a megabyte and more; to write it
		 * anew costs less than that, on another processor. Default: 64 MB. */
		"auto-aof-rewrite-min-size 4mb\n"
		"aof-load-truncated yes\n"
		"maxmemory 0\n"
		"maxmemory-policy noeviction\n"
		"lazyfree-lazy-expire yes\n"
		/* What is remembered of a source is a small hash with two longer values
		 * (traces of its items, its rhythm): in one piece it takes half of what
		 * a table takes, and there may be a hundred thousand. */
		"hash-max-listpack-value 2048\n");
	add_quoted(out, "dir", folder);
	add_quoted(out, "unixsocket", socket);
}

/* FNV-1a, 64 bits: a name for a folder, nothing more. */
static uint64_t name_hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	return h;
}

int redis_server_socket(char **ret, char **ret_made, const char *folder)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char *path, *made = NULL;
	struct stat st;
	int r = 0;

	if (asprintf(&path, "%s/redis.sock", folder) < 0)
		return -ENOMEM;
	if (strlen(path) <= REDIS_SOCKET_PATH_MAX) {
		*ret = path;
		*ret_made = NULL;
		return 0;
	}
	free(path);
	if (!runtime || runtime[0] != '/' || strlen(runtime) > 60 || access(runtime, W_OK) < 0)
		runtime = "/tmp";
	if (asprintf(&made, "%s/vigie-%u-%016llx", runtime, (unsigned)geteuid(),
		    (unsigned long long)name_hash(folder)) < 0)
		return -ENOMEM;
	if (mkdir(made, 0700) < 0 && errno != EEXIST)
		r = -errno;
	else if (lstat(made, &st) < 0)
		r = -errno;
	else if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		r = -EPERM;
	if (!r && asprintf(&path, "%s/redis.sock", made) < 0)
		r = -ENOMEM;
	if (r < 0) {
		free(made);
		return r;
	}
	*ret = path;
	*ret_made = made;
	return 0;
}

struct span redis_server_said(struct span line, char *ret_level)
{
	struct span rest = line;
	size_t end;

	*ret_level = 0;
	/* pid:role, day, month, year, time */
	for (int field = 0; field < 5; field++) {
		end = span_find(rest, ' ');
		if (end == 0 || end == rest.n || (field == 0 && span_find(rest, ':') > end))
			return line;
		rest = span_slice(rest, end + 1, rest.n);
	}
	if (rest.n < 2 || rest.p[1] != ' ' || !memchr(".-*#", rest.p[0], 4))
		return line;
	*ret_level = rest.p[0];
	return span_trim(span_slice(rest, 2, rest.n));
}
