/* Any bytes as a spool, and as a commit: what is read out of them can be written again, and
 * means the same. */

#include <stdint.h>
#include <stdlib.h>

#include "line/queue_record.h"
#include "line/queue_spool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_record(struct span bytes)
{
	struct arena arena = {0};
	struct queue_record record;
	struct buf again = {0};

	if (queue_record_decode(&record, &arena, bytes) == 0) {
		struct source_state state = queue_state_of(record.pairs, record.n_pairs);

		queue_record_encode(&again, &record);
		if (!again.failed && !span_eq(buf_span(&again), bytes))
			abort();
		queue_state_strip(&state);
		queue_record_strip(&record);
		state = queue_state_of(record.pairs, record.n_pairs);
		if (!span_empty(state.etag) || !span_empty(state.cursor))
			abort();
	}
	buf_deinit(&again);
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span file = span_of((const char *)data, size);
	struct spool_record record;
	struct queue_id id;
	uint64_t at = 0, skipped;

	while (spool_scan(&record, file, at, &skipped)) {
		if (record.offset < at || record.end <= record.offset || record.end > size ||
			skipped != record.offset - at)
			abort();
		read_record(record.payload);
		at = record.end;
	}
	read_record(file);
	(void)queue_id_parse(&id, file);
	return 0;
}
