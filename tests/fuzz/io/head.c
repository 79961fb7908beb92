/* The head of an HTTP answer, line by line; no field may be able to end a line. */

#include <stdint.h>
#include <stdlib.h>

#include "io/transfer_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {(const char *)data, size};
	struct head head = {0};
	bool ok = true;

	while (rest.n && ok) {
		size_t end = span_find(rest, '\n');

		end += end < rest.n;
		ok = head_line(&head, span_slice(rest, 0, end), 65536);
		rest = span_slice(rest, end, rest.n);
	}
	for (size_t i = 0; i < head.n; i++)
		if (head.headers[i].value.n &&
			(memchr(head.headers[i].value.p, '\n', head.headers[i].value.n) ||
				memchr(head.headers[i].value.p, '\r', head.headers[i].value.n)))
			abort();
	(void)head_get(&head, "etag");
	head_clear(&head);
	return 0;
}
