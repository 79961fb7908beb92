#ifndef VIGIE_IO_LOG_H
#define VIGIE_IO_LOG_H

/*
 * log: one event, one line, a stable name and typed pairs:
 *     log_info("crawl.read", STR("source", id), INT("items", n));
 * error: a human must act; warning: we coped; info: one line per unit of work; debug: anything.
 * To the journal when systemd runs us, else standard error. Any thread. Values are escaped for
 * their line; control characters never pass. Secrets are the caller's care: URLs go through
 * LOG_URL, which leaves out userinfo, query and fragment.
 */

#include <stdint.h>

#include "vigie/buf.h"
#include "vigie/span.h"

enum log_level { LOG_DEBUG_LEVEL, LOG_INFO_LEVEL, LOG_WARNING_LEVEL, LOG_ERROR_LEVEL };

struct log_pair {
	const char *key;
	enum { LOG_PAIR_SPAN, LOG_PAIR_INT, LOG_PAIR_URL } type;
	struct span text;
	int64_t number;
};

#define STR(key, value) ((struct log_pair){(key), LOG_PAIR_SPAN, span_str(value), 0})
#define TEXT(key, value) ((struct log_pair){(key), LOG_PAIR_SPAN, (value), 0})
#define INT(key, value) ((struct log_pair){(key), LOG_PAIR_INT, SPAN_NONE, (int64_t)(value)})
#define LOG_URL(key, value) ((struct log_pair){(key), LOG_PAIR_URL, (value), 0})

/* pairs ends with a NULL key. */
void log_write(enum log_level level, const char *event, const struct log_pair *pairs);
/* Lines below it are not written. Default: info. */
void log_set_level(enum log_level least);
/* Appends a URL as LOG_URL has it. */
void log_url_write(struct buf *out, struct span url);

/* ISO C17 wants at least one argument where a macro says "...": the event is the first. */
#define LOG_END ((struct log_pair){NULL, LOG_PAIR_SPAN, SPAN_NONE, 0})
#define LOG_PAIRS(...) ((const struct log_pair[]){__VA_ARGS__, LOG_END})
#define LOG_LINE(level, event, ...)                                                            \
	log_write(level, event, (const struct log_pair[]){__VA_ARGS__})
#define log_debug(...) LOG_LINE(LOG_DEBUG_LEVEL, __VA_ARGS__, LOG_END)
#define log_info(...) LOG_LINE(LOG_INFO_LEVEL, __VA_ARGS__, LOG_END)
#define log_warning(...) LOG_LINE(LOG_WARNING_LEVEL, __VA_ARGS__, LOG_END)
#define log_error(...) LOG_LINE(LOG_ERROR_LEVEL, __VA_ARGS__, LOG_END)

#endif
