#ifndef VIGIE_RECENT_H
#define VIGIE_RECENT_H

/*
 * recent: the latest mentions, for the dashboard: as many as fit a page, in memory, as JSON. What
 * came before the start is in the archive.
 */

#include "vigie/buf.h"
#include "vigie/hit.h"

struct recent;

enum { RECENT_MAX = 100 };

int recent_new(struct recent **ret); /* 0 or -ENOMEM */
struct recent *recent_free(struct recent *recent);
/* Copies. A mention that is there already moves to the front. */
void recent_add(struct recent *recent, const struct hit *hit);
/* Its network has deleted it. */
void recent_remove(struct recent *recent, const struct item_key *key);
/* Appends a JSON array, newest first, in the shape of line/codec_mention.h. */
void recent_json(const struct recent *recent, struct buf *out);

#endif
