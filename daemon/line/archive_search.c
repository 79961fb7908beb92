#include "line/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "line/archive_db.h"
#include "line/archive_mention.h"
#include "line/archive_schema.h"
#include "vigie/buf.h"
#include "vigie/cleanup.h"
#include "vigie/story_url.h"
#include "vigie/utf8.h"

/* Bounds what a question may ask: SQLite's own limit on an expression's depth is 1000. */
enum { WORDS_MAX = 100 };
/* What highlight() puts around words: noncharacters, which no honest text holds. */
#define MARK_OPEN "\xEF\xB7\x90"  /* U+FDD0 */
#define MARK_CLOSE "\xEF\xB7\x91" /* U+FDD1 */

struct archive_reader {
	struct archive_db *db;
	struct archive_reading *reading;
	/* Of the search that runs: */
	struct buf match;          /* the full-text query; empty: none */
	struct archive_sql *marks; /* NULL until asked for */
	int64_t mention;           /* just seen */
	struct span title, text;
};

/* A text of which the index and the rules make the same words: ASCII, letters that are an ASCII
 * letter and an accent, and punctuation that separates words for both. */
static bool is_plain(struct span text)
{
	static const struct {
		uint32_t from, to;
	} plain[] = {{0xA0, 0xA1}, {0xA7, 0xA7}, {0xAB, 0xAB}, {0xB7, 0xB7}, {0xBB, 0xBB},
		{0xBF, 0xC5}, {0xC7, 0xCF}, {0xD1, 0xD6}, {0xD9, 0xDD}, {0xE0, 0xE5},
		{0xE7, 0xEF}, {0xF1, 0xF6}, {0xF9, 0xFD}, {0xFF, 0xFF}, {0x2013, 0x2014},
		{0x2018, 0x2019}, {0x201C, 0x201E}, {0x2022, 0x2022}, {0x2026, 0x2026},
		{0x2039, 0x203A}, {0x20AC, 0x20AC}};

	for (size_t i = 0; i < text.n;) {
		bool known = (unsigned char)text.p[i] < 0x80;
		uint32_t c;

		if (known) {
			i++;
			continue;
		}
		c = utf8_next(text, &i);
		for (size_t k = 0; k < sizeof(plain) / sizeof(*plain) && !known; k++)
			known = c >= plain[k].from && c <= plain[k].to;
		if (!known)
			return false;
	}
	return true;
}

int archive_reader_new(struct archive_reader **ret, const char *path, struct arena *arena,
	struct span *ret_why)
{
	struct archive_reader *reader = calloc(1, sizeof(*reader));
	int r;

	*ret_why = SPAN("out of memory");
	if (!reader)
		return -ENOMEM;
	r = archive_db_open(&reader->db, path, ARCHIVE_DB_READ, ARCHIVE_DB_SYNC_COMMIT,
		&archive_schema, arena, ret_why);
	if (r == 0) {
		r = archive_db_question(reader->db, "vigie_plain", is_plain);
		if (r == 0)
			r = archive_reading_new(&reader->reading, reader->db);
		if (r < 0)
			*ret_why = archive_db_why(reader->db, arena);
	}
	if (r < 0) {
		archive_reader_free(reader);
		return r;
	}
	*ret = reader;
	return 0;
}

struct archive_reader *archive_reader_free(struct archive_reader *reader)
{
	if (!reader)
		return NULL;
	archive_sql_free(reader->marks);
	archive_reading_free(reader->reading);
	archive_db_close(reader->db);
	buf_deinit(&reader->match);
	free(reader);
	return NULL;
}

void archive_reader_interrupt(struct archive_reader *reader)
{
	archive_db_interrupt(reader->db);
}

/* --- What is asked
 * ---------------------------------------------------------------------------- */

/* The SQL, and what is bound to its ?1, ?2, … */
struct question {
	struct buf sql;
	struct buf *match;
	struct arena arena;
	struct span texts[WORDS_MAX + 8];
	struct wall times[2];
	int n_texts;
	bool failed;
};

static int add_text(struct question *q, struct span text)
{
	if (q->n_texts == (int)(sizeof(q->texts) / sizeof(*q->texts))) {
		q->failed = true;
		return q->n_texts;
	}
	q->texts[q->n_texts] = text;
	return ++q->n_texts;
}

