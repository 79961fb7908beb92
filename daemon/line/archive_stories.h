#ifndef VIGIE_LINE_ARCHIVE_STORIES_H
#define VIGIE_LINE_ARCHIVE_STORIES_H

/*
 * archive_stories: gives each mention its story as it is filed, in the same transaction, and
 * keeps there what the story book (vigie/story.h) knows of the stories that are open; so the
 * book is the same after any restart, and so are the ids of stories. The place once given
 * stays: it is never asked for again for a mention that is filed.
 *
 * The book is read at the first mention that is filed, not when the archive is opened: that is
 * on the writer's thread, and holds up nobody else. An archive that was filled before there
 * were stories (or under another version's book) is read again from its youngest mentions on,
 * once. Belongs to the writer's thread, inside its transactions.
 */

#include "line/archive_db.h"
#include "line/archive_mention.h"

struct archive_stories;

int archive_stories_new(struct archive_stories **ret, struct archive_db *db);
struct archive_stories *archive_stories_free(struct archive_stories *stories);

/* Of a mention filed just now (ARCHIVE_FILED). The clock of the book is when it was fetched. 0
 * or -errno: then the transaction is to be rolled back. */
int archive_stories_put(struct archive_stories *stories, const struct hit *hit);
/* Where one that is not filed would be; files nothing. 0 or -errno, as above. */
int archive_stories_look(
	struct archive_stories *stories, const struct hit *hit, struct story_place *ret);
/* Before a transaction is committed: what it changed in the book. 0 or -errno. */
int archive_stories_settle(struct archive_stories *stories);
/* After one was rolled back: what it brought into the book is not there. */
void archive_stories_forget(struct archive_stories *stories);

#endif
