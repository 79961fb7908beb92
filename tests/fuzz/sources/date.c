/* date: whatever is written, an instant is one that can be written again and read the same. */

#include <stdint.h>
#include <stdlib.h>

#include "sources/date.h"
#include "vigie/buf.h"
#include "vigie/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[RFC3339_SIZE];
	struct buf written = {0};
	struct wall t;

	utf8_repair(&written, span_of((const char *)data, size));
	t = date_parse(buf_span(&written));
	(void)date_parse_http(buf_span(&written));
	/* an offset may lead out of the years that can be written */
	if (wall_known(t) && *wall_rfc3339_ms(text, t) && date_parse(span_str(text)).ms != t.ms)
		abort();
	buf_deinit(&written);
	return 0;
}
