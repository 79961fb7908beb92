/*
 * Any bytes as a zone file.
 */

#include "vigie/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct zone *zone;

	if (zone_read(&zone, &arena, span_of((const char *)data, size)) == 0)
		for (int64_t year = 1900; year < 2200; year += 7)
			(void)zone_offset_s(zone, zone_day(zone, year, 3, 29));
	arena_release(&arena);
	return 0;
}