/* Scripts written without spaces between words, and symbols: the full-text index takes their
 * runs for one word, or for none, so they are looked for in the text itself. */
static bool has_singles(struct span word)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {
		{0x0E00, 0x0EFF},
		{0x1000, 0x109F},
		{0x1780, 0x17FF},
		{0x2190, 0x2BFF},
		{0x3005, 0x3007},
		{0x3040, 0x30FF},
		{0x31F0, 0x31FF},
		{0x3400, 0x4DBF},
		{0x4E00, 0x9FFF},
		{0xF900, 0xFAFF},
		{0x1F000, 0x1FAFF},
		{0x20000, 0x3134F},
	};

	for (size_t i = 0; i < word.n;) {
		const uint32_t c = utf8_next(word, &i);

		for (size_t k = 0; k < sizeof(ranges) / sizeof(*ranges); k++)
			if (c >= ranges[k].from && c <= ranges[k].to)
				return true;
	}
	return false;
}

/* Whether the full-text index can know it at all. */
static bool has_letters(struct span word)
{
	for (size_t i = 0; i < word.n; i++) {
		const unsigned char c = (unsigned char)ascii_lower(word.p[i]);

		if (c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			return true;
	}
	return false;
}

static void ask_literally(struct question *q, struct span word)
{
	struct buf pattern = {0};
	struct span kept;
	int n;

	buf_add_char(&pattern, '%');
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '%' || word.p[i] == '_' || word.p[i] == '\\')
			buf_add_char(&pattern, '\\');
		buf_add_char(&pattern, word.p[i]);
	}
	buf_add_char(&pattern, '%');
	kept = buf_result(&pattern) < 0 ? SPAN_NONE : arena_dup(&q->arena, buf_span(&pattern));
	buf_deinit(&pattern);
	q->failed |= !kept.p;
	n = add_text(q, kept);
	buf_addf(&q->sql,
		" AND (m.title LIKE ?%d ESCAPE '\\' OR m.text LIKE ?%d ESCAPE '\\'"
		" OR m.author_name LIKE ?%d ESCAPE '\\')",
		n, n, n);
}

/* A word is handed to FTS5 as a string of its query language: nothing in it is an operator. */
static void ask_indexed(struct question *q, struct span word, bool prefix)
{
	if (q->match->n)
		buf_add_char(q->match, ' ');
	buf_add_char(q->match, '"');
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '"')
			buf_add_char(q->match, '"');
		buf_add_char(q->match, word.p[i]);
	}
	buf_add_str(q->match, prefix ? "\"*" : "\"");
}

static void ask_word(struct question *q, struct span word, bool quoted)
{
	const bool prefix = !quoted && word.n > 1 && span_ends(word, SPAN("*"));

	if (prefix)
		word.n--;
	if (has_singles(word) || !has_letters(word))
		ask_literally(q, word);
	else
		ask_indexed(q, word, prefix);
}

static void ask_words(struct question *q, struct span words)
{
	int n = 0;

	for (words = span_trim(words); words.n; words = span_trim(words)) {
		size_t end = 0;

		if (++n > WORDS_MAX) {
			q->failed = true;
			return;
		}
		if (words.p[0] == '"') {
			words = span_slice(words, 1, words.n);
			end = span_find(words, '"');
			if (!span_empty(span_trim(span_slice(words, 0, end))))
				ask_word(q, span_slice(words, 0, end), true);
			words = span_slice(words, end + 1, words.n);
			continue;
		}
		while (end < words.n && !ascii_space(words.p[end]) && words.p[end] != '"')
			end++;
		ask_word(q, span_slice(words, 0, end), false);
		words = span_slice(words, end, words.n);
	}
	if (q->match->n)
		buf_addf(&q->sql,
			" AND m.mention IN (SELECT rowid FROM mentions_words WHERE "
			"mentions_words"
			" MATCH ?%d)",
			add_text(q, buf_span(q->match)));
}

/* A word that only a text that is not plain can hold need not be looked for: such texts are
 * asked for anyway. A word without letter or digit is none to the index: then nothing is
 * narrowed. */
