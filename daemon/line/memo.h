#ifndef VIGIE_LINE_MEMO_H
#define VIGIE_LINE_MEMO_H

/*
 * memo: the crawler's own notes about a source, kept in source_state.memo between fetches: what
 * a single answer can't tell. Bytes with a version; what can't be read says nothing.
 */

#include "vigie/batch.h"

enum memo_flags {
	MEMO_NO_CACHE = 1,   /* a cache on the way is broken: ask past it */
	MEMO_SILENT = 4,     /* it fell silent, against its habit, and hasn't spoken since */
	MEMO_WAS_SILENT = 8, /* it was silent when we met it: that is its habit, perhaps */
	MEMO_STANDING = 2,   /* error and mark stand until another document is read */
};

struct memo {
	uint64_t url; /* XXH3 of the configured address all of the state is about; 0: unknown */
	uint64_t moved;   /* XXH3 of the permanent redirect seen last; 0: none */
	struct wall full; /* last answer to a plain question (no validators) */
	uint32_t ttl_s;
	uint32_t skip_hours;
	uint8_t skip_days;
	uint8_t moved_seen; /* how often `moved` was seen in a row */
	uint8_t flags;
	struct span rhythm; /* line/rhythm.h */
};

/* memo.rhythm points into `bytes`. */
void memo_decode(struct memo *ret, struct span bytes);
/* .p is NULL when memory is out. */
struct span memo_encode(struct arena *arena, const struct memo *memo);

#endif
