#include "vigie/tokens.h"

#include "fold.h"

int text_tokens(struct buf *out, struct span text, size_t max)
{
	const struct span fields[ITEM_FIELDS] = {[FIELD_TEXT] = text};
	struct folded folded = {0};
	int r = folded_read(&folded, fields);

	for (size_t i = 0; r == 0 && i < folded.n_tokens && i < max; i++) {
		buf_add(out, folded_token(&folded, i));
		buf_add_char(out, ' ');
	}
	folded_deinit(&folded);
	return r < 0 ? r : buf_result(out);
}
