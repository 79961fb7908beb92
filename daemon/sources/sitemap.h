#ifndef VIGIE_SOURCES_SITEMAP_H
#define VIGIE_SOURCES_SITEMAP_H

/*
 * sitemap: what a site says it has (sitemaps.org protocol 0.9, with the news, image and video
 * extensions), read from XML tokens to drafts to items; and an index of sitemaps, whose parts
 * are handed out to be asked for. Part of reader.h, which owns bytes and encodings. It fetches
 * nothing.
 *
 * An item has a loc as its URL and id, lastmod as its update; a title, a time of publication, a
 * language and tags where the news extension says them. Elements are known by their local
 * names.
 */

#include "sources/draft.h"
#include "sources/reader.h"
#include "vigie/span.h"

struct sitemap;

/* Is the root of this text (UTF-8, the beginning of a document) that of a sitemap, or of an
 * index of some? Looks at SITEMAP_SNIFF_BYTES at most. */
enum { SITEMAP_SNIFF_BYTES = 64 * 1024 };
enum sitemap_guess { SITEMAP_NO, SITEMAP_YES, SITEMAP_PERHAPS /* more bytes would tell */ };
enum sitemap_guess sitemap_begins(struct span text);

/* As of feed.h. */
int sitemap_new(struct sitemap **ret, struct item_list *out, struct arena *arena,
	const struct read_options *options);
struct sitemap *sitemap_free(struct sitemap *s);
int sitemap_push(struct sitemap *s, struct span in, bool last, struct span *ret_rest);
int sitemap_finish(struct sitemap *s, struct read_result *ret);

#endif
