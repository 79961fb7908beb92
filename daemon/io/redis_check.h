#ifndef VIGIE_IO_REDIS_CHECK_H
#define VIGIE_IO_REDIS_CHECK_H

/*
 * redis_check: whether a Redis that is not ours can be trusted with the queue: its version,
 * persistence, eviction, role. For `vigie check`.
 */

#include "io/loop.h"
#include "vigie/err.h"
#include "vigie/span.h"

/* What INFO says, judged. `save` is the answer to CONFIG GET save, SPAN_NONE when it was
 * refused. Errors: vigie would lose hits or cannot work; warnings: it works, with less.
 * Messages read "what: remedy". 0 or -ENOMEM. */
int redis_check_info(
        struct err_list *errors, struct err_list *warnings, struct span info, struct span save);

/* Asks the Redis of the URL, running the loop until it has answered or deadline_ms (0: 5 s)
 * passed; for commands, that own their loop. 0 (see the lists), -ENOMEM. */
int redis_check(struct err_list *errors, struct err_list *warnings, struct loop *loop,
        struct span url, int64_t deadline_ms);

#endif
