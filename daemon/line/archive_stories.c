#include "line/archive_stories.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/log.h"
#include "vigie/cleanup.h"
#include "vigie/story.h"

struct archive_stories {
	struct archive_db *db;
	struct story_book *book; /* NULL: to be read */
	uint64_t first, next;    /* as they stand in story_book */
	bool touched;            /* since the last settling */
	struct archive_sql *grow, *open, *place, *close, *book_write;
	struct buf state;
};

static const char grow_sql[] = "UPDATE stories SET mentions = mentions + ?2, sites = "
			       "min(max(sites, ?3), mentions + ?2),"
			       " latest = max(latest, ?4), state = ?5 WHERE number = ?1";
/* The head may be there under an older number: its story was closed, it was erased, and came
 * again. */
static const char open_sql[] =
	"INSERT INTO stories (number, head, opened, latest, mentions, sites, state)"
	" VALUES (?1, ?6, ?4, ?4, ?2, ?3, ?5) ON CONFLICT (head) DO UPDATE SET"
	" number = excluded.number, latest = excluded.latest, mentions = mentions + ?2,"
	" sites = max(sites, ?3), state = excluded.state";
static const char place_sql[] =
	"UPDATE mentions SET story = ?2, similarity = ?3, story_why = ?4 WHERE key = ?1";
static const char close_sql[] =
	"UPDATE stories SET state = NULL WHERE number >= ?1 AND number < ?2";
static const char book_sql[] = "UPDATE story_book SET parameters = ?1, first = ?2, next = ?3";

struct archive_stories *archive_stories_free(struct archive_stories *s)
{
	if (!s)
		return NULL;
	archive_sql_free(s->grow);
	archive_sql_free(s->open);
	archive_sql_free(s->place);
	archive_sql_free(s->close);
	archive_sql_free(s->book_write);
	story_book_free(s->book);
	buf_deinit(&s->state);
	free(s);
	return NULL;
}

