#ifndef VIGIE_IO_LOG_JOURNAL_H
#define VIGIE_IO_LOG_JOURNAL_H

/*
 * log_journal: the systemd journal's own way in, for io/log.c only (log_journal_systemd.c, or
 * log_journal_none.c without libsystemd).
 */

#include <stdbool.h>

#include "vigie/span.h"

struct log_field {
	const char *key;   /* as in the source; becomes VIGIE_KEY */
	struct span value; /* already escaped */
};

/* false when the journal did not take it: the line is then written to standard error. */
bool log_journal_send(int priority, const char *event, struct span message,
        const struct log_field *fields, size_t n);

#endif
