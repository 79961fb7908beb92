/* Addresses and ranges as people write them. */

#include <stdint.h>
#include <stdlib.h>

#include "io/transfer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct address_range range;

	if (address_range_parse(&range, span_of((const char *)data, size)) &&
		(range.prefix > 128 || !address_range_contains(&range, range.address)))
		abort();
	if (size >= 16)
		(void)address_is_public(data);
	return 0;
}
