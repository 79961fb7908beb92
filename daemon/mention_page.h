#ifndef VIGIE_MENTION_PAGE_H
#define VIGIE_MENTION_PAGE_H

/*
 * mention_page: one mention for the page that the link of an alert leads to, as JSON: the mention as
 * line/codec_mention.h has it, and what the ledger holds of it:
 * {"mention":{…},"told":[{"receiver","outcome","delivery","at"}]}. Read from the archive while
 * the loop goes on.
 */

#include "io/http.h"
#include "line/archive.h"

struct mention_page;

int mention_page_new(struct mention_page **ret, struct archive *archive); /* 0 or -ENOMEM */
/* Answers what is still open. The archive must be freed before it, or the loop run no more. */
struct mention_page *mention_page_free(struct mention_page *page);

/* Answers the request, now or later: 200, or 404 when the archive has no such mention. */
void mention_page_serve(struct mention_page *page, struct http_ask *ask, const struct item_key *key);

#endif
