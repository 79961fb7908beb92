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

#include "vigie/span.h"

enum log_level { LOG_DEBUG_LEVEL, LOG_INFO_LEVEL, LOG_WARNING_LEVEL, LOG_ERROR_LEVEL };

struct log_pair {
	const char *key;
	enum { LOG_PAIR_SPAN, LOG_PAIR_INT, LOG_PAIR_URL } type;
	struct span text;
	int64_t number;
};

#define STR(key, value) ((struct log_pair){ (key), LOG_PAIR_SPAN, span_str(value), 0 })
#define TEXT(key, value) ((struct log_pair){ (key), LOG_PAIR_SPAN, (value), 0 })
#define INT(key, value) ((struct log_pair){ (key), LOG_PAIR_INT, SPAN_NONE, (int64_t)(value) })
#define LOG_URL(key, value) ((struct log_pair){ (key), LOG_PAIR_URL, (value), 0 })

/* pairs ends with a NULL key. */
void log_write(enum log_level level, const char *event, const struct log_pair *pairs);
/* Lines below it are not written. Default: info. */
void log_set_level(enum log_level least);

#define LOG_PAIRS(...) ((const struct log_pair[]){ __VA_ARGS__ __VA_OPT__(, ) { NULL, 0, { NULL, 0 }, 0 } })
#define log_debug(event, ...) log_write(LOG_DEBUG_LEVEL, event, LOG_PAIRS(__VA_ARGS__))
#define log_info(event, ...) log_write(LOG_INFO_LEVEL, event, LOG_PAIRS(__VA_ARGS__))
#define log_warning(event, ...) log_write(LOG_WARNING_LEVEL, event, LOG_PAIRS(__VA_ARGS__))
#define log_error(event, ...) log_write(LOG_ERROR_LEVEL, event, LOG_PAIRS(__VA_ARGS__))

#endif