static void ask_any(struct question *q, const struct archive_filter *f)
{
	struct buf match = {0};
	bool known = f->n_any_words > 0;
	struct span kept;

	for (size_t i = 0; i < f->n_any_words && known; i++) {
		const struct span word = f->any_words[i].text;
		bool ascii = true;

		for (size_t k = 0; k < word.n; k++)
			ascii &= (unsigned char)word.p[k] < 0x80;
		known = !ascii || has_letters(word);
		if (!ascii || !known)
			continue;
		buf_addf(&match, "%s\"%.*s\"%s", match.n ? " OR " : "", SPAN_ARG(word),
			f->any_words[i].prefix ? "*" : "");
	}
	kept = match.failed ? SPAN_NONE : arena_dup(&q->arena, buf_span(&match));
	buf_deinit(&match);
	q->failed |= !kept.p;
	if (!known || !kept.p)
		return;
	buf_add_str(&q->sql,
		" AND (NOT vigie_plain(m.title) OR NOT vigie_plain(m.text)"
		" OR NOT vigie_plain(m.author_name) OR NOT vigie_plain(m.author_handle)");
	if (kept.n)
		buf_addf(&q->sql,
			" OR m.mention IN (SELECT rowid FROM mentions_words WHERE "
			"mentions_words"
			" MATCH ?%d)",
			add_text(q, kept));
	buf_add_char(&q->sql, ')');
}

static void ask_values(struct question *q, const struct archive_filter *f)
{
	if (!span_empty(f->rule))
		buf_addf(&q->sql,
			" AND m.mention IN (SELECT mention FROM matches WHERE rule = ?%d)",
			add_text(q, f->rule));
	if (!span_empty(f->brand))
		buf_addf(&q->sql,
			" AND m.mention IN (SELECT mention FROM matches WHERE brand = ?%d"
			" COLLATE NOCASE)",
			add_text(q, f->brand));
	if (!span_empty(f->source))
		buf_addf(&q->sql, " AND m.source = ?%d COLLATE NOCASE", add_text(q, f->source));
	if (!span_empty(f->lang)) {
		const int n = add_text(q, f->lang);

		buf_addf(&q->sql,
			" AND (replace(m.lang, '_', '-') = ?%d COLLATE NOCASE"
			" OR substr(replace(m.lang, '_', '-'), 1, length(?%d) + 1) = ?%d || '-'"
			" COLLATE NOCASE)",
			n, n, n);
	}
	if (wall_known(f->since))
		buf_addf(&q->sql, " AND m.at >= %lld", (long long)f->since.ms);
	if (wall_known(f->until))
		buf_addf(&q->sql, " AND m.at < %lld", (long long)f->until.ms);
}

/* First which mentions, by what is small in a row; then the rows themselves. With a limit it is
 * the newest that count, whatever the order they are shown in. */
static int ask(struct question *q, const struct archive_filter *f)
{
	const char *order = f->newest_first ? "DESC" : "ASC";

	buf_add_str(&q->sql, "SELECT ");
	archive_mention_columns(&q->sql);
	buf_add_str(&q->sql,
		" FROM (SELECT m.mention AS mention, m.at AS at FROM mentions m WHERE 1");
	ask_values(q, f);
	ask_words(q, f->words);
	ask_any(q, f);
	buf_addf(&q->sql, " ORDER BY m.at %s, m.mention %s", f->limit ? "DESC" : order,
		f->limit ? "DESC" : order);
	if (f->limit)
		buf_addf(&q->sql, " LIMIT %zu", f->limit);
	buf_addf(&q->sql,
		") chosen JOIN mentions m ON m.mention = chosen.mention"
		" ORDER BY chosen.at %s, chosen.mention %s",
		order, order);
	return q->failed || buf_result(&q->sql) < 0 || buf_result(q->match) < 0 ? -E2BIG : 0;
}

/* --- What is found
 * ---------------------------------------------------------------------------- */

