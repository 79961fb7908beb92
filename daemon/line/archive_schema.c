#include "line/archive_schema.h"

/* clang-format off */
/*
 * Times are milliseconds since 1970-01-01T00:00:00Z. Lists are JSON lists of strings. An absent
 * value is NULL. Text stands in `mentions` alone; all else refers to it.
 *
 * mentions     what was said, once for each item key. `at` is when, for all questions of time:
 *              published, else first seen. `first_seen` is the first fetch that brought it,
 *              `fetched` the one that brought what stands here, `revision` counts its texts from
 *              1. Columns from content_hash on: line/codec_hit_fields.h.
 * matches      why it was wanted: one row for each rule. spans: [[field,start,end],…], field 0
 *              title, 1 text, 2 author, half-open, in bytes of the UTF-8; they belong to the text
 *              of `revision`, and are [] when that is not the mention's.
 * mentions_words  the full-text index over mentions; keeps no text of its own.
 * outcomes     the ledger: what became of an item for a receiver. Keyed by item key, for it may
 *              speak of an item before that is filed.
 * losses       what was lost between the queue and here, or could not be read (then with its
 *              bytes).
 * audit        who changed what by hand.
 *
 * From version 2 on:
 * mentions.story       the story it is in: the key of that story's first mention; NULL where it
 *                      was archived before there were stories. similarity to that head, 0 to 1;
 *                      story_why: head, address, title, text, part (vigie/story.h).
 * stories      near-duplicates under one head. `mentions` counts those that are there: erasing one
 *              takes it off, and a story without any goes. `sites` as they came, different ones.
 *              `state` is what copies are recognised by while the story is open (hashes, no
 *              text), NULL after that.
 * story_book   one row: which stories are open (number from `first` on), and the number the next
 *              one gets. `parameters`: states made under others can't be read.
 *
 * From version 3 on, what outlives the mentions it was counted from:
 * counts       mentions of a brand (rules of kind brand and competitor) by five minutes, as each
 *              was filed first: `at` is when they begin, of published, at latest first seen.
 * bursts       far more mentions in an hour than usual (vigie/burst.h). `key` is the finding's, for
 *              the ledger; `ended` is NULL while it goes on; `told`: 1, the desk has it; 2, and that it
 *              is over. `notice` is what was told, as JSON (line/notice.h).
 * coverage     sources that were healthy, of all there were, as the hour `at` ended.
 * reports      those of the schedule that were seen to: the schedule's name, and when it was due.
 *
 * From version 4 on:
 * outcomes     also of what waits (line/archive.h says which): `until` is when it goes on, where
 *              that is known, and `why` one line for people; both NULL where there is nothing to
 *              say.
 */
/* clang-format on */
static const char version_1[] =
	"CREATE TABLE mentions ("
	"	mention INTEGER PRIMARY KEY,"
	"	key BLOB NOT NULL UNIQUE,"
	"	at INTEGER NOT NULL,"
	"	first_seen INTEGER NOT NULL,"
	"	revision INTEGER NOT NULL,"
	"	content_hash INTEGER NOT NULL,"
	"	silent INTEGER NOT NULL,"
	"	fetched INTEGER,"
	"	source TEXT,"
	"	source_kind TEXT,"
	"	source_tags TEXT,"
	"	id TEXT,"
	"	id_is_own INTEGER NOT NULL,"
	"	kind TEXT NOT NULL,"
	"	url TEXT,"
	"	title TEXT,"
	"	text TEXT,"
	"	author_name TEXT,"
	"	author_handle TEXT,"
	"	author_url TEXT,"
	"	followers NUMERIC,"
	"	published INTEGER,"
	"	updated INTEGER,"
	"	lang TEXT,"
	"	tags TEXT,"
	"	parent TEXT,"
	"	likes NUMERIC,"
	"	shares NUMERIC,"
	"	replies NUMERIC,"
	"	views NUMERIC,"
	"	rating NUMERIC,"
	"	stated_engagement NUMERIC,"
	"	stated_score NUMERIC,"
	"	stated_reach NUMERIC,"
	"	media TEXT,"
	"	place_name TEXT,"
	"	place_country TEXT,"
	"	lat NUMERIC,"
	"	lon NUMERIC,"
	"	feed_title TEXT,"
	"	feed_url TEXT,"
	"	feed_lang TEXT,"
	"	score NUMERIC"
	");"
	"CREATE INDEX mentions_at ON mentions (at);"
	"CREATE INDEX mentions_source ON mentions (source COLLATE NOCASE, at);"

	"CREATE TABLE matches ("
	"	mention INTEGER NOT NULL REFERENCES mentions ON DELETE CASCADE,"
	"	rule TEXT NOT NULL,"
	"	version TEXT,"
	"	kind TEXT,"
	"	brand TEXT,"
	"	tags TEXT,"
	"	weight NUMERIC NOT NULL,"
	"	spans TEXT NOT NULL,"
	"	revision INTEGER NOT NULL,"
	"	position INTEGER NOT NULL," /* the rule's place among those of its hit */
	"	PRIMARY KEY (mention, rule)"
	") WITHOUT ROWID;"
	"CREATE INDEX matches_rule ON matches (rule, mention);"
	"CREATE INDEX matches_brand ON matches (brand COLLATE NOCASE, mention);"

	"CREATE VIRTUAL TABLE mentions_words USING fts5("
	"	title, text, author_name, author_handle,"
	"	content='mentions', content_rowid='mention',"
	"	tokenize='unicode61 remove_diacritics 2');"
	"CREATE TRIGGER mentions_inserted AFTER INSERT ON mentions BEGIN"
	"	INSERT INTO mentions_words (rowid, title, text, author_name, author_handle)"
	"	VALUES (new.mention, new.title, new.text, new.author_name, new.author_handle);"
	"END;"
	"CREATE TRIGGER mentions_deleted AFTER DELETE ON mentions BEGIN"
	"	INSERT INTO mentions_words"
	"	(mentions_words, rowid, title, text, author_name, author_handle)"
	"	VALUES ('delete', old.mention, old.title, old.text, old.author_name, "
	"old.author_handle);"
	"END;"
	"CREATE TRIGGER mentions_updated AFTER UPDATE OF title, text, author_name, "
	"author_handle"
	"	ON mentions"
	"	WHEN old.title IS NOT new.title OR old.text IS NOT new.text"
	"	OR old.author_name IS NOT new.author_name"
	"	OR old.author_handle IS NOT new.author_handle BEGIN"
	"	INSERT INTO mentions_words"
	"	(mentions_words, rowid, title, text, author_name, author_handle)"
	"	VALUES ('delete', old.mention, old.title, old.text, old.author_name, "
	"old.author_handle);"
	"	INSERT INTO mentions_words (rowid, title, text, author_name, author_handle)"
	"	VALUES (new.mention, new.title, new.text, new.author_name, new.author_handle);"
	"END;"

	"CREATE TABLE outcomes ("
	"	key BLOB NOT NULL,"
	"	receiver TEXT NOT NULL,"
	"	outcome TEXT NOT NULL,"
	"	delivery TEXT,"
	"	at INTEGER,"
	"	PRIMARY KEY (key, receiver)"
	") WITHOUT ROWID;"

	"CREATE TABLE losses ("
	"	loss INTEGER PRIMARY KEY,"
	"	entry TEXT NOT NULL UNIQUE," /* of the stream, or a hash of the bytes */
	"	why TEXT NOT NULL,"
	"	at INTEGER,"
	"	bytes BLOB"
	");"

	"CREATE TABLE audit ("
	"	entry INTEGER PRIMARY KEY,"
	"	at INTEGER NOT NULL,"
	"	actor TEXT NOT NULL,"
	"	action TEXT NOT NULL," /* silence, mute, erase, … */
	"	subject TEXT,"
	"	detail TEXT"
	");";

