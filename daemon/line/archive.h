#ifndef VIGIE_LINE_ARCHIVE_H
#define VIGIE_LINE_ARCHIVE_H

/*
 * archive: the memory of vigie: SQLite (WAL, FTS5; archive_db.c is the only file that includes
 * it), one writer thread, one transaction a batch, read-only connections for searches.
 * Idempotent by mention id (the item key). The schema is documented in archive_schema.c and
 * migrated forward only.
 *
 * Durable means: it survives a power loss. `done` lets the queue forget the hit, and then the
 * file is all there is; so each commit is fsynced (synchronous=FULL), and whatever waits at
 * that moment shares the next one.
 */

#include "io/loop.h"
#include "vigie/arena.h"
#include "vigie/baseline.h"
#include "vigie/hit.h"

/* Its name in the state folder. */
#define ARCHIVE_FILE "archive.db"

struct archive;
struct archive_reader;

struct archive_options {
	const char *path;
	/* A write failed (disk full, …) or works again; writes are retried and nothing is
	 * dropped. */
	void (*trouble)(void *arg, struct span why); /* empty: healed */
	void *arg;
};

/* 0, or -errno with *ret_why for people (a newer schema, not a database, no permission). */
int archive_new(struct archive **ret, struct loop *loop, const struct archive_options *options,
	struct arena *arena, struct span *ret_why);
/* Finishes what was handed in, unless the disk refuses; no callback comes any more. Not to be
 * called from one. */
struct archive *archive_free(struct archive *archive);

/* Writes hits given as hit_encode() bytes, copied; `done` comes on the loop thread when they
 * are durable, in order. Never fails: it is tried until it works. Bytes that are no hit go to
 * the losses. A hit gets its story (vigie/story.h) with it, for good: asked again it is the
 * same, after any restart too. When memory is out, `done` never comes: what is not done stays
 * with the queue. Of two texts of one item the one fetched later stands; first_seen and source
 * stay the first's; what rules matched is merged. */
void archive_put(struct archive *archive, const struct span *hits, size_t n,
	void (*done)(void *arg), void *arg);

/* Fetches mentions, behind all that was put before; `got` comes once on the loop thread, hits
 * in the order asked, NULL where the key is not (or not yet) there. All of it lives only during
 * the call. */
void archive_get(struct archive *archive, const struct item_key *keys, size_t n,
	void (*got)(void *arg, const struct hit *const *hits, size_t n), void *arg);

/* The ledger: one outcome per (item, receiver). The last one recorded stands, but nothing makes
 * untold what was told ("sent", "digested"), and what has an end does not wait again. */
struct archive_outcome {
	struct item_key key;
	struct span receiver;
	struct span outcome;  /* sent, digested, dead, dropped, folded, silenced, muted; or one
				 that waits */
	struct span delivery; /* id */
	struct wall at;       /* when it was decided */
	struct wall until;    /* when it goes on; WALL_NONE: nobody knows, or it has an end */
	struct span why;      /* one line for people; may be empty */
};
/* Of an item that has no end yet, and would be told if all but the ledger were lost: waiting
 * (in its group), held, digest (in one), budget (in one, for want of budget), sending. */
bool archive_outcome_waits(struct span outcome);
void archive_record(struct archive *archive, const struct archive_outcome *outcomes, size_t n,
	void (*done)(void *arg), void *arg);
/* For each (key, receiver) asked: its outcome, or empty. */
void archive_outcomes(struct archive *archive, const struct archive_outcome *asks, size_t n,
	void (*got)(void *arg, const struct span *outcomes, size_t n), void *arg);

/* What the desk asks before it decides: each hit's place among the stories, and what the ledger
 * holds of it. Each hit is filed by the question itself, as archive_put() does, in the same
 * transaction: the desk and the archive are two readers of one stream, neither waits for the
 * other, and a story is only sure once it is durable. Putting it again is nothing then. So what
 * the desk decides on is what any later question finds; `got` comes when it is on the disk. */
struct archive_asked {
	struct item_key key;
	struct span hit; /* hit_encode() bytes; copied */
};
struct archive_known {
	struct story_place place; /* mentions 0: archived before there were stories */
	const struct archive_outcome *outcomes; /* one for each receiver that has one */
	size_t n_outcomes;
};
/* As archive_get(): once, on the loop; all of it lives only during the call. */
void archive_ask(struct archive *archive, const struct archive_asked *asked, size_t n,
	void (*got)(void *arg, const struct archive_known *known, size_t n), void *arg);

/* In which story a hit, given as hit_encode() bytes, would be if it came now; it is not filed.
 * `got` comes once, on the loop; NULL: the bytes are no hit. */
void archive_place(struct archive *archive, struct span hit,
	void (*got)(void *arg, const struct story_place *place), void *arg);

/* Mentions that the ledger says wait for something, in the order of their keys: at most so many
 * behind a key (NULL: from the first on). `last` is the key to go on behind; n 0: there are no
 * more. As archive_get(). */
void archive_waiting(struct archive *archive, const struct item_key *behind, size_t most,
	void (*got)(void *arg, const struct hit *hits, size_t n, const struct item_key *last),
	void *arg);

/* A stream entry that was lost while pending. `done` (may be NULL) comes once that is durable;
 * never, when memory was out. */
void archive_loss(struct archive *archive, struct span entry, struct span why, struct wall at,
	void (*done)(void *arg), void *arg);

/* Who changed what by hand: silence, mute, acknowledgement, erasure. `done` may be NULL. */
struct archive_deed {
	struct wall at;
	struct span actor;
	struct span action;
	struct span subject;
	struct span detail;
};
void archive_audit(struct archive *archive, const struct archive_deed *deed,
	void (*done)(void *arg), void *arg);