static int see_rows(struct archive_reader *reader, struct archive_sql *rows,
	bool (*see)(void *arg, const struct hit *hit), void *arg)
{
	struct arena arena = {0};
	bool more = true;
	int r;

	while (more && (r = archive_sql_step(rows)) == ARCHIVE_ROW) {
		struct hit hit;

		r = archive_read_row(reader->reading, &hit, &arena, rows);
		if (r < 0)
			break;
		reader->mention = archive_column_int(rows, ARCHIVE_COLUMN_MENTION);
		reader->title = hit.item.title;
		reader->text = hit.item.text;
		more = see(arg, &hit);
		arena_release(&arena);
	}
	arena_release(&arena);
	return more && r < 0 ? r : 0;
}

int archive_search(struct archive_reader *reader, const struct archive_filter *filter,
	bool (*see)(void *arg, const struct hit *hit), void *arg, struct arena *arena,
	struct span *ret_why)
{
	struct question q = {.match = &reader->match};
	struct archive_sql *rows = NULL;
	int r;

	buf_clear(&reader->match);
	*ret_why = SPAN_NONE;
	r = ask(&q, filter);
	if (r < 0) {
		*ret_why = SPAN("too many words: ask for fewer");
	} else {
		r = archive_sql_new(&rows, reader->db, q.sql.p);
		for (int i = 0; r == 0 && i < q.n_texts; i++)
			archive_bind_word(rows, i + 1, q.texts[i]);
		if (r == 0)
			r = see_rows(reader, rows, see, arg);
		if (r < 0)
			*ret_why = r == -ENOMEM ? SPAN("out of memory")
						: archive_db_why(reader->db, arena);
	}
	archive_sql_free(rows);
	buf_deinit(&q.sql);
	arena_release(&q.arena);
	return r;
}

/* Walks the text and the same text with marks side by side: offsets are the text's own. */
static int read_marks(struct match_span *out, size_t *n, enum item_field field,
	struct span text, struct span marked)
{
	const size_t length = sizeof(MARK_OPEN) - 1;
	size_t at = 0;

	while (marked.n) {
		if (span_starts(marked, SPAN(MARK_OPEN))) {
			out[*n] = (struct match_span){field, (uint32_t)at, (uint32_t)at};
			marked = span_slice(marked, length, marked.n);
		} else if (span_starts(marked, SPAN(MARK_CLOSE))) {
			out[*n].end = (uint32_t)at;
			*n += out[*n].end > out[*n].start;
			marked = span_slice(marked, length, marked.n);
		} else if (at < text.n && text.p[at] == marked.p[0]) {
			at++;
			marked = span_slice(marked, 1, marked.n);
		} else {
			return -EINVAL;
		}
	}
	return 0;
}

static size_t count_marks(struct span marked)
{
	size_t n = 0;

	for (size_t i = 0; i < marked.n; i++)
		n += span_starts(span_slice(marked, i, marked.n), SPAN(MARK_OPEN));
	return n;
}

int archive_search_marks(struct archive_reader *reader, const struct match_span **ret,
	size_t *ret_n, struct arena *arena)
{
	static const char sql[] =
		"SELECT highlight(mentions_words, 0, '" MARK_OPEN "', '" MARK_CLOSE "'),"
		" highlight(mentions_words, 1, '" MARK_OPEN "', '" MARK_CLOSE "')"
		" FROM mentions_words WHERE mentions_words MATCH ?1 AND rowid = ?2";
	const struct span texts[] = {reader->title, reader->text};
	struct match_span *marks;
	size_t n = 0;
	int r = 0;

	*ret = NULL;
	*ret_n = 0;
	if (!reader->match.n)
		return 0;
	if (!reader->marks)
		r = archive_sql_new(&reader->marks, reader->db, sql);
	if (r < 0)
		return r;
	archive_bind_word(reader->marks, 1, buf_span(&reader->match));
	archive_bind_int(reader->marks, 2, reader->mention);
	r = archive_sql_step(reader->marks);
	if (r == ARCHIVE_ROW) {
		const struct span title = archive_column_span(reader->marks, 0);
		const struct span text = archive_column_span(reader->marks, 1);

		/* One more than there are marks: what is open stands behind the last. */
		marks = arena_calloc(
			arena, count_marks(title) + count_marks(text) + 1, sizeof(*marks));
		r = marks ? 0 : -ENOMEM;
		if (marks && (read_marks(marks, &n, FIELD_TITLE, texts[0], title) < 0 ||
				     read_marks(marks, &n, FIELD_TEXT, texts[1], text) < 0))
			n = 0; /* a text that holds the marks itself: better none than wrong
				  ones */
		*ret = marks;
		*ret_n = n;
	}
	archive_sql_reset(reader->marks);
	return r < 0 ? r : 0;
}