static const char version_2[] =
	"ALTER TABLE mentions ADD COLUMN story BLOB;"
	"ALTER TABLE mentions ADD COLUMN similarity NUMERIC;"
	"ALTER TABLE mentions ADD COLUMN story_why TEXT;"
	"CREATE INDEX mentions_story ON mentions (story, at);"
	"CREATE TABLE stories ("
	"	number INTEGER PRIMARY KEY,"
	"	head BLOB NOT NULL UNIQUE,"
	"	opened INTEGER NOT NULL,"
	"	latest INTEGER NOT NULL,"
	"	mentions INTEGER NOT NULL,"
	"	sites INTEGER NOT NULL,"
	"	state BLOB"
	");"
	"CREATE TABLE story_book ("
	"	parameters INTEGER NOT NULL,"
	"	first INTEGER NOT NULL,"
	"	next INTEGER NOT NULL"
	");"
	"CREATE TRIGGER mentions_story_left AFTER DELETE ON mentions"
	"	WHEN old.story IS NOT NULL BEGIN"
	"	UPDATE stories SET mentions = mentions - 1 WHERE head = old.story;"
	"	DELETE FROM stories WHERE head = old.story AND mentions <= 0;"
	"END;";

static const char version_3[] =
	"CREATE TABLE counts ("
	"	at INTEGER NOT NULL,"
	"	brand TEXT NOT NULL,"
	"	kind TEXT NOT NULL,"
	"	n INTEGER NOT NULL,"
	"	PRIMARY KEY (at, brand)"
	") WITHOUT ROWID;"
	"INSERT INTO counts SELECT min(m.at, m.first_seen) / 300000 * 300000, x.brand,"
	" min(x.kind), count(DISTINCT m.mention) FROM mentions m JOIN matches x USING (mention)"
	" WHERE x.brand <> '' AND x.kind IN ('brand', 'competitor') GROUP BY 1, 2;"
	"CREATE TABLE bursts ("
	"	key BLOB PRIMARY KEY,"
	"	brand TEXT NOT NULL,"
	"	kind TEXT NOT NULL,"
	"	began INTEGER NOT NULL,"
	"	ended INTEGER,"
	"	peak NUMERIC NOT NULL,"
	"	notice TEXT NOT NULL,"
	"	told INTEGER NOT NULL"
	");"
	"CREATE TABLE coverage ("
	"	at INTEGER PRIMARY KEY,"
	"	healthy INTEGER NOT NULL,"
	"	sources INTEGER NOT NULL"
	");"
	"CREATE TABLE reports ("
	"	name TEXT NOT NULL,"
	"	until INTEGER NOT NULL,"
	"	made INTEGER NOT NULL,"
	"	PRIMARY KEY (name, until)"
	") WITHOUT ROWID;";

static const char version_4[] = "ALTER TABLE outcomes ADD COLUMN until INTEGER;"
				"ALTER TABLE outcomes ADD COLUMN why TEXT;";

static const char *const migrations[] = {version_1, version_2, version_3, version_4};

const struct archive_schema archive_schema = {
	.name = "archive",
	.application_id = 0x76696731, /* "vig1" */
	.migrations = migrations,
	.version = sizeof(migrations) / sizeof(*migrations),
};