/* --- Counts, for detect ------------------------------------------------------------------- */

/* A brand that was heard of in the hour up to `now` (the running five minutes with it), and how
 * often in the same hours before, each so many ms ago (baseline_ago(), copied); NAN where
 * nobody watched yet. */
struct archive_brand {
	struct span brand, kind;
	double n;
	struct baseline_past past;
};
void archive_brands(struct archive *archive, struct wall now,
	const int64_t ago_ms[BASELINE_WEEKS + BASELINE_DAYS],
	void (*got)(void *arg, const struct archive_brand *brands, size_t n), void *arg);

/* The mentions that stand for the stories in which a brand was spoken of most within an hour up
 * to `now`, largest first, with how many of that hour each has. */
struct archive_carrier {
	struct item_key key;
	uint64_t n;
};
void archive_carriers(struct archive *archive, struct span brand, struct wall now, size_t most,
	void (*got)(void *arg, const struct archive_carrier *carriers, size_t n), void *arg);

/* A row of `bursts`. */
struct archive_burst {
	struct item_key key;
	struct span brand, kind;
	struct wall began, ended; /* WALL_NONE: it goes on */
	double peak;
	struct span notice;
	enum { BURST_UNTOLD, BURST_TOLD, BURST_OVER_TOLD } told; /* the desk has it */
};
void archive_burst_write(struct archive *archive, const struct archive_burst *burst,
	void (*done)(void *arg), void *arg);
/* Those that go on, and those whose begin or end the desk does not have yet. */
void archive_bursts(struct archive *archive,
	void (*got)(void *arg, const struct archive_burst *bursts, size_t n), void *arg);

/* How many sources were healthy at the end of an hour; the first word stands. */
void archive_cover(
	struct archive *archive, struct wall hour, uint64_t healthy, uint64_t sources);

/* --- Reports that are sent by themselves: when one of that name was last seen to; WALL_NONE:
 * never. */
void archive_report_last(struct archive *archive, struct span name,
	void (*got)(void *arg, struct wall last), void *arg);
void archive_report_done(
	struct archive *archive, struct span name, struct wall due, struct wall now);

struct archive_stats {
	uint64_t mentions_put, batches, errors;
	size_t waiting;
};
const struct archive_stats *archive_stats(const struct archive *archive);

/* --- Reading, for commands: own connection, read only ----------------------------------------
 */

/* A folded word as the rule language sees it, or the beginning of one. */
struct archive_word {
	struct span text;
	bool prefix;
};

struct archive_filter {
	/* Full-text: every word must occur in title, text or author (folded as the archive
	 * folds). "in quotes" is a phrase, word* a beginning. */
	struct span words;
	/* Only mentions that may hold one of these, title, text and author: all that do, and
	 * some that don't. The index folds otherwise than the rules (it knows no oe in œ); a
	 * mention with a character on which the two could differ is always among them. n 0: not
	 * asked. */
	const struct archive_word *any_words;
	size_t n_any_words;
	struct span rule, brand, source,
		lang;             /* "fr" is also fr-CA; case counts for rule only */
	struct wall since, until; /* half-open, on published, else fetched; WALL_NONE: open */
	size_t limit;             /* 0: all; else the newest ones */
	bool newest_first;
};

int archive_reader_new(struct archive_reader **ret, const char *path, struct arena *arena,
	struct span *ret_why);
struct archive_reader *archive_reader_free(struct archive_reader *reader);
/* Calls see() for each mention, which lives only during the call; it returns false to stop. 0,
 * or -errno with *ret_why: -EINTR when interrupted. */
int archive_search(struct archive_reader *reader, const struct archive_filter *filter,
	bool (*see)(void *arg, const struct hit *hit), void *arg, struct arena *arena,
	struct span *ret_why);
/* Within see(): where the words asked for stand in the mention, by field, title and text only.
 * In the arena. 0 or -errno. */
int archive_search_marks(struct archive_reader *reader, const struct match_span **ret,
	size_t *ret_n, struct arena *arena);
/* The mentions of a key (32 hexadecimal digits), of an address, or of a source's own id. As
 * archive_search(). */
int archive_lookup(struct archive_reader *reader, struct span what,
	bool (*see)(void *arg, const struct hit *hit), void *arg, struct arena *arena,
	struct span *ret_why);
/* The mentions whose address is another spelling of this one (vigie/story_url.h). As
 * archive_search(). */
int archive_lookup_page(struct archive_reader *reader, struct span url,
	bool (*see)(void *arg, const struct hit *hit), void *arg, struct arena *arena,
	struct span *ret_why);
/* Who deleted or erased an item (key, as text), and when: the last such deed of the audit. 1, 0
 * when there is none, -errno. */
int archive_erased(struct archive_reader *reader, struct span key, struct archive_deed *ret,
	struct arena *arena, struct span *ret_why);
/* What the ledger holds of an item (key), or of a time (key NULL; half-open). The outcome lives
 * only during the call. */
int archive_ledger(struct archive_reader *reader, const struct item_key *key, struct wall since,
	struct wall until, bool (*see)(void *arg, const struct archive_outcome *outcome),
	void *arg, struct arena *arena, struct span *ret_why);
struct archive_reach {
	struct wall since;         /* first fetch that brought a mention; WALL_NONE: none did */
	uint64_t losses;           /* in the time asked; and so are those below */
	uint64_t hours;            /* of which it was recorded how many sources were healthy */
	uint64_t healthy, sources; /* sums over these hours */
};
int archive_reach(struct archive_reader *reader, struct archive_reach *ret, struct wall since,
	struct wall until, struct arena *arena, struct span *ret_why);
/* Ends a running search; from any thread. */
void archive_reader_interrupt(struct archive_reader *reader);

#endif