int archive_stories_new(struct archive_stories **ret, struct archive_db *db)
{
	struct archive_stories *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->db = db;
	r = archive_sql_new(&s->grow, db, grow_sql);
	if (r == 0)
		r = archive_sql_new(&s->open, db, open_sql);
	if (r == 0)
		r = archive_sql_new(&s->place, db, place_sql);
	if (r == 0)
		r = archive_sql_new(&s->close, db, close_sql);
	if (r == 0)
		r = archive_sql_new(&s->book_write, db, book_sql);
	if (r < 0) {
		archive_stories_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

static struct span key_span(const struct item_key *key)
{
	return span_of((const char *)key->b, ITEM_KEY_BYTES);
}

static struct wall clock_of(const struct hit *hit)
{
	return wall_known(hit->fetched) ? hit->fetched : (struct wall){0};
}

/* The story of a place, larger by so many mentions, with the state it has now. */
static int write_story(struct archive_stories *s, const struct story_place *place,
	struct wall now, int mentions)
{
	struct archive_sql *const ways[] = {s->grow, s->open};
	int r;

	buf_clear(&s->state);
	r = story_save_one(s->book, place->number, &s->state);
	for (int i = 0; i < 2 && r == 0; i++) {
		archive_bind_int(ways[i], 1, (int64_t)place->number);
		archive_bind_int(ways[i], 2, mentions);
		archive_bind_int(ways[i], 3, place->sites);
		archive_bind_int(ways[i], 4, now.ms);
		archive_bind_blob(ways[i], 5, buf_span(&s->state));
		if (i == 1)
			archive_bind_blob(ways[i], 6, key_span(&place->head));
		r = archive_sql_run(ways[i]);
		if (r == 0 && archive_db_changes(s->db))
			break;
	}
	return r;
}

static int write_place(
	struct archive_stories *s, const struct item_key *key, const struct story_place *place)
{
	enum story_why why = place->why;

	/* Erased, and come again. */
	if (why == STORY_KNOWN && memcmp(key, &place->head, sizeof(*key)) == 0)
		why = STORY_HEAD;
	archive_bind_blob(s->place, 1, key_span(key));
	archive_bind_blob(s->place, 2, key_span(&place->head));
	archive_bind_number(s->place, 3, place->similarity);
	archive_bind_word(s->place, 4, span_str(story_why_names[why]));
	return archive_sql_run(s->place);
}

/* --- Reading the book ----------------------------------------------------------------------
 */

/* What was open when the archive was last written to. */
static int restore(struct archive_stories *s)
{
	struct archive_sql *rows = NULL;
	int r = archive_sql_new(&rows, s->db,
		"SELECT number, state FROM stories WHERE number >= ?1 AND state IS NOT NULL"
		" ORDER BY number");

	if (r < 0)
		return r;
	archive_bind_int(rows, 1, (int64_t)s->first);
	while ((r = archive_sql_step(rows)) == ARCHIVE_ROW) {
		const int64_t number = archive_column_int(rows, 0);

		r = story_restore_one(s->book, (uint64_t)number, archive_column_span(rows, 1));
		if (r == -EBADMSG)
			log_error("archive.story_damaged", INT("number", number));
		else if (r < 0)
			break;
	}
	archive_sql_free(rows);
	return r;
}

/* One mention that is in the archive already. Only what has no story gets one. */
static int read_again(struct archive_stories *s, const struct hit *hit)
{
	const bool placed = hit->story.mentions > 0;
	struct story_place place;
	int r = story_add(s->book, hit, clock_of(hit), &place);

	if (r == 0 && (!placed || place.why == STORY_HEAD))
		r = write_story(s, &place, clock_of(hit), placed ? 0 : 1);
	if (r == 0 && !placed)
		r = write_place(s, &hit->key, &place);
	return r;
}

/* The youngest mentions, in the order they came. */
static int begin_anew(struct archive_stories *s)
{
	struct archive_reading *reading = NULL;
	struct archive_sql *rows = NULL;
	struct arena arena = {0};
	struct buf sql = {0};
	uint64_t n = 0;
	int r;

	buf_add_str(&sql, "SELECT ");
	archive_mention_columns(&sql);
	buf_addf(&sql,
		" FROM mentions m WHERE m.first_seen > (SELECT max(first_seen) FROM mentions) "
		"- %lld"
		" ORDER BY m.mention",
		(long long)STORY_OPEN_MS);
	r = archive_db_exec(s->db, "UPDATE stories SET state = NULL WHERE state IS NOT NULL;"
				   "DELETE FROM story_book;"
				   "INSERT INTO story_book VALUES (0, 0, 0)");
	if (r == 0)
		r = archive_reading_new(&reading, s->db);
	if (r == 0)
		r = buf_result(&sql) < 0 ? -ENOMEM : archive_sql_new(&rows, s->db, sql.p);
	while (r == 0 && (r = archive_sql_step(rows)) == ARCHIVE_ROW) {
		struct hit hit;

		r = archive_read_row(reading, &hit, &arena, rows);
		if (r == 0)
			r = read_again(s, &hit);
		arena_release(&arena);
		n++;
	}
	if (r == 0)
		log_info("archive.stories_made", INT("mentions", n),
			INT("stories", story_stats(s->book).open));
	archive_sql_free(rows);
	archive_reading_free(reading);
	arena_release(&arena);
	buf_deinit(&sql);
	return r;
}

/* *ret_same: the stories in the archive are of this version's book. */
static int read_book(struct archive_stories *s, bool *ret_same)
{
	struct archive_sql *row = NULL;
	int r = archive_sql_new(&row, s->db,
		"SELECT parameters, first, next,"
		" (SELECT coalesce(max(number) + 1, 0) FROM stories) FROM story_book");

	*ret_same = false;
	if (r < 0)
		return r;
	r = archive_sql_step(row);
	if (r == ARCHIVE_ROW) {
		const int64_t next = archive_column_int(row, 2),
			      behind = archive_column_int(row, 3);

		*ret_same = (uint64_t)archive_column_int(row, 0) == story_parameters(s->book);
		s->first = (uint64_t)archive_column_int(row, 1);
		s->next = (uint64_t)(next > behind ? next : behind);
		r = 0;
	}
	archive_sql_free(row);
	return r;
}

/* *ret_anew: the mentions that are filed were read again, also one filed a moment ago. */
static int load(struct archive_stories *s, bool *ret_anew)
{
	bool same = false;
	int r;

	s->first = s->next = 0;
	r = story_book_new(&s->book, &(struct story_options){.fold = text_tokens});
	if (r == 0)
		r = read_book(s, &same);
	if (r == 0) {
		story_restart(s->book, same ? s->first : s->next);
		r = same ? restore(s) : begin_anew(s);
	}
	if (r == 0 && same)
		/* The last stories may be gone: their numbers are not given again. */
		r = story_restore_up_to(s->book, s->next);
	if (r == 0 && !same)
		s->first = s->next = UINT64_MAX; /* to be written */
	if (r < 0)
		archive_stories_forget(s);
	*ret_anew = !same;
	return r;
}

/* --- Filing --------------------------------------------------------------------------------
 */

int archive_stories_put(struct archive_stories *s, const struct hit *hit)
{
	struct story_place place;
	bool anew = false;
	int r = s->book ? 0 : load(s, &anew);

	if (r < 0)
		return r;
	s->touched = true;
	if (anew && story_find(s->book, &hit->key, &place))
		return 0;
	r = story_add(s->book, hit, clock_of(hit), &place);
	if (r == 0)
		r = write_story(s, &place, clock_of(hit), 1);
	return r < 0 ? r : write_place(s, &hit->key, &place);
}

int archive_stories_look(
	struct archive_stories *s, const struct hit *hit, struct story_place *ret)
{
	bool anew = false;
	int r = s->book ? 0 : load(s, &anew);

	s->touched = s->touched || anew;
	return r < 0 ? r : story_look(s->book, hit, ret);
}

int archive_stories_settle(struct archive_stories *s)
{
	struct story_stats stats;
	int r = 0;

	if (!s->touched)
		return 0;
	stats = story_stats(s->book);
	if (stats.closed > s->first) {
		archive_bind_int(s->close, 1, (int64_t)s->first);
		archive_bind_int(s->close, 2, (int64_t)stats.closed);
		r = archive_sql_run(s->close);
	}
	if (r == 0 && (stats.closed != s->first || stats.closed + stats.open != s->next)) {
		archive_bind_int(s->book_write, 1, (int64_t)story_parameters(s->book));
		archive_bind_int(s->book_write, 2, (int64_t)stats.closed);
		archive_bind_int(s->book_write, 3, (int64_t)(stats.closed + stats.open));
		r = archive_sql_run(s->book_write);
	}
	if (r < 0)
		return r;
	/* Should the commit fail after this, all is read again. */
	s->touched = false;
	s->first = stats.closed;
	s->next = stats.closed + stats.open;
	return 0;
}

void archive_stories_forget(struct archive_stories *s)
{
	s->book = story_book_free(s->book);
	s->touched = false;
}
