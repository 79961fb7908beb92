#ifndef VIGIE_STORY_URL_H
#define VIGIE_STORY_URL_H

/*
 * story_url: one spelling for the pages that say the same thing. Unlike sources/url, which asks
 * what can be requested, this throws away whatever does not change what a reader sees: the
 * scheme, "www.", a mobile or AMP twin, parameters that only follow the reader about.
 */

#include "vigie/buf.h"

/* Appends it; nothing for what is no web address, or names a site and no page of it. */
void story_url_canonical(struct buf *out, struct span url);

/* Appends the host in lower case without "www.", "m.", "mobile.", "amp.". */
void story_url_site(struct buf *out, struct span url);

#endif
