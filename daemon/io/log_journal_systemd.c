/*
 * log_journal through libsystemd: the line as MESSAGE, the pairs as fields of their own, so
 * that `journalctl VIGIE_SOURCE=lemonde` finds them.
 */

#include "io/log_journal.h"

#include <stdio.h>
#include <sys/uio.h>

/* Where in this file the line was sent from says nothing. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "vigie/buf.h"

enum { FIELDS_MAX = 32, FIXED = 4 };

static void add_name(struct buf *b, const char *key)
{
	buf_add_str(b, "VIGIE_");
	for (; *key; key++) {
		const char c = *key;

		if (c >= 'a' && c <= 'z')
			buf_add_char(b, (char)(c - 32));
		else
			buf_add_char(
				b, (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ? c : '_');
	}
	buf_add_char(b, '=');
}

bool log_journal_send(int priority, const char *event, struct span message,
	const struct log_field *fields, size_t n)
{
	struct iovec iov[FIXED + FIELDS_MAX];
	size_t ends[FIXED + FIELDS_MAX];
	struct buf b = {0};
	size_t count = 0, from = 0;
	bool sent = false;

	buf_addf(&b, "PRIORITY=%d", priority);
	ends[count++] = b.n;
	buf_add_str(&b, "SYSLOG_IDENTIFIER=vigie");
	ends[count++] = b.n;
	buf_addf(&b, "VIGIE_EVENT=%s", event);
	ends[count++] = b.n;
	buf_add_str(&b, "MESSAGE=");
	buf_add(&b, message);
	ends[count++] = b.n;
	for (size_t i = 0; i < n && i < FIELDS_MAX; i++) {
		add_name(&b, fields[i].key);
		buf_add(&b, fields[i].value);
		ends[count++] = b.n;
	}
	if (!b.failed) {
		for (size_t i = 0; i < count; from = ends[i++])
			iov[i] = (struct iovec){b.p + from, ends[i] - from};
		sent = sd_journal_sendv(iov, (int)count) == 0;
	}
	buf_deinit(&b);
	return sent;
}
