#ifndef VIGIE_SOURCES_JSONFEED_H
#define VIGIE_SOURCES_JSONFEED_H

/*
 * jsonfeed: JSON Feed 1.0 and 1.1, from JSON tokens to drafts to items. Part of reader.h; the
 * same manners as feed.h.
 */

#include "sources/draft.h"
#include "sources/reader.h"

struct jsonfeed;

int jsonfeed_new(struct jsonfeed **ret, struct item_list *out, struct arena *arena,
	const struct read_options *options);
struct jsonfeed *jsonfeed_free(struct jsonfeed *f);
int jsonfeed_push(struct jsonfeed *f, struct span in, bool last, struct span *ret_rest);
int jsonfeed_finish(struct jsonfeed *f, struct read_result *ret);

#endif