/* --- Looking up ------------------------------------------------------------------------------
 */

int archive_lookup(struct archive_reader *reader, struct span what,
	bool (*see)(void *arg, const struct hit *hit), void *arg, struct arena *arena,
	struct span *ret_why)
{
	struct archive_sql *rows = NULL;
	struct item_key key = {0};
	struct buf sql = {0};
	int r;

	buf_clear(&reader->match);
	*ret_why = SPAN_NONE;
	buf_add_str(&sql, "SELECT ");
	archive_mention_columns(&sql);
	buf_add_str(&sql,
		" FROM mentions m WHERE m.key = ?1 OR m.url = ?2 OR m.id = ?2 ORDER BY m.at");
	r = buf_result(&sql);
	if (r == 0)
		r = archive_sql_new(&rows, reader->db, sql.p);
	if (r == 0) {
		const bool is_key = item_key_parse(&key, what);

		archive_bind_blob(
			rows, 1, span_of((const char *)key.b, is_key ? ITEM_KEY_BYTES : 0));
		archive_bind_word(rows, 2, what);
		r = see_rows(reader, rows, see, arg);
	}
	if (r < 0)
		*ret_why = archive_db_why(reader->db, arena);
	archive_sql_free(rows);
	buf_deinit(&sql);
	return r;
}

/* The path of a canonical address, without what follows it: what any spelling of it holds. */
static struct span path_of(struct span canonical)
{
	const size_t slash = span_find(canonical, '/');
	const struct span rest = span_slice(canonical, slash, canonical.n);
	const struct span path = span_slice(rest, 0, span_find(rest, '?'));

	return span_slice(path, 0, span_find(path, '#'));
}

struct paging {
	struct span canonical;
	struct buf mine;
	bool (*see)(void *arg, const struct hit *hit);
	void *arg;
};

static bool on_page(void *arg, const struct hit *hit)
{
	struct paging *p = arg;

	buf_clear(&p->mine);
	story_url_canonical(&p->mine, hit->item.url);
	return !span_eq(buf_span(&p->mine), p->canonical) || p->see(p->arg, hit);
}

int archive_lookup_page(struct archive_reader *reader, struct span url,
	bool (*see)(void *arg, const struct hit *hit), void *arg, struct arena *arena,
	struct span *ret_why)
{
	struct paging paging = {.see = see, .arg = arg};
	struct buf sql = {0}, canonical = {0};
	struct archive_sql *rows = NULL;
	struct span path;
	int r = 0;

	buf_clear(&reader->match);
	*ret_why = SPAN_NONE;
	story_url_canonical(&canonical, url);
	paging.canonical = buf_span(&canonical);
	path = path_of(paging.canonical);
	if (path.n > 1) {
		buf_add_str(&sql, "SELECT ");
		archive_mention_columns(&sql);
		buf_add_str(&sql, " FROM mentions m WHERE instr(m.url, ?1) ORDER BY m.at");
		r = sql.failed || canonical.failed ? -ENOMEM
						   : archive_sql_new(&rows, reader->db, sql.p);
	}
	if (r == 0 && rows) {
		archive_bind_word(rows, 1, path);
		r = see_rows(reader, rows, on_page, &paging);
	}
	if (r < 0)
		*ret_why = archive_db_why(reader->db, arena);
	archive_sql_free(rows);
	buf_deinit(&paging.mine);
	buf_deinit(&canonical);
	buf_deinit(&sql);
	return r;
}

int archive_erased(struct archive_reader *reader, struct span key, struct archive_deed *ret,
	struct arena *arena, struct span *ret_why)
{
	struct archive_sql *row = NULL;
	int r = archive_sql_new(&row, reader->db,
		"SELECT at, actor, action, detail FROM audit WHERE subject = ?1"
		" AND action IN ('deleted', 'erase') ORDER BY entry DESC LIMIT 1");

