#ifndef VIGIE_SOURCES_FEED_H
#define VIGIE_SOURCES_FEED_H

/*
 * feed: RSS, RDF, Atom and CDF, read from XML tokens to drafts to items. One reader for all
 * dialects, since feeds mix them freely. Part of reader.h, which owns bytes and encodings.
 */

#include "sources/draft.h"
#include "sources/reader.h"
#include "vigie/span.h"

struct feed;

/* 0 or -ENOMEM. Items are appended to out, which must outlive the feed; every limit of the
 * options is set. */
int feed_new(struct feed **ret, struct item_list *out, struct arena *arena,
	const struct read_options *options);
struct feed *feed_free(struct feed *f);

/* UTF-8 from the start of the document; `in` begins with what the call before left over. What
 * is left over now is in *ret_rest, a slice of in. With `last` nothing is. 0, READ_ENOUGH
 * (items or the feed are complete), READ_NOT_A_FEED, -ENOMEM. */
int feed_push(struct feed *f, struct span in, bool last, struct span *ret_rest);

/* After the last push. Fills in what concerns the whole feed, in all items too.
 * 0, READ_NOT_A_FEED, -ENOMEM. */
int feed_finish(struct feed *f, struct read_result *ret);

#endif
