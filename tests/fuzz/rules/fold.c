/* fold: any bytes, text or not: both engines give the same, and tokens lead back into the text.
 */

#include <stdint.h>
#include <stdlib.h>

#include "fold.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t cut = size ? data[0] % (size + 1) : 0;
	const struct span all = {(const char *)data, size};
	const struct span fields[ITEM_FIELDS] = {
		span_slice(all, 0, cut), span_slice(all, cut, size), span_slice(all, 0, 9)};
	struct folded a = {.engine = &fold_scalar}, b = {0};

	if (folded_read(&a, fields) < 0 || folded_read(&b, fields) < 0)
		abort();
	if (a.n != b.n || memcmp(a.text, b.text, a.n) != 0 || a.n_tokens != b.n_tokens ||
		a.loose != b.loose)
		abort();
	for (size_t i = 0; i < a.n_tokens; i++) {
		const bool sigil = folded_sigil(&a, i) != 0;
		uint32_t start[2], end[2];

		folded_extent(&a, i, i, sigil, &start[0], &end[0]);
		folded_extent(&b, i, i, sigil, &start[1], &end[1]);
		if (memcmp(&a.tokens[i], &b.tokens[i], sizeof(*a.tokens)) != 0 ||
			start[0] != start[1] || end[0] != end[1] || start[0] >= end[0] ||
			end[0] > fields[folded_field(&a, i)].n)
			abort();
	}
	folded_deinit(&a);
	folded_deinit(&b);
	return 0;
}
