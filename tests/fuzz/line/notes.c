/* notes: what line remembers of a source comes from a store that others can write to: any bytes
 * are read as recall, memo and rhythm, and what was read can be written and used. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "line/memo.h"
#include "line/recall.h"
#include "line/rhythm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span bytes = {(const char *)data, size};
	const struct wall now = {1784116800000};
	struct arena arena = {0};
	struct rhythm rhythm;
	struct recall recall;
	struct memo memo;
	const struct rhythm_bounds bounds = {1, 86400000};
	int64_t wait;

	memo_decode(&memo, bytes);
	(void)memo_encode(&arena, &memo);
	if (recall_decode(&recall, &arena, bytes) == 0) {
		(void)recall_first_sight(&recall, 1);
		(void)recall_encode(&arena, &recall);
	}
	rhythm_decode(&rhythm, bytes);
	wait = rhythm_wait(
		&rhythm, now, rhythm_price(rhythm_share(&rhythm, 0, bounds), 4), bounds);
	if (wait < 1 || wait > 86400000 || !isfinite(rhythm_mean(&rhythm)))
		abort();
	(void)rhythm_is_broken(&rhythm, now);
	rhythm_observe(&rhythm, now, &now, 1, 1, 1);
	(void)rhythm_encode(&arena, &rhythm);
	arena_release(&arena);
	return 0;
}
