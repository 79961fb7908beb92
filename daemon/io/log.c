/*
 * log: writes one line an event, to the journal when standard error is the journal, else to
 * standard error. It keeps no lines and counts nothing.
 */

#include "io/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/log_journal.h"
#include "vigie/buf.h"
#include "vigie/utf8.h"

enum {
	VALUE_MAX =
		2000, /* bytes of one value: a line is for people; bodies do not belong here */
	PAIRS_MAX = 32,
};

static const struct {
	const char *name;
	int priority; /* of syslog(3) */
} levels[] = {
	[LOG_DEBUG_LEVEL] = {"debug", 7},
	[LOG_INFO_LEVEL] = {"info", 6},
	[LOG_WARNING_LEVEL] = {"warning", 4},
	[LOG_ERROR_LEVEL] = {"error", 3},
};

static atomic_int least_level = LOG_INFO_LEVEL;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool to_journal;

/* JOURNAL_STREAM is "device:inode" of what systemd connected; something else may have been put
 * in its place since (systemd.exec(5)). */
static void find_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	to_journal = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
		     fstat(STDERR_FILENO, &st) == 0 && st.st_dev == (dev_t)device &&
		     st.st_ino == (ino_t)inode;
}

void log_set_level(enum log_level least)
{
	atomic_store(&least_level, (int)least);
}

/* Code points that would move the cursor, end the line, or turn the text around them about:
 * C0, DEL, C1, line and paragraph separators, bidirectional controls, byte order mark. */
static bool is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E ||
	       c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
	       c == 0xFEFF;
}

/* Adds s on one line and free of controls; with `quotes`, such that it also stands between
 * them. Returns whether it may stand without. */
static bool add_escaped(struct buf *b, struct span s, bool quotes)
{
	const bool cut = s.n > VALUE_MAX;
	bool bare = s.n > 0;

	if (cut)
		s.n = VALUE_MAX;
	for (size_t i = 0; i < s.n;) {
		const size_t at = i;
		bool ok;
		const uint32_t c = utf8_decode(s, &i, &ok);

		if (!ok) {
			for (size_t k = at; k < i; k++)
				buf_addf(b, "\\x%02x", (unsigned)(unsigned char)s.p[k]);
		} else if (c == '\n') {
			buf_add_str(b, "\\n");
		} else if (c == '\r') {
			buf_add_str(b, "\\r");
		} else if (c == '\t') {
			buf_add_str(b, "\\t");
		} else if (is_unsafe(c)) {
			buf_addf(b, c < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)c);
		} else {
			if (quotes && (c == '"' || c == '\\'))
				buf_add_char(b, '\\');
			buf_add(b, span_of(s.p + at, i - at));
		}
		bare = bare && ok && !is_unsafe(c) && c != ' ' && c != '"' && c != '\\' &&
		       c != '=';
	}
	if (cut)
		buf_add_str(b, "…");
	return bare;
}

static bool is_port(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* Scheme, host, port and path. A password with a slash in it makes the rest look like a path:
 * the port then is no number, and nothing but the scheme is told. */
void log_url_write(struct buf *b, struct span url)
{
	size_t start = 0, end, authority_end, at;
	struct span host;

	for (size_t i = 0; i + 3 <= url.n; i++)
		if (memcmp(url.p + i, "://", 3) == 0) {
			start = i + 3;
			break;
		}
	for (end = start; end < url.n && url.p[end] != '?' && url.p[end] != '#';)
		end++;
	for (authority_end = start; authority_end < end && url.p[authority_end] != '/';)
		authority_end++;
	for (at = authority_end; at > start && url.p[at - 1] != '@';)
		at--;
	host = span_slice(url, at, authority_end);
	for (size_t i = host.n; i > 0; i--)
		if (host.p[i - 1] == ':' || host.p[i - 1] == ']') {
			if (host.p[i - 1] == ':' && !is_port(span_slice(host, i, host.n)))
				end = at = authority_end;
			break;
		}
	buf_add(b, span_slice(url, 0, start));
	buf_add(b, span_slice(url, at, end));
}

/* The pair's value, escaped, into `value`. Returns whether it may stand without quotes. */
static bool format_value(struct buf *value, const struct log_pair *pair, bool quotes)
{
	struct buf url = {0};
	bool bare = true;

	switch (pair->type) {
	case LOG_PAIR_INT:
		buf_addf(value, "%lld", (long long)pair->number);
		break;
	case LOG_PAIR_URL:
		log_url_write(&url, pair->text);
		bare = add_escaped(value, buf_span(&url), quotes);
		buf_deinit(&url);
		break;
	case LOG_PAIR_SPAN:
		bare = add_escaped(value, pair->text, quotes);
		break;
	}
	return bare;
}

static void write_all(const char *p, size_t n)
{
	while (n) {
		const ssize_t w = write(STDERR_FILENO, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return;
		p += w;
		n -= (size_t)w;
	}
}

static bool send_to_journal(
	int priority, const char *event, struct span message, const struct log_pair *pairs)
{
	struct log_field fields[PAIRS_MAX] = {0};
	struct buf values[PAIRS_MAX];
	size_t n = 0;
	bool sent;

	for (; pairs[n].key && n < PAIRS_MAX; n++) {
		values[n] = (struct buf){0};
		(void)format_value(&values[n], &pairs[n], false);
		fields[n] = (struct log_field){pairs[n].key, buf_span(&values[n])};
	}
	sent = log_journal_send(priority, event, message, fields, n);
	while (n)
		buf_deinit(&values[--n]);
	return sent;
}

void log_write(enum log_level level, const char *event, const struct log_pair *pairs)
{
	struct buf line = {0}, value = {0};
	const int saved = errno;
	size_t message;

	if ((int)level < atomic_load(&least_level))
		return;
	(void)pthread_once(&once, find_journal);
	/* Without libsystemd the journal still reads the priority from here (sd-daemon(3)). */
	if (to_journal)
		buf_addf(&line, "<%d>", levels[level].priority);
	buf_addf(&line, "%s ", levels[level].name);
	message = line.n;
	buf_add_str(&line, event);
	for (const struct log_pair *p = pairs; p->key; p++) {
		bool bare;

		buf_clear(&value);
		bare = format_value(&value, p, true);
		buf_addf(&line, bare ? " %s=" : " %s=\"", p->key);
		buf_add(&line, buf_span(&value));
		if (!bare)
			buf_add_char(&line, '"');
	}
	if (line.failed) {
		static const char lost[] = "error log.lost reason=memory\n";

		write_all(lost, sizeof(lost) - 1);
	} else if (!to_journal || !send_to_journal(levels[level].priority, event,
					  span_of(line.p + message, line.n - message), pairs)) {
		buf_add_char(&line, '\n');
		write_all(line.p, line.n);
	}
	buf_deinit(&value);
	buf_deinit(&line);
	errno = saved;
}
