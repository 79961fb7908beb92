#ifndef VIGIE_SOURCES_DRAFT_H
#define VIGIE_SOURCES_DRAFT_H

/*
 * draft: an item while its document is being read. Several elements may say the same thing; the
 * draft keeps the best. Shared by all dialects, so that they agree on what best means.
 */

#include "sources/reader.h"
#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/item.h"

enum { DRAFT_MAX_AUTHORS = 16, RANK_NONE = 100 };

struct draft_person {
	struct span name, email, url;
	int rank;
};

struct draft_list {
	struct span items[READ_MAX_LIST];
	size_t n;
};

struct draft {
	struct arena *arena;
	bool failed; /* memory ran out */
	struct span id;
	struct span url;
	int url_rank;
	struct span guid_link; /* a guid that is an address too */
	struct span title;
	int title_rank;
	struct buf text;
	int text_rank;
	struct draft_person authors[DRAFT_MAX_AUTHORS];
	size_t n_authors;
	struct wall published, updated;
	int published_rank, updated_rank;
	struct span lang; /* p set and n 0: said to be none */
	int lang_rank;
	struct draft_list tags, media;
	struct span parent;
	double replies;
	int replies_rank;
	double views;
	double lat, lon;
};

/* An empty draft, whatever the memory held. */
void draft_init(struct draft *d, struct arena *arena);
/* Empties a draft that was zeroed or used before; the text's memory is kept. */
void draft_reset(struct draft *d, struct arena *arena);
void draft_deinit(struct draft *d);

/* Would a value of this rank be kept? */
bool draft_wants_title(const struct draft *d, int rank);
bool draft_wants_text(const struct draft *d, int rank);

/* All copy what they keep. Empty values are no values. */
void draft_id(struct draft *d, struct span id);
void draft_url(struct draft *d, struct span url, int rank);
void draft_title(struct draft *d, struct span title, int rank);
/* "Jane (jane@example.org)", "jane@example.org (Jane)", "Jane <jane@example.org>" or a name. */
void draft_author_text(struct draft *d, struct span text, int rank);
void draft_author(struct draft *d, const struct draft_person *person);
void draft_published(struct draft *d, struct wall t, int rank);
void draft_updated(struct draft *d, struct wall t, int rank);
void draft_lang(struct draft *d, struct span lang, int rank);
void draft_tag(struct draft *d, struct span tag);
void draft_tags_listed(struct draft *d, struct span list); /* separated by commas */
void draft_media(struct draft *d, struct span url);
/* A number of answers, as text; nothing when it isn't one. */
void draft_replies(struct draft *d, struct span number, int rank);

/* Is there nothing at all in it? */
bool draft_empty(const struct draft *d);

/* The authors of the best rank in one: names joined by ", ". */
struct item_author draft_join_authors(struct draft *d);

/* 0 or -ENOMEM. The draft may be reset after. */
int draft_finish(struct draft *d, struct item *ret);

/* For all dialects: gives the items from the first on what they inherit from the feed, and
 * makes relative addresses absolute where the base became known late. Where the document has no
 * address, that may be the site's: RSS 2.0 and JSON Feed don't say what relative addresses are
 * relative to, and people write them as seen from their site. Atom (RFC 4287 section 2) and RDF
 * know xml:base and the document's address, and no other: theirs stay as they are. */
void draft_complete_items(struct item_list *list, size_t first, struct arena *arena,
	const struct read_options *options, const struct item_feed *feed, struct span self,
	bool site_is_base, const struct item_author *author);

/* Appends to a list that grows in an arena. 0 or -ENOMEM. */
int item_list_add(struct item_list *list, struct arena *arena, const struct item *item);

#endif
