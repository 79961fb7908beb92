#ifndef VIGIE_IO_TRANSFER_HEAD_H
#define VIGIE_IO_TRANSFER_HEAD_H

/*
 * transfer_head: the head of an HTTP answer, collected line by line as libcurl hands it over.
 * For transfer*.c only. `{ 0 }` is an empty head.
 */

#include <stdbool.h>

#include "vigie/arena.h"
#include "vigie/request.h"

enum { HEAD_FIELDS_MAX = 500 }; /* honest answers carry some 30 */

struct head {
	struct arena arena;
	int status;
	bool whole; /* the empty line came; lines after it are trailers, and ignored */
	struct header *headers;
	size_t n, capacity;
	size_t bytes; /* of all lines of the hop, interim answers included */
};

/* false: more than max_bytes or HEAD_FIELDS_MAX, or memory is out. */
bool head_line(struct head *head, struct span line, size_t max_bytes);
/* The value of the first field of that name, ASCII case ignored; empty when there is none. */
struct span head_get(const struct head *head, const char *name);
void head_clear(struct head *head);

#endif