	*ret_why = SPAN_NONE;
	if (r == 0) {
		archive_bind_word(row, 1, key);
		r = archive_sql_step(row);
	}
	if (r == ARCHIVE_ROW) {
		*ret = (struct archive_deed){
			.at = {archive_column_int(row, 0)}, .subject = key};
		if (archive_column_dup(&ret->actor, arena, row, 1) < 0 ||
			archive_column_dup(&ret->action, arena, row, 2) < 0 ||
			archive_column_dup(&ret->detail, arena, row, 3) < 0)
			r = -ENOMEM;
	}
	if (r < 0)
		*ret_why = archive_db_why(reader->db, arena);
	archive_sql_free(row);
	return r;
}

static int see_outcomes(struct archive_sql *rows,
	bool (*see)(void *arg, const struct archive_outcome *outcome), void *arg)
{
	bool more = true;
	int r = 0;

	while (more && (r = archive_sql_step(rows)) == ARCHIVE_ROW) {
		const struct span key = archive_column_span(rows, 0);
		struct archive_outcome o = {.receiver = archive_column_span(rows, 1),
			.outcome = archive_column_span(rows, 2),
			.delivery = archive_column_span(rows, 3),
			.at = archive_column_null(rows, 4)
				      ? WALL_NONE
				      : (struct wall){archive_column_int(rows, 4)},
			.until = archive_column_null(rows, 5)
					 ? WALL_NONE
					 : (struct wall){archive_column_int(rows, 5)},
			.why = archive_column_span(rows, 6)};

		if (key.n == ITEM_KEY_BYTES)
			memcpy(o.key.b, key.p, ITEM_KEY_BYTES);
		more = see(arg, &o);
	}
	return r < 0 ? r : 0;
}

int archive_ledger(struct archive_reader *reader, const struct item_key *key, struct wall since,
	struct wall until, bool (*see)(void *arg, const struct archive_outcome *outcome),
	void *arg, struct arena *arena, struct span *ret_why)
{
	struct archive_sql *rows = NULL;
	int r = archive_sql_new(&rows, reader->db,
		key ? "SELECT key, receiver, outcome, delivery, at, until, why FROM outcomes"
		      " WHERE key = ?1 ORDER BY at, receiver"
		    : "SELECT key, receiver, outcome, delivery, at, until, why FROM outcomes"
		      " WHERE at >= ?1 AND at < ?2 ORDER BY at, receiver");

	*ret_why = SPAN_NONE;
	if (r == 0) {
		if (key) {
			archive_bind_blob(
				rows, 1, span_of((const char *)key->b, ITEM_KEY_BYTES));
		} else {
			archive_bind_int(rows, 1, since.ms);
			archive_bind_int(rows, 2, until.ms);
		}
		r = see_outcomes(rows, see, arg);
	}
	if (r < 0)
		*ret_why = archive_db_why(reader->db, arena);
	archive_sql_free(rows);
	return r;
}

int archive_reach(struct archive_reader *reader, struct archive_reach *ret, struct wall since,
	struct wall until, struct arena *arena, struct span *ret_why)
{
	struct archive_reach reach = {.since = WALL_NONE};
	struct archive_sql *row = NULL;
	int r = archive_sql_new(&row, reader->db,
		"SELECT (SELECT min(first_seen) FROM mentions),"
		" (SELECT count(*) FROM losses WHERE at >= ?1 AND at < ?2),"
		" count(*), coalesce(sum(healthy), 0), coalesce(sum(sources), 0)"
		" FROM coverage WHERE at >= ?1 AND at < ?2");

	*ret_why = SPAN_NONE;
	if (r == 0) {
		archive_bind_int(row, 1, since.ms);
		archive_bind_int(row, 2, until.ms);
		r = archive_sql_step(row);
	}
	if (r == ARCHIVE_ROW) {
		if (!archive_column_null(row, 0))
			reach.since.ms = archive_column_int(row, 0);
		reach.losses = (uint64_t)archive_column_int(row, 1);
		reach.hours = (uint64_t)archive_column_int(row, 2);
		reach.healthy = (uint64_t)archive_column_int(row, 3);
		reach.sources = (uint64_t)archive_column_int(row, 4);
		*ret = reach;
		r = 0;
	} else {
		*ret_why = archive_db_why(reader->db, arena);
	}
	archive_sql_free(row);
	return r;
}
